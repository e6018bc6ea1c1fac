//! Index symbols in generated code.

use std::fmt;

use crate::ir::{ExprKind, IndexSymbol, Kernel};
use crate::memory::{OutOfMemory, TryGrow};

/// An index symbol as the source spells it.
pub struct Symbol(pub IndexSymbol);

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IndexSymbol::Coordinate(d) => write!(f, "_i{d}"),
            IndexSymbol::Extent(d) => write!(f, "_n{d}"),
            IndexSymbol::Ndim => f.write_str("_ndim"),
            IndexSymbol::Flat => f.write_str("_flat_idx"),
        }
    }
}

/// The index symbols that a kernel reads: coordinates, extents, `_ndim`, `_flat_idx`.
pub fn used_symbols(kernel: &Kernel) -> Result<Vec<IndexSymbol>, OutOfMemory> {
    let mut symbols = Vec::new();
    for expr in &kernel.graph.exprs {
        if let ExprKind::Index(symbol) = expr.kind
            && !symbols.contains(&symbol)
        {
            symbols.try_push(symbol)?;
        }
    }
    symbols.sort_unstable_by_key(|symbol| match symbol {
        IndexSymbol::Coordinate(d) => (0, *d),
        IndexSymbol::Extent(d) => (1, *d),
        IndexSymbol::Ndim => (2, 0),
        IndexSymbol::Flat => (3, 0),
    });
    Ok(symbols)
}
