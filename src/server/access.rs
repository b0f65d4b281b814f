//! Whether a file can be made or written, found out without doing it. The rule: nothing is left behind, as whoever asks may
//! be somebody else than who is going to write.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat};

/// Whether lines could be appended to the file, which is made if it is not there.
pub(super) fn can_append(path: &Path) -> io::Result<()> {
    match OpenOptions::new().read(true).append(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => can_make(path),
        there => there.map(drop),
    }
}

/// Whether the file could be written, and others made beside it; it is made if it is not there.
pub(super) fn can_keep(path: &Path) -> io::Result<()> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        there => drop(there?),
    }
    can_make(path)
}

/// Whether a file could be made there.
fn can_make(path: &Path) -> io::Result<()> {
    // What is made behind a link is made where it leads to.
    let target = folder_of(path).join(std::fs::read_link(path).unwrap_or_else(|_| path.to_owned()));
    let access = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    Ok(accessat(CWD, folder_of(&target), access, AtFlags::EACCESS)?)
}

/// The folder in which a file is.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| PathBuf::from("."), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_leaves_nothing_behind_and_finds_what_doing_it_would() {
        let folder = tempfile::tempdir().unwrap();
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        for can in [can_append, can_keep] {
            let can = |name: &str| can(&folder.path().join(name)).map_err(|error| error.kind());
            let before = names();
            assert_eq!((can("new"), names()), (Ok(()), before));
            assert_eq!(can("missing/new"), Err(ErrorKind::NotFound));
            std::fs::write(folder.path().join("events"), "{\"ha").unwrap();
            assert_eq!(can("events"), Ok(()));
            assert_eq!(std::fs::read(folder.path().join("events")).unwrap(), b"{\"ha", "it is as it was");
            assert_eq!(can(""), Err(ErrorKind::IsADirectory), "a folder is no file");
            assert_eq!(can("events/new"), Err(ErrorKind::NotADirectory), "a file is no folder");
            let link = folder.path().join("link");
            std::os::unix::fs::symlink("missing/new", &link).unwrap();
            assert_eq!(can("link"), Err(ErrorKind::NotFound), "what is behind the link cannot be made");
            std::fs::remove_file(link).unwrap();
        }
        assert_eq!(names(), 1);
    }
}
