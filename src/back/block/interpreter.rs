//! The interpreter's choice between straight-line code and control flow.

use super::scratch::Scratch;
use super::structured::{Arrays, Printer, Structured, outcome};
use super::{Items, Outcome, PaddedBlocks, PlanError, Program, reduction};
use crate::back::engine::RunError;
use crate::ir::{ExprKind, Graph, Kernel, Stmt};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;
use crate::mid::flatten::{Node, Region, flatten, flatten_within, try_for_each_region};

/// A planned kernel. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Interpreter(Plan);

#[derive(Debug)]
enum Plan {
    /// One value for each item.
    Straight(Program),
    Structured(Structured),
}

// SAFETY: a plan holds addresses of vector kernels and of host functions, no data of its own that
// changes; the host promises that its functions may be called from every evaluating thread.
unsafe impl Send for Interpreter {}
// SAFETY: as above.
unsafe impl Sync for Interpreter {}

impl Interpreter {
    /// Plans a kernel for vector kernels of one SIMD level.
    pub fn new(kernel: &Kernel, level: Level) -> Result<Interpreter, PlanError> {
        if let [Stmt::Return(value)] = kernel.body[..]
            && is_straight(&kernel.graph)
        {
            return Ok(Interpreter(Plan::Straight(Program::new(kernel, &kernel.graph, value, level)?)));
        }
        let nodes = flatten(kernel)?;
        if deepest(&nodes)? > MAX_STAGES {
            // Each stage computes its arguments anew from the beginning of its region.
            let outcome = outcome(&nodes)?;
            let nodes = flatten_within(kernel, MAX_STAGES as usize)?;
            return Ok(Interpreter(Plan::Structured(Structured::new(kernel, nodes, outcome, level)?)));
        }
        if let [Node::Return(region)] = &nodes[..]
            && is_straight(&region.graph)
            && region.dropped_calls()?.is_empty()
        {
            let program = Program::new(kernel, &region.graph, region.values[0], level)?;
            return Ok(Interpreter(Plan::Straight(program)));
        }
        let outcome = outcome(&nodes)?;
        Ok(Interpreter(Plan::Structured(Structured::new(kernel, nodes, outcome, level)?)))
    }

    /// The same plan for blocks of `items` items (at least one). Where nothing is reduced, the
    /// values are the same for blocks of every size.
    pub fn with_block_items(mut self, items: usize) -> Interpreter {
        match &mut self.0 {
            Plan::Straight(program) => program.block_items = items.max(1),
            Plan::Structured(program) => program.set_block_items(items.max(1)),
        }
        self
    }

    /// Prints to `printer` from now on.
    pub fn print_to(&mut self, printer: Printer) {
        match &mut self.0 {
            Plan::Straight(_) => {}
            Plan::Structured(program) => program.print_to(printer),
        }
    }

    /// Evaluates the items: writes a value for each to its place in `output`, with zero bytes where
    /// the array is padded; or the values of a reduction, see [`Outcome`], to the start of `output`.
    /// A reduction gives its value even of no items.
    ///
    /// # Safety
    /// Each of `inputs` holds the items in readable memory as elements of its type, in the order of
    /// the kernel's parameters; `output` has room for as many elements as a padded block, or as there
    /// are values. The output may be one of the inputs if it has the same item size and there is a
    /// value for each item; other overlaps give unspecified values. Any alignment is fine.
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Result<(), RunError> {
        let has_value_without_items =
            matches!(self.0, Plan::Straight(_)) && matches!(self.outcome(), Outcome::One { .. });
        if items.count() == 0 && !has_value_without_items {
            return Ok(());
        }
        if let (Plan::Straight(program), Items::First(n)) = (&self.0, items)
            // SAFETY: as the caller promises.
            && let Some(result) = unsafe { program.run_directly(inputs, output, n, accuracy) }
        {
            return result;
        }
        let mut scratch = Scratch::take()?;
        // SAFETY: as the caller promises.
        let result = unsafe {
            match (&self.0, items) {
                (Plan::Straight(program), _) => program.run(&mut scratch, inputs, output, items, accuracy),
                (Plan::Structured(program), Items::First(items)) => {
                    let arrays = Arrays { inputs, output, items };
                    program.run(&mut scratch.workspace, arrays, positions, accuracy)
                }
                (Plan::Structured(program), Items::Valid(rows)) => {
                    let sizes = program.input_sizes();
                    let inputs = inputs.iter().copied().zip(sizes);
                    let blocks = PaddedBlocks { rows, inputs, output, itemsize: program.itemsize() };
                    let Scratch { workspace, bytes, .. } = &mut *scratch;
                    let evaluated = blocks.evaluate(bytes, program.outcome, |inputs, output| {
                        let arrays = Arrays { inputs, output, items: rows.valid_items() };
                        Some(program.run(workspace, arrays, positions, accuracy))
                    });
                    // The interpreter leaves nothing to others.
                    evaluated.unwrap_or(Ok(()))
                }
            }
        };
        scratch.put_back();
        result
    }

    /// Passes over each block of straight-line code without reductions; 0 for other kernels.
    pub fn passes(&self) -> usize {
        match &self.0 {
            Plan::Straight(program) if program.stages.is_empty() => program.pipeline.steps.len(),
            _ => 0,
        }
    }

    /// Whether each item's value depends on that item alone, can be computed of any bytes, and is not seen
    /// by the host before it is stored: then padding may be computed too.
    pub fn is_defined_everywhere(&self) -> bool {
        match &self.0 {
            Plan::Straight(program) => program.is_defined_everywhere(),
            Plan::Structured(_) => false,
        }
    }

    /// How many values the kernel gives.
    pub fn outcome(&self) -> Outcome {
        match &self.0 {
            Plan::Straight(program) => program.outcome,
            Plan::Structured(program) => program.outcome,
        }
    }
}

/// Reductions inside one another that a region may have, where it is not the only way to do it.
const MAX_STAGES: u32 = 64;

/// How many reductions lie inside one another at most, in any region.
fn deepest(nodes: &[Node<Region>]) -> Result<u32, OutOfMemory> {
    let mut deepest = 0;
    try_for_each_region(nodes, &mut |region| {
        deepest = deepest.max(deepest_of(region)?);
        Ok::<_, OutOfMemory>(())
    })?;
    Ok(deepest)
}

fn deepest_of(region: &Region) -> Result<u32, OutOfMemory> {
    let mut roots = Vec::try_copied(&region.values)?;
    for (_, value) in &region.stores {
        roots.try_push(*value)?;
    }
    reduction::deepest(&region.graph, &roots)
}

/// Whether expressions read nothing but inputs.
fn is_straight(graph: &Graph) -> bool {
    !graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_) | ExprKind::Local(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::block::structured::Workspace;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;

    fn planned(text: &str, inputs: usize) -> Interpreter {
        let variables = [("x", Dtype::Float64), ("y", Dtype::Float64)];
        let kernel = compile(text, &variables[..inputs]);
        Interpreter::new(&kernel, Level::current()).unwrap()
    }

    fn evaluate(text: &str, inputs: &[&[f64]]) -> Vec<f64> {
        let engine = planned(text, inputs.len());
        let mut out = vec![0.0; inputs[0].len()];
        let pointers: Vec<*const u8> = inputs.iter().map(|input| input.as_ptr().cast()).collect();
        let extent = [out.len() as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let items = Items::First(inputs[0].len());
        // SAFETY: the arrays have the lengths given.
        unsafe {
            engine.run(&pointers, out.as_mut_ptr().cast(), items, &positions, Accuracy::Fast).unwrap();
        }
        out
    }

    /// Operands of joint steps stay what they were when the steps were chosen, while the counts of
    /// their users run down.
    #[test]
    fn shared_operands_of_joint_steps() {
        let text = "where(x < 2, (x-1.25)*(y-(y-(x-1.25))), (x-1.25)*y + y*(x-1.25))";
        let (x, y) = ([0.5, 1.0, 3.0, 4.5], [2.0, -1.0, 0.5, 3.0]);
        let expected: Vec<f64> =
            x.iter()
                .zip(&y)
                .map(|(x, y)| {
                    if *x < 2.0 {
                        (x - 1.25) * (y - (y - (x - 1.25)))
                    } else {
                        (x - 1.25) * y + y * (x - 1.25)
                    }
                })
                .collect();
        assert_eq!(evaluate(text, &[&x, &y]), expected);
    }

    /// Sums of two squares, and comparisons with one value, are one step with what stands round or inside
    /// them, and give the same.
    #[test]
    fn joint_steps_of_squares_and_comparisons() {
        type Case = (&'static str, usize, fn(f64, f64) -> f64);
        const CASES: &[Case] = &[
            ("x*x + y*y", 1, |x, y| x * x + y * y),
            ("square(x) - y*y", 1, |x, y| x * x - y * y),
            ("x*x - y*y + x", 1, |x, y| x * x - y * y + x),
            ("1 - (x*x - y*y)", 1, |x, y| 1.0 - (x * x - y * y)),
            ("y - (x*x + y*y)", 1, |x, y| y - (x * x + y * y)),
            ("(x+y)*(x+y) - y*y", 2, |x, y| (x + y) * (x + y) - y * y),
            ("(x*x + y*y) / (x*x)", 3, |x, y| (x * x + y * y) / (x * x)),
            ("where(x*x + y*y > 4, x, y)", 2, |x, y| if x * x + y * y > 4.0 { x } else { y }),
            ("where(4 >= x*x + y*y, x, y)", 2, |x, y| if 4.0 >= x * x + y * y { x } else { y }),
            ("where(2*x <= 1, x, y)", 2, |x, y| if 2.0 * x <= 1.0 { x } else { y }),
            ("where(0 < x - y, x, y)", 2, |x, y| if 0.0 < x - y { x } else { y }),
            ("where(x - y == 2, x, y)", 3, |x, y| if x - y == 2.0 { x } else { y }),
            ("where(x*y < y, x, y)", 3, |x, y| if x * y < y { x } else { y }),
        ];
        let (x, y) = ([0.5, 1.5, 3.0, -4.5, 1e150], [2.0, -0.5, 0.5, 3.0, 1e140]);
        for (text, steps, expected) in CASES {
            let Interpreter(Plan::Straight(program)) = planned(text, 2) else { panic!("{text} has a loop") };
            assert_eq!(program.pipeline.steps.len(), *steps, "{text}");
            let expected: Vec<f64> = x.iter().zip(&y).map(|(x, y)| expected(*x, *y)).collect();
            assert_eq!(evaluate(text, &[&x, &y]), expected, "{text}");
        }
    }

    /// Bytes that a kernel of `x` takes to run over `items` values, and what it gives.
    fn memory_of(text: &str, items: usize) -> (usize, Vec<f64>) {
        let Interpreter(Plan::Structured(program)) = planned(text, 1) else { panic!("{text} is straight") };
        let x: Vec<f64> = (0..items).map(|index| (index % 1000) as f64 / 1000.0).collect();
        let mut out = vec![0.0; items];
        let inputs = [x.as_ptr().cast()];
        let arrays = Arrays { inputs: &inputs, output: out.as_mut_ptr().cast(), items };
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let mut workspace = Workspace::default();
        // SAFETY: the arrays have the lengths given.
        unsafe { program.run(&mut workspace, arrays, &positions, Accuracy::Fast).unwrap() };
        (workspace.bytes(), out)
    }

    /// Of a hundred locals that live across a branch, a kernel holds for all items those alone that it reads
    /// after a reduction; so it does in every way to have all of the locals alive at some time.
    #[test]
    fn kernels_that_reduce_hold_what_later_parts_need() {
        const ITEMS: usize = 200_000;
        let assign =
            |value: &str| (0..100).map(|k| format!("    t{k} = {value} + {k}\n")).collect::<String>();
        let branch = "    if sin(x) > 0.5:\n        t0 = exp(x)\n        t99 = t0 + t1\n";
        let total: String = (0..100).map(|k| format!("t{k}")).collect::<Vec<_>>().join(" + ");
        let sums: String =
            (0..50).map(|k| format!("    t{k} = exp(x) + {k}\n{branch}    s = s + sum(t{k})\n")).collect();
        let leave = "    if x > 0.9:\n        return x\n";
        let kernels = [
            format!("def k(x):\n{}{branch}    y = {total}\n    s = sum(y)\n    return y / s", assign("x")),
            format!("def k(x):\n    s = sum(x)\n{}{branch}    return {total} + s", assign("x")),
            format!(
                "def k(x):\n{}{branch}{leave}    y = {total}\n{branch}    return y / max(y)",
                assign("x")
            ),
            format!("def k(x):\n    s = 0.0\n    t1 = x\n{sums}    return s"),
            format!(
                "def k(x):\n{}    for i in range(max(x) * 4):\n        t3 = t3 + sin(t4)\n    y = {total}\n    return sum(y)",
                assign("x")
            ),
            format!("def k(x):\n{}{branch}    print(\"{{}}\", 1)\n    return t99", assign("x")),
        ];
        for text in kernels {
            let (bytes, _) = memory_of(&text, ITEMS);
            let input = ITEMS * size_of::<f64>();
            assert!(bytes < 8 * input, "{:.1} times the input\n{text}", bytes as f64 / input as f64);
        }
    }

    /// What an inner loop leaves in a local that only it reads is there when it is entered again.
    #[test]
    fn locals_of_inner_loops_outlive_them() {
        let lines = [
            "def k(x):",
            "    d = x",
            "    n = 0",
            "    for i in range(2):",
            "        for j in range(2):",
            "            if d == x:",
            "                n = n + 1",
            "                d = d + 1",
            "    return n",
        ];
        assert_eq!(evaluate(&lines.join("\n"), &[&[1.0, 2.0, 3.0]]), [1.0; 3]);
    }

    /// A condition that is also the new value of a local, and one that is its earlier value.
    #[test]
    fn conditions_do_not_move_with_locals() {
        let lines = [
            "def k(x):",
            "    if exp(x) > 0:",
            "        if x > -1:",
            "            b = x > 2",
            "        if b:",
            "            return exp(0*x) + 10",
            "    return 20",
        ];
        assert_eq!(evaluate(&lines.join("\n"), &[&[1.0, 2.0, 3.0]]), [20.0, 20.0, 11.0]);
        let lines = [
            "def k(x):",
            "    b = x > 1",
            "    if exp(x) > 0:",
            "        c = b",
            "        b = x > 2",
            "        if c:",
            "            return exp(0*x) + 10",
            "        if b:",
            "            return exp(0*x) + 30",
            "    return 20",
        ];
        assert_eq!(evaluate(&lines.join("\n"), &[&[1.0, 2.0, 3.0]]), [20.0, 11.0, 11.0]);
    }
}
