//! Calls of the library with everything that they need, repeated with ever more memory.

use std::ffi::{CString, c_int, c_void};
use std::ptr;
use std::thread;

use crate::failing_allocator::{Refusals, live_bytes, with_refusals};
use crate::testkit::client::{AUTO, Grid, Variable, compile_status, entries, eval_status};
use crate::testkit::values::{encode, numbers_per_item};
use miniexpr::Dtype;
use miniexpr::ffi::{self, me_eval_params, me_expr, me_variable};

/// More than one block of the interpreter, and one block of the grid.
const ITEMS: usize = 10_000;
/// Bytes of an item of the string columns.
const TEXT_BYTES: usize = 16;
/// No result has larger items.
const MOST_RESULT_BYTES: usize = 4 * TEXT_BYTES;
/// No scenario needs as many allocations.
const MOST_ALLOCATIONS: usize = 10_000;
/// A block inside the array, and one that sticks out.
const BLOCKS: [(i64, i64); 2] = [(0, 0), (1, 1)];
const JIT_OFF: c_int = 2;

/// A compile call and evaluations.
pub struct Scenario {
    text: CString,
    variables: Vec<Variable>,
    data: Vec<Vec<u8>>,
    output: u32,
    grid: Grid,
    blocks: &'static [(i64, i64)],
    jit_mode: c_int,
    repeats: usize,
}

// SAFETY: the pointers of the variables are NULL or addresses of functions.
unsafe impl Sync for Scenario {}

/// What the calls gave: the first code that is not 0, or the values.
type Outcome = Result<Vec<u8>, c_int>;

impl Scenario {
    /// `text` over one column of each of `dtypes`, named `a`, `b`, `c` …
    pub fn new(text: &str, dtypes: &[Dtype]) -> Scenario {
        let names = ('a'..='z').map(String::from);
        let variable = |(name, dtype): (String, &Dtype)| match dtype.is_string() {
            true => Variable::text(&name, *dtype, TEXT_BYTES),
            false => Variable::new(&name, *dtype),
        };
        Scenario {
            text: CString::new(text).expect("no NUL"),
            variables: names.zip(dtypes).map(variable).collect(),
            data: dtypes.iter().map(|dtype| ones(*dtype)).collect(),
            output: AUTO,
            grid: Grid {
                shape: vec![ITEMS as i64],
                chunkshape: vec![ITEMS as i32],
                blockshape: vec![ITEMS as i32],
            },
            blocks: &[],
            jit_mode: 0,
            repeats: 1,
        }
    }

    /// With this output dtype.
    pub fn into(self, dtype: Dtype) -> Scenario {
        Scenario { output: dtype.code(), ..self }
    }

    pub fn with_function(mut self, name: &str, address: *const c_void) -> Scenario {
        self.variables.push(Variable::function(name, Dtype::Float64.code(), 9, address));
        self
    }

    /// Evaluates blocks of an array with two axes too.
    pub fn in_blocks(self) -> Scenario {
        let grid = Grid { shape: vec![270, 170], chunkshape: vec![130, 160], blockshape: vec![100, 100] };
        Scenario { grid, blocks: &BLOCKS, ..self }
    }

    /// Without machine code.
    pub fn interpreted(self) -> Scenario {
        Scenario { jit_mode: JIT_OFF, ..self }
    }

    /// Evaluates `repeats` times.
    pub fn repeated(self, repeats: usize) -> Scenario {
        Scenario { repeats, ..self }
    }

    /// Refuses each allocation in turn, each time in a new thread with no scratch memory yet.
    pub fn refuse_each_allocation(&self, refusals: Refusals) {
        let attempt = |granted| {
            thread::scope(|scope| scope.spawn(|| self.run(granted, refusals)).join().expect("no panic"))
        };
        let (values, has_refused) = attempt(MOST_ALLOCATIONS);
        assert!(!has_refused && values.is_ok(), "{:?}: {:?}", self.text, values.err());
        for granted in 0..MOST_ALLOCATIONS {
            let before = live_bytes();
            let (outcome, has_refused) = attempt(granted);
            let is_expected = outcome == values || outcome == Err(eval_status::OOM);
            assert!(is_expected, "{:?}: {:?} at allocation {granted}", self.text, outcome.err());
            drop(outcome);
            assert_eq!(live_bytes(), before, "{:?} leaks at allocation {granted}", self.text);
            if !has_refused {
                return;
            }
        }
        panic!("{:?} never succeeds", self.text);
    }

    /// The outcome of all calls with a number of allocations granted, and whether any was refused.
    fn run(&self, granted: usize, refusals: Refusals) -> (Outcome, bool) {
        let mut calls = Calls::new(self);
        let (status, has_refused) = with_refusals(granted, refusals, || calls.make());
        let outcome = if status == 0 { Ok(calls.output) } else { Err(status) };
        (outcome, has_refused)
    }
}

/// The calls of a scenario, with all memory of their caller.
struct Calls<'a> {
    scenario: &'a Scenario,
    table: Vec<me_variable>,
    inputs: Vec<*const c_void>,
    output: Vec<u8>,
    offsets: Vec<i64>,
}

impl Calls<'_> {
    fn new(scenario: &Scenario) -> Calls<'_> {
        Calls {
            scenario,
            table: entries(&scenario.variables),
            inputs: scenario.data.iter().map(|column| column.as_ptr().cast()).collect(),
            output: vec![0; ITEMS * MOST_RESULT_BYTES],
            offsets: vec![0; ITEMS + 1],
        }
    }

    /// Compiles and evaluates; the first code that is not 0, which must be that of memory.
    fn make(&mut self) -> c_int {
        let Scenario { text, output, grid, jit_mode, .. } = self.scenario;
        let (mut expression, mut position) = (ptr::null_mut(), 0);
        // SAFETY: text, table and shapes outlive the call.
        let status = unsafe {
            ffi::me_compile_nd_jit(
                text.as_ptr(),
                self.table.as_ptr(),
                self.table.len() as c_int,
                *output,
                grid.shape.len() as c_int,
                grid.shape.as_ptr(),
                grid.chunkshape.as_ptr(),
                grid.blockshape.as_ptr(),
                *jit_mode,
                &mut position,
                &mut expression,
            )
        };
        if status != 0 {
            assert_eq!((status, position, expression), (compile_status::OOM, -1, ptr::null_mut()));
            return status;
        }
        let status = self.evaluate(expression);
        // SAFETY: the handle is valid, and not used again.
        unsafe { ffi::me_free(expression) };
        status
    }

    fn evaluate(&mut self, expression: *const me_expr) -> c_int {
        let params = me_eval_params { jit_mode: self.scenario.jit_mode as u32, ..Default::default() };
        let (inputs, count) = (self.inputs.as_ptr().cast_mut(), self.inputs.len() as c_int);
        let (target, items) = (self.output.as_mut_ptr().cast::<c_void>(), ITEMS as c_int);
        for _ in 0..self.scenario.repeats {
            // SAFETY: inputs and output have ITEMS items.
            let status = unsafe { ffi::me_eval(expression, inputs, count, target, items, &params) };
            if status != 0 {
                return status;
            }
        }
        for (chunk, block) in self.scenario.blocks {
            // SAFETY: as above.
            let status =
                unsafe { ffi::me_eval_nd(expression, inputs, count, target, items, *chunk, *block, &params) };
            if status != 0 {
                return status;
            }
        }
        self.pack(expression)
    }

    /// Packs strings; nothing for numbers.
    fn pack(&mut self, expression: *const me_expr) -> c_int {
        // SAFETY: the handle is valid; inputs, offsets and data have ITEMS items.
        unsafe {
            let capacity = ffi::me_varlen_data_bound(expression, ITEMS as c_int);
            if capacity == 0 {
                return 0;
            }
            let (inputs, count) = (self.inputs.as_ptr().cast_mut(), self.inputs.len() as c_int);
            let (offsets, data) = (self.offsets.as_mut_ptr(), self.output.as_mut_ptr().cast());
            let (items, mut used) = (ITEMS as c_int, 0);
            ffi::me_eval_varlen(
                expression,
                inputs,
                count,
                items,
                offsets,
                data,
                capacity,
                &mut used,
                ptr::null(),
            )
        }
    }
}

/// A column whose numbers, or code units, are all one.
fn ones(dtype: Dtype) -> Vec<u8> {
    let numbers = if dtype.is_string() { TEXT_BYTES / dtype.size() } else { numbers_per_item(dtype) };
    encode(dtype, &vec![1.0; ITEMS * numbers])
}
