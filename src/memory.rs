//! Fallible growth: a failed allocation becomes a value, never an abort.

use std::fmt;

/// The system refused an allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl From<std::collections::TryReserveError> for OutOfMemory {
    fn from(_: std::collections::TryReserveError) -> Self {
        OutOfMemory
    }
}

/// Vectors that grow without aborting.
pub trait TryGrow<T>: Sized {
    /// Appends `value`.
    fn try_push(&mut self, value: T) -> Result<(), OutOfMemory>;

    /// Appends a copy of `values`.
    fn try_extend(&mut self, values: &[T]) -> Result<(), OutOfMemory>
    where
        T: Clone;

    /// A vector of `len` copies of `value`.
    fn try_filled(value: T, len: usize) -> Result<Self, OutOfMemory>
    where
        T: Clone;

    /// A vector with a copy of `values`.
    fn try_copied(values: &[T]) -> Result<Self, OutOfMemory>
    where
        T: Clone;
}

impl<T> TryGrow<T> for Vec<T> {
    fn try_push(&mut self, value: T) -> Result<(), OutOfMemory> {
        if self.len() == self.capacity() {
            self.try_reserve(1)?;
        }
        self.push(value);
        Ok(())
    }

    fn try_extend(&mut self, values: &[T]) -> Result<(), OutOfMemory>
    where
        T: Clone,
    {
        self.try_reserve(values.len())?;
        self.extend_from_slice(values);
        Ok(())
    }

    fn try_filled(value: T, len: usize) -> Result<Self, OutOfMemory>
    where
        T: Clone,
    {
        let mut vector = Vec::new();
        vector.try_reserve_exact(len)?;
        vector.resize(len, value);
        Ok(vector)
    }

    fn try_copied(values: &[T]) -> Result<Self, OutOfMemory>
    where
        T: Clone,
    {
        let mut vector = Vec::new();
        vector.try_extend(values)?;
        Ok(vector)
    }
}

/// A text in memory of its own.
pub fn try_format(text: fmt::Arguments<'_>) -> Result<String, OutOfMemory> {
    /// A text that grows without aborting.
    struct Growing(String);

    impl fmt::Write for Growing {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.try_reserve(text.len()).map_err(|_| fmt::Error)?;
            self.0.push_str(text);
            Ok(())
        }
    }

    let mut growing = Growing(String::new());
    fmt::Write::write_fmt(&mut growing, text).map_err(|_| OutOfMemory)?;
    Ok(growing.0)
}

/// Moves `value` to the heap.
pub fn try_box<T>(value: T) -> Result<Box<T>, OutOfMemory> {
    let layout = std::alloc::Layout::new::<T>();
    if layout.size() == 0 {
        return Ok(Box::new(value));
    }
    // SAFETY: the layout has a size; the block is written before the box takes ownership of it, and
    // it comes from the global allocator with the layout that the box will free it with.
    unsafe {
        let block = std::alloc::alloc(layout).cast::<T>();
        if block.is_null() {
            return Err(OutOfMemory);
        }
        block.write(value);
        Ok(Box::from_raw(block))
    }
}
