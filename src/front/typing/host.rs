//! Calls of functions of the host.

use crate::dtype::{Dtype, Scalar};
use crate::ir::{Builder, ExprId, ExprKind, Function, UserFunction};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::known;

/// Adds a call: float64 in, float64 out, then the declared dtype. A pure function of constants is called now.
pub fn call(
    builder: &mut Builder,
    name: &[u8],
    target: UserFunction,
    list: &[ExprId],
    returns: Dtype,
) -> Result<ExprId, OutOfMemory> {
    if let Some(value) = known::call(&builder.graph, target, list) {
        return builder.constant(Scalar::Float(value), returns);
    }
    let function = function(builder, name, target)?;
    let arguments = &mut builder.graph.args;
    let start = u32::try_from(arguments.len()).map_err(|_| OutOfMemory)?;
    arguments.try_extend(list)?;
    let kind = ExprKind::Call { function, args: (start, list.len() as u32) };
    let call = builder.add(kind, Dtype::Float64.into())?;
    builder.cast(call, returns)
}

/// The kernel's handle of a host function.
fn function(builder: &mut Builder, name: &[u8], target: UserFunction) -> Result<u32, OutOfMemory> {
    let functions = &mut builder.tables.functions;
    if let Some(known) = functions.iter().position(|function| function.target == target) {
        return Ok(known as u32);
    }
    functions.try_push(Function { name: Vec::try_copied(name)?, target })?;
    Ok(functions.len() as u32 - 1)
}
