//! The blocks of a PEM file (RFC 7468).
//!
//! The rule: text between the blocks is free, a block itself has one spelling, the strict one; and a block that
//! cannot be read is never passed over.

use der::pem::decode_vec;

use super::error::{KeyError, quoted};

/// Longest text, in bytes.
const LONGEST: usize = 1024 * 1024;
/// Blocks of one text.
const MOST: usize = 64;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// One block: what it says it is, and its bytes. It may hold a private key, so it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PemBlock {
    /// The words of its boundaries: `CERTIFICATE`, `PUBLIC KEY`.
    pub label: String,
    /// What the base64 between them stands for.
    pub der: Vec<u8>,
}

impl std::fmt::Debug for PemBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PemBlock({:?}, {} bytes)", self.label, self.der.len())
    }
}

/// Reads all blocks of `text`, in their order (RFC 7468 section 3, "strict").
///
/// # Errors
/// There is no block, or more than 64; the text is over 1 MiB; a block does not end, starts inside of another or
/// inside of a line, has two labels, headers, or base64 that is not canonical in lines of 64 characters.
pub fn read(text: &str) -> Result<Vec<PemBlock>, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::expected(format_args!("at most {LONGEST} bytes of pem"), text.len()));
    }
    let mut blocks = Vec::new();
    let mut begun: Option<usize> = None;
    let mut position = 0_usize;
    for (number, line) in (1_usize..).zip(text.split_inclusive('\n')) {
        let next = position.saturating_add(line.len());
        match begun {
            None if line.starts_with(BEGIN) => begun = Some(position),
            // An indented block is one that somebody meant to be read.
            None if line.contains(BEGIN) || line.starts_with(END) => {
                return Err(KeyError::expected("a pem block to begin with its line", format_args!("line {number}")));
            }
            None => {}
            Some(_) if line.contains(BEGIN) => {
                return Err(KeyError::expected("the end of a pem block", format_args!("another begin, line {number}")));
            }
            Some(start) if line.starts_with(END) => {
                if blocks.len() >= MOST {
                    return Err(KeyError::expected(format_args!("at most {MOST} pem blocks"), "more"));
                }
                let block = decode(text.get(start..next).unwrap_or_default());
                blocks.push(block.map_err(|error| error.within(format_args!("the block that ends in line {number}")))?);
                begun = None;
            }
            Some(_) => {}
        }
        position = next;
    }
    if begun.is_some() {
        return Err(KeyError::expected("the end of a pem block", "the end of the text"));
    }
    if blocks.is_empty() {
        return Err(KeyError::expected("a pem block", "none"));
    }
    Ok(blocks)
}

fn decode(block: &str) -> Result<PemBlock, KeyError> {
    let (label, der) =
        decode_vec(block.as_bytes()).map_err(|error| KeyError::expected("strict pem", format_args!("{error}")))?;
    if der.is_empty() {
        return Err(KeyError::expected("a pem block with content", format_args!("an empty {}", quoted(label))));
    }
    Ok(PemBlock { label: label.to_owned(), der })
}

#[cfg(test)]
#[path = "pem_tests.rs"]
mod tests;
