//! The safe interface: what cannot be expressed needs no test, everything else is an error or a result.

use miniexpr::{
    Accuracy, ArrayMut, ArrayRef, Complex, Dialect, Dtype, ErrorKind, Expression, Function, Item, JitMode,
};

fn compile(text: &str, variables: &[(&str, Dtype)]) -> Expression {
    let builder = Expression::builder(text);
    let declared = variables.iter().fold(builder, |builder, (name, dtype)| builder.variable(name, *dtype));
    declared.compile().unwrap_or_else(|error| panic!("{error}"))
}

fn view<T: Item>(items: &[T]) -> ArrayRef<'_> {
    ArrayRef::from(items)
}

#[test]
fn expressions_go_to_other_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Expression>();
    is_shared::<ArrayRef>();
    is_shared::<ArrayMut>();

    let expression = compile("a + 1", &[("a", Dtype::Int32)]);
    std::thread::scope(|scope| {
        for first in 0..4 {
            let expression = &expression;
            scope.spawn(move || {
                assert_eq!(expression.evaluate_to_vec::<i32>(&[view(&[first])]).unwrap(), [first + 1]);
            });
        }
    });
}

#[test]
fn every_dtype_comes_and_goes() {
    fn same<T: Item + PartialEq + std::fmt::Debug>(items: &[T]) {
        let expression = compile("a", &[("a", T::DTYPE)]);
        assert_eq!(expression.dtype(), T::DTYPE);
        assert_eq!(expression.evaluate_to_vec::<T>(&[view(items)]).unwrap(), items);
    }
    same(&[true, false]);
    same(&[i8::MIN, 1]);
    same(&[i16::MIN, 1]);
    same(&[i32::MIN, 1]);
    same(&[i64::MIN, 1]);
    same(&[u8::MAX, 1]);
    same(&[u16::MAX, 1]);
    same(&[u32::MAX, 1]);
    same(&[u64::MAX, 1]);
    same(&[f32::MIN_POSITIVE, -0.5]);
    same(&[f64::MIN_POSITIVE, -0.5]);
    same(&[Complex::new(1f32, -2.0)]);
    same(&[Complex::new(1f64, -2.0)]);
}

#[test]
fn arrays_of_the_wrong_kind_are_refused_before_anything_is_written() {
    let expression = compile("a * b", &[("a", Dtype::Float64), ("b", Dtype::Float64)]);
    let (a, b) = ([1.0, 2.0], [3.0, 4.0]);
    let refused = |inputs: &[ArrayRef], output: &mut [f64]| {
        let error = expression.evaluate(inputs, &mut *output).unwrap_err();
        assert!(output.iter().all(|value| *value == -1.0), "{error}");
        (error.kind(), error.message().to_owned())
    };
    let cases: [(&[ArrayRef], usize, ErrorKind, &str); 6] = [
        (&[view(&a)], 2, ErrorKind::InputCount, "1 inputs for 2 variables"),
        (&[view(&a), view(&b), view(&b)], 2, ErrorKind::InputCount, "3 inputs for 2 variables"),
        (&[view(&a), view(&[3f32, 4.0])], 2, ErrorKind::WrongType, "'b' is float64, not float32"),
        (
            &[view(&a), view(&[1.0; 3])],
            2,
            ErrorKind::Shape,
            "'a' of shape (2,) and 'b' of shape (3,) cannot be broadcast together",
        ),
        (
            &[view(&a), view(&b)],
            1,
            ErrorKind::Shape,
            "the output has the shape (1,), but the result has (2,)",
        ),
        (
            &[view(&a), view(&b)],
            3,
            ErrorKind::Shape,
            "the output has the shape (3,), but the result has (2,)",
        ),
    ];
    for (inputs, room, kind, message) in cases {
        assert_eq!(refused(inputs, &mut vec![-1.0; room]), (kind, message.to_owned()));
    }
    let error = expression.evaluate(&[view(&a), view(&b)], &mut [0f32; 2]).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::WrongType, "the output is float64, not float32"));
}

#[test]
fn reductions_have_one_result() {
    let expression = compile("sum(a * a)", &[("a", Dtype::Float64)]);
    let mut total = [0.0];
    expression.evaluate(&[view(&[1.0, 2.0, 3.0])], &mut total).unwrap();
    assert_eq!(total, [14.0]);
    expression.evaluate(&[view::<f64>(&[])], &mut total).unwrap();
    assert_eq!(total, [0.0]);
    let error = expression.evaluate(&[view(&[1.0, 2.0])], &mut [0.0; 2]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);

    // A kernel whose value is a reduction writes it for each item.
    let kernel = compile("def f(a):\n    return a * 0 + max(a)\n", &[("a", Dtype::Float64)]);
    assert!(!kernel.is_scalar());
    assert_eq!(kernel.evaluate_to_vec::<f64>(&[view(&[1.0, 2.0])]).unwrap(), [2.0, 2.0]);
}

#[test]
fn empty_arrays_have_no_results() {
    let expression = compile("a + 1", &[("a", Dtype::Int8)]);
    assert_eq!(expression.evaluate_to_vec::<i8>(&[view::<i8>(&[])]).unwrap(), []);
    expression.evaluate(&[view::<i8>(&[])], &mut [0i8; 0]).unwrap();
}

#[test]
fn inputs_are_those_declared_and_unused_ones_are_not_read() {
    let expression = compile("c - a", &[("a", Dtype::Int64), ("b", Dtype::Float32), ("c", Dtype::Int64)]);
    let used: Vec<bool> = expression.variables().iter().map(|variable| variable.is_used()).collect();
    assert_eq!(used, [true, false, true]);
    let inputs = [view(&[1i64, 2]), view::<f32>(&[]), view(&[10i64, 20])];
    assert_eq!(expression.evaluate_to_vec::<i64>(&inputs).unwrap(), [9, 18]);
    // Its dtype is checked all the same.
    let inputs = [view(&[1i64, 2]), view::<f64>(&[]), view(&[10i64, 20])];
    assert_eq!(expression.evaluate_to_vec::<i64>(&inputs).unwrap_err().kind(), ErrorKind::WrongType);

    // So it is with kernels, for which unused variables are parameters, and with lifted expressions.
    let text = "def f(a, b):\n    return b\n";
    for mode in [JitMode::Default, JitMode::Off] {
        let kernel = Expression::builder(text)
            .variable("a", Dtype::Int64)
            .variable("b", Dtype::Int64)
            .jit(mode)
            .compile()
            .unwrap();
        assert_eq!(kernel.evaluate_to_vec::<i64>(&[view::<i64>(&[]), view(&[5i64, 6])]).unwrap(), [5, 6]);
    }
    let lifted = Expression::builder("b * 2")
        .variable("a", Dtype::Float64)
        .variable("b", Dtype::Float64)
        .jit(JitMode::On)
        .compile()
        .unwrap();
    assert_eq!(lifted.evaluate_to_vec::<f64>(&[view::<f64>(&[]), view(&[5.0])]).unwrap(), [10.0]);
}

#[test]
fn names_are_single_and_possible() {
    let refused = |names: &[&str]| {
        let builder = Expression::builder("a");
        let error =
            names.iter().fold(builder, |builder, name| builder.variable(name, Dtype::Int64)).compile();
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.message().to_string()
    };
    assert_eq!(refused(&["a", "b", "a"]), "there are two variables or functions named 'a'");
    for name in ["", "1a", "unit price", "a-b", "é", "and", "if"] {
        assert_eq!(refused(&["a", name]), format!("'{name}' is not a name that a text can use"));
    }
    let twice = Expression::builder("a").variable("a", Dtype::Int8).function(
        "a",
        Function::new({
            extern "C" fn one() -> f64 {
                1.0
            }
            one as extern "C" fn() -> f64
        }),
    );
    assert_eq!(twice.compile().unwrap_err().message(), "there are two variables or functions named 'a'");
}

#[test]
fn kernels_take_some_of_the_variables() {
    for dialect in [Dialect::NumPy, Dialect::Miniexpr] {
        let kernel = Expression::builder("def f(c, a):\n    return c - a\n")
            .variable("a", Dtype::Float64)
            .variable("b", Dtype::Int8)
            .variable("c", Dtype::Float64)
            .dialect(dialect)
            .compile()
            .unwrap();
        let used: Vec<bool> = kernel.variables().iter().map(|variable| variable.is_used()).collect();
        assert_eq!(used, [true, false, true]);
        let inputs = [view(&[1.0, 2.0]), view(&[9i8]), view(&[10.0, 20.0])];
        assert_eq!(kernel.evaluate_to_vec::<f64>(&inputs).unwrap(), [9.0, 18.0]);
        // A variable that is no parameter is no name of the kernel.
        let hidden = Expression::builder("def f(a):\n    return a + b\n")
            .variable("a", Dtype::Float64)
            .variable("b", Dtype::Float64)
            .dialect(dialect);
        assert!(hidden.compile().unwrap_err().message().contains("unknown name 'b'"));
        let missing = Expression::builder("def f(a, z):\n    return a\n").variable("a", Dtype::Float64);
        let error = missing.dialect(dialect).compile().unwrap_err();
        assert!(error.message().contains("parameter"), "{error}");
    }
}

#[test]
fn without_inputs_the_output_says_how_many_items_there_are() {
    let expression = Expression::builder("1 + 1").output(Dtype::Int64).compile().unwrap();
    let mut out = [0i64; 3];
    expression.evaluate(&[], &mut out).unwrap();
    assert_eq!(out, [2; 3]);
    let flat = Expression::builder("def f(a):\n    return _flat_idx\n").variable("a", Dtype::Int64);
    let flat = flat.output(Dtype::Int64).compile().unwrap();
    let mut out = [7i64; 4];
    flat.evaluate(&[view::<i64>(&[])], &mut out).unwrap();
    assert_eq!(out, [0, 1, 2, 3]);
}

#[test]
fn strings_go_in_and_out() {
    let expression = Expression::builder("s + s").string_variable("s", Dtype::Bytes, 2).compile().unwrap();
    let input = ArrayRef::strings(b"abc\0", Dtype::Bytes, 2).unwrap();
    let itemsize = expression.itemsize();
    let mut room = vec![b'?'; 2 * itemsize];
    let output = ArrayMut::strings(&mut room, Dtype::Bytes, itemsize).unwrap();
    expression.evaluate(&[input], output).unwrap();
    assert_eq!((itemsize, &room[..]), (4, &b"ababcc\0\0"[..]));

    let narrow = ArrayMut::strings(&mut room, Dtype::Bytes, 2).unwrap();
    let error = expression.evaluate(&[input], narrow).unwrap_err();
    assert_eq!(error.message(), "the output takes items of 4 bytes, not 2");
    assert_eq!(ArrayRef::strings(b"abc", Dtype::Bytes, 2).unwrap_err().kind(), ErrorKind::Shape);
    for (dtype, itemsize) in [(Dtype::Bytes, 0), (Dtype::String, 6), (Dtype::Int8, 1)] {
        assert_eq!(ArrayRef::strings(b"", dtype, itemsize).unwrap_err().kind(), ErrorKind::InvalidType);
        assert_eq!(ArrayMut::strings(&mut [], dtype, itemsize).unwrap_err().kind(), ErrorKind::InvalidType);
    }
    for builder in [
        Expression::builder("s").variable("s", Dtype::String),
        Expression::builder("s").string_variable("s", Dtype::String, 7),
        Expression::builder("f()")
            .function("f", Function::new(zero as extern "C" fn() -> f64).returns(Dtype::Bytes)),
    ] {
        assert_eq!(builder.compile().unwrap_err().kind(), ErrorKind::InvalidType);
    }
}

extern "C" fn zero() -> f64 {
    0.0
}

extern "C" fn weigh(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64) -> f64 {
    a + 2.0 * b + 3.0 * c + 4.0 * d + 5.0 * e + 6.0 * f + 7.0 * g
}

#[test]
fn functions_of_seven_numbers() {
    type Weigh = extern "C" fn(f64, f64, f64, f64, f64, f64, f64) -> f64;
    let expression = Expression::builder("w(x, 1, 1, 1, 1, 1, x)")
        .variable("x", Dtype::Float64)
        .function("w", Function::new(weigh as Weigh))
        .compile()
        .unwrap();
    assert_eq!(expression.evaluate_to_vec::<f64>(&[view(&[0.0, 1.0])]).unwrap(), [20.0, 28.0]);
}

#[test]
fn options_give_values_of_their_accuracy() {
    let expression = compile("tanh(a) + exp(a)", &[("a", Dtype::Float64)]);
    let a: Vec<f64> = (0..1000).map(|item| f64::from(item) * 0.01).collect();
    for accuracy in [Accuracy::Fast, Accuracy::Precise, Accuracy::Scalar] {
        let evaluation = expression.evaluation().accuracy(accuracy).jit(JitMode::Off);
        for (x, y) in a.iter().zip(evaluation.run_to_vec::<f64>(&[view(&a)]).unwrap()) {
            let exact = x.tanh() + x.exp();
            assert!(
                (y - exact).abs() <= 8.0 * f64::EPSILON * exact,
                "{accuracy:?}: {x} gives {y}, not {exact}"
            );
        }
    }
}

#[test]
fn errors_show_their_place() {
    let shown = |text: &str| {
        let builder = Expression::builder(text).variable("a", Dtype::Float64);
        builder.variable("z", Dtype::Complex128).compile().unwrap_err().to_string()
    };
    assert_eq!(shown("a + b"), "unknown name 'b'\n  | a + b\n  |     ^");
    let message = shown("def f(a, z):\n    b = a\n    return b + nothing\n");
    assert!(message.ends_with("\n  |     return b + nothing\n  |                ^^^^^^^"), "{message}");
    // An operation that its operands do not have.
    let message = shown("a + floor(z)");
    assert!(message.ends_with("\n  | a + floor(z)\n  |     ^^^^^^^^"), "{message}");
    let message = shown("1 + sum(a + floor(z))");
    assert!(message.ends_with("\n  | 1 + sum(a + floor(z))\n  |             ^^^^^^^^"), "{message}");
    let message = shown("a + (z + 1) % 2 + a");
    assert!(message.ends_with("\n  | a + (z + 1) % 2 + a\n  |     ^^^^^^^^^^^"), "{message}");
    // One that has no place in the text.
    let builder = Expression::builder("s").string_variable("s", Dtype::Bytes, 0);
    assert_eq!(builder.compile().unwrap_err().to_string(), "the itemsize of the string 's' is invalid");
}

#[test]
fn kernels_that_fail_say_so() {
    let text = "def f(a):\n    b = 0.0\n    for i in range(0, 5, int(a)):\n        b = b + 1\n    return b\n";
    let kernel = compile(text, &[("a", Dtype::Float64)]);
    assert_eq!(kernel.evaluate_to_vec::<f64>(&[view(&[1.0])]).unwrap(), [5.0]);
    assert_eq!(kernel.evaluate_to_vec::<f64>(&[view(&[0.0])]).unwrap_err().kind(), ErrorKind::Kernel);
}

#[test]
fn odd_texts_are_refused() {
    for text in ["", " ", "a\0", "\0", "é", "a.b", "'\u{1F600}", "((((", "def", "def f(:", "a = ", "\n"] {
        let error = Expression::builder(text).variable("a", Dtype::Float64).compile().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Syntax, "{text:?}: {error}");
    }
}

#[test]
fn expressions_print_as_their_text() {
    let expression = compile("a+ 1", &[("a", Dtype::Float64)]);
    assert_eq!(expression.to_string(), "a+ 1");
    let debug = format!("{expression:?}");
    assert!(debug.contains("\"a+ 1\"") && debug.contains("Float64"), "{debug}");
}

#[test]
fn bytes_are_arrays_of_any_dtype() {
    let double = compile("2 * a", &[("a", Dtype::Int32)]);
    // Off by one from every alignment, and from the last to the first.
    let mut file = vec![7u8];
    file.extend([1i32, -2, 300].map(i32::to_ne_bytes).concat());
    let column = ArrayRef::from_bytes(&file[1..], Dtype::Int32, 4, &[3]).unwrap();
    assert_eq!((column.dtype(), column.itemsize(), column.shape()), (Dtype::Int32, 4, &[3][..]));
    assert_eq!(double.evaluate_to_vec::<i32>(&[column]).unwrap(), [2, -4, 600]);
    let turned = ArrayRef::from_strided_bytes(&file, 9, Dtype::Int32, 4, &[3], &[-4]).unwrap();
    let mut room = [0u8; 25];
    let output = ArrayMut::from_strided_bytes(&mut room, 1, Dtype::Int32, 4, &[3], &[8]).unwrap();
    assert_eq!(output.shape(), [3]);
    double.evaluate(&[turned], output).unwrap();
    assert_eq!(room[1..5], 600i32.to_ne_bytes());
    assert_eq!(room[17..21], 2i32.to_ne_bytes());
    assert_eq!(room[5..9], [0; 4]);

    let names = ArrayRef::from_bytes(b"ab\0xyz", Dtype::Bytes, 3, &[2, 1]).unwrap();
    let upper =
        Expression::builder("startswith(s, 'x')").string_variable("s", Dtype::Bytes, 3).compile().unwrap();
    assert_eq!(upper.evaluate_to_vec::<bool>(&[names]).unwrap(), [false, true]);
    let truths = ArrayRef::from_bytes(&[0, 1, 2, 255], Dtype::Bool, 1, &[4]).unwrap();
    let count = compile("sum(b)", &[("b", Dtype::Bool)]);
    assert_eq!(count.evaluate_to_vec::<i64>(&[truths]).unwrap(), [3]);
}

#[test]
fn bytes_that_are_no_array_are_refused() {
    let bytes = [0u8; 12];
    let refused = |array: Result<ArrayRef, miniexpr::Error>| array.unwrap_err().message().to_string();
    let dense =
        |dtype, itemsize, shape: &'static [usize]| ArrayRef::from_bytes(&bytes, dtype, itemsize, shape);
    assert_eq!(refused(dense(Dtype::Int32, 8, &[1])), "items of dtype int32 take 4 bytes, not 8");
    assert_eq!(refused(dense(Dtype::String, 6, &[2])), "there are no strings of dtype string and 6 bytes");
    assert_eq!(refused(dense(Dtype::Int64, 8, &[1])), "12 bytes are no whole number of items of 8 bytes");
    assert_eq!(refused(dense(Dtype::Int32, 4, &[2])), "3 items do not have the shape [2]");
    assert_eq!(
        refused(dense(Dtype::Int32, 4, &[usize::MAX, 2])),
        format!("3 items do not have the shape [{}, 2]", usize::MAX)
    );
    let strided = |first, shape: &'static [usize], strides: &'static [isize]| {
        ArrayRef::from_strided_bytes(&bytes, first, Dtype::Int32, 4, shape, strides)
    };
    assert!(strided(8, &[3], &[-4]).is_ok() && strided(100, &[0], &[4]).is_ok());
    assert_eq!(
        refused(strided(1, &[3], &[4])),
        "the shape [3] with strides of [4] bytes reaches beyond 12 bytes from byte 1"
    );
    assert!(strided(0, &[2], &[-1]).is_err() && strided(9, &[1], &[4]).is_err());
    assert!(strided(0, &[2, 2], &[isize::MAX, isize::MAX]).is_err());
    assert_eq!(refused(strided(0, &[2], &[])), "1 extents with 0 strides");
    let mut room = [0u8; 12];
    assert!(ArrayMut::from_bytes(&mut room, Dtype::Float32, 4, &[2]).is_err());
    assert!(ArrayMut::from_strided_bytes(&mut room, 9, Dtype::Float32, 4, &[1], &[4]).is_err());
}

#[test]
fn the_shape_of_a_result_is_known_before() {
    let sum = compile("a + b", &[("a", Dtype::Float64), ("b", Dtype::Float64)]);
    let items = [0.0; 6];
    let matrix = ArrayRef::shaped(&items, &[2, 3]).unwrap();
    assert_eq!(sum.result_shape(&[matrix, view(&items[..3])]).unwrap(), [2, 3]);
    assert_eq!(sum.result_shape(&[matrix, view(&items[..2])]).unwrap_err().kind(), ErrorKind::Shape);
    assert_eq!(sum.result_shape(&[matrix]).unwrap_err().kind(), ErrorKind::InputCount);
    let total = compile("sum(a)", &[("a", Dtype::Float64)]);
    assert_eq!(total.result_shape(&[matrix]).unwrap(), [0; 0]);
}
