//! Searches the largest errors of the math functions, for the table of `docs/accuracy.md`.
//!
//! `cargo bench --bench accuracy -- [name…] [--float32 | --float64] [--seconds N] [--again] [--write]`
//!
//! Functions of one float32 are evaluated at every argument, or at as many as `--seconds` allow; the others, for
//! `--seconds` (60) each, by a search that climbs (`climb`). Both run every mode on every instruction set of the machine, on all
//! processors, and compare with the GNU C library in a wider type (`functions.c`). The worst arguments are
//! confirmed in multiple precision. They are kept in `target/accuracy`, from where a later run goes on:
//! an interrupted one where it stopped, a climb from the worst arguments so far, and `--again` anew.
//! `--write` puts the errors found into the table, and the arguments into the list that the tests check.

mod climb;
mod document;
mod exhaust;
mod record;
mod subject;
mod wide;

#[path = "../../testkit/mod.rs"]
mod testkit;

#[path = "../../src/kernel/math/tests/reference.rs"]
mod reference;

// For the reference, which is a module of the library's tests.
use miniexpr::internals::ir;

use miniexpr::Dtype;
use record::Record;
use std::time::Duration;
use subject::Subject;
use wide::Wide;

/// What the command line asks for.
struct Options {
    names: Vec<String>,
    dtypes: Vec<Dtype>,
    seconds: Option<u64>,
    again: bool,
    write: bool,
}

fn main() {
    let options = options();
    let wide = Wide::compile();
    for subject in Subject::all() {
        if !options.names.is_empty() && !options.names.contains(&subject.name()) {
            continue;
        }
        for &dtype in &options.dtypes {
            search(subject, dtype, &options, &wide);
        }
    }
    if options.write {
        document::write();
    }
}

fn options() -> Options {
    let mut options =
        Options { names: Vec::new(), dtypes: Vec::new(), seconds: None, again: false, write: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {}
            "--float32" => options.dtypes.push(Dtype::Float32),
            "--float64" => options.dtypes.push(Dtype::Float64),
            "--again" => options.again = true,
            "--write" => options.write = true,
            "--seconds" => {
                let number = arguments.next().and_then(|text| text.parse().ok());
                options.seconds = Some(number.expect("--seconds needs a whole number"));
            }
            name if Subject::all().any(|subject| subject.name() == name) => options.names.push(name.into()),
            other => panic!("neither a function nor an option: {other}"),
        }
    }
    if options.dtypes.is_empty() {
        options.dtypes = vec![Dtype::Float64, Dtype::Float32];
    }
    options
}

fn search(subject: Subject, dtype: Dtype, options: &Options, wide: &Wide) {
    let kernels = subject.kernels(dtype);
    let known = if options.again { None } else { Record::load(subject, dtype) };
    let mut record = known.unwrap_or_else(|| Record::new(subject, dtype));
    if record.is_exhaustive() {
        let limit = options.seconds.map(Duration::from_secs);
        exhaust::run(subject, &kernels, wide, limit, &mut record);
        println!("{} float32: {} % of the arguments", subject.name(), exhaust::progress(&record));
    } else {
        let limit = Duration::from_secs(options.seconds.unwrap_or(60));
        climb::run(subject, dtype, &kernels, wide, limit, &mut record);
    }
    record.confirm();
    record.save();
    record.print();
}
