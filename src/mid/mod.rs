//! The middle end: what every engine needs to know of a kernel before it translates it.
//!
//! [`flatten`] turns runs of statements into regions of straight-line code; [`Positions`] say where
//! items lie in the whole array.

pub mod facts;
pub mod flatten;
mod if_conversion;
pub mod passes;
pub mod positions;
#[cfg_attr(not(all(machine_code, unix)), allow(dead_code, reason = "not every build has all engines"))]
pub mod range;
#[cfg_attr(not(all(machine_code, unix)), allow(dead_code, reason = "not every build has all engines"))]
pub mod strips;
pub mod uniform;

pub use positions::Positions;
