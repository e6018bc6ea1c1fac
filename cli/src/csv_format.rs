//! Columns of CSV files.

use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, Reader, ReaderBuilder, Trim, Writer, WriterBuilder};
use miniexpr::Dtype;

use crate::array::Array;
use crate::print::Items;
use crate::source::Source;

/// How the fields of a file are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub delimiter: u8,
    pub has_header: bool,
}

/// A CSV file with the names of its columns.
#[derive(Clone, Debug)]
pub struct Table {
    source: Source,
    style: Style,
    pub names: Vec<String>,
}

impl Table {
    pub fn open(source: Source, style: Style) -> Result<Table> {
        let mut reader = reader(&source, style);
        let first = reader.byte_headers()?;
        let name = |(number, field): (usize, &[u8])| match style.has_header {
            true => String::from_utf8_lossy(field).trim_start_matches('\u{feff}').to_string(),
            false => format!("c{}", number + 1),
        };
        let names = first.iter().enumerate().map(name).collect();
        Ok(Table { source, style, names })
    }

    /// The columns of these numbers.
    pub fn columns(&self, numbers: &[usize]) -> Result<Vec<Array>> {
        let mut columns = vec![Column::default(); numbers.len()];
        let mut reader = reader(&self.source, self.style);
        let mut record = ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            for (column, number) in columns.iter_mut().zip(numbers) {
                column.push(record.get(*number).unwrap_or_default());
            }
        }
        columns.iter().map(Column::array).collect()
    }

    /// The number of the column of a name, or of a number from 1.
    pub fn find(&self, wanted: &str) -> Result<usize> {
        let mut found = self.names.iter().enumerate().filter(|(_, name)| *name == wanted);
        match (found.next(), found.next()) {
            (Some((number, _)), None) => return Ok(number),
            (Some(_), Some(_)) => bail!("two columns are named '{wanted}'; give the number of one"),
            (None, _) => {}
        }
        match wanted.parse::<usize>() {
            Ok(number) if (1..=self.names.len()).contains(&number) => Ok(number - 1),
            _ => bail!("has no column '{wanted}'; there are {}", self.names.join(", ")),
        }
    }

    /// Writes all columns, and a further one of `items`.
    pub fn write_with(&self, writer: impl Write, style: Style, name: &str, items: &Items) -> Result<()> {
        let mut writer = to_writer(writer, style);
        let mut reader = reader(&self.source, self.style);
        if style.has_header {
            write_row(&mut writer, self.names.iter().map(String::as_str).chain([name]))?;
        }
        let mut record = ByteRecord::new();
        let mut rows = 0;
        while reader.read_byte_record(&mut record)? {
            if rows < items.len() {
                record.push_field(items.text(rows).as_bytes());
                write_row(&mut writer, &record)?;
            }
            rows += 1;
        }
        if rows != items.len() {
            bail!("the result has {} items, and the table {rows} rows", items.len());
        }
        writer.flush().context("cannot be written")
    }
}

/// Writes a column of `items`, or a table of the last dimension's columns.
pub fn write(writer: impl Write, style: Style, name: &str, shape: &[usize], items: &Items) -> Result<()> {
    let columns = match *shape {
        [] | [_] => 1,
        [_, columns] => columns,
        _ => bail!("a CSV file holds one or two dimensions, and the result has {}", shape.len()),
    };
    let mut writer = to_writer(writer, style);
    match style.has_header {
        true if shape.len() < 2 => write_row(&mut writer, [name])?,
        true => write_row(&mut writer, (1..=columns).map(|number| format!("{name}{number}")))?,
        false => {}
    }
    let rows = items.len().checked_div(columns).unwrap_or_default();
    for row in 0..rows {
        write_row(&mut writer, (row * columns..(row + 1) * columns).map(|index| items.text(index)))?;
    }
    writer.flush().context("cannot be written")
}

fn reader(source: &Source, style: Style) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .delimiter(style.delimiter)
        .has_headers(style.has_header)
        .trim(Trim::All)
        .from_reader(source)
}

fn to_writer<W: Write>(writer: W, style: Style) -> Writer<W> {
    WriterBuilder::new().delimiter(style.delimiter).from_writer(writer)
}

/// Writes a row; its errors are those of the file.
fn write_row<F: AsRef<[u8]>>(
    writer: &mut Writer<impl Write>,
    fields: impl IntoIterator<Item = F>,
) -> io::Result<()> {
    writer.write_record(fields).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    })
}

/// The texts of a column.
#[derive(Clone, Debug, Default)]
struct Column {
    text: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
}

impl Column {
    fn push(&mut self, field: &[u8]) {
        self.text.extend_from_slice(field);
        self.ends.push(self.text.len());
    }

    fn fields(&self) -> impl Iterator<Item = &[u8]> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    /// The values, if `parse` understands all fields.
    fn parsed<T>(&self, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
        self.fields().map(|field| parse(std::str::from_utf8(field).ok()?)).collect()
    }

    /// The column as int64, float64, bool or strings, the first of them that holds all fields.
    fn array(&self) -> Result<Array> {
        let shape = vec![self.ends.len()];
        if let Some(values) = self.parsed(|field| field.parse::<i64>().ok()) {
            let bytes = values.into_iter().flat_map(i64::to_ne_bytes).collect();
            return Array::of_bytes(bytes, (Dtype::Int64, 8), shape);
        }
        if let Some(values) = self.parsed(parse_float) {
            let bytes = values.into_iter().flat_map(f64::to_ne_bytes).collect();
            return Array::of_bytes(bytes, (Dtype::Float64, 8), shape);
        }
        if let Some(values) = self.parsed(parse_bool) {
            let bytes = values.into_iter().map(u8::from).collect();
            return Array::of_bytes(bytes, (Dtype::Bool, 1), shape);
        }
        self.strings()
    }

    fn strings(&self) -> Result<Array> {
        let texts = self.fields().map(|field| std::str::from_utf8(field).context("is no UTF-8 text"));
        let texts = texts.collect::<Result<Vec<_>>>()?;
        let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or_default().max(1);
        let mut bytes = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            bytes.extend(text.chars().flat_map(|character| u32::from(character).to_ne_bytes()));
            bytes.resize((index + 1) * width * 4, 0);
        }
        Array::of_bytes(bytes, (Dtype::String, width * 4), vec![texts.len()])
    }
}

/// A number; nothing, or NA, is a NaN.
fn parse_float(field: &str) -> Option<f64> {
    match field {
        "" | "NA" => Some(f64::NAN),
        _ => field.parse().ok(),
    }
}

fn parse_bool(field: &str) -> Option<bool> {
    match field {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { delimiter: b',', has_header: true };

    fn table(text: &str) -> Table {
        Table::open(Source::from(text.as_bytes().to_vec()), STYLE).unwrap()
    }

    #[test]
    fn columns_have_the_narrowest_dtype() {
        let table = table("\u{feff}a, b,c,d,e\n1,1.5,true,x,\n-2,NA,False,\"y,z\",3\n");
        assert_eq!(table.names, ["a", "b", "c", "d", "e"]);
        let columns = table.columns(&[0, 1, 2, 3, 4]).unwrap();
        let dtypes: Vec<_> = columns.iter().map(|column| (column.dtype, column.itemsize)).collect();
        let expected = [
            (Dtype::Int64, 8),
            (Dtype::Float64, 8),
            (Dtype::Bool, 1),
            (Dtype::String, 12),
            (Dtype::Float64, 8),
        ];
        assert_eq!(dtypes, expected);
        assert!(columns.iter().all(|column| column.shape == [2]));
    }

    #[test]
    fn columns_are_found_by_name_and_number() {
        let table = table("x,y,x,2\n");
        assert_eq!(table.find("y").unwrap(), 1);
        assert_eq!(table.find("3").unwrap(), 2);
        assert_eq!(table.find("2").unwrap(), 3);
        assert_eq!(
            table.find("x").unwrap_err().to_string(),
            "two columns are named 'x'; give the number of one"
        );
        assert_eq!(table.find("5").unwrap_err().to_string(), "has no column '5'; there are x, y, x, 2");
    }

    #[test]
    fn rows_of_another_length_are_refused() {
        let error = table("a,b\n1,2\n3\n").columns(&[0]).unwrap_err().to_string();
        assert!(error.contains("line: 3") && error.contains("found record with 1 fields"), "{error}");
    }

    #[test]
    fn a_column_without_rows_is_empty() {
        let columns = table("a,b\n").columns(&[1]).unwrap();
        assert_eq!((columns[0].dtype, &columns[0].shape[..]), (Dtype::Int64, &[0][..]));
    }
}
