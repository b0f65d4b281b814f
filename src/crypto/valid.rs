//! The token that says a signature was checked, and the error that says nothing.

use std::fmt;

/// Proof that a check of this module succeeded. It cannot be made, copied or stored outside of it.
#[must_use = "a checked signature vouches for something: hand it on with what it vouches for"]
#[derive(Debug)]
pub struct SignatureValid(());

impl SignatureValid {
    /// The only way to make one; `grep assertion src/crypto` lists every place that claims a verification.
    pub(in crate::crypto) fn assertion() -> Self {
        Self(())
    }
}

/// The signature does not fit. There is no need and no opportunity to be more specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a signature that fits key and message, but found one that does not")
    }
}

impl std::error::Error for BadSignature {}
