//! Construction of a graph of expressions, each distinct one once.

use std::hash::{Hash as _, Hasher};

use super::{Axes, AxesId, Expr, ExprId, ExprKind, Graph, SourcePlace, StringOp, Tables, Type};
use crate::dtype::{Dtype, Scalar};
use crate::memory::{OutOfMemory, TryGrow};

/// Adds expressions to a graph and finds the ones that it already has, so that a repeated
/// subexpression is computed once.
#[derive(Debug)]
pub struct Builder {
    pub graph: Graph,
    pub tables: Tables,
    /// Where the statement at hand starts.
    pub place: SourcePlace,
    /// Open-addressing table of expression handles plus one, zero where free; its length is a power
    /// of two.
    table: Vec<u32>,
    interned: usize,
    /// Start of every hash, so that no text is known to fill one run of the table.
    seed: u64,
    /// Whether locals keep their values while the builder is used.
    shares_locals: bool,
}

impl Builder {
    /// A builder with an empty graph.
    pub fn new() -> Builder {
        Builder {
            graph: Graph::default(),
            tables: Tables::default(),
            place: SourcePlace::default(),
            table: Vec::new(),
            interned: 0,
            seed: random_seed(),
            shares_locals: false,
        }
    }

    /// A builder for code in which every read of a local gives the same value.
    pub fn for_region() -> Builder {
        Builder { shares_locals: true, ..Builder::new() }
    }

    /// The expression `kind` of type `ty`: the one that exists, or a new one.
    pub fn add(&mut self, kind: ExprKind, ty: Type) -> Result<ExprId, OutOfMemory> {
        if !self.is_shareable(&kind) {
            return self.append(kind, ty);
        }
        if (self.interned + 1) * 2 > self.table.len() {
            self.grow_table()?;
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(self.seed, &kind, ty) as usize & mask;
        while self.table[slot] != 0 {
            let id = ExprId(self.table[slot] - 1);
            let existing = self.graph.expr(id);
            if existing.ty == ty && same(&existing.kind, &kind) {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
        let id = self.append(kind, ty)?;
        self.table[slot] = id.0 + 1;
        self.interned += 1;
        Ok(id)
    }

    /// `operand` converted to a numeric dtype; the operand itself if it has it.
    pub fn cast(&mut self, operand: ExprId, dtype: Dtype) -> Result<ExprId, OutOfMemory> {
        let from = self.graph.expr(operand);
        if from.ty.dtype == dtype {
            return Ok(operand);
        }
        if let ExprKind::Constant(value) = from.kind {
            return self.constant(value, dtype);
        }
        self.add(ExprKind::Cast(operand), dtype.into())
    }

    /// A constant of a numeric dtype.
    pub fn constant(&mut self, value: Scalar, dtype: Dtype) -> Result<ExprId, OutOfMemory> {
        self.add(ExprKind::Constant(value.cast(dtype)), dtype.into())
    }

    /// A string constant of `code_points`, which fit the family `dtype`, in a slot of at least one unit.
    pub fn text(&mut self, code_points: &[u32], dtype: Dtype) -> Result<ExprId, OutOfMemory> {
        let itemsize = code_points.len().max(1).checked_mul(dtype.size()).ok_or(OutOfMemory)?;
        let texts = &mut self.tables.texts;
        let offset = u32::try_from(texts.len()).map_err(|_| OutOfMemory)?;
        texts.try_reserve(itemsize)?;
        for code in code_points {
            match dtype {
                Dtype::String => texts.extend_from_slice(&code.to_ne_bytes()),
                _ => texts.push(*code as u8),
            }
        }
        texts.resize(offset as usize + itemsize, 0);
        self.add(ExprKind::Text(offset), Type { dtype, itemsize })
    }

    /// A string in a slot of `itemsize` bytes: the way to store a string as a result.
    pub fn text_in_slot(&mut self, operand: ExprId, itemsize: usize) -> Result<ExprId, OutOfMemory> {
        let Expr { kind, ty } = *self.graph.expr(operand);
        let is_computed = matches!(kind, ExprKind::String(..) | ExprKind::Select { .. });
        if is_computed && ty.itemsize == itemsize {
            return Ok(operand);
        }
        self.add(ExprKind::String(StringOp::Copy, [operand; 3]), Type { itemsize, ..ty })
    }

    /// The axes of a reduction as it names them; `None` where it is one of all items.
    pub fn axes(&mut self, axes: Axes) -> Result<Option<AxesId>, OutOfMemory> {
        self.tables.add_axes(axes)
    }

    pub fn dtype(&self, id: ExprId) -> Dtype {
        self.graph.expr(id).ty.dtype
    }

    /// Calls may have effects that count; locals change between statements.
    fn is_shareable(&self, kind: &ExprKind) -> bool {
        match kind {
            ExprKind::Call { .. } => false,
            ExprKind::Local(_) => self.shares_locals,
            _ => true,
        }
    }

    fn append(&mut self, kind: ExprKind, ty: Type) -> Result<ExprId, OutOfMemory> {
        let id = ExprId(u32::try_from(self.graph.exprs.len()).map_err(|_| OutOfMemory)?);
        self.graph.exprs.try_push(Expr { kind, ty })?;
        self.graph.places.try_push(self.place)?;
        Ok(id)
    }

    fn grow_table(&mut self) -> Result<(), OutOfMemory> {
        let len = (self.table.len() * 2).max(32);
        let old = std::mem::replace(&mut self.table, Vec::try_filled(0, len)?);
        for entry in old.into_iter().filter(|entry| *entry != 0) {
            let expr = self.graph.expr(ExprId(entry - 1));
            let mut slot = hash(self.seed, &expr.kind, expr.ty) as usize & (len - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = entry;
        }
        Ok(())
    }
}

impl Default for Builder {
    fn default() -> Self {
        Builder::new()
    }
}

/// Equality by bits, so that -0.0 differs from 0.0 and a NaN equals itself.
fn same(left: &ExprKind, right: &ExprKind) -> bool {
    match (left, right) {
        (ExprKind::Constant(left), ExprKind::Constant(right)) => left.has_bits_of(*right),
        _ => left == right,
    }
}

/// A number that nobody can tell beforehand.
#[cfg(not(target_family = "wasm"))]
fn random_seed() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(0u8)
}

/// A number that depends on what the program did before: WebAssembly has no source of random numbers
/// that every host provides.
#[cfg(target_family = "wasm")]
fn random_seed() -> u64 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static BUILDERS: AtomicU32 = AtomicU32::new(0);
    let count = BUILDERS.fetch_add(1, Ordering::Relaxed);
    let here = (&raw const count).addr() as u64;
    (here << 32 | u64::from(count)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn hash(seed: u64, kind: &ExprKind, ty: Type) -> u64 {
    let mut mixer = Mixer(seed);
    (kind, ty).hash(&mut mixer);
    mixer.finish()
}

/// A hash for a few words.
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 29;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Complex;
    use crate::ir::BinaryOp;

    #[test]
    fn equal_expressions_are_one() {
        let mut builder = Builder::new();
        let x = builder.add(ExprKind::Param(0), Dtype::Int32.into()).unwrap();
        let wide = builder.cast(x, Dtype::Float64).unwrap();
        let sum = builder.add(ExprKind::Binary(BinaryOp::Add, wide, wide), Dtype::Float64.into()).unwrap();
        for _ in 0..100 {
            let again = builder.cast(x, Dtype::Float64).unwrap();
            assert_eq!(again, wide);
            let same = ExprKind::Binary(BinaryOp::Add, wide, again);
            assert_eq!(builder.add(same, Dtype::Float64.into()).unwrap(), sum);
        }
        assert_eq!(builder.graph.exprs.len(), 3);
    }

    #[test]
    fn constants_are_one_if_their_bits_are() {
        let mut builder = Builder::new();
        let values = [0.0, -0.0, 1.0, f64::NAN].map(Scalar::Float);
        let imaginary = [0.0, -0.0, f64::NAN].map(|im| Scalar::Complex(Complex { re: 1.0, im }));
        let mut add = |value| match value {
            Scalar::Complex(_) => builder.constant(value, Dtype::Complex128).unwrap(),
            _ => builder.constant(value, Dtype::Float64).unwrap(),
        };
        let ids: Vec<ExprId> = values.into_iter().chain(imaginary).map(&mut add).collect();
        assert_eq!(ids, (0..7).map(ExprId).collect::<Vec<_>>());
        assert!(values.into_iter().chain(imaginary).map(&mut add).eq(ids));
    }

    #[test]
    fn the_table_grows() {
        let mut builder = Builder::new();
        for value in 0..1000 {
            builder.constant(Scalar::Int(value), Dtype::Int64).unwrap();
        }
        let first = builder.constant(Scalar::Int(0), Dtype::Int64).unwrap();
        assert_eq!(first, ExprId(0));
        assert_eq!(builder.graph.exprs.len(), 1000);
    }
}
