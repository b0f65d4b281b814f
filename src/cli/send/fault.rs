//! What can be wrong on purpose, and where it has a meaning.

use clap::ValueEnum;

use super::craft::Sender;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    /// One bit of the signature is another; one letter of the state (callbacks).
    BadSignature,
    /// The digest is that of another body (worldline); the authentication tag is another (cbuae).
    BadDigest,
    /// The body is changed after it was signed; a byte of the ciphertext (cbuae).
    TamperedBody,
    /// Signed with a key that nobody knows; for callbacks also "forged".
    #[value(alias = "forged")]
    UnknownKey,
    /// The signed time is a day old (worldline); the token ended a day ago (cbuae); the state is a day old (callbacks, also
    /// "expired").
    #[value(alias = "expired")]
    Stale,
    /// The signed time is a day ahead (worldline); the token begins in a day (cbuae).
    Future,
    /// The same request twice: the second is a duplicate.
    Duplicate,
    /// A second request with the id of the first and other content, honestly signed; for callbacks the same state with
    /// another code, also "reused".
    #[value(alias = "reused")]
    SameIdOtherBody,
    /// A state that was issued for somebody else's session (callbacks).
    Foreign,
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
    /// Tribe signs neither a digest header nor a time, only one sender makes tokens, and a browser signs nothing.
    pub(super) fn fits(self, sender: Sender) -> Result<(), String> {
        match (self, sender) {
            (
                Self::BadSignature
                | Self::UnknownKey
                | Self::Stale
                | Self::Future
                | Self::Duplicate
                | Self::SameIdOtherBody
                | Self::Foreign,
                Sender::Callback(..),
            ) => Ok(()),
            (_, Sender::Callback(..)) => Err(
                "--fault: expected one of a state (forged, expired, reused, foreign, bad-signature, future, duplicate), but \
                 found another"
                    .to_owned(),
            ),
            (Self::Foreign, _) => Err("--fault foreign: expected a callback, but found another event".to_owned()),
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
