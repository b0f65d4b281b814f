//! A whole head, checked against RFC 9112. The rule: it is accepted only if it is spelt as the grammar says and if there
//! is one way to tell where its body ends.

use super::letters::{all, first, is_control, is_host_letter, is_target_letter, is_token_letter};
use super::{Fault, MOST_FIELDS};

/// How long the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// As many bytes as `Content-Length` says; none if there is none.
    Length(u64),
    /// In chunks.
    Chunked,
}

/// What the fields of a head say about the message.
#[derive(Default)]
struct Said<'h> {
    host: Option<&'h [u8]>,
    length: Option<u64>,
    chunked: bool,
}

/// Checks a head with the empty line at its end.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(head: &[u8]) -> Result<Framing, Fault> {
    let lines = head.strip_suffix(b"\r\n").ok_or(Fault::LineEnd)?;
    let (line, mut rest) = first_line(lines).ok_or(Fault::RequestLine)?;
    let minor = request_line(line)?;
    let (mut said, mut fields) = (Said::default(), 0_usize);
    while !rest.is_empty() {
        if fields >= MOST_FIELDS {
            return Err(Fault::HeadTooLarge);
        }
        let (line, after) = first_line(rest).ok_or(Fault::LineEnd)?;
        said.field(line)?;
        (rest, fields) = (after, fields.saturating_add(1));
    }
    if !said.host.is_some_and(is_host) {
        return Err(Fault::Host);
    }
    match (said.chunked, said.length) {
        // RFC 9112 section 6.1 leaves it to the server to refuse; whoever sends both wants two servers to disagree.
        (true, Some(_)) => Err(Fault::Length),
        (true, None) if minor == 0 => Err(Fault::Coding),
        (true, None) => Ok(Framing::Chunked),
        (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

/// What stands before the first CRLF and behind it, if the first LF ends one.
fn first_line(lines: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = first(lines, |byte| byte == b'\n')?;
    let (line, rest) = lines.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r")?, rest.strip_prefix(b"\n")?))
}

/// The target of a head, or of its beginning, if its first line is whole and as it should be.
pub fn target(head: &[u8]) -> Option<&[u8]> {
    let end = head.iter().position(|byte| *byte == b'\r')?;
    let line = head.get(..end)?;
    request_line(line).ok()?;
    line.split(|byte| *byte == b' ').nth(1)
}

/// Gives the minor version.
fn request_line(line: &[u8]) -> Result<u8, Fault> {
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Fault::RequestLine);
    };
    let minor = match version {
        b"HTTP/1.1" => 1,
        b"HTTP/1.0" => 0,
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            return Err(Fault::Version);
        }
        _ => return Err(Fault::RequestLine),
    };
    if !is_token(method) {
        return Err(Fault::RequestLine);
    }
    if is_origin_form(target) { Ok(minor) } else { Err(Fault::Target) }
}

/// `absolute-path [ "?" query ]` of RFC 9112 section 3.2.1.
fn is_origin_form(target: &[u8]) -> bool {
    let mut bytes = target.iter();
    if bytes.next() != Some(&b'/') {
        return false;
    }
    while let Some(byte) = bytes.next() {
        let known = match byte {
            b'%' => [bytes.next(), bytes.next()].iter().all(|digit| digit.is_some_and(u8::is_ascii_hexdigit)),
            byte => is_target_letter(*byte),
        };
        if !known {
            return false;
        }
    }
    true
}

/// Whether this is `uri-host [ ":" port ]` of RFC 9110 section 7.2, as far as letters go.
pub fn is_host(value: &[u8]) -> bool {
    all(value, is_host_letter)
}

impl<'h> Said<'h> {
    fn field(&mut self, line: &'h [u8]) -> Result<(), Fault> {
        let colon = line.iter().position(|byte| *byte == b':').ok_or(Fault::Field)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Fault::Field)?;
        // A folded line and a space before the colon are names that are no tokens. An underscore is a letter of tokens, but
        // a server behind us may read it as a hyphen, and then it is another name.
        if !all(name, |byte| is_token_letter(byte) && byte != b'_') {
            return Err(Fault::Field);
        }
        let value = trim(value.strip_prefix(b":").unwrap_or_default());
        if first(value, is_control).is_some() {
            return Err(Fault::Field);
        }
        if name.eq_ignore_ascii_case(b"host") {
            return if self.host.replace(value).is_some() { Err(Fault::Host) } else { Ok(()) };
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).ok_or(Fault::Length)?;
            // Also a second one that says the same: what one server folds, another refuses.
            return if self.length.replace(length).is_some() { Err(Fault::Length) } else { Ok(()) };
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked {
                return Err(Fault::Coding);
            }
            coding(value)?;
            self.chunked = true;
        }
        Ok(())
    }
}

fn is_token(bytes: &[u8]) -> bool {
    all(bytes, is_token_letter)
}

/// Optional white space of RFC 9110 section 5.6.3, on both sides.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// `1*DIGIT`; more than any body has is no length.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn coding(value: &[u8]) -> Result<(), Fault> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut names = value.split(|byte| *byte == b',').map(trim).rev();
    let last = names.next().unwrap_or_default();
    // Section 6.1: chunked must be the last, and once. Anything else before it is a coding that we do not know.
    if !is_token(last) || names.any(|name| !is_token(name) || name.eq_ignore_ascii_case(b"chunked")) {
        return Err(Fault::Coding);
    }
    Err(Fault::CodingUnknown)
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
