//! Machine code as a disassembler reads it. It is not run, so the code of both levels is checked on every machine.

use std::collections::HashSet;

use iced_x86::{CpuidFeature, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind};

use super::emit;
use crate::back::engine::Refusal;
use crate::back::native::tests::statements::MANDELBROT;
use crate::back::native::{lower, phases};
use crate::dtype::Dtype;
use crate::front::testing::compile;
use crate::ir::Kernel;
use crate::kernel::level::Level;

/// Checks the code of a kernel for both levels: every byte of it belongs to an instruction of the level, jumps
/// lead to instructions, and constants lie behind the last one.
pub fn check(kernel: &Kernel) {
    for level in [Level::Avx2, Level::Avx512] {
        match code(kernel, level) {
            Ok(bytes) => check_code(&bytes, level, kernel),
            Err(refusal) => panic!("{level:?}: {refusal:?}\n{kernel}"),
        }
    }
}

fn code(kernel: &Kernel, level: Level) -> Result<Vec<u8>, Refusal> {
    let mut code = lower::lower(kernel, level)?;
    let schedule = phases::schedule(&mut code)?;
    Ok(emit(&code, &schedule, level)?.bytes)
}

fn check_code(bytes: &[u8], level: Level, kernel: &Kernel) {
    let instructions = disassembled(bytes);
    let starts: HashSet<u64> = instructions.iter().map(Instruction::ip).collect();
    for instruction in &instructions {
        let place = || format!("{level:?}: {instruction:?} of\n{kernel}");
        assert!(!instruction.is_invalid(), "no instruction: {}", place());
        for feature in instruction.cpuid_features() {
            assert!(has_feature(level, *feature), "{feature:?} is not of the level: {}", place());
        }
        if instruction.op_kinds().any(|kind| kind == OpKind::NearBranch64) {
            assert!(starts.contains(&instruction.near_branch_target()), "a jump to nowhere: {}", place());
        }
        if instruction.is_ip_rel_memory_operand() {
            let end = instruction.ip_rel_memory_address() + instruction.memory_size().size() as u64;
            assert!(end <= bytes.len() as u64, "a constant outside: {}", place());
        }
    }
    let code = instructions.iter().rev().skip_while(|instruction| instruction.mnemonic() == Mnemonic::Int3);
    assert_eq!(
        code.clone().next().map(Instruction::flow_control),
        Some(FlowControl::Return),
        "{level:?}: {kernel}"
    );
    assert!(
        code.into_iter().all(|instruction| instruction.mnemonic() != Mnemonic::Int3),
        "{level:?}: {kernel}"
    );
}

/// The instructions before the first constant.
fn disassembled(bytes: &[u8]) -> Vec<Instruction> {
    let mut end = bytes.len() as u64;
    let mut instructions = Vec::new();
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    while decoder.ip() < end {
        let instruction = decoder.decode();
        if instruction.is_ip_rel_memory_operand() {
            end = end.min(instruction.ip_rel_memory_address());
        }
        instructions.push(instruction);
    }
    instructions
}

/// Whether a processor of a level has what an instruction needs.
fn has_feature(level: Level, feature: CpuidFeature) -> bool {
    use CpuidFeature::*;
    match feature {
        INTEL8086 | INTEL186 | INTEL286 | INTEL386 | INTEL486 | X64 | CMOV | AVX | AVX2 | FMA | BMI1
        | BMI2 => true,
        AVX512F | AVX512BW | AVX512CD | AVX512DQ | AVX512VL => level == Level::Avx512,
        _ => false,
    }
}

/// Instructions of the shortest loop.
fn innermost(instructions: &[Instruction]) -> usize {
    let position = |ip: u64| instructions.iter().position(|instruction| instruction.ip() == ip);
    let loops = instructions.iter().enumerate().filter_map(|(end, instruction)| {
        let start = position(instruction.near_branch_target())?;
        let is_loop = instruction.flow_control() == FlowControl::ConditionalBranch && start <= end;
        is_loop.then(|| end - start + 1)
    });
    loops.min().unwrap()
}

#[test]
fn the_loop_is_short() {
    for (level, count) in [(Level::Avx2, 49), (Level::Avx512, 43)] {
        for dtype in [Dtype::Float32, Dtype::Float64] {
            let kernel = compile(MANDELBROT, &[("x", dtype), ("y", dtype)]);
            let instructions = disassembled(&code(&kernel, level).unwrap());
            assert_eq!(innermost(&instructions), count, "{level:?} {dtype}");
        }
    }
}
