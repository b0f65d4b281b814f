//! Finds the end of a head while it arrives. The rule: what was looked at is not looked at again when more comes, and what can
//! never become a head is told at once, not when its end comes.

use super::letters::{first, is_control};
use super::{Fault, LARGEST_HEAD};

/// How far a head was looked at.
#[derive(Debug, Clone)]
pub struct Scan {
    seen: usize,
    line_is_empty: bool,
    after_cr: bool,
}

impl Default for Scan {
    fn default() -> Self {
        Self { seen: 0, line_is_empty: true, after_cr: false }
    }
}

impl Scan {
    /// Goes on. `head` begins where it began before, and holds what came since. Gives the length of the head with its
    /// empty line, once it is there.
    ///
    /// # Errors
    /// A CR or LF alone, a control, or too many bytes.
    pub fn end(&mut self, head: &[u8]) -> Result<Option<usize>, Fault> {
        let mut rest = head.get(self.seen..).unwrap_or_default();
        while let Some((byte, after)) = rest.split_first() {
            if self.seen >= LARGEST_HEAD {
                return Err(Fault::HeadTooLarge);
            }
            self.seen = self.seen.saturating_add(1);
            match (self.after_cr, byte) {
                (true, b'\n') if self.line_is_empty => return Ok(Some(self.seen)),
                (true, b'\n') => (self.after_cr, self.line_is_empty) = (false, true),
                (true, _) | (false, b'\n') => return Err(Fault::LineEnd),
                (false, b'\r') => self.after_cr = true,
                (false, byte) if is_control(*byte) => return Err(Fault::Field),
                (false, _) => self.line_is_empty = false,
            }
            rest = after;
            // The usual case, without the machine: the rest of a line.
            let plain = first(rest, is_control).unwrap_or(rest.len());
            if !self.after_cr && plain > 0 {
                self.line_is_empty = false;
                self.seen = self.seen.saturating_add(plain);
                rest = rest.get(plain..).unwrap_or_default();
            }
        }
        if self.seen >= LARGEST_HEAD { Err(Fault::HeadTooLarge) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_found_however_the_bytes_are_cut() {
        let text = b"GET / HTTP/1.1\r\nhost: x\r\n\r\nrest";
        for step in 1..text.len() {
            let mut scan = Scan::default();
            let ends = (1..=text.len()).filter(|end| end % step == 0 || *end == text.len());
            let found = ends.map(|end| scan.end(&text[..end])).find_map(|end| end.unwrap());
            assert_eq!(found, Some(text.len() - 4), "{step}");
        }
    }

    #[test]
    fn what_can_never_become_a_head_is_told_at_once() {
        for (text, fault) in [
            (&b"GET / HTTP/1.1\n"[..], Fault::LineEnd),
            (b"GET / HTTP/1.1\r\r", Fault::LineEnd),
            (b"\x16\x03\x01", Fault::Field),
            (b"GET / HTTP/1.1\r\nhost: x\r\na: \0", Fault::Field),
            (b"GET / HTTP/1.1\r\nhost: x\r\n\n", Fault::LineEnd),
        ] {
            assert_eq!(Scan::default().end(text), Err(fault), "{text:?}");
        }
        let long = vec![b'a'; LARGEST_HEAD];
        assert_eq!(Scan::default().end(&long), Err(Fault::HeadTooLarge));
        assert_eq!(Scan::default().end(&long[1..]), Ok(None));
        let mut whole = long;
        whole.truncate(LARGEST_HEAD - 4);
        whole.extend_from_slice(b"\r\n\r\n");
        assert_eq!(Scan::default().end(&whole), Ok(Some(LARGEST_HEAD)));
    }
}
