//! Modules that tell function types apart.

use std::ptr;

use wasmi::{Engine, Func, Linker, Memory, MemoryType, Module, Store};
use wasmparser::{Validator, WasmFeatures};

use crate::back::wasm::signature::{Callee, tester, trial};
use crate::ir::UserFunction;

#[test]
fn a_trial_links_with_functions_of_the_type_only() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let functions = [
        (Callee::Task, Func::wrap(&mut store, |_: i32, _: i32, _: i32, _: i32, _: i32, _: i32| ())),
        (Callee::User { arity: 0, is_closure: false }, Func::wrap(&mut store, || 1f64)),
        (Callee::User { arity: 0, is_closure: true }, Func::wrap(&mut store, |_: i32| 1f64)),
        (Callee::User { arity: 1, is_closure: false }, Func::wrap(&mut store, |x: f64| x)),
        (Callee::User { arity: 2, is_closure: false }, Func::wrap(&mut store, |x: f64, _: f64| x)),
        (Callee::User { arity: 2, is_closure: true }, Func::wrap(&mut store, |_: i32, x: f64, _: f64| x)),
    ];
    for (callee, _) in functions {
        let module = Module::new(&engine, trial(Some(callee)).unwrap()).unwrap();
        for (other, function) in functions {
            let mut linker = Linker::new(&engine);
            linker.define("env", "memory", memory).unwrap();
            linker.define("env", "me_jit_questioned", function).unwrap();
            let is_linked = linker.instantiate_and_start(&mut store, &module).is_ok();
            assert_eq!(is_linked, callee == other, "{callee:?} {other:?}");
        }
    }
}

#[test]
fn a_trial_without_a_type_asks_for_the_memory_only() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define("env", "memory", memory).unwrap();
    let module = Module::new(&engine, trial(None).unwrap()).unwrap();
    linker.instantiate_and_start(&mut store, &module).unwrap();
}

#[test]
fn the_tester_is_a_valid_module_where_there_are_references_to_types() {
    let features = WasmFeatures::default() | WasmFeatures::GC;
    Validator::new_with_features(features).validate_all(&tester().unwrap()).unwrap();
}

#[test]
fn a_closure_has_a_context_before_its_arguments() {
    for is_closure in [true, false] {
        let context = is_closure.then_some(ptr::null_mut());
        // SAFETY: the function is never called.
        let function = unsafe { UserFunction::new(ptr::dangling(), context, 3, false) };
        assert_eq!(Callee::of(&function), Callee::User { arity: 3, is_closure });
    }
}
