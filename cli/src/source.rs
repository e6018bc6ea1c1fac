//! The bytes of files.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use memmap2::Mmap;

/// All bytes of a file, shared by the arrays that lie in it.
#[derive(Clone, Debug)]
pub struct Source(Arc<Bytes>);

#[derive(Debug)]
enum Bytes {
    Map(Mmap),
    Memory(Vec<u8>),
}

impl Source {
    /// Maps a regular file, and reads any other; `-` is standard input.
    pub fn open(path: &Path) -> Result<Source> {
        Source::try_open(path).with_context(|| path.display().to_string())
    }

    fn try_open(path: &Path) -> io::Result<Source> {
        let mut bytes = Vec::new();
        if path == "-" {
            io::stdin().lock().read_to_end(&mut bytes)?;
            return Ok(Source::from(bytes));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_file() && metadata.len() > 0 {
            // SAFETY: what the file holds is read as plain bytes. Who changes it meanwhile gets other values, and who
            // cuts it ends the process by a signal.
            let map = unsafe { Mmap::map(&file) }?;
            return Ok(Source(Arc::new(Bytes::Map(map))));
        }
        file.read_to_end(&mut bytes)?;
        Ok(Source::from(bytes))
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Source {
        Source(Arc::new(Bytes::Memory(bytes)))
    }
}

impl Deref for Source {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &*self.0 {
            Bytes::Map(map) => map,
            Bytes::Memory(bytes) => bytes,
        }
    }
}
