//! The call of a kernel's code.

#![cfg_attr(
    not(any(machine_code, c_compiler, wasm_modules)),
    allow(dead_code, reason = "a build without engines has only one side of the contract")
)]

use super::settings::Settings;
use crate::kernel::Accuracy;
use crate::mid::Positions;

/// What an evaluation gives to the code of a kernel.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The arrays of the parameters; NULL for one that the kernel does not read.
    pub inputs: &'a [*const u8],
    pub output: *mut u8,
    pub items: usize,
    /// Where the items lie in the whole array.
    pub positions: &'a Positions<'a>,
    pub accuracy: Accuracy,
    pub settings: Settings,
}
