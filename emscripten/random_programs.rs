//! Writes random kernels over `x` and `y` for the comparison of engines under Node: as many as the
//! argument says. Each is a line with the dtypes of x, y and the result, then its text up to an empty line.

use std::io::Write as _;

#[path = "../testkit/kernels.rs"]
mod kernels;
#[allow(dead_code, reason = "others use the rest")]
#[path = "../testkit/random.rs"]
mod random;

use kernels::Generator;
use random::Random;

/// Codes of the dtypes, from bool to float64.
const DTYPES: u64 = 11;

fn main() -> std::io::Result<()> {
    let wanted = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for seed in 0..wanted {
        let random = &mut Random::new(seed);
        let [x, y, output] = std::array::from_fn(|_| 1 + random.below(DTYPES));
        writeln!(out, "{x} {y} {output}\n{}", Generator::new(random).kernel())?;
    }
    out.flush()
}
