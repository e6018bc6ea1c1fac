//! Expressions as C.

use super::functions::{Call, function_of};
use super::generator::{Generator, c_type};
use super::listing::comparison_sign;
use super::symbols::Symbol;
use crate::back::engine::Refusal;
use crate::dtype::{Dtype, Scalar};
use crate::ir::{BinaryOp, ExprId, ExprKind, MathFn, UnaryOp};
use crate::operation::function::{Function, Spelling};

const UNSUPPORTED: &str = "expression uses unsupported operator for jit c codegen";

impl Generator<'_> {
    /// `const T t = …;` for an expression whose operands are written.
    pub(super) fn constant_of(&mut self, id: ExprId) -> Result<(), Refusal> {
        let expr = *self.graph.expr(id);
        let (dtype, name) = (expr.ty.dtype, self.type_of(id)?);
        let n = id.0;
        if let Some(function) = function_of(&expr.kind, dtype) {
            let is_library = self.gates.math_bridge && !(function.is_exact && dtype.is_float());
            return if is_library { self.call(id) } else { self.libm_call(id, function) };
        }
        match expr.kind {
            ExprKind::Constant(value) => self.literal(n, value, dtype)?,
            ExprKind::Param(index) => self.line(format_args!("const {name} t{n} = p{index};"))?,
            ExprKind::Local(_) if !self.has_locals => self.line(format_args!("const {name} t{n} = 0;"))?,
            ExprKind::Local(local) => self.line(format_args!("const {name} t{n} = l{local};"))?,
            ExprKind::Index(symbol) => self.line(format_args!("const int64_t t{n} = {};", Symbol(symbol)))?,
            ExprKind::Cast(a) => self.cast(n, a, dtype)?,
            ExprKind::Unary(op, a) => self.unary(id, op, dtype, a.0)?,
            ExprKind::Binary(op, a, b) => self.binary(id, op, dtype, a.0, b.0)?,
            ExprKind::Compare(op, a, b) => {
                self.type_of(a)?;
                let (a, b, op) = (a.0, b.0, comparison_sign(op));
                self.line(format_args!("const bool t{n} = t{a} {op} t{b};"))?;
            }
            ExprKind::Select { condition, yes, no } => {
                let (condition, yes, no) = (condition.0, yes.0, no.0);
                self.line(format_args!("const {name} t{n} = t{condition} ? t{yes} : t{no};"))?;
            }
            ExprKind::Call { .. } => return self.reject(id, "user functions are not supported by jit ir"),
            _ => return self.reject(id, UNSUPPORTED),
        }
        Ok(())
    }

    /// A call of a function of the library for one item.
    fn call(&mut self, id: ExprId) -> Result<(), Refusal> {
        let expr = *self.graph.expr(id);
        let Some(call) = Call::of(&expr.kind, expr.ty.dtype) else { return self.reject(id, UNSUPPORTED) };
        self.call_number(call)?;
        let (n, name, indent) = (id.0, self.type_of(id)?, 4 * self.indent);
        self.line(format_args!("{name} t{n};"))?;
        self.text.add(format_args!("{:indent$}me_jit_vec_{}_{}(", "", call.function.name, call.suffix()))?;
        for operand in self.graph.operands(id) {
            self.text.add(format_args!("&t{}, ", operand.0))?;
        }
        Ok(self.text.add(format_args!("&t{n}, 1);\n"))?)
    }

    /// A call of a function of the C library.
    fn libm_call(&mut self, id: ExprId, function: Function) -> Result<(), Refusal> {
        let dtype = self.graph.expr(id).ty.dtype;
        let (n, name, libm) = (id.0, self.type_of(id)?, function.libm);
        let indent = 4 * self.indent;
        match dtype.is_float() {
            true => self.text.add(format_args!("{:indent$}const {name} t{n} = ({name}){libm}(", ""))?,
            false => {
                let to = dtype.name();
                self.text.add(format_args!("{:indent$}const {name} t{n} = me_to_{to}({libm}(", ""))?;
            }
        }
        let mut separator = "";
        for operand in self.graph.operands(id) {
            self.text.add(format_args!("{separator}t{}", operand.0))?;
            separator = ", ";
        }
        Ok(self.text.add(format_args!("{}\n", if dtype.is_float() { ");" } else { "));" }))?)
    }

    fn literal(&mut self, n: u32, value: Scalar, dtype: Dtype) -> Result<(), Refusal> {
        let name = c_type(dtype).unwrap_or("double");
        match value {
            Scalar::Bool(value) => self.line(format_args!("const bool t{n} = {};", u8::from(value))),
            Scalar::Int(value) if value == i128::from(i64::MIN) => {
                self.line(format_args!("const {name} t{n} = -9223372036854775807LL - 1;"))
            }
            Scalar::Int(value) => {
                let suffix = if dtype == Dtype::UInt64 { "ULL" } else { "LL" };
                self.line(format_args!("const {name} t{n} = {value}{suffix};"))
            }
            Scalar::Float(value) if value.is_nan() => {
                self.line(format_args!("const {name} t{n} = __builtin_nan(\"\");"))
            }
            Scalar::Float(value) if value.is_infinite() => {
                let sign = if value < 0.0 { "-" } else { "" };
                self.line(format_args!("const {name} t{n} = {sign}__builtin_inf();"))
            }
            Scalar::Float(value) => self.line(format_args!("const {name} t{n} = {value:e};")),
            Scalar::Complex(value) => self.line(format_args!("const {name} t{n} = {:e};", value.re)),
        }
    }

    fn cast(&mut self, n: u32, a: ExprId, to: Dtype) -> Result<(), Refusal> {
        let from = self.graph.expr(a).ty.dtype;
        self.type_of(a)?;
        let (a, name) = (a.0, c_type(to).unwrap_or("double"));
        match to {
            Dtype::Bool => self.line(format_args!("const bool t{n} = t{a} != 0;")),
            _ if from.is_float() && to.is_integer() => {
                self.line(format_args!("const {name} t{n} = me_to_{}(t{a});", to.name()))
            }
            _ => self.line(format_args!("const {name} t{n} = ({name})t{a};")),
        }
    }

    fn unary(&mut self, id: ExprId, op: UnaryOp, dtype: Dtype, a: u32) -> Result<(), Refusal> {
        let n = id.0;
        let name = c_type(dtype).unwrap_or("double");
        let is_float = dtype.is_float();
        let suffix = if dtype == Dtype::Float32 { "f" } else { "" };
        let rounding = match op {
            UnaryOp::Floor => Some("floor"),
            UnaryOp::Ceil => Some("ceil"),
            UnaryOp::Trunc => Some("trunc"),
            UnaryOp::Round => Some("round"),
            UnaryOp::Rint => Some("rint"),
            UnaryOp::Abs if is_float => Some("fabs"),
            UnaryOp::Math(MathFn::Sqrt) if is_float => Some("sqrt"),
            _ => None,
        };
        match (op, rounding) {
            (_, Some(function)) if is_float => {
                self.line(format_args!("const {name} t{n} = __builtin_{function}{suffix}(t{a});"))
            }
            (UnaryOp::Real | UnaryOp::Conj, _) | (_, Some(_)) => {
                self.line(format_args!("const {name} t{n} = t{a};"))
            }
            (UnaryOp::Imag, _) => self.line(format_args!("const {name} t{n} = 0;")),
            (UnaryOp::BitNot, _) if dtype == Dtype::Bool => {
                self.line(format_args!("const bool t{n} = !t{a};"))
            }
            (UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign | UnaryOp::Square, _) if dtype == Dtype::Bool => {
                self.line(format_args!("const bool t{n} = t{a};"))
            }
            (UnaryOp::Neg, _) if is_float => self.line(format_args!("const {name} t{n} = -t{a};")),
            (UnaryOp::Neg, _) => self.line(format_args!("const {name} t{n} = ({name})-(uint64_t)t{a};")),
            (UnaryOp::BitNot, _) if !is_float => {
                self.line(format_args!("const {name} t{n} = ({name})~(uint64_t)t{a};"))
            }
            (UnaryOp::CountOnes, _) if dtype.is_integer() => {
                // The bits of the dtype alone.
                let mask = u64::MAX >> (64 - 8 * dtype.size());
                self.line(format_args!(
                    "const {name} t{n} = ({name})me_count_ones((uint64_t)t{a} & {mask}ULL);"
                ))
            }
            (UnaryOp::Abs, _) => {
                self.line(format_args!("const {name} t{n} = t{a} < 0 ? ({name})-(uint64_t)t{a} : t{a};"))
            }
            (UnaryOp::Sign, _) if is_float => self.line(format_args!(
                "const {name} t{n} = t{a} > 0 ? 1 : t{a} < 0 ? -1 : t{a} == 0 ? 0 : t{a};"
            )),
            (UnaryOp::Sign, _) => self.line(format_args!("const {name} t{n} = (t{a} > 0) - (t{a} < 0);")),
            (UnaryOp::Square, _) if is_float => self.line(format_args!("const {name} t{n} = t{a} * t{a};")),
            (UnaryOp::Square, _) => {
                self.line(format_args!("const {name} t{n} = ({name})((uint64_t)t{a} * (uint64_t)t{a});"))
            }
            _ => self.reject(id, UNSUPPORTED),
        }
    }

    fn binary(&mut self, id: ExprId, op: BinaryOp, dtype: Dtype, a: u32, b: u32) -> Result<(), Refusal> {
        let n = id.0;
        let name = c_type(dtype).unwrap_or("double");
        let sign = match op.spelling() {
            Spelling::Operator(sign) | Spelling::Either(sign, _) | Spelling::Name(sign) => sign,
            Spelling::Function(_) => return self.reject(id, UNSUPPORTED),
        };
        match (op, dtype) {
            (BinaryOp::Add | BinaryOp::BitOr, Dtype::Bool) => {
                self.line(format_args!("const bool t{n} = t{a} | t{b};"))
            }
            (BinaryOp::Mul | BinaryOp::Div | BinaryOp::BitAnd, Dtype::Bool) => {
                self.line(format_args!("const bool t{n} = t{a} & t{b};"))
            }
            (BinaryOp::Sub | BinaryOp::BitXor, Dtype::Bool) => {
                self.line(format_args!("const bool t{n} = t{a} ^ t{b};"))
            }
            (BinaryOp::Pow, Dtype::Bool) => self.line(format_args!("const bool t{n} = t{a} | !t{b};")),
            (BinaryOp::Rem, Dtype::Bool) => self.line(format_args!("const bool t{n} = 0;")),
            (BinaryOp::Shl, Dtype::Bool) => self.line(format_args!("const bool t{n} = t{a};")),
            (BinaryOp::Shr, Dtype::Bool) => self.line(format_args!("const bool t{n} = t{a} & !t{b};")),
            (BinaryOp::Minimum, Dtype::Bool) => self.line(format_args!("const bool t{n} = t{a} & t{b};")),
            (BinaryOp::Maximum, Dtype::Bool) => self.line(format_args!("const bool t{n} = t{a} | t{b};")),
            (_, Dtype::Bool) => self.reject(id, UNSUPPORTED),
            (BinaryOp::Minimum | BinaryOp::Maximum, _) => {
                let is_wanted = if op == BinaryOp::Minimum { "<" } else { ">" };
                let is_nan = if dtype.is_float() { format!(" || t{a} != t{a}") } else { String::new() };
                self.line(format_args!("const {name} t{n} = t{a} {is_wanted} t{b}{is_nan} ? t{a} : t{b};"))
            }
            (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div, _) if dtype.is_float() => {
                self.line(format_args!("const {name} t{n} = t{a} {sign} t{b};"))
            }
            (BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor, _) if dtype.is_float() => {
                self.line(format_args!(
                    "const {name} t{n} = ({name})(me_to_int64(t{a}) {sign} me_to_int64(t{b}));"
                ))
            }
            (BinaryOp::Shl | BinaryOp::Shr, _) if dtype.is_float() => {
                let direction = if op == BinaryOp::Shl { "left" } else { "right" };
                self.line(format_args!(
                    "const {name} t{n} = ({name})me_shift_{direction}(me_to_int64(t{a}), me_to_int64(t{b}));"
                ))
            }
            (_, _) if dtype.is_float() => self.reject(id, UNSUPPORTED),
            (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, _) => self.line(format_args!(
                "const {name} t{n} = ({name})((uint64_t)t{a} {sign} (uint64_t)t{b});"
            )),
            (BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor, _) => {
                self.line(format_args!("const {name} t{n} = ({name})(t{a} {sign} t{b});"))
            }
            (BinaryOp::FloorDiv, _) if dtype.is_signed() => self.line(format_args!(
                "const {name} t{n} = t{b} == 0 ? 0 : t{b} == -1 ? ({name})-(uint64_t)t{a} : \
                 t{a} / t{b} - (t{a} % t{b} != 0 && (t{a} ^ t{b}) < 0);"
            )),
            (BinaryOp::FloorMod, _) if dtype.is_signed() => self.line(format_args!(
                "const {name} t{n} = t{b} == 0 || t{b} == -1 ? 0 : \
                 t{a} % t{b} + (t{a} % t{b} != 0 && (t{a} ^ t{b}) < 0 ? t{b} : 0);"
            )),
            (BinaryOp::FloorDiv, _) => {
                self.line(format_args!("const {name} t{n} = t{b} == 0 ? 0 : t{a} / t{b};"))
            }
            (BinaryOp::FloorMod, _) => {
                self.line(format_args!("const {name} t{n} = t{b} == 0 ? 0 : t{a} % t{b};"))
            }
            (BinaryOp::Gcd, _) if dtype.is_signed() => self.line(format_args!(
                "const {name} t{n} = ({name})me_gcd(t{a} < 0 ? -(uint64_t)t{a} : (uint64_t)t{a}, \
                 t{b} < 0 ? -(uint64_t)t{b} : (uint64_t)t{b});"
            )),
            (BinaryOp::Gcd, _) => {
                self.line(format_args!("const {name} t{n} = ({name})me_gcd(t{a}, t{b});"))
            }
            (BinaryOp::Div, _) if dtype.is_signed() => self.line(format_args!(
                "const {name} t{n} = t{b} == 0 ? 0 : t{b} == -1 ? ({name})-(uint64_t)t{a} : t{a} / t{b};"
            )),
            (BinaryOp::Rem, _) if dtype.is_signed() => self.line(format_args!(
                "const {name} t{n} = t{b} == 0 || t{b} == -1 ? 0 : t{a} % t{b};"
            )),
            (BinaryOp::Div | BinaryOp::Rem, _) => {
                self.line(format_args!("const {name} t{n} = t{b} == 0 ? 0 : t{a} {sign} t{b};"))
            }
            (BinaryOp::Shl, _) => self.line(format_args!(
                "const {name} t{n} = (uint64_t)t{b} < 8 * sizeof(t{a}) ? ({name})((uint64_t)t{a} << t{b}) : 0;"
            )),
            (BinaryOp::Shr, _) => self.line(format_args!(
                "const {name} t{n} = (uint64_t)t{b} < 8 * sizeof(t{a}) ? t{a} >> t{b} : t{a} < 0 ? -1 : 0;"
            )),
            (BinaryOp::Pow, _) => {
                let is_negative = if dtype.is_signed() { format_args!("t{b} < 0") } else { format_args!("0") };
                self.line(format_args!(
                    "const {name} t{n} = ({name})me_power((uint64_t)t{a}, (uint64_t)t{b}, {is_negative});"
                ))
            }
            _ => self.reject(id, UNSUPPORTED),
        }
    }
}
