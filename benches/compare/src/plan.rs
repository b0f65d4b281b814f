//! The workloads: one that everything is compared at, and from there one axis at a time.

use crate::requests::Dialect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Rsa2048,
    Rsa3072,
    Rsa4096,
    Es256,
    Hmac,
    /// A signature over headers, RSA-2048.
    Http,
    /// A compact JWS as the body.
    Ps256,
    /// A JWE around a JWS as the body, RSA-2048 for both.
    Jwe,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Duplicate,
    BadSignature,
    UnknownKey,
    Unsigned,
    Oversize,
}

impl Outcome {
    pub fn expected(self) -> fn(u16) -> bool {
        match self {
            Self::Accepted | Self::Duplicate => |status| (200..300).contains(&status),
            Self::Oversize => |status| status == 413,
            Self::BadSignature | Self::UnknownKey | Self::Unsigned => |status| (400..500).contains(&status),
        }
    }

    pub fn succeeds(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }
}

#[derive(Debug, Clone)]
pub struct Workload {
    pub name: &'static str,
    pub says: &'static str,
    pub scheme: Scheme,
    /// Of the signed document, in bytes.
    pub length: usize,
    pub connections: usize,
    pub outcome: Outcome,
}

const KIB: usize = 1024;

const BASE: Workload = Workload {
    name: "rsa-2048",
    says: "RSA-2048 over the body, 1 KiB, 64 connections, accepted",
    scheme: Scheme::Rsa2048,
    length: KIB,
    connections: 64,
    outcome: Outcome::Accepted,
};

/// All of them, in the order in which they are measured.
pub fn workloads() -> Vec<Workload> {
    let scheme = |name, says, scheme| Workload { name, says, scheme, ..BASE };
    let length = |name, says, length| Workload { name, says, length, ..BASE };
    let connections = |name, says, connections| Workload { name, says, connections, ..BASE };
    let outcome = |name, says, outcome| Workload { name, says, outcome, ..BASE };
    vec![
        BASE,
        scheme("hmac", "HMAC-SHA256 over the body", Scheme::Hmac),
        scheme("http", "HTTP signature, RSA-2048, with a digest of the body", Scheme::Http),
        scheme("rsa-3072", "RSA-3072 over the body", Scheme::Rsa3072),
        scheme("rsa-4096", "RSA-4096 over the body", Scheme::Rsa4096),
        scheme("es256", "ECDSA P-256 over the body", Scheme::Es256),
        scheme("ps256", "the body is a JWS, PS256", Scheme::Ps256),
        scheme("jwe", "the body is a JWE around a JWS, RSA-OAEP-256, A256GCM, PS256", Scheme::Jwe),
        length("8k", "RSA-2048, 8 KiB", 8 * KIB),
        length("64k", "RSA-2048, 64 KiB", 64 * KIB),
        length("512k", "RSA-2048, 512 KiB", 512 * KIB),
        connections("c1", "RSA-2048, 1 connection", 1),
        connections("c8", "RSA-2048, 8 connections", 8),
        connections("c256", "RSA-2048, 256 connections", 256),
        outcome("duplicate", "RSA-2048, the same event again", Outcome::Duplicate),
        outcome("bad-signature", "RSA-2048, refused: the body is not what was signed", Outcome::BadSignature),
        Workload {
            scheme: Scheme::Http,
            ..outcome("unknown-key", "HTTP signature, refused: a key that nobody knows", Outcome::UnknownKey)
        },
        outcome("unsigned", "refused: no signature", Outcome::Unsigned),
        outcome("oversize", "refused: a length of 8 MiB is announced", Outcome::Oversize),
    ]
}

/// What a contender is, as far as a workload cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// The ceiling: reads, or verifies as well.
    Nothing,
    Bare,
    /// All of ours, or what an endpoint in an app was set up for.
    Everything,
    Bodies,
    /// A signature in a header over the body: RSA and ECDSA.
    Asymmetric,
    /// RSA-2048 in a header, id in the body.
    WithId,
    GitHub,
    Standard,
    MessageSignature,
}

impl Speaks {
    /// How it is asked for this workload, if it can do it at all; `remembers` is whether it knows duplicates.
    pub fn dialect(self, workload: &Workload, remembers: bool) -> Option<Dialect> {
        use Outcome::{Duplicate, Oversize, UnknownKey};
        use Scheme::{Es256, Hmac, Http, Jwe, Ps256, Rsa2048, Rsa3072, Rsa4096};
        if workload.outcome == Duplicate && !remembers {
            return None;
        }
        let ours = matches!(self, Self::Everything | Self::Bodies);
        if workload.outcome == Oversize && !ours {
            return None;
        }
        match (self, workload.scheme) {
            // What is signed over headers or inside a token costs the ceiling the same over the body. It decrypts nothing.
            (Self::Nothing, _) => Some(Dialect::Body),
            (Self::Bare, Jwe) => None,
            (Self::Bare, _) => (workload.outcome != UnknownKey).then_some(Dialect::Body),
            (Self::Everything, Hmac) | (Self::Bodies, Hmac) | (Self::GitHub, Hmac) => Some(Dialect::GitHub),
            (Self::Everything, Http) => Some(Dialect::Cavage),
            (Self::Everything, Ps256) => Some(Dialect::Jws),
            (Self::Everything, Jwe) => Some(Dialect::Jwe),
            (Self::Standard, Hmac) => Some(Dialect::Standard),
            (Self::MessageSignature, Http) => Some(Dialect::MessageSignature),
            (Self::WithId, Rsa2048) => Some(Dialect::BodyWithId),
            (Self::Everything | Self::Bodies | Self::Asymmetric, Rsa2048 | Rsa3072 | Rsa4096 | Es256) => {
                Some(Dialect::Body)
            }
            _ => None,
        }
    }
}
