//! Half a line, which a kill or a full disk left at the end of a file. The rule: it is ended before the next line begins,
//! so that it swallows no event; and a file that cannot be read ends in one, for an empty line costs less than an event.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Whether the last byte of the file is no line feed.
pub(super) fn ends_a_file(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Whether standard output is a file that ends within a line. A pipe cannot be asked what was written before.
pub(super) fn ends_standard_output() -> bool {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let output = io::stdout().as_fd().try_clone_to_owned().map(File::from);
        let is_file = output.and_then(|output| output.metadata()).is_ok_and(|found| found.is_file() && found.len() > 0);
        is_file && File::open("/dev/fd/1").and_then(|mut file| ends_a_file(&mut file)).unwrap_or(true)
    }
    #[cfg(not(unix))]
    false
}
