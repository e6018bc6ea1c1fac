//! The command line.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, ValueEnum};
use miniexpr::{Dialect, Dtype, Dump};

const USAGE: &str = "miniexpr [OPTIONS] EXPRESSION [INPUT]...
       miniexpr [OPTIONS] --file KERNEL [INPUT]...
       miniexpr --list [WORD]";

const DETAILS: &str = "\
INPUTS
  NAME=FILE          an array: .npy, PNG, PGM or PPM, recognised by their first bytes
  FILE               the same, named after the file; of a CSV file all columns, by their
                     names (`Unit price` is the variable Unit_price)
  NAME=FILE:COLUMN   a column of a CSV file, by name, or by number from 1
  NAME=FILE:CHANNEL  a channel of an image: r, g, b, a, or a number from 0
  NAME=FILE:DTYPE    a raw file, items alone; NAME=FILE:DTYPE:SHAPE with a shape such as
                     480x640; the dtype may begin with < or >, the byte order
  NAME=NUMBER        an int64, a float64 or a bool; NAME=NUMBER:DTYPE is any other
  NAME:DTYPE         a variable without data, for --check and --explain
  -                  standard input, in the place of FILE

  Arrays of different shapes are broadcast as in NumPy. Files are mapped into memory, so
  they may be larger than it. A grey image has the shape (height, width), any other image
  (height, width, channels). A column of a CSV file is int64, float64, bool or strings,
  the first of them that fits; an empty field, or NA, is a NaN.

OUTPUT
  Without --output, the dtype and the values are printed. With it, the file name decides
  the format: .npy, .csv, .tsv, .png, .pgm, .ppm, or .raw for the items alone; `-` is
  standard output. A file appears under its name once it is complete, so it may replace
  an input. Images take uint8, uint16 and bool results; --dtype converts.

EXIT STATUS
  0 on success, 1 if something failed, 2 for a wrong command line, 130 if interrupted.

EXAMPLES
  miniexpr 'sqrt(x*x + y*y)' x=east.npy y=north.npy -o speed.npy
  miniexpr 'mean((high - low) / open)' prices.csv
  miniexpr '0.3*r + 0.6*g + 0.1*b' r=in.png:r g=in.png:g b=in.png:b --dtype uint8 -o grey.png
  miniexpr 'mean(field, axis=0)' field=field.raw:float32:365x180x360 -o mean.npy
  miniexpr --file collatz.me n=starts.npy -o steps.csv
  miniexpr --explain 'a / 2 + b' a:int32 b:float32";

/// Evaluates an array expression, or a kernel with loops and branches, over files
///
/// The text is written in NumPy's language unless --dialect says otherwise.
#[derive(Debug, Parser)]
#[command(name = "miniexpr", version, override_usage = USAGE, after_long_help = DETAILS, max_term_width = 96)]
pub struct Options {
    /// The expression, unless --file gives it; then its inputs: NAME=FILE, FILE, NAME=NUMBER, see --help
    #[arg(value_name = "EXPRESSION [INPUT]")]
    pub arguments: Vec<String>,

    /// Read the expression or the kernel from a file
    #[arg(short, long, value_name = "KERNEL")]
    pub file: Option<PathBuf>,

    /// Write the result to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Format of the output, where its name does not tell
    #[arg(long, value_name = "FORMAT", requires = "output")]
    pub to: Option<Format>,

    /// Language of the text
    #[arg(short, long, value_name = "NAME", default_value = "numpy")]
    pub dialect: DialectName,

    /// Convert the result to this dtype
    #[arg(long, value_name = "DTYPE", value_parser = parse_dtype)]
    pub dtype: Option<Dtype>,

    /// Most threads that work at once; 0 for as many as there are processors
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    pub threads: u16,

    /// Compute functions to one unit in the last place, also where that takes longer
    #[arg(long)]
    pub precise: bool,

    /// Name of the column of a CSV output
    #[arg(long, value_name = "NAME", default_value = "result")]
    pub name: String,

    /// Write all columns of the CSV input, then the result
    #[arg(long, requires = "output")]
    pub append: bool,

    /// What separates the fields of CSV files; otherwise a tab in .tsv files, else a comma
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    pub delimiter: Option<u8>,

    /// CSV files begin with values: columns are named c1, c2, and so on
    #[arg(long)]
    pub no_header: bool,

    /// Only compile, and print nothing if that works
    #[arg(long, conflicts_with_all = ["output", "explain", "list"])]
    pub check: bool,

    /// Print the variables, the dtype of the result, and the typed program; with =WHAT one form of it alone
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "types",
        conflicts_with_all = ["output", "list"])]
    pub explain: Option<ExplainWhat>,

    /// Print the functions that a text may call, those in whose lines a word occurs
    #[arg(long, value_name = "WORD", num_args = 0..=1, default_missing_value = "", conflicts_with = "output")]
    pub list: Option<String>,

    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,

    /// Tell what was written, and how long the evaluation took
    #[arg(short, long)]
    pub verbose: bool,
}

impl Options {
    /// Reads a command line. A text may begin with a minus sign where no option begins so: `-x`, `-2**2`, `-(a + b)`.
    pub fn read(arguments: impl Iterator<Item = OsString>) -> Options {
        let mut options = Options::parse_from(arguments.map(|argument| match begins_with_minus(&argument) {
            // After a space it is no option.
            true => [OsStr::new(" "), &argument].into_iter().collect(),
            false => argument,
        }));
        for argument in &mut options.arguments {
            if argument.starts_with(" -") {
                argument.remove(0);
            }
        }
        options
    }
}

/// Whether an argument begins with a minus sign and is no option.
fn begins_with_minus(argument: &OsStr) -> bool {
    let first = argument.to_str().and_then(|text| text.strip_prefix('-')?.chars().next());
    let is_option =
        |first| first == '-' || Options::command().get_arguments().any(|arg| arg.get_short() == Some(first));
    first.is_some_and(|first| !is_option(first) && !matches!(first, 'h' | 'V'))
}

/// The languages by their names.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DialectName {
    /// Python's expressions with NumPy's dtypes
    Numpy,
    /// The language of the C library miniexpr
    Miniexpr,
    /// Python's expressions with numexpr's dtypes
    Numexpr,
}

impl DialectName {
    pub fn dialect(self) -> Dialect {
        match self {
            DialectName::Numpy => Dialect::NumPy,
            DialectName::Miniexpr => Dialect::Miniexpr,
            DialectName::Numexpr => Dialect::NumExpr,
        }
    }
}

/// What --explain prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ExplainWhat {
    /// Variables, result, and the typed program
    Types,
    /// The operations as a tree
    Tree,
    /// The typed program that the engines run
    Ir,
    /// The vector program of the machine code engine
    Lanes,
    /// The C text of the C compiler's engine
    C,
    /// The WebAssembly module as a listing
    Wasm,
}

impl ExplainWhat {
    /// The dump that is printed alone.
    pub fn dump(self) -> Option<Dump> {
        match self {
            ExplainWhat::Types => None,
            ExplainWhat::Tree => Some(Dump::Tree),
            ExplainWhat::Ir => Some(Dump::Ir),
            ExplainWhat::Lanes => Some(Dump::Lanes),
            ExplainWhat::C => Some(Dump::C),
            ExplainWhat::Wasm => Some(Dump::Wasm),
        }
    }
}

/// The numeric dtype of a name.
pub fn parse_dtype(name: &str) -> Result<Dtype, String> {
    let known = || Dtype::NUMERIC.map(Dtype::name).join(", ");
    Dtype::NUMERIC
        .into_iter()
        .find(|dtype| dtype.name() == name)
        .ok_or_else(|| format!("there is no dtype '{name}'; there are {}", known()))
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'"') => Ok(*byte),
        _ => Err("it is one ASCII character, or \\t".to_string()),
    }
}

/// A format of output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NumPy's files
    Npy,
    /// A table with commas
    Csv,
    /// A table with tabs
    Tsv,
    /// The items alone, in C order and in the byte order of the machine
    Raw,
    /// Images of 1 to 4 channels
    Png,
    /// PGM and PPM: images of 1 or 3 channels
    Pnm,
}

impl Format {
    /// The format that the name of a file implies.
    pub fn of_path(path: &Path) -> Option<Format> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "npy" => Some(Format::Npy),
            "csv" => Some(Format::Csv),
            "tsv" => Some(Format::Tsv),
            "raw" | "bin" => Some(Format::Raw),
            "png" => Some(Format::Png),
            "pgm" | "ppm" | "pnm" => Some(Format::Pnm),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn texts_may_begin_with_a_minus_sign() {
        let read = |arguments: &[&str]| {
            Options::read(["miniexpr"].iter().chain(arguments).map(OsString::from)).arguments
        };
        assert_eq!(read(&["-x", "x=1", "-q"]), ["-x", "x=1"]);
        assert_eq!(read(&["-v", "-2**2"]), ["-2**2"]);
        assert_eq!(read(&["-(a)", "-", "--", "-v"]), ["-(a)", "-", "-v"]);
    }

    #[test]
    fn dtypes_and_delimiters_are_understood() {
        assert_eq!(parse_dtype("uint16"), Ok(Dtype::UInt16));
        assert!(
            parse_dtype("string")
                .unwrap_err()
                .starts_with("there is no dtype 'string'; there are bool, int8")
        );
        assert_eq!(parse_delimiter("\\t"), Ok(b'\t'));
        assert_eq!(parse_delimiter(";"), Ok(b';'));
        assert!(
            parse_delimiter(";;").is_err() && parse_delimiter("").is_err() && parse_delimiter("é").is_err()
        );
    }

    #[test]
    fn names_tell_formats() {
        let format = |name: &str| Format::of_path(Path::new(name));
        assert_eq!(format("a.b.NPY"), Some(Format::Npy));
        assert_eq!(format("x.ppm"), Some(Format::Pnm));
        assert_eq!(format("csv"), None);
        assert_eq!(format("x.jpg"), None);
    }
}
