//! The NumPy dialect against what NumPy gives, recorded by `scripts/compare_numpy.py record`.
//!
//! `operations.txt` has a line for each text: the text, which special values its last variable has, and for each dtype,
//! or each pair of them, the letter of the result's dtype in NumPy and a fingerprint of the result's bytes. `!` stands for
//! a refusal; a letter alone for a result that is not the same to the last bit everywhere. `functions.txt` has the values
//! of those, which are compared within a few units in the last place.

mod array;
mod kernels;
mod reductions;

use array::Array;
use miniexpr::{ArrayRef, Dialect, Dtype, Error, Expression, JitMode};

const OPERATIONS: &str = include_str!("operations.txt");
const FUNCTIONS: &str = include_str!("functions.txt");

/// What the dialect does not have yet.
const MISSING: &[&str] = &["this function of complex numbers is not supported yet"];

/// Lists of special values by dtype and name.
struct Values<'a>(Vec<(Dtype, &'a str, Vec<u8>)>);

impl Values<'_> {
    fn read(text: &str) -> Values<'_> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("values "));
        Values(
            rows.map(|row| {
                let mut words = row.split(' ');
                let mut word = || words.next().expect("dtype, name, bytes");
                (dtype_called(word()), word(), bytes_of(word()))
            })
            .collect(),
        )
    }

    fn get(&self, dtype: Dtype, name: &str) -> &[u8] {
        let found = self.0.iter().find(|row| (row.0, row.1) == (dtype, name));
        &found.unwrap_or_else(|| panic!("no values {name} of {dtype}")).2
    }

    /// The variables of a text over these dtypes: of two, every value of one with every value of the other.
    fn variables(&self, dtypes: &[Dtype], which: &str) -> Vec<(Dtype, Vec<u8>)> {
        match *dtypes {
            [dtype] => vec![(dtype, self.get(dtype, which).to_vec())],
            [left, right] => {
                let (a, b) = (self.get(left, "all"), self.get(right, which));
                let count = b.len() / right.size();
                let repeated = a.chunks_exact(left.size()).flat_map(|item| item.repeat(count)).collect();
                vec![(left, repeated), (right, b.repeat(a.len() / left.size()))]
            }
            _ => unreachable!("texts have one or two variables"),
        }
    }
}

fn dtype_called(name: &str) -> Dtype {
    let mut all = Dtype::NUMERIC.into_iter();
    all.find(|dtype| dtype.name() == name).unwrap_or_else(|| panic!("no dtype {name}"))
}

/// The dtype with a letter of NumPy.
fn dtype_of_letter(letter: char) -> Dtype {
    let index = "?bhiqBHIQfdFD".find(letter).unwrap_or_else(|| panic!("no dtype {letter}"));
    Dtype::NUMERIC[index]
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The dtype and the bytes of what a text gives for variables `a` and `b`.
fn evaluate(text: &str, variables: &[(Dtype, Vec<u8>)]) -> Result<(Dtype, Vec<u8>), Error> {
    let arrays: Vec<Array> =
        variables.iter().map(|(dtype, bytes)| Array::from_bytes(*dtype, bytes)).collect();
    let mut builder = Expression::builder(text).dialect(Dialect::NumPy);
    for (name, (dtype, _)) in ["a", "b"].into_iter().zip(variables) {
        builder = builder.variable(name, *dtype);
    }
    let expression = builder.compile()?;
    let inputs: Vec<ArrayRef<'_>> = arrays.iter().map(Array::view).collect();
    Ok((expression.dtype(), Array::evaluate(&expression, &inputs, JitMode::Default)?.to_bytes()))
}

fn is_missing(error: &Error) -> bool {
    error.message().ends_with("is not supported yet")
}

/// The bytes with one NaN, as NumPy has it.
fn canonical(dtype: Dtype, bytes: &[u8]) -> Vec<u8> {
    match dtype.component() {
        Dtype::Float32 => floats(bytes, f32::from_le_bytes)
            .flat_map(|x| if x.is_nan() { f32::NAN } else { x }.to_le_bytes())
            .collect(),
        Dtype::Float64 => floats(bytes, f64::from_le_bytes)
            .flat_map(|x| if x.is_nan() { f64::NAN } else { x }.to_le_bytes())
            .collect(),
        _ => bytes.to_vec(),
    }
}

fn floats<const N: usize, T>(bytes: &[u8], read: fn([u8; N]) -> T) -> impl Iterator<Item = T> {
    bytes.chunks_exact(N).map(move |item| read(item.try_into().expect("chunks have their size")))
}

/// FNV-1a of 32 bits.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |state, byte| (state ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What is wrong with one cell of the table; `None` if nothing is.
fn fault(text: &str, variables: &[(Dtype, Vec<u8>)], cell: &str) -> Option<String> {
    let (dtype, bytes) = match (evaluate(text, variables), cell) {
        (Err(error), _) if is_missing(&error) => {
            return (!MISSING.contains(&error.message())).then(|| error.message().to_string());
        }
        (Err(_), "!") => return None,
        (Err(error), _) => return Some(format!("refused: {}", error.message())),
        (Ok(_), "!") => return Some("NumPy refuses this".to_string()),
        (Ok(result), _) => result,
    };
    let (letter, wanted) = cell.split_at(1);
    let expected = dtype_of_letter(letter.chars().next()?);
    if dtype != expected {
        return Some(format!("dtype {dtype}, NumPy {expected}"));
    }
    let found = fingerprint(&canonical(dtype, &bytes));
    let is_equal = wanted.is_empty() || u32::from_str_radix(wanted, 16) == Ok(found);
    (!is_equal).then(|| format!("other values of {dtype}: {:02x?}", &bytes[..bytes.len().min(64)]))
}

#[test]
fn operations_give_what_numpy_gives() {
    let values = Values::read(OPERATIONS);
    let mut faults = Vec::new();
    let mut cells = 0;
    for line in OPERATIONS.lines().filter(|line| line.contains('\t')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [text, which, row] = fields[..] else { panic!("{line}") };
        let row: Vec<&str> = row.split(' ').collect();
        let takes_two = row.len() == 13 * 13;
        assert!(takes_two || row.len() == 13, "{text} has {} cells", row.len());
        for (index, cell) in row.into_iter().enumerate() {
            let dtypes = match takes_two {
                true => vec![Dtype::NUMERIC[index / 13], Dtype::NUMERIC[index % 13]],
                false => vec![Dtype::NUMERIC[index]],
            };
            cells += 1;
            if let Some(why) = fault(text, &values.variables(&dtypes, which), cell) {
                faults.push(format!("{text} {dtypes:?}: {why}"));
            }
        }
    }
    assert!(cells > 10_000, "{cells} cells");
    assert!(faults.is_empty(), "{} of {cells}:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
}

/// How far two results are apart, in units of the last place of the larger part of the expected one.
fn distance(dtype: Dtype, expected: &[u8], given: &[u8]) -> f64 {
    let read = |bytes: &[u8]| -> Vec<f64> {
        match dtype.component() {
            Dtype::Float32 => floats(bytes, f32::from_le_bytes).map(f64::from).collect(),
            _ => floats(bytes, f64::from_le_bytes).collect(),
        }
    };
    let epsilon = if dtype.component() == Dtype::Float32 { f32::EPSILON.into() } else { f64::EPSILON };
    let parts = if dtype.is_complex() { 2 } else { 1 };
    let (expected, given) = (read(expected), read(given));
    let mut worst = 0f64;
    for (expected, given) in expected.chunks(parts).zip(given.chunks(parts)) {
        let size =
            expected.iter().filter(|x| x.is_finite()).fold(f64::MIN_POSITIVE, |size, x| size.max(x.abs()));
        for (expected, given) in expected.iter().zip(given) {
            worst = worst.max(match (expected.is_finite(), given.is_finite()) {
                (true, true) => (expected - given).abs() / (size * epsilon),
                _ if expected.is_nan() && given.is_nan() || expected == given => 0.0,
                _ => f64::INFINITY,
            });
        }
    }
    worst
}

#[test]
fn functions_are_as_near_as_numpys() {
    let values = Values::read(OPERATIONS);
    let mut rows = 0;
    for line in FUNCTIONS.lines().filter(|line| line.contains('\t')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [text, name, expected] = fields[..] else { panic!("{line}") };
        let dtypes = vec![dtype_called(name); if text.contains(" b") { 2 } else { 1 }];
        let (result, bytes) = expected.split_once(' ').expect("dtype and bytes");
        match evaluate(text, &values.variables(&dtypes, "all")) {
            Err(error) if is_missing(&error) => {
                assert!(MISSING.contains(&error.message()), "{text}: {error}")
            }
            Err(error) => panic!("{text} {name}: {error}"),
            Ok((dtype, found)) => {
                assert_eq!(dtype, dtype_called(result), "{text} {name}");
                let apart = distance(dtype, &bytes_of(bytes), &found);
                assert!(apart <= 8.0, "{text} {name}: {apart} units in the last place");
            }
        }
        rows += 1;
    }
    assert!(rows > 80, "{rows} rows");
}
