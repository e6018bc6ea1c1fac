//! Kernels with statements: control flow over packed lanes.
//!
//! A *lane* is an item that takes part in the code at hand. `build` plans each region of the flattened
//! code as a pipeline and finds out which arrays each loop touches; `machine` runs the nodes over the lanes
//! of one tile of items, which `state` holds. A loop works on lanes of its own: those that entered it, packed
//! side by side. Lanes that leave are marked, and when enough have left, the rest is packed again, so that a
//! long loop costs what its remaining lanes cost.
//!
//! A kernel that reduces or prints is divided by `parts` where it does so; `by_part` runs one part after
//! the other, each tile by tile.

mod build;
mod by_part;
mod choice;
#[cfg(any(bare_wasm, test))]
mod decimal;
mod lanes;
mod loops;
mod machine;
mod masks;
mod parts;
mod pool;
mod print;
mod printer;
mod state;

use super::layout::{Layout, PlaceId};
use super::reduction::Stage;
use super::{Outcome, Pipeline};
use crate::back::settings::Settings;
use crate::ir::{IndexSymbol, Print, SourcePlace, Type};
use crate::kernel::Kernel as VectorKernel;

pub(super) use build::outcome;
pub use printer::Printer;
pub use state::{Arrays, Workspace};

use parts::Part;

/// A program for a kernel with statements. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Structured {
    inputs: Vec<Type>,
    output: Type,
    layout: Layout,
    /// All statements, in order.
    parts: Vec<Part>,
    /// Arrays of the stored locals, which start as zero.
    locals: Vec<LaneArray>,
    /// Index symbols that differ from item to item, and those that do not.
    positions: Vec<(IndexSymbol, PlaceId)>,
    extents: Vec<(IndexSymbol, PlaceId)>,
    /// Spreads one value of the output's dtype; strings are never single values.
    spread: Option<VectorKernel>,
    /// Bytes of one element of the widest array that lanes are kept in.
    lane_itemsize: usize,
    /// Items that are run together.
    tile_items: usize,
    pub(super) outcome: Outcome,
    /// Whether lanes that have left must keep their values: reductions see them, and `print` speaks once
    /// for all.
    keeps_values: bool,
    /// Items up to which all run together; without a limit where they must.
    undivided_items: usize,
    /// Whether functions of the host are called, which may take any time.
    calls_host: bool,
    settings: Settings,
    printer: Printer,
}

impl Structured {
    /// Bytes of one item of each input.
    pub fn input_sizes(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.inputs.iter().map(|ty| ty.itemsize)
    }

    /// Prints to `printer` from now on.
    pub fn print_to(&mut self, printer: Printer) {
        self.printer = printer;
    }

    /// Bytes of one item of the output.
    pub fn itemsize(&self) -> usize {
        self.output.itemsize
    }

    /// Sets how many items are run together, where not all must be.
    pub fn set_block_items(&mut self, items: usize) {
        self.tile_items = items;
        if self.undivided_items < usize::MAX {
            self.undivided_items = items;
        }
    }
}

/// Straight-line code that sets arrays of lanes and computes values.
#[derive(Debug)]
struct Region {
    /// What is reduced before the pipeline runs, in this order.
    stages: Vec<Stage>,
    pipeline: Pipeline,
    /// For each of the pipeline's first results, the array that takes it and its item size.
    stores: Vec<LaneArray>,
}

/// An array of lanes.
#[derive(Clone, Copy, Debug)]
struct LaneArray {
    place: PlaceId,
    itemsize: usize,
    /// Chooses between two arrays of a numeric dtype, item by item.
    select: Option<VectorKernel>,
}

impl LaneArray {
    /// `out[i] = values[0][i]` where the mask holds, else `values[1][i]`.
    ///
    /// # Safety
    /// The arrays hold `lanes` elements, the mask as many bytes; `out` is distinct from the others.
    unsafe fn merge(&self, out: *mut u8, mask: *const u8, values: [*const u8; 2], lanes: usize) {
        if let Some(select) = self.select {
            // SAFETY: as the caller promises.
            return unsafe { select(out, mask, values[0], values[1], lanes) };
        }
        // SAFETY: as the caller promises.
        unsafe { lanes::merge(out, mask, values, lanes, self.itemsize) };
    }
}

/// A planned statement.
#[derive(Debug)]
enum Node {
    Compute(Region),
    Return(Region),
    If(If),
    Loop(Loop),
    Break,
    Continue,
    Print(Region, Print, Vec<Type>),
}

/// A planned choice.
#[derive(Debug)]
struct If {
    branches: Vec<(Region, Vec<Node>)>,
    otherwise: Vec<Node>,
    /// Whether a branch may end the pass of the loop around it.
    continues: bool,
}

/// A planned loop.
#[derive(Debug)]
struct Loop {
    head: Head,
    body: Vec<Node>,
    /// Arrays that the loop reads but does not change.
    reads: Vec<LaneArray>,
    /// Arrays that the loop changes, with whether something outside the loop reads them.
    changes: Vec<(LaneArray, bool)>,
}

#[derive(Debug)]
enum Head {
    While {
        condition: Region,
        place: SourcePlace,
    },
    /// The pass counter, one value for all lanes or an array, and the region of its bounds.
    For {
        variable: PlaceId,
        bounds: Region,
    },
}
