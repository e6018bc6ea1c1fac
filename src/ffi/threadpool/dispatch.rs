//! The pool of threads, for the JavaScript that starts them (`js/threads`).

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicPtr, Ordering};

use crate::back::wasm::has_task_type;
use crate::memory::try_box;
use crate::threads::{Failure, POOL, Start, set_may_sleep};

const SUCCESS: c_int = 0;
/// The workers are at it; only of `threadpool_start`.
const RUNNING: c_int = 1;
const WRONG_TASK: c_int = -3;

fn code_of(failure: Failure) -> c_int {
    match failure {
        Failure::NoPool => -1,
        Failure::ShutDown => -2,
        Failure::Broken => -4,
        Failure::OutOfMemory => -5,
    }
}

/// A function of the host: `(data, m, k, n, thread_idx, thread_count)`.
type Task = unsafe extern "C" fn(*mut u8, u32, u32, u32, u32, u32);

/// A task with its arguments.
struct Call {
    task: Task,
    data: *mut u8,
    sizes: [u32; 3],
    count: u32,
}

// SAFETY: the host allows the task in any thread.
unsafe impl Sync for Call {}

impl Call {
    /// `None` if the index is none of a function of this type.
    fn new(data: *mut u8, sizes: [u32; 3], task: usize) -> Option<Call> {
        if !has_task_type(task as u32) {
            return None;
        }
        // SAFETY: a function pointer is an index of the function table, and this one has the type.
        let task = unsafe { std::mem::transmute::<usize, Task>(task) };
        Some(Call { task, data, sizes, count: POOL.workers().max(1) as u32 })
    }

    fn run(&self, index: usize) {
        let [m, k, n] = self.sizes;
        // SAFETY: the host allows the call for each index below the count.
        unsafe { (self.task)(self.data, m, k, n, index as u32, self.count) };
    }
}

/// Opens the pool for this many workers.
#[unsafe(no_mangle)]
extern "C" fn threadpool_init(num_workers: u32) {
    POOL.open(num_workers);
}

/// Runs a worker's part of all jobs; returns once the pool is shut down.
#[unsafe(no_mangle)]
extern "C" fn threadpool_worker_entry(thread_idx: u32) {
    POOL.work(thread_idx as usize);
}

/// Sends the workers home, each when its task has ended.
#[unsafe(no_mangle)]
extern "C" fn threadpool_shutdown() {
    POOL.shut_down();
}

/// The address of the word that idle workers wait for.
#[unsafe(no_mangle)]
extern "C" fn threadpool_get_futex_addr() -> *const i32 {
    POOL.epoch().as_ptr().cast()
}

/// Calls `task_fn(data, m, k, n, thread_idx, thread_count)` once for each `thread_idx` below the number of workers,
/// or once without workers; returns when all calls have ended.
///
/// The result is 0, or -1 without a pool, -2 after its end, -3 if `task_fn` is not the index of a function of this
/// type, -4 if a thread trapped in its task, now or before, -5 if memory ran out.
#[unsafe(no_mangle)]
extern "C" fn threadpool_dispatch(data: *mut u8, m: u32, k: u32, n: u32, task_fn: usize) -> c_int {
    if let Err(failure) = POOL.check() {
        return code_of(failure);
    }
    let Some(call) = Call::new(data, [m, k, n], task_fn) else { return WRONG_TASK };
    match POOL.run(call.count as usize, usize::MAX, &|index| call.run(index)) {
        Ok(()) => SUCCESS,
        Err(failure) => code_of(failure),
    }
}

/// The call of a job that was started.
static STARTED: AtomicPtr<Call> = AtomicPtr::new(ptr::null_mut());

/// As `threadpool_dispatch`, but the workers do it all, and the call does not wait for them: its result is 1 while
/// they are at it, until the word of `threadpool_get_gate_addr` is 0 and `threadpool_finish` gives the result.
#[unsafe(no_mangle)]
extern "C" fn threadpool_start(data: *mut u8, m: u32, k: u32, n: u32, task_fn: usize) -> c_int {
    /// # Safety
    /// `call` points to a [`Call`].
    unsafe fn run(call: *const (), index: usize) {
        // SAFETY: as the caller promises.
        unsafe { &*call.cast::<Call>() }.run(index);
    }
    if let Err(failure) = POOL.check() {
        return code_of(failure);
    }
    let Some(call) = Call::new(data, [m, k, n], task_fn) else { return WRONG_TASK };
    let count = call.count as usize;
    let Ok(call) = try_box(call) else { return code_of(Failure::OutOfMemory) };
    let call = Box::into_raw(call);
    // SAFETY: the call lives until `threadpool_finish`, which comes after the job.
    let started = unsafe { POOL.start(count, run, call.cast_const().cast()) };
    if started == Ok(Start::Running) {
        STARTED.store(call, Ordering::Relaxed);
        return RUNNING;
    }
    // SAFETY: the call comes from a box, and nobody else has it.
    drop(unsafe { Box::from_raw(call) });
    started.map_or_else(code_of, |_| SUCCESS)
}

/// The address of a word that is 0 while no job is running; threads that wait for it are woken then.
#[unsafe(no_mangle)]
extern "C" fn threadpool_get_gate_addr() -> *const i32 {
    POOL.gate().as_ptr().cast()
}

/// Ends a job of `threadpool_start`; the result is that of `threadpool_dispatch`.
#[unsafe(no_mangle)]
extern "C" fn threadpool_finish() -> c_int {
    let call = STARTED.swap(ptr::null_mut(), Ordering::Relaxed);
    if call.is_null() {
        return code_of(Failure::NoPool);
    }
    // SAFETY: the call comes from a box; the job has ended, so nobody looks at it.
    drop(unsafe { Box::from_raw(call) });
    POOL.finish().map_or_else(code_of, |()| SUCCESS)
}

/// To be called when a thread has trapped: from that thread, or from any other once it is dead. The number of a
/// worker, or -1 for the thread that dispatched.
#[unsafe(no_mangle)]
extern "C" fn threadpool_trapped(thread_idx: u32) {
    POOL.give_up(thread_idx as usize);
}

/// Says whether the calling thread may sleep: the main thread of a page may not.
#[unsafe(no_mangle)]
extern "C" fn threadpool_may_sleep(may: u32) {
    set_may_sleep(may != 0);
}

/// The function-table index of a `progress` for `me_array_params`: it writes how many items are done, and how many
/// there are, to the two 64-bit numbers at `context`, where other threads may read them.
#[unsafe(no_mangle)]
extern "C" fn threadpool_get_progress_fn() -> unsafe extern "C" fn(*mut c_void, i64, i64) {
    /// # Safety
    /// `context` is the address of two numbers of 8 bytes each, aligned.
    unsafe extern "C" fn note(context: *mut c_void, done: i64, all: i64) {
        // SAFETY: as the caller of the evaluation promises.
        let [first, second] = unsafe { &*context.cast::<[AtomicI64; 2]>() };
        first.store(done, Ordering::Relaxed);
        second.store(all, Ordering::Relaxed);
    }
    note
}
