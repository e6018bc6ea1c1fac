//! Evaluation over arrays against a model that gathers item by item: random shapes, strides, broadcasting, overlap
//! and threads, with every byte around the output compared too.

mod axes;
mod errors;
mod random;
mod streamed;
#[path = "../../testkit/mod.rs"]
mod testkit;
mod threads;

use testkit::strided::Sizes;

/// Large enough for tiles, threads and the blocks of engines.
const LARGE: Sizes = Sizes { longest: [1, 3000, 60, 16, 7, 5, 4], side: 260, buffer: 1 << 20 };
