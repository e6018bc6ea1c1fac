//! Compiled engines as a client sees them: results, the flag, the files of the C compiler's cache.

mod agreement;
mod child;
mod environment;
mod fork;
mod generated_c;
mod hostile_systems;
mod overlap;
mod plain;
mod session;
mod small_stacks;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod threads;
mod trace;

use std::ffi::c_int;
use std::fs;
use std::path::Path;

use miniexpr::Dtype;
use session::{Session, cc, compile, has_kernel, set, values};
use testkit::client::{self, AUTO, Grid, Variable};

const ON: c_int = 1;
const OFF: c_int = 2;

fn whole_array() -> Grid {
    Grid { shape: vec![4], chunkshape: vec![4], blockshape: vec![4] }
}

#[test]
fn in_memory_kernels_leave_no_files() {
    let session = Session::new("memory");
    let expression = compile("def f(x):\n    out = x + 1\n    return out\n").unwrap();
    assert_eq!(values(&expression, &[1.0, 2.5]).unwrap(), [2.0, 3.5]);
    assert_eq!(session.counts(), [0; 3]);
    set("ME_DSL_JIT", "0");
    let interpreted = compile("def f(x):\n    return x + 1\n").unwrap();
    assert!(!has_kernel(&interpreted));
    assert_eq!(values(&interpreted, &[1.0]).unwrap(), [2.0]);
}

#[test]
fn the_c_compiler_leaves_three_files() {
    let session = Session::new("three");
    let expression = compile(&cc("x * 2 + exp(x - x)")).unwrap();
    assert!(has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0, -3.0]).unwrap(), [3.0, -5.0]);
    assert_eq!(session.counts(), [1; 3]);
    compile(&cc("x * 2 + exp(x - x)")).unwrap();
    assert_eq!(session.counts(), [1; 3]);
}

#[test]
fn failed_compilations_are_not_repeated_at_once() {
    let session = Session::new("negative");
    set("CFLAGS", "-me_intentional_bad_flag_for_neg_cache");
    let expression = compile(&cc("x + 11")).unwrap();
    assert!(!has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0]).unwrap(), [12.0]);
    assert_eq!(session.counts()[0], 1);
    fs::remove_file(&session.files("c")[0]).unwrap();
    compile(&cc("x + 11")).unwrap();
    assert_eq!(session.counts(), [0; 3]);
}

#[test]
fn the_process_remembers_kernels() {
    let session = Session::new("positive");
    compile(&cc("x + 7")).unwrap();
    fs::remove_dir_all(session.root.join("miniexpr-jit")).unwrap();
    set("CC", "/nowhere/cc");
    let expression = compile(&cc("x + 7")).unwrap();
    assert!(has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0]).unwrap(), [8.0]);
    assert_eq!(session.counts(), [0; 3]);
}

/// Puts a file with one other byte in the place of a file, which may be in use.
fn change_byte(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x5a;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn files_with_other_metadata_are_rebuilt() {
    let session = Session::new("metadata");
    set("ME_DSL_JIT_POS_CACHE", "0");
    let source = cc("x + 13");
    compile(&source).unwrap();
    let path = session.files("c").remove(0);
    for offset in [0, 16] {
        change_byte(&session.files("meta")[0], offset);
        fs::remove_file(&path).unwrap();
        let expression = compile(&source).unwrap();
        assert_eq!(values(&expression, &[1.0]).unwrap(), [14.0]);
        assert!(path.exists(), "byte {offset}");
    }
    fs::remove_file(&path).unwrap();
    let expression = compile(&source).unwrap();
    assert!(has_kernel(&expression) && !path.exists(), "loaded from disk");
    change_byte(&session.files("so")[0], 100);
    let expression = compile(&source).unwrap();
    assert!(has_kernel(&expression) && path.exists(), "rebuilt");
}

#[test]
fn what_changes_code_changes_the_key() {
    let session = Session::new("keys");
    for header in ["# me:fp=strict", "# me:fp=fast"] {
        compile(&format!("# me:compiler=cc\n{header}\ndef f(x):\n    return x * x + 1\n")).unwrap();
    }
    assert_eq!(session.counts()[2], 2);
    set("ME_DSL_JIT_BRANCH_AWARE_IF", "0");
    compile("# me:compiler=cc\n# me:fp=fast\ndef f(x):\n    return x * x + 1\n").unwrap();
    assert_eq!(session.counts()[2], 3);
}

#[test]
fn missing_parents_of_the_directory_are_made() {
    let session = Session::new("parents");
    let deep = session.root.join("one/two/three");
    set("TMPDIR", deep.to_str().unwrap());
    compile(&cc("x + 17")).unwrap();
    let sources = fs::read_dir(deep.join("miniexpr-jit")).unwrap();
    assert_eq!(sources.filter(|file| file.as_ref().unwrap().path().extension().unwrap() == "c").count(), 1);
}

#[test]
fn compilers_are_run_without_a_shell() {
    let session = Session::new("shell");
    let marker = session.root.join("marker");
    let odd = session.root.join(format!("$(touch {})", marker.display()).replace('/', "_"));
    set("TMPDIR", odd.to_str().unwrap());
    set("CC", "cc -O1");
    assert!(has_kernel(&compile(&cc("x + 18")).unwrap()));
    assert!(!marker.exists());
}

#[test]
fn modes() {
    let _session = Session::new("modes");
    let x = [Variable::new("x", Dtype::Float64)];
    let plain = |mode| client::compile_nd("x * 2 + 1", &x, AUTO, &whole_array(), mode).unwrap();
    assert!(!has_kernel(&plain(0)) && !has_kernel(&plain(OFF)));
    let probe = compile("def f(x):\n    return x\n").unwrap();
    assert_eq!(has_kernel(&plain(ON)), has_kernel(&probe), "lifted where the engine exists");
    let source = "def f(x):\n    return x * 2 + 1\n";
    let off = client::compile_nd(source, &x, AUTO, &whole_array(), OFF).unwrap();
    assert!(!has_kernel(&off));
}

#[test]
fn passes_of_a_while_are_capped() {
    let _session = Session::new("cap");
    set("ME_DSL_WHILE_MAX_ITERS", "32");
    for header in ["# me:compiler=tcc", "# me:compiler=cc"] {
        let source = format!(
            "{header}\ndef f(x):\n    n = 0.0\n    while n < x:\n        n = n + 1.0\n    return n\n"
        );
        let expression = compile(&source).unwrap();
        assert_eq!(values(&expression, &[32.0, 4.5]).unwrap(), [32.0, 5.0]);
        assert_eq!(values(&expression, &[1.0, 33.0]), Err(-5));
    }
}

#[test]
fn index_symbols_can_be_refused() {
    let _session = Session::new("index");
    set("ME_DSL_JIT_INDEX_VARS", "0");
    let expression = compile("def f(x):\n    return x + _flat_idx + 1\n").unwrap();
    assert!(!has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0, 1.0]).unwrap(), [2.0, 3.0]);
}
