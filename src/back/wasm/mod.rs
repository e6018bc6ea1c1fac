//! Kernels as WebAssembly.
//!
//! [`translate`] turns a typed kernel into a module of one function. It works in lanes: a *group* of
//! items is computed at once, one lane an item, in a few 128-bit vectors that the machine can work on
//! side by side. Where items part ways, masks say which lanes run, as in ispc (Pharr and Mark, 2012);
//! arithmetic runs on all lanes, since none of it traps. What has no vector instruction (the
//! transcendental functions, division of integers) is a call of the library's own vector kernel: for
//! straight-line code over a whole strip of items, inside loops and branches over a group.
//!
//! `lanes` says how values lie in vectors; `access` moves them between memory and vectors, `convert`
//! between dtypes; `arithmetic` has the operations that are instructions; `expression` computes, `control`
//! has the statements for a group. Where items part ways, `parting` chooses between groups, `single` items and lanes that
//! `refill`; `postpone` puts items off that few lanes call for. `phases` has straight-line code with calls; `code`, `body` and `module` write
//! the bytes, with `wasm-encoder`.
//!
//! `host` puts a module into the function table: by the `helpers` that a program registers, that come with a
//! main module (`embedded_glue`) or that a module without Emscripten imports (`imported_helpers`), or by the
//! `dynamic_linker` of Emscripten; `bridge` has what other modules may import, `signature` tells functions of
//! other types apart, `text` shows modules. `instances` has the kernels of a module with threads. `engine` builds and runs kernels.

mod access;
mod arithmetic;
mod body;
#[cfg(any(test, wasm_modules))]
mod bridge;
mod code;
mod control;
mod convert;
#[cfg(all(wasm_modules, feature = "dlopen"))]
mod dynamic_linker;
#[cfg(all(wasm_modules, feature = "embedded-glue"))]
mod embedded_glue;
#[cfg(wasm_modules)]
mod engine;
mod expression;
mod facts;
#[cfg(wasm_modules)]
pub mod helpers;
#[cfg(wasm_modules)]
mod host;
#[cfg(bare_wasm)]
mod imported_helpers;
#[cfg(threaded_wasm)]
mod instances;
mod lanes;
mod meter;
mod module;
mod parting;
mod phases;
mod postpone;
mod refill;
mod signature;
mod single;
#[cfg(test)]
mod tests;
#[cfg(any(test, wasm_modules))]
mod text;

use wasm_encoder::ValType;

use crate::back::call;
use crate::back::engine::Refusal;
use crate::back::lane::{Private, Scope};
use crate::dtype::Dtype;
use crate::ir::{IndexSymbol, Kernel};
use crate::kernel::Kernel as VectorKernel;
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::facts::symbol_array;
use crate::mid::flatten::{Node, flatten};

use access::Place;
use body::{Body, INPUTS, Register};
use code::at;
use facts::Facts;
use lanes::{Lanes, Shape};
use parting::Watch;
use postpone::Postponed;

#[cfg(wasm_modules)]
pub use engine::Modules;
#[cfg(wasm_modules)]
pub use host::has_declared_type;
#[cfg(threaded_wasm)]
pub use host::has_task_type;
pub use module::Linking;
#[cfg(any(test, wasm_modules))]
pub use text::Text;

/// Items of a strip: enough to make a call cheap, few enough for the first-level cache.
pub const STRIP_ITEMS: u32 = 256;

/// A translated kernel.
#[derive(Debug)]
pub struct Module {
    /// The binary module.
    pub bytes: Vec<u8>,
    /// What its function needs of whoever calls it.
    pub needs: Needs,
}

/// What the function of a module needs of whoever calls it.
#[derive(Debug)]
pub struct Needs {
    /// The frame has room for the context, and then for intermediate values.
    pub call: call::Needs,
    /// Vector kernels that it calls, one for each accuracy.
    pub calls: Vec<[VectorKernel; 3]>,
}

/// The context that follows the arrays in the table of inputs: where its words lie.
pub mod context {
    /// The cap on the passes of a `while`, 64 bits.
    pub const LIMIT: u32 = 0;
    /// The passes of loops, a [`Count`](crate::back::budget::Count).
    pub const COUNT: u32 = 8;
    /// The address of the memory for intermediate values.
    pub const SCRATCH: u32 = 40;
    /// What only [`refill`](super::meter::refill) knows.
    #[cfg_attr(wasm_modules, allow(dead_code, reason = "the engine names the field"))]
    pub const METER: u32 = 44;
    /// Whether the function is to end, 0 if not.
    pub const STOP: u32 = 48;
    /// The vector kernels, one word each.
    pub const CALLS: u32 = 52;

    /// Bytes of the context of a function that calls so many vector kernels, and of what follows it, up to an
    /// address at which every value may lie.
    pub fn size(calls: usize) -> usize {
        (CALLS as usize + calls * size_of::<usize>()).next_multiple_of(16)
    }
}

/// Translates a kernel, to call vector kernels of one SIMD level.
pub fn translate(kernel: &Kernel, level: Level, linking: Linking) -> Result<Module, Refusal> {
    let mut nodes = flatten(kernel)?;
    let mut facts = Facts::gather(kernel, &mut nodes)?;
    if let Some(counter) = refill::split(&facts, &nodes).and_then(|split| split.lane_counter(&facts)) {
        facts.vary_counter(counter, &nodes)?;
    }
    let private = Private::new(kernel.locals.len(), &nodes)?;
    let mut emitter = Emitter::new(kernel, level, facts, private)?;
    let most_items = match nodes.as_slice() {
        [Node::Return(region)] if emitter.facts.is_straight_with_calls(&nodes)? => {
            emitter.strips(region)?;
            Some(STRIP_ITEMS as usize)
        }
        nodes => {
            if parting::items_part(nodes) {
                emitter.groups_while_they_win(nodes)?;
            } else {
                emitter.groups(nodes)?;
            }
            None
        }
    };
    emitter.finish(most_items, linking)
}

/// What the translation knows while it writes the function.
struct Emitter<'a> {
    kernel: &'a Kernel,
    level: Level,
    facts: Facts,
    private: Private,
    shape: Shape,
    body: Body,
    /// Index of the first item of the group.
    item: Register,
    /// Addresses of the inputs that are used: the kernel's, the index symbols, the context.
    bases: Vec<Option<Register>>,
    /// The bits of vectors that do not change, and where they are.
    constants: Vec<(u128, Register)>,
    /// Inputs and index symbols of the current group.
    loaded: Vec<Option<Lanes>>,
    /// Variables of the kernel's locals.
    variables: Vec<Option<Lanes>>,
    /// Scalar counters of loops whose passes are the same for all items.
    counters: Vec<Option<Register>>,
    scopes: Vec<Scope<Lanes>>,
    /// Where nested `return`s leave their values.
    result: Option<Lanes>,
    calls: Vec<[VectorKernel; 3]>,
    scratch_bytes: u32,
    scratch: Option<Register>,
    limit: Option<Register>,
    /// Passes of a `while`, which the pass that begins is added to.
    capped: Option<Register>,
    /// Whether there are loops, whose passes are counted.
    counts_passes: bool,
    /// Counts the passes of loops, where it shall be known whether lanes wait.
    watch: Option<Watch>,
    /// Items that wait for others, where they may.
    postponed: Option<Postponed>,
    /// Where the results of a group go, if not to the caller.
    output: Option<Place>,
    /// Of the branches that are open, whether code jumps over them.
    skips: Vec<bool>,
}

impl<'a> Emitter<'a> {
    fn new(kernel: &'a Kernel, level: Level, facts: Facts, private: Private) -> Result<Emitter<'a>, Refusal> {
        let mut body = Body::default();
        let item = body.new_register(ValType::I32)?;
        let arrays = kernel.params.len() + facts.common.symbols.len();
        Ok(Emitter {
            kernel,
            level,
            shape: Shape::new(facts.is_wide, facts.calls_by_group),
            body,
            item,
            bases: Vec::try_filled(None, arrays + 1)?,
            constants: Vec::new(),
            loaded: Vec::try_filled(None, arrays)?,
            variables: Vec::try_filled(None, kernel.locals.len())?,
            counters: Vec::try_filled(None, kernel.locals.len())?,
            scopes: Vec::new(),
            result: None,
            calls: Vec::new(),
            scratch_bytes: 0,
            scratch: None,
            limit: None,
            capped: None,
            counts_passes: false,
            watch: None,
            postponed: None,
            output: None,
            skips: Vec::new(),
            private,
            facts,
        })
    }

    /// The address of an array of the table of inputs.
    fn base(&mut self, index: usize) -> Result<Register, OutOfMemory> {
        if let Some(base) = self.bases[index] {
            return Ok(base);
        }
        let base = self.body.new_register(ValType::I32)?;
        self.body.once()?.local_get(INPUTS).i32_load(at(index as u32 * 4)).local_set(base);
        self.bases[index] = Some(base);
        Ok(base)
    }

    /// The address of the context.
    fn context(&mut self) -> Result<Register, OutOfMemory> {
        self.base(self.bases.len() - 1)
    }

    /// The address of the memory for intermediate values.
    fn scratch(&mut self) -> Result<Register, OutOfMemory> {
        if let Some(scratch) = self.scratch {
            return Ok(scratch);
        }
        let context = self.context()?;
        let scratch = self.body.new_register(ValType::I32)?;
        self.body.once()?.local_get(context).i32_load(at(context::SCRATCH)).local_set(scratch);
        self.scratch = Some(scratch);
        Ok(scratch)
    }

    /// The position of a symbol among the arrays of the table of inputs.
    fn symbol_array(&self, symbol: IndexSymbol) -> usize {
        symbol_array(self.kernel, &self.facts.common.symbols, symbol)
    }

    /// The dtype of an array of the table of inputs.
    fn array_dtype(&self, index: usize) -> Dtype {
        self.kernel.params.get(index).map_or(Dtype::Int64, |param| param.ty.dtype)
    }

    fn finish(self, most_items: Option<usize>, linking: Linking) -> Result<Module, Refusal> {
        let mut inputs = Vec::new();
        for param in &self.kernel.params {
            inputs.try_push(param.ty.itemsize)?;
        }
        let quiet_runs = meter::quiet_runs(self.kernel, &self.calls);
        let bytes = module::assemble(&self.body.finish()?, !self.calls.is_empty(), linking)?;
        let group = self.shape.group() as usize;
        let call = call::Needs {
            inputs,
            output: self.kernel.output.itemsize,
            symbols: self.facts.common.symbols,
            // The context.
            slots: 1,
            group,
            most_items,
            frame: context::size(self.calls.len()) + self.scratch_bytes as usize,
            works_in_place: true,
            quiet_items: call::quiet_items(quiet_runs, group),
            quiet_passes: self.counts_passes.then_some(quiet_runs as i64),
        };
        Ok(Module { bytes, needs: Needs { call, calls: self.calls } })
    }
}
