//! `me_jit_mode`: what a caller wants of the compiled engines.

/// What to do with machine code, in compilations and evaluations.
///
/// ```
/// use miniexpr::{Dtype, Expression, JitMode};
///
/// let expression = Expression::builder("a + 1").variable("a", Dtype::Int8).jit(JitMode::Off).compile()?;
/// assert!(!expression.has_machine_code());
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Kernels of statements get machine code when they are compiled.
    Default,
    /// Plain expressions too; all declared variables then count as inputs.
    On,
    /// The interpreter runs everything.
    Off,
}

impl Mode {
    /// The mode with a C value; unknown ones are the default.
    #[doc(hidden)]
    pub fn from_code(code: i32) -> Mode {
        match code {
            1 => Mode::On,
            2 => Mode::Off,
            _ => Mode::Default,
        }
    }
}
