//! The functions that are judged, and where they are searched besides everywhere.

use miniexpr::Dtype;
use miniexpr::internals::ir::{BinaryOp, MathFn};
use miniexpr::internals::kernel::level::Level;
use miniexpr::internals::kernel::{Accuracy, Kernel, math};

pub const MODES: [(Accuracy, &str); 3] =
    [(Accuracy::Fast, "fast"), (Accuracy::Precise, "precise"), (Accuracy::Scalar, "scalar")];

/// A function of one or two arguments, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Subject {
    Unary(MathFn),
    Binary(BinaryOp),
}

/// One implementation of a function: those that share code are one.
pub struct Implementation {
    /// The index in [`MODES`] and the level, of each of its uses.
    pub uses: Vec<(usize, Level)>,
    kernel: Kernel,
}

impl Implementation {
    /// The function of `n` items; `b` is read by functions of two arguments only.
    pub fn run<T>(&self, a: &[T], b: &[T], out: &mut [T]) {
        assert!(b.len() >= a.len() && out.len() >= a.len());
        let (out, a_items, b_items) = (out.as_mut_ptr(), a.as_ptr(), b.as_ptr());
        // SAFETY: all three have as many items of the kernel's dtype as `a`.
        unsafe {
            (self.kernel)(out.cast(), a_items.cast(), b_items.cast(), std::ptr::null(), a.len());
        }
    }
}

impl Subject {
    pub fn all() -> impl Iterator<Item = Subject> {
        const BINARY: [BinaryOp; 3] = [BinaryOp::Pow, BinaryOp::Atan2, BinaryOp::Hypot];
        MathFn::ALL.iter().copied().map(Subject::Unary).chain(BINARY.into_iter().map(Subject::Binary))
    }

    pub fn name(self) -> String {
        match self {
            Subject::Unary(f) => f.row().name.to_string(),
            Subject::Binary(op) => op.function().expect("a function").name.to_string(),
        }
    }

    pub fn arity(self) -> usize {
        match self {
            Subject::Unary(_) => 1,
            Subject::Binary(_) => 2,
        }
    }

    pub fn kernels(self, dtype: Dtype) -> Vec<Implementation> {
        let mut implementations: Vec<Implementation> = Vec::new();
        for (mode, (accuracy, _)) in MODES.into_iter().enumerate() {
            for level in Level::all_supported() {
                let kernel = match self {
                    Subject::Unary(f) => math::unary(f, dtype, accuracy, level),
                    Subject::Binary(op) => math::binary(op, dtype, accuracy, level),
                };
                let kernel = kernel.expect("a math function");
                let known =
                    implementations.iter_mut().find(|known| std::ptr::fn_addr_eq(known.kernel, kernel));
                match known {
                    Some(known) => known.uses.push((mode, level)),
                    None => implementations.push(Implementation { uses: vec![(mode, level)], kernel }),
                }
            }
        }
        implementations
    }

    /// Intervals to sample evenly, where most binades hold nothing of interest.
    pub fn intervals(self) -> &'static [(f64, f64)] {
        match self {
            Subject::Unary(MathFn::Tgamma | MathFn::Lgamma) => {
                &[(-20.0, 5.0), (0.0, 180.0), (-190.0, 0.0), (0.9, 1.1), (1.8, 2.2)]
            }
            Subject::Unary(MathFn::Sin | MathFn::Cos | MathFn::Tan) => {
                &[(-10.0, 10.0), (-1e3, 1e3), (-1e6, 1e6)]
            }
            Subject::Unary(MathFn::Erf | MathFn::Erfc) => &[(-7.0, 28.0), (-1.0, 1.0)],
            _ => &[(-2.0, 2.0), (-40.0, 40.0), (-750.0, 750.0)],
        }
    }
}
