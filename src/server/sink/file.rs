//! One CloudEvent a line, appended to a file and flushed to the disk before it counts as delivered. Half a line, which a
//! full disk or a kill left behind, is ended before the next one begins.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Clone)]
pub(in crate::server) struct FileSink(Arc<Mutex<Lines>>);

#[derive(Debug)]
struct Lines {
    file: File,
    torn: bool,
}

impl FileSink {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let named = |error: std::io::Error| format!("expected to append to {}, but found {error}", path.display());
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(named)?;
        let torn = ends_torn(&mut file).map_err(named)?;
        Ok(Self(Arc::new(Mutex::new(Lines { file, torn }))))
    }

    /// Whether the path still leads to the file that is open. Two writers of one file would not see each other's half
    /// lines; what a log rotation moved away is left to whoever is writing to it.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let here = self.0.lock().unwrap_or_else(PoisonError::into_inner).file.metadata();
        here.and_then(|here| Ok(is_same(&here, &std::fs::metadata(path)?))).unwrap_or(false)
    }

    pub(super) fn write(&self, line: &str) -> std::io::Result<()> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut lines.torn, true) {
            lines.file.write_all(b"\n")?;
        }
        lines.file.write_all(line.as_bytes())?;
        lines.torn = false;
        lines.file.sync_data()
    }
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_one: &std::fs::Metadata, _other: &std::fs::Metadata) -> bool {
    false
}

fn ends_torn(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_away_is_opened_anew_and_one_that_was_not_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        let first = FileSink::open(&path).unwrap();
        assert!(first.is_at(&path));
        std::fs::rename(&path, folder.path().join("events.1")).unwrap();
        assert!(!first.is_at(&path));
        let second = FileSink::open(&path).unwrap();
        assert!(second.is_at(&path) && !first.is_at(&path));
        first.write("old\n").unwrap();
        second.write("new\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("events.1")).unwrap(), "old\n");
    }

    #[test]
    fn half_a_line_does_not_swallow_the_next_event() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events");
        std::fs::write(&path, "{\"whole\":1}\n{\"ha").unwrap();
        FileSink::open(&path).unwrap().write("{\"next\":1}\n").unwrap();
        FileSink::open(&path).unwrap().write("{\"last\":1}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"whole\":1}\n{\"ha\n{\"next\":1}\n{\"last\":1}\n");
    }
}
