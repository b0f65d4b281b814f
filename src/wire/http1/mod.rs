//! The framing of HTTP/1.1 (RFC 9112), and nothing looser: where a head ends, how its body is framed, where the next
//! head begins. The rule: what passes has one reading; bytes that two servers could read differently are a [`Fault`].

mod chunked;
mod follow;
mod head;
mod letters;
mod scan;

use std::fmt;

pub use chunked::{Chunked, Progress};
pub use follow::{Follow, Passed};
pub use head::{Framing, check, is_host, target};
pub use scan::Scan;

/// Largest head, in bytes, with the empty line at its end.
pub const LARGEST_HEAD: usize = 64 * 1024;
/// Most fields of a head.
pub const MOST_FIELDS: usize = 64;

/// What is wrong. It names the rule and never holds what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A carriage return or a line feed stands alone (RFC 9112 section 2.2).
    LineEnd,
    /// The request line is not `method SP target SP version` (section 3).
    RequestLine,
    /// Another version than 1.0 and 1.1; the preface of HTTP/2 as well.
    Version,
    /// The target is not in origin form (section 3.2.1), or has a byte that no URI has.
    Target,
    /// A field is no `name: value`: a folded line, a space before the colon, a name that is no token or has an
    /// underscore, a control.
    Field,
    /// Not exactly one host, or one that is none (section 3.2).
    Host,
    /// More than one word about the length of the body, or one that is no number (section 6.3).
    Length,
    /// `chunked` that is not the only and last coding, or a coding in HTTP/1.0 (section 6.1).
    Coding,
    /// A transfer coding besides `chunked`.
    CodingUnknown,
    /// More than [`LARGEST_HEAD`] bytes or [`MOST_FIELDS`] fields.
    HeadTooLarge,
    /// A chunk whose size, extension or end does not follow section 7.1.
    Chunk,
    /// A field behind the body that must not stand there (RFC 9110 section 6.5.1), or too many.
    Trailer,
}

impl Fault {
    /// Whether it lies in a body, so that the head before it was passed on.
    pub fn is_of_body(self) -> bool {
        matches!(self, Self::Chunk | Self::Trailer)
    }

    /// What was expected and what was found.
    pub fn detail(self) -> &'static str {
        match self {
            Self::LineEnd => "expected lines that end with CRLF, but found a CR or LF alone",
            Self::RequestLine => "expected a method, a target and a version, but found another first line",
            Self::Version => "expected HTTP/1.1, but found another version",
            Self::Target => "expected a target in origin form, but found another",
            Self::Field => "expected fields of the form name: value, but found another line",
            Self::Host => "expected one host, but found none, several or something else",
            Self::Length => "expected one length, but found several or something else",
            Self::Coding => "expected chunked once, last and in HTTP/1.1, but found it otherwise",
            Self::CodingUnknown => "expected chunked as the only transfer coding, but found another",
            Self::HeadTooLarge => "expected a head of at most 64 KiB and 64 fields, but found more",
            Self::Chunk => "expected chunks of RFC 9112, but found something else",
            Self::Trailer => "expected nothing behind the body that decides anything, but found a field that may",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail())
    }
}

impl std::error::Error for Fault {}
