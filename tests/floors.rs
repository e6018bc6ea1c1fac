//! The floors of the sources: a module uses what stands on its own floor or below, and no two children of a module
//! use each other, directly or around a circle. Tests inside `src` may look anywhere.
//!
//! Paths are read from the text, all targets and features at once: those that begin with `crate` or `super`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate, the highest floor first. Text comes in at the top and runs at the bottom; what it
/// becomes on the way, `ir`, is what engines and kernels are written for, and stands below them.
const ROOMS: &[&[&str]] = &[
    &["ffi"],
    &["expression"],
    &["array"],
    &["front"],
    &["back"],
    &["mid"],
    &["operation"],
    &["kernel"],
    &["error"],
    &["ir"],
    &["nd"],
    &["dtype", "environment", "memory", "threads"],
];

/// The modules of `back`: what chooses an engine, the engines, what they share.
const ENGINES: &[&[&str]] = &[
    &["listing", "policy"],
    &["hot", "jit"],
    &["registry"],
    &["c", "native", "wasm"],
    &["lane"],
    &["call"],
    &["block"],
    &["cache", "contest", "eligibility", "failures", "math_bridge"],
    &["engine"],
    &["budget"],
    &[
        "clock",
        "fork_lock",
        "identity",
        "jit_mode",
        "settings",
        "shared",
        "simd_backend",
        "trace",
        "vector_calls",
    ],
];

/// Files that use a higher floor, or close a circle. This list only gets shorter.
const EXCEPTIONS: &[(&str, &str)] = &[];

/// A file and the paths that it uses, from the root of the crate on.
struct Source {
    name: String,
    module: Vec<String>,
    uses: BTreeSet<Vec<String>>,
}

/// The words and signs of a text without comments, strings and characters.
fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let start = i;
        match chars[i] {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                while i < chars.len() && !(chars[i] == '*' && at(i + 1) == '/') {
                    i += 1;
                }
                i += 2;
            }
            '"' => {
                i += 1;
                while i < chars.len() && chars[i] != '"' {
                    i += if chars[i] == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            // A character; a lifetime has no second quote.
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < chars.len() && chars[i] != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            'r' if raw_string_hashes(&chars[i..]).is_some() => {
                let hashes = raw_string_hashes(&chars[i..]).expect("just found");
                let end: Vec<char> = format!("\"{}", "#".repeat(hashes)).chars().collect();
                i += hashes + 2;
                while i < chars.len() && !chars[i..].starts_with(&end) {
                    i += 1;
                }
                i += end.len();
            }
            c if is_word(c) => {
                while i < chars.len() && is_word(chars[i]) {
                    i += 1;
                }
                tokens.push(chars[start..i].iter().collect());
                // Of a byte string or character, the prefix is no word.
                if tokens.last().is_some_and(|word| word == "b") && matches!(at(i), '"' | '\'') {
                    tokens.pop();
                }
            }
            ':' if at(i + 1) == ':' => {
                tokens.push("::".to_string());
                i += 2;
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                i += 1;
            }
        }
    }
    tokens
}

/// The number of `#` before the quote of a raw string that starts here.
fn raw_string_hashes(chars: &[char]) -> Option<usize> {
    let hashes = chars[1..].iter().take_while(|&&c| c == '#').count();
    (chars.get(1 + hashes) == Some(&'"')).then_some(hashes)
}

/// Whether the tokens at `i` are these.
fn is_at(tokens: &[String], i: usize, wanted: &[&str]) -> bool {
    tokens.get(i..i + wanted.len()).is_some_and(|found| found == wanted)
}

/// The index after the bracketed group that opens at `open`.
fn after_group(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// The tokens without what is compiled for tests alone, and the names of the test modules in files of their own.
fn without_tests(tokens: &[String]) -> (Vec<String>, Vec<String>) {
    const CFG_TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    const CFG_ALL_TEST: [&str; 7] = ["#", "[", "cfg", "(", "all", "(", "test"];
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        if !is_at(tokens, i, &CFG_TEST) && !is_at(tokens, i, &CFG_ALL_TEST) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i = after_group(tokens, i + 1);
        let start = i;
        // An item ends with its body or a semicolon; a field, variant or arm with a comma.
        while i < tokens.len() && ![";", ",", "{", "}"].contains(&tokens[i].as_str()) {
            let opens = ["(", "["].contains(&tokens[i].as_str());
            i = if opens { after_group(tokens, i) } else { i + 1 };
        }
        let ends = i;
        if is_at(tokens, i, &["{"]) {
            i = after_group(tokens, i);
            if tokens[start] == "use" {
                i += 1;
            }
        } else if !is_at(tokens, i, &["}"]) {
            i += 1;
        }
        if is_at(tokens, ends, &[";"])
            && let Some(place) = tokens[start..ends].iter().position(|token| token == "mod")
        {
            files.push(tokens[start + place + 1].clone());
        }
    }
    (kept, files)
}

/// Adds the path that starts at `i` under `prefix`, or, of a group, each of its paths. Returns the index after it.
fn add_paths(
    tokens: &[String],
    mut i: usize,
    mut prefix: Vec<String>,
    paths: &mut BTreeSet<Vec<String>>,
) -> usize {
    loop {
        if is_at(tokens, i, &["{"]) {
            let end = after_group(tokens, i);
            i += 1;
            while i < end - 1 {
                i = add_paths(tokens, i, prefix.clone(), paths);
                // A comma, or `as` and a name before it.
                while i < end - 1 && tokens[i] != "," {
                    i += 1;
                }
                i += 1;
            }
            return end;
        }
        match tokens.get(i).map(String::as_str) {
            Some("self") => {}
            Some("super") => {
                prefix.pop();
            }
            Some("<") | None => break,
            Some(word) => prefix.push(word.to_string()),
        }
        i += 1;
        if !is_at(tokens, i, &["::"]) {
            break;
        }
        i += 1;
    }
    paths.insert(prefix);
    i
}

/// The paths in the tokens of `module` that begin with `crate` or `super`, from the root of the crate on.
fn used_paths(tokens: &[String], module: &[String]) -> BTreeSet<Vec<String>> {
    let mut paths = BTreeSet::new();
    let mut module = module.to_vec();
    // Depths at which the modules inside the file end.
    let mut inner = Vec::new();
    let mut depth = 0;
    let mut i = 0;
    while i < tokens.len() {
        let starts_path = (i == 0 || tokens[i - 1] != "::") && is_at(tokens, i + 1, &["::"]);
        let is_visibility = i >= 3 && is_at(tokens, i - 3, &["pub", "(", "in"]);
        match tokens[i].as_str() {
            "crate" if starts_path && !is_visibility => {
                i = add_paths(tokens, i + 2, Vec::new(), &mut paths);
                continue;
            }
            "super" if starts_path && !is_visibility => {
                i = add_paths(tokens, i, module.clone(), &mut paths);
                continue;
            }
            "mod" if is_at(tokens, i + 2, &["{"]) => {
                module.push(tokens[i + 1].clone());
                inner.push(depth);
            }
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inner.last() == Some(&depth) {
                    inner.pop();
                    module.pop();
                }
            }
            _ => {}
        }
        i += 1;
    }
    paths
}

/// The module of a file of `src`: `back/block/mod.rs` is `back::block`, `error.rs` is `error`.
fn module_of(name: &str) -> Vec<String> {
    let name = name.strip_suffix(".rs").expect("a Rust file");
    let mut module: Vec<String> = name.split('/').map(str::to_string).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The files of a folder that are no tests, with what they use.
fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    let mut tests = BTreeSet::new();
    let mut sources = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).expect("below src").to_str().expect("a name").replace('\\', "/");
        let module = module_of(&name);
        let (kept, test_files) = without_tests(&tokens(&fs::read_to_string(&path).expect("a source")));
        tests.extend(test_files.into_iter().map(|file| [module.clone(), vec![file]].concat()));
        let uses = used_paths(&kept, &module);
        sources.push(Source { name, module, uses });
    }
    sources.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
    sources
}

/// The uses between children of the module `parent`, with the files: (user, used) → files.
fn arrows(sources: &[Source], parent: &[&str]) -> BTreeMap<(String, String), BTreeSet<String>> {
    let child = |path: &[String]| {
        let is_below =
            path.len() > parent.len() && path.iter().zip(parent).all(|(part, wanted)| part == wanted);
        is_below.then(|| path[parent.len()].clone())
    };
    let mut arrows: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let Some(user) = child(&source.module) else { continue };
        for used in source.uses.iter().filter_map(|path| child(path)).filter(|used| *used != user) {
            arrows.entry((user.clone(), used)).or_default().insert(source.name.clone());
        }
    }
    arrows
}

/// What is wrong with the arrows, and which of the exceptions they need.
fn check(
    arrows: &BTreeMap<(String, String), BTreeSet<String>>,
    floors: &[&[&str]],
    exceptions: &[(&str, &str)],
) -> (Vec<String>, BTreeSet<(String, String)>) {
    let floor = |name: &str| floors.iter().position(|floor| floor.contains(&name));
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    let mut sideways: BTreeMap<&str, Vec<(&str, &BTreeSet<String>)>> = BTreeMap::new();
    for ((user, used), files) in arrows {
        match (floor(user), floor(used)) {
            (Some(from), Some(to)) if from < to => {}
            (Some(from), Some(to)) if from == to => sideways.entry(user).or_default().push((used, files)),
            (Some(_), Some(_)) => {
                for file in files {
                    if exceptions.contains(&(file, used)) {
                        needed.insert((file.clone(), used.clone()));
                    } else {
                        wrong.push(format!("src/{file} uses {used}, which is above {user}"));
                    }
                }
            }
            (from, _) => {
                let name = if from.is_none() { user } else { used };
                wrong.push(format!("{name} is on no floor ({})", Vec::from_iter(files.clone()).join(", ")));
            }
        }
    }
    // Every other arrow points downward, so that a circle stays on its floor.
    for (&user, next) in &sideways {
        for &(used, files) in next {
            let mut seen = BTreeSet::new();
            let mut rest = vec![used];
            while let Some(name) = rest.pop() {
                if seen.insert(name) {
                    rest.extend(sideways.get(name).into_iter().flatten().map(|(next, _)| *next));
                }
            }
            if !seen.contains(user) {
                continue;
            }
            for file in files {
                if exceptions.contains(&(file, used)) {
                    needed.insert((file.clone(), used.to_string()));
                } else {
                    wrong.push(format!("src/{file} uses {used}, which uses {user}"));
                }
            }
        }
    }
    (wrong, needed)
}

/// The children of each module that has some.
fn families(sources: &[Source]) -> BTreeMap<Vec<&str>, BTreeSet<&str>> {
    let mut families: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for source in sources {
        let module: Vec<&str> = source.module.iter().map(String::as_str).collect();
        for depth in 0..module.len() {
            families.entry(module[..depth].to_vec()).or_default().insert(module[depth]);
        }
    }
    families
}

#[test]
fn no_module_uses_a_higher_floor_and_none_use_each_other() {
    let sources = sources("src");
    let (mut wrong, mut needed) = (Vec::new(), BTreeSet::new());
    for (parent, children) in families(&sources) {
        let children = Vec::from_iter(children);
        let one_floor = [&children[..]];
        let floors = match parent[..] {
            [] => ROOMS,
            ["back"] => ENGINES,
            _ => &one_floor,
        };
        let mut arrows = arrows(&sources, &parent);
        if floors.len() == 1 {
            // What stands in the module's own file is the children's too.
            arrows.retain(|(_, used), _| children.contains(&used.as_str()));
        }
        let (wrong_here, needed_here) = check(&arrows, floors, EXCEPTIONS);
        needed.extend(needed_here);
        wrong.extend(wrong_here);
    }
    for (file, used) in EXCEPTIONS {
        if !needed.contains(&(file.to_string(), used.to_string())) {
            wrong.push(format!("no longer an exception: src/{file}, {used}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The command has no floors, but no circles either.
#[test]
fn no_modules_of_the_command_use_each_other() {
    let sources = sources("cli/src");
    assert!(sources.len() > 3);
    for (parent, children) in families(&sources) {
        let children = Vec::from_iter(children);
        let mut arrows = arrows(&sources, &parent);
        arrows.retain(|(_, used), _| children.contains(&used.as_str()));
        let (wrong, _) = check(&arrows, &[&children], &[]);
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// Every module has a floor, and every name on a floor is a module.
#[test]
fn floors_name_the_modules() {
    let sources = sources("src");
    for (parent, floors) in [(&[][..], ROOMS), (&["back"][..], ENGINES)] {
        let modules = sources.iter().filter(|source| source.module.len() > parent.len());
        let modules =
            modules.filter(|source| source.module.iter().zip(parent).all(|(part, wanted)| part == wanted));
        let modules: BTreeSet<&str> = modules.map(|source| source.module[parent.len()].as_str()).collect();
        let named: Vec<&str> = floors.iter().flat_map(|floor| floor.iter().copied()).collect();
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), modules);
        assert_eq!(named.len(), modules.len(), "a module has one floor");
    }
}

fn paths_in(text: &str, module: &[&str]) -> Vec<String> {
    let module: Vec<String> = module.iter().map(ToString::to_string).collect();
    used_paths(&without_tests(&tokens(text)).0, &module).iter().map(|path| path.join("::")).collect()
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let module = ["back", "hot"];
    let is = |text: &str, expected: &[&str]| assert_eq!(paths_in(text, &module), expected, "{text}");
    is("use crate::ir::{self, Op as O, visit::{A, B}};", &["ir", "ir::Op", "ir::visit::A", "ir::visit::B"]);
    is("use super::{block, native::{X}};", &["back::block", "back::native::X"]);
    is("use super::super::ir; let a = super::trace::on();", &["back::trace::on", "ir"]);
    is("fn f() -> crate::mid::Facts { $crate::memory::take::<u8>() }", &["memory::take", "mid::Facts"]);
    is(
        "mod m { use super::{Own, super::block}; } use super::native;",
        &["back::block", "back::hot::Own", "back::native"],
    );
    is("pub(in crate::back) fn f() {} pub(crate) fn g() {}", &[]);
    is("// crate::a\n/* crate::b */ \"crate::c\" r#\"crate::d\" \"# b\"crate::e\" '\"' 'a' '\\'' b'\"'", &[]);
    is("fn f<'a>(x: &'a str) { crate::ir::f('{') }", &["ir::f"]);
    is("#[cfg(test)] mod tests { use crate::front; } use crate::ir;", &["ir"]);
    is("#[cfg(all(test, unix))] mod tests { use crate::front; } use crate::ir;", &["ir"]);
    is("#[cfg(test)] use crate::front::{a, b}; use crate::ir;", &["ir"]);
    is("#[cfg(test)] fn f(a: [u8; 2]) { crate::front::f() } use crate::ir;", &["ir"]);
    let (_, files) = without_tests(&tokens("#[cfg(test)] #[path = \"x.rs\"] pub mod tests; mod b;"));
    assert_eq!(files, ["tests"]);
}

#[test]
fn arrows_upward_circles_and_outdated_exceptions_are_found() {
    let source = |module: &str, used: &[&str]| Source {
        name: format!("{module}.rs"),
        module: vec![module.to_string()],
        uses: used.iter().map(|used| vec![used.to_string()]).collect(),
    };
    let floors: &[&[&str]] = &[&["top"], &["a", "b", "c"], &["ground"]];
    let found = |sources: &[Source], exceptions| check(&arrows(sources, &[]), floors, exceptions);
    let good = [source("top", &["a", "ground"]), source("a", &["b"]), source("b", &["c", "ground"])];
    assert_eq!(found(&good, &[]).0, [] as [String; 0]);
    let upward = [source("ground", &["a"])];
    assert_eq!(found(&upward, &[]).0, ["src/ground.rs uses a, which is above ground"]);
    let (wrong, needed) = found(&upward, &[("ground.rs", "a"), ("b.rs", "a")]);
    assert!(wrong.is_empty() && needed.len() == 1 && needed.contains(&("ground.rs".into(), "a".into())));
    let circle = [source("a", &["b"]), source("b", &["c"]), source("c", &["a"])];
    assert_eq!(found(&circle, &[]).0.len(), 3);
    assert_eq!(found(&[source("a", &["attic"])], &[]).0, ["attic is on no floor (a.rs)"]);
}
