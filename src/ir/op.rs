//! The operations of the typed program.
//!
//! Each works on operands of one dtype, named where it is used; casts between dtypes are nodes of
//! their own.

/// One operand, result of the same dtype (but for the complex cases noted).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Two's-complement or IEEE negation; identity on bool; both parts of a complex.
    Neg,
    /// All bits of an integer; logical not of a bool; through int64 for floats.
    BitNot,
    /// Modulus for complex operands (result: the component dtype), wrapping for integers.
    Abs,
    /// Real part, result: the component dtype; a real operand itself.
    Real,
    /// Imaginary part, result: the component dtype; zero for a real operand.
    Imag,
    Conj,
    Sign,
    Square,
    /// 1/z by Smith's formula, NaN for zero; only for complex numbers.
    Reciprocal,
    Floor,
    Ceil,
    Trunc,
    /// To nearest, halves away from zero.
    Round,
    /// To nearest, halves to even.
    Rint,
    /// Factorial by exact 64-bit products; infinity from 21 on.
    Factorial,
    /// Number of bits that are set, of an integer.
    CountOnes,
    /// A function of floats, or of complex numbers where it [has them](MathFn::is_complex).
    Math(MathFn),
}

/// Operations, once: the enumeration and the list of all that is in it.
macro_rules! operations {
    ($(#[$enum_doc:meta])* $name:ident: $($(#[$doc:meta])* $operation:ident,)*) => {
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $operation,)*
        }

        impl $name {
            /// All of them, in the order of the enumeration.
            pub const ALL: &[$name] = &[$($name::$operation,)*];
        }
    };
}

operations! {
    /// Functions of one argument computed in float32 or float64, some also of complex numbers.
    MathFn:
    Sqrt,
    Cbrt,
    Exp,
    Exp2,
    Exp10,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    /// sin(πx), exact at half-integers.
    Sinpi,
    /// cos(πx), exact at half-integers.
    Cospi,
    Erf,
    Erfc,
    /// Γ(x).
    Tgamma,
    /// log|Γ(x)|.
    Lgamma,
}

impl MathFn {
    /// Whether it is also a function of complex numbers.
    pub const fn is_complex(self) -> bool {
        use MathFn::*;
        match self {
            Sqrt | Exp | Exp2 | Expm1 | Log | Log2 | Log10 | Log1p => true,
            Sin | Cos | Tan | Asin | Acos | Atan | Sinh | Cosh | Tanh | Asinh | Acosh | Atanh => true,
            Cbrt | Exp10 | Sinpi | Cospi | Erf | Erfc | Tgamma | Lgamma => false,
        }
    }
}

operations! {
    /// Two operands of one dtype, result of that dtype.
    BinaryOp:
    Add,
    Sub,
    Mul,
    /// Integers truncate toward zero; x/0 is 0 and MIN/-1 wraps.
    Div,
    /// Sign of the dividend (C `fmod`); integers: x%0 is 0.
    Rem,
    /// C `pow`; integers wrap modulo 2^n, a negative exponent truncates 1/x^n.
    Pow,
    /// Powers of floats whose exponents are whole numbers from -[`WHOLE_POWERS`] to [`WHOLE_POWERS`], rounded
    /// once; only for floats.
    Powi,
    /// The product of complex numbers by its definition, which does not recover infinities as `Mul` does.
    PlainMul,
    /// The quotient of complex numbers by Smith's formula, which does not recover infinities as `Div` does.
    PlainDiv,
    /// The power of complex numbers from `PlainMul` and `PlainDiv`: NaN for a zero to an exponent whose real part
    /// is not positive.
    PlainPow,
    /// Logical and on bool, bitwise on integers, through int64 on floats.
    BitAnd,
    BitOr,
    BitXor,
    /// A count outside 0..width gives 0.
    Shl,
    /// Arithmetic on signed dtypes; a count outside 0..width gives 0, or -1 for negative values.
    Shr,
    Atan2,
    Copysign,
    Fdim,
    Fmax,
    Fmin,
    Hypot,
    /// x·2^trunc(n).
    Ldexp,
    /// log(e^x + e^y).
    Logaddexp,
    /// Binomial coefficient.
    Ncr,
    Nextafter,
    /// Number of permutations.
    Npr,
    /// IEEE 754 remainder: quotient to nearest, ties to even.
    Remainder,
    /// The quotient rounded down. Integers: x/0 is 0 and MIN/-1 wraps. Floats: what is consistent with
    /// `FloorMod`, x/0 as the division gives it. Not for bool.
    FloorDiv,
    /// What `FloorDiv` leaves, with the sign of the divisor; integers: x%0 is 0. Not for bool.
    FloorMod,
    /// The smaller one; NaN wins, and of equal ones the second.
    Minimum,
    /// The larger one; NaN wins, and of equal ones the second.
    Maximum,
    /// Greatest common divisor of the magnitudes of integers, wrapping; gcd(0, 0) is 0.
    Gcd,
}

/// The largest exponent of [`BinaryOp::Powi`].
pub const WHOLE_POWERS: u32 = 32;

/// Comparison of two operands of one dtype; result bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl CompareOp {
    /// The comparison that gives the same with its operands exchanged.
    pub fn mirrored(self) -> CompareOp {
        match self {
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
            CompareOp::Eq | CompareOp::Ne => self,
        }
    }
}

/// Reduction of all items of a block to one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    Sum,
    Prod,
    Mean,
    Min,
    Max,
    Any,
    All,
    /// Number of items, int64.
    Count,
    /// Sum of the squared distances of items from their mean, float64.
    Deviations,
    /// Position of the first smallest item, int64; NaN is smaller than all.
    ArgMin,
    /// Position of the first largest item, int64; NaN is larger than all.
    ArgMax,
}
