//! The system's C compiler.

use std::time::Duration;

use super::path::CPath;
use super::process::{self, Limits, Outcome};
use crate::environment;
use crate::ir::FpMode;
use crate::memory::{OutOfMemory, TryGrow};

/// What the compiler may use: kernels may come from somebody whom the host does not trust.
const LIMITS: Limits =
    Limits { time: Duration::from_secs(30), processor_seconds: 30, memory: 2 << 30, file_size: 64 << 20 };

/// Folders in which compilers that do not know the system's layout find its libraries.
#[cfg(target_arch = "x86_64")]
const LIBRARY_FOLDERS: [&[u8]; 4] =
    [b"/usr/lib/x86_64-linux-gnu", b"/lib/x86_64-linux-gnu", b"/usr/lib64", b"/lib64"];
#[cfg(target_arch = "aarch64")]
const LIBRARY_FOLDERS: [&[u8]; 4] =
    [b"/usr/lib/aarch64-linux-gnu", b"/lib/aarch64-linux-gnu", b"/usr/lib64", b"/lib64"];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const LIBRARY_FOLDERS: [&[u8]; 2] = [b"/usr/lib64", b"/lib64"];

/// The compiler's command and flags.
pub struct Toolchain {
    /// The command, then its own arguments.
    command: Vec<CPath>,
    fp_flags: &'static [&'static str],
    flags: Vec<CPath>,
}

impl Toolchain {
    /// `CC` (default `cc`) and `CFLAGS`, split into words as a shell does.
    pub fn from_environment(fp_mode: FpMode) -> Result<Toolchain, OutOfMemory> {
        let words = |name| environment::with(name, |value| split_words(value.unwrap_or(b"")));
        let mut command = words(c"CC")?;
        if command.is_empty() {
            command.try_push(CPath::new(b"cc")?)?;
        }
        Ok(Toolchain { command, fp_flags: fp_flags(fp_mode), flags: words(c"CFLAGS")? })
    }

    /// The command and its flags.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        let fp_flags = self.fp_flags.iter().map(|flag| flag.as_bytes());
        let flags = self.flags.iter().map(CPath::bytes);
        self.command.iter().map(CPath::bytes).chain(fp_flags).chain(flags)
    }

    pub fn has_flag(&self, flag: &[u8]) -> bool {
        self.flags.iter().any(|known| known.bytes() == flag)
    }

    /// Compiles `source` to the shared object `object`.
    pub fn run(&self, source: &CPath, object: &CPath) -> Result<Outcome, OutOfMemory> {
        let Some(program) = find_program(self.command[0].bytes())? else { return Ok(Outcome::NotStarted) };
        let mut arguments = Vec::new();
        for word in &self.command {
            arguments.try_push(CPath::new(word.bytes())?)?;
        }
        for flag in ["-std=c99", "-O3", "-fPIC"].iter().chain(self.fp_flags) {
            arguments.try_push(CPath::new(flag.as_bytes())?)?;
        }
        for flag in &self.flags {
            arguments.try_push(CPath::new(flag.bytes())?)?;
        }
        let shared: &[u8] = if cfg!(target_os = "macos") { b"-dynamiclib" } else { b"-shared" };
        for word in [shared, b"-o", object.bytes(), source.bytes()] {
            arguments.try_push(CPath::new(word)?)?;
        }
        if cfg!(target_os = "linux") {
            for folder in LIBRARY_FOLDERS {
                let folder = CPath::new(folder)?;
                if folder.info().is_some() {
                    arguments.try_push(CPath::new(b"-L")?)?;
                    arguments.try_push(folder)?;
                }
            }
        }
        if !cfg!(target_os = "macos") {
            arguments.try_push(CPath::new(b"-lm")?)?;
        }
        let shows_output = environment::flag(c"ME_DSL_JIT_DEBUG_CC", false);
        process::run(&program, &arguments, shows_output, LIMITS)
    }
}

/// Flags for a floating-point mode. Signals and `errno` of floating-point operations are nobody's
/// concern. The fast mode names what `-ffast-math` stands for: with that one word, compilers link code
/// that flushes subnormal numbers to zero in the whole thread that loads the object.
fn fp_flags(fp_mode: FpMode) -> &'static [&'static str] {
    match fp_mode {
        FpMode::Strict => &["-fno-fast-math", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"],
        FpMode::Contract => {
            &["-fno-fast-math", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math"]
        }
        FpMode::Fast => &[
            "-ffp-contract=fast",
            "-fno-math-errno",
            "-fno-trapping-math",
            "-fno-signed-zeros",
            "-fassociative-math",
            "-freciprocal-math",
            "-ffinite-math-only",
        ],
    }
}

/// The file that a command names: itself where it has a slash, else in a folder of `PATH`.
fn find_program(command: &[u8]) -> Result<Option<CPath>, OutOfMemory> {
    if command.contains(&b'/') {
        return Ok(Some(CPath::new(command)?).filter(CPath::is_executable));
    }
    environment::with(c"PATH", |folders| {
        for folder in folders.unwrap_or(b"").split(|byte| *byte == b':') {
            if folder.is_empty() {
                continue;
            }
            let mut path = Vec::try_copied(folder)?;
            path.try_push(b'/')?;
            path.try_extend(command)?;
            let path = CPath::new(&path)?;
            if path.is_executable() {
                return Ok(Some(path));
            }
        }
        Ok(None)
    })
}

/// Splits text into words at blanks; quotes and backslashes protect as in a shell, nothing expands.
fn split_words(text: &[u8]) -> Result<Vec<CPath>, OutOfMemory> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b' ' | b'\t' | b'\n') => {
                if let Some(word) = word.take() {
                    words.try_push(CPath::new(&word)?)?;
                }
            }
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (Some(open), _) if byte == open => quote = None,
            (None | Some(b'"'), b'\\') => {
                if let Some(protected) = bytes.next() {
                    word.get_or_insert_default().try_push(protected)?;
                }
            }
            _ => word.get_or_insert_default().try_push(byte)?,
        }
    }
    if let Some(word) = word {
        words.try_push(CPath::new(&word)?)?;
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::split_words;

    #[test]
    fn words_are_split_as_in_a_shell() {
        let split = |text: &str| -> Vec<String> {
            let words = split_words(text.as_bytes()).unwrap();
            words.iter().map(|word| String::from_utf8(word.bytes().to_vec()).unwrap()).collect()
        };
        assert_eq!(split("gcc -O1"), ["gcc", "-O1"]);
        assert_eq!(split("'/dir with space/my cc' -O1"), ["/dir with space/my cc", "-O1"]);
        assert_eq!(split("  a\\ b\t\"c \\\" d\" '' $(x)`y` "), ["a b", "c \" d", "", "$(x)`y`"]);
        assert!(split(" ").is_empty());
    }
}
