//! The judge: the functions in a wider type, compiled from `functions.c`.

use super::subject::Subject;
use std::ffi::{CString, c_void};
use std::path::PathBuf;
use std::process::Command;

type Narrow = unsafe extern "C" fn(*const f64, *const f64, *mut f64, usize);
type Wider = unsafe extern "C" fn(*const f64, *const f64, *mut LongDouble, usize);
type Errors = unsafe extern "C" fn(*const LongDouble, *const f64, *mut f64, usize);

/// Room for one `long double`.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
pub struct LongDouble([u8; 16]);

/// The compiled library, which stays open.
pub struct Wide {
    library: *mut c_void,
    errors: Errors,
}

// SAFETY: the handle is only read, by functions without state.
unsafe impl Sync for Wide {}

impl Wide {
    pub fn compile() -> Wide {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/accuracy/functions.c");
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("accuracy_functions.so");
        let status = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&path)
            .args([source, "-lm"])
            .status()
            .expect("a C compiler");
        assert!(status.success(), "the functions compile");
        let path = CString::new(path.to_str().expect("a UTF-8 path")).expect("a path without NUL");
        // SAFETY: the path is a C string; the library is the one just compiled, without constructors.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        assert!(!library.is_null(), "the functions load");
        // SAFETY: the function has this type in the source.
        let errors = unsafe { std::mem::transmute::<*mut c_void, Errors>(find(library, "errors_of")) };
        Wide { library, errors }
    }

    /// `subject` in float64, one rounding from the wider value or little more.
    pub fn narrow(&self, subject: Subject, a: &[f64], b: &[f64], y: &mut [f64]) {
        assert!(b.len() >= a.len() && y.len() >= a.len());
        let address = find(self.library, &format!("reference_{}_double", subject.name()));
        // SAFETY: the function has this type in the source, and all arrays are as long as `a`.
        unsafe {
            let function = std::mem::transmute::<*mut c_void, Narrow>(address);
            function(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), a.len());
        }
    }

    /// `subject` in `long double`.
    pub fn wider(&self, subject: Subject, a: &[f64], b: &[f64], y: &mut [LongDouble]) {
        assert!(b.len() >= a.len() && y.len() >= a.len());
        let address = find(self.library, &format!("reference_{}_wide", subject.name()));
        // SAFETY: the function has this type in the source, and all arrays are as long as `a`.
        unsafe {
            let function = std::mem::transmute::<*mut c_void, Wider>(address);
            function(a.as_ptr(), b.as_ptr(), y.as_mut_ptr(), a.len());
        }
    }

    /// The errors of `got` in units in the last place of float64.
    pub fn errors(&self, want: &[LongDouble], got: &[f64], errors: &mut [f64]) {
        assert!(want.len() >= got.len() && errors.len() >= got.len());
        // SAFETY: all arrays are as long as `got`.
        unsafe { (self.errors)(want.as_ptr(), got.as_ptr(), errors.as_mut_ptr(), got.len()) }
    }
}

fn find(library: *mut c_void, name: &str) -> *mut c_void {
    let c_name = CString::new(name).expect("a name without NUL");
    // SAFETY: the handle is open, and the name a C string.
    let address = unsafe { libc::dlsym(library, c_name.as_ptr()) };
    assert!(!address.is_null(), "{name} is defined");
    address
}

/// The error of a float32 in units in the last place of `want`; beyond the range, `want` counts as 2^128, and
/// so does an infinite result.
#[inline(always)]
pub fn error_of_float32(want: f64, got: f32) -> f64 {
    const LIMIT: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
    if want.is_nan() || got.is_nan() {
        return if want.is_nan() && got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if want.abs() >= LIMIT && got.is_finite() {
        return f64::INFINITY;
    }
    let (want, got) = (want.clamp(-LIMIT, LIMIT), f64::from(got).clamp(-LIMIT, LIMIT));
    let exponent = ((want.to_bits() >> 52 & 0x7ff) as i64 - 1023).clamp(-126, 127);
    let unit = f64::from_bits(((exponent - 23 + 1023) as u64) << 52);
    (got - want).abs() / unit
}
