//! The lines of the trace, one test a group of lines.

use std::fs;

use xxhash_rust::xxh64::xxh64;

use crate::child::Child;
use crate::session::{Session, cc, set};

/// A kernel for the engine in memory that returns `body`.
fn memory(body: &str) -> String {
    format!("def f(x):\n    return {body}\n")
}

/// Checks that a child writes these lines.
fn expect(child: Child, lines: &[&str]) {
    let report = child.run();
    for line in lines {
        assert!(report.has_line(line), "no line {line:?} in {:#?}", report.trace);
    }
}

#[test]
fn gates() {
    let session = Session::new("trace-gates");
    let child = |source: &str| Child::new(&session.root, source);
    let missing = "def f(x):\n    y = x\n    if x > 0:\n        return y\n";
    let reason = "program may reach function end without return";
    expect(child(missing), &[&format!("jit ir skip: fp=strict reason={reason}")]);
    let index = child(&memory("x + _i0")).with("ME_DSL_JIT_INDEX_VARS", "0");
    let reason = "reserved index vars disabled by ME_DSL_JIT_INDEX_VARS";
    expect(index, &[&format!("jit ir skip: fp=strict reason={reason}")]);
    let off = child(&cc("x + 1")).in_mode(2);
    expect(off, &["jit runtime skipped: fp=strict compiler=cc reason=jit_mode=off"]);
    let off = child(&memory("x + 1")).with("ME_DSL_JIT", "0");
    expect(off, &["jit runtime skip: fp=strict reason=jit runtime disabled by environment"]);
    assert_eq!(session.counts(), [0; 3]);
}

#[test]
fn rejections_tell_the_place() {
    let session = Session::new("trace-rejections");
    let child = |source: &str| Child::new(&session.root, source);
    let print = "# me:fp=fast\ndef f(x):\n    y = x\n    print(1)\n    return y\n";
    let reason = "print statements are not supported by jit ir";
    expect(child(print), &[&format!("jit ir reject: fp=fast at 4:5 reason={reason}")]);
    let reduction = "def f(x):\n    y = x\n    if any(x > 0):\n        y = 2 * x\n    return y\n";
    let reason = "reduction functions are not supported by jit ir";
    expect(child(reduction), &[&format!("jit ir reject: fp=strict at 3:5 reason={reason}")]);
    let function = "# me:compiler=cc\ndef f(x):\n    y = x + 1\n    return y + half(x)\n";
    let reason = "user functions are not supported by jit ir";
    expect(child(function), &[&format!("jit codegen reject: fp=strict at 4:5 reason={reason}")]);
}

#[test]
fn lowering_of_generated_c() {
    let session = Session::new("trace-lowering");
    let child = |body: &str| Child::new(&session.root, &cc(body));
    expect(
        child("exp(x)"),
        &[
            "jit codegen: runtime math bridge enabled (scalar=libm vec=on expr=off if=select)",
            "jit codegen: lowering=vector vec_ops=exp reason=vector-lowered",
            "jit ir built: fp=strict compiler=cc fingerprint=<key>",
        ],
    );
    expect(
        child("exp(x) + sin(x + 1) * exp(2 * x)"),
        &["jit codegen: lowering=hybrid vec_ops=exp,sin reason=statement-vector-lowered"],
    );
    expect(child("x + 1"), &["jit codegen: lowering=scalar vec_ops=- reason=no-vector-lowering-match"]);
    expect(
        child("exp(x)").with("ME_DSL_JIT_VEC_MATH", "0").with("ME_DSL_JIT_SCALAR_MATH_BRIDGE", "1"),
        &[
            "jit codegen: runtime math bridge enabled (scalar=bridge vec=off expr=off if=select)",
            "jit codegen: lowering=scalar vec_ops=- reason=vector-math-disabled",
        ],
    );
    expect(
        child("exp(x)").with("ME_DSL_JIT_HYBRID_EXPR_VEC_MATH", "1").with("ME_DSL_JIT_BRANCH_AWARE_IF", "0"),
        &["jit codegen: runtime math bridge enabled (scalar=libm vec=on expr=on if=if)"],
    );
    expect(
        child("exp(x)").with("ME_DSL_JIT_MATH_BRIDGE", "0"),
        &[
            "jit codegen: runtime math bridge disabled by ME_DSL_JIT_MATH_BRIDGE",
            "jit codegen: lowering=scalar vec_ops=- reason=runtime-math-bridge-disabled",
        ],
    );
}

#[test]
fn caches() {
    let session = Session::new("trace-caches");
    let child = || Child::new(&session.root, &cc("x + 41"));
    expect(
        child().times(2),
        &[
            "jit runtime built: fp=strict key=<key>",
            "jit runtime hit: fp=strict source=process-cache key=<key>",
        ],
    );
    expect(child(), &["jit runtime hit: fp=strict source=disk-cache key=<key>"]);
    // A record that fits an object that cannot be loaded.
    let object = session.files("so").remove(0);
    fs::write(&object, b"no object").unwrap();
    let record = session.files("meta").remove(0);
    let mut bytes = fs::read(&record).unwrap();
    bytes[24..32].copy_from_slice(&9u64.to_le_bytes());
    bytes[32..40].copy_from_slice(&xxh64(b"no object", 0).to_le_bytes());
    fs::write(&record, bytes).unwrap();
    let report = child().run();
    let reload = "jit runtime cache reload failed: fp=strict key=";
    assert!(report.trace.iter().any(|line| line.starts_with(reload) && line.contains("detail=/")));
    assert!(report.has_line("jit runtime built: fp=strict key=<key>"), "{:#?}", report.trace);
    assert!(report.has_kernel);
}

#[test]
fn the_engine_in_memory() {
    let session = Session::new("trace-memory");
    let report = Child::new(&session.root, &memory("x + 42")).times(2).run();
    assert!(report.has_line("jit ir built: fp=strict compiler=tcc fingerprint=<key>"));
    // Where the machine has no engine the reason is traced instead.
    if report.has_kernel {
        assert!(report.has_line("jit runtime built: fp=strict compiler=tcc key=<key>"));
        assert!(report.has_line("jit runtime hit: fp=strict source=process-cache key=<key>"));
        let scalar = "jit codegen: lowering=scalar vec_ops=- reason=no-vector-lowering-match";
        assert!(report.has_line(scalar));
        let functions = Child::new(&session.root, &memory("exp(x) + log1p(x) * exp(x + 1)"));
        let hybrid = "jit codegen: lowering=hybrid vec_ops=exp,log1p reason=statement-vector-lowered";
        expect(functions, &[hybrid]);
    }
}

#[test]
fn failures() {
    let session = Session::new("trace-failures");
    let child = |body: &str| Child::new(&session.root, &cc(body));
    let skip = |reason: &str| format!("jit runtime skip: fp=strict reason={reason}");
    expect(
        child("x + 1").with("CC", "/nowhere/cc").times(2),
        &[
            "jit runtime skip: fp=strict compiler=cc reason=jit runtime c compiler unavailable",
            &skip("jit runtime skipped after recent failure key=<key>"),
        ],
    );
    expect(child("x + 2").with("CFLAGS", "-no-such-flag"), &[&skip("jit runtime compilation failed")]);
    let stub = session.root.join("stub.so");
    let stubbed = |body| child(body).with("ME_DSL_JIT_TEST_STUB_SO", stub.to_str().unwrap());
    expect(stubbed("x + 3"), &[&skip("jit runtime stub copy failed")]);
    fs::write(&stub, b"no object").unwrap();
    let report = stubbed("x + 4").run();
    let load = skip("jit runtime shared object load failed detail=/");
    assert!(report.trace.iter().any(|line| line.starts_with(&load)), "{:#?}", report.trace);
    let file = session.root.join("file");
    fs::write(&file, b"").unwrap();
    expect(
        child("x + 5").with("TMPDIR", file.to_str().unwrap()),
        &[&skip("jit runtime cache directory unavailable")],
    );
}

#[test]
fn records_that_cannot_be_written() {
    let session = Session::new("trace-record");
    let child = || Child::new(&session.root, &cc("x + 6"));
    child().run();
    let record = session.files("meta").remove(0);
    fs::remove_file(&record).unwrap();
    fs::create_dir(&record).unwrap();
    let line = "jit runtime skip: fp=strict reason=jit runtime failed to write cache metadata";
    expect(child(), &[line]);
}

#[test]
fn the_math_backend() {
    let session = Session::new("trace-backend");
    let child = || Child::new(&session.root, &memory("exp(x)"));
    let own = child().run();
    let line = own.trace.iter().find(|line| line.starts_with("simd init: backend=")).unwrap();
    assert!(line.ends_with(" sleef=off simd=on ulp=u35"), "{line}");
    let scalar = child().with("ME_SIMD_MATH_BACKEND", "scalar").run();
    assert!(scalar.has_line("simd init: backend=scalar sleef=off simd=off ulp=u35"));
    for (got, want) in scalar.values.iter().chain(&own.values).zip([1f64, 2.0, 1.0, 2.0].map(f64::exp)) {
        assert!((got - want).abs() <= 4.0 * f64::EPSILON * want);
    }
}

#[test]
fn silence_by_default() {
    let session = Session::new("trace-silence");
    set("ME_DSL_TRACE", "0");
    let report = Child::new(&session.root, &cc("x + 7")).with("ME_DSL_TRACE", "0").run();
    assert_eq!(report.trace, [""; 0]);
    assert!(report.has_kernel);
}
