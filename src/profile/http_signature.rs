//! Engine 2 as data: draft-cavage-http-signatures-12 with a `Digest`.

/// What a signature of draft-cavage-12 has to cover, and how its key is named.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpSignature {
    /// Names that the signature has to cover, in lower case: headers, `(request-target)`, `(created)`. Always with
    /// `digest`: a signature that leaves it out says nothing about the body, and an
    /// endpoint without it is not built.
    pub cover: Vec<Box<str>>,
    /// Whether a message may come without a signature.
    pub presence: Presence,
    /// How the `keyId` of a message finds its key.
    pub key_id: KeyIdMatch,
    /// Words in the `algorithm` parameter that mean what the key's algorithm is, beyond the draft's own.
    pub aliases: Vec<(&'static str, crate::crypto::Algorithm)>,
}

impl HttpSignature {
    /// Demands a signature that covers `cover` and the digest.
    pub fn covering<'a>(cover: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cover: Vec<Box<str>> = cover.into_iter().map(|name| name.to_ascii_lowercase().into()).collect();
        if !cover.iter().any(|name| &**name == "digest") {
            cover.push("digest".into());
        }
        Self { cover, presence: Presence::Required, key_id: KeyIdMatch::Exact, aliases: Vec::new() }
    }
}

/// Whether a message has to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Presence {
    /// Always.
    Required,
    /// A message without `Signature` and `Digest` is accepted on its bearer token alone; one with either has to be
    /// right.
    IfPresent,
}

/// How a `keyId` is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyIdMatch {
    /// Byte for byte.
    Exact,
    /// As hexadecimal digits of either case: a certificate's thumbprint.
    Hex,
}
