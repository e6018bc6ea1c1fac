//! Operations that are made of others: what they mean is written once, and no engine knows of them.
//!
//! Operands have the dtypes that each function says, and arithmetic on constants is done at once.

use super::known::known;
use crate::dtype::{Complex, Dtype, Scalar};
use crate::ir::{AxesId, BinaryOp, Builder, CompareOp, ExprId, ExprKind, MathFn, ReduceOp, UnaryOp};
use crate::memory::OutOfMemory;

type Built = Result<ExprId, OutOfMemory>;

/// Builds operations on expressions of a builder.
pub struct Composer<'a>(pub &'a mut Builder);

impl Composer<'_> {
    fn add(&mut self, kind: ExprKind, dtype: Dtype) -> Built {
        match known(&self.0.graph, kind) {
            Some(value) => self.0.constant(value, dtype),
            None => self.0.add(kind, dtype.into()),
        }
    }

    /// An operation on one operand.
    pub fn unary(&mut self, op: UnaryOp, x: ExprId) -> Built {
        let dtype = self.0.dtype(x);
        let result = match op {
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => dtype.component(),
            _ => dtype,
        };
        self.add(ExprKind::Unary(op, x), result)
    }

    fn math(&mut self, function: MathFn, x: ExprId) -> Built {
        self.unary(UnaryOp::Math(function), x)
    }

    /// An operation on two operands of one dtype.
    pub fn binary(&mut self, op: BinaryOp, a: ExprId, b: ExprId) -> Built {
        let dtype = self.0.dtype(a);
        self.add(ExprKind::Binary(op, a, b), dtype)
    }

    /// The product of two numbers of one dtype. Complex infinities are not recovered.
    pub fn multiply(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(self.unless_complex(a, BinaryOp::Mul, BinaryOp::PlainMul), a, b)
    }

    /// The quotient of two numbers of one dtype. Complex infinities are not recovered.
    pub fn divide(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(self.unless_complex(a, BinaryOp::Div, BinaryOp::PlainDiv), a, b)
    }

    /// The power of two numbers of one dtype. Complex infinities are not recovered.
    pub fn power(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(self.unless_complex(a, BinaryOp::Pow, BinaryOp::PlainPow), a, b)
    }

    fn unless_complex(&self, operand: ExprId, op: BinaryOp, of_complex: BinaryOp) -> BinaryOp {
        if self.0.dtype(operand).is_complex() { of_complex } else { op }
    }

    fn plain_compare(&mut self, op: CompareOp, a: ExprId, b: ExprId) -> Built {
        self.add(ExprKind::Compare(op, a, b), Dtype::Bool)
    }

    /// `yes` where the condition, a bool, holds, else `no`; both have one dtype.
    pub fn select(&mut self, condition: ExprId, yes: ExprId, no: ExprId) -> Built {
        let dtype = self.0.dtype(yes);
        self.add(ExprKind::Select { condition, yes, no }, dtype)
    }

    fn and(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(BinaryOp::BitAnd, a, b)
    }

    fn or(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(BinaryOp::BitOr, a, b)
    }

    fn not(&mut self, a: ExprId) -> Built {
        self.unary(UnaryOp::BitNot, a)
    }

    /// A number in the dtype of `x`.
    fn constant_like(&mut self, value: f64, x: ExprId) -> Built {
        let dtype = self.0.dtype(x);
        self.0.constant(Scalar::Float(value), dtype)
    }

    fn parts(&mut self, z: ExprId) -> Result<[ExprId; 2], OutOfMemory> {
        Ok([self.unary(UnaryOp::Real, z)?, self.unary(UnaryOp::Imag, z)?])
    }

    /// Whether a property holds for a real operand, or for both or either of the parts of a complex one.
    fn of_parts(
        &mut self,
        z: ExprId,
        property: fn(&mut Self, ExprId) -> Built,
        join: fn(&mut Self, ExprId, ExprId) -> Built,
    ) -> Built {
        if !self.0.dtype(z).is_complex() {
            return property(self, z);
        }
        let [re, im] = self.parts(z)?;
        let (re, im) = (property(self, re)?, property(self, im)?);
        join(self, re, im)
    }

    /// Whether a number, or a part of it, is NaN.
    pub fn is_nan(&mut self, x: ExprId) -> Built {
        self.of_parts(x, |this, x| this.plain_compare(CompareOp::Ne, x, x), Self::or)
    }

    /// Whether a number, or a part of it, is infinite.
    pub fn is_infinite(&mut self, x: ExprId) -> Built {
        let property = |this: &mut Self, x| {
            if !this.0.dtype(x).is_float() {
                return this.plain_compare(CompareOp::Ne, x, x);
            }
            let (modulus, infinity) = (this.unary(UnaryOp::Abs, x)?, this.constant_like(f64::INFINITY, x)?);
            this.plain_compare(CompareOp::Eq, modulus, infinity)
        };
        self.of_parts(x, property, Self::or)
    }

    /// Whether a number, with both parts, is neither NaN nor infinite.
    pub fn is_finite(&mut self, x: ExprId) -> Built {
        let property = |this: &mut Self, x| {
            if !this.0.dtype(x).is_float() {
                return this.plain_compare(CompareOp::Eq, x, x);
            }
            let (modulus, infinity) = (this.unary(UnaryOp::Abs, x)?, this.constant_like(f64::INFINITY, x)?);
            this.plain_compare(CompareOp::Lt, modulus, infinity)
        };
        self.of_parts(x, property, Self::and)
    }

    /// Whether the imaginary part is zero.
    pub fn is_real(&mut self, x: ExprId) -> Built {
        let im = self.unary(UnaryOp::Imag, x)?;
        let zero = self.constant_like(0.0, im)?;
        self.plain_compare(CompareOp::Eq, im, zero)
    }

    /// Whether the sign bit of a real number is set, also that of a zero or NaN.
    pub fn sign_bit(&mut self, x: ExprId) -> Built {
        let zero = self.constant_like(0.0, x)?;
        if !self.0.dtype(x).is_float() {
            return self.plain_compare(CompareOp::Lt, x, zero);
        }
        let one = self.constant_like(1.0, x)?;
        let signed = self.binary(BinaryOp::Copysign, one, x)?;
        self.plain_compare(CompareOp::Lt, signed, zero)
    }

    /// A comparison of two operands of one dtype. Complex numbers are in lexicographic order, where those with a
    /// NaN have no place.
    pub fn compare(&mut self, op: CompareOp, a: ExprId, b: ExprId) -> Built {
        let is_equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if !self.0.dtype(a).is_complex() || is_equality {
            return self.plain_compare(op, a, b);
        }
        let ([a_re, a_im], [b_re, b_im]) = (self.parts(a)?, self.parts(b)?);
        let strict = match op {
            CompareOp::Lt | CompareOp::Le => CompareOp::Lt,
            _ => CompareOp::Gt,
        };
        let before = self.plain_compare(strict, a_re, b_re)?;
        let has_order = {
            let a = self.plain_compare(CompareOp::Eq, a_im, a_im)?;
            let b = self.plain_compare(CompareOp::Eq, b_im, b_im)?;
            self.and(a, b)?
        };
        let before = self.and(before, has_order)?;
        let is_same = self.plain_compare(CompareOp::Eq, a_re, b_re)?;
        let decided = self.plain_compare(op, a_im, b_im)?;
        let tied = self.and(is_same, decided)?;
        self.or(before, tied)
    }

    /// A comparison by value of an int64 and a uint64, in either order.
    pub fn compare_signed_unsigned(&mut self, op: CompareOp, a: ExprId, b: ExprId) -> Built {
        if self.0.dtype(a) == Dtype::UInt64 {
            return self.compare_signed_unsigned(op.mirrored(), b, a);
        }
        let zero = self.constant_like(0.0, a)?;
        let bits = self.0.cast(a, Dtype::UInt64)?;
        let as_unsigned = self.plain_compare(op, bits, b)?;
        match op {
            CompareOp::Lt | CompareOp::Le | CompareOp::Ne => {
                let is_negative = self.plain_compare(CompareOp::Lt, a, zero)?;
                self.or(is_negative, as_unsigned)
            }
            CompareOp::Gt | CompareOp::Ge | CompareOp::Eq => {
                let is_positive = self.plain_compare(CompareOp::Ge, a, zero)?;
                self.and(is_positive, as_unsigned)
            }
        }
    }

    /// The smaller of two operands of one dtype; NaN wins.
    pub fn minimum(&mut self, a: ExprId, b: ExprId) -> Built {
        self.extremum(BinaryOp::Minimum, CompareOp::Le, a, b)
    }

    /// The larger of two operands of one dtype; NaN wins.
    pub fn maximum(&mut self, a: ExprId, b: ExprId) -> Built {
        self.extremum(BinaryOp::Maximum, CompareOp::Ge, a, b)
    }

    fn extremum(&mut self, op: BinaryOp, order: CompareOp, a: ExprId, b: ExprId) -> Built {
        if !self.0.dtype(a).is_complex() {
            return self.binary(op, a, b);
        }
        let (is_first, is_nan) = (self.compare(order, a, b)?, self.is_nan(a)?);
        let is_first = self.or(is_first, is_nan)?;
        self.select(is_first, a, b)
    }

    /// The smaller of two operands of one dtype, or the one that is not NaN; of equal ones the second.
    pub fn fmin(&mut self, a: ExprId, b: ExprId) -> Built {
        self.extremum_of_numbers(BinaryOp::Minimum, [CompareOp::Lt, CompareOp::Le], a, b)
    }

    /// The larger of two operands of one dtype, or the one that is not NaN; of equal ones the second.
    pub fn fmax(&mut self, a: ExprId, b: ExprId) -> Built {
        self.extremum_of_numbers(BinaryOp::Maximum, [CompareOp::Gt, CompareOp::Ge], a, b)
    }

    /// Of complex numbers that are equal it is the first.
    fn extremum_of_numbers(
        &mut self,
        of_integers: BinaryOp,
        [of_floats, of_complex]: [CompareOp; 2],
        a: ExprId,
        b: ExprId,
    ) -> Built {
        let dtype = self.0.dtype(a);
        if !dtype.is_complex() && !dtype.is_float() {
            return self.binary(of_integers, a, b);
        }
        let order = if dtype.is_complex() { of_complex } else { of_floats };
        let (is_first, is_nan) = (self.compare(order, a, b)?, self.is_nan(b)?);
        let is_first = self.or(is_first, is_nan)?;
        self.select(is_first, a, b)
    }

    /// The operand within limits of its dtype; NaN wins, then the upper limit.
    pub fn clip(&mut self, x: ExprId, least: ExprId, greatest: ExprId) -> Built {
        // Of complex numbers that are equal it is the limit.
        let raised = self.extremum(BinaryOp::Maximum, CompareOp::Gt, x, least)?;
        self.extremum(BinaryOp::Minimum, CompareOp::Lt, raised, greatest)
    }

    /// Whether exactly one of two bools holds.
    pub fn logical_xor(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(BinaryOp::BitXor, a, b)
    }

    /// 1/x; 0 for the integer 0.
    pub fn reciprocal(&mut self, x: ExprId) -> Built {
        if self.0.dtype(x).is_complex() {
            return self.unary(UnaryOp::Reciprocal, x);
        }
        let one = self.constant_like(1.0, x)?;
        self.binary(BinaryOp::Div, one, x)
    }

    /// Radians as degrees, of a float.
    pub fn degrees(&mut self, x: ExprId) -> Built {
        let factor = self.constant_like(180.0 / std::f64::consts::PI, x)?;
        self.binary(BinaryOp::Mul, x, factor)
    }

    /// Degrees as radians, of a float.
    pub fn radians(&mut self, x: ExprId) -> Built {
        let factor = self.constant_like(std::f64::consts::PI / 180.0, x)?;
        self.binary(BinaryOp::Mul, x, factor)
    }

    /// sin(πx)/(πx), and 1 at 0, of a float or a complex number.
    pub fn sinc(&mut self, x: ExprId) -> Built {
        let (pi, one) = (self.constant_like(std::f64::consts::PI, x)?, self.constant_like(1.0, x)?);
        let angle = self.multiply(pi, x)?;
        let sine = match self.0.dtype(x).is_complex() {
            true => self.math(MathFn::Sin, angle)?,
            false => self.math(MathFn::Sinpi, x)?,
        };
        let ratio = self.divide(sine, angle)?;
        let zero = self.constant_like(0.0, x)?;
        let is_zero = self.plain_compare(CompareOp::Eq, x, zero)?;
        self.select(is_zero, one, ratio)
    }

    /// 0 below 0, 1 above, `at_zero` at 0; NaN for NaN. Floats of one dtype.
    pub fn heaviside(&mut self, x: ExprId, at_zero: ExprId) -> Built {
        let (zero, one) = (self.constant_like(0.0, x)?, self.constant_like(1.0, x)?);
        let is_negative = self.plain_compare(CompareOp::Lt, x, zero)?;
        let is_positive = self.plain_compare(CompareOp::Gt, x, zero)?;
        let is_zero = self.plain_compare(CompareOp::Eq, x, zero)?;
        let value = self.select(is_positive, one, x)?;
        let value = self.select(is_negative, zero, value)?;
        self.select(is_zero, at_zero, value)
    }

    /// log2(2^a + 2^b), of floats of one dtype.
    pub fn logaddexp2(&mut self, a: ExprId, b: ExprId) -> Built {
        let larger = self.binary(BinaryOp::Maximum, a, b)?;
        let difference = self.binary(BinaryOp::Sub, a, b)?;
        let distance = self.unary(UnaryOp::Abs, difference)?;
        let negated = self.unary(UnaryOp::Neg, distance)?;
        let power = self.math(MathFn::Exp2, negated)?;
        let logarithm = self.math(MathFn::Log1p, power)?;
        let factor = self.constant_like(std::f64::consts::LOG2_E, a)?;
        let rest = self.binary(BinaryOp::Mul, logarithm, factor)?;
        let sum = self.binary(BinaryOp::Add, larger, rest)?;
        // The difference of equal infinities is NaN.
        let one = self.constant_like(1.0, a)?;
        let doubled = self.binary(BinaryOp::Add, a, one)?;
        let is_same = self.plain_compare(CompareOp::Eq, a, b)?;
        self.select(is_same, doubled, sum)
    }

    /// Greatest common divisor of the magnitudes of two integers of one dtype.
    pub fn gcd(&mut self, a: ExprId, b: ExprId) -> Built {
        self.binary(BinaryOp::Gcd, a, b)
    }

    /// Least common multiple of the magnitudes of two integers of one dtype, wrapping.
    pub fn lcm(&mut self, a: ExprId, b: ExprId) -> Built {
        let dtype = self.0.dtype(a);
        let unsigned = unsigned_of(dtype);
        let mut magnitude = |x| {
            let magnitude = self.unary(UnaryOp::Abs, x)?;
            self.0.cast(magnitude, unsigned)
        };
        let (a, b) = (magnitude(a)?, magnitude(b)?);
        let divisor = self.gcd(a, b)?;
        let quotient = self.binary(BinaryOp::Div, a, divisor)?;
        let multiple = self.binary(BinaryOp::Mul, quotient, b)?;
        self.0.cast(multiple, dtype)
    }

    /// The number of bits that are set in the magnitude of an integer, as uint8.
    pub fn bitwise_count(&mut self, x: ExprId) -> Built {
        let magnitude = self.unary(UnaryOp::Abs, x)?;
        let count = self.unary(UnaryOp::CountOnes, magnitude)?;
        self.0.cast(count, Dtype::UInt8)
    }

    /// The complex number with these parts, float64, whatever they are.
    pub fn complex(&mut self, re: ExprId, im: ExprId) -> Built {
        // A product with the imaginary unit is not a number beside an infinite part, so those are constants. Zeros
        // keep their sign: all is made for a magnitude, and what is added has the real part -0.
        let magnitude = self.unary(UnaryOp::Abs, im)?;
        let imaginary =
            |this: &mut Self, im| this.0.constant(Scalar::Complex(Complex::new(-0.0, im)), Dtype::Complex128);
        let (unit, infinite) = (imaginary(self, 1.0)?, imaginary(self, f64::INFINITY)?);
        let not_a_number = imaginary(self, f64::NAN)?;
        let value = self.0.cast(magnitude, Dtype::Complex128)?;
        let value = self.multiply(value, unit)?;
        let is_infinite = self.is_infinite(im)?;
        let value = self.select(is_infinite, infinite, value)?;
        let is_nan = self.is_nan(im)?;
        let value = self.select(is_nan, not_a_number, value)?;
        let re = self.0.cast(re, Dtype::Complex128)?;
        let value = self.binary(BinaryOp::Add, re, value)?;
        let conjugate = self.unary(UnaryOp::Conj, value)?;
        let is_negative = self.sign_bit(im)?;
        self.select(is_negative, conjugate, value)
    }

    /// One for each item.
    pub fn ones_like(&mut self, x: ExprId) -> Built {
        let dtype = self.0.dtype(x);
        let differs = self.plain_compare(CompareOp::Ne, x, x)?;
        let always = self.0.constant(Scalar::Bool(true), Dtype::Bool)?;
        let always = self.or(differs, always)?;
        self.0.cast(always, dtype)
    }

    /// The smallest of the items that are numbers, of floats; not a number if there is none.
    pub fn least_number(&mut self, x: ExprId, axes: Option<AxesId>) -> Built {
        self.extreme_number(ReduceOp::Min, f64::INFINITY, x, axes)
    }

    /// The largest of the items that are numbers, of floats; not a number if there is none.
    pub fn greatest_number(&mut self, x: ExprId, axes: Option<AxesId>) -> Built {
        self.extreme_number(ReduceOp::Max, f64::NEG_INFINITY, x, axes)
    }

    fn extreme_number(&mut self, op: ReduceOp, neutral: f64, x: ExprId, axes: Option<AxesId>) -> Built {
        let dtype = self.0.dtype(x);
        let is_number = self.plain_compare(CompareOp::Eq, x, x)?;
        let neutral = self.constant_like(neutral, x)?;
        let filled = self.select(is_number, x, neutral)?;
        let extreme = self.add(ExprKind::Reduce(op, filled, axes), dtype)?;
        let has_number = self.add(ExprKind::Reduce(ReduceOp::Any, is_number, axes), Dtype::Bool)?;
        let none = self.constant_like(f64::NAN, x)?;
        self.select(has_number, extreme, none)
    }

    /// The angle of a float or a complex number, as a float.
    pub fn angle(&mut self, z: ExprId) -> Built {
        let [re, im] = self.parts(z)?;
        self.binary(BinaryOp::Atan2, im, re)
    }

    /// A float or complex number rounded to that many decimals, halves to even.
    pub fn round_to(&mut self, x: ExprId, decimals: i32) -> Built {
        if decimals == 0 {
            return self.unary(UnaryOp::Rint, x);
        }
        let dtype = self.0.dtype(x);
        if dtype.is_complex() {
            // Part by part: an infinite one leaves the other as it is.
            let [re, im] = self.parts(x)?;
            let (re, im) = (self.round_to(re, decimals)?, self.round_to(im, decimals)?);
            let (re, im) = (self.0.cast(re, Dtype::Float64)?, self.0.cast(im, Dtype::Float64)?);
            let value = self.complex(re, im)?;
            return self.0.cast(value, dtype);
        }
        let scale = self.constant_like(10f64.powi(decimals.saturating_abs()), x)?;
        let (to, back) = match decimals > 0 {
            true => (BinaryOp::Mul, BinaryOp::Div),
            false => (BinaryOp::Div, BinaryOp::Mul),
        };
        let scaled = self.binary(to, x, scale)?;
        let rounded = self.unary(UnaryOp::Rint, scaled)?;
        self.binary(back, rounded, scale)
    }

    /// The variance of items, from the reductions [`Deviations`](crate::ir::ReduceOp::Deviations) and
    /// [`Count`](crate::ir::ReduceOp::Count) of them: not a number without degrees of freedom, as for no items.
    pub fn variance(&mut self, deviations: ExprId, count: ExprId, ddof: f64) -> Built {
        let count = self.0.cast(count, Dtype::Float64)?;
        let (ddof, zero) = (self.constant_like(ddof, count)?, self.constant_like(0.0, count)?);
        let freedom = self.binary(BinaryOp::Sub, count, ddof)?;
        let freedom = self.binary(BinaryOp::Maximum, freedom, zero)?;
        self.binary(BinaryOp::Div, deviations, freedom)
    }

    /// The standard deviation of items, as [`variance`](Composer::variance).
    pub fn standard_deviation(&mut self, deviations: ExprId, count: ExprId, ddof: f64) -> Built {
        let variance = self.variance(deviations, count, ddof)?;
        self.math(MathFn::Sqrt, variance)
    }

    /// Whether a number is zero.
    pub fn logical_not(&mut self, x: ExprId) -> Built {
        let truth = self.0.cast(x, Dtype::Bool)?;
        self.not(truth)
    }
}

/// The unsigned dtype as wide as an integer dtype.
fn unsigned_of(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Int8 => Dtype::UInt8,
        Dtype::Int16 => Dtype::UInt16,
        Dtype::Int32 => Dtype::UInt32,
        Dtype::Int64 => Dtype::UInt64,
        Dtype::Bool
        | Dtype::UInt8
        | Dtype::UInt16
        | Dtype::UInt32
        | Dtype::UInt64
        | Dtype::Float32
        | Dtype::Float64
        | Dtype::Complex64
        | Dtype::Complex128
        | Dtype::String
        | Dtype::Bytes => dtype,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::block::{Interpreter, Items};
    use crate::ir::{Kernel, Param, Stmt};
    use crate::kernel::Accuracy;
    use crate::kernel::level::Level;
    use crate::mid::Positions;

    /// The values that `build` makes of items of `dtype`, all pairs of them if it takes two.
    fn values(
        dtype: Dtype,
        items: &[Scalar],
        build: impl Fn(&mut Composer<'_>, ExprId, ExprId) -> Built,
    ) -> Vec<[Scalar; 3]> {
        values_of([dtype; 2], [items; 2], build)
    }

    fn values_of(
        dtypes: [Dtype; 2],
        items: [&[Scalar]; 2],
        build: impl Fn(&mut Composer<'_>, ExprId, ExprId) -> Built,
    ) -> Vec<[Scalar; 3]> {
        let mut builder = Builder::new();
        let params = [0, 1]
            .map(|index: u32| builder.add(ExprKind::Param(index), dtypes[index as usize].into()).unwrap());
        let value = build(&mut Composer(&mut builder), params[0], params[1]).unwrap();
        let mut kernel = Kernel::empty();
        kernel.params = dtypes.map(|dtype| Param { name: b"x".to_vec(), ty: dtype.into() }).to_vec();
        kernel.output = builder.graph.expr(value).ty;
        kernel.body = vec![Stmt::Return(value)];
        kernel.graph = builder.graph;
        assert_eq!(kernel.validate(), Ok(()));
        let pairs: Vec<[Scalar; 2]> =
            items[0].iter().flat_map(|&a| items[1].iter().map(move |&b| [a, b])).collect();
        let column = |index: usize| -> Vec<u128> {
            let dtype = dtypes[index];
            let bytes: Vec<u8> =
                pairs.iter().flat_map(|pair| pair[index].to_bytes(dtype)[..dtype.size()].to_vec()).collect();
            bytes
                .chunks(16)
                .map(|chunk| {
                    let mut word = [0; 16];
                    word[..chunk.len()].copy_from_slice(chunk);
                    u128::from_ne_bytes(word)
                })
                .collect()
        };
        let columns = [column(0), column(1)];
        let mut out = vec![0_u128; pairs.len()];
        let extent = [pairs.len() as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let engine = Interpreter::new(&kernel, Level::current()).unwrap();
        let inputs = columns.each_ref().map(|column| column.as_ptr().cast());
        // SAFETY: the inputs hold the pairs, and the output has room for items of every dtype.
        unsafe {
            engine.run(
                &inputs,
                out.as_mut_ptr().cast(),
                Items::First(pairs.len()),
                &positions,
                Accuracy::Fast,
            )
        }
        .unwrap();
        let result = kernel.output.dtype;
        let bytes: Vec<u8> = out.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let item = |index: usize| {
            let mut slot = [0; 16];
            slot[..result.size()].copy_from_slice(&bytes[index * result.size()..][..result.size()]);
            Scalar::from_bytes(&slot, result)
        };
        pairs.iter().enumerate().map(|(index, [a, b])| [*a, *b, item(index)]).collect()
    }

    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    const PARTS: [f64; 9] = [0.0, -0.0, 1.0, -2.5, 3.0, NAN, INF, -INF, 5e-324];

    fn floats() -> Vec<Scalar> {
        PARTS.map(Scalar::Float).to_vec()
    }

    fn complex() -> Vec<Scalar> {
        let pairs = PARTS.iter().flat_map(|&re| PARTS.iter().map(move |&im| (re, im)));
        pairs.map(|(re, im)| Scalar::Complex(crate::dtype::Complex::new(re, im))).collect()
    }

    fn parts(value: Scalar) -> [f64; 2] {
        match value {
            Scalar::Complex(z) => [z.re, z.im],
            other => [other.to_f64(), 0.0],
        }
    }

    #[test]
    fn predicates() {
        type Predicate = fn(&mut Composer<'_>, ExprId) -> Built;
        type Model = fn([f64; 2]) -> bool;
        let rows: [(&str, Predicate, Model); 4] = [
            ("isnan", |to, x| to.is_nan(x), |z| z.iter().any(|x| x.is_nan())),
            ("isinf", |to, x| to.is_infinite(x), |z| z.iter().any(|x| x.is_infinite())),
            ("isfinite", |to, x| to.is_finite(x), |z| z.iter().all(|x| x.is_finite())),
            ("isreal", |to, x| to.is_real(x), |z| z[1] == 0.0),
        ];
        let whole = [-2, 0, 3].map(Scalar::Int);
        for (name, build, property) in rows {
            for (dtype, items) in [
                (Dtype::Float32, floats()),
                (Dtype::Float64, floats()),
                (Dtype::Complex64, complex()),
                (Dtype::Complex128, complex()),
                (Dtype::Int16, whole.to_vec()),
            ] {
                for [x, _, got] in values(dtype, &items, |to, x, _| build(to, x)) {
                    let wanted = property(parts(x.cast(dtype)));
                    assert_eq!(got, Scalar::Bool(wanted), "{name}({x:?}) of {dtype}");
                }
            }
        }
        for dtype in [Dtype::Float32, Dtype::Float64] {
            let mut items = floats();
            items.push(Scalar::Float(-NAN));
            for [x, _, got] in values(dtype, &items, |to, x, _| to.sign_bit(x)) {
                assert_eq!(got, Scalar::Bool(x.to_f64().is_sign_negative()), "{x:?}");
            }
        }
    }

    const ORDERS: [CompareOp; 6] =
        [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

    fn holds(op: CompareOp, order: Option<std::cmp::Ordering>) -> bool {
        match op {
            CompareOp::Eq => order.is_some_and(|order| order.is_eq()),
            CompareOp::Ne => order.is_none_or(|order| order.is_ne()),
            CompareOp::Lt => order.is_some_and(|order| order.is_lt()),
            CompareOp::Le => order.is_some_and(|order| order.is_le()),
            CompareOp::Gt => order.is_some_and(|order| order.is_gt()),
            CompareOp::Ge => order.is_some_and(|order| order.is_ge()),
        }
    }

    #[test]
    fn signed_and_unsigned_compare_by_value() {
        let signed = [i64::MIN, -1, 0, 1, i64::MAX].map(|x| Scalar::Int(x.into()));
        let unsigned = [0, 1, i64::MAX as u64, 1 << 63, u64::MAX].map(|x| Scalar::Int(x.into()));
        for op in ORDERS {
            let check = |dtypes: [Dtype; 2], items: [&[Scalar]; 2]| {
                for [a, b, got] in values_of(dtypes, items, |to, a, b| to.compare_signed_unsigned(op, a, b)) {
                    let (Scalar::Int(x), Scalar::Int(y)) = (a, b) else { panic!("integers") };
                    assert_eq!(got, Scalar::Bool(holds(op, Some(x.cmp(&y)))), "{x} {op:?} {y}");
                }
            };
            check([Dtype::Int64, Dtype::UInt64], [&signed, &unsigned]);
            check([Dtype::UInt64, Dtype::Int64], [&unsigned, &signed]);
        }
    }

    /// As NumPy has it: by the real part unless an imaginary part is NaN, else by the imaginary part.
    #[test]
    fn complex_numbers_have_a_lexicographic_order() {
        for op in ORDERS {
            for [a, b, got] in values(Dtype::Complex128, &complex(), |to, a, b| to.compare(op, a, b)) {
                let ([a_re, a_im], [b_re, b_im]) = (parts(a), parts(b));
                let wanted = match op {
                    CompareOp::Eq => a_re == b_re && a_im == b_im,
                    CompareOp::Ne => a_re != b_re || a_im != b_im,
                    _ if a_re == b_re => holds(op, a_im.partial_cmp(&b_im)),
                    _ => !a_im.is_nan() && !b_im.is_nan() && holds(op, a_re.partial_cmp(&b_re)),
                };
                assert_eq!(got, Scalar::Bool(wanted), "{a:?} {op:?} {b:?}");
            }
        }
    }

    #[test]
    fn extrema_of_complex_numbers() {
        let is_nan = |z: [f64; 2]| z[0].is_nan() || z[1].is_nan();
        let at_most = |a: [f64; 2], b: [f64; 2]| a[0] < b[0] || a[0] == b[0] && a[1] <= b[1];
        let bits = |z: [f64; 2]| z.map(|x| if x.is_nan() { NAN.to_bits() } else { x.to_bits() });
        for [a, b, got] in values(Dtype::Complex128, &complex(), |to, a, b| to.minimum(a, b)) {
            let (x, y) = (parts(a), parts(b));
            let wanted = if is_nan(x) || !is_nan(y) && at_most(x, y) { x } else { y };
            assert_eq!(bits(parts(got)), bits(wanted), "{a:?}, {b:?}");
        }
        for [a, b, got] in values(Dtype::Complex128, &complex(), |to, a, b| to.fmax(a, b)) {
            let (x, y) = (parts(a), parts(b));
            let wanted = if is_nan(y) || !is_nan(x) && at_most(y, x) { x } else { y };
            assert_eq!(bits(parts(got)), bits(wanted), "{a:?}, {b:?}");
        }
    }

    #[track_caller]
    fn check(dtype: Dtype, build: impl Fn(&mut Composer<'_>, ExprId, ExprId) -> Built, rows: &[[f64; 3]]) {
        for [a, b, wanted] in rows {
            let [a, b] = [a, b].map(|x| Scalar::Float(*x).cast(dtype));
            let [[_, _, got]] = values_of([dtype; 2], [&[a], &[b]], &build)[..] else { panic!("one value") };
            let got = got.to_f64();
            let is_close = (got - wanted).abs() <= 4.0 * f64::EPSILON * wanted.abs();
            let is_same = got == *wanted && got.is_sign_negative() == wanted.is_sign_negative();
            assert!(
                is_same || got.is_nan() && wanted.is_nan() || *wanted != 0.0 && is_close,
                "{a:?}, {b:?}: {got} instead of {wanted}"
            );
        }
    }

    #[test]
    fn functions_of_floats() {
        let double = Dtype::Float64;
        check(double, |to, x, _| to.degrees(x), &[[std::f64::consts::PI, 0.0, 180.0], [-0.0, 0.0, -0.0]]);
        check(double, |to, x, _| to.radians(x), &[[180.0, 0.0, std::f64::consts::PI], [NAN, 0.0, NAN]]);
        check(double, |to, x, _| to.reciprocal(x), &[[4.0, 0.0, 0.25], [-0.0, 0.0, -INF], [INF, 0.0, 0.0]]);
        let sinc =
            [[0.0, 0.0, 1.0], [0.5, 0.0, std::f64::consts::FRAC_2_PI], [2.0, 0.0, 0.0], [INF, 0.0, NAN]];
        check(double, |to, x, _| to.sinc(x), &sinc);
        let steps = [[-0.0, 0.5, 0.5], [-3.0, 0.5, 0.0], [7.0, NAN, 1.0], [NAN, 1.0, NAN], [INF, 0.0, 1.0]];
        check(double, |to, x, y| to.heaviside(x, y), &steps);
        let sums = [
            [3.0, 3.0, 4.0],
            [0.0, 1.0, 1.584962500721156],
            [INF, INF, INF],
            [-INF, -INF, -INF],
            [INF, -INF, INF],
            [-INF, 2.0, 2.0],
            [NAN, 1.0, NAN],
            [1.0, NAN, NAN],
        ];
        check(double, |to, x, y| to.logaddexp2(x, y), &sums);
        check(double, |to, x, _| to.angle(x), &[[-1.0, 0.0, std::f64::consts::PI], [2.0, 0.0, 0.0]]);
        check(double, |to, x, _| to.round_to(x, 1), &[[0.25, 0.0, 0.2], [-1.35, 0.0, -1.4], [NAN, 0.0, NAN]]);
        check(double, |to, x, _| to.round_to(x, -2), &[[250.0, 0.0, 200.0], [350.0, 0.0, 400.0]]);
        let clipped = [[5.0, 1.0, 3.0], [-5.0, 1.0, 1.0], [2.0, 1.0, 2.0], [NAN, 1.0, NAN], [2.0, NAN, NAN]];
        check(
            double,
            |to, x, y| {
                let three = to.constant_like(3.0, x)?;
                to.clip(x, y, three)
            },
            &clipped,
        );
    }

    #[test]
    fn variances_come_from_deviations_and_counts() {
        let variance = |ddof| move |to: &mut Composer<'_>, a, b| to.variance(a, b, ddof);
        check(Dtype::Float64, variance(0.0), &[[10.0, 4.0, 2.5], [0.0, 0.0, NAN]]);
        check(Dtype::Float64, variance(1.0), &[[9.0, 4.0, 3.0], [0.0, 1.0, NAN], [3.0, 0.0, INF]]);
        check(Dtype::Float64, |to, a, b| to.standard_deviation(a, b, 0.5), &[[14.0, 4.0, 2.0]]);
    }

    #[test]
    fn functions_of_integers() {
        let lcm = [
            [4.0, -6.0, 12.0],
            [0.0, 5.0, 0.0],
            [0.0, 0.0, 0.0],
            [-128.0, 3.0, -128.0],
            [100.0, 99.0, -84.0],
        ];
        check(Dtype::Int8, |to, a, b| to.lcm(a, b), &lcm);
        check(Dtype::UInt64, |to, a, b| to.lcm(a, b), &[[4294967295.0, 2.0, 8589934590.0]]);
        let ones = [[-128.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [127.0, 0.0, 7.0], [0.0, 0.0, 0.0]];
        check(Dtype::Int8, |to, a, _| to.bitwise_count(a), &ones);
        check(
            Dtype::Int32,
            |to, x, _| to.reciprocal(x),
            &[[1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-2.0, 0.0, 0.0]],
        );
        check(Dtype::Bool, |to, a, b| to.logical_xor(a, b), &[[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]);
        check(Dtype::Int16, |to, a, _| to.logical_not(a), &[[0.0, 0.0, 1.0], [-3.0, 0.0, 0.0]]);
        check(Dtype::Int64, |to, a, b| to.fmin(a, b), &[[-3.0, 2.0, -3.0]]);
    }
}
