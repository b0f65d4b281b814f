//! One CloudEvent a line, appended to a file and flushed to the disk before it counts as delivered.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Clone)]
pub(in crate::server) struct FileSink(Arc<Mutex<File>>);

impl FileSink {
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| format!("expected to append to {}, but found {error}", path.display()))?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    pub(super) fn write(&self, line: &str) -> std::io::Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}
