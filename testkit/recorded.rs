//! Recorded tables of operations: a line for each text, with the special values that its last variable has and, for each
//! dtype or each pair of them, the letter of the result's dtype and a fingerprint of its bytes. `!` stands for a refusal; a
//! letter alone for a result that is not the same to the last bit everywhere.

use super::array::Array;
use miniexpr::{ArrayRef, Dialect, Dtype, Error, Expression, JitMode};

/// Lists of special values by dtype and name.
pub struct Values<'a>(Vec<(Dtype, &'a str, Vec<u8>)>);

impl Values<'_> {
    pub fn read(text: &str) -> Values<'_> {
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
    pub fn variables(&self, dtypes: &[Dtype], which: &str) -> Vec<(Dtype, Vec<u8>)> {
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

pub fn dtype_called(name: &str) -> Dtype {
    let mut all = Dtype::NUMERIC.into_iter();
    all.find(|dtype| dtype.name() == name).unwrap_or_else(|| panic!("no dtype {name}"))
}

/// The dtype with a letter of NumPy.
fn dtype_of_letter(letter: char) -> Dtype {
    let index = "?bhiqBHIQfdFD".find(letter).unwrap_or_else(|| panic!("no dtype {letter}"));
    Dtype::NUMERIC[index]
}

pub fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The dtype and the bytes of what a text gives for variables `a` and `b`.
pub fn evaluate(
    text: &str,
    dialect: Dialect,
    variables: &[(Dtype, Vec<u8>)],
) -> Result<(Dtype, Vec<u8>), Error> {
    let arrays: Vec<Array> =
        variables.iter().map(|(dtype, bytes)| Array::from_bytes(*dtype, bytes)).collect();
    let mut builder = Expression::builder(text).dialect(dialect);
    for (name, (dtype, _)) in ["a", "b"].into_iter().zip(variables) {
        builder = builder.variable(name, *dtype);
    }
    let expression = builder.compile()?;
    let inputs: Vec<ArrayRef<'_>> = arrays.iter().map(Array::view).collect();
    Ok((expression.dtype(), Array::evaluate(&expression, &inputs, JitMode::Default)?.to_bytes()))
}

/// The bytes with one NaN, as NumPy has it.
pub fn canonical(dtype: Dtype, bytes: &[u8]) -> Vec<u8> {
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

pub fn floats<const N: usize, T>(bytes: &[u8], read: fn([u8; N]) -> T) -> impl Iterator<Item = T> {
    bytes.chunks_exact(N).map(move |item| read(item.try_into().expect("chunks have their size")))
}

/// FNV-1a of 32 bits.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |state, byte| (state ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What is wrong with one cell of a table; `None` if nothing is.
fn fault(text: &str, dialect: Dialect, variables: &[(Dtype, Vec<u8>)], cell: &str) -> Option<String> {
    let (dtype, bytes) = match (evaluate(text, dialect, variables), cell) {
        (Err(_), "!") => return None,
        (Err(error), _) => return Some(format!("refused: {}", error.message())),
        (Ok((dtype, _)), "!") => return Some(format!("gives {dtype}, but is to be refused")),
        (Ok(result), _) => result,
    };
    let (letter, wanted) = cell.split_at(1);
    let expected = dtype_of_letter(letter.chars().next()?);
    if dtype != expected {
        return Some(format!("dtype {dtype}, not {expected}"));
    }
    let found = fingerprint(&canonical(dtype, &bytes));
    let is_equal = wanted.is_empty() || u32::from_str_radix(wanted, 16) == Ok(found);
    (!is_equal).then(|| format!("other values of {dtype}: {:02x?}", &bytes[..bytes.len().min(64)]))
}

/// Evaluates every cell of a table: a line for each text, with a cell for each dtype or pair of dtypes. Panics with those
/// that differ; gives the number of cells.
pub fn check(table: &str, dialect: Dialect) -> usize {
    let values = Values::read(table);
    let mut faults = Vec::new();
    let mut cells = 0;
    for line in table.lines().filter(|line| line.contains('\t')) {
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
            if let Some(why) = fault(text, dialect, &values.variables(&dtypes, which), cell) {
                faults.push(format!("{text} {dtypes:?}: {why}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {cells}:\n{}", faults.len(), faults[..faults.len().min(40)].join("\n"));
    cells
}
