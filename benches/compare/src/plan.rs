//! The workloads: one that everything is compared at, and from there one axis at a time.

use crate::keys::Algorithm;
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

impl Scheme {
    /// What the middleware is told to expect.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Http => "http",
            Self::Ps256 => "jws",
            Self::Jwe => "jwe",
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::Es256 => "body",
        }
    }

    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa2048 | Self::Http => Algorithm::Rs256(2048),
            Self::Rsa3072 => Algorithm::Rs256(3072),
            Self::Rsa4096 => Algorithm::Rs256(4096),
            Self::Es256 => Algorithm::Es256,
            Self::Hmac => Algorithm::Hs256,
            Self::Ps256 | Self::Jwe => Algorithm::Ps256,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Duplicate,
    BadSignature,
    UnknownKey,
    Unsigned,
    /// A signature that is not even base64.
    Malformed,
    Oversize,
}

impl Outcome {
    pub fn succeeds(self) -> bool {
        matches!(self, Self::Accepted | Self::Duplicate)
    }
}

/// The status that a contender answers with: each load and each control expects exactly that.
#[derive(Debug, Clone, Copy)]
pub struct Answers {
    pub accepted: u16,
    /// To something else than was signed, and to a key that it does not know.
    pub forged: u16,
    pub unsigned: u16,
    pub malformed: u16,
}

impl Answers {
    pub fn to(self, outcome: Outcome) -> u16 {
        match outcome {
            Outcome::Accepted | Outcome::Duplicate => self.accepted,
            Outcome::BadSignature | Outcome::UnknownKey => self.forged,
            Outcome::Unsigned => self.unsigned,
            Outcome::Malformed => self.malformed,
            Outcome::Oversize => 413,
        }
    }
}

/// How much time a workload is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Bars are read off it: long rounds.
    Main,
    /// One axis of many: short rounds.
    Ladder,
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
    pub effort: Effort,
    /// Whether peers are measured at it, beside the ceilings and ours.
    pub peers: bool,
}

const KIB: usize = 1024;

const BASE: Workload = Workload {
    name: "rsa-2048",
    says: "RSA-2048 over the body, 1 KiB, 64 connections, accepted",
    scheme: Scheme::Rsa2048,
    length: KIB,
    connections: 64,
    outcome: Outcome::Accepted,
    effort: Effort::Main,
    peers: true,
};

const LADDER: Workload = Workload { effort: Effort::Ladder, peers: false, ..BASE };

/// All of them, in the order in which they are measured.
pub fn workloads() -> Vec<Workload> {
    let scheme = |name, says, scheme| Workload { name, says, scheme, ..LADDER };
    let length = |name, says, length| Workload { name, says, length, ..LADDER };
    let connections = |name, says, connections| Workload { name, says, connections, ..LADDER };
    let outcome = |name, says, outcome| Workload { name, says, outcome, ..LADDER };
    let main = |workload| Workload { effort: Effort::Main, peers: true, ..workload };
    let with_peers = |workload| Workload { peers: true, ..workload };
    vec![
        BASE,
        main(scheme("hmac", "HMAC-SHA256 over the body", Scheme::Hmac)),
        main(scheme("http", "HTTP signature, RSA-2048, with a digest of the body", Scheme::Http)),
        with_peers(outcome("duplicate", "RSA-2048, 512 known events again and again", Outcome::Duplicate)),
        with_peers(outcome(
            "bad-signature",
            "RSA-2048, refused: the body is not what was signed",
            Outcome::BadSignature,
        )),
        outcome("unsigned", "refused: no signature", Outcome::Unsigned),
        outcome("malformed", "refused: the signature is not base64", Outcome::Malformed),
        Workload {
            scheme: Scheme::Http,
            ..outcome("unknown-key", "HTTP signature, refused: a key that nobody knows", Outcome::UnknownKey)
        },
        outcome("oversize", "refused: a length of 8 MiB is announced", Outcome::Oversize),
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
    ]
}

/// What a contender is, as far as a workload cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// The ceiling: reads, or verifies as well.
    Nothing,
    Bare,
    /// All of ours.
    Everything,
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
        use Outcome::{Duplicate, Malformed, Oversize, UnknownKey};
        use Scheme::{Es256, Hmac, Http, Jwe, Ps256, Rsa2048, Rsa3072, Rsa4096};
        if workload.outcome == Duplicate && !remembers {
            return None;
        }
        if matches!(workload.outcome, Oversize | Malformed) && !matches!(self, Self::Everything | Self::Nothing) {
            return None;
        }
        match (self, workload.scheme) {
            // What is signed over headers or inside a token costs the ceiling the same over the body.
            (Self::Nothing, Jwe) | (Self::Bare, Jwe) => Some(Dialect::Jwe),
            (Self::Nothing, _) => Some(Dialect::Body),
            (Self::Bare, _) => (workload.outcome != UnknownKey).then_some(Dialect::Body),
            (Self::Everything | Self::GitHub, Hmac) => Some(Dialect::GitHub),
            (Self::Everything, Http) => Some(Dialect::Cavage),
            (Self::Everything, Ps256) => Some(Dialect::Jws),
            (Self::Everything, Jwe) => Some(Dialect::Jwe),
            (Self::Standard, Hmac) => Some(Dialect::Standard),
            (Self::MessageSignature, Http) => Some(Dialect::MessageSignature),
            (Self::WithId, Rsa2048) => Some(Dialect::BodyWithId),
            (Self::Everything | Self::Asymmetric, Rsa2048 | Rsa3072 | Rsa4096 | Es256) => Some(Dialect::Body),
            _ => None,
        }
    }
}
