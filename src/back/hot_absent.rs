//! Where there is no machine code in memory the interpreter keeps every expression.

use super::block::{Engine, RunError};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// Machine code for plain expressions, of which there is none.
#[derive(Debug)]
pub struct Hot;

impl Hot {
    pub fn new(_kernel: &Kernel, _engine: &Engine) -> Hot {
        Hot
    }

    pub fn never() -> Hot {
        Hot
    }

    /// # Safety
    /// Nothing is asked.
    pub unsafe fn run(
        &self,
        _kernel: &Kernel,
        _inputs: &[*const u8],
        _output: *mut u8,
        _n: usize,
        _positions: &Positions<'_>,
        _accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        None
    }
}
