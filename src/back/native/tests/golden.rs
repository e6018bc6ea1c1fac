//! Lane code against recorded text. `MINIEXPR_UPDATE_GOLDEN=1` records it anew.

use std::fmt::Write;

use super::compile;
use crate::back::native::lower::lower;
use crate::dtype::Dtype;
use crate::kernel::level::Level;

const ESCAPE: &str = "\
def f(x):
    z = x
    n = 8.0
    for i in range(8):
        if z > 4.0:
            n = i
            break
        z = z * z + x
    return n
";

#[test]
fn a_loop_with_a_break() {
    let code = lower(&compile(ESCAPE, &[("x", Dtype::Float64)]), Level::Baseline).unwrap();
    let mut text = String::new();
    for inst in &code.insts {
        if let Some(dst) = inst.dst {
            write!(text, "v{dst}: {} = ", code.dtype(dst)).unwrap();
        }
        write!(text, "{:?}", inst.op).unwrap();
        for arg in inst.args.iter().flatten() {
            write!(text, " v{arg}").unwrap();
        }
        writeln!(text, "{}", inst.mask.map_or(String::new(), |mask| format!(" where v{mask}"))).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/back/native/tests/escape.lanes");
    if std::env::var_os("MINIEXPR_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
}
