//! Who can read a file that holds a secret. The rule: its owner alone; and of what systemd hands over, whoever runs us too.

use std::path::Path;

/// Where systemd puts what `LoadCredential=` of a unit names.
#[cfg(unix)]
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Whether only its owner can read the file.
#[cfg(unix)]
pub(in crate::server) fn private(path: &Path) -> Result<(), String> {
    let credentials = std::env::var_os(CREDENTIALS).map(std::path::PathBuf::from);
    private_beside(path, credentials.as_deref())
}

#[cfg(not(unix))]
pub(in crate::server) fn private(_path: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(unix)]
fn private_beside(path: &Path, credentials: Option<&Path>) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    let mode = found.mode() & 0o777;
    let of_us = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
    // A service with a user of its own is let in by an ACL, whose mask stands where the rights of a group do. The directory
    // is the service's alone.
    let handed_over = mode & !0o440 == 0 && of_us && credentials.is_some_and(|folder| is_below(path, folder));
    if mode & 0o077 == 0 || handed_over {
        return Ok(());
    }
    let path = path.display();
    Err(format!("expected a file that only its owner can read, but found mode {mode:o}; run chmod 600 {path}"))
}

/// Whether the file lies there, whatever its path goes by.
#[cfg(unix)]
fn is_below(path: &Path, folder: &Path) -> bool {
    let found = std::fs::canonicalize(path).ok().zip(std::fs::canonicalize(folder).ok());
    found.is_some_and(|(path, folder)| path.starts_with(folder))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    fn file(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, "a secret").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn what_systemd_hands_over_may_be_read_by_its_group_and_nothing_more() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, taken) in [
            (0o400, true),
            (0o440, true),
            (0o600, true),
            (0o640, false),
            (0o460, false),
            (0o450, false),
            (0o444, false),
            (0o441, false),
        ] {
            let path = file(folder.path(), "secret", mode);
            assert_eq!(private_beside(&path, Some(folder.path())).is_ok(), taken, "{mode:o}");
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_group_reads_no_secret_that_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (credentials, other) = (folder.path().join("one"), folder.path().join("one-more"));
        std::fs::create_dir(&credentials).unwrap();
        std::fs::create_dir(&other).unwrap();
        let path = file(&other, "secret", 0o440);
        assert!(private_beside(&path, Some(&other)).is_ok(), "it is taken there");
        assert!(private_beside(&path, None).unwrap_err().contains("found mode 440; run chmod 600"));
        assert!(private_beside(&path, Some(&credentials)).is_err());
        assert!(private_beside(&path, Some(Path::new(""))).is_err());
        assert!(private_beside(&credentials.join("../one-more/secret"), Some(&credentials)).is_err());
        let link = credentials.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(private_beside(&link, Some(&credentials)).is_err(), "what it leads to lies elsewhere");
    }

    #[test]
    fn a_third_ones_file_is_not_what_systemd_hands_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "secret", 0o440);
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(4242), None).is_ok() {
            assert!(private_beside(&path, Some(folder.path())).is_err());
        }
    }
}
