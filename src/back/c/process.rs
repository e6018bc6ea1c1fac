//! A program run without a shell, within limits.

use std::ffi::{c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::{Duration, Instant};

use super::file::{ANYWHERE, File};
use super::path::CPath;
use crate::memory::{OutOfMemory, TryGrow};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// A status other than zero, a signal, or a limit.
    Failure,
    /// It could not be started.
    NotStarted,
}

/// What a program may use. Lower limits of this process stay in force.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Wall-clock time, after which the program is killed with everything it started.
    pub time: Duration,
    /// Seconds of processor time, for each process.
    pub processor_seconds: libc::rlim_t,
    /// Bytes of address space, for each process.
    pub memory: libc::rlim_t,
    /// Bytes of each file that is written.
    pub file_size: libc::rlim_t,
}

const POLL: Duration = Duration::from_millis(1);

/// Status of a child that could not become the program.
const NOT_STARTED: c_int = 127;

/// The largest number of a signal.
const LAST_SIGNAL: c_int = if cfg!(target_os = "linux") { 64 } else { 31 };

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Runs `program` with `arguments`, the first of which is its name, and waits for it. Its output is
/// thrown away unless `shows_output`. It runs in a process group of its own, which is killed at the time
/// limit.
pub fn run(
    program: &CPath,
    arguments: &[CPath],
    shows_output: bool,
    limits: Limits,
) -> Result<Outcome, OutOfMemory> {
    let mut pointers = Vec::new();
    for argument in arguments {
        pointers.try_push(argument.as_ptr())?;
    }
    pointers.try_push(ptr::null())?;
    let null = File::open(ANYWHERE, &CPath::new(b"/dev/null")?, libc::O_RDWR);
    let Ok(null) = null.and_then(File::beyond_standard_streams) else { return Ok(Outcome::NotStarted) };
    let mut launch = Launch {
        program: program.as_ptr(),
        arguments: pointers.as_ptr(),
        null: null.descriptor(),
        replaced: if shows_output { 0..1 } else { 0..3 },
        limits,
        signals: MaybeUninit::uninit(),
        has_failed: false,
    };
    Ok(match launch.start()? {
        Some(child) => wait(child, limits.time),
        None => Outcome::NotStarted,
    })
}

/// What a new process needs to become a program.
struct Launch {
    program: *const c_char,
    /// Ends with NULL.
    arguments: *const *const c_char,
    /// `/dev/null`; none of the standard streams.
    null: c_int,
    /// The standard streams whose place it takes.
    replaced: std::ops::Range<c_int>,
    limits: Limits,
    /// The signals that the starting thread blocks.
    signals: MaybeUninit<libc::sigset_t>,
    /// Set by a child that shares memory with this process and could not become the program.
    has_failed: bool,
}

impl Launch {
    /// Starts the program; `None` where that fails.
    ///
    /// `posix_spawn` would do, but for the limits, which are set between the two processes.
    fn start(&mut self) -> Result<Option<libc::pid_t>, OutOfMemory> {
        // SAFETY: the calls initialise the sets before they are used. Signals are blocked so that no handler
        // of this process runs in the child.
        unsafe {
            let mut all = MaybeUninit::uninit();
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), self.signals.as_mut_ptr());
            let child = new_process(self);
            libc::pthread_sigmask(libc::SIG_SETMASK, self.signals.as_ptr(), ptr::null_mut());
            let child = child?;
            if child != -1 && self.has_failed {
                reap(child);
            }
            Ok((child != -1 && !self.has_failed).then_some(child))
        }
    }

    /// Turns a new process into the program; returns where that fails.
    ///
    /// # Safety
    /// All signals are blocked; the pointers are valid.
    unsafe fn become_program(&self) {
        // Other threads of the parent may hold locks, and may share this memory: nothing here allocates,
        // locks or unwinds, and no call is a cancellation point.
        //
        // SAFETY: the records are filled before they are read; the rest is as the caller promises.
        unsafe {
            for signal in 1..=LAST_SIGNAL {
                let mut action = MaybeUninit::<libc::sigaction>::uninit();
                if libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) != 0 {
                    continue;
                }
                let action = action.assume_init_mut();
                if action.sa_sigaction != libc::SIG_IGN && action.sa_sigaction != libc::SIG_DFL {
                    action.sa_sigaction = libc::SIG_DFL;
                    libc::sigaction(signal, action, ptr::null_mut());
                }
            }
            if libc::setpgid(0, 0) != 0 {
                return;
            }
            let limits = [
                (libc::RLIMIT_CPU, self.limits.processor_seconds),
                (libc::RLIMIT_AS, self.limits.memory),
                (libc::RLIMIT_FSIZE, self.limits.file_size),
                // No core dumps of processes that exceed a limit.
                (libc::RLIMIT_CORE, 0),
            ];
            for (resource, limit) in limits {
                let mut own = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
                if libc::getrlimit(resource, &mut own) != 0 {
                    return;
                }
                own.rlim_max = own.rlim_max.min(limit);
                own.rlim_cur = own.rlim_cur.min(limit);
                if libc::setrlimit(resource, &own) != 0 {
                    return;
                }
            }
            for stream in self.replaced.start..self.replaced.end {
                if libc::dup2(self.null, stream) == -1 {
                    return;
                }
            }
            libc::sigprocmask(libc::SIG_SETMASK, self.signals.as_ptr(), ptr::null_mut());
            libc::execve(self.program, self.arguments, environ);
        }
    }
}

/// The program of a new process.
extern "C" fn child(launch: *mut c_void) -> c_int {
    let launch = launch.cast::<Launch>();
    // SAFETY: the launch lives until this process ends or becomes a program, since the thread that has it
    // waits for that, or it is a copy; nobody else reads or writes it meanwhile.
    unsafe {
        (*launch).become_program();
        (*launch).has_failed = true;
        libc::_exit(NOT_STARTED)
    }
}

/// Starts a process on the launch; -1 if that fails.
///
/// The child runs in the memory of this process, on a stack of its own, and this thread waits until it has
/// become the program. As with `posix_spawn`, no page tables are copied, and no `pthread_atfork` handlers
/// of the host run.
///
/// # Safety
/// As [`Launch::become_program`].
#[cfg(target_os = "linux")]
unsafe fn new_process(launch: &mut Launch) -> Result<libc::pid_t, OutOfMemory> {
    /// Bytes of the child's stack; it only makes system calls.
    const STACK: usize = 1 << 16;
    let mut stack = Vec::try_filled(0u128, STACK / size_of::<u128>())?;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is aligned and grows downwards from its end; it and the launch outlive the child's
    // use of them.
    Ok(unsafe {
        libc::clone(child, stack.as_mut_ptr_range().end.cast(), flags, ptr::from_mut(launch).cast())
    })
}

/// Starts a process on the launch; -1 if that fails.
///
/// # Safety
/// As [`Launch::become_program`].
#[cfg(not(target_os = "linux"))]
unsafe fn new_process(launch: &mut Launch) -> Result<libc::pid_t, OutOfMemory> {
    // SAFETY: the child only does what a child of a process with threads may do.
    match unsafe { libc::fork() } {
        0 => {
            child(ptr::from_mut(launch).cast());
            unreachable!("the child has ended")
        }
        process => Ok(process),
    }
}

/// How a child has ended, or how its status was lost.
enum Status {
    Running,
    Ended(Outcome),
}

/// The status of a child.
fn status(child: libc::pid_t, options: c_int) -> Status {
    loop {
        let mut status = 0;
        // SAFETY: the status is writable. The call takes the status of this child alone; where the host has
        // taken it already, which a call for any child does, it fails.
        return match unsafe { libc::waitpid(child, &mut status, options) } {
            0 => Status::Running,
            -1 => match std::io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => continue,
                // The host ignores its children or has waited for all of them. What the program made, or
                // did not, shows it: linkers write the beginning of an object last.
                Some(libc::ECHILD) => Status::Ended(Outcome::Success),
                _ => Status::Ended(Outcome::Failure),
            },
            _ if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 => Status::Ended(Outcome::Success),
            _ => Status::Ended(Outcome::Failure),
        };
    }
}

fn wait(child: libc::pid_t, limit: Duration) -> Outcome {
    let started = Instant::now();
    loop {
        match status(child, libc::WNOHANG) {
            Status::Ended(outcome) => return outcome,
            Status::Running if started.elapsed() < limit => std::thread::sleep(POLL),
            Status::Running => {
                // SAFETY: the call touches no memory. The child was running just now, and its number stays that of
                // its group until it has ended and been waited for.
                unsafe { libc::kill(-child, libc::SIGKILL) };
                reap(child);
                return Outcome::Failure;
            }
        }
    }
}

/// Waits for a child that ends.
fn reap(child: libc::pid_t) {
    status(child, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(60),
        processor_seconds: libc::RLIM_INFINITY,
        memory: libc::RLIM_INFINITY,
        file_size: libc::RLIM_INFINITY,
    };

    fn run_shell(script: &str, limits: Limits) -> Outcome {
        let arguments = ["sh", "-c", script].map(|text| CPath::new(text.as_bytes()).unwrap());
        run(&CPath::new(b"/bin/sh").unwrap(), &arguments, false, limits).unwrap()
    }

    #[test]
    fn the_status_decides() {
        assert_eq!(run_shell("exit 0", LIMITS), Outcome::Success);
        assert_eq!(run_shell("exit 3", LIMITS), Outcome::Failure);
        assert_eq!(run_shell("kill -9 $$", LIMITS), Outcome::Failure);
    }

    /// QEMU starts programs from a copy of the process, which can only end with a status.
    #[test]
    fn a_program_that_is_missing() {
        let missing = CPath::new(b"/nowhere/cc").unwrap();
        let is_under_qemu = std::env::var_os("MINIEXPR_TEST_RUNNER").is_some();
        let expected = if is_under_qemu { Outcome::Failure } else { Outcome::NotStarted };
        assert_eq!(run(&missing, &[], false, LIMITS), Ok(expected));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let started = Instant::now();
        let path = std::env::temp_dir().join(format!("miniexpr-process-{}", std::process::id()));
        let script = format!("sleep 100 & echo $! > {}; sleep 100", path.display());
        let limits = Limits { time: Duration::from_millis(500), ..LIMITS };
        assert_eq!(run_shell(&script, limits), Outcome::Failure);
        assert!(started.elapsed() < Duration::from_secs(50));
        let second: libc::pid_t = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
        std::fs::remove_file(path).unwrap();
        // Who adopts it may not have waited for it yet.
        while let Ok(stat) = std::fs::read_to_string(format!("/proc/{second}/stat")) {
            if stat.contains(") Z ") {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(50), "{stat}");
            std::thread::sleep(POLL);
        }
    }

    #[test]
    fn programs_have_limits() {
        let processor = Limits { processor_seconds: 1, ..LIMITS };
        assert_eq!(run_shell("while :; do :; done", processor), Outcome::Failure);
        let memory = Limits { memory: 1 << 26, ..LIMITS };
        assert_eq!(run_shell("[ $(ulimit -v) -eq 65536 ]", memory), Outcome::Success);
        let path = std::env::temp_dir().join(format!("miniexpr-size-{}", std::process::id()));
        let script = format!("head -c 5000 /dev/zero > {}", path.display());
        let file_size = Limits { file_size: 4096, ..LIMITS };
        assert_eq!(run_shell(&script, file_size), Outcome::Failure);
        assert_eq!(run_shell(&script, LIMITS), Outcome::Success);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_program_starts_without_our_handlers_and_with_our_mask() {
        extern "C" fn handle(_: c_int) {}
        let handler: extern "C" fn(c_int) = handle;
        // SAFETY: the handler does nothing; nobody else uses the signal.
        unsafe { libc::signal(libc::SIGUSR2, handler as usize) };
        assert_eq!(run_shell("kill -USR2 $$; exit 0", LIMITS), Outcome::Failure);
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGUSR2, libc::SIG_IGN) };
        assert_eq!(run_shell("kill -USR2 $$; exit 0", LIMITS), Outcome::Success);
        // SAFETY: as above.
        unsafe { libc::signal(libc::SIGUSR2, libc::SIG_DFL) };
    }
}
