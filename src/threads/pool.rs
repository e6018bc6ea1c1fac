//! Jobs, and the threads that take their tasks.
//!
//! A job is open while `gate` has the bit [`OPEN`]; the other bits count the workers that are inside. A worker enters
//! an open gate only, and whoever finds that all tasks are taken closes it. So once the gate is 0, every task has
//! ended and nobody looks at the job any more. `epoch` changes with each job and is what idle workers wait for.

use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::wait;

const OPEN: u32 = 1 << 31;

/// Why a job did not run, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The pool was not started.
    NoPool,
    /// The pool has been shut down.
    ShutDown,
    /// A thread of this job or of one before did not come back from its task.
    Broken,
    OutOfMemory,
}

/// How [`Pool::start`] began a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Workers are at it: [`Pool::finish`] may be called once the gate is 0.
    Running,
    /// The calling thread has done it all.
    Done,
}

/// A function that runs the task of a number, with its argument.
type Body = unsafe fn(*const (), usize);

#[derive(Clone, Copy)]
struct Job {
    body: Body,
    data: *const (),
    tasks: usize,
}

/// The state of a worker, on a cache line of its own.
#[repr(align(64))]
struct Slot {
    /// Whether the worker is inside the gate.
    is_inside: AtomicBool,
}

/// Life of a pool.
const NOT_STARTED: u32 = 0;
const RUNNING: u32 = 1;
const SHUT_DOWN: u32 = 2;
const NO_MEMORY: u32 = 3;

pub struct Pool {
    state: AtomicU32,
    is_broken: AtomicBool,
    /// Whether a thread has the job.
    is_taken: AtomicBool,
    gate: AtomicU32,
    /// Most workers that may be inside the gate.
    most_inside: AtomicU32,
    epoch: AtomicU32,
    /// The epoch at the start: where a worker begins, whenever it arrives.
    first_epoch: AtomicU32,
    cursor: AtomicU32,
    job: UnsafeCell<Job>,
    slots: UnsafeCell<Vec<Slot>>,
}

// SAFETY: the job is written by the thread that has taken it, while the gate is 0, and read inside the gate. The slots
// are written before the pool runs, and after that only read.
unsafe impl Sync for Pool {}

thread_local! {
    /// Whether the thread is in a task of a job that is shared out.
    static IS_IN_TASK: Cell<bool> = const { Cell::new(false) };
}

impl Pool {
    pub const fn new() -> Pool {
        const fn nothing(_: *const (), _: usize) {}
        Pool {
            state: AtomicU32::new(NOT_STARTED),
            is_broken: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            gate: AtomicU32::new(0),
            most_inside: AtomicU32::new(0),
            epoch: AtomicU32::new(0),
            first_epoch: AtomicU32::new(0),
            cursor: AtomicU32::new(0),
            job: UnsafeCell::new(Job { body: nothing, data: std::ptr::null(), tasks: 0 }),
            slots: UnsafeCell::new(Vec::new()),
        }
    }

    /// Opens the pool for `workers` workers, which arrive whenever they are ready. Does nothing for a pool that has
    /// been opened before.
    pub fn open(&self, workers: u32) {
        if self.state.load(Ordering::Acquire) != NOT_STARTED {
            return;
        }
        // SAFETY: nobody reads the slots before the state says that they are there.
        let slots = unsafe { &mut *self.slots.get() };
        let made = slots.try_reserve_exact(workers as usize);
        let state = if made.is_ok() { RUNNING } else { NO_MEMORY };
        if made.is_ok() {
            slots.extend((0..workers).map(|_| Slot { is_inside: AtomicBool::new(false) }));
        }
        self.first_epoch.store(self.epoch.load(Ordering::Relaxed), Ordering::Relaxed);
        self.state.store(state, Ordering::Release);
    }

    /// Number of workers that the pool was opened for.
    pub fn workers(&self) -> usize {
        self.slots().len()
    }

    /// Sends the workers home, each when its task has ended. Jobs are refused from now on.
    pub fn shut_down(&self) {
        self.state.store(SHUT_DOWN, Ordering::Release);
        self.next_epoch(u32::MAX);
    }

    /// What idle workers wait for.
    pub fn epoch(&self) -> &AtomicU32 {
        &self.epoch
    }

    /// 0 where no job is open and no worker inside.
    #[cfg(threaded_wasm)]
    pub fn gate(&self) -> &AtomicU32 {
        &self.gate
    }

    /// Why no job can run; `Ok` if one can.
    pub fn check(&self) -> Result<(), Failure> {
        match self.state.load(Ordering::Acquire) {
            RUNNING if self.is_broken.load(Ordering::Acquire) => Err(Failure::Broken),
            RUNNING => Ok(()),
            SHUT_DOWN => Err(Failure::ShutDown),
            NO_MEMORY => Err(Failure::OutOfMemory),
            _ => Err(Failure::NoPool),
        }
    }

    /// Runs `body` for each number below `tasks`, in at most `threads` threads; returns when all have ended.
    ///
    /// The calling thread does it alone where there is no pool, where the pool has another job, and inside a task.
    pub fn run(&self, tasks: usize, threads: usize, body: &(dyn Fn(usize) + Sync)) -> Result<(), Failure> {
        if self.is_broken.load(Ordering::Acquire) {
            return Err(Failure::Broken);
        }
        if !self.can_share(tasks, threads) {
            (0..tasks).for_each(body);
            return Ok(());
        }
        // SAFETY: the pointer leads to `body`, as `call` wants, which outlives the job.
        unsafe { self.post(Job { body: call, data: (&raw const body).cast(), tasks }, 0, threads - 1) };
        IS_IN_TASK.set(true);
        // SAFETY: this thread has the job.
        unsafe { self.take_tasks() };
        IS_IN_TASK.set(false);
        self.wait_for_workers();
        self.finish()
    }

    /// Calls `work` with 0 in the calling thread, and with other numbers below `threads` in workers that are free
    /// meanwhile, each number once at most; returns when all calls have. `work` shares out by itself what there is
    /// to do.
    pub fn share(&self, threads: usize, work: &(dyn Fn(usize) + Sync)) -> Result<(), Failure> {
        if self.is_broken.load(Ordering::Acquire) {
            return Err(Failure::Broken);
        }
        if !self.can_share(threads, threads) {
            work(0);
            return Ok(());
        }
        // SAFETY: the pointer leads to `work`, as `call` wants, which outlives the job.
        unsafe {
            self.post(Job { body: call, data: (&raw const work).cast(), tasks: threads }, 1, threads - 1)
        };
        IS_IN_TASK.set(true);
        work(0);
        IS_IN_TASK.set(false);
        self.close();
        self.wait_for_workers();
        self.finish()
    }

    /// Begins a job without waiting for it. The calling thread takes no task, unless nobody else can.
    ///
    /// # Safety
    /// `body` may be called with `data` and each number below `tasks`, from any thread, until the gate is 0.
    pub unsafe fn start(&self, tasks: usize, body: Body, data: *const ()) -> Result<Start, Failure> {
        self.check()?;
        if !self.can_share(tasks, usize::MAX) {
            // SAFETY: as the caller promises.
            (0..tasks).for_each(|task| unsafe { body(data, task) });
            return Ok(Start::Done);
        }
        // SAFETY: as the caller promises.
        unsafe { self.post(Job { body, data, tasks }, 0, usize::MAX) };
        Ok(Start::Running)
    }

    /// Ends a job whose gate is 0.
    pub fn finish(&self) -> Result<(), Failure> {
        self.is_taken.store(false, Ordering::Release);
        if self.is_broken.load(Ordering::Acquire) { Err(Failure::Broken) } else { Ok(()) }
    }

    /// The life of a worker: takes part in jobs until the pool is shut down.
    pub fn work(&self, worker: usize) {
        let mut seen = self.first_epoch.load(Ordering::Acquire);
        loop {
            wait::while_equal(&self.epoch, seen);
            seen = self.epoch.load(Ordering::Acquire);
            if self.state.load(Ordering::Acquire) != RUNNING {
                return;
            }
            if self.enter() {
                self.slots()[worker].is_inside.store(true, Ordering::Relaxed);
                IS_IN_TASK.set(true);
                // SAFETY: this thread is inside the gate.
                unsafe { self.take_tasks() };
                IS_IN_TASK.set(false);
                self.slots()[worker].is_inside.store(false, Ordering::Relaxed);
                self.leave();
            }
        }
    }

    /// To be called when a worker has trapped, or has died, for it will not come back: the job and all later ones
    /// fail. A number that is none of a worker's stands for the thread that has the job.
    pub fn give_up(&self, worker: usize) {
        self.is_broken.store(true, Ordering::Release);
        self.close();
        match self.slots().get(worker) {
            Some(slot) => {
                if slot.is_inside.swap(false, Ordering::Relaxed) {
                    self.leave();
                }
            }
            None => {
                // The stack of the calling thread has what the workers look at.
                IS_IN_TASK.set(false);
                self.wait_for_workers();
            }
        }
    }

    fn slots(&self) -> &[Slot] {
        if self.state.load(Ordering::Acquire) == NOT_STARTED {
            return &[];
        }
        // SAFETY: the slots were written before the state, and do not change any more.
        unsafe { &*self.slots.get() }
    }

    /// Takes the job for the calling thread, if others can help with it.
    fn can_share(&self, tasks: usize, threads: usize) -> bool {
        let is_worth_it = tasks > 1 && threads > 1 && u32::try_from(tasks).is_ok_and(|tasks| tasks < OPEN);
        is_worth_it
            && !IS_IN_TASK.get()
            && self.check().is_ok()
            && self.workers() > 0
            && !self.is_taken.swap(true, Ordering::Acquire)
    }

    /// Shows a job to at most this many workers; its tasks before `first` are those of the calling thread.
    ///
    /// # Safety
    /// The calling thread has taken the job, whose body may be called until the gate is 0.
    unsafe fn post(&self, job: Job, first: u32, workers: usize) {
        let workers = u32::try_from(workers.min(self.workers())).unwrap_or(OPEN - 1);
        // SAFETY: nobody else has the job, and the gate is 0.
        unsafe { *self.job.get() = job };
        self.cursor.store(first, Ordering::Relaxed);
        self.most_inside.store(workers, Ordering::Relaxed);
        self.gate.store(OPEN, Ordering::Release);
        self.next_epoch(workers);
    }

    fn next_epoch(&self, workers: u32) {
        self.epoch.fetch_add(1, Ordering::Release);
        wait::wake(&self.epoch, workers);
    }

    /// Goes inside, if the gate is open and has room.
    fn enter(&self) -> bool {
        let inside = |gate| {
            let has_room = gate & OPEN != 0 && gate & !OPEN < self.most_inside.load(Ordering::Relaxed);
            has_room.then_some(gate + 1)
        };
        self.gate.fetch_update(Ordering::Acquire, Ordering::Acquire, inside).is_ok()
    }

    fn leave(&self) {
        if self.gate.fetch_sub(1, Ordering::AcqRel) == 1 {
            wait::wake(&self.gate, u32::MAX);
        }
    }

    /// Lets nobody in any more. If nobody is inside, that ends the job.
    fn close(&self) {
        if self.gate.fetch_and(!OPEN, Ordering::AcqRel) == OPEN {
            wait::wake(&self.gate, u32::MAX);
        }
    }

    /// Returns when the gate is 0.
    fn wait_for_workers(&self) {
        loop {
            match self.gate.load(Ordering::Acquire) {
                0 => return,
                gate => wait::while_equal(&self.gate, gate),
            }
        }
    }

    /// Runs tasks that nobody has taken, until there are none; then closes the gate.
    ///
    /// # Safety
    /// The calling thread has the job, or is inside the gate.
    unsafe fn take_tasks(&self) {
        // SAFETY: as the caller promises: nobody writes the job meanwhile.
        let Job { body, data, tasks } = unsafe { *self.job.get() };
        while !self.is_broken.load(Ordering::Relaxed) {
            let task = self.cursor.fetch_add(1, Ordering::Relaxed) as usize;
            if task >= tasks {
                break;
            }
            // SAFETY: whoever posted the job promised it.
            unsafe { body(data, task) };
        }
        self.close();
    }
}

/// The body of a job that is a function of Rust.
///
/// # Safety
/// `data` points to a reference to the function, which outlives the call.
unsafe fn call(data: *const (), task: usize) {
    // SAFETY: as the caller promises.
    let body = unsafe { &*data.cast::<&(dyn Fn(usize) + Sync)>() };
    body(task);
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Calls `test` with a pool with this many workers.
    fn with_workers(workers: u32, test: impl FnOnce(&Pool)) {
        let pool = Pool::new();
        pool.open(workers);
        std::thread::scope(|scope| {
            for worker in 0..workers as usize {
                let pool = &pool;
                scope.spawn(move || pool.work(worker));
            }
            test(&pool);
            pool.shut_down();
        });
    }

    fn counts(pool: &Pool, tasks: usize, threads: usize) -> Vec<usize> {
        let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
        let body = |task: usize| {
            counts[task].fetch_add(1, Ordering::Relaxed);
        };
        pool.run(tasks, threads, &body).unwrap();
        counts.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_task_runs_once() {
        for workers in [0, 1, 3, 16] {
            with_workers(workers, |pool| {
                for tasks in [0, 1, 2, 3, 17, 1000] {
                    for threads in [0, 1, 2, usize::MAX] {
                        assert_eq!(counts(pool, tasks, threads), vec![1; tasks], "{workers} {threads}");
                    }
                }
            });
        }
    }

    #[test]
    fn a_job_inside_a_task_runs_in_its_thread() {
        with_workers(2, |pool| {
            let total = AtomicUsize::new(0);
            let add = |_: usize| {
                total.fetch_add(1, Ordering::Relaxed);
            };
            let outer = |_: usize| {
                let here = std::thread::current().id();
                let inner = |task: usize| {
                    assert_eq!(std::thread::current().id(), here);
                    add(task);
                };
                pool.run(10, usize::MAX, &inner).unwrap();
            };
            pool.run(20, usize::MAX, &outer).unwrap();
            assert_eq!(total.into_inner(), 200);
        });
    }

    #[test]
    fn the_caller_does_all_that_no_worker_does() {
        for workers in [0, 1, 3] {
            with_workers(workers, |pool| {
                for threads in [1, 2, 4, 100] {
                    for _ in 0..50 {
                        let caller = std::thread::current().id();
                        let (left, calls) = (AtomicUsize::new(100), AtomicUsize::new(0));
                        let work = |index: usize| {
                            assert_eq!(index == 0, std::thread::current().id() == caller);
                            calls.fetch_add(1, Ordering::Relaxed);
                            let take = |left: usize| left.checked_sub(1);
                            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {}
                        };
                        pool.share(threads, &work).unwrap();
                        assert_eq!(left.into_inner(), 0);
                        assert!((1..=threads).contains(&calls.into_inner()));
                    }
                }
            });
        }
    }

    #[test]
    fn no_more_threads_than_allowed_take_part() {
        with_workers(4, |pool| {
            let inside = AtomicUsize::new(0);
            let body = |_: usize| {
                assert!(inside.fetch_add(1, Ordering::Relaxed) < 2);
                std::thread::yield_now();
                inside.fetch_sub(1, Ordering::Relaxed);
            };
            for _ in 0..100 {
                pool.run(20, 2, &body).unwrap();
            }
        });
    }

    #[test]
    fn a_started_job_ends_without_its_caller() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        fn count(_: *const (), _: usize) {
            COUNT.fetch_add(1, Ordering::Relaxed);
        }
        with_workers(1, |pool| {
            // SAFETY: the function may be called from anywhere.
            assert_eq!(unsafe { pool.start(30, count, std::ptr::null()) }, Ok(Start::Running));
            pool.wait_for_workers();
            assert_eq!((pool.finish(), COUNT.load(Ordering::Relaxed)), (Ok(()), 30));
        });
    }

    #[test]
    fn a_worker_that_is_lost_breaks_the_pool() {
        let pool = Pool::new();
        pool.open(1);
        let is_inside = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // A worker that does not come back from its task.
                wait::while_equal(pool.epoch(), 0);
                while !pool.enter() {
                    std::hint::spin_loop();
                }
                pool.slots()[0].is_inside.store(true, Ordering::Relaxed);
                is_inside.store(true, Ordering::Release);
                pool.give_up(0);
            });
            let body = |_: usize| {
                while !is_inside.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
            };
            assert_eq!(pool.run(2, 2, &body), Err(Failure::Broken));
        });
        assert_eq!((pool.run(2, 2, &|_| ()), pool.check()), (Err(Failure::Broken), Err(Failure::Broken)));
    }

    #[test]
    fn jobs_are_refused_before_the_start_and_after_the_end() {
        let pool = Pool::new();
        assert_eq!((pool.check(), pool.workers()), (Err(Failure::NoPool), 0));
        assert_eq!(pool.run(2, 2, &|_| ()), Ok(()), "without a pool the caller does it");
        pool.open(1);
        pool.open(5);
        assert_eq!((pool.check(), pool.workers()), (Ok(()), 1));
        pool.shut_down();
        assert_eq!(pool.check(), Err(Failure::ShutDown));
    }
}
