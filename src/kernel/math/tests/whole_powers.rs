//! Powers with whole exponents.

use super::reference::{Reference, ulp_error};
use super::{Element, Random, random_bits, run_binary, same, special_values};
use crate::ir::{BinaryOp, WHOLE_POWERS};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;

/// Every way to compute the powers, by its name.
fn every_way<T: Element>(x: &[T], n: &[T]) -> Vec<(String, Vec<T>)> {
    let levels = Level::all_supported().flat_map(|level| Accuracy::ALL.map(|accuracy| (level, accuracy)));
    levels
        .map(|(level, accuracy)| {
            (format!("{level:?} {accuracy:?}"), run_binary(BinaryOp::Powi, accuracy, level, x, n))
        })
        .collect()
}

fn exponents() -> impl Iterator<Item = i32> + Clone {
    let most = WHOLE_POWERS.cast_signed();
    -most..=most
}

/// Bases whose powers have every exponent, those of subnormal numbers too.
#[test]
fn powers_are_rounded_once() {
    fn check<T: Element>() {
        let (mut reference, mut random) = (Reference::new(), Random::new(31));
        let (low, high) = (f64::from(T::MIN_EXPONENT - T::MANTISSA_BITS), f64::from(1 - T::MIN_EXPONENT));
        let (mut x, mut n) = (Vec::new(), Vec::new());
        for exponent in exponents().filter(|&n| n != 0) {
            for _ in 0..40 {
                let size = (random.uniform(low, high) / f64::from(exponent)).exp2();
                x.push(T::of(size.copysign(random.uniform(-1.0, 1.0))));
                n.push(T::of(f64::from(exponent)));
            }
        }
        let exact: Vec<_> =
            x.iter().zip(&n).map(|(&x, &n)| reference.binary(BinaryOp::Powi, x.into(), n.into())).collect();
        for (way, got) in every_way(&x, &n) {
            for (i, (&y, exact)) in got.iter().zip(&exact).enumerate() {
                let (Some(exact), true) = (exact, y.into().is_finite()) else { continue };
                let error = ulp_error(y.into(), exact, T::MANTISSA_BITS, T::MIN_EXPONENT);
                let (x, n): (f64, f64) = (x[i].into(), n[i].into());
                assert!(error <= 0.501, "{way}: {x:e}^{n}: {:e}, {error} units", y.into());
            }
        }
    }
    check::<f64>();
    check::<f32>();
}

#[test]
fn limits_are_those_of_pow() {
    fn check<T: Element>() {
        let mut values = special_values::<T>();
        values.extend(random_bits::<T>(200, 32));
        let (x, n): (Vec<T>, Vec<T>) =
            values.iter().flat_map(|&x| exponents().map(move |n| (x, T::of(f64::from(n))))).unzip();
        let mut count = 0;
        for (way, got) in every_way(&x, &n) {
            for ((&x, &n), &y) in x.iter().zip(&n).zip(&got) {
                let want = T::of(x.into().powf(n.into()));
                let (size, one): (f64, f64) = (want.into(), want.into().abs());
                if size == 0.0 || !size.is_finite() || one == 1.0 {
                    count += 1;
                    assert!(
                        same(y, want),
                        "{way}: {:e}^{}: {:e} instead of {size:e}",
                        x.into(),
                        n.into(),
                        y.into()
                    );
                }
            }
        }
        assert!(count > 10_000);
    }
    check::<f64>();
    check::<f32>();
}

/// The errors of products are exact whether a machine multiplies and adds in one step or not.
#[test]
fn every_level_and_mode_gives_the_same_bits() {
    let mut random = Random::new(33);
    let (mut x, mut n) = (Vec::new(), Vec::new());
    for exponent in exponents() {
        for _ in 0..500 {
            x.push((random.uniform(-1080.0, 1030.0) / f64::from(exponent).abs().max(1.0)).exp2());
            n.push(f64::from(exponent));
        }
    }
    let ways = every_way(&x, &n);
    for (way, got) in &ways {
        let differs = (0..x.len()).find(|&i| !same(got[i], ways[0].1[i]));
        assert!(differs.is_none(), "{way}: {:e}^{}", x[differs.unwrap_or(0)], n[differs.unwrap_or(0)]);
    }
}
