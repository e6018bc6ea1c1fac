//! Tells which engines the target has, and compiles the parts in C that Emscripten's need. With the feature
//! `header` it also compares `include/miniexpr.h`, the C header, with `src/ffi`.
//!
//! The header is committed, so only those who change the interface need that feature and cbindgen. An outdated
//! header stops the build; with `MINIEXPR_WRITE_HEADER` set, the build writes it instead. Nothing else is ever
//! written into the source tree.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let conditions = [
        ("machine_code", has_machine_code()),
        ("c_compiler", has_c_compiler()),
        ("wasm_modules", has_modules()),
        ("bare_wasm", is_bare_wasm()),
        ("threaded_wasm", is_bare_wasm() && target("FEATURE").split(',').any(|feature| feature == "atomics")),
    ];
    for (name, is_there) in conditions {
        println!("cargo:rustc-check-cfg=cfg({name})");
        if is_there {
            println!("cargo:rustc-cfg={name}");
        }
    }
    #[cfg(any(feature = "dlopen", feature = "embedded-glue"))]
    if has_modules() {
        parts_in_c::compile();
    }
    #[cfg(feature = "header")]
    header::check_or_write();
}

/// What cargo says of the target.
fn target(name: &str) -> String {
    env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default()
}

/// Whether the build has compiled engines.
fn is_wanted() -> bool {
    env::var_os("CARGO_FEATURE_JIT").is_some()
}

/// Whether the build has compiled engines for a system with processes and shared objects.
fn is_wanted_for_unix() -> bool {
    is_wanted() && env::var_os("CARGO_CFG_UNIX").is_some()
}

/// Whether the target is WebAssembly without a C library.
fn is_bare_wasm() -> bool {
    target("ARCH") == "wasm32" && target("OS") == "unknown"
}

/// Whether the target has the engine in memory. Of Apple's systems, only macOS lets programs write code.
fn has_machine_code() -> bool {
    let has_engine = matches!(target("ARCH").as_str(), "x86_64" | "aarch64");
    let has_its_layout = target("POINTER_WIDTH") == "64" && target("ENDIAN") == "little";
    let may_write_code = target("VENDOR") != "apple" || target("OS") == "macos";
    has_engine && has_its_layout && may_write_code && is_wanted_for_unix()
}

/// Whether the target can have a C compiler, and load what it makes.
fn has_c_compiler() -> bool {
    is_wanted_for_unix() && !target("FAMILY").contains("wasm")
}

/// Whether the target is one whose host makes instances of modules while a program runs.
fn has_modules() -> bool {
    is_wanted() && (target("OS") == "emscripten" || is_bare_wasm())
}

/// The parts of the library in C. `emcc` compiles them, or what `CC_wasm32_unknown_emscripten` names.
#[cfg(any(feature = "dlopen", feature = "embedded-glue"))]
mod parts_in_c {
    #[cfg(feature = "embedded-glue")]
    use std::{env, fs, path::PathBuf};

    pub fn compile() {
        // Where side modules find their data: the library is position independent as they are.
        #[cfg(feature = "dlopen")]
        source("src/back/wasm/memory_base.c").pic(true).compile("memory_base");
        #[cfg(feature = "embedded-glue")]
        source("src/back/wasm/embedded_glue.c").pic(false).include(write_glue()).compile("embedded_glue");
    }

    fn source(path: &str) -> cc::Build {
        println!("cargo:rerun-if-changed={path}");
        let mut build = cc::Build::new();
        build.file(path);
        build
    }

    /// Writes the glue script as a text of C, and gives the folder of the header.
    #[cfg(feature = "embedded-glue")]
    fn write_glue() -> PathBuf {
        let (program, script) = (one_line("src/back/wasm/embedded_glue.js"), one_line("src/me_jit_glue.js"));
        let text = program.replace("\"me_jit_glue.js\";", &script);
        let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo gives a folder for output"));
        let header = format!("#define ME_JIT_GLUE \"{}\"\n", text.escape_default());
        fs::write(folder.join("embedded_glue_text.h"), header).expect("the folder for output can be written");
        folder
    }

    /// A script without its comments, in one line, which Emscripten 3.1.6 wants. Prettier sees to it that statements
    /// end with semicolons.
    #[cfg(feature = "embedded-glue")]
    fn one_line(path: &str) -> String {
        println!("cargo:rerun-if-changed={path}");
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"));
        let is_comment = |line: &&str| ["//", "/*", "*"].iter().any(|start| line.starts_with(start));
        let (comments, code): (Vec<&str>, Vec<&str>) = text.lines().map(str::trim).partition(is_comment);
        let is_alone = |line: &&str| !line.contains("*/") || line.ends_with("*/");
        let has_comment = |line: &&str| line.contains("//") || line.contains("/*");
        if !comments.iter().all(is_alone)
            || code.iter().any(has_comment)
            || !code.iter().all(|line| line.is_ascii())
        {
            panic!("{path} has a comment beside code, or code that is not ASCII");
        }
        code.join(" ")
    }
}

#[cfg(feature = "header")]
mod header {
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    const SOURCES: [&str; 2] = ["src/ffi/types.rs", "src/ffi/api.rs"];
    const CONFIG: &str = "cbindgen.toml";
    const HEADER: &str = "include/miniexpr.h";
    const WRITE: &str = "MINIEXPR_WRITE_HEADER";

    /// Stops the build if the committed header is not that of the sources, or writes it if that is asked for.
    pub fn check_or_write() {
        println!("cargo:rerun-if-env-changed={WRITE}");
        for path in SOURCES.iter().chain(&[CONFIG, HEADER]) {
            println!("cargo:rerun-if-changed={path}");
        }
        let root =
            PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo gives the manifest's folder"));
        let header = generate(&root);
        let path = root.join(HEADER);
        if fs::read(&path).is_ok_and(|committed| committed == header) {
            return;
        }
        if env::var_os(WRITE).is_none() {
            panic!("{HEADER} is out of date: {WRITE}=1 cargo check --features header writes it");
        }
        fs::write(&path, header).unwrap_or_else(|error| panic!("{HEADER} cannot be written: {error}"));
    }

    /// The text of the header for the sources under `root`.
    fn generate(root: &Path) -> Vec<u8> {
        let mut config = cbindgen::Config::from_file(root.join(CONFIG)).expect("cbindgen.toml is valid");
        let settings = config.after_includes.unwrap_or_default();
        config.after_includes = Some(format!("{}{settings}", version_macros()));
        let mut builder = cbindgen::Builder::new().with_config(config);
        for source in SOURCES {
            builder = builder.with_src(root.join(source));
        }
        let mut text = Vec::new();
        builder.generate().expect("src/ffi has a C form").write(&mut text);
        text
    }

    /// The macros that carry the version of `Cargo.toml` into C.
    fn version_macros() -> String {
        let number =
            |part: &str| env::var(format!("CARGO_PKG_VERSION{part}")).expect("cargo gives the version");
        format!(
            "\n#define ME_VERSION_MAJOR {}\n#define ME_VERSION_MINOR {}\n#define ME_VERSION_PATCH {}\n\
             #define ME_VERSION_STRING \"{}\"\n",
            number("_MAJOR"),
            number("_MINOR"),
            number("_PATCH"),
            number("")
        )
    }
}
