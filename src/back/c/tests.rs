//! Generated C against recorded text. `MINIEXPR_UPDATE_GOLDEN=1` records it anew.

use super::generate::generate;
use crate::back::identity::Gates;
use crate::dtype::Dtype;
use crate::front::testing::compile;

const LOOP: &str = "\
def f(x):
    s = 0.0
    for i in range(int(x)):
        if i % 2 == 0:
            s = s + exp(x) * i
        elif s > 100.0:
            return s
    return s
";

#[test]
fn loops_and_branches() {
    let kernel = compile(LOOP, &[("x", Dtype::Float64)]);
    let source = generate(&kernel, Gates::from_environment()).unwrap();
    let text = String::from_utf8(source.text.as_bytes().to_vec()).unwrap();
    let body = text.strip_prefix(include_str!("prelude.h")).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/back/c/golden_loop.c");
    if std::env::var_os("MINIEXPR_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, body).unwrap();
    }
    assert_eq!(body, std::fs::read_to_string(path).unwrap());
}
