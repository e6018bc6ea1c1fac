//! Kernels with more of something than there are registers, or than instructions reach.

use std::fmt::Write;

use super::statements::values;
use super::{bytes_of, compile, interpret, levels, native, run};
use crate::dtype::Dtype;

/// Runs a kernel of so many float64 inputs, with which names begin at `x0`.
fn agree(source: &str, inputs: usize) {
    let names: Vec<String> = (0..inputs).map(|index| format!("x{index}")).collect();
    let variables: Vec<(&str, Dtype)> = names.iter().map(|name| (name.as_str(), Dtype::Float64)).collect();
    let kernel = compile(source, &variables);
    for level in levels() {
        let code = native(&kernel, level);
        for n in [1, 70, 600] {
            let arrays: Vec<Vec<f64>> = (0..inputs).map(|index| values(n, 1.0 + index as f64)).collect();
            let arrays: Vec<&[u8]> = arrays.iter().map(|array| bytes_of(array)).collect();
            let got = run(&code, &arrays, 8, n).unwrap();
            assert_eq!(
                got,
                interpret(&kernel, level, &arrays, n).unwrap(),
                "{level:?}: {n} items of\n{source}"
            );
        }
    }
}

/// `part(0)`, `part(1)` and so on, joined.
fn joined(count: usize, separator: &str, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(separator)
}

fn parameters(count: usize) -> String {
    joined(count, ", ", |index| format!("x{index}"))
}

#[test]
fn more_inputs_than_address_registers() {
    let sum = joined(20, " * 0.5 + ", |index| format!("x{index}"));
    agree(&format!("def f({}):\n    return {sum}\n", parameters(20)), 20);
}

#[test]
fn more_nested_loops_than_registers_for_counters() {
    let mut source = String::from("def f(x0):\n    s = x0\n");
    for depth in 0..7 {
        writeln!(source, "{}for i{depth} in range({depth}, {}):", "    ".repeat(depth + 1), depth + 2)
            .unwrap();
    }
    let term = joined(7, " + ", |index| format!("i{index} * x0"));
    writeln!(source, "{}s = s + {term}", "    ".repeat(8)).unwrap();
    source.push_str("    return s\n");
    agree(&source, 1);
}

#[test]
fn more_live_values_than_vector_registers() {
    for count in [12, 60, 120] {
        let mut source = String::from("def f(x0, x1):\n");
        for index in 0..count {
            writeln!(source, "    a{index} = x0 * {index}.5 + x1").unwrap();
        }
        source.push_str("    for i in range(3):\n        if x0 > i:\n            break\n");
        for index in 0..count {
            writeln!(source, "        a{index} = a{index} + a{} * i", (index + 1) % count).unwrap();
        }
        writeln!(source, "    return {}", joined(count, " - ", |index| format!("a{index}"))).unwrap();
        agree(&source, 2);
    }
}

#[test]
fn more_calls_than_short_offsets_reach() {
    let sum = joined(60, " + ", |index| format!("exp(x0 * {index}.25 - 9) * sin(x1 + {index})"));
    agree(&format!("def f(x0, x1):\n    return {sum}\n"), 2);
}

#[test]
fn more_constants_than_registers() {
    let polynomial = joined(50, " * x0 + ", |index| format!("{index}.125"));
    agree(&format!("def f(x0):\n    return {polynomial}\n"), 1);
}

#[test]
fn long_loops_with_many_calls() {
    let mut source = String::from("def f(x0):\n    s = x0\n    for i in range(2):\n");
    for index in 0..1200 {
        writeln!(source, "        s = sin(s + {index}) * 3.0").unwrap();
    }
    source.push_str("        if s > 1.0:\n            break\n    return s\n");
    agree(&source, 1);
}

#[test]
fn calls_in_long_loops() {
    let mut source = String::from("def f(x0, x1):\n    s = x0\n    while s < 20.0:\n");
    for index in 0..30 {
        writeln!(source, "        s = s + abs(sin(s * {index}.5 + x1)) + int(s) % 7 + 2.0").unwrap();
        writeln!(source, "        if s > 1{index}.0:\n            break").unwrap();
    }
    source.push_str("    return s\n");
    agree(&source, 2);
}
