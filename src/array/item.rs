//! The Rust types of items.

use crate::dtype::{Complex, Dtype};

/// A Rust type whose values are the items of arrays of one numeric dtype: `bool`, the integers of 8 to 64
/// bits, `f32`, `f64`, and [`Complex`] of either.
///
/// ```
/// use miniexpr::{Complex, Dtype, Item};
///
/// assert_eq!(<u16 as Item>::DTYPE, Dtype::UInt16);
/// assert_eq!(<Complex<f32> as Item>::DTYPE, Dtype::Complex64);
/// ```
pub trait Item: Copy + Default + private::Sealed + 'static {
    /// The dtype of arrays of such items.
    const DTYPE: Dtype;
}

mod private {
    /// Only the types below have the layout that their dtype asks for.
    pub trait Sealed {}
}

macro_rules! items {
    ($($item:ty: $dtype:ident,)*) => {
        $(
            impl private::Sealed for $item {}
            impl Item for $item {
                const DTYPE: Dtype = Dtype::$dtype;
            }
            const _: () = assert!(size_of::<$item>() == Dtype::$dtype.size());
        )*
    };
}

items! {
    bool: Bool,
    i8: Int8,
    i16: Int16,
    i32: Int32,
    i64: Int64,
    u8: UInt8,
    u16: UInt16,
    u32: UInt32,
    u64: UInt64,
    f32: Float32,
    f64: Float64,
    Complex<f32>: Complex64,
    Complex<f64>: Complex128,
}
