//! What the C text of a kernel holds: people read it, and tools search it.

use crate::session::{Session, cc, compile, evaluate_in_place, has_kernel, set, values};
use crate::testkit::client::{self, AUTO, Grid, Variable};
use crate::testkit::values::decode;
use miniexpr::Dtype;

const ELEMENT_LOOP: &str = "for (int64_t __me_idx = 0; __me_idx < __me_nitems; __me_idx++) {";
const VECTOR_EXP: &str = "me_jit_vec_exp_f64(__me_in_x, __me_outp, __me_nitems);";

/// The text of a kernel, which is compiled into an empty cache, and its values.
fn text_of(session: &Session, source: &str, x: &[f64]) -> (String, Vec<f64>) {
    session.clear();
    set("ME_DSL_JIT_POS_CACHE", "0");
    let expression = compile(source).unwrap();
    assert!(has_kernel(&expression), "{source}");
    (session.source(), values(&expression, x).unwrap())
}

fn assert_close(got: &[f64], want: impl Iterator<Item = f64>) {
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-11 * want.abs().max(1.0), "{got} instead of {want}");
    }
}

#[test]
fn index_symbols_are_computed_in_the_kernel() {
    let lines = [
        "const double *__me_in_x = (const double *)__me_inputs[0];",
        "int64_t _i0 = (int64_t)__me_idx;",
        "int64_t _n0 = (int64_t)__me_nitems;",
        "int64_t _ndim = (int64_t)1;",
        "int64_t _flat_idx = (int64_t)__me_idx;",
    ];
    let session = Session::new("text-index");
    for body in ["x + _flat_idx + _i0 + _n0 + _ndim", "_ndim + _n0 + _i0 + _flat_idx + x"] {
        let (text, got) = text_of(&session, &cc(body), &[1.0; 4]);
        assert_eq!(got, [6.0, 8.0, 10.0, 12.0]);
        let mut rest = &text[..];
        for line in lines {
            let at = rest.find(line).unwrap_or_else(|| panic!("{line} is missing or early in\n{text}"));
            rest = &rest[at + line.len()..];
        }
        for array in ["_i0", "_flat_idx"] {
            let forbidden = format!("const int64_t *__me_in_{array} = (const int64_t *)__me_inputs[");
            assert!(!text.contains(&forbidden));
        }
    }
}

#[test]
fn blocks_of_arrays_are_described_by_a_context() {
    let session = Session::new("text-blocks");
    let grid = Grid { shape: vec![3, 5], chunkshape: vec![2, 4], blockshape: vec![2, 3] };
    let source = "# me:compiler=cc\ndef f():\n    return _flat_idx + _i0 + _i1 + _n0 + _n1 + _ndim\n";
    let expression = client::compile_nd(source, &[], Dtype::Float64.code(), &grid, 0).unwrap();
    assert!(has_kernel(&expression));
    let text = session.source();
    for line in [
        "const int64_t *__me_in___me_nd_ctx = (const int64_t *)__me_inputs[",
        "__me_flat_idx_rt",
        ELEMENT_LOOP,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let out = expression.eval_nd(&[], 6, 1, 0).unwrap();
    assert_eq!(decode(Dtype::Float64, &out), [18.0, 0.0, 0.0, 24.0, 0.0, 0.0]);
}

#[test]
fn triangular_loops_over_blocks() {
    let _session = Session::new("text-triangle");
    let grid = Grid { shape: vec![2, 5], chunkshape: vec![2, 5], blockshape: vec![2, 5] };
    let body = "    acc = 0\n    for j in range(_i1 + 1):\n        acc = acc + j\n    return x + acc\n";
    for header in ["# me:compiler=cc\n", ""] {
        let variables = [Variable::new("x", Dtype::Float64)];
        let source = format!("{header}def f(x):\n{body}");
        let expression = client::compile_nd(&source, &variables, AUTO, &grid, 0).unwrap();
        let out = expression.eval_nd(&[&[0; 80]], 10, 0, 0).unwrap();
        let want = [0.0, 1.0, 3.0, 6.0, 10.0, 0.0, 1.0, 3.0, 6.0, 10.0];
        assert_eq!(decode(Dtype::Float64, &out), want);
    }
}

#[test]
fn symbols_and_functions_together() {
    let _session = Session::new("text-symbols");
    let grid = Grid { shape: vec![5, 7], chunkshape: vec![4, 6], blockshape: vec![3, 4] };
    let body = "def f(x):\n    return exp(x) * _i1 + sin(_flat_idx + x) + _i0 * _n1 + _ndim\n";
    let variables = [Variable::new("x", Dtype::Float64)];
    let x: Vec<u8> = (0..12).flat_map(|item| (f64::from(item) * 0.3).to_ne_bytes()).collect();
    let compiled =
        client::compile_nd(&format!("# me:compiler=cc\n{body}"), &variables, AUTO, &grid, 0).unwrap();
    let interpreted = client::compile_nd(body, &variables, AUTO, &grid, 2).unwrap();
    assert!(has_kernel(&compiled) && !has_kernel(&interpreted));
    for (chunk, block) in [(0, 0), (0, 3), (1, 0), (2, 1), (3, 0)] {
        assert_eq!(compiled.eval_nd(&[&x], 12, chunk, block), interpreted.eval_nd(&[&x], 12, chunk, block));
    }
    let whole = [compiled, interpreted].map(|expression| expression.eval(&[&x], 12).unwrap());
    assert_eq!(whole[0], whole[1], "without a block");
}

#[test]
fn functions_are_called_for_many_items_unless_switched_off() {
    let session = Session::new("text-functions");
    let x = [-1.0, 0.0, 0.5, 3.0];
    let (text, got) = text_of(&session, &cc("exp(x)"), &x);
    assert!(text.contains(VECTOR_EXP), "{text}");
    assert_close(&got, x.iter().map(|x| x.exp()));

    set("ME_DSL_JIT_VEC_MATH", "0");
    set("ME_DSL_JIT_SCALAR_MATH_BRIDGE", "0");
    let (text, got) = text_of(&session, &cc("exp(x)"), &x);
    assert!(text.contains(ELEMENT_LOOP) && !text.contains(VECTOR_EXP) && !text.contains("me_jit_exp(x));"));
    assert_close(&got, x.iter().map(|x| x.exp()));

    set("ME_DSL_JIT_SCALAR_MATH_BRIDGE", "1");
    let (text, got) = text_of(&session, &cc("exp(x)"), &x);
    assert!(text.contains("me_jit_exp(x));"), "{text}");
    assert_close(&got, x.iter().map(|x| x.exp()));
}

#[test]
fn the_c_library_alone() {
    let session = Session::new("text-libm");
    set("ME_DSL_JIT_MATH_BRIDGE", "0");
    let x = [-1.0, 0.0, 0.5, 3.0];
    let (text, got) = text_of(&session, &cc("exp10(x)"), &x);
    assert!(text.contains("static double me_jit_exp10(double x) { return pow(10.0, x); }"));
    assert!(!text.contains("extern double me_jit_exp10(double);"));
    assert_close(&got, x.iter().map(|x| 10f64.powf(*x)));
    let all = "sinpi(x) + cospi(x) + logaddexp(x, 1) + fac(3) + ncr(5, 2) + npr(5, 2) + ldexp(x, 2) + \
               atan2(x, 2) + fmax(x, 0) + remainder(x, 2) + fmod(x, 2) + tgamma(x + 4) + log1p(x + 2)";
    let (_, got) = text_of(&session, &cc(all), &x);
    set("ME_DSL_JIT", "0");
    let want = values(&compile(&cc(all)).unwrap(), &x).unwrap();
    assert_close(&got, want.into_iter());
}

#[test]
fn nested_calls() {
    let session = Session::new("text-hybrid");
    let source = "# me:compiler=cc\ndef f(x):\n    t = 0.7071067811865475\n    z = 0.5 * (1.0 + exp((x + 0.25) * t))\n    return z\n";
    let x = [-1.0, 0.0, 0.5, 3.0];
    let want = || x.iter().map(|x| 0.5 * (1.0 + ((x + 0.25) * 0.7071067811865475_f64).exp()));
    let texts = ["me_jit_vec_exp_f64(__me_vec_tmp_", "__me_call = (double)__me_vec_tmp_"];
    for (switch, expected) in [("0", false), ("1", true)] {
        set("ME_DSL_JIT_HYBRID_EXPR_VEC_MATH", switch);
        let (text, got) = text_of(&session, source, &x);
        assert_eq!(texts.map(|part| text.contains(part)), [expected; 2], "{text}");
        assert_close(&got, want());
    }
}

#[test]
fn choices() {
    let session = Session::new("text-choices");
    let source = "# me:compiler=cc\ndef f(x):\n    if x > 0:\n        y = x\n    else:\n        y = -x\n    return y\n";
    let branch = "if (((bool)(x > 0)) != (bool)0) {";
    let selection = "y = (((bool)(x > 0)) != (bool)0) ? (double)(x) : (double)(-x);";
    for (switch, present, absent) in [("0", branch, selection), ("1", selection, branch)] {
        set("ME_DSL_JIT_BRANCH_AWARE_IF", switch);
        let (text, got) = text_of(&session, source, &[-2.0, 0.0, 3.0]);
        assert!(text.contains(present) && !text.contains(absent), "{text}");
        assert_eq!(got, [2.0, 0.0, 3.0]);
    }
}

#[test]
fn the_text_stands_alone() {
    let session = Session::new("text-alone");
    for (body, bridge) in [("exp(x) + _i0", "1"), ("erf(x) * sin(x)", "0")] {
        set("ME_DSL_JIT_MATH_BRIDGE", bridge);
        let (text, _) = text_of(&session, &cc(body), &[1.0]);
        assert!(!text.contains("#include"));
        let path = session.root.join("alone.c");
        std::fs::write(&path, text).unwrap();
        let mut compiler = std::process::Command::new("cc");
        compiler.args(["-std=c99", "-O2", "-fPIC", "-shared", "-o"]).arg(session.root.join("alone.so"));
        assert!(compiler.arg(&path).status().unwrap().success());
    }
}

#[test]
fn any_names_of_inputs() {
    let _session = Session::new("text-names");
    for name in ["double", "register", "int8_t", "__me_dummy0", "nitems", "t0", "main", "_x"] {
        let source = format!("# me:compiler=cc\ndef f({name}):\n    out = {name} * 2\n    return out\n");
        let expression = client::compile(&source, &[Variable::new(name, Dtype::Float64)], AUTO).unwrap();
        assert!(has_kernel(&expression), "{name}");
        assert_eq!(values(&expression, &[1.5]).unwrap(), [3.0]);
    }
}

#[test]
fn calls_may_be_cut_into_chunks_and_run_in_place() {
    let _session = Session::new("text-chunks");
    set("ME_DSL_JIT_VEC_CHUNK_ITEMS", "7");
    let x: Vec<f64> = (0..1000).map(|item| f64::from(item) * 0.01).collect();
    let expression = compile(&cc("exp(x)")).unwrap();
    let chunked = values(&expression, &x).unwrap();
    set("ME_DSL_JIT_VEC_CHUNK_ITEMS", "nonsense");
    assert_eq!(values(&expression, &x).unwrap(), chunked);
    let mut buffer = x.clone();
    let status = evaluate_in_place(&expression, &mut buffer);
    assert_eq!((status, buffer), (0, chunked));
}
