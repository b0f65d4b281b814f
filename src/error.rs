//! Why a delivery is refused. The code is stable and for operators; what the sender is told is decided elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Who has to act on a refusal, and so how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The request is not one this endpoint takes; each code has its own status.
    Request,
    /// It is not proved who sent it. All codes of this class look the same from outside.
    Authentication,
    /// It is proved who sent it, but the content is not what the sender documents.
    Content,
    /// An identity that was seen before came with other content.
    Conflict,
    /// We cannot decide now; the sender's retry is the queue.
    Unavailable,
    /// The user's code said no.
    Handler,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $class:ident, $status:literal;)+) => {
        /// A stable reason. A code never changes its meaning once it is released.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $variant,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code as logs, metrics and `verify` print it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Who has to act.
            pub const fn class(self) -> Class {
                match self { $(Self::$variant => Class::$class,)+ }
            }

            /// The status of the plain dialect; a sender's own dialect may have another.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

codes! {
    /// No route of the endpoint has this path.
    PathUnknown = "path_unknown", Request, 404;
    /// The path is known, but not with this method.
    MethodNotAllowed = "method_not_allowed", Request, 405;
    /// The body did not arrive in time.
    BodyTimeout = "body_timeout", Request, 408;
    /// The body is larger than the endpoint allows.
    BodyTooLarge = "body_too_large", Request, 413;
    /// The content type or content coding is not one the sender documents.
    ContentTypeUnsupported = "content_type_unsupported", Request, 415;
    /// More requests than the endpoint takes at once.
    TooManyRequests = "too_many_requests", Request, 429;
    /// The request line or the headers are not strict HTTP.
    RequestMalformed = "request_malformed", Request, 400;
    /// A trusted proxy did not say, in the one way that is configured, who called it.
    ProxyHeaderMalformed = "proxy_header_malformed", Request, 400;
    /// A header that only a trusted proxy may write came from somebody else.
    ProxyHeaderRefused = "proxy_header_refused", Request, 400;
    /// There is more than one word about the length of the body: what smuggling looks like.
    FramingAmbiguous = "framing_ambiguous", Request, 400;
    /// A chunk of the body does not follow its grammar.
    ChunkMalformed = "chunk_malformed", Request, 400;
    /// A field stands behind the body that could decide something.
    TrailerRefused = "trailer_refused", Request, 400;
    /// The head did not arrive in time.
    HeadTimeout = "head_timeout", Request, 408;
    /// `Expect` asks for something else than `100-continue`.
    ExpectationUnknown = "expectation_unknown", Request, 417;
    /// The head has too many bytes or fields.
    HeadTooLarge = "head_too_large", Request, 431;
    /// A transfer coding besides `chunked`.
    TransferCodingUnknown = "transfer_coding_unknown", Request, 501;
    /// Another version of HTTP than 1.0 and 1.1.
    VersionUnsupported = "version_unsupported", Request, 505;
    /// The connection broke while the body was read.
    BodyUnreadable = "body_unreadable", Request, 400;
    /// The request id is missing.
    RequestIdMissing = "request_id_missing", Request, 400;
    /// The request id is not in the form that the sender documents.
    RequestIdMalformed = "request_id_malformed", Request, 400;
    /// The peer's address is not on the endpoint's list.
    AddressRefused = "address_refused", Authentication, 401;
    /// The client showed no TLS certificate where one is demanded.
    ClientCertificateMissing = "client_certificate_missing", Authentication, 401;
    /// The client's certificate is none of those that the endpoint pins.
    ClientCertificateRefused = "client_certificate_refused", Authentication, 401;
    /// The client's certificate is not valid at the moment of receipt, though it may have been in the handshake.
    ClientCertificateExpired = "client_certificate_expired", Authentication, 401;
    /// The certificate that a proxy brought is none, or does not come from a known authority.
    ClientCertificateInvalid = "client_certificate_invalid", Authentication, 401;
    /// A bearer token, API key or user token is missing.
    CredentialMissing = "credential_missing", Authentication, 401;
    /// A bearer token or API key is wrong.
    CredentialWrong = "credential_wrong", Authentication, 401;
    /// A header that security rests on is there more than once.
    HeaderRepeated = "header_repeated", Authentication, 401;
    /// A header that security rests on holds bytes outside visible ASCII.
    HeaderUndecodable = "header_undecodable", Authentication, 401;
    /// There is no signature where one is required.
    SignatureMissing = "signature_missing", Authentication, 401;
    /// The signature header does not follow its grammar.
    SignatureMalformed = "signature_malformed", Authentication, 401;
    /// The signature leaves out what the profile demands that it covers.
    CoverInsufficient = "cover_insufficient", Authentication, 401;
    /// The signature covers a header that is not there.
    CoveredHeaderMissing = "covered_header_missing", Authentication, 401;
    /// No live key has the id that the message names.
    KeyUnknown = "key_unknown", Authentication, 401;
    /// The message is signed with a key of the sender's that the operator no longer trusts.
    KeyDistrusted = "key_distrusted", Authentication, 401;
    /// The message names another algorithm than its key has.
    AlgorithmRefused = "algorithm_refused", Authentication, 401;
    /// The digest header is missing.
    DigestMissing = "digest_missing", Authentication, 401;
    /// The digest header does not follow its grammar, or names a weak algorithm.
    DigestMalformed = "digest_malformed", Authentication, 401;
    /// The digest is not the digest of the body.
    DigestMismatch = "digest_mismatch", Authentication, 401;
    /// No key of the endpoint fits the signature.
    SignatureMismatch = "signature_mismatch", Authentication, 401;
    /// The token does not follow the compact serialisation, or its header asks for what is not offered.
    TokenMalformed = "token_malformed", Authentication, 401;
    /// The token is of another type than its place takes.
    TokenTypeRefused = "token_type_refused", Authentication, 401;
    /// The token is not nested as the profile says: a signature without encryption around or inside of it, or one
    /// layer too many.
    NestingRefused = "nesting_refused", Authentication, 401;
    /// None of our private keys has the id that the message names.
    DecryptionKeyUnknown = "decryption_key_unknown", Authentication, 401;
    /// A token could not be decrypted. There is one code, whatever the cause.
    DecryptionFailed = "decryption_failed", Authentication, 401;
    /// A claim is missing.
    ClaimMissing = "claim_missing", Authentication, 401;
    /// A claim is `null`.
    ClaimNull = "claim_null", Authentication, 401;
    /// A claim is of another type.
    ClaimTypeWrong = "claim_type_wrong", Authentication, 401;
    /// A claim has a value that nobody means: a negative date, an empty text.
    ClaimOutOfRange = "claim_out_of_range", Authentication, 401;
    /// Issuer, audience or another claim is not the configured one.
    ClaimMismatch = "claim_mismatch", Authentication, 401;
    /// A claim is there that only another kind of token has.
    ClaimUnexpected = "claim_unexpected", Authentication, 401;
    /// The token's end has passed.
    TokenExpired = "token_expired", Authentication, 401;
    /// The token's beginning lies ahead.
    TokenNotYetValid = "token_not_yet_valid", Authentication, 401;
    /// The token is valid for longer than the endpoint allows.
    TokenLifetimeTooLong = "token_lifetime_too_long", Authentication, 401;
    /// The query of a redirect does not follow its grammar, holds a parameter twice, or says two things at once.
    QueryMalformed = "query_malformed", Authentication, 401;
    /// A redirect came back without the state that we issued.
    StateMissing = "state_missing", Authentication, 401;
    /// The state of a redirect is not in the form that we issue.
    StateMalformed = "state_malformed", Authentication, 401;
    /// We did not issue this state, or for another endpoint, session or transaction.
    StateMismatch = "state_mismatch", Authentication, 401;
    /// The state was issued longer ago than the endpoint allows.
    StateExpired = "state_expired", Authentication, 401;
    /// The browser shows no session that a state could be bound to.
    SessionMissing = "session_missing", Authentication, 401;
    /// The cookie of the session is there twice, or is none.
    SessionMalformed = "session_malformed", Authentication, 401;
    /// A redirect names another issuer than the configured one, or none.
    IssuerMismatch = "issuer_mismatch", Authentication, 401;
    /// The signed time is missing.
    TimestampMissing = "timestamp_missing", Authentication, 401;
    /// The signed time cannot be read.
    TimestampMalformed = "timestamp_malformed", Authentication, 401;
    /// The signed time is older than the endpoint tolerates.
    TimestampStale = "timestamp_stale", Authentication, 401;
    /// The signed time lies further ahead than the endpoint tolerates.
    TimestampFuture = "timestamp_future", Authentication, 401;
    /// Verified, but not as the sender documents it.
    PayloadUndecodable = "payload_undecodable", Content, 422;
    /// Seen before with other content.
    IdConflict = "id_conflict", Conflict, 422;
    /// A first copy is still being handled.
    EventInFlight = "event_in_flight", Unavailable, 503;
    /// Too many tokens wait to be decrypted.
    DecryptionBusy = "decryption_busy", Unavailable, 503;
    /// More bytes are in flight than the receiver takes at once.
    Overloaded = "overloaded", Unavailable, 503;
    /// The receiver is stopping: another one, or the next start, takes the sender's retry.
    ShuttingDown = "shutting_down", Unavailable, 503;
    /// The store cannot promise that it keeps the event.
    StoreUnavailable = "store_unavailable", Unavailable, 503;
    /// The sender's keys were not confirmed for too long, or newer ones are not to be had in time.
    KeysUnavailable = "keys_unavailable", Unavailable, 503;
    /// A key that is not known, and the sender's address was asked too recently to say whether it is published by now.
    KeyUnconfirmed = "key_unconfirmed", Unavailable, 503;
    /// The handler took longer than its lease; its answer was dropped.
    LeaseLost = "lease_lost", Unavailable, 503;
    /// The handler failed.
    HandlerFailed = "handler_failed", Handler, 500;
    /// The sink cannot be reached, does not answer in time or says that it fails.
    SinkUnavailable = "sink_unavailable", Handler, 500;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal of one delivery. `Display` is for operators and never holds a value that the sender sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    code: Code,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl Rejection {
    /// Refuses with `code`; `detail` says what was expected and what was found.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = (code.class() == Class::Unavailable).then_some(Duration::from_secs(5));
        Self { code, detail: detail.into(), retry_after }
    }

    /// Asks the sender to come back after `delay`.
    #[must_use]
    pub fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The stable reason.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What was expected and what was found, for operators.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// When the sender should come back.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        Self::new(code, "")
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.detail.is_empty() { write!(f, "{}", self.code) } else { write!(f, "{}: {}", self.code, self.detail) }
    }
}

impl std::error::Error for Rejection {}

/// A setting that cannot be taken into use. It is found before a socket opens, never by a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    field: Cow<'static, str>,
    message: String,
}

impl ConfigError {
    /// Something about `field`; the message reads "expected X, but found Y" and may name the cure.
    pub fn new(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }

    /// The setting, as the configuration file spells it.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_authentication_failure_has_one_status() {
        for code in Code::ALL.iter().filter(|code| code.class() == Class::Authentication) {
            assert_eq!(code.status(), 401, "{code}");
        }
    }

    #[test]
    fn codes_are_distinct() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
