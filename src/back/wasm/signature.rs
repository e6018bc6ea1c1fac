//! Whether a function pointer that the host gave has the type with which the library calls it: a call
//! with another type traps, and a program cannot go on after a trap.
//!
//! A pointer is an index of the function table. Where WebAssembly has garbage collection, a side module
//! asks `ref.test`; else a helper tries to bind the function to an import of the type.

#![cfg_attr(not(feature = "dlopen"), allow(dead_code, reason = "only side modules test types"))]

use wasm_encoder::{BlockType, EntityType, HeapType, ValType};

use super::body::Body;
use super::module::{EXPORT, Linking, MEMORY, Signature, TABLE, Writer};
use crate::ir::UserFunction;
use crate::memory::OutOfMemory;

/// Name of the import that a helper binds to the function in question.
pub const QUESTIONED: &str = "me_jit_questioned";

/// The type of a C function that the library calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// `double f(double, …)`, or `double f(void *, double, …)` for a closure.
    User { arity: u8, is_closure: bool },
    /// The helper that instantiates modules.
    Instantiate,
    /// The helper that frees them.
    Free,
    /// A task of the thread pool.
    Task,
}

/// The most parameters: a context and the arguments.
const MOST_PARAMETERS: usize = 1 + UserFunction::MAX_ARITY;
/// Types of [`Callee`].
const CALLEES: usize = 2 * MOST_PARAMETERS + 3;

const I32: ValType = ValType::I32;
const F64: ValType = ValType::F64;
/// A context and the most arguments.
const CLOSURE: [ValType; MOST_PARAMETERS] = [I32, F64, F64, F64, F64, F64, F64, F64];
/// Parameters and result of the exported function, as of a kernel.
const EXPORTED: Signature<'_> = Signature { parameters: &[I32; 3], results: &[I32] };

impl Callee {
    pub fn of(function: &UserFunction) -> Callee {
        Callee::User { arity: function.arity(), is_closure: function.is_closure() }
    }

    fn all() -> [Callee; CALLEES] {
        std::array::from_fn(|index| match index {
            0 => Callee::Instantiate,
            1 => Callee::Free,
            2 => Callee::Task,
            _ => {
                let arity = ((index - 3) / 2) as u8;
                Callee::User { arity, is_closure: index % 2 == 0 }
            }
        })
    }

    /// The position among [`Callee::all`].
    pub fn index(self) -> u32 {
        match self {
            Callee::Instantiate => 0,
            Callee::Free => 1,
            Callee::Task => 2,
            Callee::User { arity, is_closure } => 3 + 2 * u32::from(arity) + u32::from(is_closure),
        }
    }

    fn signature(self) -> Signature<'static> {
        match self {
            Callee::Instantiate => EXPORTED,
            Callee::Free => Signature { parameters: &[I32], results: &[] },
            Callee::Task => Signature { parameters: &[I32; 6], results: &[] },
            Callee::User { arity, is_closure } => {
                let parameters = &CLOSURE[usize::from(!is_closure)..=usize::from(arity)];
                Signature { parameters, results: &[F64] }
            }
        }
    }
}

/// A module for helpers: it can be instantiated only if the import [`QUESTIONED`] has the type. Without
/// a type, every helper can.
pub fn trial(callee: Option<Callee>) -> Result<Vec<u8>, OutOfMemory> {
    let mut module = Writer::new(Linking::Helper)?;
    match callee {
        Some(callee) => {
            module.types(&[EXPORTED, callee.signature()])?;
            module.imports(&[MEMORY, (QUESTIONED, EntityType::Function(1))])?;
        }
        None => {
            module.types(&[EXPORTED])?;
            module.imports(&[MEMORY])?;
        }
    }
    module.functions(&[0])?;
    module.export(EXPORT, callee.is_some().into())?;
    let mut body = Body::default();
    body.code()?.i32_const(0).end();
    module.code(&[&body.finish()?])
}

/// A side module whose function tells whether an entry of the table, its first argument, has a type,
/// the second, by [`Callee::index`]. The third has no meaning.
pub fn tester() -> Result<Vec<u8>, OutOfMemory> {
    let mut module = Writer::new(Linking::SideModule)?;
    module.types(&Callee::all().map(Callee::signature))?;
    module.imports(&[TABLE])?;
    // Its type is that of the helper, the first of all.
    module.functions(&[0])?;
    module.export(EXPORT, 0)?;
    let (entry, wanted) = (0, 1);
    let mut body = Body::default();
    body.code()?
        .local_get(entry)
        .table_size(0)
        .i32_ge_u()
        .if_(BlockType::Empty)
        .i32_const(0)
        .return_()
        .end()
        .i32_const(0);
    for callee in Callee::all() {
        let index = callee.index();
        body.code()?
            .local_get(entry)
            .table_get(0)
            .ref_test_non_null(HeapType::Concrete(index))
            .local_get(wanted)
            .i32_const(index as i32)
            .i32_eq()
            .i32_and()
            .i32_or();
    }
    body.code()?.end();
    module.code(&[&body.finish()?])
}
