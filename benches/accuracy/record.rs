//! What was found of one function and dtype, in a file of its own under `target/accuracy`.

use super::reference::{Reference, ulp_error};
use super::subject::{MODES, Subject};
use miniexpr::Dtype;
use miniexpr::internals::kernel::level::Level;
use std::fmt::Write as _;
use std::path::PathBuf;

/// The largest error of one implementation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst {
    pub error: f64,
    /// Numbers of the dtype; the second is 0 for functions of one argument.
    pub arguments: [f64; 2],
}

pub struct Record {
    subject: Subject,
    dtype: Dtype,
    /// The first block of arguments that an exhaustive search has not seen.
    pub next_block: u64,
    /// By mode and level.
    found: Vec<(usize, Level, Worst)>,
}

impl Record {
    pub fn new(subject: Subject, dtype: Dtype) -> Record {
        Record { subject, dtype, next_block: 0, found: Vec::new() }
    }

    /// Whether the arguments are few enough to try all.
    pub fn is_exhaustive(&self) -> bool {
        self.subject.arity() == 1 && self.dtype == Dtype::Float32
    }

    /// `None` where there is no file.
    pub fn load(subject: Subject, dtype: Dtype) -> Option<Record> {
        let mut record = Record::new(subject, dtype);
        let text = std::fs::read_to_string(record.path()).ok()?;
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["next", block] => record.next_block = block.parse().ok()?,
                [mode, level, error, a, b] => {
                    let mode = MODES.iter().position(|&(_, name)| name == mode)?;
                    let level = Level::all_supported().find(|known| format!("{known:?}") == level)?;
                    let bits = |text: &str| u64::from_str_radix(text, 16).ok().map(f64::from_bits);
                    let worst = Worst { error: error.parse().ok()?, arguments: [bits(a)?, bits(b)?] };
                    record.found.push((mode, level, worst));
                }
                _ => return None,
            }
        }
        Some(record)
    }

    pub fn save(&self) {
        let mut text = format!("next {}\n", self.next_block);
        for (mode, level, worst) in &self.found {
            let [a, b] = worst.arguments.map(f64::to_bits);
            writeln!(text, "{} {level:?} {} {a:x} {b:x}", MODES[*mode].1, worst.error).expect("a string");
        }
        let path = self.path();
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the target folder is writable");
        std::fs::write(&path, text).expect("the target folder is writable");
    }

    fn path(&self) -> PathBuf {
        let name = format!("{}-{}.txt", self.subject.name(), self.dtype);
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/accuracy").join(name)
    }

    /// Keeps `worst` where it exceeds what was found for those uses.
    pub fn add(&mut self, uses: &[(usize, Level)], worst: Worst) {
        for &(mode, level) in uses {
            match self.found.iter_mut().find(|known| (known.0, known.1) == (mode, level)) {
                Some(known) if known.2.error >= worst.error => {}
                Some(known) => known.2 = worst,
                None => self.found.push((mode, level, worst)),
            }
        }
    }

    /// Arguments from which a climb starts.
    pub fn starts(&self) -> Vec<[f64; 2]> {
        self.found.iter().map(|(_, _, worst)| worst.arguments).collect()
    }

    /// The largest error of a mode over all levels, with its argument.
    pub fn worst_of_mode(&self, mode: usize) -> Option<Worst> {
        let of_mode = self.found.iter().filter(|known| known.0 == mode).map(|known| known.2);
        of_mode.max_by(|a, b| a.error.total_cmp(&b.error))
    }

    /// Computes the errors anew in multiple precision, and says where the judge was wrong.
    pub fn confirm(&mut self) {
        let mut reference = Reference::new();
        let kernels = self.subject.kernels(self.dtype);
        for (mode, level, worst) in &mut self.found {
            let [a, b] = worst.arguments;
            let exact = match self.subject {
                Subject::Unary(f) => reference.unary(f, a),
                Subject::Binary(op) => reference.binary(op, a, b),
            };
            let kernel = kernels.iter().find(|kernel| kernel.uses.contains(&(*mode, *level)));
            let (Some(exact), Some(kernel)) = (exact, kernel) else { continue };
            let error = if self.dtype == Dtype::Float32 {
                let mut y = [0.0_f32];
                kernel.run(&[a as f32], &[b as f32], &mut y);
                ulp_error(f64::from(y[0]), &exact, 23, -126)
            } else {
                let mut y = [0.0_f64];
                kernel.run(&[a], &[b], &mut y);
                ulp_error(y[0], &exact, 52, -1022)
            };
            if (error - worst.error).abs() > 0.02 && worst.error.is_finite() {
                let name = self.subject.name();
                println!("{name}({a:e}, {b:e}): the judge found {}, exactly it is {error}", worst.error);
            }
            if worst.error.is_finite() {
                worst.error = error;
            }
        }
    }

    pub fn print(&self) {
        for (mode, (_, name)) in MODES.into_iter().enumerate() {
            if let Some(worst) = self.worst_of_mode(mode) {
                let [a, b] = worst.arguments;
                let second = if self.subject.arity() == 2 { format!(", {b:e}") } else { String::new() };
                let subject = self.subject.name();
                println!("{subject} {} {name}: {:.4} at {a:e}{second}", self.dtype, worst.error);
            }
        }
    }
}
