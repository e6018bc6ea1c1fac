//! The rules of a well-formed program, which every pass relies on and none checks.

use super::{
    AxesId, BinaryOp, Expr, ExprId, ExprKind, FunctionId, Graph, Kernel, LocalId, ReduceOp, Stmt, StringOp,
    StringTest, Type, UnaryOp,
};
use crate::dtype::{Dtype, Scalar};

/// A broken rule, and the expression that breaks it if it is one of expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    pub rule: &'static str,
    pub expr: Option<ExprId>,
}

type Checked = Result<(), Invalid>;

fn require(holds: bool, rule: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(Invalid { rule, expr: None }) }
}

impl Kernel {
    /// Checks the whole program.
    ///
    /// Operands come before their users, casts are expressions, each operation has operands and a result of
    /// the types that it is defined for, and all handles are in range. Statements take values of the types of
    /// what they set; `break` and `continue` stand in loops.
    pub fn validate(&self) -> Result<(), Invalid> {
        for ty in self.params.iter().map(|param| param.ty).chain(self.locals.iter().map(|local| local.ty)) {
            check_type(ty)?;
        }
        check_type(self.output)?;
        self.validate_graph(&self.graph)?;
        self.check_block(&self.body, false)
    }

    /// Checks expressions that refer to inputs, locals and tables of this kernel.
    pub fn validate_graph(&self, graph: &Graph) -> Result<(), Invalid> {
        require(graph.places.len() == graph.len(), "each expression has a place")?;
        graph.ids().try_for_each(|id| {
            self.check_expr(graph, id).map_err(|invalid| Invalid { expr: Some(id), ..invalid })
        })
    }

    /// Checks that `value` is an expression of `graph` that the local can take.
    pub fn validate_store(&self, graph: &Graph, local: LocalId, value: ExprId) -> Result<(), Invalid> {
        require((local as usize) < self.locals.len(), "locals are in range and of their type")?;
        self.check_value(graph, value, self.locals[local as usize].ty)
    }

    /// Checks that `value` is an expression of `graph` with the type `ty`.
    fn check_value(&self, graph: &Graph, value: ExprId, ty: Type) -> Checked {
        require(value.index() < graph.len(), "a statement's expressions are in range")?;
        require(graph.expr(value).ty == ty, "a statement's values have the types that it takes")
    }

    fn check_expr(&self, graph: &Graph, id: ExprId) -> Checked {
        let Expr { kind, ty } = *graph.expr(id);
        check_type(ty)?;
        if let ExprKind::Call { args: (start, count), .. } = kind {
            let end = start.checked_add(count).map(|end| end as usize);
            require(end.is_some_and(|end| end <= graph.args.len()), "argument lists are in range")?;
        }
        require(graph.operands(id).all(|operand| operand < id), "operands come before their users")?;
        let of = |id: ExprId| graph.expr(id).ty;
        let dtype = ty.dtype;
        match kind {
            ExprKind::Constant(value) => require(is_value_of(value, dtype), "constants are of their dtype"),
            ExprKind::Text(offset) => {
                let end = (offset as usize).checked_add(ty.itemsize);
                require(dtype.is_string(), "texts are strings")?;
                require(end.is_some_and(|end| end <= self.tables.texts.len()), "texts are in range")
            }
            ExprKind::Param(index) => {
                let param = self.params.get(index as usize);
                require(param.is_some_and(|param| param.ty == ty), "inputs are in range and of their type")
            }
            ExprKind::Local(index) => self.check_local(index, ty),
            ExprKind::Index(_) => require(ty == Dtype::Int64.into(), "index symbols are int64"),
            ExprKind::Cast(a) => {
                let is_cast = !dtype.is_string() && !of(a).dtype.is_string() && of(a).dtype != dtype;
                require(is_cast, "casts convert between two numeric dtypes")
            }
            ExprKind::Unary(op, a) => check_unary(op, of(a).dtype, dtype),
            ExprKind::Binary(op, a, b) => {
                let is_same = of(a) == ty && of(b) == ty && !dtype.is_string();
                require(is_same, "binary operations have operands of the result's numeric dtype")?;
                check_binary(op, dtype)
            }
            ExprKind::Compare(_, a, b) => {
                let is_same = of(a) == of(b) && !of(a).dtype.is_string() && dtype == Dtype::Bool;
                require(is_same, "comparisons are bool, of operands of one numeric dtype")
            }
            ExprKind::Select { condition, yes, no } => {
                require(of(condition).dtype == Dtype::Bool, "conditions are bool")?;
                let fits = |choice: Type| choice.dtype == dtype && choice.itemsize <= ty.itemsize;
                require(fits(of(yes)) && fits(of(no)), "choices have the result's dtype and fit it")
            }
            ExprKind::Fma(a, b, c) => {
                let is_same = [a, b, c].iter().all(|operand| of(*operand) == ty) && !dtype.is_string();
                require(is_same, "products and sums have operands of the result's numeric dtype")
            }
            ExprKind::Call { function, args } => {
                require(ty == Dtype::Float64.into(), "calls give float64")?;
                self.check_call(graph, function, args)
            }
            ExprKind::Reduce(op, a, axes) => {
                let is_in_range = |axes: AxesId| (axes as usize) < self.tables.axes.len();
                require(axes.is_none_or(is_in_range), "axes are in range")?;
                check_reduction(op, of(a).dtype, dtype)
            }
            ExprKind::String(op, operands) => check_string(op, operands, of, dtype),
            ExprKind::StringTest(test, [a, b]) => {
                let is_same = of(a).dtype.is_string() && of(a).dtype == of(b).dtype;
                require(is_same && dtype == Dtype::Bool, "tests are bool, of strings of one dtype")?;
                require(test != StringTest::NonEmpty || a == b, "operations repeat their first operand")
            }
        }
    }

    fn check_local(&self, local: LocalId, ty: Type) -> Checked {
        let found = self.locals.get(local as usize);
        require(found.is_some_and(|local| local.ty == ty), "locals are in range and of their type")
    }

    fn check_call(&self, graph: &Graph, function: FunctionId, args: (u32, u32)) -> Checked {
        let arity = self.tables.functions.get(function as usize).map(|function| function.target.arity());
        require(arity.is_some(), "functions are in range")?;
        require(arity.map(u32::from) == Some(args.1), "calls have as many arguments as their function")?;
        let mut arguments = graph.arguments(args).iter();
        let is_double = |argument: &ExprId| graph.expr(*argument).ty.dtype == Dtype::Float64;
        require(arguments.all(is_double), "arguments are float64")
    }

    fn check_block(&self, block: &[Stmt], is_in_loop: bool) -> Checked {
        block.iter().try_for_each(|stmt| self.check_stmt(stmt, is_in_loop))
    }

    fn check_stmt(&self, stmt: &Stmt, is_in_loop: bool) -> Checked {
        let check = |value: ExprId, ty: Type| self.check_value(&self.graph, value, ty);
        match stmt {
            Stmt::Assign { local, value } => self.validate_store(&self.graph, *local, *value),
            Stmt::Return(value) => check(*value, self.output),
            Stmt::If { branches, otherwise } => {
                require(!branches.is_empty(), "a choice has a branch")?;
                for branch in branches {
                    check(branch.condition, Dtype::Bool.into())?;
                    self.check_block(&branch.body, is_in_loop)?;
                }
                self.check_block(otherwise, is_in_loop)
            }
            Stmt::While { condition, body, .. } => {
                check(*condition, Dtype::Bool.into())?;
                self.check_block(body, true)
            }
            Stmt::For { variable, start, stop, step, body } => {
                self.check_local(*variable, Dtype::Int64.into())?;
                [start, stop, step].iter().try_for_each(|bound| check(**bound, Dtype::Int64.into()))?;
                self.check_block(body, true)
            }
            Stmt::Break | Stmt::Continue => require(is_in_loop, "'break' and 'continue' stand in loops"),
            Stmt::Print(print) => {
                let is_in_range = |value: &ExprId| value.index() < self.graph.len();
                let mut values = print.values.iter().map(|(value, _)| value);
                require(values.all(is_in_range), "a statement's expressions are in range")
            }
        }
    }
}

fn check_type(ty: Type) -> Checked {
    let size = ty.dtype.size();
    let fits = match ty.dtype.is_string() {
        true => ty.itemsize >= size && ty.itemsize.is_multiple_of(size),
        false => ty.itemsize == size,
    };
    require(fits, "an item has the size of its dtype, a string that of its units")
}

/// Whether a dtype holds a value as it is.
fn is_value_of(value: Scalar, dtype: Dtype) -> bool {
    let is_of_kind = match value {
        Scalar::Bool(_) => dtype == Dtype::Bool,
        Scalar::Int(_) => dtype.is_integer(),
        Scalar::Float(_) => dtype.is_float(),
        Scalar::Complex(_) => dtype.is_complex(),
    };
    let held = value.cast(dtype);
    // A NaN differs from itself.
    is_of_kind && (held == value || held.ne(&held))
}

fn check_unary(op: UnaryOp, operand: Dtype, result: Dtype) -> Checked {
    require(!operand.is_string(), "numeric operations have numeric operands")?;
    let (wanted, is_defined) = match op {
        UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => (operand.component(), true),
        UnaryOp::Math(function) => {
            (operand, operand.is_float() || operand.is_complex() && function.is_complex())
        }
        UnaryOp::Factorial => (operand, !operand.is_complex()),
        UnaryOp::CountOnes => (operand, operand.is_integer()),
        UnaryOp::Reciprocal => (operand, operand.is_complex()),
        UnaryOp::Neg
        | UnaryOp::BitNot
        | UnaryOp::Conj
        | UnaryOp::Sign
        | UnaryOp::Square
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Trunc
        | UnaryOp::Round
        | UnaryOp::Rint => (operand, true),
    };
    require(is_defined, "operations are defined for the dtypes of their operands")?;
    require(result == wanted, "unary operations give the dtype of their operand")
}

fn check_binary(op: BinaryOp, dtype: Dtype) -> Checked {
    let is_defined = match op {
        BinaryOp::FloorDiv | BinaryOp::FloorMod => dtype.is_integer() || dtype.is_float(),
        BinaryOp::Minimum | BinaryOp::Maximum => !dtype.is_complex(),
        BinaryOp::Gcd => dtype.is_integer(),
        BinaryOp::Powi => dtype.is_float(),
        BinaryOp::PlainMul | BinaryOp::PlainDiv | BinaryOp::PlainPow => dtype.is_complex(),
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Div
        | BinaryOp::Rem
        | BinaryOp::Pow
        | BinaryOp::BitAnd
        | BinaryOp::BitOr
        | BinaryOp::BitXor
        | BinaryOp::Shl
        | BinaryOp::Shr
        | BinaryOp::Atan2
        | BinaryOp::Copysign
        | BinaryOp::Fdim
        | BinaryOp::Fmax
        | BinaryOp::Fmin
        | BinaryOp::Hypot
        | BinaryOp::Ldexp
        | BinaryOp::Logaddexp
        | BinaryOp::Ncr
        | BinaryOp::Nextafter
        | BinaryOp::Npr
        | BinaryOp::Remainder => true,
    };
    require(is_defined, "operations are defined for the dtypes of their operands")
}

fn check_reduction(op: ReduceOp, operand: Dtype, result: Dtype) -> Checked {
    let is_defined = match op {
        ReduceOp::Any | ReduceOp::All => result == Dtype::Bool,
        ReduceOp::Min | ReduceOp::Max => result == operand,
        ReduceOp::Count | ReduceOp::ArgMin | ReduceOp::ArgMax => result == Dtype::Int64,
        ReduceOp::Deviations => result == Dtype::Float64,
        ReduceOp::Sum | ReduceOp::Prod | ReduceOp::Mean => result.is_complex() == operand.is_complex(),
    };
    require(
        is_defined && !operand.is_string() && !result.is_string(),
        "reductions give what they are defined to give",
    )
}

fn check_string(op: StringOp, operands: [ExprId; 3], of: impl Fn(ExprId) -> Type, result: Dtype) -> Checked {
    let is_same = |operand: &ExprId| of(*operand).dtype == result;
    require(result.is_string() && operands.iter().all(is_same), "strings are made of strings of one dtype")?;
    let mut unused = operands[op.arity()..].iter();
    require(unused.all(|operand| *operand == operands[0]), "operations repeat their first operand")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{
        Branch, Builder, CompareOp, Function, Local, MathFn, Param, Print, SourcePlace, UserFunction,
    };

    const DOUBLE: Type = Type { dtype: Dtype::Float64, itemsize: 8 };
    const BYTES: Type = Type { dtype: Dtype::Bytes, itemsize: 3 };
    const ZERO: ExprId = ExprId(0);
    const ONE: ExprId = ExprId(1);

    /// `def f(x, s): l = x; return l`, with the expressions %0 `x`, %1 `l`, %2 `s`.
    fn kernel() -> Kernel {
        let mut builder = Builder::new();
        let x = builder.add(ExprKind::Param(0), DOUBLE).unwrap();
        let l = builder.add(ExprKind::Local(0), DOUBLE).unwrap();
        builder.add(ExprKind::Param(1), BYTES).unwrap();
        let mut kernel = Kernel::empty();
        kernel.params =
            vec![Param { name: b"x".to_vec(), ty: DOUBLE }, Param { name: b"s".to_vec(), ty: BYTES }];
        kernel.locals = vec![Local { name: b"l".to_vec(), ty: DOUBLE }];
        kernel.body = vec![Stmt::Assign { local: 0, value: x }, Stmt::Return(l)];
        kernel.graph = builder.graph;
        kernel
    }

    /// What is wrong with a kernel that one step made wrong.
    fn broken(change: impl FnOnce(&mut Kernel)) -> &'static str {
        let mut kernel = kernel();
        assert_eq!(kernel.validate(), Ok(()));
        change(&mut kernel);
        kernel.validate().unwrap_err().rule
    }

    /// What is wrong with an expression, %3, of the kernel.
    fn wrong(kind: ExprKind, ty: impl Into<Type>) -> &'static str {
        let ty = ty.into();
        broken(|kernel| {
            kernel.graph.exprs.push(Expr { kind, ty });
            kernel.graph.places.push(SourcePlace::default());
        })
    }

    fn right(kind: ExprKind, ty: impl Into<Type>) -> Checked {
        let mut kernel = kernel();
        kernel.graph.exprs.push(Expr { kind, ty: ty.into() });
        kernel.graph.places.push(SourcePlace::default());
        kernel.validate()
    }

    #[test]
    fn types_have_the_size_of_their_dtype() {
        const RULE: &str = "an item has the size of its dtype, a string that of its units";
        let narrow = Type { itemsize: 4, ..DOUBLE };
        assert_eq!(wrong(ExprKind::Constant(Scalar::Float(1.0)), narrow), RULE);
        assert_eq!(broken(|kernel| kernel.output = narrow), RULE);
        assert_eq!(broken(|kernel| kernel.locals[0].ty = narrow), RULE);
        let units = Type { dtype: Dtype::String, itemsize: 6 };
        assert_eq!(broken(|kernel| kernel.params[1].ty = units), RULE);
        assert_eq!(broken(|kernel| kernel.params[1].ty.itemsize = 0), RULE);
    }

    #[test]
    fn places_are_parallel_to_expressions() {
        let rule = broken(|kernel| {
            kernel.graph.places.pop();
        });
        assert_eq!(rule, "each expression has a place");
    }

    #[test]
    fn operands_come_before_users() {
        const RULE: &str = "operands come before their users";
        assert_eq!(wrong(ExprKind::Unary(UnaryOp::Neg, ExprId(3)), DOUBLE), RULE);
        assert_eq!(wrong(ExprKind::Binary(BinaryOp::Add, ZERO, ExprId(9)), DOUBLE), RULE);
        let invalid = right(ExprKind::Unary(UnaryOp::Neg, ExprId(3)), DOUBLE).unwrap_err();
        assert_eq!(invalid.expr, Some(ExprId(3)));
    }

    #[test]
    fn leaves_are_of_their_type() {
        let constants = "constants are of their dtype";
        assert_eq!(wrong(ExprKind::Constant(Scalar::Int(1)), DOUBLE), constants);
        assert_eq!(wrong(ExprKind::Constant(Scalar::Int(300)), Dtype::UInt8), constants);
        assert_eq!(wrong(ExprKind::Constant(Scalar::Float(0.1)), Dtype::Float32), constants);
        assert_eq!(right(ExprKind::Constant(Scalar::Float(f64::NAN)), Dtype::Float32), Ok(()));
        let inputs = "inputs are in range and of their type";
        assert_eq!(wrong(ExprKind::Param(2), DOUBLE), inputs);
        assert_eq!(wrong(ExprKind::Param(0), Dtype::Float32), inputs);
        let locals = "locals are in range and of their type";
        assert_eq!(wrong(ExprKind::Local(1), DOUBLE), locals);
        assert_eq!(wrong(ExprKind::Local(0), Dtype::Int64), locals);
        let symbol = ExprKind::Index(crate::ir::IndexSymbol::Ndim);
        assert_eq!(wrong(symbol, Dtype::Int32), "index symbols are int64");
        assert_eq!(wrong(ExprKind::Text(0), DOUBLE), "texts are strings");
        assert_eq!(wrong(ExprKind::Text(0), BYTES), "texts are in range");
        assert_eq!(wrong(ExprKind::Text(u32::MAX), BYTES), "texts are in range");
    }

    #[test]
    fn casts_are_between_numbers() {
        const RULE: &str = "casts convert between two numeric dtypes";
        assert_eq!(right(ExprKind::Cast(ZERO), Dtype::Int8), Ok(()));
        assert_eq!(wrong(ExprKind::Cast(ZERO), DOUBLE), RULE);
        assert_eq!(wrong(ExprKind::Cast(ExprId(2)), DOUBLE), RULE);
        assert_eq!(wrong(ExprKind::Cast(ZERO), BYTES), RULE);
    }

    #[test]
    fn operations_have_operands_of_their_types() {
        let unary = "unary operations give the dtype of their operand";
        assert_eq!(wrong(ExprKind::Unary(UnaryOp::Neg, ZERO), Dtype::Float32), unary);
        assert_eq!(
            wrong(ExprKind::Unary(UnaryOp::Neg, ExprId(2)), BYTES),
            "numeric operations have numeric operands"
        );
        let sum = ExprKind::Binary(BinaryOp::Add, ZERO, ONE);
        assert_eq!(right(sum, DOUBLE), Ok(()));
        let binary = "binary operations have operands of the result's numeric dtype";
        assert_eq!(wrong(sum, Dtype::Float32), binary);
        assert_eq!(wrong(ExprKind::Binary(BinaryOp::Add, ZERO, ExprId(2)), DOUBLE), binary);
        let compare = "comparisons are bool, of operands of one numeric dtype";
        assert_eq!(wrong(ExprKind::Compare(CompareOp::Lt, ZERO, ONE), DOUBLE), compare);
        assert_eq!(wrong(ExprKind::Compare(CompareOp::Lt, ExprId(2), ExprId(2)), Dtype::Bool), compare);
        let fma = "products and sums have operands of the result's numeric dtype";
        assert_eq!(wrong(ExprKind::Fma(ZERO, ONE, ExprId(2)), DOUBLE), fma);
        let select = ExprKind::Select { condition: ZERO, yes: ZERO, no: ONE };
        assert_eq!(wrong(select, DOUBLE), "conditions are bool");
        let reductions = "reductions give what they are defined to give";
        assert_eq!(right(ExprKind::Reduce(ReduceOp::Sum, ZERO, None), DOUBLE), Ok(()));
        assert_eq!(wrong(ExprKind::Reduce(ReduceOp::Any, ZERO, None), DOUBLE), reductions);
        assert_eq!(wrong(ExprKind::Reduce(ReduceOp::Sum, ExprId(2), None), DOUBLE), reductions);
    }

    #[test]
    fn choices_fit_the_result() {
        let rule = broken(|kernel| {
            let mut add = |kind, ty: Type| {
                kernel.graph.exprs.push(Expr { kind, ty });
                kernel.graph.places.push(SourcePlace::default());
            };
            add(ExprKind::Constant(Scalar::Bool(true)), Dtype::Bool.into());
            let (yes, no) = (ExprId(2), ExprId(2));
            add(ExprKind::Select { condition: ExprId(3), yes, no }, Type { itemsize: 2, ..BYTES });
        });
        assert_eq!(rule, "choices have the result's dtype and fit it");
    }

    #[test]
    fn operations_are_defined() {
        let rule = broken(|kernel| {
            let mut add = |kind, ty: Type| {
                kernel.graph.exprs.push(Expr { kind, ty });
                kernel.graph.places.push(SourcePlace::default());
            };
            add(ExprKind::Constant(Scalar::Int(1)), Dtype::Int32.into());
            add(ExprKind::Unary(UnaryOp::Math(MathFn::Sin), ExprId(3)), Dtype::Int32.into());
        });
        assert_eq!(rule, "operations are defined for the dtypes of their operands");
    }

    #[test]
    fn strings_are_made_of_strings() {
        let s = ExprId(2);
        let strings = "strings are made of strings of one dtype";
        assert_eq!(right(ExprKind::String(StringOp::Upper, [s; 3]), BYTES), Ok(()));
        assert_eq!(wrong(ExprKind::String(StringOp::Upper, [ZERO; 3]), BYTES), strings);
        assert_eq!(wrong(ExprKind::String(StringOp::Upper, [s; 3]), DOUBLE), strings);
        let tests = "tests are bool, of strings of one dtype";
        assert_eq!(right(ExprKind::StringTest(StringTest::Contains, [s; 2]), Dtype::Bool), Ok(()));
        assert_eq!(wrong(ExprKind::StringTest(StringTest::Contains, [s, ZERO]), Dtype::Bool), tests);
        assert_eq!(wrong(ExprKind::StringTest(StringTest::Contains, [s; 2]), DOUBLE), tests);
        let rule = broken(|kernel| {
            for kind in [ExprKind::Param(1), ExprKind::String(StringOp::Upper, [s, s, ExprId(3)])] {
                kernel.graph.exprs.push(Expr { kind, ty: BYTES });
                kernel.graph.places.push(SourcePlace::default());
            }
        });
        assert_eq!(rule, "operations repeat their first operand");
    }

    extern "C" fn half(x: f64) -> f64 {
        x / 2.0
    }

    #[test]
    fn calls_have_the_arguments_of_their_function() {
        let called = |function: FunctionId, args: (u32, u32), list: &[ExprId]| {
            let mut kernel = kernel();
            // SAFETY: `half` takes one argument and does nothing but compute.
            let target = unsafe { UserFunction::new(half as *const _, None, 1, true) };
            kernel.tables.functions.push(Function { name: b"half".to_vec(), target });
            kernel.graph.args = list.to_vec();
            kernel.graph.exprs.push(Expr { kind: ExprKind::Call { function, args }, ty: DOUBLE });
            kernel.graph.places.push(SourcePlace::default());
            kernel.validate().map_err(|invalid| invalid.rule)
        };
        assert_eq!(called(0, (0, 1), &[ZERO]), Ok(()));
        assert_eq!(called(1, (0, 1), &[ZERO]), Err("functions are in range"));
        assert_eq!(called(0, (0, 2), &[ZERO, ONE]), Err("calls have as many arguments as their function"));
        assert_eq!(called(0, (1, 1), &[ZERO]), Err("argument lists are in range"));
        assert_eq!(called(0, (u32::MAX, 2), &[ZERO]), Err("argument lists are in range"));
        assert_eq!(called(0, (0, 1), &[ExprId(2)]), Err("arguments are float64"));
        let call = ExprKind::Call { function: 0, args: (0, 0) };
        assert_eq!(wrong(call, Dtype::Float32), "calls give float64");
    }

    #[test]
    fn statements_take_values_of_their_types() {
        let values = "a statement's values have the types that it takes";
        let range = "a statement's expressions are in range";
        let body = |stmt: Stmt| broken(|kernel| kernel.body.insert(0, stmt));
        assert_eq!(body(Stmt::Return(ExprId(2))), values);
        assert_eq!(body(Stmt::Return(ExprId(3))), range);
        assert_eq!(body(Stmt::Assign { local: 0, value: ExprId(2) }), values);
        let locals = "locals are in range and of their type";
        assert_eq!(body(Stmt::Assign { local: 1, value: ZERO }), locals);
        let branch = Branch { condition: ZERO, body: Vec::new() };
        assert_eq!(body(Stmt::If { branches: vec![branch], otherwise: Vec::new() }), values);
        assert_eq!(body(Stmt::If { branches: Vec::new(), otherwise: Vec::new() }), "a choice has a branch");
        let place = SourcePlace::default();
        assert_eq!(body(Stmt::While { condition: ZERO, body: Vec::new(), place }), values);
        let for_loop = Stmt::For { variable: 0, start: ZERO, stop: ZERO, step: ZERO, body: Vec::new() };
        assert_eq!(body(for_loop.clone()), locals);
        let int64 =
            |kernel: &mut Kernel| kernel.locals.push(Local { name: Vec::new(), ty: Dtype::Int64.into() });
        let counted = broken(|kernel| {
            int64(kernel);
            kernel.body.insert(
                0,
                match for_loop {
                    Stmt::For { start, stop, step, body, .. } => {
                        Stmt::For { variable: 1, start, stop, step, body }
                    }
                    other => other,
                },
            );
        });
        assert_eq!(counted, values);
        let loops = "'break' and 'continue' stand in loops";
        assert_eq!([body(Stmt::Break), body(Stmt::Continue)], [loops; 2]);
        let values = vec![(ExprId(3), Vec::new())];
        assert_eq!(body(Stmt::Print(Print { place, prefix: Vec::new(), values })), range);
    }
}
