//! What C allows an evaluation.

use std::sync::atomic::AtomicI32;
use std::time::Duration;

use super::sized;
use super::types::*;
use crate::back::budget::{Flag, Limits};
use crate::error::{Error, ErrorKind};

/// The limits of a budget; NULL for none.
///
/// # Safety
/// `budget` is NULL or begins with its size, and has that many bytes; its flag is NULL or points to a number that lives
/// longer than the limits.
#[inline(always)]
pub(super) unsafe fn limits<'a>(budget: *const me_budget) -> Result<Limits<'a>, Error> {
    // Most calls have none, and then nothing is copied.
    match budget.is_null() {
        true => Ok(Limits::default()),
        // SAFETY: as the caller promises.
        false => unsafe { limits_in(budget) },
    }
}

/// # Safety
/// As [`limits`], for a budget.
#[cold]
#[inline(never)]
unsafe fn limits_in<'a>(budget: *const me_budget) -> Result<Limits<'a>, Error> {
    // SAFETY: as the caller promises.
    match unsafe { sized::read(budget, |budget| budget.struct_size)? } {
        None => Ok(Limits::default()),
        // SAFETY: as the caller promises.
        Some(budget) => unsafe { limits_of(budget.cancel, budget.timeout_ns, budget.max_passes) },
    }
}

/// Limits by their numbers, 0 for none.
///
/// # Safety
/// `cancel` is NULL or points to a number that may change, and lives longer than the limits.
pub(super) unsafe fn limits_of<'a>(
    cancel: *const i32,
    timeout_ns: i64,
    max_passes: i64,
) -> Result<Limits<'a>, Error> {
    Ok(Limits {
        // SAFETY: as the caller promises.
        flag: unsafe { flag(cancel)? },
        timeout: limit("timeout_ns", timeout_ns)?.map(Duration::from_nanos),
        passes: limit("max_passes", max_passes)?,
    })
}

/// A limit that is no limit where it is 0.
pub(super) fn limit(name: &str, number: i64) -> Result<Option<u64>, Error> {
    match u64::try_from(number) {
        Ok(0) => Ok(None),
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(invalid(format_args!("{name} is negative"))),
    }
}

/// # Safety
/// As [`limits_of`].
unsafe fn flag<'a>(cancel: *const i32) -> Result<Option<Flag<'a>>, Error> {
    match cancel {
        _ if cancel.is_null() => Ok(None),
        _ if !cancel.is_aligned() => Err(invalid(format_args!("the number that cancels is not aligned"))),
        // SAFETY: as the caller promises. Nobody writes through the reference.
        _ => Ok(Some(Flag::Number(unsafe { AtomicI32::from_ptr(cancel.cast_mut()) }))),
    }
}

fn invalid(message: std::fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
