//! Files that make room for the next: `NAME` becomes `NAME.1`, `NAME.1` becomes `NAME.2`. The rule: the oldest goes first,
//! so that a kill between two steps loses nothing that was to be kept.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Makes room at `path`, and keeps so many of those that were there.
pub(super) fn rotate(path: &Path, keep: u32) -> io::Result<()> {
    for number in (1..keep).rev() {
        moved(&numbered(path, number), &numbered(path, number.saturating_add(1)))?;
    }
    moved(path, &numbered(path, 1))
}

/// Whether `path` is no longer the name of `file`.
#[cfg(unix)]
pub(super) fn is_moved(file: &File, path: &Path) -> bool {
    fs::metadata(path).map(place).ok() != file.metadata().map(place).ok()
}

/// Whether both are names of one file that is there.
#[cfg(unix)]
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path| fs::metadata(path).map(place).ok();
    place(one).is_some() && place(one) == place(other)
}

#[cfg(unix)]
fn place(found: fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

/// Whether both are names of one file that is there.
#[cfg(not(unix))]
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Whether `path` is no longer the name of `file`.
#[cfg(not(unix))]
pub(super) fn is_moved(_file: &File, path: &Path) -> bool {
    !path.exists()
}

fn moved(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}
