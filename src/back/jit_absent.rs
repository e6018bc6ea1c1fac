//! The policy where the library is built without compiled engines: the interpreter runs everything.

use super::block::RunError;
use super::contest::Contest;
use super::jit_mode::Mode;
use super::trace::trace;
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// Machine code, of which there is none.
#[derive(Debug)]
pub enum Jit {}

impl Jit {
    pub fn prepare(_kernel: &Kernel, _mode: Mode) -> Option<Jit> {
        trace(format_args!("jit runtime skip: reason=the library is built without compiled engines"));
        None
    }

    /// The contest with the interpreter, of which there is none.
    pub fn contest(&self) -> Option<&Contest> {
        match *self {}
    }

    /// # Safety
    /// There is no value to call this on.
    pub unsafe fn run(
        &self,
        _inputs: &[*const u8],
        _output: *mut u8,
        _n: usize,
        _positions: &Positions<'_>,
        _accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        match *self {}
    }
}
