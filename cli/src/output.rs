//! Files that appear when they are complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use memmap2::MmapMut;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use tempfile::{Builder, NamedTempFile};

/// The exit status after an interrupt, that of shells.
pub const INTERRUPTED: u8 = 130;

/// A flag that an interrupt sets, for an evaluation that writes a file. A second interrupt ends the process at once.
pub fn interrupt_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        register_conditional_shutdown(signal, INTERRUPTED.into(), Arc::clone(&flag))?;
        register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Where a result is written.
pub enum Output {
    Stdout,
    /// A device or a pipe, which is written as it is.
    Direct(File),
    /// A temporary file in the folder of the file that it will be.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
    },
}

impl Output {
    /// Opens the file that will be at `path`; `-` is standard output. A link stays: the file gets the result to which it
    /// leads, and keeps its permissions.
    pub fn create(path: &Path) -> Result<Output> {
        if path == "-" {
            return Ok(Output::Stdout);
        }
        let existing = fs::metadata(path).ok();
        if existing.as_ref().is_some_and(|existing| !existing.is_file() && !existing.is_dir()) {
            return Ok(Output::Direct(File::options().write(true).open(path)?));
        }
        let target = if existing.is_some() { path.canonicalize()? } else { path.to_path_buf() };
        let folder = target.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
        ensure!(folder.is_dir(), "there is no folder {}", folder.display());
        let mut builder = Builder::new();
        builder.prefix(".miniexpr-").suffix(".tmp");
        // Those that other new files have.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder)?;
        if let Some(existing) = existing {
            file.as_file().set_permissions(existing.permissions())?;
        }
        Ok(Output::Temporary { file, target })
    }

    /// Writes a header, and maps `bytes` bytes after it; `None` where they have to be in memory first.
    pub fn map(&mut self, header: &[u8], bytes: usize) -> Option<Mapped> {
        let Output::Temporary { file, .. } = self else { return None };
        let length = header.len().checked_add(bytes).filter(|_| bytes > 0)?;
        // A full disk is an error here, not a signal later.
        reserve(file.as_file(), length as u64).ok()?;
        file.write_all(header).ok()?;
        // SAFETY: nobody else knows of the file, whose length is that of the map.
        let map = unsafe { MmapMut::map_mut(file.as_file()) }.ok()?;
        Some(Mapped { map, first: header.len() })
    }

    /// Lets `write` write the file.
    pub fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let mut writer: BufWriter<Box<dyn Write>> = BufWriter::new(match self {
            Output::Stdout => Box::new(io::stdout().lock()),
            Output::Direct(file) => Box::new(file),
            Output::Temporary { file, .. } => {
                let file = file.as_file_mut();
                // What an attempt to map it has written.
                file.set_len(0)?;
                io::Seek::rewind(file)?;
                Box::new(file)
            }
        });
        write(&mut writer)?;
        writer.flush().context("cannot be written")
    }

    /// Gives the file its name.
    pub fn finish(self) -> Result<()> {
        if let Output::Temporary { file, target } = self {
            file.persist(target).map_err(|error| error.error)?;
        }
        Ok(())
    }
}

/// The items of a file, in memory that is written back.
pub struct Mapped {
    map: MmapMut,
    first: usize,
}

impl Mapped {
    pub fn items(&mut self) -> &mut [u8] {
        &mut self.map[self.first..]
    }
}

/// Reserves the blocks of a file of `length` bytes.
#[cfg(unix)]
fn reserve(file: &File, length: u64) -> io::Result<()> {
    Ok(rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length)?)
}

#[cfg(not(unix))]
fn reserve(_: &File, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
