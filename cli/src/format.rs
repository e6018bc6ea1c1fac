//! The formats of files.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::array::Array;
use crate::csv_format::{self, Style, Table};
use crate::options::{Format, Options};
use crate::print::Items;
use crate::source::Source;
use crate::{image, netpbm, npy, raw};

impl Format {
    /// What a file holds before its items, for formats whose items lie as in memory.
    pub fn header(self, shape: &[usize], items: &Items) -> Option<Vec<u8>> {
        match self {
            Format::Npy => Some(npy::header(items.dtype, items.itemsize, shape)),
            Format::Raw => Some(Vec::new()),
            Format::Csv | Format::Tsv | Format::Png | Format::Pnm => None,
        }
    }

    /// Writes a result; to a table also the columns of `table`.
    pub fn write(
        self,
        mut writer: impl Write,
        options: &Options,
        table: Option<&Table>,
        shape: &[usize],
        items: &Items,
    ) -> Result<()> {
        let style = style(options, self == Format::Tsv);
        match (self, table) {
            (Format::Csv | Format::Tsv, Some(table)) => table.write_with(writer, style, &options.name, items),
            (Format::Csv | Format::Tsv, None) => {
                csv_format::write(writer, style, &options.name, shape, items)
            }
            (Format::Png, _) => image::write(writer, shape, items),
            (Format::Pnm, _) => netpbm::write(writer, shape, items),
            (Format::Npy | Format::Raw, _) => {
                writer.write_all(&self.header(shape, items).unwrap_or_default())?;
                writer.write_all(items.bytes).context("cannot be written")
            }
        }
    }
}

/// How the fields of tables are written.
pub fn style(options: &Options, has_tabs: bool) -> Style {
    let delimiter = options.delimiter.unwrap_or(if has_tabs { b'\t' } else { b',' });
    Style { delimiter, has_header: !options.no_header }
}

/// What an input file holds.
#[derive(Debug)]
pub enum Content {
    Array(Array),
    Table(Table),
}

/// Reads a file; `details` are what follows its name.
pub fn read(path: &Path, details: Option<&str>, options: &Options) -> Result<Content> {
    let source = Source::open(path)?;
    decode(source, path, details, options).with_context(|| path.display().to_string())
}

fn decode(source: Source, path: &Path, details: Option<&str>, options: &Options) -> Result<Content> {
    let is_table = matches!(Format::of_path(path), Some(Format::Csv | Format::Tsv));
    if let Some(details) = details.filter(|details| !is_table && raw::is_raw(details)) {
        return Ok(Content::Array(raw::read(&source, details)?));
    }
    let image = match () {
        () if source.starts_with(npy::MAGIC) => {
            if let Some(details) = details {
                bail!("an .npy file has no part '{details}'");
            }
            return Ok(Content::Array(npy::read(&source)?));
        }
        () if source.starts_with(image::MAGIC) => image::read(&source)?,
        () if netpbm::is_netpbm(&source) => netpbm::read(&source)?,
        () => return table(source, path, details, options),
    };
    Ok(Content::Array(details.map_or(Ok(image.clone()), |name| image::channel(&image, name))?))
}

/// A table, or a column of it.
fn table(source: Source, path: &Path, details: Option<&str>, options: &Options) -> Result<Content> {
    let has_tabs = Format::of_path(path) == Some(Format::Tsv);
    match Format::of_path(path) {
        Some(Format::Csv | Format::Tsv) | None => {}
        Some(Format::Raw) => {
            bail!("the dtype of raw files is part of their input: FILE:float32, FILE:uint8:480x640")
        }
        Some(Format::Npy | Format::Png | Format::Pnm) => {
            bail!("is not a file of the format that its name implies")
        }
    }
    let table = Table::open(source, style(options, has_tabs))?;
    let Some(name) = details else { return Ok(Content::Table(table)) };
    let columns = table.columns(&[table.find(name)?])?;
    Ok(Content::Array(columns.into_iter().next().context("has no such column")?))
}
