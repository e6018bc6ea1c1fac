//! Every allocation of a compile or evaluation call may fail: the code is that of memory, nothing
//! aborts, and nothing leaks.

#[path = "../client/mod.rs"]
mod client;
mod failing_allocator;

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::thread;

use client::values::{encode, numbers_per_item};
use client::{AUTO, Variable, compile_status, entries, eval_status};
use failing_allocator::{FailingAllocator, live_bytes, with_budget};
use miniexpr::dtype::Dtype::{self, Bytes, Complex128, Float32, Float64, Int16, Int32, UInt8};
use miniexpr::ffi;

#[global_allocator]
static ALLOCATOR: FailingAllocator = FailingAllocator;

/// More than one block of the interpreter.
const ITEMS: usize = 10_000;
/// Bytes of an item of the string columns.
const TEXT_BYTES: usize = 16;
/// No result of this test has larger items.
const MOST_RESULT_BYTES: usize = 4 * TEXT_BYTES;
/// No call of this test needs as many allocations.
const MOST_ALLOCATIONS: usize = 10_000;

/// A compile call and an evaluation, with everything that they need.
struct Scenario {
    text: CString,
    variables: Vec<Variable>,
    data: Vec<Vec<u8>>,
    output: u32,
}

// SAFETY: the pointers of the variables are NULL or addresses of functions.
unsafe impl Sync for Scenario {}

impl Scenario {
    /// `text` over one column of each of `dtypes`, named `a`, `b`, `c` …
    fn new(text: &str, dtypes: &[Dtype], output: u32) -> Scenario {
        let names = ('a'..='z').map(String::from);
        let variable = |(name, dtype): (String, &Dtype)| match dtype.is_string() {
            true => Variable::text(&name, *dtype, TEXT_BYTES),
            false => Variable::new(&name, *dtype),
        };
        Scenario {
            text: CString::new(text).expect("no NUL"),
            variables: names.zip(dtypes).map(variable).collect(),
            data: dtypes.iter().map(|dtype| ones(*dtype)).collect(),
            output,
        }
    }

    fn with_function(mut self, name: &str, address: *const c_void) -> Scenario {
        self.variables.push(Variable::function(name, Float64.code(), 9, address));
        self
    }

    /// Compiles and evaluates with few allocations; the code of the first call that fails, or 0.
    fn run(&self, allocations: usize) -> c_int {
        let entries = entries(&self.variables);
        let inputs: Vec<*const c_void> = self.data.iter().map(|column| column.as_ptr().cast()).collect();
        let mut out = vec![0u8; ITEMS * MOST_RESULT_BYTES];
        let mut expression = ptr::null_mut();
        let mut position = 0;
        let (compiled, evaluated) = with_budget(allocations, || {
            // SAFETY: text and entries outlive the call, and inputs and output have ITEMS items.
            unsafe {
                let (text, count) = (self.text.as_ptr(), entries.len() as c_int);
                let table = entries.as_ptr();
                let compiled =
                    ffi::me_compile(text, table, count, self.output, &mut position, &mut expression);
                if compiled != 0 {
                    return (compiled, 0);
                }
                let target = out.as_mut_ptr().cast();
                let (n_vars, items) = (inputs.len() as c_int, ITEMS as c_int);
                let evaluated =
                    ffi::me_eval(expression, inputs.as_ptr().cast_mut(), n_vars, target, items, ptr::null());
                ffi::me_free(expression);
                (compiled, evaluated)
            }
        });
        assert!(compiled == 0 || (compiled, position) == (compile_status::OOM, -1), "code {compiled}");
        assert!(evaluated == 0 || evaluated == eval_status::OOM, "code {evaluated}");
        if compiled == 0 { evaluated } else { compiled }
    }

    /// Lets each allocation fail in turn, each time in a new thread with no scratch memory yet.
    fn fail_every_allocation(&self) {
        let attempt = |allocations| {
            thread::scope(|scope| scope.spawn(|| self.run(allocations)).join().expect("no panic"))
        };
        assert_eq!(attempt(MOST_ALLOCATIONS), 0, "{:?}", self.text);
        for allocations in 0..MOST_ALLOCATIONS {
            let before = live_bytes();
            let status = attempt(allocations);
            assert_eq!(live_bytes(), before, "{:?} leaks at allocation {allocations}", self.text);
            if status == 0 {
                return;
            }
        }
        panic!("{:?} never succeeds", self.text);
    }
}

/// A column whose numbers, or code units, are all one.
fn ones(dtype: Dtype) -> Vec<u8> {
    let numbers = if dtype.is_string() { TEXT_BYTES / dtype.size() } else { numbers_per_item(dtype) };
    encode(dtype, &vec![1.0; ITEMS * numbers])
}

extern "C" fn half(x: f64) -> f64 {
    x / 2.0
}

#[test]
fn every_allocation_may_fail() {
    let scenarios = [
        Scenario::new("1.5", &[], AUTO),
        Scenario::new("a", &[Float64], AUTO),
        Scenario::new("sqrt(a*a + b*b) * sin(c)", &[Float64, Float64, Float64], AUTO),
        Scenario::new("(a + b) * c - a / 3", &[Int16, UInt8, Float32], AUTO),
        Scenario::new("where((a > b and c != 0), a * b, -c ** 3)", &[Int32, Float32, Float64], Int32.code()),
        Scenario::new("((a+b)*(a-b)+c)*((b+c)*(b-c)+a)-(a*b*c)", &[Float64, Int32, Float32], Float32.code()),
        Scenario::new("atan2(abs(a), real(a)) + 1", &[Float64], AUTO),
        Scenario::new("conj(a) * a + 2", &[Complex128], AUTO),
        Scenario::new("(1+(2+(3+(4+(5+(6+a))))))", &[Float32], Float64.code()),
        Scenario::new("half(a) + half(a*2)", &[Float64], AUTO).with_function("half", half as *const c_void),
        Scenario::new("lower(a) + replace(b, 'x', 'yz')", &[Dtype::String, Dtype::String], AUTO),
        Scenario::new("contains(a, b) and c > 0", &[Bytes, Bytes, Float64], AUTO),
    ];
    for scenario in &scenarios {
        scenario.fail_every_allocation();
    }
}
