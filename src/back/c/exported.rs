//! The exported function: pointers out of the table of arrays, and the loops over items.
//!
//! The table holds the kernel's parameters, an empty slot for each index symbol, the context of a
//! block where there are index symbols, and the context of the call.

use super::generator::{Array, Generator, element_type};
use super::symbols::Symbol;
use crate::back::engine::Refusal;
use crate::dtype::Dtype;
use crate::ir::IndexSymbol;
use crate::mid::strips::Strips;

impl Generator<'_> {
    /// The exported function of a kernel that is computed item by item.
    pub(super) fn item_loops(&mut self) -> Result<(), Refusal> {
        self.open_exported()?;
        if self.symbols.is_empty() {
            self.open_loop("__me_idx", "__me_nitems")?;
            self.item("__me_idx")?;
            self.close()?;
            return self.close_exported();
        }
        self.line(format_args!("if (!__me_in___me_nd_ctx) {{"))?;
        self.indent += 1;
        self.open_loop("__me_idx", "__me_nitems")?;
        for index in 0..self.symbols.len() {
            let (name, value) = match self.symbols[index] {
                symbol @ (IndexSymbol::Coordinate(0) | IndexSymbol::Flat) => (Symbol(symbol), "__me_idx"),
                symbol @ IndexSymbol::Extent(0) => (Symbol(symbol), "__me_nitems"),
                symbol @ IndexSymbol::Coordinate(_) => (Symbol(symbol), "0"),
                symbol @ (IndexSymbol::Extent(_) | IndexSymbol::Ndim) => (Symbol(symbol), "1"),
            };
            self.line(format_args!("int64_t {name} = (int64_t){value};"))?;
        }
        self.item("__me_idx")?;
        self.close()?;
        self.return_done()?;
        self.close()?;
        self.open_strips()?;
        self.open_loop("__me_k", "__me_count")?;
        for index in 0..self.symbols.len() {
            let symbol = self.symbols[index];
            if !symbol.is_uniform() {
                let name = Symbol(symbol);
                self.line(format_args!("int64_t {name} = __me{name}_rt[__me_k];"))?;
            }
        }
        self.item("__me_start + __me_k")?;
        self.close()?;
        self.close()?;
        self.close_exported()
    }

    /// The exported function of a kernel that is computed strip by strip.
    pub(super) fn strip_loop(&mut self, strips: &Strips) -> Result<(), Refusal> {
        self.open_exported()?;
        if strips.buffers() == 0 && self.symbols.is_empty() {
            self.strip_call("0", "__me_nitems")?;
            return self.close_exported();
        }
        self.open_strips()?;
        self.strip_call("__me_start", "__me_count")?;
        self.close()?;
        self.close_exported()
    }

    fn strip_call(&mut self, start: &str, count: &str) -> Result<(), Refusal> {
        self.text.add(format_args!("{:1$}__me_strip(__me_context", "", 4 * self.indent))?;
        for param in &self.kernel.params {
            self.text.add(format_args!(", {} + {start}", Array(&param.name)))?;
        }
        for symbol in &self.symbols {
            let name = Symbol(*symbol);
            match symbol.is_uniform() {
                true => self.text.add(format_args!(", {name}"))?,
                false => self.text.add(format_args!(", __me{name}_rt"))?,
            }
        }
        Ok(self.text.add(format_args!(", __me_outp + {start}, {count});\n"))?)
    }

    fn open_exported(&mut self) -> Result<(), Refusal> {
        self.text.add(format_args!(
            "int me_dsl_jit_kernel(const void **__me_inputs, void *__me_output, int64_t __me_nitems) {{\n"
        ))?;
        self.line(format_args!("if (!__me_output || !__me_inputs || __me_nitems < 0) return -1;"))?;
        let kernel = self.kernel;
        for (index, param) in kernel.params.iter().enumerate() {
            let (name, ty) = (Array(&param.name), element_type(param.ty.dtype)?);
            self.line(format_args!("const {ty} *{name} = (const {ty} *)__me_inputs[{index}];"))?;
        }
        let mut slot = kernel.params.len() + self.symbols.len();
        if !self.symbols.is_empty() {
            self.line(format_args!(
                "const int64_t *__me_in___me_nd_ctx = (const int64_t *)__me_inputs[{slot}];"
            ))?;
            slot += 1;
        }
        self.line(format_args!(
            "const struct me_context *__me_context = (const struct me_context *)__me_inputs[{slot}];"
        ))?;
        let output = self.output_type()?;
        self.line(format_args!("{output} *__me_outp = ({output} *)__me_output;"))?;
        if self.can_fail() {
            self.line(format_args!("struct me_count *const __me_passes = __me_context->count;"))?;
            self.line(format_args!("const bool __me_is_capped = __me_passes->cap != (uint64_t)-1;"))?;
            // A register has it while the loops run.
            self.line(format_args!("int64_t __me_passes_left = __me_passes->left;"))?;
        }
        Ok(())
    }

    fn close_exported(&mut self) -> Result<(), Refusal> {
        self.return_done()?;
        Ok(self.text.add(format_args!("}}\n"))?)
    }

    fn return_done(&mut self) -> Result<(), Refusal> {
        if self.can_fail() {
            self.line(format_args!("__me_passes->left = __me_passes_left;"))?;
        }
        self.line(format_args!("return 0;"))
    }

    /// Opens the loop over strips and fills the arrays of the index symbols.
    fn open_strips(&mut self) -> Result<(), Refusal> {
        for index in 0..self.symbols.len() {
            let symbol = self.symbols[index];
            let name = Symbol(symbol);
            match symbol {
                IndexSymbol::Extent(d) => self.line(format_args!(
                    "const int64_t {name} = me_extent(__me_in___me_nd_ctx, __me_nitems, {d});"
                ))?,
                IndexSymbol::Ndim => self.line(format_args!(
                    "const int64_t {name} = __me_in___me_nd_ctx ? __me_in___me_nd_ctx[0] : 1;"
                ))?,
                _ => self.line(format_args!("int64_t __me{name}_rt[ME_STRIP];"))?,
            }
        }
        self.line(format_args!(
            "for (int64_t __me_start = 0; __me_start < __me_nitems; __me_start += ME_STRIP) {{"
        ))?;
        self.indent += 1;
        self.line(format_args!("const int64_t __me_left = __me_nitems - __me_start;"))?;
        self.line(format_args!("const int64_t __me_count = __me_left < ME_STRIP ? __me_left : ME_STRIP;"))?;
        for index in 0..self.symbols.len() {
            let symbol = self.symbols[index];
            let name = Symbol(symbol);
            match symbol {
                IndexSymbol::Coordinate(d) => self.line(format_args!(
                    "me_coordinates(__me_in___me_nd_ctx, {d}, __me_start, __me_count, __me{name}_rt);"
                ))?,
                IndexSymbol::Flat => self.line(format_args!(
                    "me_flat_indices(__me_in___me_nd_ctx, __me_start, __me_count, __me{name}_rt);"
                ))?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Computes one item.
    fn item(&mut self, index: &str) -> Result<(), Refusal> {
        let can_fail = self.can_fail();
        let output = self.output_type()?;
        let indent = 4 * self.indent;
        if can_fail {
            self.line(format_args!(
                "if (__me_is_capped) __me_passes_left = me_count_anew(__me_passes, __me_passes_left);"
            ))?;
            self.line(format_args!("{output} __me_result;"))?;
            self.text.add(format_args!(
                "{:indent$}const int __me_status = __me_item(__me_context, &__me_result, &__me_passes_left",
                ""
            ))?;
        } else {
            self.text.add(format_args!("{:indent$}__me_outp[{index}] = __me_item(__me_context", ""))?;
        }
        for param in &self.kernel.params {
            let test = if param.ty.dtype == Dtype::Bool { " != 0" } else { "" };
            self.text.add(format_args!(", {}[{index}]{test}", Array(&param.name)))?;
        }
        for symbol in &self.symbols {
            self.text.add(format_args!(", {}", Symbol(*symbol)))?;
        }
        self.text.add(format_args!(");\n"))?;
        if can_fail {
            self.line(format_args!("if (__me_status) return __me_status;"))?;
            self.line(format_args!("__me_outp[{index}] = __me_result;"))?;
        }
        Ok(())
    }
}
