//! Kernels and what they become, kept as text: the typed program, or the reason of the refusal.
//!
//! Each file of `tests/golden` holds cases separated by lines of `=`: the variables and the output
//! dtype, the source, a line of `-`, and the outcome. With `MINIEXPR_UPDATE_GOLDEN=1` the outcomes are
//! written anew instead of compared.

use std::path::Path;

use miniexpr::Dtype;

use crate::{compile, message};

#[test]
fn kernels_become_the_typed_programs_on_file() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in ["typing.txt", "control_flow.txt", "blocks.txt", "refused.txt"] {
        let path = directory.join(file);
        let kept = std::fs::read_to_string(&path).expect("a golden file");
        let cases: Vec<String> = kept.split("====\n").map(outcome_of_case).collect();
        let current = cases.join("====\n");
        if std::env::var_os("MINIEXPR_UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, current).expect("a writable golden file");
        } else {
            assert_eq!(kept, current, "{file}");
        }
    }
}

/// The case with its outcome as it is now.
fn outcome_of_case(case: &str) -> String {
    let input = case.split("----\n").next().expect("a part");
    let (signature, source) = input.split_once('\n').expect("a line of dtypes and a source");
    let (variables, output) = signature.split_once(" -> ").expect("variables -> output");
    let variables: Vec<(&str, Dtype)> = variables
        .split_whitespace()
        .map(|variable| variable.split_once(':').expect("name:dtype"))
        .map(|(name, dtype)| (name, by_name(dtype).expect("a dtype")))
        .collect();
    let outcome = match compile(source, &variables, by_name(output)) {
        Ok(kernel) => kernel.to_string(),
        Err(error) => {
            let position = error.position.map_or(-1, |position| position as i64);
            format!("refused at {position}: {}\n", message(&error))
        }
    };
    format!("{input}----\n{outcome}")
}

/// The dtype called `name`; `None` for `auto`.
fn by_name(name: &str) -> Option<Dtype> {
    (1..=15).filter_map(Dtype::from_code).find(|dtype| dtype.name() == name)
}
