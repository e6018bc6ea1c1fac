//! Reductions over flat arrays: dtypes, values, rejected forms and what is written.

use crate::testkit::client::{AUTO, Grid, Variable, compile, compile_nd, compile_status, is_untouched};
use miniexpr::internals::dtype::{Complex, Dtype, Scalar};

const INF: f64 = f64::INFINITY;

/// An array of a dtype.
struct Array {
    name: &'static str,
    dtype: Dtype,
    bytes: Vec<u8>,
    items: usize,
}

fn array_of(name: &'static str, dtype: Dtype, values: &[Scalar]) -> Array {
    let bytes = values.iter().flat_map(|value| value.to_bytes(dtype)[..dtype.size()].to_vec()).collect();
    Array { name, dtype, bytes, items: values.len() }
}

fn array(name: &'static str, dtype: Dtype, values: &[f64]) -> Array {
    let values: Vec<Scalar> = values.iter().map(|value| Scalar::Float(*value)).collect();
    array_of(name, dtype, &values)
}

fn read(dtype: Dtype, item: &[u8]) -> Scalar {
    fn f32_at(item: &[u8], start: usize) -> f64 {
        f64::from(f32::from_le_bytes(item[start..start + 4].try_into().unwrap()))
    }
    fn f64_at(item: &[u8], start: usize) -> f64 {
        f64::from_le_bytes(item[start..start + 8].try_into().unwrap())
    }
    let mut wide = [0; 8];
    match dtype {
        Dtype::Bool => Scalar::Bool(item[0] != 0),
        Dtype::Float32 => Scalar::Float(f32_at(item, 0)),
        Dtype::Float64 => Scalar::Float(f64_at(item, 0)),
        Dtype::Complex64 => Scalar::Complex(Complex::new(f32_at(item, 0), f32_at(item, 4))),
        Dtype::Complex128 => Scalar::Complex(Complex::new(f64_at(item, 0), f64_at(item, 8))),
        _ => {
            wide[..item.len()].copy_from_slice(item);
            Scalar::Int(i64::from_le_bytes(wide).into()).cast(dtype)
        }
    }
}

/// Dtype and items of an expression; `None` for a buffer that is not written.
fn evaluate(text: &str, output: u32, arrays: &[Array]) -> (Dtype, Vec<Option<Scalar>>) {
    let variables: Vec<Variable> =
        arrays.iter().map(|array| Variable::new(array.name, array.dtype)).collect();
    let expression = compile(text, &variables, output).expect(text);
    let inputs: Vec<&[u8]> = arrays.iter().map(|array| array.bytes.as_slice()).collect();
    let items = arrays.first().map_or(4, |array| array.items);
    let dtype = Dtype::from_code(expression.dtype()).unwrap();
    assert_eq!(expression.itemsize(), dtype.size());
    // A reduction writes one item even where there are none to reduce.
    let out = expression.eval_room(&inputs, items, items.max(1)).expect(text);
    let item = |bytes: &[u8]| (!is_untouched(bytes)).then(|| read(dtype, bytes));
    (dtype, out.chunks(dtype.size()).map(item).collect())
}

/// The one item of a reduction; nothing else may be written.
fn reduced(text: &str, output: u32, arrays: &[Array]) -> (Dtype, Scalar) {
    let (dtype, items) = evaluate(text, output, arrays);
    assert!(items[1..].iter().all(Option::is_none), "{text} wrote more than one item");
    (dtype, items[0].expect("an item"))
}

fn numbers(text: &str, arrays: &[Array]) -> (Dtype, Vec<f64>) {
    let (dtype, items) = evaluate(text, AUTO, arrays);
    (dtype, items.into_iter().map(|item| item.expect(text).to_f64()).collect())
}

#[test]
fn arguments_are_evaluated_in_their_own_dtype() {
    let b = || array("b", Dtype::UInt8, &[200.0, 201.0, 202.0]);
    let y = || array("y", Dtype::Int32, &[1.0, 2.0, 3.0, 4.0]);
    let a = || array("a", Dtype::Int8, &[1.0, 2.0, 3.0]);
    let g = || array("g", Dtype::Int64, &[1.0, 2.0, 3.0]);
    let u = || array("u", Dtype::UInt64, &[1.0, 2.0, 3.0]);
    let check = |text: &str, arrays: &[Array], dtype, value| {
        assert_eq!(reduced(text, AUTO, arrays), (dtype, value), "{text}");
    };
    check("sum(b*b)", &[b()], Dtype::UInt64, Scalar::Int(373));
    check("sum(b+100)", &[b()], Dtype::UInt64, Scalar::Int(135));
    check("max(b+100)", &[b()], Dtype::UInt8, Scalar::Int(46));
    check("sum(-b)", &[b()], Dtype::UInt64, Scalar::Int(165));
    check("sum(y/2)", &[y()], Dtype::Int64, Scalar::Int(4));
    check("sum(y*0.5)", &[y()], Dtype::Float64, Scalar::Float(5.0));
    check("max(a+b)", &[a(), b()], Dtype::Int16, Scalar::Int(205));
    check("sum(g+u)", &[g(), u()], Dtype::Float64, Scalar::Float(12.0));
    let (dtype, Scalar::Float(value)) = reduced("sum(sin(y))", AUTO, &[y()]) else { panic!("a float") };
    assert!(dtype == Dtype::Float64 && (value - 1.13508592438552).abs() < 1e-13);
}

#[test]
fn results_convert_to_the_output_dtype() {
    let check = |text: &str, array: Array, output: Dtype, value| {
        assert_eq!(reduced(text, output.code(), &[array]), (output, value), "{text} to {output}");
    };
    check("sum(x)", array("x", Dtype::Int8, &[127.0, 127.0]), Dtype::Int8, Scalar::Int(-2));
    check("sum(x)", array("x", Dtype::UInt8, &[200.0, 100.0]), Dtype::UInt8, Scalar::Int(44));
    check("mean(x)", array("x", Dtype::Int32, &[1.0, 2.0]), Dtype::Int32, Scalar::Int(1));
    check("mean(x)", array("x", Dtype::Int32, &[-1.0, -2.0]), Dtype::Int32, Scalar::Int(-1));
    let counted = || array("x", Dtype::Int32, &[0.0, 1.0, 2.0, 0.0, 3.0, 0.0, 4.0, 5.0]);
    check("sum(x != 0)", counted(), Dtype::Int64, Scalar::Int(5));
    check("sum(x > 2)", counted(), Dtype::Float64, Scalar::Float(3.0));
    let complex = |values: &[(f64, f64)]| {
        let values: Vec<Scalar> =
            values.iter().map(|(re, im)| Scalar::Complex(Complex::new(*re, *im))).collect();
        array_of("x", Dtype::Complex64, &values)
    };
    check("sum(x)", complex(&[(1.0, 2.0), (2.0, -1.0)]), Dtype::Float32, Scalar::Float(3.0));
    check("sum(x)", complex(&[(1.0, 0.0), (-1.0, 0.0)]), Dtype::Bool, Scalar::Bool(false));
    check("sum(x)", complex(&[(1.0, 0.0), (-1.0, 1.0)]), Dtype::Bool, Scalar::Bool(true));
}

/// Result dtype of a reduction, `None` if it is refused.
fn natural_dtype(op: &str, argument: Dtype) -> Option<Dtype> {
    match op {
        "any" | "all" => Some(Dtype::Bool),
        "min" | "max" => (!argument.is_complex()).then_some(argument),
        "mean" => Some(if argument.is_complex() { Dtype::Complex128 } else { Dtype::Float64 }),
        _ if argument.is_unsigned() => Some(Dtype::UInt64),
        _ if argument.is_signed() || argument == Dtype::Bool => Some(Dtype::Int64),
        _ => Some(argument),
    }
}

const OPS: [&str; 7] = ["sum", "prod", "mean", "min", "max", "any", "all"];

#[test]
fn every_dtype_pair_writes_exactly_one_item() {
    let grid = Grid { shape: vec![3, 5], chunkshape: vec![2, 4], blockshape: vec![2, 3] };
    for op in OPS {
        for argument in Dtype::NUMERIC {
            let text = format!("{op}(x)");
            let natural = natural_dtype(op, argument);
            let array = || array("x", argument, &[1.0, 0.0, 3.0, 1.0, 2.0, 1.0]);
            let variables = [Variable::new("x", argument)];
            let Some(natural) = natural else {
                let failure = compile(&text, &variables, AUTO).err().expect("refused");
                assert_eq!(failure.status, compile_status::REDUCTION_INVALID);
                continue;
            };
            let (dtype, value) = reduced(&text, AUTO, &[array()]);
            assert_eq!(dtype, natural, "{op} of {argument}");
            for output in Dtype::NUMERIC {
                assert_eq!(reduced(&text, output.code(), &[array()]), (output, value.cast(output)));
                let blocked = compile_nd(&text, &variables, output.code(), &grid, 0).unwrap();
                for (nchunk, nblock) in [(0, 0), (0, 1), (1, 1)] {
                    let out = blocked.eval_nd(&[&array().bytes], 6, nchunk, nblock).unwrap();
                    assert!(is_untouched(&out[output.size()..]), "{op} of {argument} to {output}");
                    assert!(nblock == 1 || read(output, &out[..output.size()]) == value.cast(output));
                }
            }
        }
    }
}

#[test]
fn no_items_give_the_identity_converted() {
    let empty = |op: &str, argument, output: u32| {
        let (dtype, value) = reduced(&format!("{op}(x)"), output, &[array("x", argument, &[])]);
        assert_eq!(dtype, Dtype::from_code(output).or(natural_dtype(op, argument)).unwrap());
        value
    };
    assert_eq!(empty("sum", Dtype::Int32, AUTO), Scalar::Int(0));
    assert_eq!(empty("prod", Dtype::UInt32, AUTO), Scalar::Int(1));
    assert_eq!(empty("prod", Dtype::Complex64, AUTO), Scalar::Complex(Complex::new(1.0, 0.0)));
    assert_eq!(empty("min", Dtype::Int32, AUTO), Scalar::Int(i32::MAX.into()));
    assert_eq!(empty("max", Dtype::Float32, AUTO), Scalar::Float(-INF));
    assert_eq!(empty("min", Dtype::Bool, AUTO), Scalar::Bool(true));
    assert_eq!(empty("any", Dtype::Int32, AUTO), Scalar::Bool(false));
    assert_eq!(empty("all", Dtype::Float32, Dtype::Float32.code()), Scalar::Float(1.0));
    assert!(empty("mean", Dtype::Int32, AUTO).to_f64().is_nan());
}

#[test]
fn composites_write_nothing_without_items() {
    let x = || array("x", Dtype::Float64, &[]);
    assert_eq!(evaluate("sum(x) + 1", AUTO, &[x()]).1, [None]);
    assert_eq!(evaluate("x - mean(x)", AUTO, &[x()]).1, [None]);
}

#[test]
fn constants_count_for_every_item() {
    let of_constant = |text| reduced(text, AUTO, &[]);
    assert_eq!(of_constant("sum(1)"), (Dtype::Int64, Scalar::Int(4)));
    assert_eq!(of_constant("min(2)"), (Dtype::Int32, Scalar::Int(2)));
    assert_eq!(of_constant("sum(1.5)"), (Dtype::Float64, Scalar::Float(6.0)));
    assert_eq!(of_constant("prod(3)"), (Dtype::Int64, Scalar::Int(81)));
    assert_eq!(of_constant("any(0)"), (Dtype::Bool, Scalar::Bool(false)));
    assert_eq!(of_constant("all(7)"), (Dtype::Bool, Scalar::Bool(true)));
    let x = array("x", Dtype::Float64, &[1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers("sum(x) + sum(1)", &[x]).1, [14.0; 4]);
}

#[test]
fn reductions_broadcast_inside_larger_expressions() {
    let x = || array("x", Dtype::Float64, &[1.0, 2.0, 3.0, 4.0]);
    let y = || array("y", Dtype::Int32, &[1.0, 2.0, 3.0, 4.0]);
    let f = || array("f", Dtype::Float32, &[1.0, 2.0, 3.0, 4.0]);
    let check = |text: &str, arrays: &[Array], dtype, values: [f64; 4]| {
        assert_eq!(numbers(text, arrays), (dtype, values.to_vec()), "{text}");
    };
    check("x + sum(x)", &[x()], Dtype::Float64, [11.0, 12.0, 13.0, 14.0]);
    check("(x - mean(x)) / max(x)", &[x()], Dtype::Float64, [-0.375, -0.125, 0.125, 0.375]);
    check("y + sum(y)", &[y()], Dtype::Int64, [11.0, 12.0, 13.0, 14.0]);
    check("y - min(y)", &[y()], Dtype::Int32, [0.0, 1.0, 2.0, 3.0]);
    check("mean(y) + y", &[y()], Dtype::Float64, [3.5, 4.5, 5.5, 6.5]);
    check("sum(y) / 4", &[y()], Dtype::Int64, [2.0; 4]);
    check("sum(y) * 1.5", &[y()], Dtype::Float64, [15.0; 4]);
    check("f * max(f)", &[f()], Dtype::Float32, [4.0, 8.0, 12.0, 16.0]);
    check("f - mean(f)", &[f()], Dtype::Float64, [-1.5, -0.5, 0.5, 1.5]);
    check("where(x > 2, sum(x), 0)", &[x()], Dtype::Float64, [0.0, 0.0, 10.0, 10.0]);
    check("where(x > mean(x), x, mean(x))", &[x()], Dtype::Float64, [2.5, 2.5, 3.0, 4.0]);
    check("max(x) - min(x)", &[x()], Dtype::Float64, [3.0; 4]);
    check("mean(x*x) - mean(x)**2", &[x()], Dtype::Float64, [1.25; 4]);
    check("x > mean(x)", &[x()], Dtype::Bool, [0.0, 0.0, 1.0, 1.0]);
    check("sum(x) > 5", &[x()], Dtype::Bool, [1.0; 4]);
    check("any(x > 2) & all(x > 0)", &[x()], Dtype::Bool, [1.0; 4]);
    check("not any(x > 2)", &[x()], Dtype::Bool, [0.0; 4]);
    check("any(y == 3) | (y > 100)", &[y()], Dtype::Bool, [1.0; 4]);
    check("-sum(x)", &[x()], Dtype::Float64, [-10.0; 4]);
    check("sum(x) * x - x * sum(x)", &[x()], Dtype::Float64, [0.0; 4]);
    let both = [array("x", Dtype::Int32, &[1.0, 2.0, 3.0]), array("y", Dtype::Float64, &[4.5, 5.5, 6.5])];
    assert_eq!(numbers("x + sum(x+y+2.5) + 1.5", &both).1, [32.5, 33.5, 34.5]);
    assert_eq!(numbers("sum(x+y+2.5) + 0*x", &both).1, [30.0; 3]);
    assert_eq!(reduced("sum(x+y+2.5 > 3.5)", AUTO, &both), (Dtype::Int64, Scalar::Int(3)));
}

#[test]
fn the_argument_does_not_depend_on_its_surroundings() {
    let b = || array("b", Dtype::UInt8, &[200.0, 201.0, 202.0]);
    assert_eq!(numbers("sum(b*b) + 0", &[b()]).1, [373.0; 3]);
    assert_eq!(numbers("sum(b > 200) / 3.0", &[b()]).1, [2.0 / 3.0; 3]);
}

#[test]
fn predicates_are_counted() {
    let x = || array("x", Dtype::Float64, &[1.0, f64::NAN, 3.0]);
    let check = |text, value| assert_eq!(reduced(text, AUTO, &[x()]).1, value, "{text}");
    check("sum(x > 2)", Scalar::Int(1));
    check("sum(2 < x)", Scalar::Int(1));
    check("sum(x != x)", Scalar::Int(1));
    check("all(x == x)", Scalar::Bool(false));
    check("mean(x > 2)", Scalar::Float(1.0 / 3.0));
    check("sum((x > 0) & (x < 3))", Scalar::Int(1));
    check("sum(~(x > 2))", Scalar::Int(2));
    let mixed = [array("a", Dtype::Int8, &[-1.0, 2.0]), array("b", Dtype::UInt8, &[200.0, 1.0])];
    assert_eq!(reduced("sum(a < b)", AUTO, &mixed).1, Scalar::Int(1));
}

#[test]
fn meaningless_forms_are_refused() {
    let x = [Variable::new("x", Dtype::Float64)];
    let c = [Variable::new("c", Dtype::Complex128)];
    let status = |text: &str, variables: &[Variable]| {
        compile(text, variables, AUTO).err().map(|failure| failure.status)
    };
    for text in ["sum(sum(x))", "sum(x + sum(x))", "any(all(x))", "sum(x > mean(x))"] {
        assert_eq!(status(text, &x), Some(compile_status::REDUCTION_INVALID), "{text}");
    }
    for text in ["min(c)", "max(c)", "1 + min(c)"] {
        assert_eq!(status(text, &c), Some(compile_status::REDUCTION_INVALID), "{text}");
    }
    for text in ["sum(c > 1)", "sum(sin(c))"] {
        assert_eq!(status(text, &c), Some(compile_status::INVALID_ARG_TYPE), "{text}");
    }
    for text in ["sum()", "sum", "sum(x", "std(x)"] {
        assert_eq!(status(text, &x), Some(compile_status::PARSE), "{text}");
    }
}

#[test]
fn large_arrays_are_reduced_as_a_whole() {
    let items = 100_000;
    let values: Vec<f64> = (0..items).map(f64::from).collect();
    let x = || array("x", Dtype::Float64, &values);
    let total = f64::from(items) * f64::from(items - 1) / 2.0;
    assert_eq!(reduced("sum(x + 1)", AUTO, &[x()]).1, Scalar::Float(total + f64::from(items)));
    let mean = total / f64::from(items);
    let centered: Vec<f64> = values.iter().map(|value| value - mean).collect();
    assert_eq!(numbers("x - mean(x)", &[x()]).1, centered);
    assert_eq!(reduced("any(x * 2 == 60000)", AUTO, &[x()]).1, Scalar::Bool(true));
    assert_eq!(reduced("all(x + 1 > 0)", AUTO, &[x()]).1, Scalar::Bool(true));
    assert_eq!(reduced("max(x * x)", AUTO, &[x()]).1, Scalar::Float(99_999.0 * 99_999.0));
}
