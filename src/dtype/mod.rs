//! The thirteen numeric dtypes, the two fixed-width string dtypes, promotion and scalar values.
//!
//! This is the ground floor of the library: no other module lies below it.

mod class;
mod complex;
mod promote;
mod scalar;

pub(crate) use class::{Class, Precision};
pub use complex::Complex;
pub use promote::promote;
pub use scalar::Scalar;
#[cfg(test)]
pub use scalar::float_to_int;

/// Type of the items of an array. The discriminants are those of `me_dtype` in the C header.
///
/// ```
/// use miniexpr::{Dtype, Expression};
///
/// let expression = Expression::builder("a + 0.5").variable("a", Dtype::Int32).output(Dtype::Float64).compile()?;
/// assert_eq!(expression.dtype(), Dtype::Float64);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dtype {
    /// 1 byte, 0 or 1.
    Bool = 1,
    /// `i8`.
    Int8 = 2,
    /// `i16`.
    Int16 = 3,
    /// `i32`.
    Int32 = 4,
    /// `i64`.
    Int64 = 5,
    /// `u8`.
    UInt8 = 6,
    /// `u16`.
    UInt16 = 7,
    /// `u32`.
    UInt32 = 8,
    /// `u64`.
    UInt64 = 9,
    /// `f32`.
    Float32 = 10,
    /// `f64`.
    Float64 = 11,
    /// Two `f32`: [`Complex<f32>`](Complex).
    Complex64 = 12,
    /// Two `f64`: [`Complex<f64>`](Complex).
    Complex128 = 13,
    /// Fixed-width UCS4 text, NumPy `<Un`.
    String = 14,
    /// Fixed-width bytes, NumPy `Sn`.
    Bytes = 15,
}

impl Dtype {
    /// All numeric dtypes, in the order of their C values.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert_eq!(Dtype::NUMERIC.iter().filter(|dtype| dtype.is_float()).count(), 2);
    /// ```
    pub const NUMERIC: [Dtype; 13] = [
        Dtype::Bool,
        Dtype::Int8,
        Dtype::Int16,
        Dtype::Int32,
        Dtype::Int64,
        Dtype::UInt8,
        Dtype::UInt16,
        Dtype::UInt32,
        Dtype::UInt64,
        Dtype::Float32,
        Dtype::Float64,
        Dtype::Complex64,
        Dtype::Complex128,
    ];

    #[doc(hidden)]
    /// All dtypes of real numbers, bool included, in the order of their C values.
    pub const REAL: [Dtype; 11] = *Dtype::NUMERIC.first_chunk().unwrap();

    #[doc(hidden)]
    /// The dtype with C value `code`; `None` for `ME_AUTO` (0) and for values outside 1..=15.
    pub fn from_code(code: u32) -> Option<Dtype> {
        match code {
            1..=13 => Some(Dtype::NUMERIC[code as usize - 1]),
            14 => Some(Dtype::String),
            15 => Some(Dtype::Bytes),
            _ => None,
        }
    }

    #[doc(hidden)]
    /// The value of this dtype in the C enumeration `me_dtype`.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// Bytes of one numeric element; 4 or 1, the code unit, for the string dtypes.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert_eq!((Dtype::Complex64.size(), Dtype::String.size()), (8, 4));
    /// ```
    pub const fn size(self) -> usize {
        match self {
            Dtype::Bool | Dtype::Int8 | Dtype::UInt8 | Dtype::Bytes => 1,
            Dtype::Int16 | Dtype::UInt16 => 2,
            Dtype::Int32 | Dtype::UInt32 | Dtype::Float32 | Dtype::String => 4,
            Dtype::Int64 | Dtype::UInt64 | Dtype::Float64 | Dtype::Complex64 => 8,
            Dtype::Complex128 => 16,
        }
    }

    /// Natural alignment in bytes of one element (complex values align as their parts).
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert_eq!(Dtype::Complex64.align(), 4);
    /// ```
    pub const fn align(self) -> usize {
        match self {
            Dtype::Complex64 => 4,
            Dtype::Complex128 => 8,
            other => other.size(),
        }
    }

    /// Whether items are fixed-width strings.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::Bytes.is_string());
    /// ```
    pub const fn is_string(self) -> bool {
        matches!(self, Dtype::String | Dtype::Bytes)
    }

    /// Whether items are complex numbers.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::Complex64.is_complex());
    /// ```
    pub const fn is_complex(self) -> bool {
        matches!(self, Dtype::Complex64 | Dtype::Complex128)
    }

    /// Whether items are real floating-point numbers.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::Float32.is_float() && !Dtype::Complex64.is_float());
    /// ```
    pub const fn is_float(self) -> bool {
        matches!(self, Dtype::Float32 | Dtype::Float64)
    }

    /// Signed or unsigned integers; not bool.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::UInt8.is_integer() && !Dtype::Bool.is_integer());
    /// ```
    pub const fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// Whether items are signed integers.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::Int8.is_signed() && !Dtype::Float32.is_signed());
    /// ```
    pub const fn is_signed(self) -> bool {
        matches!(self, Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::Int64)
    }

    /// Whether items are unsigned integers; not bool.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert!(Dtype::UInt64.is_unsigned());
    /// ```
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Dtype::UInt8 | Dtype::UInt16 | Dtype::UInt32 | Dtype::UInt64)
    }

    /// The dtype of the real and imaginary parts of a complex dtype; the dtype itself otherwise.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert_eq!(Dtype::Complex64.component(), Dtype::Float32);
    /// ```
    pub const fn component(self) -> Dtype {
        match self {
            Dtype::Complex64 => Dtype::Float32,
            Dtype::Complex128 => Dtype::Float64,
            other => other,
        }
    }

    /// NumPy's name, for messages and dumps.
    ///
    /// ```
    /// # use miniexpr::Dtype;
    /// assert_eq!(Dtype::UInt16.name(), "uint16");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Dtype::Bool => "bool",
            Dtype::Int8 => "int8",
            Dtype::Int16 => "int16",
            Dtype::Int32 => "int32",
            Dtype::Int64 => "int64",
            Dtype::UInt8 => "uint8",
            Dtype::UInt16 => "uint16",
            Dtype::UInt32 => "uint32",
            Dtype::UInt64 => "uint64",
            Dtype::Float32 => "float32",
            Dtype::Float64 => "float64",
            Dtype::Complex64 => "complex64",
            Dtype::Complex128 => "complex128",
            Dtype::String => "string",
            Dtype::Bytes => "bytes",
        }
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
