//! The input template of configurations: what a signature is computed over, `{header:x-time}.{body}`.
//!
//! The rule: the body is in it exactly once, and a template prints back to the text that reads as
//! the same template.

use std::borrow::Cow;
use std::fmt;

use super::error::GrammarError;
use super::token::is_token;

const MAX_BYTES: usize = 1024;
const MAX_PARTS: usize = 32;
const KNOWN: &str = "one of {body}, {method}, {path}, {query}, {url}, {header:name} or {member:name}";

/// One part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that stands for itself; never empty, never beside another literal.
    Literal(Box<str>),
    /// `{body}`: the raw bytes of the body.
    Body,
    /// `{method}`: the method of the request.
    Method,
    /// `{path}`: the path without the query.
    Path,
    /// `{query}`: the query without its question mark.
    Query,
    /// `{url}`: the whole address, as configured for the sender.
    Url,
    /// `{header:name}`: the value of a header; the name in lower case.
    Header(Box<str>),
    /// `{member:name}`: a member of the signature header.
    Member(Box<str>),
}

/// A template: one to 32 parts, the body exactly once among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template; `{{` and `}}` stand for single braces.
    ///
    /// # Errors
    ///
    /// When a placeholder is unknown or unclosed, a brace stands alone, `{body}` is missing or
    /// repeated, or a bound is passed: 1 KiB, 32 parts.
    pub fn parse(text: &str) -> Result<Self, GrammarError> {
        if text.len() > MAX_BYTES {
            return Err(GrammarError::too_long("a template of at most 1024 bytes", text.len()));
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('{') {
                let (name, after) =
                    after.split_once('}').ok_or_else(|| GrammarError::expected("a closing }", "the end"))?;
                flush(&mut literal, &mut parts);
                parts.push(placeholder(name)?);
                rest = after;
            } else if first == '}' {
                return Err(GrammarError::expected("}} for a literal brace", "a single }"));
            } else {
                literal.push(first);
                rest = rest.strip_prefix(first).unwrap_or_default();
            }
        }
        flush(&mut literal, &mut parts);
        checked(parts)
    }

    /// The parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

fn checked(parts: Vec<Part>) -> Result<Template, GrammarError> {
    if parts.len() > MAX_PARTS {
        return Err(GrammarError::expected("at most 32 parts", format!("{}", parts.len())));
    }
    match parts.iter().filter(|part| **part == Part::Body).count() {
        1 => Ok(Template { parts }),
        0 => Err(GrammarError::expected("{body}", "none: a template without {body} leaves the body unsigned")),
        _ => Err(GrammarError::expected("{body} once", "it repeated")),
    }
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal).into()));
    }
}

fn placeholder(text: &str) -> Result<Part, GrammarError> {
    let named = |name: &str| {
        if is_token(name) {
            return Ok(Box::from(name));
        }
        Err(GrammarError::expected("a name of token characters after the colon", "an empty name or another character"))
    };
    match text.split_once(':') {
        None => match text {
            "body" => Ok(Part::Body),
            "method" => Ok(Part::Method),
            "path" => Ok(Part::Path),
            "query" => Ok(Part::Query),
            "url" => Ok(Part::Url),
            _ => Err(unknown(text)),
        },
        Some(("header", name)) => named(&name.to_ascii_lowercase()).map(Part::Header),
        Some(("member", name)) => named(name).map(Part::Member),
        Some(_) => Err(unknown(text)),
    }
}

/// The operator wrote it and needs to find it, so a short plain name is told.
fn unknown(text: &str) -> GrammarError {
    let found: Cow<'static, str> =
        if text.len() <= 32 && is_token(text) { format!("{{{text}}}").into() } else { "an unknown placeholder".into() };
    GrammarError::expected(KNOWN, found)
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| part.fmt(f))
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Self::Body => f.write_str("{body}"),
            Self::Method => f.write_str("{method}"),
            Self::Path => f.write_str("{path}"),
            Self::Query => f.write_str("{query}"),
            Self::Url => f.write_str("{url}"),
            Self::Header(name) => write!(f, "{{header:{name}}}"),
            Self::Member(name) => write!(f, "{{member:{name}}}"),
        }
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
