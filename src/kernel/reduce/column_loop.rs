//! The loops that add rows to the states of columns, and what they do for each reduction.

use std::marker::PhantomData;

use super::ReduceOp;
use super::extremum::{Float, Order};
use super::integer::Integer;
use super::level_dispatch::Loop;
use super::pairwise::{Combine, Widen};
use super::truth::Truth;
use crate::dtype::{Complex, Dtype, Scalar};

/// Rows that are added at once.
pub(super) const GROUP: usize = 8;

/// Memory of states; those of other types lie there.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Line(#[allow(dead_code, reason = "only memory")] [u8; 64]);

impl Line {
    pub const EMPTY: Line = Line([0; size_of::<Line>()]);
}

/// The states of columns: for each column up to three values, which lie in planes of their own.
#[derive(Clone, Copy)]
pub(super) struct States {
    pub first: *mut Line,
    /// Columns of a plane; a multiple of [`PLANE`].
    pub capacity: usize,
    /// The column to begin with.
    pub column: usize,
}

/// Columns of planes come in multiples, so that each plane begins with a line.
pub(super) const PLANE: usize = size_of::<Line>();

/// What one run of a loop does with the states.
#[derive(Clone, Copy)]
pub(super) enum Task {
    /// They become those of a row.
    SetRow,
    /// A row is joined to them.
    AddRow,
    /// They become those of a group of rows.
    SetGroup,
    /// A group of rows is joined to them.
    AddGroup,
    /// Later states are joined to them.
    Join(States),
}

/// One run of a loop.
pub(super) struct Work {
    pub task: Task,
    pub states: States,
    /// The rows: one, or those of a group, of aligned items.
    pub rows: [*const u8; GROUP],
    pub columns: usize,
}

/// What a result is made from besides its state.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub op: ReduceOp,
    pub rows: usize,
}

/// The state of one column.
type StateOf<F> = (<F as ColumnFold>::A, <F as ColumnFold>::B, <F as ColumnFold>::C);

/// How the items of a column are reduced.
///
/// Functions must be `#[inline(always)]`, so that they are compiled with the instructions of the level
/// that they are used at.
pub(super) trait ColumnFold {
    type Item: Copy;
    /// The values of a state; `()` for those that it does not have.
    type A: Copy;
    type B: Copy;
    type C: Copy;
    /// Whether the result depends on the order in which states are joined.
    const IS_ORDERED: bool;

    /// An item that changes nothing after others.
    fn neutral() -> Self::Item;
    fn of(item: Self::Item) -> StateOf<Self>;
    fn join(left: StateOf<Self>, right: StateOf<Self>) -> StateOf<Self>;
    /// The result of a column.
    fn result(state: StateOf<Self>, facts: Facts) -> Scalar;

    /// The state of a group of items: those of even numbers are joined pairwise, then those of odd numbers.
    #[inline(always)]
    fn group(items: [Self::Item; GROUP]) -> StateOf<Self> {
        let [a, b, c, d, e, f, g, h] = items;
        Self::join(
            join_four::<Self>([a, c, e, g].map(Self::of)),
            join_four::<Self>([b, d, f, h].map(Self::of)),
        )
    }
}

/// Four states, joined pairwise.
#[inline(always)]
fn join_four<F: ColumnFold + ?Sized>([a, b, c, d]: [StateOf<F>; 4]) -> StateOf<F> {
    F::join(F::join(a, b), F::join(c, d))
}

/// Bytes of the state of a column.
pub(super) fn state_bytes<F: ColumnFold>() -> usize {
    size_of::<F::A>() + size_of::<F::B>() + size_of::<F::C>()
}

/// The values of states, plane by plane.
type Planes<'a, F> =
    (&'a mut [<F as ColumnFold>::A], &'a mut [<F as ColumnFold>::B], &'a mut [<F as ColumnFold>::C]);

impl States {
    /// # Safety
    /// There are states of the fold for the columns, which nobody else uses.
    #[inline(always)]
    unsafe fn planes<'a, F: ColumnFold>(self, columns: usize) -> Planes<'a, F> {
        let States { first, capacity, column } = self;
        let a = first.cast::<F::A>();
        let b = a.wrapping_add(capacity).cast::<F::B>();
        let c = b.wrapping_add(capacity).cast::<F::C>();
        // SAFETY: as the caller promises. Planes of whole lines are aligned.
        unsafe {
            (
                std::slice::from_raw_parts_mut(a.wrapping_add(column), columns),
                std::slice::from_raw_parts_mut(b.wrapping_add(column), columns),
                std::slice::from_raw_parts_mut(c.wrapping_add(column), columns),
            )
        }
    }
}

/// The loops over columns.
pub(super) struct OverColumns<F>(PhantomData<F>);

impl<F: ColumnFold> Loop for OverColumns<F> {
    type Work = Work;

    #[inline(always)]
    unsafe fn run(work: &Work) {
        let rows = work.rows.map(|row| row.cast::<F::Item>());
        // SAFETY: as the caller promises.
        unsafe {
            let (a, b, c) = work.states.planes::<F>(work.columns);
            match work.task {
                Task::SetRow => over_rows::<F, false, 1>(a, b, c, rows),
                Task::AddRow => over_rows::<F, true, 1>(a, b, c, rows),
                Task::SetGroup => over_rows::<F, false, GROUP>(a, b, c, rows),
                Task::AddGroup => over_rows::<F, true, GROUP>(a, b, c, rows),
                Task::Join(later) => {
                    let (x, y, z) = later.planes::<F>(work.columns);
                    over_states::<F>(a, b, c, x, y, z);
                }
            }
        }
    }
}

/// Sets states to those of rows or, with `ADDS`, joins rows to them.
///
/// # Safety
/// Each row has as many items as there are states.
#[inline(always)]
unsafe fn over_rows<F: ColumnFold, const ADDS: bool, const ROWS: usize>(
    a: &mut [F::A],
    b: &mut [F::B],
    c: &mut [F::C],
    rows: [*const F::Item; GROUP],
) {
    let columns = a.len();
    let (b, c) = (&mut b[..columns], &mut c[..columns]);
    for i in 0..columns {
        // SAFETY: as the caller promises.
        let item = |k: usize| unsafe { rows[k].add(i).read() };
        let mut state = match ROWS {
            1 => F::of(item(0)),
            _ => F::group([item(0), item(1), item(2), item(3), item(4), item(5), item(6), item(7)]),
        };
        if ADDS {
            state = F::join((a[i], b[i], c[i]), state);
        }
        (a[i], b[i], c[i]) = state;
    }
}

/// Joins later states.
#[inline(always)]
fn over_states<F: ColumnFold>(
    a: &mut [F::A],
    b: &mut [F::B],
    c: &mut [F::C],
    x: &[F::A],
    y: &[F::B],
    z: &[F::C],
) {
    let columns = a.len();
    let (b, c) = (&mut b[..columns], &mut c[..columns]);
    let (x, y, z) = (&x[..columns], &y[..columns], &z[..columns]);
    for i in 0..columns {
        (a[i], b[i], c[i]) = F::join((a[i], b[i], c[i]), (x[i], y[i], z[i]));
    }
}

/// Writes the results of columns as items of `dtype`.
///
/// # Safety
/// There are states of the fold for the columns, and room for the results.
pub(super) unsafe fn write_results<F: ColumnFold>(
    states: States,
    columns: usize,
    facts: Facts,
    to: *mut u8,
    dtype: Dtype,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let (a, b, c) = states.planes::<F>(columns);
        for column in 0..columns {
            write_result(F::result((a[column], b[column], c[column]), facts), column, to, dtype);
        }
    }
}

/// Writes the result of a column.
///
/// # Safety
/// At `to` is room for items of `dtype` up to that column.
#[inline(always)]
pub(super) unsafe fn write_result(result: Scalar, column: usize, to: *mut u8, dtype: Dtype) {
    // SAFETY: as the caller promises.
    unsafe {
        match (result, dtype) {
            (Scalar::Float(value), Dtype::Float64) => to.cast::<f64>().add(column).write_unaligned(value),
            (Scalar::Float(value), Dtype::Float32) => {
                to.cast::<f32>().add(column).write_unaligned(value as f32)
            }
            (Scalar::Bool(value), Dtype::Bool) => to.cast::<bool>().add(column).write(value),
            _ => {
                let itemsize = dtype.size();
                let bytes = result.to_bytes(dtype);
                bytes.as_ptr().copy_to_nonoverlapping(to.add(column * itemsize), itemsize);
            }
        }
    }
}

/// The state of a column, as the result that it would be.
///
/// # Safety
/// There are states of the fold for more columns than `column`.
pub(super) unsafe fn state<F: ColumnFold>(states: States, column: usize) -> Scalar {
    // SAFETY: as the caller promises.
    let (a, b, c) = unsafe { states.planes::<F>(column + 1) };
    F::result((a[column], b[column], c[column]), Facts { op: ReduceOp::Sum, rows: 1 })
}

/// Writes items that change nothing.
///
/// # Safety
/// There is room for the items, aligned for them.
pub(super) unsafe fn write_neutral<F: ColumnFold>(to: *mut u8, items: usize) {
    for i in 0..items {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<F::Item>().add(i).write(F::neutral()) };
    }
}

/// Sums and products in the tree of `pairwise`.
pub(super) struct Pairwise<T, C>(PhantomData<(T, C)>);

/// The result of a floating-point reduction.
pub(super) trait Total: Copy {
    fn plus_zero(self) -> Self;
    fn divided(self, count: f64) -> Self;
    fn scalar(self) -> Scalar;
}

impl Total for f64 {
    #[inline(always)]
    fn plus_zero(self) -> f64 {
        self + 0.0
    }

    #[inline(always)]
    fn divided(self, count: f64) -> f64 {
        self / count
    }

    #[inline(always)]
    fn scalar(self) -> Scalar {
        Scalar::Float(self)
    }
}

impl Total for Complex<f64> {
    #[inline(always)]
    fn plus_zero(self) -> Complex<f64> {
        Complex::new(self.re + 0.0, self.im + 0.0)
    }

    #[inline(always)]
    fn divided(self, count: f64) -> Complex<f64> {
        Complex::new(self.re / count, self.im / count)
    }

    #[inline(always)]
    fn scalar(self) -> Scalar {
        Scalar::Complex(self)
    }
}

impl<T: Widen, C: Combine<T::Wide>> ColumnFold for Pairwise<T, C>
where
    T::Wide: Total,
{
    type Item = T;
    type A = T::Wide;
    type B = ();
    type C = ();
    const IS_ORDERED: bool = true;

    fn neutral() -> T {
        T::narrow(C::NEUTRAL)
    }

    #[inline(always)]
    fn of(item: T) -> (T::Wide, (), ()) {
        (item.widen(), (), ())
    }

    #[inline(always)]
    fn join(left: (T::Wide, (), ()), right: (T::Wide, (), ())) -> (T::Wide, (), ()) {
        (C::combine(left.0, right.0), (), ())
    }

    #[inline(always)]
    fn result((total, ..): (T::Wide, (), ()), Facts { op, rows }: Facts) -> Scalar {
        match op {
            ReduceOp::Mean => total.divided(rows as f64).scalar(),
            ReduceOp::Sum => total.plus_zero().scalar(),
            _ => total.scalar(),
        }
    }
}

/// Sums of bool and integers modulo 2^64, with `PRODUCT` products.
pub(super) struct Wrapping<T, const PRODUCT: bool>(PhantomData<T>);

impl<T: Integer, const PRODUCT: bool> ColumnFold for Wrapping<T, PRODUCT> {
    type Item = T;
    type A = i64;
    type B = ();
    type C = ();
    const IS_ORDERED: bool = false;

    fn neutral() -> T {
        if PRODUCT { T::TRUE } else { T::FALSE }
    }

    #[inline(always)]
    fn of(item: T) -> (i64, (), ()) {
        (item.low(), (), ())
    }

    #[inline(always)]
    fn join(left: (i64, (), ()), right: (i64, (), ())) -> (i64, (), ()) {
        (if PRODUCT { left.0.wrapping_mul(right.0) } else { left.0.wrapping_add(right.0) }, (), ())
    }

    #[inline(always)]
    fn result((total, ..): (i64, (), ()), _: Facts) -> Scalar {
        Scalar::Int(if T::IS_SIGNED { i128::from(total) } else { i128::from(total as u64) })
    }
}

/// Totals of 64-bit integers: their upper and lower halves, summed apart.
pub(super) struct Halves<T>(PhantomData<T>);

impl<T: Integer> ColumnFold for Halves<T> {
    type Item = T;
    type A = i64;
    type B = u64;
    type C = ();
    const IS_ORDERED: bool = false;

    fn neutral() -> T {
        T::FALSE
    }

    #[inline(always)]
    fn of(item: T) -> (i64, u64, ()) {
        let bits = item.low();
        let upper = if T::IS_SIGNED { bits >> 32 } else { (bits as u64 >> 32) as i64 };
        (upper, u64::from(bits as u32), ())
    }

    #[inline(always)]
    fn join(left: (i64, u64, ()), right: (i64, u64, ())) -> (i64, u64, ()) {
        (left.0.wrapping_add(right.0), left.1.wrapping_add(right.1), ())
    }

    #[inline(always)]
    fn result((upper, lower, ()): (i64, u64, ()), _: Facts) -> Scalar {
        Scalar::Int((i128::from(upper) << 32) + i128::from(lower))
    }
}

/// The smallest or, with `MAX`, the largest of bool and integers.
pub(super) struct Best<T, const MAX: bool>(PhantomData<T>);

impl<T: Integer, const MAX: bool> ColumnFold for Best<T, MAX> {
    type Item = T;
    type A = T;
    type B = ();
    type C = ();
    const IS_ORDERED: bool = false;

    fn neutral() -> T {
        if MAX { T::LEAST } else { T::GREATEST }
    }

    #[inline(always)]
    fn of(item: T) -> (T, (), ()) {
        (item, (), ())
    }

    #[inline(always)]
    fn join(left: (T, (), ()), right: (T, (), ())) -> (T, (), ()) {
        (if MAX { left.0.max(right.0) } else { left.0.min(right.0) }, (), ())
    }

    #[inline(always)]
    fn result((best, ..): (T, (), ()), _: Facts) -> Scalar {
        Scalar::Int(best.value())
    }
}

/// The floating-point number that wins, NaN if there is one. A state is the best number, all signs together, and
/// whether there was NaN.
pub(super) struct Extremum<T, O>(PhantomData<(T, O)>);

impl<T: Float, O: Order<T>> ColumnFold for Extremum<T, O> {
    type Item = T;
    type A = T;
    type B = T::Mask;
    type C = T::Mask;
    const IS_ORDERED: bool = false;

    fn neutral() -> T {
        O::LAST
    }

    #[inline(always)]
    fn of(item: T) -> (T, T::Mask, T::Mask) {
        (item, item.bits(), T::any_nan(item, item))
    }

    #[inline(always)]
    fn join(left: (T, T::Mask, T::Mask), right: (T, T::Mask, T::Mask)) -> (T, T::Mask, T::Mask) {
        let best = if O::wins(right.0, left.0) { right.0 } else { left.0 };
        // Among zeros, which compare equal, the sign decides: one that is set wins, or one that is not.
        let signs = if O::NEGATIVE_ZERO_WINS { left.1 | right.1 } else { left.1 & right.1 };
        (best, signs, left.2 | right.2)
    }

    /// One comparison serves two items.
    #[inline(always)]
    fn group(items: [T; GROUP]) -> (T, T::Mask, T::Mask) {
        let number = |item: T| (item, item.bits(), T::NONE);
        let [a, b, c, d, e, f, g, h] = items;
        let nan = (T::any_nan(a, b) | T::any_nan(c, d)) | (T::any_nan(e, f) | T::any_nan(g, h));
        let (left, right) = ([a, b, c, d].map(number), [e, f, g, h].map(number));
        let (best, signs, _) = Self::join(join_four::<Self>(left), join_four::<Self>(right));
        (best, signs, nan)
    }

    #[inline(always)]
    fn result((best, signs, nan): (T, T::Mask, T::Mask), _: Facts) -> Scalar {
        if nan != T::NONE {
            return Scalar::Float(f64::NAN);
        }
        let best: f64 = best.into();
        Scalar::Float(match best {
            0.0 if T::is_negative(signs) => -0.0,
            0.0 => 0.0,
            best => best,
        })
    }
}

/// Truth of any item or, with `ALL`, of all. A state has a bit set where an item was true or, with `ALL`, false.
pub(super) struct Truths<T, const ALL: bool>(PhantomData<T>);

impl<T: Truth, const ALL: bool> ColumnFold for Truths<T, ALL> {
    type Item = T;
    type A = T::Bits;
    type B = ();
    type C = ();
    const IS_ORDERED: bool = false;

    fn neutral() -> T {
        if ALL { T::TRUE } else { T::FALSE }
    }

    #[inline(always)]
    fn of(item: T) -> (T::Bits, (), ()) {
        let bits = item.bits();
        let found = match () {
            _ if !ALL => bits,
            _ if bits == T::NONE => !T::NONE,
            _ => T::NONE,
        };
        (found, (), ())
    }

    #[inline(always)]
    fn join(left: (T::Bits, (), ()), right: (T::Bits, (), ())) -> (T::Bits, (), ()) {
        (left.0 | right.0, (), ())
    }

    #[inline(always)]
    fn result((found, ..): (T::Bits, (), ()), _: Facts) -> Scalar {
        Scalar::Bool((found != T::NONE) != ALL)
    }
}
