//! What the engines make of a kernel, as text for people. Nothing is run, and nothing is cached.

#[cfg(any(c_compiler, machine_code, test, wasm_modules))]
use super::engine::Refusal;
use crate::ir::Kernel;
use crate::memory::{OutOfMemory, try_format};

/// The vector program of the engine in memory.
#[cfg(machine_code)]
pub fn lanes(kernel: &Kernel) -> Result<String, OutOfMemory> {
    or_why_not(super::native::listing(kernel))
}

/// There is no engine in memory.
#[cfg(not(machine_code))]
pub fn lanes(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("machine code")
}

/// The text of the engine of the C compiler.
#[cfg(c_compiler)]
pub fn c(kernel: &Kernel) -> Result<String, OutOfMemory> {
    or_why_not(super::c::listing(kernel))
}

/// There is no engine of the C compiler.
#[cfg(not(c_compiler))]
pub fn c(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("C")
}

/// The module of the engine of WebAssembly, in the text format.
#[cfg(any(test, wasm_modules))]
pub fn wasm(kernel: &Kernel) -> Result<String, OutOfMemory> {
    use super::wasm::{Linking, Text, translate};
    use crate::kernel::level::Level;

    let module = translate(kernel, Level::current(), Linking::Helper);
    or_why_not(module.and_then(|module| Ok(try_format(format_args!("{}", Text(&module.bytes)))?)))
}

/// There is no engine of WebAssembly.
#[cfg(not(any(test, wasm_modules)))]
pub fn wasm(_kernel: &Kernel) -> Result<String, OutOfMemory> {
    absent("WebAssembly")
}

#[cfg_attr(all(machine_code, c_compiler, test), allow(dead_code, reason = "this build has all engines"))]
fn absent(what: &str) -> Result<String, OutOfMemory> {
    try_format(format_args!("; this build does not make {what}\n"))
}

/// A text, or a comment on why there is none.
#[cfg(any(c_compiler, machine_code, test, wasm_modules))]
fn or_why_not(text: Result<String, Refusal>) -> Result<String, OutOfMemory> {
    match text {
        Ok(text) => Ok(text),
        Err(Refusal::OutOfMemory) => Err(OutOfMemory),
        Err(Refusal::Unsupported(unsupported)) => try_format(format_args!("; not taken: {unsupported}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;

    #[test]
    fn engines_show_what_they_make() {
        let kernel = compile(
            "def f(x):\n    y = x\n    for i in range(9):\n        y = y + exp(y)\n    return y\n",
            &[("x", Dtype::Float64)],
        );
        assert!(wasm(&kernel).unwrap().starts_with("(module\n  (type (func "));
        #[cfg(c_compiler)]
        assert!(c(&kernel).unwrap().contains("int me_dsl_jit_kernel("));
        #[cfg(machine_code)]
        {
            let lanes = lanes(&kernel).unwrap();
            assert!(lanes.contains("L0:\n    MeterPass\n"), "{lanes}");
            assert!(lanes.contains(": float64 = Add v"), "{lanes}");
        }
    }

    #[test]
    fn refusals_are_comments() {
        let kernel = compile("sum(x)", &[("x", Dtype::Float64)]);
        assert!(wasm(&kernel).unwrap().starts_with("; not taken: "));
        #[cfg(machine_code)]
        assert!(lanes(&kernel).unwrap().starts_with("; not taken: "));
    }
}
