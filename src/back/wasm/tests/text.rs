//! The text of modules, against another reader of their bytes.

use wasmparser::{Operator, Parser, Payload};

use super::machine::kernel;
use crate::back::wasm::{Linking, Text, translate};
use crate::dtype::Dtype;
use crate::kernel::level::Level;

/// Checks that the text of a module has its instructions with their operands.
pub fn check_text(module: &[u8]) {
    let text = Text(module).to_string();
    let mut lines = text.lines().filter(|line| line.starts_with("    ") && !line.contains("(local"));
    for payload in Parser::new(0).parse_all(module) {
        let Ok(Payload::CodeSectionEntry(body)) = payload else { continue };
        let operators: Vec<Operator<'_>> =
            body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
        // The last one ends the function.
        for operator in &operators[..operators.len() - 1] {
            let line = lines.next().unwrap_or_else(|| panic!("no line for {operator:?}: {text}")).trim();
            let (name, operands) = line.split_once(' ').unwrap_or((line, ""));
            let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
            let debug = format!("{operator:?}");
            let (variant, fields) = debug.split_once(' ').unwrap_or((&debug, ""));
            assert_eq!(name, variant.to_ascii_lowercase(), "{text}");
            match operator {
                Operator::V128Const { value } => {
                    let words: Vec<String> = value.bytes().chunks(4).map(hexadecimal).collect();
                    assert_eq!(operands, format!("i32x4 {}", words.join(" ")));
                }
                Operator::CallIndirect { type_index, .. } => {
                    assert_eq!(operands, format!("(type {type_index})"));
                }
                // No kernel has blocks with a result.
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                    assert_eq!(operands, "", "{debug}");
                }
                _ => {
                    let fields = fields.split_once("max_align").map_or(fields.to_owned(), |(align, rest)| {
                        // As the text has them: the offset, the bytes of the alignment, the lane.
                        let (offset, lane) = rest.split_once("memory: 0").unwrap();
                        let offset = offset.split_once("offset").unwrap().1;
                        assert!(align.ends_with("align: 0, "), "{debug}");
                        format!("{offset} 1 {lane}")
                    });
                    assert_eq!(numbers(operands), numbers(&fields), "{debug}: {line}");
                }
            }
        }
    }
    assert_eq!(lines.next(), None);
}

fn hexadecimal(word: &[u8]) -> String {
    format!("{:#x}", u32::from_le_bytes(word.try_into().unwrap()))
}

fn numbers(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '-').filter(|part| !part.is_empty()).collect()
}

#[test]
fn a_module_as_text() {
    let text = "def f(x):\n    y = x\n    for i in range(9):\n        y = y + exp(y)\n    return y\n";
    let kernel = kernel(text, &[("x", Dtype::Float64)], None);
    let module = translate(&kernel, Level::Baseline, Linking::Helper).unwrap();
    let text = Text(&module.bytes).to_string();
    let head = "(module\n  \
                (type (func (param i32 i32 i32) (result i32)))\n  \
                (type (func (param i32 i32 i32 i32 i32 i32)))\n  \
                (type (func (param i32 i32 i32 i32 i32)))\n  \
                (import \"env\" \"memory\" (memory 1))\n  \
                (import \"env\" \"me_jit_strip\" (func (type 1)))\n  \
                (export \"me_dsl_jit_kernel\" (func 1))\n  \
                (func (type 0)\n    \
                (local ";
    assert!(text.starts_with(head), "{text}");
    assert!(text.lines().any(|line| line.trim() == "call 0"), "{text}");
    assert!(text.ends_with("\n  )\n)\n"), "{text}");
}
