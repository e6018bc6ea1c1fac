//! The gates before every compiled engine: what the caller wants, and what no engine takes.

use super::engine::{Unsupported, reason};
use super::identity::Names;
use super::jit_mode::Mode;
use super::trace::trace;
use crate::dtype::Dtype;
use crate::environment;
use crate::ir::{ExprKind, Kernel, SourcePlace, Stmt, always_returns, find_in};

/// Lets a kernel through to the engines, with the names for the trace; `None` after a line in the trace.
pub fn admit(kernel: &Kernel, mode: Mode) -> Option<Names> {
    let names = Names::of(kernel);
    let Names { fp, compiler } = names;
    if mode == Mode::Off {
        trace(format_args!("jit runtime skipped: fp={fp} compiler={compiler} reason=jit_mode=off"));
        return None;
    }
    if let Some(reason) = skip_reason(kernel) {
        trace(format_args!("jit ir skip: fp={fp} reason={reason}"));
        return None;
    }
    if let Some(unsupported) = unsupported(kernel) {
        trace(format_args!("jit ir reject: fp={fp} {unsupported}"));
        return None;
    }
    if !environment::flag(c"ME_DSL_JIT", true) {
        trace(format_args!("jit runtime skip: fp={fp} reason=jit runtime disabled by environment"));
        return None;
    }
    Some(names)
}

fn skip_reason(kernel: &Kernel) -> Option<&'static str> {
    if !always_returns(&kernel.body) {
        return Some(reason::NO_RETURN);
    }
    let uses_index = kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_)));
    if uses_index && !environment::flag(c"ME_DSL_JIT_INDEX_VARS", true) {
        return Some("reserved index vars disabled by ME_DSL_JIT_INDEX_VARS");
    }
    None
}

/// The first thing in the text of `kernel` that no compiled engine takes.
fn unsupported(kernel: &Kernel) -> Option<Unsupported> {
    let is_foreign = |dtype: Dtype| dtype.is_complex() || dtype.is_string();
    if kernel.params.iter().any(|param| is_foreign(param.ty.dtype)) {
        return Some(Unsupported { place: SourcePlace::default(), reason: reason::PARAMETER });
    }
    let exprs = kernel.graph.exprs.iter().zip(&kernel.graph.places).filter_map(|(expr, place)| {
        let reason = match expr.kind {
            ExprKind::Reduce(..) => reason::REDUCTION,
            _ if is_foreign(expr.ty.dtype) => reason::DTYPE,
            _ => return None,
        };
        Some(Unsupported { place: *place, reason })
    });
    let print = find_in(&kernel.body, &mut |stmt| match stmt {
        Stmt::Print(print) => Some(Unsupported { place: print.place, reason: reason::PRINT }),
        _ => None,
    });
    exprs.chain(print).min_by_key(|unsupported| unsupported.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::testing::compile;

    fn reject(source: &str, dtype: Dtype) -> Option<(u32, u32, &'static str)> {
        let kernel = compile(source, &[("x", dtype)]);
        let Unsupported { place: SourcePlace { line, column }, reason } = unsupported(&kernel)?;
        Some((line, column, reason))
    }

    #[test]
    fn rejections_name_the_statement() {
        let print = "def f(x):\n    y = x + 1\n    if y > 2:\n        print(1)\n    return y\n";
        let reduction = "def f(x):\n    y = x + 1\n    if any(y > 2):\n        y = x\n    return y\n";
        let complex = "def f(x):\n    return x + 1\n";
        let whole = [reject(print, Dtype::Float64), reject(reduction, Dtype::Float64)];
        assert_eq!(whole[0], Some((4, 9, "print statements are not supported by jit ir")));
        assert_eq!(whole[1], Some((3, 5, "reduction functions are not supported by jit ir")));
        let inputs = reject(complex, Dtype::Complex128);
        assert_eq!(inputs, Some((0, 0, "invalid parameter metadata for jit ir")));
        assert_eq!(reject(complex, Dtype::Float64), None);
    }
}
