//! Ranges of the case mappings.

/// Code points `first`, `first + step`, … `last`, whose images lie `delta` further.
pub struct CaseRange {
    pub first: u32,
    pub last: u32,
    pub step: u32,
    pub delta: i32,
}

impl CaseRange {
    pub const fn new(first: u32, last: u32, step: u32, delta: i32) -> CaseRange {
        CaseRange { first, last, step, delta }
    }
}
