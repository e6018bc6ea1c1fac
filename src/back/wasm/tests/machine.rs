//! Runs modules natively, in an interpreter of WebAssembly.

use wasmi::{
    Caller, Engine, Func, Linker, Memory, MemoryType, Module, Nullable, Ref, RefType, Store, Table,
    TableType, TypedFunc,
};

use super::text::check_text;
use crate::back::block::{self, Items};
use crate::back::budget::{NO_CAP, count};
use crate::back::call::{Run, Status, drive};
use crate::back::engine::Call as Evaluation;
use crate::back::settings::Settings;
use crate::back::wasm::{self, Linking, Needs, context};
use crate::dtype::Dtype;
use crate::front::testing::entries;
use crate::front::{self, CompileError, Lifting};
use crate::ir::Kernel;
use crate::kernel::level::Level;
use crate::kernel::{Accuracy, Kernel as VectorKernel};
use crate::mid::Positions;

/// An array of any dtype.
#[derive(Clone, Debug)]
pub struct Array {
    pub dtype: Dtype,
    pub bytes: Vec<u8>,
}

macro_rules! arrays {
    ($($type:ty => $dtype:ident)*) => {$(
        impl From<&[$type]> for Array {
            fn from(values: &[$type]) -> Array {
                let bytes = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
                Array { dtype: Dtype::$dtype, bytes }
            }
        }
    )*};
}

arrays!(i8 => Int8 i16 => Int16 i32 => Int32 i64 => Int64 u8 => UInt8 u16 => UInt16 u32 => UInt32
        u64 => UInt64 f32 => Float32 f64 => Float64);

impl From<&[bool]> for Array {
    fn from(values: &[bool]) -> Array {
        Array { dtype: Dtype::Bool, bytes: values.iter().map(|value| u8::from(*value)).collect() }
    }
}

/// Compiles a text over inputs of some names and dtypes.
pub fn kernel(text: &str, inputs: &[(&str, Dtype)], output: Option<Dtype>) -> Kernel {
    try_kernel(text, inputs, output).unwrap_or_else(|error| panic!("{text}: {}", error.message()))
}

/// The same; texts may be wrong.
pub fn try_kernel(
    text: &str,
    inputs: &[(&str, Dtype)],
    output: Option<Dtype>,
) -> Result<Kernel, CompileError> {
    let entries = entries(inputs);
    front::compile(
        text.as_bytes(),
        front::Language::of(text.as_bytes(), front::Dialect::Miniexpr),
        front::Dialect::Miniexpr,
        &entries,
        output,
        Lifting::IfPossible,
    )
}

/// What the interpreter gives for a kernel; `None` if it fails.
pub fn interpreted(kernel: &Kernel, inputs: &[Array], items: usize, at: &Positions<'_>) -> Option<Vec<u8>> {
    let engine = block::Interpreter::new(kernel, Level::Baseline).unwrap();
    let words: Vec<Vec<u64>> = inputs.iter().map(|input| aligned(&input.bytes)).collect();
    let pointers = pointers(inputs, &words);
    let mut output = vec![0u64; items.max(1)];
    let result = output.as_mut_ptr().cast();
    // SAFETY: the arrays hold as many items.
    unsafe { engine.run(&pointers, result, Items::First(items), at, Accuracy::Fast) }.ok()?;
    Some(bytes_of(&output, items * kernel.output.itemsize))
}

/// What the modules of a kernel give, which is the same for each linking; `None` if the function ends with
/// another status than done.
pub fn translated(kernel: &Kernel, inputs: &[Array], items: usize, at: &Positions<'_>) -> Option<Vec<u8>> {
    let [bound, loaded] = [Linking::Helper, Linking::SideModule].map(|linking| {
        run_module(&wasm::translate(kernel, Level::Baseline, linking).unwrap(), kernel, inputs, items, at)
    });
    assert_eq!(bound, loaded);
    loaded
}

fn run_module(
    module: &wasm::Module,
    kernel: &Kernel,
    inputs: &[Array],
    items: usize,
    at: &Positions<'_>,
) -> Option<Vec<u8>> {
    check_text(&module.bytes);
    let mut machine = Machine::new(&module.bytes, module.needs.calls.clone());
    let words: Vec<Vec<u64>> = inputs.iter().map(|input| aligned(&input.bytes)).collect();
    let pointers = pointers(inputs, &words);
    let mut output = vec![0u64; items.max(1)];
    let call = Evaluation {
        inputs: &pointers,
        output: output.as_mut_ptr().cast(),
        items,
        positions: at,
        accuracy: Accuracy::Fast,
        settings: Settings::default(),
    };
    let run = |Run { arrays, output, items, .. }: Run<'_, '_>| {
        Status::of(machine.call(&module.needs, arrays, output, items))
    };
    // SAFETY: the arrays hold as many items.
    let result = unsafe { drive(&module.needs.call, call, run) }.expect("aligned arrays");
    result.ok().map(|()| bytes_of(&output, items * kernel.output.itemsize))
}

/// The status of a kernel whose meter looks so many times before it ends the function, and not before so many passes of a
/// group, if there is a cap.
pub fn status_after(kernel: &Kernel, looks: u32, cap: Option<u64>, input: &[f64]) -> Option<Status> {
    let module = wasm::translate(kernel, Level::Baseline, Linking::Helper).unwrap();
    let mut machine = Machine::new(&module.bytes, module.needs.calls.clone());
    (machine.looks, machine.cap) = (looks, cap);
    let mut output = vec![0u64; input.len()];
    let inputs = [input.as_ptr().cast::<u8>()];
    Status::of(machine.call(&module.needs, &inputs, output.as_mut_ptr().cast(), input.len()))
}

/// The addresses of inputs whose bytes lie in `words`; NULL for those without a byte.
fn pointers(inputs: &[Array], words: &[Vec<u64>]) -> Vec<*const u8> {
    let address = |(input, words): (&Array, &Vec<u64>)| match input.bytes.is_empty() {
        true => std::ptr::null(),
        false => words.as_ptr().cast(),
    };
    inputs.iter().zip(words).map(address).collect()
}

fn aligned(bytes: &[u8]) -> Vec<u64> {
    let mut words = vec![0u64; bytes.len() / 8 + 1];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(8)) {
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        *word = u64::from_ne_bytes(padded);
    }
    words
}

fn bytes_of(words: &[u64], len: usize) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).take(len).collect()
}

type Call = (u32, u32, u32, u32, u32);

/// A module with a memory of its own.
struct Machine {
    store: Store<()>,
    memory: Memory,
    function: TypedFunc<(i32, i32, i32), i32>,
    /// Looks of the meter before the function is to end.
    looks: u32,
    /// The most passes of a group.
    cap: Option<u64>,
}

const PAGE: usize = 65536;
const LIMIT: u64 = 100_000;

impl Machine {
    fn new(bytes: &[u8], calls: Vec<[VectorKernel; 3]>) -> Machine {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).expect("the module is valid");
        let mut store = Store::new(&engine, ());
        let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
        let mut linker = Linker::new(&engine);
        linker.define("env", "memory", memory).unwrap();
        let null = Ref::null(RefType::Func);
        let table = Table::new(&mut store, TableType::new(RefType::Func, 1 + calls.len() as u32, None), null)
            .unwrap();
        for (index, kernels) in calls.iter().enumerate() {
            let kernel = kernels[0];
            let call = move |mut caller: Caller<'_, ()>, out, a, b, c, n| {
                run_call(kernel, memory.data_mut(&mut caller), (out, a, b, c, n));
            };
            let function = Func::wrap(&mut store, call);
            table.set(&mut store, 1 + index as u64, Nullable::from(function).into()).unwrap();
        }
        linker.define("env", "__indirect_function_table", table).unwrap();
        let strip = move |mut caller: Caller<'_, ()>, entry: u32, out, a, b, c, n| {
            let memory = memory.data_mut(&mut caller);
            let word = memory[entry as usize..entry as usize + 4].try_into().unwrap();
            run_call(calls[u32::from_le_bytes(word) as usize - 1][0], memory, (out, a, b, c, n));
        };
        linker.func_wrap("env", "me_jit_strip", strip).unwrap();
        let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
        let function = instance.get_typed_func(&store, "me_dsl_jit_kernel").unwrap();
        Machine { store, memory, function, looks: u32::MAX, cap: None }
    }

    /// Copies the arrays into the memory, runs the function, and copies the output back.
    fn call(&mut self, needs: &Needs, table: &[*const u8], output: *mut u8, items: usize) -> i32 {
        assert!(items > 0 && items.is_multiple_of(needs.call.group));
        let context_bytes = context::CALLS as usize + 4 * needs.calls.len();
        let table_bytes = 4 * (table.len() + 1);
        let mut next = 64;
        let mut place = |bytes: usize| {
            let at = next;
            next = (next + bytes).next_multiple_of(64);
            at
        };
        let (table_at, context_at) = (place(table_bytes), place(context_bytes));
        let scratch_at = place(needs.call.frame - context::size(needs.calls.len()));
        let sizes: Vec<usize> =
            needs.call.inputs.iter().copied().chain(needs.call.symbols.iter().map(|_| 8)).collect();
        let arrays_at: Vec<usize> = sizes.iter().map(|size| place(size * items)).collect();
        let output_at = place(needs.call.output * items);
        let pages = (next / PAGE + 1) as u64;
        let held = self.memory.size(&self.store);
        if held < pages {
            self.memory.grow(&mut self.store, pages - held).unwrap();
        }
        let data = self.memory.data_mut(&mut self.store);
        let mut word =
            |at: usize, value: usize| data[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
        for (index, at) in arrays_at.iter().enumerate() {
            word(table_at + 4 * index, *at);
        }
        word(table_at + 4 * arrays_at.len(), context_at);
        word(context_at + context::SCRATCH as usize, scratch_at);
        for index in 0..needs.calls.len() {
            word(context_at + context::CALLS as usize + 4 * index, 1 + index);
        }
        word(context_at + context::METER as usize, self.looks as usize);
        data[context_at..context_at + 8].copy_from_slice(&LIMIT.to_le_bytes());
        let quiet = if self.cap.is_some() { 1 << 40 } else { 0 };
        let fields = [
            (count::LEFT, quiet),
            (count::START, quiet),
            (count::AHEAD, 0),
            (count::CAP, self.cap.unwrap_or(NO_CAP)),
        ];
        for (offset, value) in fields {
            let at = context_at + (context::COUNT + offset) as usize;
            data[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        for ((at, size), from) in arrays_at.iter().zip(&sizes).zip(table).filter(|(_, from)| !from.is_null())
        {
            // SAFETY: the driver passes arrays of as many items.
            let from = unsafe { std::slice::from_raw_parts(*from, size * items) };
            data[*at..*at + size * items].copy_from_slice(from);
        }
        let arguments = (table_at as i32, output_at as i32, items as i32);
        let status = self.function.call(&mut self.store, arguments).expect("the function does not trap");
        let result = &self.memory.data(&self.store)[output_at..output_at + needs.call.output * items];
        // SAFETY: the driver passes an output of as many items.
        unsafe { output.copy_from_nonoverlapping(result.as_ptr(), result.len()) };
        status
    }
}

/// Runs a vector kernel on arrays of a memory.
fn run_call(kernel: VectorKernel, memory: &mut [u8], (out, a, b, c, n): Call) {
    let at = |address: u32| memory.as_ptr().wrapping_add(address as usize);
    let (a, b, c) = (at(a), at(b), at(c));
    let out = memory.as_mut_ptr().wrapping_add(out as usize);
    // SAFETY: the module passes arrays of `n` items that lie in its memory and do not overlap.
    unsafe { kernel(out, a, b, c, n as usize) };
}
