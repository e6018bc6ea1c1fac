//! Kernels of the C compiler where the system does not play along: other processes, full disks, files
//! and directories that somebody else touched.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;

use crate::child::{Child, NOBODY, is_root};
use crate::session::{Session, cc, compile, has_kernel, set, values};

#[test]
fn processes_that_compile_the_same_kernel_at_once() {
    let session = Session::new("processes");
    let start = || Child::new(&session.root, &cc("x * 3 + exp(x - x)")).start();
    let children = [start(), start(), start(), start()];
    for child in children {
        let report = child.wait();
        assert!(report.has_kernel, "{:#?}", report.trace);
        assert_eq!(report.values, [4.0, 7.0]);
    }
    assert_eq!(session.counts(), [1; 3]);
    let left = fs::read_dir(session.cache()).unwrap().count();
    assert_eq!(left, 3, "nothing is left over");
}

#[test]
fn a_directory_that_cannot_be_written() {
    let session = Session::new("read-only");
    let child = |body: &str| Child::without_privileges(&session.root, &cc(body));
    if is_root() {
        chown(&session.root, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    assert!(child("x + 51").run().has_kernel);
    fs::set_permissions(session.cache(), Permissions::from_mode(0o500)).unwrap();
    let known = child("x + 51").run();
    assert!(known.has_kernel && known.has_line("jit runtime hit: fp=strict source=disk-cache key=<key>"));
    let new = child("x + 52").run();
    assert!(!new.has_kernel);
    assert!(new.has_line("jit runtime skip: fp=strict reason=jit runtime failed to write source"));
    assert_eq!(new.values, [53.0, 54.0]);
    fs::set_permissions(session.cache(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_full_disk() {
    let session = Session::new("full-disk");
    let child = |limit| Child::new(&session.root, &cc("x + 53")).with_file_limit(limit).run();
    let without_source = child(100);
    assert!(without_source.has_line("jit runtime skip: fp=strict reason=jit runtime failed to write source"));
    let without_object = child(6000);
    assert!(without_object.has_line("jit runtime skip: fp=strict reason=jit runtime compilation failed"));
    for report in [without_source, without_object] {
        assert!(!report.has_kernel);
        assert_eq!(report.values, [54.0, 55.0]);
    }
    let left: Vec<_> =
        fs::read_dir(session.cache()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "only the source is left: {left:?}");
    assert!(Child::new(&session.root, &cc("x + 53")).run().has_kernel);
}

#[test]
fn objects_that_were_cut_or_changed() {
    let session = Session::new("corrupted");
    let child = || Child::new(&session.root, &cc("x + 54")).run();
    assert!(child().has_kernel);
    let object = session.files("so").remove(0);
    let content = fs::read(&object).unwrap();
    let mut flipped = content.clone();
    flipped[content.len() / 2] ^= 1;
    for damaged in [&content[..content.len() / 2], &[], &flipped] {
        fs::write(&object, damaged).unwrap();
        let report = child();
        assert!(report.has_kernel && report.has_line("jit runtime built: fp=strict key=<key>"));
        assert_eq!(report.values, [55.0, 56.0]);
        assert_ne!(fs::read(&object).unwrap(), damaged);
    }
    let record = session.files("meta").remove(0);
    fs::write(&record, b"").unwrap();
    assert!(child().has_line("jit runtime built: fp=strict key=<key>"));
    assert!(child().has_line("jit runtime hit: fp=strict source=disk-cache key=<key>"));
}

#[test]
fn directories_that_others_may_change() {
    let session = Session::new("private");
    let directory = session.cache();
    fs::create_dir(&directory).unwrap();
    for mode in [0o777, 0o770] {
        fs::set_permissions(&directory, Permissions::from_mode(mode)).unwrap();
        assert!(!has_kernel(&compile(&cc(&format!("x + {mode}"))).unwrap()));
        assert_eq!(session.counts(), [0; 3]);
    }
    fs::remove_dir(&directory).unwrap();
    let elsewhere = session.root.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &directory).unwrap();
    assert!(!has_kernel(&compile(&cc("x + 22")).unwrap()));
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn the_directory_of_another_user() {
    let session = Session::new("foreign");
    if !is_root() {
        // Only root can give a directory away.
        return;
    }
    fs::create_dir(session.cache()).unwrap();
    chown(session.cache(), Some(NOBODY), Some(NOBODY)).unwrap();
    assert!(has_kernel(&compile(&cc("x + 23")).unwrap()), "in a directory of its own");
    assert_eq!(session.counts(), [0; 3]);
    let own = session.root.join("miniexpr-jit-0");
    assert_eq!(fs::read_dir(&own).unwrap().count(), 3);
    chown(&own, Some(NOBODY), Some(NOBODY)).unwrap();
    assert!(!has_kernel(&compile(&cc("x + 24")).unwrap()));
}

#[test]
fn a_stub_in_the_place_of_the_compiler() {
    let session = Session::new("stub");
    let code = session.root.join("stub.c");
    let stub = session.root.join("stub.so");
    let text = "int me_dsl_jit_kernel(const void **a, void *b, long long n) { return 1; }\n";
    fs::write(&code, text).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&stub).arg(&code);
    assert!(compiler.status().unwrap().success());
    set("ME_DSL_JIT_TEST_STUB_SO", stub.to_str().unwrap());
    let expression = compile(&cc("x + 25")).unwrap();
    assert!(has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0]).unwrap(), [26.0], "the stub fails, the interpreter does not");
    assert_eq!(session.counts(), [1; 3]);
    set("CFLAGS", "-me_intentional_bad_flag_for_neg_cache");
    assert!(!has_kernel(&compile(&cc("x + 26")).unwrap()));
}

#[test]
fn a_repaired_compiler_is_tried_at_once() {
    let _session = Session::new("repaired");
    set("CC", "/nowhere/cc");
    assert!(!has_kernel(&compile(&cc("x + 27")).unwrap()));
    set("CC", "cc");
    assert!(has_kernel(&compile(&cc("x + 27")).unwrap()));
}

#[test]
fn denormal_numbers_survive_the_fast_mode() {
    let _session = Session::new("denormal");
    let source = "# me:compiler=cc\n# me:fp=fast\ndef f(x):\n    return x * 0.5\n";
    let expression = compile(source).unwrap();
    assert!(has_kernel(&expression));
    let tiny = f64::MIN_POSITIVE;
    assert_eq!(values(&expression, &[tiny, 4.0]).unwrap(), [tiny / 2.0, 2.0]);
    assert_eq!(std::hint::black_box(tiny) / 2.0, f64::from_bits(tiny.to_bits() / 2));
}
