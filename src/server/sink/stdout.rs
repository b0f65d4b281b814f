//! One CloudEvent a line on standard output, which holds nothing else.

use std::io::{Write, stdout};

pub(super) fn write(line: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}
