//! What bounds an evaluation: a flag of the caller, a deadline, a cap on passes, a function of the host that fails.
//!
//! A [`Budget`] belongs to one evaluation and is shared by its threads. Each of them enters it, see [`Scope`], and
//! engines find it there: an evaluation without one pays nothing for it. Engines ask between blocks of items and,
//! through a [`Meter`], now and then in loops; the first reason to stop is that of the whole evaluation.

use std::cell::Cell;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, Ordering};
use std::time::Duration;

use super::clock::Moment;
use crate::memory::TryGrow;

/// Why an evaluation stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stop {
    /// The caller's flag is set.
    Cancelled = 1,
    /// The deadline has passed.
    TimedOut = 2,
    /// Some items need more passes of loops than the cap.
    TooManyPasses = 3,
    /// A function of the host has failed.
    Failed = 4,
}

impl Stop {
    fn of(code: u8) -> Option<Stop> {
        [Stop::Cancelled, Stop::TimedOut, Stop::TooManyPasses, Stop::Failed]
            .into_iter()
            .find(|stop| *stop as u8 == code)
    }
}

/// A flag of the caller, which any thread may set.
#[derive(Clone, Copy, Debug)]
pub enum Flag<'a> {
    Bool(&'a AtomicBool),
    /// Set if it is not 0.
    Number(&'a AtomicI32),
}

impl Flag<'_> {
    fn is_set(self) -> bool {
        match self {
            Flag::Bool(flag) => flag.load(Ordering::Relaxed),
            Flag::Number(flag) => flag.load(Ordering::Relaxed) != 0,
        }
    }
}

/// What a caller allows an evaluation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits<'a> {
    pub flag: Option<Flag<'a>>,
    pub timeout: Option<Duration>,
    /// Passes of loops that items which are evaluated together may take in all.
    pub passes: Option<u64>,
}

impl Limits<'_> {
    pub fn are_none(&self) -> bool {
        self.flag.is_none() && self.timeout.is_none() && self.passes.is_none()
    }
}

/// What a function of the host says of its failure.
#[derive(Debug, Default)]
pub struct Failure {
    pub code: i32,
    /// Empty where there was no memory for it.
    pub message: Vec<u8>,
}

/// The budget of one evaluation.
#[derive(Debug)]
pub struct Budget<'a> {
    flag: Option<Flag<'a>>,
    deadline: Option<Moment>,
    passes: u64,
    /// A [`Stop`], or 0.
    stop: AtomicU8,
    failure: Mutex<Option<Failure>>,
}

impl<'a> Budget<'a> {
    /// A budget that begins now.
    pub fn new(limits: Limits<'a>) -> Budget<'a> {
        Budget {
            flag: limits.flag,
            // A time that no clock reaches is no limit.
            deadline: limits.timeout.and_then(|timeout| Moment::now()?.after(timeout)),
            passes: limits.passes.unwrap_or(NO_CAP),
            stop: AtomicU8::new(0),
            failure: Mutex::new(None),
        }
    }

    /// Whether the evaluation may go on.
    pub fn check(&self) -> Result<(), Stop> {
        if let Some(stop) = self.stop() {
            return Err(stop);
        }
        if self.flag.is_some_and(Flag::is_set) {
            return Err(self.end(Stop::Cancelled));
        }
        if self.deadline.is_some_and(|deadline| deadline.has_passed()) {
            return Err(self.end(Stop::TimedOut));
        }
        Ok(())
    }

    /// The reason for which the evaluation stops.
    pub fn stop(&self) -> Option<Stop> {
        Stop::of(self.stop.load(Ordering::Relaxed))
    }

    /// Stops the evaluation; the result is the reason, which may be an earlier one.
    fn end(&self, stop: Stop) -> Stop {
        let before = self.stop.compare_exchange(0, stop as u8, Ordering::Relaxed, Ordering::Relaxed);
        before.err().and_then(Stop::of).unwrap_or(stop)
    }

    /// A function of the host has failed; the first failure counts.
    fn fail(&self, code: i32, message: &[u8]) {
        let mut failure = self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if failure.is_none() && self.end(Stop::Failed) == Stop::Failed {
            *failure = Some(Failure { code, message: Vec::try_copied(message).unwrap_or_default() });
        }
    }

    /// What the function that failed has said.
    pub fn take_failure(&self) -> Failure {
        let mut failure = self.failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        failure.take().unwrap_or_default()
    }
}

thread_local! {
    /// The budget of the evaluation that this thread is in.
    static CURRENT: Cell<*const Budget<'static>> = const { Cell::new(ptr::null()) };
}

/// The time that this thread works within a budget. Another budget may be entered meanwhile: a function of the host may
/// evaluate.
pub struct Scope {
    outer: *const Budget<'static>,
}

impl Scope {
    /// Calls `work` within a budget.
    pub fn run<T>(budget: &Budget<'_>, work: impl FnOnce() -> T) -> T {
        let budget = (&raw const *budget).cast::<Budget<'static>>();
        // A thread that ends has no budget any more; its evaluations are not bounded.
        let outer = CURRENT.try_with(|current| current.replace(budget)).unwrap_or(ptr::null());
        // Ends also where a panic unwinds.
        let _scope = Scope { outer };
        work()
    }

    /// As [`Scope::run`], if there is a budget.
    pub fn run_in<T>(budget: Option<&Budget<'_>>, work: impl FnOnce() -> T) -> T {
        match budget {
            Some(budget) => Scope::run(budget, work),
            None => work(),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.set(self.outer));
    }
}

/// The budget of this thread's evaluation.
///
/// # Safety
/// The reference is not used after the evaluation that asks.
pub unsafe fn current<'b>() -> Option<&'b Budget<'b>> {
    let current = CURRENT.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: a budget outlives its scope, and the scope the evaluations in it.
    unsafe { current.cast::<Budget<'b>>().as_ref() }
}

/// Marks the evaluation of this thread as failed; whether there is one.
pub fn fail(code: i32, message: &[u8]) -> bool {
    // SAFETY: the reference ends here.
    match unsafe { current() } {
        Some(budget) => {
            budget.fail(code, message);
            true
        }
        None => false,
    }
}

/// Counts the passes that items which are evaluated together take. Generated code has it while it runs, and knows its
/// layout.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Count {
    /// Passes before the next look at the meter: code counts down.
    pub left: i64,
    /// [`Count::left`] before the first pass of these items, as if there had been no look since.
    start: i64,
    /// Passes by which the next question to the budget comes later than the next look: the cap comes first.
    ahead: i64,
    /// The most passes of such items; [`NO_CAP`] without a limit.
    cap: u64,
}

/// Of a [`Count`] that does not distinguish its items.
pub const NO_CAP: u64 = u64::MAX;

/// Where generated code finds the fields of a [`Count`].
pub mod count {
    pub const LEFT: u32 = 0;
    pub const START: u32 = 8;
    pub const AHEAD: u32 = 16;
    pub const CAP: u32 = 24;
}

impl Count {
    /// Goes on with items that have taken this many passes, `quiet` of them before the next question to the budget. Code with
    /// a cap does this itself for each group of items, which have taken none.
    fn grant(&mut self, quiet: i64, taken: u64) {
        self.left = (quiet as u64).min(self.cap.saturating_sub(taken)) as i64;
        self.ahead = quiet - self.left;
        self.start = self.left.saturating_add_unsigned(taken);
    }

    /// Passes that these items have taken.
    fn taken(&self) -> u64 {
        self.start.wrapping_sub(self.left) as u64
    }

    /// Passes before the next question to the budget.
    fn quiet(&self) -> i64 {
        self.left + self.ahead
    }
}

/// A [`Count`], and the budget that is asked now and then.
#[derive(Debug)]
pub struct Meter<'b> {
    budget: Option<&'b Budget<'b>>,
    /// Passes between two questions.
    interval: i64,
    pub count: Count,
    stop: Option<Stop>,
}

impl<'b> Meter<'b> {
    /// A meter for loops of which `interval` passes take little time.
    pub fn new(budget: Option<&'b Budget<'b>>, interval: i64) -> Meter<'b> {
        // Without a budget nobody has to ask.
        let interval = if budget.is_some() { interval.max(1) } else { i64::MAX };
        let cap = budget.map_or(NO_CAP, |budget| budget.passes);
        let mut count = Count { left: 0, start: 0, ahead: 0, cap };
        count.grant(interval, 0);
        Meter { budget, interval, count, stop: None }
    }

    /// Whether passes are capped, so that items are counted apart.
    pub fn is_capped(&self) -> bool {
        self.count.cap != NO_CAP
    }

    /// Whether there is a budget at all.
    pub fn is_watched(&self) -> bool {
        self.budget.is_some()
    }

    /// Why the evaluation has been stopped.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// Begins with other items, which have taken this many passes before.
    #[inline]
    pub fn next_items(&mut self, taken: u64) -> Result<(), Stop> {
        if self.budget.is_none() { Ok(()) } else { self.restart(taken) }
    }

    /// Passes that the items have taken.
    pub fn taken(&self) -> u64 {
        self.count.taken()
    }

    #[cold]
    fn restart(&mut self, taken: u64) -> Result<(), Stop> {
        // Items that take no pass take time as well.
        self.ask()?;
        self.count.grant(self.interval, taken);
        Ok(())
    }

    /// Asks the budget now, where there is one.
    #[cold]
    pub fn look(&mut self) -> Result<(), Stop> {
        self.ask()?;
        self.count.grant(self.interval, self.count.taken());
        Ok(())
    }

    /// Counts a pass.
    #[inline]
    pub fn pass(&mut self) -> Result<(), Stop> {
        self.count.left -= 1;
        if self.count.left < 0 { self.refill() } else { Ok(()) }
    }

    /// Goes on after [`Count::left`] has fallen below zero: by the pass that comes.
    #[cold]
    pub fn refill(&mut self) -> Result<(), Stop> {
        // That pass has not been taken yet.
        self.count.left += 1;
        let mut quiet = self.count.quiet();
        if quiet <= 0 {
            self.ask()?;
            quiet = self.interval;
        }
        self.count.grant(quiet, self.count.taken());
        if self.count.left == 0
            && let Some(budget) = self.budget
        {
            return Err(*self.stop.insert(budget.end(Stop::TooManyPasses)));
        }
        self.count.left -= 1;
        Ok(())
    }

    fn ask(&mut self) -> Result<(), Stop> {
        let Some(budget) = self.budget else { return Ok(()) };
        budget.check().inspect_err(|stop| self.stop = Some(*stop))
    }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    fn passes_before_stop(meter: &mut Meter<'_>, most: u64) -> Result<u64, Stop> {
        for _ in 0..most {
            meter.pass()?;
        }
        Ok(most)
    }

    #[test]
    fn a_flag_and_a_deadline_end_an_evaluation() {
        let flag = AtomicBool::new(false);
        let budget = Budget::new(Limits { flag: Some(Flag::Bool(&flag)), ..Limits::default() });
        assert_eq!(budget.check(), Ok(()));
        flag.store(true, Ordering::Relaxed);
        assert_eq!(budget.check(), Err(Stop::Cancelled));
        // The first reason stays.
        flag.store(false, Ordering::Relaxed);
        assert_eq!(budget.check(), Err(Stop::Cancelled));

        let late = Budget::new(Limits { timeout: Some(Duration::ZERO), ..Limits::default() });
        assert_eq!(late.check(), Err(Stop::TimedOut));
        let never = Budget::new(Limits { timeout: Some(Duration::MAX), ..Limits::default() });
        assert_eq!(never.check(), Ok(()));
    }

    #[test]
    fn passes_are_capped_for_items_together() {
        for interval in [1, 3, 10, 1000] {
            let budget = Budget::new(Limits { passes: Some(10), ..Limits::default() });
            let mut meter = Meter::new(Some(&budget), interval);
            for _ in 0..5 {
                assert_eq!(passes_before_stop(&mut meter, 10), Ok(10), "{interval}");
                assert_eq!(meter.next_items(0), Ok(()));
            }
            assert_eq!(passes_before_stop(&mut meter, 11), Err(Stop::TooManyPasses), "{interval}");
            assert_eq!(budget.check(), Err(Stop::TooManyPasses));
            assert_eq!(meter.stop(), Some(Stop::TooManyPasses));
        }
        let budget = Budget::new(Limits { passes: Some(0), ..Limits::default() });
        assert_eq!(Meter::new(Some(&budget), 5).pass(), Err(Stop::TooManyPasses));
    }

    #[test]
    fn generated_code_knows_the_fields_of_a_count() {
        let offsets = [
            offset_of!(Count, left),
            offset_of!(Count, start),
            offset_of!(Count, ahead),
            offset_of!(Count, cap),
        ];
        let told = [count::LEFT, count::START, count::AHEAD, count::CAP];
        assert_eq!(offsets, told.map(|offset| offset as usize));
    }

    #[test]
    fn a_meter_asks_at_intervals() {
        let flag = AtomicI32::new(0);
        let budget = Budget::new(Limits { flag: Some(Flag::Number(&flag)), ..Limits::default() });
        let mut meter = Meter::new(Some(&budget), 8);
        assert_eq!(passes_before_stop(&mut meter, 100), Ok(100));
        flag.store(1, Ordering::Relaxed);
        let mut passes = 0;
        while meter.pass().is_ok() {
            passes += 1;
        }
        assert!(passes <= 8, "{passes}");
        assert_eq!(Meter::new(None, 1).count.left, i64::MAX);
    }

    #[test]
    fn failures_go_to_the_innermost_evaluation() {
        assert!(!fail(1, b"nobody evaluates"));
        let (outer, inner) = (Budget::new(Limits::default()), Budget::new(Limits::default()));
        Scope::run(&outer, || {
            Scope::run(&inner, || assert!(fail(2, b"inner")));
            assert_eq!(outer.check(), Ok(()));
            assert!(fail(3, b"outer"));
            assert!(fail(4, b"too late"));
        });
        assert_eq!((inner.check(), outer.check()), (Err(Stop::Failed), Err(Stop::Failed)));
        let Failure { code, message } = outer.take_failure();
        assert_eq!((code, &message[..]), (3, &b"outer"[..]));
        assert_eq!(inner.take_failure().code, 2);
        assert!(!fail(1, b"nobody evaluates"));
    }
}
