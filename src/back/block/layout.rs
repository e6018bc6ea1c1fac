//! Places: where the operands and results of steps lie.

use crate::dtype::{Dtype, Scalar};
use crate::ir::{ExprId, IndexSymbol};
use crate::kernel::reduce::GRAIN;
use crate::memory::{OutOfMemory, TryGrow};

/// Index in [`Layout::places`].
pub type PlaceId = u32;

/// Where an operand or a result lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The caller's input array.
    Input(u32),
    /// The caller's output array.
    Output,
    /// A block of scratch memory.
    Register(u32),
    /// One value of [`Layout::constants`] for all items.
    Constant(u32),
    /// One string for all items, at this offset of [`Layout::texts`].
    Text(u32),
    /// One value for all items, computed at run time.
    Scalar(u32),
    /// An array that keeps its values between pipelines: a local, or the positions of the items.
    Variable(u32),
}

/// One value of any numeric dtype, aligned for it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct ConstantBytes(pub [u8; 16]);

/// The places that the pipelines of one program share.
#[derive(Debug, Default)]
pub struct Layout {
    pub places: Vec<Place>,
    pub constants: Vec<ConstantBytes>,
    /// Slots of string constants, one after the other.
    pub texts: Vec<u8>,
    pub registers: usize,
    /// Bytes of one element of a register.
    pub register_itemsize: usize,
    pub scalars: usize,
    pub variables: usize,
    /// Places of the kernel's locals.
    pub locals: Vec<PlaceId>,
    /// Places of the index symbols in use.
    pub indices: Vec<(IndexSymbol, PlaceId)>,
    /// Places of the results of reductions, by expression.
    pub reductions: Vec<Option<PlaceId>>,
    /// Places of the registers.
    pub register_places: Vec<PlaceId>,
}

/// Bytes of scratch registers that one block may take: what the first-level cache holds beside
/// the inputs and the output.
const REGISTER_BUDGET: usize = 16 * 1024;
/// Bytes of scratch registers above which even the smallest block shrinks: strings may be very wide.
const WIDE_REGISTER_BUDGET: usize = 1024 * 1024;
const MIN_BLOCK_ITEMS: usize = GRAIN;
const MAX_BLOCK_ITEMS: usize = 4096;

impl Layout {
    pub fn add(&mut self, place: Place) -> Result<PlaceId, OutOfMemory> {
        let id = PlaceId::try_from(self.places.len()).map_err(|_| OutOfMemory)?;
        self.places.try_push(place)?;
        Ok(id)
    }

    pub fn add_constant(&mut self, value: Scalar, dtype: Dtype) -> Result<PlaceId, OutOfMemory> {
        self.constants.try_push(ConstantBytes(value.to_bytes(dtype)))?;
        self.add(Place::Constant(self.constants.len() as u32 - 1))
    }

    /// A string constant, given its slot.
    pub fn add_text(&mut self, slot: &[u8]) -> Result<PlaceId, OutOfMemory> {
        let offset = u32::try_from(self.texts.len()).map_err(|_| OutOfMemory)?;
        self.texts.try_extend(slot)?;
        self.add(Place::Text(offset))
    }

    /// A new register for elements of `itemsize` bytes.
    pub fn add_register(&mut self, itemsize: usize) -> Result<PlaceId, OutOfMemory> {
        self.widen(itemsize);
        self.registers += 1;
        let place = self.add(Place::Register(self.registers as u32 - 1))?;
        self.register_places.try_push(place)?;
        Ok(place)
    }

    pub fn add_scalar(&mut self) -> Result<PlaceId, OutOfMemory> {
        self.scalars += 1;
        self.add(Place::Scalar(self.scalars as u32 - 1))
    }

    pub fn add_variable(&mut self) -> Result<PlaceId, OutOfMemory> {
        self.variables += 1;
        self.add(Place::Variable(self.variables as u32 - 1))
    }

    /// Whether a place holds one value for all items.
    pub fn is_single(&self, place: PlaceId) -> bool {
        matches!(self.places[place as usize], Place::Constant(_) | Place::Scalar(_))
    }

    /// The place of an index symbol, if the program uses it.
    pub fn index(&self, symbol: IndexSymbol) -> Option<PlaceId> {
        self.indices.iter().find(|(known, _)| *known == symbol).map(|(_, place)| *place)
    }

    /// A new place for the result of a reduction.
    pub fn add_reduction(&mut self, expr: ExprId) -> Result<PlaceId, OutOfMemory> {
        let place = self.add_scalar()?;
        let known = self.reductions.len();
        if known <= expr.index() {
            self.reductions.try_reserve(expr.index() + 1 - known)?;
            self.reductions.resize(expr.index() + 1, None);
        }
        self.reductions[expr.index()] = Some(place);
        Ok(place)
    }

    /// The place of a reduction's result, if the reduction is planned.
    pub fn reduction(&self, expr: ExprId) -> Option<PlaceId> {
        self.reductions.get(expr.index()).copied().flatten()
    }

    /// Makes registers wide enough for elements of `itemsize` bytes.
    pub fn widen(&mut self, itemsize: usize) {
        self.register_itemsize = self.register_itemsize.max(itemsize);
    }

    /// Items per block with which all registers stay in the first-level cache, a multiple of
    /// [`GRAIN`]; no limit without registers.
    pub fn block_items(&self) -> usize {
        match self.registers.saturating_mul(self.register_itemsize) {
            0 => usize::MAX,
            bytes => {
                let items = (REGISTER_BUDGET / bytes).clamp(MIN_BLOCK_ITEMS, MAX_BLOCK_ITEMS) / GRAIN * GRAIN;
                items.min((WIDE_REGISTER_BUDGET / bytes).max(1))
            }
        }
    }
}
