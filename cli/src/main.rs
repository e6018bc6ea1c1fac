//! `miniexpr`, the command: array expressions over files.

mod array;
mod binding;
mod csv_format;
mod evaluate;
mod format;
mod image;
mod inform;
mod netpbm;
mod npy;
mod options;
mod output;
mod print;
mod raw;
mod source;

use std::io::{self, Write};
use std::process::ExitCode;

use miniexpr::ErrorKind;
use options::Options;

fn main() -> ExitCode {
    match evaluate::run(&Options::read(std::env::args_os())) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be done where even this fails.
            let _ = writeln!(io::stderr(), "miniexpr: {error:#}");
            ExitCode::from(if is_interrupt(&error) { output::INTERRUPTED } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn is_interrupt(error: &anyhow::Error) -> bool {
    error.downcast_ref::<miniexpr::Error>().is_some_and(|error| error.kind() == ErrorKind::Cancelled)
}
