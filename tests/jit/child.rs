//! A kernel compiled and evaluated in a process of its own: its trace, and what it would do to others.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::session::{VARIABLES, has_kernel, values};
use crate::testkit::client::{self, AUTO, Grid, Variable};
use crate::testkit::process::command_of;
use miniexpr::Dtype;

const SOURCE: &str = "MINIEXPR_CHILD_SOURCE";
const MODE: &str = "MINIEXPR_CHILD_MODE";
const REPEAT: &str = "MINIEXPR_CHILD_REPEAT";

/// What a child process is to do, and where.
pub struct Child {
    command: Command,
}

/// What a child process did.
#[derive(Debug)]
pub struct Report {
    /// Lines of the trace, without their prefix.
    pub trace: Vec<String>,
    pub has_kernel: bool,
    /// The kernel's values for 1 and 2.
    pub values: Vec<f64>,
}

impl Child {
    /// A child that compiles `source` over the float64 input `x`, with its cache in `root`.
    pub fn new(root: &Path, source: &str) -> Child {
        Child::of(&std::env::current_exe().unwrap(), root, source)
    }

    /// A child of a user that permissions hold for: the one who runs the tests, unless that is root.
    /// Nobody else may look into root's folders, so it runs a copy of the program.
    pub fn without_privileges(root: &Path, source: &str) -> Child {
        if !is_root() {
            return Child::new(root, source);
        }
        let program = root.join("program");
        if !program.exists() {
            std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        }
        let mut child = Child::of(&program, root, source);
        child.command.uid(NOBODY).gid(NOBODY);
        child
    }

    fn of(program: &Path, root: &Path, source: &str) -> Child {
        let mut command = command_of(program);
        command.args(["--exact", "child::compile_and_evaluate", "--nocapture", "--test-threads=1"]);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.env(SOURCE, source).env("TMPDIR", root).env("ME_DSL_TRACE", "1");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Child { command }
    }

    pub fn with(mut self, name: &str, value: &str) -> Child {
        self.command.env(name, value);
        self
    }

    /// Compiles with a `me_jit_mode`.
    pub fn in_mode(self, mode: i32) -> Child {
        self.with(MODE, &mode.to_string())
    }

    /// Compiles this many times.
    pub fn times(self, count: usize) -> Child {
        self.with(REPEAT, &count.to_string())
    }

    /// A child whose file belongs to root and raises the privileges of nobody, who runs it.
    pub fn with_raised_privileges(root: &Path, source: &str) -> Child {
        let program = root.join("setuid");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        std::fs::set_permissions(&program, Permissions::from_mode(0o4755)).unwrap();
        let mut child = Child::of(&program, root, source);
        child.command.uid(NOBODY).gid(NOBODY);
        child
    }

    /// Ignores the end of its children, so that the system forgets their status.
    pub fn ignoring_children(mut self) -> Child {
        // SAFETY: the call may be made between fork and exec.
        unsafe {
            self.command.pre_exec(|| {
                libc::signal(libc::SIGCHLD, libc::SIG_IGN);
                Ok(())
            });
        }
        self
    }

    /// Lets no file grow beyond `bytes`, as if the disk were full. A longer write fails and, unless the
    /// signal is ignored, ends the process.
    pub fn with_file_limit(mut self, bytes: u64, is_ignored: bool) -> Child {
        let disposition = if is_ignored { libc::SIG_IGN } else { libc::SIG_DFL };
        // SAFETY: both calls may be made between fork and exec.
        unsafe {
            self.command.pre_exec(move || {
                let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
                libc::signal(libc::SIGXFSZ, disposition);
                match libc::setrlimit(libc::RLIMIT_FSIZE, &limit) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                }
            });
        }
        self
    }

    pub fn run(self) -> Report {
        self.start().wait()
    }

    pub fn start(mut self) -> Running {
        Running(self.command.spawn().unwrap())
    }
}

pub const NOBODY: u32 = 65534;

pub fn is_root() -> bool {
    // SAFETY: the call only reads the identity of the process.
    unsafe { libc::geteuid() == 0 }
}

pub struct Running(std::process::Child);

impl Running {
    /// Fails where the process does not end by itself.
    pub fn wait_at_most(mut self, limit: Duration) -> Report {
        let started = Instant::now();
        while self.0.try_wait().unwrap().is_none() {
            if started.elapsed() > limit {
                self.0.kill().unwrap();
                panic!("it hangs: {:?}", self.0.wait_with_output());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.wait()
    }

    pub fn wait(self) -> Report {
        let output = self.0.wait_with_output().unwrap();
        let (stdout, stderr) =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).into();
        assert!(output.status.success(), "{stdout}\n{stderr}");
        let result = stdout.lines().find_map(|line| line.strip_prefix("child: ")).expect(&stdout);
        let (has_kernel, values) = result.split_once(' ').unwrap();
        Report {
            trace: stderr.lines().filter_map(|line| line.strip_prefix("[me-dsl] ")).map(Into::into).collect(),
            has_kernel: has_kernel == "true",
            values: values.split(' ').map(|value| value.parse().unwrap()).collect(),
        }
    }
}

impl Report {
    /// Whether the trace has this line; `<key>` stands for sixteen hexadecimal digits.
    pub fn has_line(&self, wanted: &str) -> bool {
        self.trace.iter().any(|line| without_keys(line) == wanted)
    }
}

fn without_keys(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.split_once('=') {
        Some((name @ ("key" | "fingerprint"), digits)) if is_key(digits) => format!("{name}=<key>"),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_key(digits: &str) -> bool {
    digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

extern "C" fn half(x: f64) -> f64 {
    x / 2.0
}

/// The program of a child process; in the test run itself there is nothing to do.
#[test]
fn compile_and_evaluate() {
    let Ok(source) = std::env::var(SOURCE) else { return };
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let mut variables = vec![Variable::new("x", Dtype::Float64)];
    if source.contains("half(") {
        variables.push(Variable::function("half", Dtype::Float64.code(), 9, half as *const _));
    }
    let grid = Grid { shape: vec![2], chunkshape: vec![2], blockshape: vec![2] };
    let mode = number(MODE).unwrap_or(0);
    let compile = || client::compile_nd(&source, &variables, AUTO, &grid, mode).expect("a kernel");
    for _ in 1..number(REPEAT).unwrap_or(1) {
        compile();
    }
    let expression = compile();
    let values = values(&expression, &[1.0, 2.0]).expect("values");
    println!("\nchild: {} {} {}", has_kernel(&expression), values[0], values[1]);
}
