//! What can be wrong on purpose, and where it has a meaning.

use clap::ValueEnum;

use super::craft::Sender;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    /// One bit of the signature is another.
    BadSignature,
    /// The digest is that of another body (worldline).
    BadDigest,
    /// The body is changed after it was signed.
    TamperedBody,
    /// Signed with a key that nobody knows.
    UnknownKey,
    /// The signed time is a day old (worldline).
    Stale,
    /// The signed time is a day ahead (worldline).
    Future,
    /// The same request twice: the second is a duplicate.
    Duplicate,
    /// A second request with the id of the first and other content.
    SameIdOtherBody,
}

impl Fault {
    /// Tribe signs neither a digest header nor a time.
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
            _ => Ok(()),
        }
    }
}
