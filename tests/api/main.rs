//! The documented behaviour of the C functions, by worked examples and by misuse.

mod api_examples;
mod bad_input;
mod constants;
mod dtype_examples;
mod growth;
mod host_calls;
mod language_examples;
mod odd_bytes;
mod positions;
mod table;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod thread_ends;
mod threads;
