//! From statements to the typed kernel.

mod assignment;
mod expression;
mod kinds;
mod loops;
mod print;

use super::signature::{MAX_SYMBOLS, refuse_table};
use super::uniform;
use crate::dtype::Dtype;
use crate::front::dialect::Dialect;
use crate::front::entry::{Entry, EntryKind};
use crate::front::error::CompileError;
use crate::front::grammar;
use crate::front::place::{Cursor, refuse};
use crate::front::program::{Expression, Guarded, Program, Statement, StatementKind};
use crate::front::scope::Scope;
use crate::front::typing::numpy::Kind;
use crate::front::typing::{self, store};
use crate::ir::{Block, Branch, Builder, Kernel, LocalId, Param, Stmt, Type};
use crate::memory::{OutOfMemory, TryGrow};

/// Which rules number literals follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literals {
    OfKernels,
    OfPlainExpressions,
}

/// Lowers `program`, whose entries have been checked.
pub fn lower(
    source: &[u8],
    dialect: Dialect,
    program: Program<'_>,
    scope: Scope<'_>,
    entries: &[Entry<'_>],
    output: Option<Dtype>,
    literals: Literals,
) -> Result<Kernel, CompileError> {
    let mut lowering = Lowering {
        source,
        dialect,
        literals,
        output,
        kernel: Kernel::empty(),
        builder: Builder::new(),
        cursor: Cursor::default(),
        uniform: Vec::try_filled(false, scope.variables.len())?,
        scope,
        fault: program.fault,
        returned: None,
        depth: 0,
        loop_variables: Vec::new(),
        open_loops: Vec::new(),
        kinds: Vec::new(),
    };
    lowering.declare_params(entries)?;
    if lowering.names() > MAX_SYMBOLS {
        return Err(too_many_names());
    }
    if dialect.is_python() {
        lowering.find_kinds(&program.body)?;
    }
    let mut body = lowering.block(&program.body)?;
    let Some(output) = lowering.returned else {
        return Err(refuse_table(format_args!("a kernel needs a 'return'")));
    };
    if output.dtype.is_string() {
        lowering.widen_returns(&mut body, output.itemsize)?;
    }
    let Lowering { mut kernel, builder, .. } = lowering;
    (kernel.graph, kernel.tables) = (builder.graph, builder.tables);
    kernel.body = body;
    kernel.output = output;
    kernel.fp_mode = grammar::chosen_fp_mode(program.fp_mode);
    kernel.compiler = grammar::chosen_compiler(program.compiler);
    Ok(kernel)
}

fn too_many_names() -> CompileError {
    refuse_table(format_args!("more than {MAX_SYMBOLS} inputs, index symbols and locals"))
}

struct Lowering<'a> {
    source: &'a [u8],
    dialect: Dialect,
    literals: Literals,
    /// The dtype that the caller wants.
    output: Option<Dtype>,
    /// Inputs and locals, without expressions.
    kernel: Kernel,
    builder: Builder,
    cursor: Cursor,
    scope: Scope<'a>,
    /// Why the first expression without a tree is refused.
    fault: Option<CompileError>,
    /// For each variable of the scope, whether it has one value for all items.
    uniform: Vec<bool>,
    /// The type that all returns have so far.
    returned: Option<Type>,
    /// Blocks around the statement at hand, below the function's body.
    depth: usize,
    loop_variables: Vec<LocalId>,
    /// Variables of the loops around the statement at hand.
    open_loops: Vec<LocalId>,
    /// In Python's dialects, the kinds of the values that each variable of the scope takes.
    kinds: Vec<Kind>,
}

impl<'a> Lowering<'a> {
    fn declare_params(&mut self, entries: &[Entry<'_>]) -> Result<(), OutOfMemory> {
        let inputs = entries.iter().filter(|entry| matches!(entry.kind, EntryKind::Variable));
        for (entry, variable) in inputs.zip(&self.scope.variables) {
            self.kernel.params.try_push(Param { name: Vec::try_copied(entry.name)?, ty: variable.ty })?;
        }
        Ok(())
    }

    /// How many names the kernel has so far.
    fn names(&self) -> usize {
        self.scope.variables.len() + self.scope.index_symbols.len()
    }

    #[inline(never)]
    fn refuse(&self, offset: usize, message: std::fmt::Arguments<'_>) -> CompileError {
        refuse(self.source, offset, message)
    }

    fn block(&mut self, statements: &[Statement<'a>]) -> Result<Block, CompileError> {
        let mut block = Block::new();
        for statement in statements {
            if let StatementKind::AssignAll(assignments) = &statement.kind {
                self.assign_all(statement.start, assignments, &mut block)?;
            } else if let Some(lowered) = self.statement(statement)? {
                block.try_push(lowered)?;
            }
        }
        Ok(block)
    }

    /// A block within the function's body.
    fn nested(&mut self, statements: &[Statement<'a>]) -> Result<Block, CompileError> {
        self.depth += 1;
        let block = self.block(statements)?;
        self.depth -= 1;
        Ok(block)
    }

    /// A typed statement; `None` for one without effect. Functions that are not inlined would make the frames
    /// larger that are on the stack once for each nested block.
    fn statement(&mut self, statement: &Statement<'a>) -> Result<Option<Stmt>, CompileError> {
        let start = statement.start;
        let place = self.cursor.place(self.source, start);
        self.builder.place = place;
        Ok(Some(match &statement.kind {
            StatementKind::Assign { target, is_update, value } => {
                self.assign(start, *target, *is_update, value)?
            }
            StatementKind::AssignAll(_) => unreachable!("several statements come of it"),
            StatementKind::Expression(value) => {
                self.check_expression(start, value)?;
                return Ok(None);
            }
            StatementKind::Return(value) => self.returns(start, value)?,
            StatementKind::Print { format, values } => self.print(start, format.as_deref(), values)?,
            StatementKind::If { branches, otherwise } => self.branches(branches, otherwise)?,
            StatementKind::While { condition, body } => {
                Stmt::While { condition: self.condition(start, condition)?, body: self.nested(body)?, place }
            }
            StatementKind::For { target, bounds, body } => self.counted_loop(start, *target, bounds, body)?,
            StatementKind::Break => Stmt::Break,
            StatementKind::Continue => Stmt::Continue,
        }))
    }

    /// An expression statement: it must have a meaning, and has no effect.
    #[inline(never)]
    fn check_expression(&mut self, start: usize, value: &Expression) -> Result<(), CompileError> {
        let tree = self.tree_in_body(start, value)?;
        let typed = typing::infer(&self.scope, tree, self.rules(self.output));
        typed.map(drop).map_err(|error| self.located(error, start))
    }

    #[inline(never)]
    fn returns(&mut self, start: usize, value: &Expression) -> Result<Stmt, CompileError> {
        let tree = self.tree_in_body(start, value)?;
        let value = self.value(start, tree, self.output)?;
        let ty = self.builder.graph.expr(value).ty;
        let returned = self.returned.get_or_insert(ty);
        if ty.dtype != returned.dtype {
            let earlier = returned.dtype;
            let message =
                format_args!("this returns {}, but an earlier 'return' returns {earlier}", ty.dtype);
            return Err(self.refuse(start, message));
        }
        returned.itemsize = returned.itemsize.max(ty.itemsize);
        Ok(Stmt::Return(value))
    }

    /// Gives the string values of all returns in `block` the output's width.
    fn widen_returns(&mut self, block: &mut Block, itemsize: usize) -> Result<(), OutOfMemory> {
        for statement in block {
            match statement {
                Stmt::Return(value) => *value = store(&mut self.builder, *value, itemsize)?,
                Stmt::If { branches, otherwise } => {
                    for branch in branches {
                        self.widen_returns(&mut branch.body, itemsize)?;
                    }
                    self.widen_returns(otherwise, itemsize)?;
                }
                Stmt::While { body, .. } | Stmt::For { body, .. } => self.widen_returns(body, itemsize)?,
                _ => {}
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn branches(
        &mut self,
        branches: &[Guarded<'a>],
        otherwise: &[Statement<'a>],
    ) -> Result<Stmt, CompileError> {
        let mut lowered = Vec::new();
        for branch in branches {
            let condition = self.condition(branch.start, &branch.condition)?;
            lowered.try_push(Branch { condition, body: self.nested(&branch.body)? })?;
        }
        Ok(Stmt::If { branches: lowered, otherwise: self.nested(otherwise)? })
    }
}
