//! The certificate of a client as a proxy hands it on: `Client-Cert` and `Client-Cert-Chain` (RFC 9440), or a PEM text in
//! percent-encoding, as nginx writes it.
//!
//! The rule: one spelling, and a bound before anything is decoded; nothing is said here about whom to believe.

use super::encoding::Encoding;
use super::error::GrammarError;
use super::token::skip_ows;

/// Largest certificate, in bytes of DER.
pub const LARGEST: usize = 16 * 1024;
/// Most certificates of a chain.
pub const MOST: usize = 8;

/// Reads `Client-Cert` (RFC 9440 section 2.2): one byte sequence (RFC 8941 section 3.3.5), without parameters.
///
/// # Errors
/// Anything else, or more than [`LARGEST`] bytes.
pub fn certificate(value: &str) -> Result<Vec<u8>, GrammarError> {
    let (der, rest) = sequence(value)?;
    if rest.is_empty() { Ok(der) } else { Err(malformed("something behind it")) }
}

/// Reads `Client-Cert-Chain` (RFC 9440 section 2.3): a list of byte sequences, the issuer of the client first.
///
/// # Errors
/// Anything else, or more than [`MOST`] of them.
pub fn chain(value: &str) -> Result<Vec<Vec<u8>>, GrammarError> {
    let mut chain = Vec::new();
    let mut rest = value;
    loop {
        if chain.len() >= MOST {
            return Err(malformed("more certificates than are read"));
        }
        let (der, after) = sequence(rest)?;
        chain.push(der);
        match skip_ows(after).strip_prefix(',') {
            Some(next) => rest = skip_ows(next),
            None if after.is_empty() => return Ok(chain),
            None => return Err(malformed("something between two of them")),
        }
    }
}

/// Undoes the percent-encoding (RFC 3986 section 2.1) of a text that holds PEM. A `+` stands for itself.
///
/// # Errors
/// A `%` without two hexadecimal digits, a letter that has to be encoded, or more than [`LARGEST`] bytes.
pub fn unescaped(value: &str) -> Result<String, GrammarError> {
    let wrong = || GrammarError::expected("PEM in percent-encoding", "something else");
    let mut pieces = value.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or_else(wrong)?;
        bytes.extend(Encoding::Hex.decode(digits, 1).map_err(|_| wrong())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    // DER in base64 with line ends is a third longer.
    if bytes.len() > LARGEST.saturating_mul(2) || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

fn sequence(text: &str) -> Result<(Vec<u8>, &str), GrammarError> {
    let inner = text.strip_prefix(':').ok_or_else(|| malformed("another beginning"))?;
    let (encoded, rest) = inner.split_once(':').ok_or_else(|| malformed("no end"))?;
    Encoding::Base64.decode(encoded, LARGEST).map(|der| (der, rest)).map_err(|_| malformed("another spelling"))
}

fn malformed(found: &'static str) -> GrammarError {
    GrammarError::expected("a certificate between colons in base64", found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_sequence_has_one_spelling() {
        assert_eq!(certificate(":MIIB:").unwrap(), [0x30, 0x82, 0x01]);
        for value in
            ["", ":", "::", "MIIB", ":MIIB", "MIIB:", ":MIIB: ", " :MIIB:", ":MIIB:;a=1", ":MIIB:, :MIIB:", ":MI IB:"]
        {
            assert!(certificate(value).is_err(), "{value:?}");
        }
        for value in [":MII:", ":MIIB=:", ":MIJ_:", "\":MIIB:\"", ":MIIB:\n"] {
            assert!(certificate(value).is_err(), "{value:?}");
        }
        assert!(certificate(&format!(":{}:", "AAAA".repeat(LARGEST / 3 + 1))).is_err());
    }

    #[test]
    fn a_chain_is_a_list_of_them() {
        assert_eq!(chain(":MIIB: , :MIIC:").unwrap(), [[0x30, 0x82, 0x01], [0x30, 0x82, 0x02]]);
        for value in ["", ":MIIB:,", ",:MIIB:", ":MIIB: :MIIC:", ":MIIB:;x", ":MIIB: "] {
            assert!(chain(value).is_err(), "{value:?}");
        }
        assert!(chain(&[":MIIB:"; MOST + 1].join(",")).is_err());
    }

    #[test]
    fn an_escape_has_two_digits_and_a_plus_stays() {
        assert_eq!(unescaped("-----BEGIN%20X-----%0Aa+b%2B").unwrap(), "-----BEGIN X-----\na+b+");
        for value in ["%", "%2", "%zz", "a b", "a\n", "%ff", "é"] {
            assert!(unescaped(value).is_err(), "{value:?}");
        }
    }
}
