//! The instructions of a loop, which documentation states.

use crate::back::native::aarch64;
use crate::back::native::lower::lower;
use crate::back::native::phases;
use crate::back::native::tests::statements::MANDELBROT;
use crate::dtype::Dtype;
use crate::front::testing::compile;
use crate::kernel::level::Level;

/// Instructions of the shortest loop.
fn innermost(words: &[u32]) -> usize {
    let jumps = words.iter().filter_map(|word| {
        let is_conditional = word >> 24 == 0x54 || word & 0x7e00_0000 == 0x3400_0000;
        // The distance has 19 bits, the highest of which is the sign.
        let distance = (word << 8) as i32 >> 13;
        (is_conditional && distance < 0).then_some(distance.unsigned_abs() as usize + 1)
    });
    jumps.min().unwrap()
}

#[test]
fn the_loop_is_short() {
    for (dtype, count, items) in [(Dtype::Float32, 41, 8), (Dtype::Float64, 41, 4)] {
        let mut code = lower(&compile(MANDELBROT, &[("x", dtype), ("y", dtype)]), Level::Baseline).unwrap();
        let schedule = phases::schedule(&mut code).unwrap();
        let machine = aarch64::emit(&code, &schedule, Level::Baseline).unwrap();
        let words = machine.bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        assert_eq!(innermost(&words.collect::<Vec<_>>()), count, "{dtype}");
        assert_eq!(machine.group_items, items);
    }
}
