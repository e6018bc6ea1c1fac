//! Replays recorded cases: status, error position, dtype, itemsize, return codes and output bytes.

mod case;
mod compare;
mod deviations;
#[path = "../../testkit/mod.rs"]
mod testkit;

use case::{Case, WantEval};
use compare::{Tolerance, difference};
use deviations::Deviations;
use miniexpr::Dtype;
use miniexpr::ffi::ME_JIT_OFF;
use testkit::client::{Expression, Variable, compile, compile_nd, compile_status, is_untouched};

/// The cases of a vector file.
fn load(file: &str) -> Vec<Case> {
    let path = format!("{}/tests/vectors/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    Case::parse_all(&std::fs::read_to_string(path).expect("a vector file"))
}

/// Takes only every so many cases of a file; for engines that take long over each.
const STRIDE: &str = "MINIEXPR_CASE_STRIDE";

/// Checks every case of a file; the deviations listed must differ and all others agree.
fn replay(file: &str) {
    let stride = std::env::var(STRIDE).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let cases: Vec<Case> = load(file).into_iter().step_by(stride).collect();
    let deviations = Deviations::load();
    let mut wrong = Vec::new();
    for case in &cases {
        match (check(case), deviations.contains(&case.id)) {
            (Err(why), false) => wrong.push(format!("{}: {:?}: {why}", case.id, case.expr)),
            (Ok(()), true) => wrong.push(format!("{}: listed as a deviation, but agrees", case.id)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn check(case: &Case) -> Result<(), String> {
    let variables = case.variables();
    let expression = match (compile_case(case, &variables), case.want.status) {
        (Ok(expression), 0) => expression,
        (Ok(_), status) => return Err(format!("compiled, instead of status {status}")),
        (Err(failure), status) if failure.status != status => {
            return Err(format!("status {} instead of {status}: {:?}", failure.status, failure.message));
        }
        (Err(failure), compile_status::PARSE) => {
            return expect("position", Some(failure.position), case.want.error);
        }
        (Err(failure), _) => return expect("position", failure.position, -1),
    };
    expect("dtype", Some(expression.dtype()), case.want.dtype_code())?;
    expect("itemsize", Some(expression.itemsize()), case.want.itemsize)?;
    case.want.evals.iter().enumerate().try_for_each(|(call, want)| {
        evaluate(case, &expression, call, want).map_err(|why| format!("evaluation {call}: {why}"))
    })
}

fn compile_case(case: &Case, variables: &[Variable]) -> Result<Expression, testkit::client::Failure> {
    match &case.nd {
        None => compile(&case.expr, variables, case.dtype()),
        Some(nd) => compile_nd(&case.expr, variables, case.dtype(), &nd.grid(), ME_JIT_OFF as i32),
    }
}

fn evaluate(case: &Case, expression: &Expression, call: usize, want: &WantEval) -> Result<(), String> {
    let inputs = case.inputs();
    if case.varlen {
        return match expression.eval_varlen(&inputs, case.n) {
            Err(status) => expect("return code", status, want.rc),
            Ok(got) => {
                expect("return code", 0, want.rc)?;
                expect("offsets", Some(got.offsets), want.offsets.clone())?;
                expect("data", &got.data, &want.out)
            }
        };
    }
    let result = match &case.nd {
        // A reduction writes one item even where there are none to reduce.
        None => expression.eval_room(&inputs, case.n, case.n.max(1)),
        Some(nd) => {
            let (nchunk, nblock) = nd.calls[call];
            let valid = expression.valid_nitems(nchunk, nblock);
            expect("code of the valid count", valid.err().unwrap_or(0), want.vrc.unwrap_or(0))?;
            expect("valid items", valid.ok(), want.valid.filter(|_| valid.is_ok()))?;
            expression.eval_nd(&inputs, case.n, nchunk, nblock)
        }
    };
    match result {
        Err(status) => expect("return code", status, want.rc),
        Ok(out) => {
            expect("return code", 0, want.rc)?;
            compare_output(case, expression, &out, &want.out)
        }
    }
}

/// The bytes that were to be written agree, and the rest of the buffer is as it was.
fn compare_output(case: &Case, expression: &Expression, out: &[u8], want: &[u8]) -> Result<(), String> {
    let (written, rest) = out.split_at(want.len().min(out.len()));
    let dtype = Dtype::from_code(expression.dtype()).ok_or("no dtype")?;
    let tolerance = Tolerance { ulps: case.tol, relative: case.rtol };
    if let Some(difference) = difference(dtype, written, want, tolerance) {
        return Err(difference);
    }
    if is_untouched(rest) { Ok(()) } else { Err(format!("more than {} bytes written", want.len())) }
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: T, want: T) -> Result<(), String> {
    if got == want { Ok(()) } else { Err(format!("{what} {got:?} instead of {want:?}")) }
}

#[test]
fn binary_operators() {
    replay("binary_operators");
}

#[test]
fn explicit_output_dtype() {
    replay("explicit_output_dtype");
}

#[test]
fn functions_one_argument() {
    replay("functions_one_argument");
}

#[test]
fn functions_many_arguments() {
    replay("functions_many_arguments");
}

#[test]
fn literals() {
    replay("literals");
}

#[test]
fn random_expressions() {
    replay("random_expressions");
}

#[test]
fn syntax() {
    replay("syntax");
}

#[test]
fn reductions() {
    replay("reductions");
}

#[test]
fn nd_blocks() {
    replay("nd_blocks");
}

#[test]
fn strings() {
    replay("strings");
}

#[test]
fn dsl_kernels() {
    replay("dsl_kernels");
}

/// Replays the kernels in a process of its own, where these variables choose the engine.
fn replay_kernels_with(variables: &[(&str, &str)]) {
    let mut command = testkit::process::this_program();
    command.args(["--exact", "dsl_kernels"]).envs(variables.iter().copied());
    let output = command.output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn dsl_kernels_in_the_interpreter() {
    replay_kernels_with(&[("ME_DSL_JIT", "0")]);
}

#[cfg(unix)]
#[test]
fn dsl_kernels_by_the_c_compiler() {
    let cache = format!("/tmp/miniexpr-conformance-{}", std::process::id());
    let stride = std::env::var(STRIDE).unwrap_or("16".into());
    replay_kernels_with(&[
        ("ME_DSL_JIT_COMPILER", "cc"),
        ("CFLAGS", "-O1"),
        ("TMPDIR", &cache),
        (STRIDE, &stride),
    ]);
    std::fs::remove_dir_all(cache).expect("the cache of the engine");
}

#[test]
fn every_deviation_names_a_case() {
    const FILES: [&str; 11] = [
        "binary_operators",
        "dsl_kernels",
        "explicit_output_dtype",
        "functions_many_arguments",
        "functions_one_argument",
        "literals",
        "nd_blocks",
        "random_expressions",
        "reductions",
        "strings",
        "syntax",
    ];
    let ids: Vec<String> = FILES.iter().flat_map(|file| load(file)).map(|case| case.id).collect();
    assert_eq!(Deviations::load().unmatched(&ids), Vec::<&String>::new());
}
