//! Modules by the dynamic linker of the host, where it has one: as side modules in files.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::module::EXPORT;
use super::signature::{self, Callee};
use crate::back::trace::trace;
use crate::environment;

unsafe extern "C" {
    /// Of `memory_base.c`: 0 in a program that is linked statically.
    safe fn me_jit_memory_base() -> usize;
}

/// Side modules that one process loads: the dynamic linker keeps what it has loaded, also after
/// `dlclose`.
const MOST_MODULES: u32 = 1024;

/// Modules loaded so far, which number their files: the dynamic linker takes a file whose name it knows
/// for the same module.
static LOADED: AtomicU32 = AtomicU32::new(0);

/// Whether the host can load side modules, and the environment variable `ME_DSL_JIT_DLOPEN` lets it.
pub fn is_there() -> bool {
    me_jit_memory_base() != 0 && environment::flag(c"ME_DSL_JIT_DLOPEN", true)
}

/// A side module.
#[derive(Debug)]
pub struct SideModule {
    handle: *mut c_void,
}

// SAFETY: a handle may be used from any thread.
unsafe impl Send for SideModule {}
// SAFETY: as above.
unsafe impl Sync for SideModule {}

impl SideModule {
    /// Loads a module; `None` if the host does not take it, and a line in the trace: what follows from that,
    /// and the reason.
    pub fn load(bytes: &[u8], consequence: &str) -> Option<SideModule> {
        let number = LOADED.fetch_add(1, Ordering::Relaxed);
        if number >= MOST_MODULES {
            LOADED.store(MOST_MODULES, Ordering::Relaxed);
            trace(format_args!("{consequence}: {MOST_MODULES} side modules are loaded"));
            return None;
        }
        let file = ModuleFile::write(number, bytes, consequence)?;
        // SAFETY: the path ends with NUL. The module has no code that runs when it is loaded.
        let handle = unsafe { libc::dlopen(file.path(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            trace_error(consequence);
            return None;
        }
        Some(SideModule { handle })
    }

    /// The table index of an exported function; 0 if there is none.
    pub fn function(&self, name: &CStr) -> c_int {
        // SAFETY: the handle is open, the name ends with NUL.
        unsafe { libc::dlsym(self.handle, name.as_ptr()) as c_int }
    }
}

impl Drop for SideModule {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody uses the module any more.
        unsafe { libc::dlclose(self.handle) };
    }
}

/// A function of a kernel's type that answers for entries of the function table.
type Tester = unsafe extern "C" fn(u32, u32, c_int) -> c_int;

/// Whether an entry of the function table has a type; `None` if the host cannot tell.
pub fn has_type(index: u32, callee: Callee) -> Option<bool> {
    static TESTER: OnceLock<Option<Tester>> = OnceLock::new();
    if !is_there() {
        return None;
    }
    let tester = (*TESTER.get_or_init(load_tester))?;
    // SAFETY: the module exports a function of this type, and stays loaded.
    Some(unsafe { tester(index, callee.index(), 0) } != 0)
}

/// The function of the module that tells types apart, if the engine has the instruction for it.
fn load_tester() -> Option<Tester> {
    let module = SideModule::load(&signature::tester().ok()?, "jit function types are not checked")?;
    let index = module.function(EXPORT);
    std::mem::forget(module);
    // SAFETY: the index stands for a function of this type.
    (index != 0).then(|| unsafe { std::mem::transmute::<usize, Tester>(index as usize) })
}

/// A file in the file system of the host, which is in memory as a rule; it goes with the value.
struct ModuleFile {
    /// The path, which ends with NUL.
    path: [u8; 48],
    len: usize,
    /// Whether the file is not that of another.
    is_created: bool,
}

impl ModuleFile {
    fn write(number: u32, bytes: &[u8], consequence: &str) -> Option<ModuleFile> {
        let mut file = ModuleFile { path: [0; 48], len: 0, is_created: false };
        let mut rest = &mut file.path[..];
        write!(rest, "/tmp/miniexpr-{}-{number}.so\0", std::process::id()).ok()?;
        let room = rest.len();
        file.len = file.path.len() - room - 1;
        match fs::OpenOptions::new().write(true).create_new(true).open(file.text()) {
            Ok(mut opened) => {
                file.is_created = true;
                opened.write_all(bytes).is_ok().then_some(file)
            }
            Err(error) => {
                trace(format_args!("{consequence}: {}: {error}", file.text()));
                None
            }
        }
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.path[..self.len]).unwrap_or_default()
    }

    fn path(&self) -> *const c_char {
        self.path.as_ptr().cast()
    }
}

impl Drop for ModuleFile {
    fn drop(&mut self) {
        if self.is_created {
            // The file may be gone; nobody reads it any more.
            let _ = fs::remove_file(self.text());
        }
    }
}

/// Traces what the dynamic linker says of its last error, and what follows from it.
fn trace_error(consequence: &str) {
    // SAFETY: the text is valid until the next call of the dynamic linker.
    let text = unsafe { libc::dlerror() };
    if !text.is_null() {
        // SAFETY: as above; it ends with NUL.
        let text = unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("the dynamic linker failed");
        trace(format_args!("{consequence}: {}", text.lines().last().unwrap_or(text)));
    }
}
