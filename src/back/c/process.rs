//! A program run without a shell, with a time limit.

use std::ffi::{c_char, c_int};
use std::time::{Duration, Instant};

use super::path::CPath;
use crate::memory::{OutOfMemory, TryGrow};

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    /// A status other than zero, a signal, or the time limit.
    Failure,
    /// It could not be started.
    NotStarted,
}

const POLL: Duration = Duration::from_millis(1);

unsafe extern "C" {
    static environ: *const *const c_char;
}

/// Runs `program` with `arguments`, the first of which is its name, and waits for it. Its output is
/// thrown away unless `shows_output`. It runs in a process group of its own, which the time limit
/// ends with everything that it started.
pub fn run(
    program: &CPath,
    arguments: &[CPath],
    shows_output: bool,
    limit: Duration,
) -> Result<Outcome, OutOfMemory> {
    let mut pointers = Vec::new();
    for argument in arguments {
        pointers.try_push(argument.as_ptr().cast_mut())?;
    }
    pointers.try_push(std::ptr::null_mut())?;
    Ok(match spawn(program, &pointers, shows_output) {
        Some(child) => wait(child, limit),
        None => Outcome::NotStarted,
    })
}

/// Starts a program; the list of arguments ends with NULL.
fn spawn(program: &CPath, arguments: &[*mut c_char], shows_output: bool) -> Option<libc::pid_t> {
    let mut actions = std::mem::MaybeUninit::uninit();
    let mut attributes = std::mem::MaybeUninit::uninit();
    let mut child = 0;
    // SAFETY: both records are initialised before they are used and destroyed behind it; all texts
    // are NUL-terminated, the lists end with NULL.
    let status = unsafe {
        if libc::posix_spawn_file_actions_init(actions.as_mut_ptr()) != 0 {
            return None;
        }
        if libc::posix_spawnattr_init(attributes.as_mut_ptr()) != 0 {
            libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr());
            return None;
        }
        let mut status = libc::posix_spawnattr_setflags(
            attributes.as_mut_ptr(),
            libc::POSIX_SPAWN_SETPGROUP as libc::c_short,
        );
        let quiet: &[c_int] = if shows_output { &[0] } else { &[0, 1, 2] };
        for descriptor in quiet {
            let actions = actions.as_mut_ptr();
            let null = c"/dev/null".as_ptr();
            status |= libc::posix_spawn_file_actions_addopen(actions, *descriptor, null, libc::O_RDWR, 0);
        }
        if status == 0 {
            status = libc::posix_spawn(
                &mut child,
                program.as_ptr(),
                actions.as_ptr(),
                attributes.as_ptr(),
                arguments.as_ptr(),
                environ.cast::<*mut c_char>(),
            );
        }
        libc::posix_spawnattr_destroy(attributes.as_mut_ptr());
        libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr());
        status
    };
    (status == 0).then_some(child)
}

fn wait(child: libc::pid_t, limit: Duration) -> Outcome {
    let started = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: the child is ours.
        match unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } {
            0 if started.elapsed() < limit => std::thread::sleep(POLL),
            0 => {
                // SAFETY: the group is that of the child, which has not been waited for yet.
                unsafe {
                    libc::kill(-child, libc::SIGKILL);
                    libc::waitpid(child, &mut status, 0);
                }
                return Outcome::Failure;
            }
            -1 => match std::io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => {}
                // The host ignores its children, so the system has forgotten the status. What the
                // program made, or did not, tells.
                Some(libc::ECHILD) => return Outcome::Success,
                _ => return Outcome::Failure,
            },
            _ if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 => return Outcome::Success,
            _ => return Outcome::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_shell(script: &str, limit: Duration) -> Outcome {
        let arguments = ["sh", "-c", script].map(|text| CPath::new(text.as_bytes()).unwrap());
        run(&CPath::new(b"/bin/sh").unwrap(), &arguments, false, limit).unwrap()
    }

    #[test]
    fn the_status_decides() {
        assert_eq!(run_shell("exit 0", Duration::from_secs(60)), Outcome::Success);
        assert_eq!(run_shell("exit 3", Duration::from_secs(60)), Outcome::Failure);
        assert_eq!(run_shell("kill -9 $$", Duration::from_secs(60)), Outcome::Failure);
    }

    /// QEMU starts programs from a copy of the process, which can only end with a status.
    #[test]
    fn a_program_that_is_missing() {
        let missing = CPath::new(b"/nowhere/cc").unwrap();
        let is_under_qemu = std::env::var_os("MINIEXPR_TEST_RUNNER").is_some();
        let expected = if is_under_qemu { Outcome::Failure } else { Outcome::NotStarted };
        assert_eq!(run(&missing, &[], false, Duration::from_secs(60)), Ok(expected));
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_what_it_started() {
        let started = Instant::now();
        assert_eq!(run_shell("sleep 100 & sleep 100", Duration::from_millis(100)), Outcome::Failure);
        assert!(started.elapsed() < Duration::from_secs(50));
    }
}
