//! Runs the examples of README.md and docs/*.md.
//!
//! A fenced block marked `example` declares variables (`x: float64 = 1 2 3`), then states expressions
//! with their results (`x + 1 → float64 2 3 4`) or their errors (`x + → error -2`). A line that begins
//! with `def` or `#` starts a kernel; its result stands on a line of its own that begins with `→`. Blocks marked
//! `numpy` or `numexpr` are of that dialect, and state the messages of errors.

#[path = "../testkit/mod.rs"]
mod testkit;

use miniexpr::Dialect;
use miniexpr::ffi::DialectCode;
use miniexpr::internals::dtype::{Complex, Dtype, Scalar};
use testkit::client::{AUTO, Variable, compile, compile_with};
use testkit::equality::is_same_number;

struct Input {
    variable: Variable,
    bytes: Vec<u8>,
    items: usize,
}

/// Splits `float64` or `string5` into a dtype and the bytes of an element.
fn parse_dtype(name: &str) -> (Dtype, usize) {
    let text = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let width = || name[text.len()..].parse::<usize>().expect("a width");
    match text {
        "string" => (Dtype::String, 4 * width()),
        "bytes" => (Dtype::Bytes, width()),
        _ => {
            let dtype = Dtype::NUMERIC.into_iter().find(|dtype| dtype.name() == name);
            let dtype = dtype.unwrap_or_else(|| panic!("a dtype: {name}"));
            (dtype, dtype.size())
        }
    }
}

/// One element from its text: `true`, `-3`, `2.5`, `nan`, `1+2j`, `'text'`.
fn parse_value(text: &str, dtype: Dtype, itemsize: usize) -> Vec<u8> {
    if dtype.is_string() {
        let text = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).expect("a quoted text");
        let mut bytes: Vec<u8> = match dtype {
            Dtype::String => text.chars().flat_map(|c| u32::from(c).to_ne_bytes()).collect(),
            _ => text.as_bytes().to_vec(),
        };
        bytes.resize(itemsize, 0);
        return bytes;
    }
    let value = match (text, dtype) {
        ("true", _) => Scalar::Bool(true),
        ("false", _) => Scalar::Bool(false),
        (text, _) if text.ends_with('j') => {
            let split = text.rfind(['+', '-']).expect("a real and an imaginary part");
            let (re, im) = (&text[..split], &text[split..text.len() - 1]);
            Scalar::Complex(Complex::new(re.parse().expect("a number"), im.parse().expect("a number")))
        }
        (text, dtype) if dtype.is_integer() => Scalar::Int(text.parse().expect("an integer")),
        (text, _) => Scalar::Float(text.parse().unwrap_or_else(|_| panic!("a number: {text}"))),
    };
    value.to_bytes(dtype)[..itemsize].to_vec()
}

fn parse_input(name: &str, rest: &str) -> Input {
    let (dtype, values) = rest.split_once('=').expect("values");
    let (dtype, itemsize) = parse_dtype(dtype.trim());
    let variable = match dtype.is_string() {
        true => Variable::text(name, dtype, itemsize),
        false => Variable::new(name, dtype),
    };
    let items = values.split_whitespace().count();
    let bytes = values.split_whitespace().flat_map(|value| parse_value(value, dtype, itemsize)).collect();
    Input { variable, bytes, items }
}

/// Checks one expression or kernel against `dtype values…` or `error code`, or `error message`.
fn check(text: &str, expected: &str, inputs: &[Input], dialect: Dialect) -> Result<(), String> {
    let variables: Vec<Variable> = inputs.iter().map(|input| input.variable.clone()).collect();
    let compiled = match dialect {
        Dialect::NumPy => compile_with(text, &variables, AUTO, DialectCode::ME_DIALECT_NUMPY),
        Dialect::NumExpr => compile_with(text, &variables, AUTO, DialectCode::ME_DIALECT_NUMEXPR),
        _ => compile(text, &variables, AUTO),
    };
    let expression = match (compiled, expected.strip_prefix("error ")) {
        (Err(failure), Some(code)) if failure.status.to_string() == code.trim() => return Ok(()),
        (Err(failure), Some(message)) if failure.message.as_deref() == Some(message.trim()) => return Ok(()),
        (Err(failure), _) => return Err(format!("{failure:?}")),
        (Ok(_), Some(_)) => return Err("compiled".to_string()),
        (Ok(expression), None) => expression,
    };
    let mut words = expected.split_whitespace();
    let (dtype, itemsize) = parse_dtype(words.next().expect("a dtype"));
    let wanted: Vec<u8> = words.flat_map(|word| parse_value(word, dtype, itemsize)).collect();
    let is_kernel = text.contains('\n');
    let is_used = |input: &&Input| is_kernel || mentions(text, input.variable.name.to_str().expect("a name"));
    let blocks: Vec<&[u8]> = inputs.iter().filter(is_used).map(|input| &input.bytes[..]).collect();
    let items = inputs.first().map_or(wanted.len() / itemsize, |input| input.items);
    let got = expression.eval(&blocks, items).map_err(|code| format!("evaluation gave {code}"))?;
    let got_dtype = Dtype::from_code(expression.dtype()).expect("a dtype");
    if (got_dtype, expression.itemsize()) != (dtype, itemsize) {
        return Err(format!(
            "{got_dtype} of {} bytes instead of {dtype} of {itemsize}",
            expression.itemsize()
        ));
    }
    let agrees =
        if dtype.is_float() { close(&got, &wanted, itemsize) } else { got[..wanted.len()] == wanted[..] };
    if agrees { Ok(()) } else { Err(format!("{got:?} instead of {wanted:?}")) }
}

fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Floats as printed in a document: equal to six digits.
fn close(got: &[u8], wanted: &[u8], itemsize: usize) -> bool {
    let read = |bytes: &[u8]| match itemsize {
        4 => f64::from(f32::from_ne_bytes(bytes.try_into().expect("4 bytes"))),
        _ => f64::from_ne_bytes(bytes.try_into().expect("8 bytes")),
    };
    got.chunks(itemsize).zip(wanted.chunks(itemsize)).all(|(got, wanted)| {
        let (got, wanted) = (read(got), read(wanted));
        is_same_number(got, wanted) || (got - wanted).abs() <= 1e-6 * wanted.abs()
    })
}

/// Runs the examples of one block and returns how many there are.
fn run_block(block: &str, dialect: Dialect) -> Result<usize, String> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut kernel: Option<String> = None;
    let mut declaring = true;
    let mut count = 0;
    for line in block.lines() {
        if let Some(source) = &mut kernel {
            match line.strip_prefix('→') {
                None => *source += &format!("{line}\n"),
                Some(expected) => {
                    check(source, expected.trim(), &inputs, dialect)
                        .map_err(|why| format!("{source}{why}"))?;
                    count += 1;
                    declaring = false;
                    kernel = None;
                }
            }
        } else if line.starts_with("def ") || line.starts_with('#') {
            kernel = Some(format!("{line}\n"));
        } else if let Some((text, expected)) = line.split_once('→') {
            check(text.trim(), expected.trim(), &inputs, dialect).map_err(|why| format!("{line}: {why}"))?;
            count += 1;
            declaring = false;
        } else if let Some((name, rest)) = line.split_once(':') {
            if !declaring {
                inputs.clear();
                declaring = true;
            }
            inputs.push(parse_input(name.trim(), rest));
        } else if !line.trim().is_empty() {
            return Err(format!("neither a declaration nor an example: {line}"));
        }
    }
    if kernel.is_some() { Err("a kernel without a result".to_string()) } else { Ok(count) }
}

/// Runs the examples of a document and returns how many there are.
fn run_document(text: &str) -> Result<usize, String> {
    let run = |(fence, dialect): (&str, Dialect)| -> Result<usize, String> {
        let blocks = text.split(fence).skip(1);
        blocks.map(|block| run_block(block.split("```").next().expect("the end of a block"), dialect)).sum()
    };
    let fences = [
        ("```example\n", Dialect::Miniexpr),
        ("```numpy\n", Dialect::NumPy),
        ("```numexpr\n", Dialect::NumExpr),
    ];
    fences.into_iter().map(run).sum()
}

/// How many results a document states, whatever its blocks are called: lines inside any fences in which an arrow
/// stands before a dtype or `error`. Knows nothing of how examples are parsed.
fn stated_results(text: &str) -> usize {
    let is_result = |word: &str| {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        ["bool", "int", "uint", "float", "complex", "string", "bytes", "error"].contains(&name)
    };
    let is_stated = |line: &str| {
        line.split('→').skip(1).any(|rest| rest.split_whitespace().next().is_some_and(is_result))
    };
    let mut is_inside = false;
    let mut count = 0;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if is_inside && is_stated(line) {
            count += 1;
        }
    }
    count
}

/// The documents that explain the language by examples.
const DOCUMENTS_WITH_EXAMPLES: [&str; 9] = [
    "README.md",
    "docs/dtypes.md",
    "docs/functions-numpy.md",
    "docs/functions.md",
    "docs/kernels.md",
    "docs/language-miniexpr.md",
    "docs/language-numexpr.md",
    "docs/language.md",
    "docs/strings.md",
];

#[test]
fn examples_of_the_documents_hold() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut names = vec!["README.md".to_string()];
    let docs = std::fs::read_dir(format!("{root}/docs")).expect("the docs folder");
    names.extend(docs.map(|entry| format!("docs/{}", entry.expect("an entry").file_name().display())));
    let mut wrong = Vec::new();
    let mut with_examples = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".md")) {
        let text = std::fs::read_to_string(format!("{root}/{name}")).expect("a document");
        match run_document(&text) {
            Err(why) => wrong.push(format!("{name}: {why}")),
            Ok(run) if run != stated_results(&text) => {
                wrong.push(format!("{name}: {run} examples run, {} stated", stated_results(&text)));
            }
            Ok(0) => {}
            Ok(_) => with_examples.push(name.as_str()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for name in DOCUMENTS_WITH_EXAMPLES {
        assert!(with_examples.contains(&name), "{name} has no examples");
    }
}

#[test]
fn examples_that_the_parser_does_not_see_are_counted() {
    let document =
        |fence: &str| format!("{fence}\nx: int32 = 1 2\nx + 1 → int32 2 3\n\nx > 1 → bool false true\n```\n");
    assert_eq!((run_document(&document("```example")), stated_results(&document("```example"))), (Ok(2), 2));
    for fence in ["```Example", "``` example", "```example ", "```text"] {
        assert_eq!((run_document(&document(fence)), stated_results(&document(fence))), (Ok(0), 2), "{fence}");
    }
    assert!(run_document("```example\nx + 1 = int32 2 3\n```\n").is_err());
    assert!(run_document("```example\nx: int32 = 1\nx + 1 → int32 3\n```\n").is_err());
    assert_eq!(stated_results("x → int32 1\n```sh\necho → x\n```\n"), 0);
}

/// The paths that a document names: words of its code that contain a slash or end as files do, and its links.
fn named_paths(text: &str) -> Vec<&str> {
    let code = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_file =
        |word: &str| [".rs", ".md", ".txt", ".toml", ".js", ".h"].iter().any(|end| word.ends_with(end));
    let is_path = |word: &&str| word.contains('/') || is_file(word);
    code.filter(is_path).chain(links.filter(|link| !link.contains("://"))).collect()
}

#[test]
fn paths_that_the_guide_for_contributors_names_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("CONTRIBUTING.md")).expect("the guide");
    let paths = named_paths(&text);
    for part in ["src/operation/mod.rs", "src/dtype/mod.rs", "src/back/jit.rs", "src/front/program.rs"] {
        assert!(paths.contains(&part), "{part} is not named");
    }
    let missing: Vec<&str> = paths.into_iter().filter(|path| !root.join(path).exists()).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md names what does not exist: {missing:?}");
}

#[test]
fn paths_are_distinguished_from_other_code() {
    let text = "`src/a.rs`, `cargo test --test x`, `A=1 scripts/x.sh all`, `Dtype::Bool`, `Cargo.toml`, [b](c.md), [d](https://e)";
    assert_eq!(named_paths(text), ["src/a.rs", "scripts/x.sh", "Cargo.toml", "c.md"]);
}
