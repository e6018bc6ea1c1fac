//! A search for large errors where the arguments are too many to try all.
//!
//! Arguments are sorted into regions by their leading bits. Each region keeps its worst one, for each
//! implementation. After samples of all regions, of intervals, and of neighbours of multiples of the numbers
//! that arguments are reduced by, new arguments are made from kept ones, mostly from the worst, by adding
//! random numbers of every magnitude to their bits. So the search follows errors that grow towards a zero, a
//! limit or the end of a formula's range, and tries the rounding errors around.

use super::record::{Record, Worst};
use super::subject::{Implementation, Subject};
use super::wide::{LongDouble, Wide, error_of_float32};
use crate::testkit::random::Random;
use miniexpr::Dtype;
use std::f64::consts::{FRAC_PI_2, LN_2, LOG10_2, PI};
use std::sync::Mutex;
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

/// Arguments that are evaluated together.
const BATCH: usize = 4096;

/// Batches after which the worst regions are chosen anew.
const ROUND: usize = 32;

/// From how many of the worst regions most arguments are made.
const LEADERS: usize = 24;

pub fn run(
    subject: Subject,
    dtype: Dtype,
    kernels: &[Implementation],
    wide: &Wide,
    limit: Duration,
    record: &mut Record,
) {
    let threads = available_parallelism().map_or(1, usize::from);
    let starts = record.starts();
    let seed = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64);
    let found = Mutex::new(record);
    scope(|threads_of_search| {
        for thread in 0..threads {
            let (starts, found) = (&starts, &found);
            threads_of_search.spawn(move || {
                let mut climb = Climb::new(subject, dtype, kernels, wide, seed ^ (thread as u64) << 32);
                climb.run(limit, starts);
                let mut record = found.lock().expect("no thread panics");
                for (kernel, regions) in kernels.iter().zip(&climb.regions) {
                    let worst = regions.iter().copied().max_by(|a, b| a.error.total_cmp(&b.error));
                    record.add(&kernel.uses, worst.expect("there are regions"));
                }
            });
        }
    });
}

/// The search of one thread.
struct Climb<'a> {
    subject: Subject,
    dtype: Dtype,
    kernels: &'a [Implementation],
    wide: &'a Wide,
    random: Random,
    /// By implementation.
    regions: Vec<Vec<Worst>>,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl<'a> Climb<'a> {
    fn new(
        subject: Subject,
        dtype: Dtype,
        kernels: &'a [Implementation],
        wide: &'a Wide,
        seed: u64,
    ) -> Climb<'a> {
        let regions = kernels.iter().map(|_| vec![Worst::default(); 1 << 16]).collect();
        Climb {
            subject,
            dtype,
            kernels,
            wide,
            random: Random::new(seed),
            regions,
            a: Vec::with_capacity(BATCH),
            b: Vec::with_capacity(BATCH),
        }
    }

    fn run(&mut self, limit: Duration, starts: &[[f64; 2]]) {
        let end = Instant::now() + limit;
        for &[a, b] in starts {
            self.push(a, b);
        }
        self.evaluate();
        let mut round = 0;
        while Instant::now() < end {
            // A fifth of the time, and all of the first, looks everywhere.
            if round < 4 || round % 5 == 0 {
                self.sample();
            } else {
                self.follow(round % self.kernels.len());
            }
            round += 1;
        }
    }

    fn push(&mut self, a: f64, b: f64) {
        let narrow = |x: f64| if self.dtype == Dtype::Float32 { f64::from(x as f32) } else { x };
        self.a.push(narrow(a));
        self.b.push(narrow(b));
    }

    fn sample(&mut self) {
        for _ in 0..ROUND {
            while self.a.len() < BATCH {
                let a = self.somewhere();
                let b = if self.subject.arity() == 2 { self.partner(a) } else { 0.0 };
                self.push(a, b);
            }
            self.evaluate();
        }
    }

    fn somewhere(&mut self) -> f64 {
        const STEPS: [f64; 8] =
            [FRAC_PI_2, PI / 8.0, LN_2 / 16.0, LN_2 / 2.0, LOG10_2 / 16.0, 0.5, 0.0625, 0.1];
        let random = &mut self.random;
        match random.below(4) {
            0 | 1 => self.anywhere(),
            2 => {
                let intervals = self.subject.intervals();
                let (low, high) = intervals[random.below(intervals.len() as u64) as usize];
                low + (high - low) * random.unit()
            }
            _ => {
                let bits = random.below(24);
                let multiple = STEPS[random.below(8) as usize] * random.below(2 << bits) as f64;
                let neighbour =
                    f64::from_bits(multiple.to_bits().wrapping_add(random.below(9)).wrapping_sub(4));
                let distance = random.unit() * (-(random.below(60) as f64)).exp2();
                let x = if random.below(2) == 0 { neighbour } else { multiple + distance };
                if random.below(2) == 0 { x } else { -x }
            }
        }
    }

    /// Random bits of the dtype.
    fn anywhere(&mut self) -> f64 {
        let bits = self.random.bits();
        if self.dtype == Dtype::Float32 {
            f64::from(f32::from_bits(bits as u32))
        } else {
            f64::from_bits(bits)
        }
    }

    /// A second argument for which the function is neither trivial nor out of range.
    fn partner(&mut self, a: f64) -> f64 {
        let random = &mut self.random;
        let (limit, sign) = (if self.dtype == Dtype::Float32 { 103.0 } else { 745.0 }, random.below(2) == 0);
        match (self.subject, random.below(4)) {
            (_, 0) => self.anywhere(),
            (Subject::Binary(miniexpr::internals::ir::BinaryOp::Pow), _) => {
                (2.0 * random.unit() - 1.0) * limit / a.abs().ln()
            }
            (_, 1) => a * (1.0 + random.unit() * (-(random.below(50) as f64)).exp2()),
            _ => {
                let ratio = (8.0 * random.unit() - 4.0).exp2();
                a * if sign { ratio } else { -ratio }
            }
        }
    }

    /// Arguments near the worst ones of an implementation.
    fn follow(&mut self, kernel: usize) {
        let worst = &self.regions[kernel];
        let mut order: Vec<usize> = (0..worst.len()).filter(|&region| worst[region].error > 0.0).collect();
        order.sort_unstable_by(|&a, &b| worst[b].error.total_cmp(&worst[a].error));
        if order.is_empty() {
            return self.sample();
        }
        for _ in 0..ROUND {
            while self.a.len() < BATCH {
                let candidates =
                    if self.random.below(4) == 0 { order.len() } else { order.len().min(LEADERS) };
                let region = order[self.random.below(candidates as u64) as usize];
                let [a, b] = self.regions[kernel][region].arguments;
                let which = self.random.below(3);
                let moved_a = if which < 2 { self.moved(a) } else { a };
                let moved_b = if which > 0 && self.subject.arity() == 2 { self.moved(b) } else { b };
                self.push(moved_a, moved_b);
            }
            self.evaluate();
        }
    }

    fn moved(&mut self, x: f64) -> f64 {
        let random = &mut self.random;
        if self.dtype == Dtype::Float32 {
            let step = (random.bits() as u32) >> (5 + random.below(27));
            let step = if random.below(2) == 0 { step } else { step.wrapping_neg() };
            return f64::from(f32::from_bits((x as f32).to_bits().wrapping_add(step)));
        }
        let step = random.bits() >> (8 + random.below(56));
        let step = if random.below(2) == 0 { step } else { step.wrapping_neg() };
        f64::from_bits(x.to_bits().wrapping_add(step))
    }

    /// Evaluates the arguments that were pushed, and keeps those that are the worst of their regions.
    fn evaluate(&mut self) {
        let n = self.a.len();
        let regions: Vec<usize> = (0..n).map(|i| self.region(self.a[i], self.b[i])).collect();
        let mut keep = |kernel: usize, i: usize, error: f64| {
            let worst = &mut self.regions[kernel][regions[i]];
            if error > worst.error {
                *worst = Worst { error, arguments: [self.a[i], self.b[i]] };
            }
        };
        if self.dtype == Dtype::Float32 {
            let narrow = |x: &[f64]| x.iter().map(|&x| x as f32).collect::<Vec<f32>>();
            let (a, b, mut got) = (narrow(&self.a), narrow(&self.b), vec![0.0_f32; n]);
            let mut want = vec![0.0; n];
            self.wide.narrow(self.subject, &self.a, &self.b, &mut want);
            for (index, kernel) in self.kernels.iter().enumerate() {
                kernel.run(&a, &b, &mut got);
                (0..n).for_each(|i| keep(index, i, error_of_float32(want[i], got[i])));
            }
        } else {
            let (mut got, mut errors) = (vec![0.0; n], vec![0.0; n]);
            let mut want = vec![LongDouble::default(); n];
            self.wide.wider(self.subject, &self.a, &self.b, &mut want);
            for (index, kernel) in self.kernels.iter().enumerate() {
                kernel.run(&self.a, &self.b, &mut got);
                self.wide.errors(&want, &got, &mut errors);
                (0..n).for_each(|i| keep(index, i, errors[i]));
            }
        }
        self.a.clear();
        self.b.clear();
    }

    /// The leading 16 bits of one argument, or 8 of two.
    fn region(&self, a: f64, b: f64) -> usize {
        let leading = |x: f64, count: u32| {
            if self.dtype == Dtype::Float32 {
                ((x as f32).to_bits() >> (32 - count)) as usize
            } else {
                (x.to_bits() >> (64 - count)) as usize
            }
        };
        if self.subject.arity() == 1 { leading(a, 16) } else { leading(a, 8) << 8 | leading(b, 8) }
    }
}
