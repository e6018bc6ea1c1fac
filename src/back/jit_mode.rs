//! `me_jit_mode`: what a caller wants of the compiled engines.

/// The modes of compile and evaluation calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Kernels of statements are compiled.
    Default,
    /// Plain expressions too.
    On,
    Off,
}

impl Mode {
    /// The mode with a C value; unknown ones are the default.
    pub fn from_code(code: i32) -> Mode {
        match code {
            1 => Mode::On,
            2 => Mode::Off,
            _ => Mode::Default,
        }
    }
}
