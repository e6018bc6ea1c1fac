//! All arguments of a function of one float32.

use super::record::{Record, Worst};
use super::subject::{Implementation, Subject};
use super::wide::{Wide, error_of_float32};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{available_parallelism, scope};
use std::time::{Duration, Instant};

/// Arguments that are evaluated together.
const BLOCK: usize = 1 << 13;

/// Blocks after which an interrupted run goes on.
const SEGMENT: u64 = 1 << 10;

const BLOCKS: u64 = (1 << 32) / BLOCK as u64;

/// The blocks come in the order of their number times this, so that those seen are spread evenly.
const STRIDE: u64 = 0x9_e375;

/// Goes on after the blocks that `record` has seen, to the last one or the time limit.
pub fn run(
    subject: Subject,
    kernels: &[Implementation],
    wide: &Wide,
    limit: Option<Duration>,
    record: &mut Record,
) {
    let threads = available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    let mut saved = start;
    while record.next_block < BLOCKS && limit.is_none_or(|limit| start.elapsed() < limit) {
        let end = (record.next_block + SEGMENT).min(BLOCKS);
        let next = AtomicU64::new(record.next_block);
        let found = Mutex::new(&mut *record);
        scope(|threads_of_segment| {
            for _ in 0..threads {
                threads_of_segment.spawn(|| {
                    let mut worst = vec![Worst::default(); kernels.len()];
                    let mut block = Block::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= end {
                            break;
                        }
                        block.run(number, subject, kernels, wide, &mut worst);
                    }
                    let mut record = found.lock().expect("no thread panics");
                    for (kernel, worst) in kernels.iter().zip(worst) {
                        record.add(&kernel.uses, worst);
                    }
                });
            }
        });
        record.next_block = end;
        if saved.elapsed() > Duration::from_secs(10) {
            saved = Instant::now();
            record.save();
        }
    }
}

/// How much of the arguments `record` has seen, in percent.
pub fn progress(record: &Record) -> u64 {
    100 * record.next_block / BLOCKS
}

/// Whether `record` is of a search that has not seen all arguments.
pub fn is_partial(record: &Record) -> bool {
    record.is_exhaustive() && record.next_block < BLOCKS
}

/// Buffers of one thread.
struct Block {
    x: Vec<f32>,
    wide_x: Vec<f64>,
    want: Vec<f64>,
    got: Vec<f32>,
}

impl Block {
    fn new() -> Block {
        Block { x: vec![0.0; BLOCK], wide_x: vec![0.0; BLOCK], want: vec![0.0; BLOCK], got: vec![0.0; BLOCK] }
    }

    fn run(
        &mut self,
        number: u64,
        subject: Subject,
        kernels: &[Implementation],
        wide: &Wide,
        worst: &mut [Worst],
    ) {
        let first = (number * STRIDE % BLOCKS * BLOCK as u64) as u32;
        for (bits, (x, wide_x)) in (first..).zip(self.x.iter_mut().zip(&mut self.wide_x)) {
            *x = f32::from_bits(bits);
            *wide_x = f64::from(*x);
        }
        wide.narrow(subject, &self.wide_x, &self.wide_x, &mut self.want);
        for (kernel, worst) in kernels.iter().zip(worst) {
            kernel.run(&self.x, &self.x, &mut self.got);
            let errors = self.want.iter().zip(&self.got).map(|(&want, &got)| error_of_float32(want, got));
            // The largest first, as finding out where it is takes longer.
            let largest = errors.clone().fold(0.0, |a: f64, b| if b > a { b } else { a });
            if largest > worst.error {
                let index = errors.clone().position(|error| error == largest).expect("it was seen");
                *worst = Worst { error: largest, arguments: [self.wide_x[index], 0.0] };
            }
        }
    }
}
