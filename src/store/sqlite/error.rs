//! Why a database file was not opened, and what SQLite's own errors mean to a caller. The rule: each message names the
//! file and the cure.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

use crate::fail_point::{self, Fault, Point};

/// Why a database file was not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file, and looking at one makes none.
    Missing(PathBuf),
    /// Another receiver has it open.
    InUse(PathBuf),
    /// A later release wrote it.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version of the tables.
        found: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// An earlier release wrote it, and only a receiver brings it forward.
    Older {
        /// The file.
        path: PathBuf,
        /// Its version of the tables.
        found: i64,
        /// The version that this program knows.
        known: i64,
    },
    /// It is some other program's.
    Foreign(PathBuf),
    /// The file system cannot keep a write-ahead log, as network file systems cannot.
    NoLog {
        /// The file.
        path: PathBuf,
        /// The journal mode that SQLite fell back to.
        found: String,
    },
    /// The SQLite that this program was built with can lose writes.
    OldLibrary(&'static str),
    /// The operating system refused it.
    File {
        /// The file.
        path: PathBuf,
        /// The refusal.
        why: String,
    },
    /// SQLite refused it.
    Database {
        /// The file.
        path: PathBuf,
        /// The refusal.
        why: String,
        /// What to do about it.
        cure: &'static str,
    },
}

impl OpenError {
    pub(super) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.into(), why: error.to_string() }
    }

    pub(super) fn database(path: &Path, error: rusqlite::Error) -> Self {
        Self::Database { path: path.into(), why: meaning(&error), cure: cure(&error) }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => {
                write!(f, "expected an inbox at {}, but found no file; name the store's file", path.display())
            }
            Self::InUse(path) => write!(
                f,
                "expected {} to be free, but found another receiver that has it open; stop that one, or give this one \
                 a file of its own",
                path.display()
            ),
            Self::Older { path, found, known } => write!(
                f,
                "expected {} to have tables of version {known}, but found version {found}; start the receiver on it \
                 once, which brings them forward",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "expected {} to have tables of version {known}, but found version {found}; use the release that wrote \
                 it, or a later one",
                path.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "expected {} to be an inbox of this program, but found another kind of database; name another file",
                path.display()
            ),
            Self::NoLog { path, found } => write!(
                f,
                "expected {} to take a write-ahead log, but found journal mode {found}; put it on a local disk",
                path.display()
            ),
            Self::OldLibrary(found) => {
                write!(f, "expected SQLite 3.51.3 or later, but found {found}; build with the bundled one")
            }
            Self::File { path, why } => write!(
                f,
                "expected to open {}, but found: {why}; check that its folder exists and can be written",
                path.display()
            ),
            Self::Database { path, why, cure } => {
                write!(f, "expected {} to be a database in order, but found: {why}; {cure}", path.display())
            }
        }
    }
}

impl std::error::Error for OpenError {}

/// What to do about a file that SQLite did not open. Only damage asks for a backup, which forgets all that came since.
fn cure(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            "run as the user that the receiver runs as, and check that the file and its folder can be written"
        }
        Some(ErrorCode::DiskFull) => "make room on its disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "end the program that holds it, and try again",
        Some(ErrorCode::SystemIoFailure) => "check the disk",
        _ => "check the disk, and restore a backup if the file is damaged: it forgets all that came since",
    }
}

/// What an error of SQLite means, with the cure where there is one.
pub(super) fn meaning(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "disk full, until there is space again".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "the file locked by another program for too long".to_owned()
        }
        _ => error.to_string(),
    }
}

/// A fail point inside of a transaction: what SQLite would say. A commit's own error is a failed flush.
pub(super) fn failing(point: Point) -> rusqlite::Result<()> {
    let code = match (fail_point::fault(point), point) {
        (None, _) => return Ok(()),
        (Some(Fault::Full), _) => ffi::SQLITE_FULL,
        (Some(Fault::Error), Point::SqliteCommit | Point::SqliteCount) => ffi::SQLITE_IOERR_FSYNC,
        (Some(Fault::Error), _) => ffi::SQLITE_IOERR_WRITE,
    };
    Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

/// Whether the file or the machine is at fault, and not the one statement that met it.
pub(super) fn concerns_everybody(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_damage_asks_for_a_backup() {
        let told = |code: i32| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            OpenError::database(Path::new("inbox.db"), error).to_string()
        };
        for (code, cure) in [
            (ffi::SQLITE_CANTOPEN, "run as the user"),
            (ffi::SQLITE_PERM, "run as the user"),
            (ffi::SQLITE_READONLY, "run as the user"),
            (ffi::SQLITE_FULL, "make room"),
            (ffi::SQLITE_BUSY, "end the program"),
            (ffi::SQLITE_IOERR_READ, "check the disk"),
        ] {
            assert!(told(code).contains(cure) && !told(code).contains("backup"), "{}", told(code));
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_NOTADB] {
            assert!(told(code).contains("backup if the file is damaged"), "{}", told(code));
        }
    }
}
