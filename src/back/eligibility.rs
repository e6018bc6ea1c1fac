//! The gates before every compiled engine: what the caller wants, and what no engine takes.

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
    if let Some(rejection) = rejection(kernel) {
        let SourcePlace { line, column } = rejection.place;
        trace(format_args!("jit ir reject: fp={fp} at {line}:{column} reason={}", rejection.reason));
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
        return Some("program may reach function end without return");
    }
    let uses_index = kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_)));
    if uses_index && !environment::flag(c"ME_DSL_JIT_INDEX_VARS", true) {
        return Some("reserved index vars disabled by ME_DSL_JIT_INDEX_VARS");
    }
    None
}

/// Why a kernel is left to the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rejection {
    /// Start of the statement; zeros for an input.
    place: SourcePlace,
    reason: &'static str,
}

/// The first thing in the text of `kernel` that no compiled engine takes.
fn rejection(kernel: &Kernel) -> Option<Rejection> {
    let is_foreign = |dtype: Dtype| dtype.is_complex() || dtype.is_string();
    if kernel.params.iter().any(|param| is_foreign(param.ty.dtype)) {
        let reason = "invalid parameter metadata for jit ir";
        return Some(Rejection { place: SourcePlace::default(), reason });
    }
    let exprs = kernel.graph.exprs.iter().zip(&kernel.graph.places).filter_map(|(expr, place)| {
        let reason = match expr.kind {
            ExprKind::Reduce(..) => "reduction functions are not supported by jit ir",
            _ if is_foreign(expr.ty.dtype) => "unsupported expression dtype for jit ir",
            _ => return None,
        };
        Some(Rejection { place: *place, reason })
    });
    let print = find_in(&kernel.body, &mut |stmt| match stmt {
        Stmt::Print(print) => {
            Some(Rejection { place: print.place, reason: "print statements are not supported by jit ir" })
        }
        _ => None,
    });
    exprs.chain(print).min_by_key(|rejection| rejection.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::{self, Entry, EntryKind, Lifting};

    fn reject(source: &str, dtype: Dtype) -> Option<(u32, u32, &'static str)> {
        let entry = Entry { name: b"x", dtype: Some(dtype), itemsize: 0, kind: EntryKind::Variable };
        let kernel = front::compile(
            source.as_bytes(),
            front::Language::of(source.as_bytes()),
            &[entry],
            None,
            Lifting::Never,
        )
        .unwrap_or_else(|error| panic!("{}", error.message()));
        let Rejection { place: SourcePlace { line, column }, reason } = rejection(&kernel)?;
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
