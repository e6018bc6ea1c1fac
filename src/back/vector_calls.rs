//! Calls of vector kernels for code that is not the library's own.

use crate::kernel::Kernel as VectorKernel;

/// Calls a vector kernel on `n` items of `size` bytes, `chunk` at a time.
///
/// # Safety
/// As the kernel asks, but that an operand may be `out`.
pub unsafe fn call_in_chunks(
    kernel: VectorKernel,
    size: usize,
    out: *mut u8,
    operands: [*const u8; 3],
    n: usize,
    chunk: usize,
) {
    const ROOM: usize = 512;
    let mut room = [0u64; ROOM];
    let is_in_place = operands.contains(&out.cast_const());
    let chunk = if is_in_place { chunk.min(ROOM) } else { chunk };
    let mut start = 0;
    while start < n {
        let count = chunk.min(n - start);
        let [a, b, c] = operands.map(|operand| match operand.is_null() {
            true => operand,
            false => operand.wrapping_add(start * size),
        });
        let out = out.wrapping_add(start * size);
        // SAFETY: the chunk lies in the arrays; `room` has space for it and is distinct from them.
        unsafe {
            if is_in_place {
                let room = room.as_mut_ptr().cast::<u8>();
                kernel(room, a, b, c, count);
                std::ptr::copy_nonoverlapping(room, out, count * size);
            } else {
                kernel(out, a, b, c, count);
            }
        }
        start += count;
    }
}
