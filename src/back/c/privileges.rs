//! Whether the environment of this process comes from somebody with less rights than it has.

/// Who a process acts for, and who it is.
#[derive(Clone, Copy, Debug)]
struct Credentials {
    /// The system says that the program was started with more rights than its starter has.
    is_secure: bool,
    real: (libc::uid_t, libc::gid_t),
    effective: (libc::uid_t, libc::gid_t),
}

impl Credentials {
    fn current() -> Credentials {
        // SAFETY: these calls only read what the process is.
        unsafe {
            Credentials {
                is_secure: is_secure(),
                real: (libc::getuid(), libc::getgid()),
                effective: (libc::geteuid(), libc::getegid()),
            }
        }
    }

    fn are_raised(self) -> bool {
        self.is_secure || self.real != self.effective
    }
}

/// As of a program that is set-user-ID or has capabilities: `CC`, `PATH`, `TMPDIR` and what else decides
/// which program runs are then not to be trusted.
pub fn are_raised() -> bool {
    Credentials::current().are_raised()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe fn is_secure() -> bool {
    // SAFETY: the call only reads what the system gave the process at its start.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe fn is_secure() -> bool {
    unsafe extern "C" {
        fn issetugid() -> std::ffi::c_int;
    }
    // SAFETY: the call only reads what the process is.
    unsafe { issetugid() != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_difference_counts() {
        let same = Credentials { is_secure: false, real: (7, 8), effective: (7, 8) };
        assert!(!same.are_raised());
        assert!(Credentials { is_secure: true, ..same }.are_raised());
        assert!(Credentials { effective: (0, 8), ..same }.are_raised());
        assert!(Credentials { effective: (7, 0), ..same }.are_raised());
        assert!(Credentials { real: (0, 0), ..same }.are_raised());
    }
}
