//! Kernels that reduce, split at their reductions.
//!
//! A pass computes values item by item, from the inputs and from the results of the passes before it, and then
//! reduces them; the last pass may leave them as they are. What reads arrays of many shapes and reduces along axes
//! runs a pass at a time, each over the shape of what it reads.

use crate::ir::{Axes, Expr, ExprId, ExprKind, Graph, Kernel, Param, ParamId, ReduceOp, Stmt, Tables, Type};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Node, flatten};

/// Part of a kernel.
#[derive(Debug)]
pub struct Pass {
    /// Computes a value for each item: one `return`, and no reduction. Its inputs are those of the whole kernel,
    /// then the results of the passes before this one.
    pub kernel: Kernel,
    /// The inputs that it reads, in ascending order.
    pub reads: Vec<ParamId>,
    /// What becomes of the values; `None` for a last pass, whose values are those of the whole kernel.
    pub reduction: Option<Reduction>,
}

/// The reduction of the values of a pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    pub op: ReduceOp,
    pub axes: Axes,
    pub result: Type,
}

impl Pass {
    /// The input whose items are the values as they are.
    pub fn input(&self) -> Option<ParamId> {
        match self.kernel.body[..] {
            [Stmt::Return(value)] => match self.kernel.graph.expr(value).kind {
                ExprKind::Param(param) => Some(param),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The passes of a kernel, in their order; the results of the last one are those of the kernel.
///
/// Equal reductions are one pass. `None` where the kernel does not reduce, or cannot be split: items go different
/// ways through its statements, or a function that may have effects would be called more than once for an item.
pub fn passes(kernel: &Kernel) -> Result<Option<Vec<Pass>>, OutOfMemory> {
    if !kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Reduce(..))) {
        return Ok(None);
    }
    if let [Stmt::Return(root)] = kernel.body[..] {
        return Splitter { kernel, graph: &kernel.graph, results: Vec::new() }.split(root);
    }
    match &flatten(kernel)?[..] {
        [Node::Return(region)]
            if region.dropped_calls()?.is_empty()
                && !region.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Local(_))) =>
        {
            Splitter { kernel, graph: &region.graph, results: Vec::new() }.split(region.values[0])
        }
        _ => Ok(None),
    }
}

struct Splitter<'a> {
    kernel: &'a Kernel,
    graph: &'a Graph,
    /// The reductions that are passes by now.
    results: Vec<ExprId>,
}

impl Splitter<'_> {
    fn split(mut self, root: ExprId) -> Result<Option<Vec<Pass>>, OutOfMemory> {
        let needed = self.graph.needed(&[root])?;
        let mut calls = Vec::try_filled(false, self.graph.len())?;
        let mut passes = Vec::new();
        // Operands come before their users, so inner reductions come before outer ones.
        for id in self.graph.ids().filter(|id| needed[id.index()]) {
            let ExprKind::Reduce(op, operand, axes) = self.graph.expr(id).kind else { continue };
            let axes = axes.map(|axes| self.kernel.tables.axes(axes).try_clone()).transpose()?;
            let result = self.graph.expr(id).ty;
            let reduction = Reduction { op, axes: axes.unwrap_or_default(), result };
            let Some(pass) = self.pass(operand, Some(reduction), &mut calls)? else { return Ok(None) };
            passes.try_push(pass)?;
            self.results.try_push(id)?;
        }
        if self.results.last() != Some(&root) {
            let Some(pass) = self.pass(root, None, &mut calls)? else { return Ok(None) };
            passes.try_push(pass)?;
        }
        Ok(Some(passes))
    }

    /// The pass that computes `value`. `None` if it calls a function with effects that an earlier pass has
    /// called, see `calls`.
    fn pass(
        &self,
        value: ExprId,
        reduction: Option<Reduction>,
        calls: &mut [bool],
    ) -> Result<Option<Pass>, OutOfMemory> {
        let is_result = |id: ExprId| matches!(self.graph.expr(id).kind, ExprKind::Reduce(..));
        let needed = self.graph.needed_within(&[value], |id| !is_result(id))?;
        let mut graph = Graph::default();
        let mut copies = Vec::try_filled(ExprId(0), self.graph.len())?;
        for id in self.graph.ids().filter(|id| needed[id.index()]) {
            let Expr { kind, ty } = *self.graph.expr(id);
            let kind = match kind {
                ExprKind::Reduce(..) => ExprKind::Param(self.param_of_result(id)),
                ExprKind::Call { function, args } => {
                    let has_effects = !self.kernel.tables.function(function).target.is_pure();
                    if has_effects && std::mem::replace(&mut calls[id.index()], true) {
                        return Ok(None);
                    }
                    let start = graph.args.len() as u32;
                    for argument in self.graph.arguments(args) {
                        graph.args.try_push(copies[argument.index()])?;
                    }
                    ExprKind::Call { function, args: (start, args.1) }
                }
                other => other.with_operands(|operand| copies[operand.index()]),
            };
            copies[id.index()] = ExprId(graph.len() as u32);
            graph.exprs.try_push(Expr { kind, ty })?;
            graph.places.try_push(self.graph.places[id.index()])?;
        }
        let kernel = self.kernel_of(graph, copies[value.index()])?;
        debug_assert_eq!(kernel.validate(), Ok(()), "passes are well formed");
        let mut reads = Vec::new();
        for param in (0..kernel.params.len() as u32).filter(|param| kernel.graph.reads(*param)) {
            reads.try_push(param)?;
        }
        Ok(Some(Pass { kernel, reads, reduction }))
    }

    /// The input that stands for the result of an earlier pass.
    fn param_of_result(&self, reduction: ExprId) -> ParamId {
        let pass = self.results.iter().position(|result| *result == reduction);
        let pass = pass.unwrap_or_else(|| unreachable!("reductions come before what uses them"));
        (self.kernel.params.len() + pass) as u32
    }

    /// A kernel that returns `value`, an expression of `graph`.
    fn kernel_of(&self, graph: Graph, value: ExprId) -> Result<Kernel, OutOfMemory> {
        let Kernel { params, tables, fp_mode, compiler, .. } = self.kernel;
        let mut kernel = Kernel { fp_mode: *fp_mode, compiler: *compiler, ..Kernel::empty() };
        kernel.params.try_extend(params)?;
        for (pass, result) in self.results.iter().enumerate() {
            let name = self.unused_name(pass)?;
            kernel.params.try_push(Param { name, ty: self.graph.expr(*result).ty })?;
        }
        kernel.tables = Tables { axes: Vec::new(), ..Tables::default() };
        kernel.tables.functions.try_extend(&tables.functions)?;
        kernel.tables.texts.try_extend(&tables.texts)?;
        kernel.output = graph.expr(value).ty;
        kernel.graph = graph;
        kernel.body.try_push(Stmt::Return(value))?;
        Ok(kernel)
    }

    /// A name for the result of a pass that no input has.
    fn unused_name(&self, pass: usize) -> Result<Vec<u8>, OutOfMemory> {
        let mut name = Vec::try_copied(b"r")?;
        name.try_extend(pass.to_string().as_bytes())?;
        while self.kernel.params.iter().any(|param| param.name == name) {
            name.try_push(b'_')?;
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::block::{Interpreter, Items};
    use crate::dtype::Dtype;
    use crate::front::testing::compile;
    use crate::ir::{BinaryOp, Builder};
    use crate::kernel::Accuracy;
    use crate::kernel::level::Level;
    use crate::kernel::reduce::{Accumulator, Reducer};
    use crate::mid::Positions;

    const VARIABLES: [(&str, Dtype); 2] = [("x", Dtype::Float64), ("r0", Dtype::Float64)];

    fn split(text: &str) -> Vec<Pass> {
        passes(&compile(text, &VARIABLES)).unwrap().unwrap()
    }

    fn run(kernel: &Kernel, inputs: &[Vec<f64>], items: usize) -> Vec<f64> {
        assert_eq!(kernel.output, Dtype::Float64.into());
        let engine = Interpreter::new(kernel, Level::current()).unwrap();
        let pointers: Vec<*const u8> = inputs.iter().map(|input| input.as_ptr().cast()).collect();
        let mut out = vec![0.0f64; items];
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let output = out.as_mut_ptr().cast();
        // SAFETY: all arrays have as many items.
        unsafe { engine.run(&pointers, output, Items::First(items), &positions, Accuracy::Fast).unwrap() };
        out
    }

    /// Runs the passes over arrays of one length.
    fn run_passes(passes: &[Pass], inputs: &[Vec<f64>]) -> Vec<f64> {
        let items = inputs[0].len();
        let mut inputs = inputs.to_vec();
        let mut values = Vec::new();
        for pass in passes {
            assert_eq!(pass.kernel.validate(), Ok(()));
            values = run(&pass.kernel, &inputs, items);
            let Some(Reduction { op, .. }) = pass.reduction else { return values };
            let mut total = Accumulator::new(Reducer::new(op, Dtype::Float64, Level::current()).unwrap());
            // SAFETY: there are as many values.
            unsafe { total.update(values.as_ptr().cast(), items) };
            let bytes = total.finish().to_bytes(Dtype::Float64);
            values = vec![f64::from_ne_bytes(bytes[..8].try_into().unwrap()); items];
            inputs.push(values.clone());
        }
        values
    }

    #[test]
    fn passes_give_what_the_kernel_gives() {
        let inputs = [vec![1.0, 2.5, -3.0, 4.0, 0.5], vec![2.0, -1.0, 0.25, 8.0, 1.5]];
        let statements = "def f(x, r0):\n    y = x * r0\n    z = y - mean(y)\n    return z / max(z)\n";
        for (text, count) in [
            ("x - mean(x)", 2),
            ("(x - mean(x)) / (max(x) - min(x))", 4),
            ("sum(x * r0) + r0 + sum(r0 * x + 1)", 3),
            ("sum(x) * x + sum(x)", 2),
            ("sum(x) + sum(r0)", 3),
            (statements, 3),
        ] {
            let split = split(text);
            assert_eq!(split.len(), count, "{text}");
            let kernel = compile(text, &VARIABLES);
            // A variable that the text does not name is no input.
            let inputs = &inputs[..kernel.params.len()];
            assert_eq!(run_passes(&split, inputs), run(&kernel, inputs, 5), "{text}");
        }
    }

    #[test]
    fn a_reduction_alone_is_the_last_pass() {
        let [pass] = &split("sum(x)")[..] else { panic!("one pass") };
        assert_eq!((pass.input(), &pass.reads[..]), (Some(0), &[0][..]));
        let [pass] = &split("any(x > r0)")[..] else { panic!("one pass") };
        assert_eq!((pass.input(), &pass.reads[..]), (None, &[0, 1][..]));
        assert_eq!(pass.reduction.as_ref().unwrap().result, Dtype::Bool.into());
    }

    #[test]
    fn passes_know_what_they_read() {
        let passes = split("r0 - mean(x)");
        assert_eq!(passes[0].reads, [0]);
        assert_eq!(passes[1].reads, [1, 2]);
        let names: Vec<&[u8]> = passes[1].kernel.params.iter().map(|param| &param.name[..]).collect();
        assert_eq!(names, [&b"x"[..], b"r0", b"r0_"]);
    }

    /// `mean(x - mean(x, axis=0, keepdims=True))`, beside the same inner reduction.
    #[test]
    fn inner_reductions_come_first_and_once() {
        let double = Dtype::Float64;
        let mut builder = Builder::new();
        let axes = builder.axes(Axes::new(Some(&[0]), true).unwrap()).unwrap();
        let x = builder.add(ExprKind::Param(0), double.into()).unwrap();
        let inner = builder.add(ExprKind::Reduce(ReduceOp::Mean, x, axes), double.into()).unwrap();
        let other = builder.add(ExprKind::Reduce(ReduceOp::Mean, x, None), double.into()).unwrap();
        assert_ne!(inner, other);
        let rest = builder.add(ExprKind::Binary(BinaryOp::Sub, x, inner), double.into()).unwrap();
        let outer = builder.add(ExprKind::Reduce(ReduceOp::Mean, rest, None), double.into()).unwrap();
        let again = builder.add(ExprKind::Reduce(ReduceOp::Mean, x, axes), double.into()).unwrap();
        let root = builder.add(ExprKind::Binary(BinaryOp::Mul, outer, again), double.into()).unwrap();
        let mut kernel = Kernel::empty();
        kernel.params = vec![Param { name: b"x".to_vec(), ty: double.into() }];
        (kernel.graph, kernel.tables, kernel.body) =
            (builder.graph, builder.tables, vec![Stmt::Return(root)]);
        assert_eq!(kernel.validate(), Ok(()));
        let passes = passes(&kernel).unwrap().unwrap();
        let reads: Vec<&[u32]> = passes.iter().map(|pass| &pass.reads[..]).collect();
        assert_eq!(reads, [&[0][..], &[0, 1], &[1, 2]]);
        let axes = |pass: &Pass| pass.reduction.as_ref().unwrap().axes.clone();
        assert_eq!(axes(&passes[0]), Axes::new(Some(&[0]), true).unwrap());
        assert_eq!(axes(&passes[1]), Axes::default());
        assert!(passes[2].reduction.is_none());
        assert!(passes.iter().all(|pass| !pass.kernel.has_axes()));
    }

    #[test]
    fn some_kernels_are_not_split() {
        let repeated = "def f(x, r0):\n    y = x\n    while any(y < r0):\n        y = y + 1\n    return y\n";
        for text in ["x + 1", repeated] {
            assert!(passes(&compile(text, &VARIABLES)).unwrap().is_none(), "{text}");
        }
    }
}
