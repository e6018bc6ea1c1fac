//! Machine code for plain expressions that are evaluated on many items.
//!
//! The interpreter makes a pass over memory for every operation or two of a chain of arithmetic, and
//! the passes are what it takes; machine code makes one. To generate it takes some ten microseconds,
//! so an expression gets it once it has been evaluated on enough items to win that time back. Results
//! are the same bits.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::block::Interpreter;
use super::engine::{Call, Code, RunError};
use super::registry::ENGINES;
use super::settings::Settings;
use crate::dtype::Dtype;
use crate::environment;
use crate::ir::{Expr, ExprKind, Kernel};
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// Items after which machine code is generated.
const ITEMS_BEFORE_CODE: usize = 1 << 16;

/// Counts the items of one expression, and holds its machine code once there is some.
#[derive(Debug)]
pub struct Hot {
    items: AtomicUsize,
    /// Whether some evaluation generates the code, or has.
    is_claimed: AtomicBool,
    /// Set by that evaluation alone, so that nobody waits. `None` within: the interpreter keeps the
    /// expression.
    code: OnceLock<Option<Box<dyn Code>>>,
}

impl Hot {
    /// For an expression that may be compiled to machine code later, if that would be faster.
    pub fn new(kernel: &Kernel, interpreter: &Interpreter) -> Hot {
        let is_wanted = || environment::flag(c"ME_DSL_JIT", true);
        if interpreter.passes() >= 2 && has_wide_lanes(kernel) && is_wanted() {
            Hot { code: OnceLock::new(), ..Hot::never() }
        } else {
            Hot::never()
        }
    }

    /// For what the interpreter is to run.
    pub fn never() -> Hot {
        Hot { items: AtomicUsize::new(0), is_claimed: AtomicBool::new(false), code: OnceLock::from(None) }
    }

    /// Whether there is machine code, or may be one day.
    pub fn may_have_code(&self) -> bool {
        self.code.get().is_none_or(Option::is_some)
    }

    /// Evaluates `n` items of the kernel; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::block::Interpreter::run).
    pub unsafe fn run(
        &self,
        kernel: &Kernel,
        inputs: &[*const u8],
        output: *mut u8,
        n: usize,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        let code = self.code(kernel, n)?;
        // SAFETY: as the caller promises.
        unsafe { run_code(code, inputs, output, n, positions, accuracy) }
    }

    /// The machine code, if the expression has been evaluated on enough items, `n` more included.
    fn code(&self, kernel: &Kernel, n: usize) -> Option<&dyn Code> {
        if let Some(code) = self.code.get() {
            return code.as_deref();
        }
        if self.items.fetch_add(n, Ordering::Relaxed) < ITEMS_BEFORE_CODE {
            return None;
        }
        self.generate(kernel)
    }

    #[cold]
    #[inline(never)]
    fn generate(&self, kernel: &Kernel) -> Option<&dyn Code> {
        if self.is_claimed.swap(true, Ordering::Relaxed) {
            // Another thread generates the code; after a fork perhaps none. The interpreter goes on.
            return None;
        }
        let _ = self.code.set(ENGINES.iter().find_map(|engine| engine.build_hot(kernel)));
        self.code.get()?.as_deref()
    }
}

/// Runs machine code. Apart from what chooses it, which every evaluation of a few items goes through: a call needs a large
/// frame.
///
/// # Safety
/// As [`Hot::run`].
#[inline(never)]
unsafe fn run_code(
    code: &dyn Code,
    inputs: &[*const u8],
    output: *mut u8,
    n: usize,
    positions: &Positions<'_>,
    accuracy: Accuracy,
) -> Option<Result<(), RunError>> {
    // Plain expressions have no loops that settings could stop.
    let settings = Settings::default();
    // SAFETY: as the caller promises.
    unsafe { code.run(Call { inputs, output, items: n, positions, accuracy, settings }) }
}

/// Whether values take as many bytes as the lanes of machine code: the interpreter's vectors hold more of
/// the narrow ones.
fn has_wide_lanes(kernel: &Kernel) -> bool {
    let is_leaf = |expr: &Expr| matches!(expr.kind, ExprKind::Param(_) | ExprKind::Constant(_));
    kernel.params.iter().any(|param| param.ty.itemsize >= 4)
        && kernel
            .graph
            .exprs
            .iter()
            .all(|expr| is_leaf(expr) || expr.ty.itemsize >= 4 || expr.ty.dtype == Dtype::Bool)
}

#[cfg(all(test, machine_code))]
mod tests {
    use super::*;
    use crate::back::block::Items;
    use crate::back::native::has_engine;
    use crate::back::native::tests::{bytes_of, output_of};
    use crate::front::testing::compile;
    use crate::kernel::level::Level;

    fn hot(text: &str, dtype: Dtype) -> (Kernel, Interpreter, Hot) {
        let kernel = compile(text, &[("x", dtype), ("y", dtype)]);
        let interpreter = Interpreter::new(&kernel, Level::current()).unwrap();
        let hot = Hot::new(&kernel, &interpreter);
        (kernel, interpreter, hot)
    }

    #[test]
    fn chains_get_machine_code_when_it_pays() {
        let (kernel, interpreter, hot) = hot("(x + y) * (x - y) / (x * y + 1.5)", Dtype::Float64);
        assert!(hot.code(&kernel, ITEMS_BEFORE_CODE).is_none());
        assert_eq!(hot.code(&kernel, 1).is_some(), has_engine(Level::current()));

        let n = 1003;
        let x: Vec<f64> = (0..n).map(|item| f64::from(item) * 0.37 - 100.0).collect();
        let y: Vec<f64> = (0..n).map(|item| 55.0 - f64::from(item) * 0.11).collect();
        let inputs = [bytes_of(&x), bytes_of(&y)];
        let by_interpreter = output_of(&inputs, 8, n as usize, |inputs, output, positions| {
            // SAFETY: the arrays hold `n` items.
            unsafe { interpreter.run(inputs, output, Items::First(n as usize), positions, Accuracy::Fast) }
        });
        let by_code = output_of(&inputs, 8, n as usize, |inputs, output, positions| {
            // SAFETY: as above.
            match unsafe { hot.run(&kernel, inputs, output, n as usize, positions, Accuracy::Fast) } {
                Some(result) => result,
                // SAFETY: as above.
                None => unsafe {
                    interpreter.run(inputs, output, Items::First(n as usize), positions, Accuracy::Fast)
                },
            }
        });
        assert_eq!(by_code.unwrap(), by_interpreter.unwrap());
    }

    /// While one thread generates the code, or the process was forked from one whose thread did, the others
    /// interpret.
    #[test]
    fn nobody_waits_for_the_code() {
        let (kernel, _, hot) = hot("(x + y) * (x - y) / (x * y + 1.5)", Dtype::Float64);
        hot.is_claimed.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            assert!(hot.code(&kernel, 2 * ITEMS_BEFORE_CODE).is_none());
        }
    }

    #[test]
    fn other_expressions_stay_with_the_interpreter() {
        let texts = ["x + y", "sum(x * y + 1)", "sin(x) + cos(y) * 2"];
        let cases = texts.map(|text| (text, Dtype::Float64)).into_iter();
        for (text, dtype) in
            cases.chain([("x * y + x - y", Dtype::Int8), ("x * y + x - y", Dtype::Complex64)])
        {
            let (kernel, _, hot) = hot(text, dtype);
            assert!(hot.code(&kernel, 2 * ITEMS_BEFORE_CODE).is_none());
            assert!(hot.code(&kernel, 1).is_none(), "{text} of {dtype}");
        }
    }
}
