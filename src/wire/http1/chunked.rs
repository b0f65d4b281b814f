//! A body in chunks, followed to its end without keeping it (RFC 9112 section 7.1). The rule: sizes are short, extensions
//! and trailers are few, every line ends with CRLF, and no field behind the body can decide anything.

use super::Fault;
use super::letters::is_token_letter;

/// Most digits of a size. More would still be a number, but no body is as long.
const MOST_DIGITS: u8 = 15;
/// Chunks that any body may have, and bytes of data that earn one more: a body in tiny pieces costs much more than it holds.
const FREE_CHUNKS: u64 = 1024;
const BYTES_A_CHUNK: u64 = 64;
/// Most bytes of extensions in one body.
const MOST_EXTENSIONS: u16 = 1024;
/// Most bytes of trailers, and of one name among them.
const MOST_TRAILERS: u16 = 4096;
const LONGEST_NAME: usize = 64;

/// How far one body was followed.
#[derive(Debug, Clone)]
pub struct Chunked {
    at: At,
    left: u64,
    chunks: u64,
    data: u64,
    digits: u8,
    extensions: u16,
    trailers: u16,
    name: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Size,
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

/// What some bytes were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many of them belong to the body and are as they should be.
    pub bytes: usize,
    /// Whether the body ends with them.
    pub ended: bool,
    /// What is wrong behind them.
    pub fault: Option<Fault>,
}

impl Default for Chunked {
    fn default() -> Self {
        Self { at: At::Size, left: 0, chunks: 0, data: 0, digits: 0, extensions: 0, trailers: 0, name: Vec::new() }
    }
}

impl Chunked {
    /// Goes on with the next bytes.
    pub fn follow(&mut self, bytes: &[u8]) -> Progress {
        let mut rest = bytes;
        let done = |rest: &[u8]| bytes.len().saturating_sub(rest.len());
        while let Some((byte, after)) = rest.split_first() {
            if self.at == At::Data {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
                self.left = self.left.saturating_sub(taken as u64);
                rest = rest.get(taken..).unwrap_or_default();
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            match self.step(*byte) {
                Ok(next) => self.at = next,
                Err(fault) => return Progress { bytes: done(rest), ended: false, fault: Some(fault) },
            }
            rest = after;
            if self.at == At::End {
                return Progress { bytes: done(rest), ended: true, fault: None };
            }
        }
        Progress { bytes: bytes.len(), ended: false, fault: None }
    }

    fn step(&mut self, byte: u8) -> Result<At, Fault> {
        match (self.at, byte) {
            (At::Size, byte) if byte.is_ascii_hexdigit() => self.digit(byte),
            (At::Size, b'\r') if self.digits > 0 => Ok(At::SizeLf),
            (At::Size | At::Space, b';') if self.digits > 0 => Ok(At::Extension),
            // "Bad" white space stands before an extension only (section 7.1.1).
            (At::Size | At::Space, b' ' | b'\t') if self.digits > 0 => self.extension(At::Space),
            (At::Extension, b'\r') => Ok(At::SizeLf),
            (At::Extension, b'\t' | b' '..=b'~') => self.extension(At::Extension),
            (At::SizeLf, b'\n') if self.left == 0 => Ok(At::TrailerStart),
            (At::SizeLf, b'\n') => self.chunk(),
            (At::DataCr, b'\r') => Ok(At::DataLf),
            (At::DataLf, b'\n') => {
                self.digits = 0;
                Ok(At::Size)
            }
            (At::TrailerStart, b'\r') => Ok(At::EndLf),
            (At::EndLf, b'\n') => Ok(At::End),
            (At::TrailerStart | At::TrailerName, byte) if is_token_letter(byte) => self.letter(byte),
            (At::TrailerName, b':') => self.named(),
            (At::TrailerValue, b'\r') => Ok(At::TrailerLf),
            (At::TrailerValue, b'\t' | b' '..=b'~' | 0x80..) => self.trailer(At::TrailerValue),
            (At::TrailerLf, b'\n') => Ok(At::TrailerStart),
            _ => Err(Fault::Chunk),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<At, Fault> {
        let value = char::from(byte).to_digit(16).ok_or(Fault::Chunk)?;
        self.digits = self.digits.saturating_add(1);
        if self.digits > MOST_DIGITS {
            return Err(Fault::Chunk);
        }
        let before = if self.digits == 1 { 0 } else { self.left };
        self.left = before.saturating_mul(16).saturating_add(value.into());
        Ok(At::Size)
    }

    fn chunk(&mut self) -> Result<At, Fault> {
        self.chunks = self.chunks.saturating_add(1);
        let earned = self.data.checked_div(BYTES_A_CHUNK).unwrap_or(0);
        self.data = self.data.saturating_add(self.left);
        if self.chunks > FREE_CHUNKS.saturating_add(earned) { Err(Fault::Chunk) } else { Ok(At::Data) }
    }

    fn extension(&mut self, next: At) -> Result<At, Fault> {
        self.extensions = self.extensions.saturating_add(1);
        if self.extensions > MOST_EXTENSIONS { Err(Fault::Chunk) } else { Ok(next) }
    }

    fn trailer(&mut self, next: At) -> Result<At, Fault> {
        self.trailers = self.trailers.saturating_add(1);
        if self.trailers > MOST_TRAILERS { Err(Fault::Trailer) } else { Ok(next) }
    }

    fn letter(&mut self, byte: u8) -> Result<At, Fault> {
        if self.name.len() >= LONGEST_NAME {
            return Err(Fault::Trailer);
        }
        self.name.push(byte.to_ascii_lowercase());
        // A name counts for more than its letters, so that there are never more fields than hyper takes.
        for _ in 0..if self.at == At::TrailerStart { 96 } else { 1 } {
            self.trailer(At::TrailerName)?;
        }
        Ok(At::TrailerName)
    }

    fn named(&mut self) -> Result<At, Fault> {
        let decides = may_decide(&self.name);
        self.name.clear();
        if decides { Err(Fault::Trailer) } else { Ok(At::TrailerValue) }
    }
}

/// Names that must not stand behind a body (RFC 9110 section 6.5.1), and names under which senders prove things. All
/// trailers are dropped; these are refused, because somebody before us may have moved them.
fn may_decide(name: &[u8]) -> bool {
    const EXACT: [&[u8]; 17] = [
        b"age",
        b"cache-control",
        b"connection",
        b"cookie",
        b"date",
        b"expect",
        b"forwarded",
        b"host",
        b"keep-alive",
        b"max-forwards",
        b"pragma",
        b"range",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"via",
    ];
    const BEGIN: [&[u8]; 4] = [b"content-", b"if-", b"proxy-", b"x-"];
    const HOLD: [&[u8]; 8] = [b"auth", b"digest", b"hmac", b"id", b"jws", b"sign", b"time", b"token"];
    EXACT.contains(&name)
        || BEGIN.iter().any(|begin| name.starts_with(begin))
        || HOLD.iter().any(|word| name.windows(word.len()).any(|part| part == *word))
}

#[cfg(test)]
#[path = "chunked_tests.rs"]
mod tests;
