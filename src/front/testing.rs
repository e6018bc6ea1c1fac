//! Kernels for the tests of other rooms.

use super::{Entry, EntryKind, Language, Lifting};
use crate::dtype::Dtype;
use crate::ir::Kernel;

/// Entries for variables of numeric dtypes.
pub fn entries<'a>(variables: &[(&'a str, Dtype)]) -> Vec<Entry<'a>> {
    let entry = |&(name, dtype): &(&'a str, Dtype)| Entry {
        name: name.as_bytes(),
        dtype: Some(dtype),
        itemsize: 0,
        kind: EntryKind::Variable,
    };
    variables.iter().map(entry).collect()
}

/// The typed kernel of a text over `variables`.
pub fn compile(text: &str, variables: &[(&str, Dtype)]) -> Kernel {
    compile_entries(text, &entries(variables), None)
}

/// The typed kernel of a text, whose results have a dtype of their own unless one is given.
pub fn compile_entries(text: &str, entries: &[Entry<'_>], output: Option<Dtype>) -> Kernel {
    super::compile(text.as_bytes(), Language::of(text.as_bytes()), entries, output, Lifting::Never)
        .unwrap_or_else(|error| panic!("{}: {text}", error.message()))
}
