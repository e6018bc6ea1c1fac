//! The command, as a shell runs it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder that the command runs in.
struct Shell {
    folder: TempDir,
}

impl Shell {
    fn new() -> Shell {
        Shell { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_miniexpr"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that succeeds.
    fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && stderr.is_empty(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command says that fails.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap().trim_end().to_string()
    }

    /// The names in the folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// An .npy file with the dictionary's dtype, order and shape.
fn npy(descr: &str, fortran: &str, shape: &str, items: &[u8]) -> Vec<u8> {
    let dictionary = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = (dictionary.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], dictionary.as_bytes(), items].concat()
}

fn floats(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn values_are_printed_with_their_dtype() {
    let shell = Shell::new();
    assert_eq!(shell.stdout(&["1 + 2"]), "int64 3\n");
    assert_eq!(shell.stdout(&["hypot(x, y)", "x=3.0", "y=4"]), "float64 5.0\n");
    assert_eq!(shell.stdout(&["x * 2", "x=0.1:float32"]), "float32 0.2\n");
    assert_eq!(shell.stdout(&["x / 2", "x=5", "--dtype", "int16"]), "int16 2\n");
    assert_eq!(shell.stdout(&["-d", "miniexpr", "7 / 2"]), "int32 3\n");
    assert_eq!(shell.stdout(&["-x", "x=3"]), "int64 -3\n");
    assert_eq!(shell.stdout(&["-2**2"]), "int64 -4\n");
    assert_eq!(shell.stdout(&["--dtype", "int8", "-x", "x=3"]), "int8 -3\n");
    assert_eq!(shell.stdout(&["--", "--x", "x=3"]), "int64 3\n");
    let precise = shell.stdout(&["--precise", "sin(x)", "x=1.0"]);
    assert_eq!(precise, format!("float64 {}\n", 1f64.sin()));
}

#[test]
fn arrays_are_broadcast_from_files() {
    let shell = Shell::new();
    shell.file("x.npy", npy("<f8", "False", "(2, 3)", &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])));
    shell.file("f.npy", npy("<f8", "True", "(2, 3)", &floats(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0])));
    shell.file("row.npy", npy("<i2", "False", "(3,)", &[1, 0, 2, 0, 3, 0]));
    shell.file("big.npy", npy(">i2", "False", "(3,)", &[0, 1, 0, 2, 0, 3]));
    assert_eq!(shell.stdout(&["x - f", "x.npy", "f.npy"]), "float64 (2, 3)\n0.0 0.0 0.0\n0.0 0.0 0.0\n");
    let expected = "float64 (2, 3)\n2.0 4.0 6.0\n5.0 7.0 9.0\n";
    assert_eq!(shell.stdout(&["x + row", "x=x.npy", "row.npy", "-j", "2"]), expected);
    assert_eq!(shell.stdout(&["x + row", "x=f.npy", "row=big.npy"]), expected);
    assert_eq!(shell.stdout(&["sum(x, axis=0)", "x.npy"]), "float64 (3,)\n5.0 7.0 9.0\n");
    assert_eq!(shell.stdout(&["mean(x)", "x.npy"]), "float64 3.5\n");

    assert_eq!(shell.stdout(&["x + row", "x.npy", "row.npy", "-o", "sum.npy"]), "");
    assert_eq!(shell.stdout(&["s", "s=sum.npy"]), expected);
    assert_eq!(fs::read(shell.path("sum.npy")).unwrap().len(), 128 + 48);
    shell.stdout(&["x > 2", "x.npy", "-o", "b.npy"]);
    assert_eq!(shell.stdout(&["b", "b.npy"]), "bool (2, 3)\nfalse false true\ntrue true true\n");
    let wrong = shell.refused(&["x + y", "x.npy", "y=x.npy:0"]);
    assert_eq!(wrong, "miniexpr: x.npy: an .npy file has no part '0'");
    shell.file("four.npy", npy("|u1", "False", "(4,)", &[0; 4]));
    let shapes = shell.refused(&["x + four", "x.npy", "four.npy"]);
    assert_eq!(shapes, "miniexpr: 'x' of shape (2, 3) and 'four' of shape (4,) cannot be broadcast together");
}

#[test]
fn kernels_come_from_files() {
    let shell = Shell::new();
    let kernel = "# Collatz
def steps(n):
    count = 0
    rest = n
    while rest > 1:
        if rest % 2 == 0:
            rest = rest // 2
        else:
            rest = 3 * rest + 1
        count = count + 1
    return count
";
    shell.file("collatz.me", kernel);
    assert_eq!(shell.stdout(&["--file", "collatz.me", "n=27"]), "int64 111\n");
    shell.file("plain.me", "\n2 * n\n");
    assert_eq!(shell.stdout(&["-f", "plain.me", "n=27"]), "int64 54\n");
    shell.file("wrong.me", "def f(n):\n    return n +\n");
    let error = shell.refused(&["-f", "wrong.me", "n=27"]);
    assert!(error.ends_with("  |     return n +\n  |               ^"), "{error}");
    assert!(shell.refused(&["-f", "missing.me"]).starts_with("miniexpr: missing.me: "));
}

#[test]
fn columns_are_variables() {
    let shell = Shell::new();
    shell.file("p.csv", "open,high,low,Unit price,day\n1,3,0.5,10,Mon\n2,2.5,,20,Tue\n");
    assert_eq!(shell.stdout(&["(high - low) / open", "p.csv"]), "float64 (2,)\n2.5 nan\n");
    assert_eq!(shell.stdout(&["sum(Unit_price)", "p.csv"]), "int64 30\n");
    assert_eq!(shell.stdout(&["day == 'Tue'", "p.csv"]), "bool (2,)\nfalse true\n");
    assert_eq!(shell.stdout(&["p + 1", "p=p.csv:Unit price"]), "int64 (2,)\n11 21\n");
    assert_eq!(shell.stdout(&["p + 1", "p=p.csv:1"]), "int64 (2,)\n2 3\n");
    shell.file("n.tsv", "1\t2\n3\t4\n");
    assert_eq!(shell.stdout(&["c1 * c2", "n.tsv", "--no-header"]), "int64 (2,)\n2 12\n");
    shell.file("semicolon.csv", "a;b\n1;2\n");
    assert_eq!(shell.stdout(&["a + b", "semicolon.csv", "--delimiter", ";"]), "int64 (1,)\n3\n");

    shell.stdout(&["open * 2", "p.csv", "-o", "double.csv", "--name", "double"]);
    assert_eq!(shell.read("double.csv"), "double\n2\n4\n");
    shell.stdout(&["open * 2", "p.csv", "-o", "p.csv", "--append"]);
    let appended = "open,high,low,Unit price,day,result\n1,3,0.5,10,Mon,2\n2,2.5,,20,Tue,4\n";
    assert_eq!(shell.read("p.csv"), appended);
    assert_eq!(shell.stdout(&["low", "p.csv", "-o", "-", "--to", "csv"]), "result\n0.5\nnan\n");
    assert_eq!(shell.stdout(&["day + '!'", "p.csv", "-o", "-", "--to", "tsv"]), "result\nMon!\nTue!\n");

    let unknown = shell.refused(&["close - open", "p.csv"]);
    assert!(unknown.starts_with("miniexpr: unknown name 'close'\n  | close - open\n  | ^^^^^"), "{unknown}");
    assert!(unknown.ends_with("\nthe columns are open, high, low, Unit price, day, result"), "{unknown}");
    assert_eq!(shell.refused(&["x", "x=p.csv"]), "miniexpr: p.csv: name a column, p.csv:open");
    assert!(
        shell.refused(&["x", "x=p.csv:y"]).starts_with("miniexpr: p.csv: has no column 'y'; there are open")
    );
    shell.file("ragged.csv", "a,b\n1\n");
    assert!(shell.refused(&["a", "ragged.csv"]).contains("ragged.csv: CSV error: record 1"));
    assert_eq!(
        shell.refused(&["sum(open)", "p.csv", "-o", "x.csv", "--append"]),
        "miniexpr: x.csv: the result has 1 items, and the table 2 rows"
    );
}

#[test]
fn raw_files_have_a_dtype_and_a_shape() {
    let shell = Shell::new();
    shell.file("x.raw", [1, 0, 2, 0, 3, 0, 4, 0]);
    assert_eq!(shell.stdout(&["x", "x=x.raw:<int16:2x2"]), "int16 (2, 2)\n1 2\n3 4\n");
    assert_eq!(shell.stdout(&["x", "x=x.raw:>uint16"]), "uint16 (4,)\n256 512 768 1024\n");
    shell.stdout(&["x + 1", "x=x.raw:uint8", "-o", "y.raw"]);
    assert_eq!(fs::read(shell.path("y.raw")).unwrap(), [2, 1, 3, 1, 4, 1, 5, 1]);
    let error = shell.refused(&["x", "x=x.raw:float32:3"]);
    assert_eq!(error, "miniexpr: x.raw: has 8 bytes, which are not float32 items of the shape (3,)");
    assert!(shell.refused(&["x", "x=x.raw"]).ends_with("FILE:float32, FILE:uint8:480x640"));
}

#[test]
fn images_are_arrays() {
    let shell = Shell::new();
    shell.file("in.ppm", b"P6\n2 1\n255\n\x0a\x14\x1e\xff\x00\x64");
    assert_eq!(shell.stdout(&["x", "x=in.ppm"]), "uint8 (1, 2, 3)\n10 20 30\n255 0 100\n");
    let grey = ["(r + 2.0*g + b) / 4", "r=in.ppm:r", "g=in.ppm:g", "b=in.ppm:2", "--dtype", "uint8"];
    assert_eq!(shell.stdout(&grey), "uint8 (1, 2)\n20 88\n");
    shell.stdout(&[&grey[..], &["-o", "grey.png"]].concat());
    assert_eq!(shell.stdout(&["grey", "grey.png"]), "uint8 (1, 2)\n20 88\n");
    shell.stdout(&["x * 256.0", "x=in.ppm", "--dtype", "uint16", "-o", "deep.png"]);
    assert_eq!(shell.stdout(&["sum(x)", "x=deep.png"]), "uint64 106240\n");
    shell.stdout(&["x > 50", "x=grey.png", "-o", "mask.pgm"]);
    assert_eq!(fs::read(shell.path("mask.pgm")).unwrap(), b"P5\n2 1\n255\n\x00\xff");
    let float = shell.refused(&["x / 2", "x=grey.png", "-o", "half.png"]);
    assert!(float.ends_with("and the result is float64; convert it by --dtype uint8"), "{float}");
    assert!(
        shell.refused(&["x", "x=in.ppm:4"]).ends_with("has no channel '4'; there are 3, numbered from 0")
    );
    shell.file("broken.png", b"\x89PNG\r\n\x1a\nnothing");
    assert!(shell.refused(&["x", "x=broken.png"]).starts_with("miniexpr: broken.png: "));
    assert_eq!(shell.names(), ["broken.png", "deep.png", "grey.png", "in.ppm", "mask.pgm"]);
}

#[test]
fn wrong_texts_and_inputs_are_explained() {
    let shell = Shell::new();
    assert_eq!(
        shell.refused(&["sqrt(x", "x=1"]).lines().skip(1).collect::<Vec<_>>(),
        ["  | sqrt(x", "  |     ^"]
    );
    assert_eq!(shell.refused(&["x", "x=1", "y=2"]), "miniexpr: 'y' does not occur in the text");
    assert!(shell.refused(&["x + yy", "x=1", "y=2"]).starts_with("miniexpr: unknown name 'yy'"));
    assert_eq!(shell.refused(&["x", "x=1", "x=2"]), "miniexpr: there are two variables named 'x'");
    assert!(shell.refused(&["x", "x=nothing.npy"]).starts_with("miniexpr: nothing.npy: No such file"));
    assert_eq!(shell.refused(&["a", "a:int8"]), "miniexpr: 'a' has no data; give a file: NAME=FILE");
    assert!(shell.refused(&["x", "x=1:f4"]).starts_with("miniexpr: there is no dtype 'f4'; there are bool"));
    assert!(
        shell.refused(&["x", "x=1", "-o", "x.what"]).starts_with("miniexpr: x.what: its name does not tell")
    );
    assert_eq!(shell.refused(&["x", "x=1", "-o", "a/x.npy"]), "miniexpr: a/x.npy: there is no folder a");
    shell.file("not-a-name.npy", npy("<f8", "False", "()", &floats(&[1.0])));
    let name = shell.refused(&["x", "not-a-name.npy"]);
    assert_eq!(name, "miniexpr: not-a-name.npy: needs a name, as in x=not-a-name.npy");
    // Wrong command lines have a status of their own.
    for arguments in [&[][..], &["x", "--what"], &["x", "--dtype", "float99"], &["x", "--to", "npy"]] {
        assert_eq!(shell.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn texts_are_checked_without_data() {
    let shell = Shell::new();
    assert_eq!(shell.stdout(&["--check", "a * b", "a:float32", "b:int8"]), "");
    let error = shell.refused(&["--check", "a + c", "a:float32"]);
    assert!(error.starts_with("miniexpr: unknown name 'c'\n  | a + c\n  |     ^"), "{error}");
}

#[test]
fn functions_are_listed() {
    let shell = Shell::new();
    let all = shell.stdout(&["--list"]);
    assert!(all.lines().count() > 80);
    assert!(all.contains("\nhypot(a, b)              "), "{all}");
    assert_eq!(shell.stdout(&["--list", "angle"]).lines().count(), 2);
    assert_eq!(shell.stdout(&["--list", "no such word"]), "");
    let reference = shell.stdout(&["--dialect", "miniexpr", "--list", "cube"]);
    assert_eq!(reference, "cbrt                     cube root\n");
    let numexpr = shell.stdout(&["-d", "numexpr", "--list"]);
    assert!(numexpr.contains("arctan2(a, b)") && !numexpr.contains("lcm(a, b)"), "{numexpr}");
}

#[test]
fn texts_are_explained() {
    let shell = Shell::new();
    let text = shell.stdout(&["--explain", "sum(a) > 0", "a:int8"]);
    assert!(text.starts_with("variable a: int8\nresult: bool, one value\n\nparam a: int8\n%0: "), "{text}");
    let tree = shell.stdout(&["--explain=tree", "a + 1", "a:float64"]);
    assert!(tree.contains("Add") && tree.contains("\n  %"), "{tree}");
    assert!(shell.stdout(&["--explain=c", "a + 1", "a:float64"]).contains("Generated by miniexpr"));
    assert!(!shell.stdout(&["--explain=wasm", "a + 1", "a:float64"]).is_empty());
    assert_eq!(shell.run(&["--explain=nothing", "a", "a:int8"]).status.code(), Some(2));
}

#[test]
fn standard_input_is_a_file() {
    let shell = Shell::new();
    let piped = |arguments: &[&str], input: &[u8]| {
        let mut command = shell.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    assert_eq!(piped(&["a + b", "-"], b"a,b\n1,2\n"), "int64 (1,)\n3\n");
    assert_eq!(piped(&["sum(x)", "x=-"], &npy("|u1", "False", "(2,)", &[3, 4])), "uint64 7\n");
    assert_eq!(piped(&["x", "x=-:uint8"], &[3, 4]), "uint8 (2,)\n3 4\n");
}

/// The file `x.npy` with bytes that are all 7.
fn sevens(shell: &Shell, name: &str, items: usize) {
    shell.file(name, npy("|u1", "False", &format!("({items},)"), &vec![7; items]));
}

#[test]
fn outputs_appear_complete() {
    let shell = Shell::new();
    sevens(&shell, "x.npy", 100_000);
    shell.stdout(&["x + 1", "x.npy", "-o", "expected.npy"]);
    let expected = fs::read(shell.path("expected.npy")).unwrap();
    // Over its own input.
    shell.stdout(&["x + 1", "x=x.npy", "-o", "x.npy"]);
    assert_eq!(fs::read(shell.path("x.npy")).unwrap(), expected);
    // An input that ends too soon leaves the output as it was.
    fs::write(shell.path("x.npy"), &expected[..50_000]).unwrap();
    assert!(shell.refused(&["x + 1", "x.npy", "-o", "x.npy"]).contains("too few for the shape (100000,)"));
    assert_eq!(fs::read(shell.path("x.npy")).unwrap(), expected[..50_000]);
    assert!(shell.refused(&["x +", "x.npy", "-o", "expected.npy"]).contains("too few"));
    assert_eq!(fs::read(shell.path("expected.npy")).unwrap(), expected);
    let verbose = shell.run(&["x", "x=expected.npy", "-o", "y.npy", "--verbose"]);
    assert!(String::from_utf8(verbose.stderr).unwrap().starts_with("y.npy: 100000 items in "));
    assert_eq!(shell.names(), ["expected.npy", "x.npy", "y.npy"]);
}

#[cfg(unix)]
#[test]
fn links_permissions_pipes_and_devices_stay() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    let shell = Shell::new();
    sevens(&shell, "x.npy", 100_000);
    shell.stdout(&["x + 1", "x.npy", "-o", "expected.npy"]);
    let expected = fs::read(shell.path("expected.npy")).unwrap();
    fs::set_permissions(shell.path("x.npy"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("x.npy", shell.path("link.npy")).unwrap();
    shell.stdout(&["x + 1", "x=x.npy", "-o", "link.npy"]);
    assert!(shell.path("link.npy").is_symlink());
    assert_eq!(fs::read(shell.path("x.npy")).unwrap(), expected);
    assert_eq!(fs::metadata(shell.path("x.npy")).unwrap().permissions().mode() & 0o777, 0o640);

    let pipe = shell.path("pipe.npy");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    sevens(&shell, "x.npy", 100_000);
    shell.stdout(&["x + 1", "x.npy", "-o", "pipe.npy"]);
    assert_eq!(reader.join().unwrap(), expected);
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    if Path::new("/dev/full").exists() {
        symlink("/dev/full", shell.path("full.npy")).unwrap();
        assert!(shell.refused(&["x + 1", "x.npy", "-o", "full.npy"]).contains("full.npy: "));
        assert!(shell.path("full.npy").is_symlink());
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_behind() {
    let shell = Shell::new();
    sevens(&shell, "x.npy", 5_000_000);
    shell.file(
        "slow.me",
        "def f(x):\n    y = x * 1.0\n    for i in range(20000):\n        y = sin(y)\n    return y\n",
    );
    let mut child = shell.command(&["-f", "slow.me", "x.npy", "-o", "y.npy"]).spawn().unwrap();
    // The file under its temporary name says that the evaluation is about to begin.
    while shell.names().len() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "the command ended too soon");
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(shell.names(), ["slow.me", "x.npy"]);
}

#[cfg(unix)]
#[test]
fn readers_may_leave_early() {
    let shell = Shell::new();
    shell.file("x.raw", vec![1u8; 1 << 20]);
    let mut child = shell
        .command(&["x", "x=x.raw:uint8", "-o", "-", "--to", "csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
}

/// Runs the `console` blocks of the documents: a command after `$`, and what it prints.
#[cfg(unix)]
#[test]
fn the_documents_show_what_is_printed() {
    let shell = Shell::new();
    let folder = Path::new(env!("CARGO_BIN_EXE_miniexpr")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command.md")).unwrap();
    let blocks: Vec<&str> = text.split("```console\n$ ").skip(1).collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        let (command, rest) = block.split_once('\n').unwrap();
        let expected = rest.split_once("```").unwrap().0;
        let mut sh = Command::new("sh");
        sh.args(["-c", &format!("{command} 2>&1")]).env("PATH", &path).current_dir(shell.folder.path());
        assert_eq!(String::from_utf8(sh.output().unwrap().stdout).unwrap(), expected, "{command}");
    }
}
