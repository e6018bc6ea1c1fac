//! One recorded case: what is compiled and evaluated, and what should come out.

use serde::Deserialize;

use crate::testkit::client::{AUTO, Grid, Variable};
use miniexpr::Dtype;

/// A case as one line of a vector file holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub id: String,
    pub expr: String,
    vars: Vec<Entry>,
    dtype: String,
    #[serde(deserialize_with = "hex_list")]
    inputs: Vec<Vec<u8>>,
    used: Option<Vec<usize>>,
    /// Items of each input and of the output buffer.
    pub n: usize,
    pub nd: Option<Blocks>,
    /// Whether the case goes through `me_eval_varlen`.
    #[serde(default)]
    pub varlen: bool,
    /// Largest distance of a float from the expected one, in units in the last place.
    pub tol: Option<u64>,
    /// Largest distance of a float from the expected one, relative to the larger of both.
    pub rtol: Option<f64>,
    pub want: Want,
}

/// `[name, dtype, itemsize?]`
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Numeric(String, String),
    Text(String, String, usize),
}

/// Geometry of a chunked array, and the blocks to evaluate.
#[derive(Deserialize)]
pub struct Blocks {
    shape: Vec<i64>,
    chunkshape: Vec<i32>,
    blockshape: Vec<i32>,
    /// `[nchunk, nblock]` of each evaluation.
    pub calls: Vec<(i64, i64)>,
}

/// The expected outcome.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    pub status: i32,
    /// `*error` of a parse error.
    pub error: Option<i32>,
    pub dtype: Option<String>,
    pub itemsize: Option<usize>,
    #[serde(default)]
    pub evals: Vec<WantEval>,
}

/// The expected outcome of one evaluation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantEval {
    pub rc: i32,
    /// The bytes written.
    #[serde(deserialize_with = "hex")]
    pub out: Vec<u8>,
    pub vrc: Option<i32>,
    pub valid: Option<i64>,
    pub offsets: Option<Vec<i64>>,
}

impl Case {
    /// The cases of a vector file, one JSON object a line.
    pub fn parse_all(text: &str) -> Vec<Case> {
        text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect()
    }

    pub fn variables(&self) -> Vec<Variable> {
        self.vars
            .iter()
            .map(|entry| match entry {
                Entry::Numeric(name, dtype) => Variable::coded(name, dtype_code(dtype)),
                Entry::Text(name, dtype, itemsize) => {
                    Variable { itemsize: *itemsize, ..Variable::coded(name, dtype_code(dtype)) }
                }
            })
            .collect()
    }

    /// The requested output dtype.
    pub fn dtype(&self) -> u32 {
        dtype_code(&self.dtype)
    }

    /// The data of the variables whose pointers are passed to evaluation.
    pub fn inputs(&self) -> Vec<&[u8]> {
        match &self.used {
            Some(used) => used.iter().map(|i| self.inputs[*i].as_slice()).collect(),
            None => self.inputs.iter().map(Vec::as_slice).collect(),
        }
    }
}

impl Blocks {
    pub fn grid(&self) -> Grid {
        Grid {
            shape: self.shape.clone(),
            chunkshape: self.chunkshape.clone(),
            blockshape: self.blockshape.clone(),
        }
    }
}

impl Want {
    /// The `me_dtype` that the getter reports.
    pub fn dtype_code(&self) -> Option<u32> {
        self.dtype.as_deref().map(dtype_code)
    }
}

fn dtype_code(name: &str) -> u32 {
    match name {
        "auto" => AUTO,
        "string" => Dtype::String.code(),
        "bytes" => Dtype::Bytes.code(),
        _ => Dtype::NUMERIC.into_iter().find(|dtype| dtype.name() == name).expect("a dtype").code(),
    }
}

fn hex<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    bytes_of(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn hex_list<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| bytes_of(text)).collect::<Result<_, _>>().map_err(serde::de::Error::custom)
}

fn bytes_of(text: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16)).collect()
}
