//! Processes that run a test program again.

use std::path::Path;
use std::process::Command;

/// A command that runs `program`, with the words of `MINIEXPR_TEST_RUNNER` before it where the programs
/// are not for this machine.
pub fn command_of(program: &Path) -> Command {
    let runner = std::env::var("MINIEXPR_TEST_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace();
    match words.next() {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            command
        }
        None => Command::new(program),
    }
}

/// A command that runs this test program.
pub fn this_program() -> Command {
    command_of(&std::env::current_exe().expect("this program"))
}
