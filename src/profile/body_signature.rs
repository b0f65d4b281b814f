//! Engine 1 as data: where the signature stands, how it is written, and what it is over.

use crate::wire::GrammarError;
use crate::wire::encoding::Encoding;
use crate::wire::template::{Part, Template};

/// A signature in a header over a template of body, headers and URL.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BodySignature {
    /// The header that holds the signature.
    pub header: Box<str>,
    /// How the signature is written.
    pub encoding: Encoding,
    /// Whether ECDSA signatures are DER and not r‖s.
    pub der: bool,
    /// What is signed.
    pub input: Input,
    /// What stands in front of a signature in the header, such as `v1,` or `sha256=`.
    pub prefix: Option<Box<str>>,
    /// What separates several signatures in the header.
    pub separator: Option<Box<str>>,
    /// The header is `name=value` pairs, and the signature is this one's value.
    pub member: Option<Box<str>>,
}

impl BodySignature {
    /// A base64 signature over the body, in `header`.
    pub fn over_body(header: &str) -> Self {
        Self {
            header: header.into(),
            encoding: Encoding::Base64,
            der: false,
            input: Input::body(),
            prefix: None,
            separator: None,
            member: None,
        }
    }
}

/// What is signed: a template that holds the body exactly once, split where the body stands.
#[derive(Debug, Clone)]
pub struct Input {
    pub(crate) before: Vec<Part>,
    pub(crate) after: Vec<Part>,
    text: Box<str>,
}

impl Input {
    /// The body and nothing else.
    pub fn body() -> Self {
        Self { before: Vec::new(), after: Vec::new(), text: "{body}".into() }
    }

    /// Reads a template such as `{header:x-timestamp}.{body}`.
    ///
    /// # Errors
    /// [`GrammarError`] if it is no template, or one without `{body}`.
    pub fn parse(template: &str) -> Result<Self, GrammarError> {
        let parsed = Template::parse(template)?;
        let mut sides = parsed.parts().splitn(2, |part| matches!(part, Part::Body));
        let (before, after) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
        Ok(Self { before: before.to_vec(), after: after.to_vec(), text: template.into() })
    }

    /// Everything around the body.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.before.iter().chain(&self.after)
    }

    /// Whether the value of a header is signed.
    pub fn covers(&self, header: &str) -> bool {
        self.parts().any(|part| matches!(part, Part::Header(name) if name.eq_ignore_ascii_case(header)))
    }

    /// Whether path and query are signed.
    pub fn covers_path(&self) -> bool {
        self.parts().any(|part| matches!(part, Part::Path | Part::Url))
    }

    /// Whether a member of the signature header is signed.
    pub fn covers_member(&self, name: &str) -> bool {
        self.parts().any(|part| matches!(part, Part::Member(known) if **known == *name))
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}
