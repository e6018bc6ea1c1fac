//! The system's C compiler, run without a shell and with a time limit.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use xxhash_rust::xxh64::xxh64;

use crate::back::environment;
use crate::ir::FpMode;

/// Why there is no shared object.
pub enum CompileFailure {
    NoCompiler,
    Failed,
    Metadata,
    /// What the loader says.
    Load(&'static str),
}

/// After this time the compiler is stopped.
const TIME_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(2);

/// The compiler's command and flags.
pub struct Toolchain {
    /// The command, then its own arguments.
    command: Vec<OsString>,
    fp_flags: &'static [&'static str],
    flags: Vec<OsString>,
}

impl Toolchain {
    /// `CC` (default `cc`) and `CFLAGS`, split into words as a shell does.
    pub fn from_environment(fp_mode: FpMode) -> Toolchain {
        let words = |name| environment::with(name, |value| split_words(value.unwrap_or(b"")));
        let mut command = words(c"CC");
        if command.is_empty() {
            command.push("cc".into());
        }
        let fp_flags: &[&str] = match fp_mode {
            FpMode::Strict => &["-fno-fast-math", "-ffp-contract=off"],
            FpMode::Contract => &["-fno-fast-math", "-ffp-contract=fast"],
            FpMode::Fast => &["-ffast-math"],
        };
        Toolchain { command, fp_flags, flags: words(c"CFLAGS") }
    }

    /// What identifies the command and its flags.
    pub fn hash(&self) -> u64 {
        let mut text = Vec::new();
        let fp_flags = self.fp_flags.iter().map(|flag| flag.as_bytes());
        let words = self.command.iter().chain(&self.flags).map(|word| word.as_encoded_bytes());
        for word in words.chain(fp_flags) {
            text.extend_from_slice(word);
            text.push(0);
        }
        xxh64(&text, 0)
    }

    /// Compiles `source` to the shared object `object`.
    pub fn run(&self, source: &Path, object: &Path) -> Result<(), CompileFailure> {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(["-std=gnu99", "-O3", "-fPIC"]);
        command.args(self.fp_flags).args(&self.flags);
        command.arg(if cfg!(target_os = "macos") { "-dynamiclib" } else { "-shared" });
        command.arg("-o").arg(object).arg(source);
        if !cfg!(target_os = "macos") {
            command.arg("-lm");
        }
        command.stdin(Stdio::null());
        if !environment::flag(c"ME_DSL_JIT_DEBUG_CC", false) {
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let mut child = command.spawn().map_err(|_| CompileFailure::NoCompiler)?;
        let started = Instant::now();
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(None) if started.elapsed() < TIME_LIMIT => std::thread::sleep(POLL),
                Ok(Some(_)) => return Err(CompileFailure::Failed),
                Ok(None) | Err(_) => {
                    // A compiler that cannot be stopped has ended by itself.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(CompileFailure::Failed);
                }
            }
        }
    }
}

/// Splits text into words at blanks; quotes and backslashes protect as in a shell, nothing expands.
fn split_words(text: &[u8]) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b' ' | b'\t' | b'\n') => words.extend(word.take().map(OsString::from_vec)),
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (Some(open), _) if byte == open => quote = None,
            (None | Some(b'"'), b'\\') => word.get_or_insert_default().extend(bytes.next()),
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word.map(OsString::from_vec));
    words
}

#[cfg(test)]
mod tests {
    use super::split_words;

    #[test]
    fn words_are_split_as_in_a_shell() {
        let split = |text: &str| -> Vec<String> {
            split_words(text.as_bytes()).into_iter().map(|word| word.into_string().unwrap()).collect()
        };
        assert_eq!(split("gcc -O1"), ["gcc", "-O1"]);
        assert_eq!(split("'/dir with space/my cc' -O1"), ["/dir with space/my cc", "-O1"]);
        assert_eq!(split("  a\\ b\t\"c \\\" d\" '' $(x)`y` "), ["a b", "c \" d", "", "$(x)`y`"]);
        assert!(split(" ").is_empty());
    }
}
