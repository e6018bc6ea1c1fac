//! The threads that evaluations share.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A worker of the pool panicked; its part of the work is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerPanicked;

/// The number of threads that was set; 0 if none was.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

/// Most threads of one evaluation.
pub const MAX_THREADS: usize = 256;

/// Sets the number of threads for evaluations that ask for all of them; 0 restores the default.
pub fn set_num_threads(threads: usize) {
    CHOSEN.store(threads.min(MAX_THREADS), Ordering::Relaxed);
}

/// The number of threads for evaluations that ask for all of them: the number that was set, else that of
/// `ME_NUM_THREADS` when the first expression was compiled, else the number of processors that the process may use.
pub fn num_threads() -> usize {
    match CHOSEN.load(Ordering::Relaxed) {
        0 => default_threads(),
        threads => threads,
    }
}

/// What `ME_NUM_THREADS` said when it was read; 0 if it named no number, [`UNREAD`] before.
static OF_ENVIRONMENT: AtomicUsize = AtomicUsize::new(UNREAD);

const UNREAD: usize = usize::MAX;

/// Reads `ME_NUM_THREADS` in the first compile call: evaluations do not look at the environment.
pub fn read_environment() {
    if OF_ENVIRONMENT.load(Ordering::Relaxed) == UNREAD {
        let wanted = crate::environment::with(c"ME_NUM_THREADS", |value| {
            let text = std::str::from_utf8(value?).ok()?;
            text.trim().parse::<usize>().ok()
        });
        OF_ENVIRONMENT.store(wanted.unwrap_or(0).min(MAX_THREADS), Ordering::Relaxed);
    }
}

/// The default number of threads, from the system where the environment names none.
fn default_threads() -> usize {
    // Those that the host has started so far, and this one.
    #[cfg(threaded_wasm)]
    return (crate::threads::POOL.workers() + 1).min(MAX_THREADS);
    #[cfg(not(threaded_wasm))]
    match OF_ENVIRONMENT.load(Ordering::Relaxed) {
        0 | UNREAD => processors(),
        threads => threads,
    }
}

/// Processors that the process may use, as they were when somebody asked first: finding out reads files.
#[cfg(not(threaded_wasm))]
fn processors() -> usize {
    /// 0 until it is known.
    static PROCESSORS: AtomicUsize = AtomicUsize::new(0);
    match PROCESSORS.load(Ordering::Relaxed) {
        0 => {
            let processors = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
            PROCESSORS.store(processors, Ordering::Relaxed);
            processors
        }
        processors => processors,
    }
}

/// Calls `work` with 0 on this thread, and meanwhile with other numbers below `threads` on others, each number once at
/// most; returns when all calls have. `work` shares out what is to do by itself: where no other thread is free,
/// or the caller is a worker of the pool, the call with 0 is the only one.
///
/// A panic of `work` on this thread goes on when the other calls have returned.
pub fn run(threads: usize, work: &(dyn Fn(usize) + Sync)) -> Result<(), WorkerPanicked> {
    #[cfg(all(feature = "threads", not(target_family = "wasm")))]
    if threads > 1 {
        return workers::run(threads.min(MAX_THREADS), work);
    }
    #[cfg(threaded_wasm)]
    if threads > 1 {
        return crate::threads::POOL.share(threads, work).map_err(|_| WorkerPanicked);
    }
    let _ = threads;
    work(0);
    Ok(())
}

#[cfg(all(feature = "threads", not(target_family = "wasm")))]
mod workers {
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread::Thread;

    use rayon_core::{ThreadPool, ThreadPoolBuilder};

    use super::WorkerPanicked;
    use crate::back::fork_lock::ForkLock;

    type Work<'w> = dyn Fn(usize) + Sync + 'w;

    /// The pool, and the process whose threads it has: a forked child starts its own.
    #[derive(Clone)]
    struct Pool {
        process: u32,
        threads: Arc<ThreadPool>,
    }

    static POOL: ForkLock<Option<Pool>> = ForkLock::new(None);

    /// A pool with at least this many workers; `None` if the system has no more threads to give.
    fn pool(workers: usize) -> Option<Arc<ThreadPool>> {
        let process = std::process::id();
        let mut guard = POOL.lock()?;
        match guard.take() {
            Some(pool) if pool.process == process && pool.threads.current_num_threads() >= workers => {
                return Some(Arc::clone(&guard.insert(pool).threads));
            }
            // The threads of another process are not here to be ended.
            Some(pool) if pool.process != process => std::mem::forget(pool),
            // Evaluations that run keep a smaller pool until they end.
            _ => {}
        }
        let name = |index| format!("miniexpr-{index}");
        let built = ThreadPoolBuilder::new().num_threads(workers).thread_name(name).build();
        let threads = Arc::new(built.ok()?);
        *guard = Some(Pool { process, threads: Arc::clone(&threads) });
        Some(threads)
    }

    /// Set in [`Section::state`] when no further worker may enter; the other bits count those inside.
    const CLOSED: usize = 1 << (usize::BITS - 1);

    /// One call of [`run`], as its workers see it.
    struct Section {
        /// Alive while the section is open, or somebody is inside.
        work: *const Work<'static>,
        state: AtomicUsize,
        panicked: AtomicBool,
        caller: Thread,
    }

    // SAFETY: `work` is `Sync`, and only called while it is alive.
    unsafe impl Send for Section {}
    // SAFETY: as above.
    unsafe impl Sync for Section {}

    impl Section {
        /// Calls `work`, unless its caller has gone on.
        fn join(&self, index: usize) {
            let enter = |state| (state & CLOSED == 0).then_some(state + 1);
            if self.state.fetch_update(Ordering::Acquire, Ordering::Relaxed, enter).is_err() {
                return;
            }
            // SAFETY: the caller waits until nobody is inside.
            let work = unsafe { &*self.work };
            if catch_unwind(AssertUnwindSafe(|| work(index))).is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            if self.state.fetch_sub(1, Ordering::Release) == CLOSED | 1 {
                self.caller.unpark();
            }
        }

        /// Lets nobody enter any more, and waits for those inside.
        fn close(&self) {
            let mut state = self.state.fetch_or(CLOSED, Ordering::Acquire) | CLOSED;
            for _ in 0..SPINS {
                if state == CLOSED {
                    return;
                }
                std::hint::spin_loop();
                state = self.state.load(Ordering::Acquire);
            }
            while self.state.load(Ordering::Acquire) != CLOSED {
                std::thread::park();
            }
        }
    }

    /// Looks at those who are inside before the caller sleeps: some microseconds, less than a wake takes.
    const SPINS: usize = 500;

    /// See [`super::run`].
    pub fn run(threads: usize, work: &Work<'_>) -> Result<(), WorkerPanicked> {
        let pool = match pool(threads - 1) {
            Some(pool) if pool.current_thread_index().is_none() => pool,
            _ => {
                work(0);
                return Ok(());
            }
        };
        // SAFETY: only the lifetime changes. The section is closed before `work` ends, on every way out of here.
        let work_of_section = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        let section = Arc::new(Section {
            work: work_of_section,
            state: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            caller: std::thread::current(),
        });
        for index in 1..threads {
            let section = Arc::clone(&section);
            pool.spawn(move || section.join(index));
        }
        let result = catch_unwind(AssertUnwindSafe(|| work(0)));
        section.close();
        match result {
            Err(panic) => resume_unwind(panic),
            Ok(()) if section.panicked.load(Ordering::Relaxed) => Err(WorkerPanicked),
            Ok(()) => Ok(()),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::run;
        use super::*;
        use std::time::Duration;

        /// Counts what threads take, one by one.
        fn count_to(limit: usize, threads: usize) -> usize {
            let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |_| {
                while next.fetch_add(1, Ordering::Relaxed) < limit {
                    sum.fetch_add(1, Ordering::Relaxed);
                }
            };
            run(threads, &work).unwrap();
            sum.into_inner()
        }

        #[test]
        fn all_work_is_done_by_any_number_of_threads() {
            for threads in [1, 2, 3, 16, 3] {
                assert_eq!(count_to(1000, threads), 1000);
            }
        }

        #[test]
        fn callers_share_the_pool_and_workers_run_alone() {
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let nested = AtomicUsize::new(0);
                        let work = |_| {
                            nested.fetch_add(count_to(10, 4), Ordering::Relaxed);
                        };
                        run(4, &work).unwrap();
                        assert!([10, 20, 30, 40].contains(&nested.into_inner()));
                    });
                }
            });
        }

        /// A caller does not wait for workers that are busy with the work of others.
        #[test]
        fn busy_workers_hold_nobody_up() {
            let (is_over, is_busy) = (AtomicBool::new(false), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let work = |_| {
                        is_busy.fetch_add(1, Ordering::Relaxed);
                        while !is_over.load(Ordering::Relaxed) {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                    };
                    run(2, &work).unwrap();
                });
                while is_busy.load(Ordering::Relaxed) == 0 {
                    std::thread::yield_now();
                }
                assert_eq!(count_to(100, 2), 100);
                is_over.store(true, Ordering::Relaxed);
            });
        }

        #[test]
        fn a_panic_ends_one_call_alone() {
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(|_| {}));
            let began = std::sync::Barrier::new(2);
            let work = |index| {
                began.wait();
                assert_eq!(index, 0);
            };
            assert_eq!(run(2, &work), Err(WorkerPanicked));
            let caller_panics = catch_unwind(AssertUnwindSafe(|| {
                let _ = run(2, &|index| assert_ne!(index, 0));
            }));
            std::panic::set_hook(hook);
            assert!(caller_panics.is_err());
            assert_eq!(count_to(1000, 2), 1000);
        }
    }
}
