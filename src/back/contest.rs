//! Which of two engines runs a kernel faster, found by running both.
//!
//! Machine code runs every lane of a group until the last one is done, and calls vector functions on a group
//! at a time; the interpreter packs the items that are left, and calls them on thousands. Which one wins
//! depends on the kernel and on its data. Results are the same bits, so the choice can be made, and
//! changed, at any evaluation.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Who runs an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Code = 0,
    Interpreter = 1,
}

impl Turn {
    fn other(self) -> Turn {
        match self {
            Turn::Code => Turn::Interpreter,
            Turn::Interpreter => Turn::Code,
        }
    }
}

/// The times of both engines so far. Threads share it: a lost update costs a trial, nothing else.
#[derive(Debug)]
pub struct Contest {
    /// Trials of the opening that have begun.
    trials: AtomicU32,
    /// Time per item, in units of 2^-10 nanoseconds.
    costs: [AtomicU64; 2],
    /// What the winner has taken since the loser was last tried, in the same unit.
    since_trial: AtomicU64,
}

/// Fewer items say nothing: the time of the call itself counts.
const FEWEST_ITEMS: usize = 256;

/// Each engine is tried twice at first, as the first run warms up caches.
const OPENING: u32 = 4;

/// The loser is tried again once the winner has run this many times as long as the trial will take, so trials
/// cost less than two percent.
const PATIENCE: u64 = 64;

const NEVER_RUN: u64 = u64::MAX;

impl Default for Contest {
    /// A contest in which neither engine has run.
    fn default() -> Contest {
        Contest {
            trials: AtomicU32::new(0),
            costs: [AtomicU64::new(NEVER_RUN), AtomicU64::new(NEVER_RUN)],
            since_trial: AtomicU64::new(0),
        }
    }
}

impl Contest {
    /// Runs an evaluation of `n` items by the engine whose turn it is. Where `code` leaves one to the interpreter,
    /// both count as its time: else code that does nothing would win.
    pub fn run<R>(&self, n: usize, code: impl FnOnce() -> Option<R>, interpreter: impl FnOnce() -> R) -> R {
        let evaluate = |turn| match turn {
            Turn::Code => code().unwrap_or_else(interpreter),
            Turn::Interpreter => interpreter(),
        };
        if n < FEWEST_ITEMS {
            return evaluate(self.winner());
        }
        let turn = self.next(n);
        let start = Instant::now();
        let result = evaluate(turn);
        self.record(turn, n, start.elapsed());
        result
    }

    fn cost(&self, turn: Turn) -> u64 {
        self.costs[turn as usize].load(Ordering::Relaxed)
    }

    fn winner(&self) -> Turn {
        if self.cost(Turn::Interpreter) < self.cost(Turn::Code) { Turn::Interpreter } else { Turn::Code }
    }

    fn next(&self, n: usize) -> Turn {
        if self.trials.load(Ordering::Relaxed) < OPENING {
            let trial = self.trials.fetch_add(1, Ordering::Relaxed);
            return if trial.is_multiple_of(2) { Turn::Code } else { Turn::Interpreter };
        }
        let winner = self.winner();
        let trial = self.cost(winner.other()).saturating_mul(n as u64);
        if self.since_trial.load(Ordering::Relaxed) / PATIENCE < trial {
            return winner;
        }
        self.since_trial.store(0, Ordering::Relaxed);
        winner.other()
    }

    fn record(&self, turn: Turn, n: usize, elapsed: Duration) {
        let time = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).saturating_mul(1 << 10);
        self.since_trial.fetch_add(time.min(u64::MAX / 4), Ordering::Relaxed);
        // An interruption makes a run look slow, nothing makes it look fast: so a better time counts at once, a
        // worse one by and by.
        let known = self.cost(turn);
        let cost = (time / n as u64).clamp(1, NEVER_RUN - 1).min(known.saturating_add(known / 4));
        self.costs[turn as usize].store(cost, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 1000;

    /// Plays evaluations in which an engine takes this many nanoseconds per item, and counts those of each.
    fn play(contest: &Contest, rounds: usize, nanoseconds: [u64; 2]) -> [usize; 2] {
        let mut turns = [0; 2];
        for _ in 0..rounds {
            let turn = contest.next(N);
            contest.record(turn, N, Duration::from_nanos(nanoseconds[turn as usize] * N as u64));
            turns[turn as usize] += 1;
        }
        turns
    }

    #[test]
    fn the_faster_engine_runs_and_trials_cost_little() {
        for nanoseconds in [[10, 20], [20, 10], [300, 10], [10, 11]] {
            let contest = Contest::default();
            play(&contest, OPENING as usize, nanoseconds);
            let turns = play(&contest, 10_000, nanoseconds);
            let spent: u64 = turns.iter().zip(nanoseconds).map(|(turns, time)| *turns as u64 * time).sum();
            let best = 10_000 * nanoseconds.into_iter().min().unwrap();
            assert!(spent * 100 <= best * 102, "{nanoseconds:?}: {turns:?}");
        }
    }

    #[test]
    fn the_choice_follows_the_data() {
        let contest = Contest::default();
        play(&contest, 1000, [10, 20]);
        assert_eq!(contest.winner(), Turn::Code);
        play(&contest, 1000, [40, 20]);
        assert_eq!(contest.winner(), Turn::Interpreter);
    }

    #[test]
    fn one_interruption_changes_nothing() {
        let contest = Contest::default();
        play(&contest, 1000, [10, 20]);
        contest.record(Turn::Code, N, Duration::from_secs(1));
        assert_eq!(contest.winner(), Turn::Code);
    }

    #[test]
    fn few_items_are_not_timed() {
        let contest = Contest::default();
        for _ in 0..100 {
            let turn = contest.run(FEWEST_ITEMS - 1, || Some(Turn::Code), || Turn::Interpreter);
            assert_eq!(turn, Turn::Code);
        }
        assert_eq!(contest.cost(Turn::Interpreter), NEVER_RUN);
    }

    #[test]
    fn code_that_leaves_evaluations_to_the_interpreter_gains_nothing() {
        let contest = Contest::default();
        let pause = Duration::from_millis(1);
        for _ in 0..OPENING {
            contest.run(N, || None, || std::thread::sleep(pause));
        }
        let least = pause.as_nanos() as u64 * (1 << 10) / N as u64;
        assert!([Turn::Code, Turn::Interpreter].into_iter().all(|turn| contest.cost(turn) >= least));
    }
}
