//! Kernels of the C compiler where the system does not play along: other processes, full disks, files
//! and directories that somebody else touched.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

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
    for is_ignored in [true, false] {
        let child = |limit| Child::new(&session.root, &cc("x + 53")).with_file_limit(limit, is_ignored).run();
        let source = "jit runtime skip: fp=strict reason=jit runtime failed to write source";
        let compilation = "jit runtime skip: fp=strict reason=jit runtime compilation failed";
        for (limit, line) in [(0, source), (100, source), (6000, compilation)] {
            let report = child(limit);
            assert!(report.has_line(line), "{limit}: {:#?}", report.trace);
            assert!(!report.has_kernel);
            assert_eq!(report.values, [54.0, 55.0]);
        }
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

/// Compiles C text to a shared object.
fn stub(session: &Session, name: &str, text: &str) -> PathBuf {
    let code = session.root.join(name).with_extension("c");
    let object = code.with_extension("so");
    fs::write(&code, text).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&object).arg(&code);
    assert!(compiler.status().unwrap().success());
    object
}

#[test]
fn a_stub_in_the_place_of_the_compiler() {
    let session = Session::new("stub");
    let text = "int me_dsl_jit_kernel(const void **a, void *b, long long n) { return 1; }\n";
    set("ME_DSL_JIT_TEST_STUB_SO", stub(&session, "stub", text).to_str().unwrap());
    let expression = compile(&cc("x + 25")).unwrap();
    assert!(has_kernel(&expression));
    assert_eq!(values(&expression, &[1.0]).unwrap(), [26.0], "the stub fails, the interpreter does not");
    assert_eq!(session.counts(), [1; 3]);
    set("CFLAGS", "-me_intentional_bad_flag_for_neg_cache");
    assert!(!has_kernel(&compile(&cc("x + 26")).unwrap()));
}

/// Makes an executable script that ends as the C compiler, called with the same arguments, does.
fn compiler_script(path: &Path, first: &str) {
    fs::write(path, format!("#!/bin/sh\n{first}\nexec cc \"$@\"\n")).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Whoever chooses the texts of kernels can find two with one key.
#[test]
fn kernels_that_share_a_key() {
    let session = Session::new("collision");
    let child = |body: &str| Child::new(&session.root, &cc(body)).run();
    let (first, second) = ("x + 61", "x * 61 - 2");
    assert!(child(first).has_kernel);
    let ours = ["c", "so", "meta"].map(|extension| session.files(extension).remove(0));
    assert!(child(second).has_kernel);
    let key_of = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let theirs = session.files("so").into_iter().find(|path| *path != ours[1]).unwrap();
    let binary =
        |name: &str| u64::from_str_radix(name.strip_prefix("kernel_").unwrap(), 16).unwrap().to_le_bytes();
    let (our_key, their_key) = (key_of(&ours[1]), key_of(&theirs));
    // What the files were, had both kernels the second one's key.
    for path in ours {
        let mut content = fs::read(&path).unwrap();
        let (from, to) = (binary(&our_key), binary(&their_key));
        while let Some(at) = content.windows(8).position(|bytes| bytes == from) {
            content[at..at + 8].copy_from_slice(&to);
        }
        let extension = path.extension().unwrap();
        fs::write(session.cache().join(&their_key).with_extension(extension), content).unwrap();
    }
    let report = child(second);
    assert_eq!(report.values, [59.0, 120.0]);
    assert!(report.has_kernel && report.has_line("jit runtime built: fp=strict key=<key>"));
}

/// The loader knows objects by their names, and the file of a name may be another one by now.
#[test]
fn a_file_that_was_replaced_while_it_is_loaded() {
    let session = Session::new("replaced");
    set("ME_DSL_JIT_POS_CACHE", "0");
    let mut loaded = Vec::new();
    for value in [1.0, 2.0] {
        let text = format!(
            "int me_dsl_jit_kernel(const void **a, double *b, long long n) {{ *b = {value}; return 0; }}\n"
        );
        let object = stub(&session, &format!("stub{value}"), &text);
        set("ME_DSL_JIT_TEST_STUB_SO", object.to_str().unwrap());
        for record in session.files("meta") {
            fs::remove_file(record).unwrap();
        }
        for _ in ["built", "from disk"] {
            let expression = compile(&cc("x + 72")).unwrap();
            assert_eq!(values(&expression, &[5.0]).unwrap(), [value]);
            loaded.push(expression);
        }
    }
}

#[test]
fn pipes_in_the_place_of_files() {
    let session = Session::new("pipes");
    let start = || Child::new(&session.root, &cc("x + 62")).start();
    assert!(start().wait().has_kernel);
    for extension in ["so", "meta", "c"] {
        let path = session.files(extension).remove(0);
        fs::remove_file(&path).unwrap();
        let name = CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the name is NUL-terminated.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        let report = start().wait_at_most(Duration::from_secs(60));
        assert!(report.has_kernel, "{extension}: {:#?}", report.trace);
        assert_eq!(report.values, [63.0, 64.0]);
    }
    let pipe = session.files("c").remove(0);
    let stubbed = Child::new(&session.root, &cc("x + 63"));
    let stubbed = stubbed.with("ME_DSL_JIT_TEST_STUB_SO", pipe.to_str().unwrap());
    assert!(!stubbed.start().wait_at_most(Duration::from_secs(60)).has_kernel);
}

#[test]
fn links_in_the_place_of_files() {
    let session = Session::new("links");
    let child = || Child::new(&session.root, &cc("x + 64")).run();
    assert!(child().has_kernel);
    for extension in ["so", "meta"] {
        let path = session.files(extension).remove(0);
        let moved = session.root.join(extension);
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        assert!(child().has_line("jit runtime built: fp=strict key=<key>"), "{extension}");
    }
}

#[test]
fn files_that_others_may_have_written() {
    let session = Session::new("writable");
    let child = || Child::new(&session.root, &cc("x + 69")).run();
    assert!(child().has_kernel);
    for extension in ["so", "meta"] {
        let path = || session.files(extension).remove(0);
        for mode in [0o602, 0o620] {
            fs::set_permissions(path(), Permissions::from_mode(mode)).unwrap();
            assert!(child().has_line("jit runtime built: fp=strict key=<key>"), "{extension} {mode:o}");
        }
        if is_root() {
            chown(path(), Some(NOBODY), None).unwrap();
            assert!(child().has_line("jit runtime built: fp=strict key=<key>"), "{extension}");
        }
        assert!(child().has_line("jit runtime hit: fp=strict source=disk-cache key=<key>"), "{extension}");
    }
}

/// Who may rename a directory on the way can put another one in its place.
#[test]
fn parents_that_others_may_change() {
    let session = Session::new("open-parents");
    let open = session.root.join("open");
    let inner = open.join("inner");
    fs::create_dir_all(&inner).unwrap();
    fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
    let mut number = 0;
    let mut is_compiled = |mode, folder: &Path| {
        fs::set_permissions(&open, Permissions::from_mode(mode)).unwrap();
        set("TMPDIR", folder.to_str().unwrap());
        number += 1;
        has_kernel(&compile(&cc(&format!("x + {}", 100 + number))).unwrap())
    };
    for folder in [&open, &inner, &session.root.join("link")] {
        if folder.ends_with("link") {
            symlink(&inner, folder).unwrap();
        }
        for (mode, expected) in [(0o777, false), (0o775, false), (0o1777, true), (0o755, true)] {
            assert_eq!(is_compiled(mode, folder), expected, "{mode:o} {}", folder.display());
        }
    }
}

#[test]
fn no_compiler_runs_with_raised_privileges() {
    if !is_root() {
        eprintln!("skipped: only root can make a program that raises privileges");
        return;
    }
    let session = Session::new("raised");
    let (script, marker) = (session.root.join("compiler"), session.root.join("marker"));
    // The shell of the script may give the privileges back.
    fs::set_permissions(&session.root, Permissions::from_mode(0o1777)).unwrap();
    compiler_script(&script, &format!("id > {}", marker.display()));
    let child = |child: Child| child.with("CC", script.to_str().unwrap()).run();
    let report = child(Child::with_raised_privileges(&session.root, &cc("x + 65")));
    assert!(!marker.exists(), "{}", fs::read_to_string(&marker).unwrap());
    assert!(!report.has_kernel);
    assert_eq!(report.values, [66.0, 67.0]);
    assert!(child(Child::new(&session.root, &cc("x + 65"))).has_kernel && marker.exists());
}

#[test]
fn the_compiler_has_limits() {
    let session = Session::new("limits");
    let (script, marker) = (session.root.join("compiler"), session.root.join("marker"));
    let limits = ["-v", "-t", "-f", "-c"].map(|letter| format!("ulimit {letter}")).join("; ");
    compiler_script(&script, &format!("({limits}) > {}", marker.display()));
    assert!(Child::new(&session.root, &cc("x + 66")).with("CC", script.to_str().unwrap()).run().has_kernel);
    let words = fs::read_to_string(&marker).unwrap();
    let words: Vec<_> = words.split_whitespace().collect();
    assert_eq!(words.len(), 4);
    assert!(words.iter().all(|word| word.parse::<u64>().is_ok()), "{words:?}");
}

#[test]
fn kernels_too_large_for_the_compiler() {
    let session = Session::new("large");
    let kernel = |lines: usize| {
        let body = (0..lines).map(|line| format!("    y = y * 0.5 + x * {line}.25\n"));
        let body: String = body.collect();
        format!("# me:compiler=cc\ndef f(x):\n    y = x\n{body}    return y\n")
    };
    assert!(Child::new(&session.root, &kernel(100)).run().has_kernel);
    let report = Child::new(&session.root, &kernel(4000)).run();
    assert!(!report.has_kernel);
    let line = "jit codegen reject: fp=strict at 0:0 reason=too much code for the c compiler";
    assert!(report.has_line(line), "{:#?}", report.trace);
    let value = (0..4000).fold(1.0, |y, line| y * 0.5 + (f64::from(line) + 0.25));
    assert_eq!(report.values[0], value);
    assert_eq!(session.counts(), [1; 3]);
}

#[test]
fn a_program_that_ignores_its_children() {
    let session = Session::new("ignoring");
    let child = |body: &str| Child::new(&session.root, &cc(body)).ignoring_children();
    assert!(child("x + 67").run().has_kernel);
    assert!(!child("x + 68").with("CFLAGS", "-no-such-flag").run().has_kernel);
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
    assert!(!flushes_subnormals());
}

/// Whether this thread takes subnormal numbers for zero. Comparisons do too, so bits are compared.
fn flushes_subnormals() -> bool {
    let tiny = std::hint::black_box(f64::MIN_POSITIVE);
    (tiny / 2.0).to_bits() != tiny.to_bits() / 2
}

/// Compilers may link code that changes the floating-point mode of the thread that loads the object.
#[test]
fn the_floating_point_mode_survives_the_loader() {
    let session = Session::new("mode");
    set("CFLAGS", "-ffast-math");
    set("ME_DSL_JIT_POS_CACHE", "0");
    for _ in ["built", "from disk"] {
        let expression = compile(&cc("x * 0.5")).unwrap();
        assert!(has_kernel(&expression));
        assert!(!flushes_subnormals());
    }
    let set_mode = if cfg!(target_arch = "x86_64") {
        "unsigned short word = 0x27f; __builtin_ia32_ldmxcsr(0x9fc0); __asm__(\"fldcw %0\" :: \"m\"(word));"
    } else {
        "__asm__ volatile(\"msr fpcr, %0\" :: \"r\"(1ul << 24));"
    };
    let text = format!(
        "static void __attribute__((constructor)) load(void) {{ {set_mode} }}\n\
         static void __attribute__((destructor)) unload(void) {{ {set_mode} }}\n\
         int me_dsl_jit_kernel(const void **a, void *b, long long n) {{ return 1; }}\n"
    );
    set("ME_DSL_JIT_TEST_STUB_SO", stub(&session, "mode", &text).to_str().unwrap());
    let expression = compile(&cc("x * 0.25")).unwrap();
    assert!(has_kernel(&expression));
    assert!(!flushes_subnormals(), "loaded");
    drop(expression);
    assert!(!flushes_subnormals(), "unloaded");
}
