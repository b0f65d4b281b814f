//! The database file and the lock beside it. The rule: one receiver per file, and nobody else reads the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::error::OpenError;

/// The right to be the receiver of a file, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing it is not enough: a process that is just being started from this one may hold the open file a moment longer.
    fn drop(&mut self) {
        // Closing it is what is left if this fails.
        let _ = self.file.unlock();
    }
}

/// Takes the lock of a database file, and makes the file if there is none.
pub(super) fn claim(path: &Path) -> Result<(PathBuf, Lock), OpenError> {
    let path = resolve(path)?;
    let lock = lock(&path)?;
    let made = options().create_new(true).open(&path);
    match made {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(OpenError::file(&path, &error)),
    }
    restrict(&path).map_err(|error| OpenError::file(&path, &error))?;
    Ok((path, lock))
}

/// One name per file, however it is reached, so that two names do not give two locks.
fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    let wrong = |error| OpenError::file(path, &error);
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        known => return known.map_err(wrong),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| wrong(Error::from(ErrorKind::InvalidFilename)))?;
    Ok(folder.canonicalize().map_err(wrong)?.join(name))
}

fn lock(database: &Path) -> Result<Lock, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = options().create(true).open(&path).map_err(|error| OpenError::file(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.into())),
        Err(TryLockError::Error(error)) => Err(OpenError::file(&path, &error)),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The file holds personal data and the key of its seals; a restored backup may have come with a looser mode. SQLite
/// gives its log the mode of the database.
#[cfg(unix)]
fn restrict(path: &Path) -> Result<(), Error> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_let_go_of_is_free_though_a_child_process_has_its_lock_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inbox.db");
        let (_, lock) = claim(&path).unwrap();
        let inherited = lock.file.try_clone().unwrap();
        assert!(matches!(claim(&path), Err(OpenError::InUse(_))));
        drop(lock);
        assert!(claim(&path).is_ok());
        drop(inherited);
    }
}
