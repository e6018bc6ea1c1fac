//! From the arguments of the command line to variables with values.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use miniexpr::{ArrayRef, Dtype, Expression};

use crate::array::Array;
use crate::csv_format::Table;
use crate::format::{self, Content};
use crate::options::{Options, parse_dtype};

/// A variable of the expression.
#[derive(Debug)]
pub struct Variable {
    pub name: String,
    pub value: Value,
}

#[derive(Debug)]
pub enum Value {
    Array(Array),
    /// A dtype and an itemsize, for a text that is not evaluated.
    Declared(Dtype, usize),
}

impl Value {
    /// The dtype and the itemsize.
    pub fn ty(&self) -> (Dtype, usize) {
        match self {
            Value::Array(array) => (array.dtype, array.itemsize),
            Value::Declared(dtype, itemsize) => (*dtype, *itemsize),
        }
    }
}

/// All variables, and the table that some of them are columns of.
#[derive(Debug, Default)]
pub struct Inputs {
    pub variables: Vec<Variable>,
    pub table: Option<Table>,
    /// The first variable that does not occur in the text.
    unused: Option<String>,
}

impl Inputs {
    /// Reads what the arguments name, of tables the columns that occur in `text`.
    pub fn read(arguments: &[String], text: &str, options: &Options) -> Result<Inputs> {
        let used = names_in(text);
        let mut inputs = Inputs::default();
        for argument in arguments {
            inputs.add(argument, &used, options)?;
        }
        Ok(inputs)
    }

    fn add(&mut self, argument: &str, used: &HashSet<&str>, options: &Options) -> Result<()> {
        if let Some((name, value)) = argument.split_once('=').filter(|(name, _)| is_name(name)) {
            let value = match number(value)? {
                Some(number) => number,
                None => array_of_file(value, options)?,
            };
            return self.declare(name, Value::Array(value), used);
        }
        if let Some((name, dtype)) = declaration(argument) {
            return self.declare(name, Value::Declared(dtype, dtype.size()), used);
        }
        let (path, details) = split_file(argument);
        match format::read(&path, details, options)? {
            Content::Array(array) => {
                let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|stem| is_name(stem));
                let stem = stem.with_context(|| format!("{argument}: needs a name, as in x={argument}"))?;
                self.declare(stem, Value::Array(array), used)
            }
            Content::Table(table) => {
                self.add_columns(&table, used).with_context(|| path.display().to_string())?;
                ensure!(self.table.is_none() || !options.append, "--append takes one table");
                self.table = Some(table);
                Ok(())
            }
        }
    }

    fn add_columns(&mut self, table: &Table, used: &HashSet<&str>) -> Result<()> {
        let names: Vec<String> = table.names.iter().map(|name| variable_name(name)).collect();
        let numbers: Vec<usize> = (0..names.len()).filter(|number| used.contains(&*names[*number])).collect();
        for (column, number) in table.columns(&numbers)?.into_iter().zip(&numbers) {
            self.declare(&names[*number], Value::Array(column), used)?;
        }
        Ok(())
    }

    fn declare(&mut self, name: &str, value: Value, used: &HashSet<&str>) -> Result<()> {
        if !used.contains(name) {
            self.unused.get_or_insert_with(|| name.to_string());
        }
        let is_new = self.variables.iter().all(|variable| variable.name != name);
        ensure!(is_new, "there are two variables named '{name}'");
        self.variables.push(Variable { name: name.to_string(), value });
        Ok(())
    }

    /// Compiles a text over the variables. A variable that it does not use is an error.
    pub fn compile(&self, text: &str, options: &Options) -> Result<Expression> {
        // An unknown name comes first: it may be the unused one, misspelt.
        let expression = self.try_compile(text, options).map_err(|error| self.with_columns(error))?;
        match &self.unused {
            Some(name) => bail!("'{name}' does not occur in the text"),
            None => Ok(expression),
        }
    }

    /// The error of a text, with the columns that it may name.
    fn with_columns(&self, error: miniexpr::Error) -> anyhow::Error {
        match &self.table {
            Some(table) if error.message().starts_with("unknown name") => {
                anyhow!("{error}\nthe columns are {}", table.names.join(", "))
            }
            _ => error.into(),
        }
    }

    fn try_compile(&self, text: &str, options: &Options) -> Result<Expression, miniexpr::Error> {
        let mut builder = Expression::builder(text).dialect(options.dialect.dialect());
        for Variable { name, value } in &self.variables {
            let (dtype, itemsize) = value.ty();
            builder = match dtype.is_string() {
                true => builder.string_variable(name, dtype, itemsize),
                false => builder.variable(name, dtype),
            };
        }
        match options.dtype {
            Some(dtype) => builder.output(dtype).compile(),
            None => builder.compile(),
        }
    }

    /// The arrays, in the order of the variables.
    pub fn views(&self) -> Result<Vec<ArrayRef<'_>>> {
        let mut views = Vec::new();
        for variable in &self.variables {
            views.push(match &variable.value {
                Value::Array(array) => array.view()?,
                Value::Declared(..) => bail!("'{}' has no data; give a file: NAME=FILE", variable.name),
            });
        }
        Ok(views)
    }
}

fn array_of_file(text: &str, options: &Options) -> Result<Array> {
    let (path, details) = split_file(text);
    match format::read(&path, details, options)? {
        Content::Array(array) => Ok(array),
        Content::Table(table) => {
            let file = path.display();
            bail!("{file}: name a column, {file}:{}", table.names.first().map_or("COLUMN", String::as_str))
        }
    }
}

/// A path, and what follows it after a colon: the longest path that exists.
fn split_file(text: &str) -> (PathBuf, Option<&str>) {
    let exists = |path: &str| path == "-" || Path::new(path).exists();
    let mut end = text.len();
    loop {
        if exists(&text[..end]) {
            return (PathBuf::from(&text[..end]), text.get(end + 1..));
        }
        match text[..end].rfind(':') {
            Some(colon) => end = colon,
            None => return (PathBuf::from(text), None),
        }
    }
}

/// The array without dimensions of a number, `VALUE` or `VALUE:DTYPE`; nothing if the text is none.
fn number(text: &str) -> Result<Option<Array>> {
    let (value, dtype) = match text.split_once(':') {
        Some((value, name)) => (value, Some(name)),
        None => (text, None),
    };
    let (bytes, found) = if let Ok(value) = value.parse::<i64>() {
        (value.to_ne_bytes().to_vec(), Dtype::Int64)
    } else if let Some(value) = value.parse::<f64>().ok().filter(|_| is_plain_number(value)) {
        (value.to_ne_bytes().to_vec(), Dtype::Float64)
    } else if let Ok(value) = value.parse::<bool>() {
        (vec![u8::from(value)], Dtype::Bool)
    } else {
        return Ok(None);
    };
    let array = Array::of_bytes(bytes, (found, found.size()), Vec::new())?;
    let Some(name) = dtype else { return Ok(Some(array)) };
    let dtype = parse_dtype(name).map_err(|message| anyhow!(message))?;
    // The library converts.
    let convert = Expression::builder("x").variable("x", found).output(dtype).compile()?;
    let mut bytes = vec![0; dtype.size()];
    convert
        .evaluate(&[array.view()?], miniexpr::ArrayMut::from_bytes(&mut bytes, dtype, dtype.size(), &[])?)?;
    Ok(Some(Array::of_bytes(bytes, (dtype, dtype.size()), Vec::new())?))
}

/// Whether a number is one of digits, and not a word such as `infinity`.
fn is_plain_number(text: &str) -> bool {
    text.contains(|character: char| character.is_ascii_digit()) || matches!(text, "nan" | "inf" | "-inf")
}

/// `NAME:DTYPE`, if no file is named so.
fn declaration(argument: &str) -> Option<(&str, Dtype)> {
    let (name, dtype) = argument.split_once(':')?;
    let dtype = parse_dtype(dtype).ok().filter(|_| is_name(name) && !Path::new(name).exists())?;
    Some((name, dtype))
}

fn is_name(text: &str) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    text.as_bytes().first().is_some_and(is_start) && text.bytes().all(is_name_byte)
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The name of a column as one of a variable.
fn variable_name(column: &str) -> String {
    let is_kept = |character: &char| character.is_ascii_alphanumeric();
    let name: String =
        column.chars().map(|character| if is_kept(&character) { character } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// All names in a text, those in comments and in strings too.
fn names_in(text: &str) -> HashSet<&str> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .filter(|word| is_name(word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_texts() {
        let names = names_in("sqrt(a_1*a_1 + 2e5) > _b if not c else 1d");
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        assert_eq!(names, ["_b", "a_1", "c", "else", "if", "not", "sqrt"]);
    }

    #[test]
    fn columns_become_names() {
        assert_eq!(variable_name("Unit price"), "Unit_price");
        assert_eq!(variable_name("2024"), "_2024");
        assert_eq!(variable_name("größe"), "gr__e");
    }

    #[test]
    fn numbers_have_dtypes() {
        let dtype = |text| number(text).unwrap().map(|array| array.dtype);
        assert_eq!(dtype("3"), Some(Dtype::Int64));
        assert_eq!(dtype("-2.5e3"), Some(Dtype::Float64));
        assert_eq!(dtype("inf"), Some(Dtype::Float64));
        assert_eq!(dtype("true"), Some(Dtype::Bool));
        assert_eq!(dtype("3:float32"), Some(Dtype::Float32));
        assert_eq!(dtype("a.npy"), None);
        assert_eq!(dtype("infinity"), None);
        assert!(number("3:f4").unwrap_err().to_string().starts_with("there is no dtype 'f4'"));
        let array = number("300:uint8").unwrap().unwrap();
        assert_eq!((array.dtype, array.itemsize, array.shape.len()), (Dtype::UInt8, 1, 0));
    }

    #[test]
    fn variables_are_declared_by_dtypes() {
        assert_eq!(declaration("a:float32"), Some(("a", Dtype::Float32)));
        assert_eq!(declaration("a:f4"), None);
        assert_eq!(declaration("1:float32"), None);
    }

    #[test]
    fn details_follow_the_longest_path_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a:b.csv");
        std::fs::write(&path, "x\n1\n").unwrap();
        let text = format!("{}:c:d", path.display());
        assert_eq!(split_file(&text), (path, Some("c:d")));
        assert_eq!(split_file("-:float32"), (PathBuf::from("-"), Some("float32")));
        assert_eq!(split_file("no/such:file"), (PathBuf::from("no/such:file"), None));
    }
}
