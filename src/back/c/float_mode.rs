//! How a thread computes with floating-point numbers.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::arch::asm;

/// Rounding, traps, and whether subnormal numbers count as zero: the processor's control registers.
///
/// Objects linked with `-ffast-math` have a constructor that makes subnormal numbers zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatMode {
    #[cfg(target_arch = "x86_64")]
    vector: u32,
    #[cfg(target_arch = "x86_64")]
    x87: u16,
    #[cfg(target_arch = "aarch64")]
    control: u64,
}

impl FloatMode {
    /// The mode of this thread.
    pub fn current() -> FloatMode {
        #[cfg(target_arch = "x86_64")]
        {
            let (mut vector, mut x87) = (0u32, 0u16);
            // SAFETY: the instructions only write to the two variables.
            unsafe {
                asm!("stmxcsr [{}]", in(reg) &raw mut vector, options(nostack, preserves_flags));
                asm!("fnstcw [{}]", in(reg) &raw mut x87, options(nostack, preserves_flags));
            }
            FloatMode { vector, x87 }
        }
        #[cfg(target_arch = "aarch64")]
        {
            let control: u64;
            // SAFETY: the instruction only reads the register.
            unsafe { asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack)) };
            FloatMode { control }
        }
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        FloatMode {}
    }

    /// Makes it the mode of this thread again.
    pub fn restore(self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the registers held these values before, while this thread ran Rust code.
        unsafe {
            asm!("ldmxcsr [{}]", in(reg) &raw const self.vector, options(nostack, preserves_flags));
            asm!("fldcw [{}]", in(reg) &raw const self.x87, options(nostack, preserves_flags));
        }
        #[cfg(target_arch = "aarch64")]
        // SAFETY: the register held this value before, while this thread ran Rust code.
        unsafe {
            asm!("msr fpcr, {}", in(reg) self.control, options(nomem, nostack));
        }
    }
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use super::*;

    #[test]
    fn modes_are_restored() {
        let before = FloatMode::current();
        let flushing = FloatMode { vector: before.vector | 0x8040, x87: before.x87 & !0x300 };
        flushing.restore();
        let seen = FloatMode::current();
        let flushed = std::hint::black_box(f64::MIN_POSITIVE) / 2.0;
        before.restore();
        assert_eq!(seen, flushing);
        assert_eq!(flushed, 0.0);
        assert_eq!(FloatMode::current(), before);
        assert_ne!(std::hint::black_box(f64::MIN_POSITIVE) / 2.0, 0.0);
    }
}
