//! The names of JWE algorithms, as RFC 7518 sections 4.1 and 5.1 write them. What is not to be used has no variant:
//! there is no RSA1_5 (its padding is an oracle), no PBES2 (the sender would choose the receiver's work), no AES with
//! 192 bits and no AES-GCM key wrap.

use std::fmt;
use std::str::FromStr;

/// How the content key comes to the receiver: the "alg" of a JWE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyManagement {
    /// RSAES-OAEP with SHA-256 and MGF1 over SHA-256 (RFC 7518 section 4.3).
    RsaOaep256,
    /// RSAES-OAEP with SHA-1 and MGF1 over SHA-1, which is what the standard's default parameters are.
    RsaOaep,
    /// The content key is agreed upon by ephemeral-static ECDH (RFC 7518 section 4.6, RFC 8037 section 3.2).
    EcdhEs,
    /// The agreed key wraps the content key with AES of 128 bits.
    EcdhEsA128Kw,
    /// The agreed key wraps the content key with AES of 256 bits.
    EcdhEsA256Kw,
    /// A shared secret of 16 bytes wraps the content key (RFC 3394).
    A128Kw,
    /// A shared secret of 32 bytes wraps the content key (RFC 3394).
    A256Kw,
    /// The shared secret is the content key.
    Dir,
}

/// How the content is encrypted and its integrity protected: the "enc" of a JWE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ContentEncryption {
    /// AES-GCM with a key of 128 bits (RFC 7518 section 5.3).
    A128Gcm,
    /// AES-GCM with a key of 256 bits.
    A256Gcm,
    /// AES-CBC with 128 bits, then HMAC with SHA-256 cut to 128 bits (RFC 7518 section 5.2.3).
    A128CbcHs256,
    /// AES-CBC with 256 bits, then HMAC with SHA-512 cut to 256 bits (RFC 7518 section 5.2.5).
    A256CbcHs512,
}

impl KeyManagement {
    /// Every algorithm there is.
    pub const ALL: &[Self] = &[
        Self::RsaOaep256,
        Self::RsaOaep,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
        Self::A128Kw,
        Self::A256Kw,
        Self::Dir,
    ];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep => "RSA-OAEP",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::A128Kw => "A128KW",
            Self::A256Kw => "A256KW",
            Self::Dir => "dir",
        }
    }

    /// Length of the key that unwraps the content key by AES, in bytes; `None` where AES does not wrap.
    pub(super) const fn wrapping_key_length(self) -> Option<usize> {
        match self {
            Self::EcdhEsA128Kw | Self::A128Kw => Some(16),
            Self::EcdhEsA256Kw | Self::A256Kw => Some(32),
            Self::RsaOaep256 | Self::RsaOaep | Self::EcdhEs | Self::Dir => None,
        }
    }
}

impl ContentEncryption {
    /// Every algorithm there is.
    pub const ALL: &[Self] = &[Self::A128Gcm, Self::A256Gcm, Self::A128CbcHs256, Self::A256CbcHs512];

    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
        }
    }

    /// Length of the content key, in bytes; for AES-CBC with HMAC that is both keys, the one of the HMAC first.
    pub const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// The one length of an initialization vector, in bytes.
    pub const fn iv_length(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm => 12,
            Self::A128CbcHs256 | Self::A256CbcHs512 => 16,
        }
    }

    /// The one length of an authentication tag, in bytes.
    pub const fn tag_length(self) -> usize {
        match self {
            Self::A128Gcm | Self::A256Gcm | Self::A128CbcHs256 => 16,
            Self::A256CbcHs512 => 32,
        }
    }
}

impl fmt::Display for KeyManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyManagement {
    type Err = UnknownEncryption;

    /// Exact spelling only.
    fn from_str(name: &str) -> Result<Self, UnknownEncryption> {
        Self::ALL.iter().copied().find(|one| one.name() == name).ok_or(UnknownEncryption::Management)
    }
}

impl FromStr for ContentEncryption {
    type Err = UnknownEncryption;

    /// Exact spelling only.
    fn from_str(name: &str) -> Result<Self, UnknownEncryption> {
        Self::ALL.iter().copied().find(|one| one.name() == name).ok_or(UnknownEncryption::Content)
    }
}

/// The name is none of the algorithms that are taken for encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownEncryption {
    /// No [`KeyManagement`].
    Management,
    /// No [`ContentEncryption`].
    Content,
}

impl fmt::Display for UnknownEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Management => {
                "expected one of RSA-OAEP-256, RSA-OAEP, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW, A128KW, A256KW and \
                 dir, but found another name"
            }
            Self::Content => {
                "expected one of A128GCM, A256GCM, A128CBC-HS256 and A256CBC-HS512, but found another name"
            }
        })
    }
}

impl std::error::Error for UnknownEncryption {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_to_be_used_has_no_name() {
        for name in ["RSA1_5", "PBES2-HS256+A128KW", "A192KW", "A128GCMKW", "rsa-oaep", "RSA-OAEP ", "DIR", "none", ""]
        {
            assert_eq!(name.parse::<KeyManagement>(), Err(UnknownEncryption::Management), "{name:?}");
        }
        for name in ["A192GCM", "A192CBC-HS384", "a256gcm", "A256GCM\n", "none", ""] {
            assert_eq!(name.parse::<ContentEncryption>(), Err(UnknownEncryption::Content), "{name:?}");
        }
    }

    #[test]
    fn every_name_reads_back_and_stands_in_the_error() {
        for one in KeyManagement::ALL.iter().copied() {
            assert_eq!(one.to_string().parse(), Ok(one));
            assert!(UnknownEncryption::Management.to_string().contains(one.name()));
        }
        for one in ContentEncryption::ALL.iter().copied() {
            assert_eq!(one.to_string().parse(), Ok(one));
            assert!(UnknownEncryption::Content.to_string().contains(one.name()));
        }
    }
}
