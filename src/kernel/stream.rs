//! A copy to memory that nobody reads soon.

#[cfg(target_arch = "x86_64")]
use super::level::Level;

/// Whether [`stream`] goes past the caches: on x86-64. Elsewhere it is an ordinary copy, and not worth making.
pub const STREAMS: bool = cfg!(target_arch = "x86_64");

/// Copies `bytes` bytes past the caches.
///
/// An ordinary store first reads the line that it changes, and later pushes other data out of the caches.
/// For results larger than these, storing around them saves a third of the traffic. Reading the copy
/// right away takes longer.
///
/// Other threads may see such stores late: see [`order_streams`].
///
/// # Safety
/// `from` is readable and `to` writable for `bytes` bytes, and they do not overlap.
pub unsafe fn stream(to: *mut u8, from: *const u8, bytes: usize) {
    let head = to.align_offset(LINE).min(bytes);
    let lines = (bytes - head) / LINE * LINE;
    // SAFETY: the three parts make up the arrays; the second begins with a line of `to`.
    unsafe {
        to.copy_from_nonoverlapping(from, head);
        stream_lines(to.add(head), from.add(head), lines);
        let done = head + lines;
        to.add(done).copy_from_nonoverlapping(from.add(done), bytes - done);
    }
}

/// Makes what this thread has streamed visible before whatever it stores from now on.
pub fn order_streams() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}

/// Bytes of a cache line.
pub const LINE: usize = 64;

/// Copies `bytes` bytes, which are whole lines of `to`.
///
/// # Safety
/// As [`stream`].
#[cfg(target_arch = "x86_64")]
unsafe fn stream_lines(to: *mut u8, from: *const u8, bytes: usize) {
    match Level::current() {
        // SAFETY: as the caller promises.
        Level::Baseline => unsafe { by_16_bytes(to, from, bytes) },
        // SAFETY: as above; both levels have AVX.
        Level::Avx2 | Level::Avx512 => unsafe { by_32_bytes(to, from, bytes) },
    }
}

/// # Safety
/// As [`stream_lines`].
#[cfg(target_arch = "x86_64")]
unsafe fn by_16_bytes(to: *mut u8, from: *const u8, bytes: usize) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
    for start in (0..bytes).step_by(size_of::<__m128i>()) {
        // SAFETY: as the caller promises; lines are aligned.
        unsafe { _mm_stream_si128(to.add(start).cast(), _mm_loadu_si128(from.add(start).cast())) };
    }
}

/// The fewer instructions a copy takes, the sooner the processor sees the loads behind it.
///
/// # Safety
/// As [`stream_lines`], on a machine with AVX.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn by_32_bytes(to: *mut u8, from: *const u8, bytes: usize) {
    use std::arch::x86_64::{__m256i, _mm256_loadu_si256, _mm256_stream_si256};
    for start in (0..bytes).step_by(size_of::<__m256i>()) {
        // SAFETY: as the caller promises; lines are aligned.
        unsafe { _mm256_stream_si256(to.add(start).cast(), _mm256_loadu_si256(from.add(start).cast())) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn stream_lines(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: as the caller promises.
    unsafe { to.copy_from_nonoverlapping(from, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any length at any alignment, and nothing beyond.
    #[test]
    fn copies_exactly_its_bytes() {
        let from: Vec<u8> = (0..1000).map(|index| (index % 251) as u8).collect();
        for start in [0, 1, 15, 16, 63, 64, 100] {
            for bytes in [0, 1, 15, 63, 64, 65, 127, 128, 300, 517] {
                let mut to = vec![0xEE; 800];
                // SAFETY: both arrays are longer.
                unsafe { stream(to.as_mut_ptr().add(start), from.as_ptr().add(7), bytes) };
                assert_eq!(to[start..start + bytes], from[7..7 + bytes]);
                assert!(to[..start].iter().chain(&to[start + bytes..]).all(|byte| *byte == 0xEE));
            }
        }
    }
}
