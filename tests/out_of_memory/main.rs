//! Every allocation of a compile or evaluation call may fail: the code is that of memory, or the
//! values are the right ones; nothing aborts, and nothing leaks.

mod failing_allocator;
mod scenario;
#[path = "../../testkit/mod.rs"]
mod testkit;

use std::ffi::c_void;

use failing_allocator::{FailingAllocator, Refusals};
use miniexpr::Dtype::{Bytes, Complex128, Float32, Float64, Int16, Int32, String, UInt8};
use scenario::Scenario;

#[global_allocator]
static ALLOCATOR: FailingAllocator = FailingAllocator;

extern "C" fn half(x: f64) -> f64 {
    x / 2.0
}

/// One test, because what others allocate at the same time would look like a leak.
#[test]
fn every_allocation_may_fail() {
    // SAFETY: no other thread reads the environment.
    unsafe { std::env::set_var("ME_DSL_JIT_POS_CACHE", "0") };
    plain_expressions();
    strings();
    reductions();
    blocks();
    interpreted_kernels();
    compiled_kernels();
    #[cfg(unix)]
    kernels_of_the_c_compiler();
    expressions_that_become_machine_code();
}

fn check(scenarios: &[Scenario]) {
    for scenario in scenarios {
        scenario.refuse_each_allocation(Refusals::All);
        scenario.refuse_each_allocation(Refusals::One);
    }
}

fn plain_expressions() {
    check(&[
        Scenario::new("1.5", &[]),
        Scenario::new("a", &[Float64]),
        Scenario::new("sqrt(a*a + b*b) * sin(c)", &[Float64, Float64, Float64]),
        Scenario::new("(a + b) * c - a / 3", &[Int16, UInt8, Float32]),
        Scenario::new("where((a > b and c != 0), a * b, -c ** 3)", &[Int32, Float32, Float64]).into(Int32),
        Scenario::new("((a+b)*(a-b)+c)*((b+c)*(b-c)+a)-(a*b*c)", &[Float64, Int32, Float32]).into(Float32),
        Scenario::new("atan2(abs(a), real(a)) + 1", &[Float64]),
        Scenario::new("conj(a) * a + 2", &[Complex128]),
        Scenario::new("(1+(2+(3+(4+(5+(6+a))))))", &[Float32]).into(Float64),
        Scenario::new("half(a) + half(a*2)", &[Float64]).with_function("half", half as *const c_void),
    ]);
}

fn strings() {
    check(&[
        Scenario::new("lower(a) + replace(b, 'x', 'yz')", &[String, String]),
        Scenario::new("upper(a)", &[Bytes]),
        Scenario::new("contains(a, b) and c > 0", &[Bytes, Bytes, Float64]),
        Scenario::new(
            "def k(a, b):\n    if a == b:\n        return a + b\n    return 'no'",
            &[String, String],
        ),
    ]);
}

fn reductions() {
    check(&[
        Scenario::new("sum(a * b)", &[Float64, Int32]),
        Scenario::new("mean(a)", &[Int16]),
        Scenario::new("(a - mean(a)) / max(b) + prod(a > b)", &[Float64, Float32]),
        Scenario::new("any(a > 1) or all(b < 3)", &[Int32, UInt8]),
        Scenario::new("max(a) - min(a) + 1", &[Float32]),
    ]);
}

fn blocks() {
    check(&[
        Scenario::new("a + b * 2", &[Float64, Int32]).in_blocks(),
        Scenario::new("sum(a + b)", &[Float64, Float32]).in_blocks(),
        Scenario::new("a - mean(a)", &[Float32]).in_blocks(),
        Scenario::new("upper(a)", &[Bytes]).in_blocks(),
        Scenario::new("def k(a):\n    return a + _flat_idx * _n1 + _i0", &[Int32]).in_blocks().interpreted(),
    ]);
}

const CONTROL_FLOW: &str = "\
def k(a, b):
    acc = 0.0
    for i in range(where(b > 0, 4, 2)):
        j = i
        while j < a + 3:
            j += 1
            if j == 2:
                continue
            acc += sqrt(j) * a
        if acc > 100:
            break
    if any(a > 1):
        return acc
    elif acc > b:
        return acc - b
    return -1";

fn interpreted_kernels() {
    check(&[
        Scenario::new(CONTROL_FLOW, &[Float64, Int32]).interpreted(),
        Scenario::new("def k(a):\n    m = max(a)\n    s = exp(a - m)\n    return s / sum(s)", &[Float64]),
        Scenario::new("def k(a):\n    y = half(a)\n    return y", &[Float64])
            .with_function("half", half as *const c_void)
            .interpreted(),
    ]);
}

fn compiled_kernels() {
    let without_reductions = CONTROL_FLOW.replace("any(a > 1)", "a > 1");
    let straight = "def k(a):\n    y = a * 2 + 1\n    return exp(y) - y * y";
    check(&[
        Scenario::new(&without_reductions, &[Float64, Int32]),
        Scenario::new(straight, &[Float64]),
        Scenario::new("def k(a):\n    return a + _flat_idx", &[Int32]).in_blocks(),
    ]);
}

/// The engine of the C compiler, with a ready-made object in the place of what the compiler makes.
#[cfg(unix)]
fn kernels_of_the_c_compiler() {
    let folder = std::path::Path::new("/tmp").join(format!("miniexpr-memory-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (code, object) = (folder.join("stub.c"), folder.join("stub.so"));
    let text = "int me_dsl_jit_kernel(const void **a, void *b, long long n) { return 1; }\n";
    std::fs::write(&code, text).unwrap();
    let mut compiler = std::process::Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&object).arg(&code);
    assert!(compiler.status().unwrap().success());
    // SAFETY: no other thread reads the environment.
    unsafe {
        std::env::set_var("TMPDIR", &folder);
        std::env::set_var("CFLAGS", "-O1 '-DNAME=a b'");
        std::env::set_var("ME_DSL_JIT_TEST_STUB_SO", &object);
    }
    check(&[
        "# me:compiler=cc\ndef k(a):\n    y = a * 2 + _i0\n    return exp(y) - erf(y * y) % 3",
        "# me:compiler=cc\ndef k(a):\n    s = a\n    for i in range(3):\n        if s > i:\n            s = sin(s) + 1\n    return s",
    ].map(|source| Scenario::new(source, &[Float64])));
    std::fs::remove_dir_all(folder).unwrap();
}

fn expressions_that_become_machine_code() {
    check(&[Scenario::new("(a + b) * (a - b) / (a * b + 1.5)", &[Float64, Float64]).repeated(8)]);
}
