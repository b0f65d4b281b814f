//! What can be wrong on purpose, and where it has a meaning.

use clap::ValueEnum;

use super::craft::Sender;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    /// One bit of the signature is another.
    BadSignature,
    /// The digest is that of another body (worldline); the authentication tag is another (cbuae).
    BadDigest,
    /// The body is changed after it was signed; a byte of the ciphertext (cbuae).
    TamperedBody,
    /// Signed with a key that nobody knows.
    UnknownKey,
    /// The signed time is a day old (worldline); the token ended a day ago (cbuae).
    Stale,
    /// The signed time is a day ahead (worldline); the token begins in a day (cbuae).
    Future,
    /// The same request twice: the second is a duplicate.
    Duplicate,
    /// A second request with the id of the first and other content, honestly signed.
    SameIdOtherBody,
    /// Encrypted, but signed by nobody (cbuae).
    Unsigned,
    /// Signed, but not encrypted (cbuae).
    Unencrypted,
    /// Made for another receiver (cbuae).
    WrongAudience,
    /// Encrypted to a key that is not the receiver's (cbuae).
    OtherEncryptionKey,
}

impl Fault {
    /// Tribe signs neither a digest header nor a time, and only one sender makes tokens.
    pub(super) fn fits(self, sender: Sender) -> Result<(), String> {
        match (self, sender) {
            (Self::BadDigest, Sender::Tribe(_)) => {
                Err("--fault bad-digest: expected a sender with a digest header, but found tribe".to_owned())
            }
            (Self::Stale | Self::Future, Sender::Tribe(_)) => {
                Err("--fault: expected a sender that signs a time, but found tribe".to_owned())
            }
            (Self::TamperedBody | Self::SameIdOtherBody, Sender::Tribe("v2_accounts")) => {
                Err("--fault: expected an event with a body, but found v2_accounts, which has none".to_owned())
            }
            (
                Self::Unsigned | Self::Unencrypted | Self::WrongAudience | Self::OtherEncryptionKey,
                Sender::Worldline(_) | Sender::Tribe(_),
            ) => Err("--fault: expected a sender that makes tokens (cbuae), but found another".to_owned()),
            _ => Ok(()),
        }
    }
}
