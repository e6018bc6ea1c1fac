//! Refusals, cancelled evaluations, and progress.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use miniexpr::ffi::*;

use crate::testkit::strided::*;

/// The message of the last failure.
fn message() -> String {
    // SAFETY: the text is valid until the next call.
    unsafe { CStr::from_ptr(me_get_last_error_message()) }.to_str().unwrap().to_string()
}

fn dense(items: &mut [f64], shape: &[i64]) -> Array {
    let mut strides = vec![8; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d];
    }
    Array { data: items.as_mut_ptr().cast(), ty: FLOAT64, shape: shape.to_vec(), strides }
}

const INVALID: c_int = -5;

#[test]
fn wrong_arrays_are_named() {
    let expr = compile("a + b", &[("a", FLOAT64), ("b", FLOAT64)]);
    let (mut a, mut b, mut out) = ([1.0; 6], [2.0; 6], [9.0; 6]);
    let good = [dense(&mut a, &[2, 3]), dense(&mut b, &[3])];
    let output = dense(&mut out, &[2, 3]);
    let with = |change: &dyn Fn(&mut [Array; 2], &mut Array)| {
        let (mut inputs, mut output) = (good.clone(), output.clone());
        change(&mut inputs, &mut output);
        let code = evaluate(&expr, &inputs, &output, &params(1));
        (code, message())
    };
    let refused = |change: &dyn Fn(&mut [Array; 2], &mut Array)| {
        let (code, message) = with(change);
        assert_eq!(code, INVALID, "{message}");
        message
    };
    let shapes = "'a' of shape (2, 3) and 'b' of shape (2,) cannot be broadcast together";
    assert_eq!(refused(&|inputs, _| inputs[1].shape = vec![2]), shapes);
    assert_eq!(refused(&|inputs, _| inputs[1].ty = FLOAT32), "'b' is float64, not float32");
    assert_eq!(refused(&|inputs, _| inputs[1].ty.0 = 99), "'b' is float64, not of the unknown dtype 99");
    assert_eq!(refused(&|inputs, _| inputs[0].ty.1 = 4), "'a' takes items of 8 bytes, not 4");
    assert_eq!(refused(&|inputs, _| inputs[0].data = ptr::null_mut()), "the data of 'a' is NULL");
    assert_eq!(refused(&|_, output| output.data = ptr::null_mut()), "the data of the output is NULL");
    assert_eq!(refused(&|inputs, _| inputs[0].shape[0] = -2), "an array has an extent below zero");
    assert_eq!(refused(&|inputs, _| inputs[0].strides[0] = i64::MIN), "an array is larger than the memory");
    let shape = "the output has the shape (3, 2), but the result has (2, 3)";
    assert_eq!(refused(&|_, output| output.shape = vec![3, 2]), shape);
    assert_eq!(refused(&|_, output| output.strides = vec![16, 8]), "two items of the output share memory");
    assert_eq!(refused(&|_, output| output.strides = vec![0, 8]), "two items of the output share memory");
    let many = |inputs: &mut [Array; 2], _: &mut Array| {
        inputs[0] = Array { shape: vec![1; 33], strides: vec![8; 33], ..inputs[0].clone() };
    };
    assert_eq!(refused(&many), "'a' has 33 dimensions; there may be 0 to 32");
    assert_eq!(evaluate(&expr, &good[..1], &output, &params(1)), -4);
    assert_eq!(message(), "1 inputs for 2 variables");
    assert_eq!(evaluate(&expr, &good, &output, &params(-2)), INVALID);
    assert_eq!(message(), "-2 threads are asked for");
    assert_eq!(out, [9.0; 6]);
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { me_eval_arrays(ptr::null(), ptr::null(), 0, ptr::null_mut(), ptr::null()) }, -2);
}

/// Options of later versions are refused if they are used, and those of earlier ones taken.
#[test]
fn options_tell_their_size() {
    let expr = compile("a + 1", &[("a", FLOAT64)]);
    let (mut a, mut out) = ([1.0; 3], [0.0; 3]);
    let (input, output) = (dense(&mut a, &[3]), dense(&mut out, &[3]));
    #[repr(C)]
    struct Later {
        params: me_array_params,
        more: u64,
    }
    let evaluate_with = |size: usize, more: u64| {
        let later = Later { params: me_array_params { struct_size: size, ..params(2) }, more };
        evaluate(&expr, std::slice::from_ref(&input), &output, &later.params)
    };
    assert_eq!(evaluate_with(size_of::<Later>(), 0), 0);
    assert_eq!(out, [2.0; 3]);
    assert_eq!(evaluate_with(size_of::<Later>(), 1), INVALID);
    assert!(message().contains("struct_size"), "{}", message());
    assert_eq!(evaluate_with(size_of::<usize>(), 0), 0);
    assert_eq!(evaluate_with(0, 0), INVALID);
}

#[test]
fn reductions_of_no_items() {
    let (mut a, mut out) = ([0.0; 1], [9.0; 1]);
    let (empty, one) = (dense(&mut a, &[0, 4]), dense(&mut out, &[]));
    let value = |text: &str| {
        let expr = compile(text, &[("a", FLOAT64)]);
        let code = evaluate(&expr, std::slice::from_ref(&empty), &one, &params(1));
        // SAFETY: the output lies in `out`.
        (code, unsafe { one.data.cast::<f64>().read() })
    };
    assert_eq!(value("sum(a)"), (0, 0.0));
    assert_eq!(value("prod(a)"), (0, 1.0));
    assert!(value("mean(a)").1.is_nan());
    assert_eq!(value("min(a)").0, INVALID);
    assert_eq!(message(), "there is no min of no items");
    assert_eq!(value("a + 1").0, INVALID);
}

/// An array of 2^32 items, all the same one, is added up without being made.
#[test]
fn more_items_than_an_int_can_count() {
    let expr = compile("def f(a, b):\n    return a + b", &[("a", UINT8), ("b", UINT8)]);
    let (mut one, extents) = ([3u8; 2], [1i64 << 16, 1 << 17]);
    let a = Array { data: one.as_mut_ptr(), ty: UINT8, shape: vec![extents[0], 1], strides: vec![0, 0] };
    let b = Array { data: one.as_mut_ptr(), ty: UINT8, shape: vec![extents[1]], strides: vec![0] };
    assert_eq!(result_shape(&expr, &[a, b]), Ok(extents.to_vec()));
}

extern "C" fn note(context: *mut c_void, done: i64, all: i64) {
    // SAFETY: the test passes two numbers.
    let seen = unsafe { &*context.cast::<[AtomicI64; 2]>() };
    assert!(done >= seen[0].load(Ordering::Relaxed));
    seen[0].store(done, Ordering::Relaxed);
    seen[1].store(all, Ordering::Relaxed);
}

#[test]
fn progress_ends_with_all_items() {
    let expr = compile("a + 1", &[("a", FLOAT64)]);
    let n = 1_000_003;
    let (mut a, mut out) = (vec![1.0; n], vec![0.0; n]);
    let (input, output) = (dense(&mut a, &[n as i64]), dense(&mut out, &[n as i64]));
    let seen = [AtomicI64::new(0), AtomicI64::new(0)];
    let context = (&raw const seen).cast_mut().cast();
    let params = me_array_params { progress: Some(note), context, ..params(1) };
    assert_eq!(evaluate(&expr, &[input], &output, &params), 0);
    assert_eq!(seen.map(AtomicI64::into_inner), [n as i64; 2]);
    assert!(out.iter().all(|value| *value == 2.0));
}

/// A call over 2^28 items ends soon after it is cancelled, by one thread and by several.
#[test]
fn cancelled_calls_end_soon() {
    let expr = compile("sin(a) + exp(a) > b", &[("a", FLOAT64), ("b", FLOAT64)]);
    let mut value = [0.5; 1];
    let shape = vec![1 << 14, 1 << 14];
    let input =
        Array { data: value.as_mut_ptr().cast(), ty: FLOAT64, shape: shape.clone(), strides: vec![0, 0] };
    let mut out = vec![0u8; 1 << 28];
    let output = Array { data: out.as_mut_ptr(), ty: BOOL, shape, strides: vec![1 << 14, 1] };
    for threads in [1, 2] {
        let flag = AtomicI32::new(0);
        let set = std::thread::scope(|scope| {
            let setter = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                flag.store(1, Ordering::Relaxed);
                Instant::now()
            });
            let params = me_array_params { cancel: flag.as_ptr(), ..params(threads) };
            assert_eq!(evaluate(&expr, &[input.clone(), input.clone()], &output, &params), -6);
            assert_eq!(message(), "the evaluation was cancelled");
            let end = Instant::now();
            end.saturating_duration_since(setter.join().unwrap())
        });
        // Much longer than it takes, for machines that are busy.
        assert!(set < Duration::from_millis(500), "{set:?}");
    }
}

#[test]
fn numbers_of_threads() {
    assert!(me_get_num_threads() >= 1);
    me_set_num_threads(3);
    assert_eq!(me_get_num_threads(), 3);
    me_set_num_threads(0);
    assert!(me_get_num_threads() >= 1);
}
