//! A person came back from a bank's login: what they, or the bank, decided. The rule: granted is only what says so in the
//! documented way and nothing else beside it; the code is in no log and in nothing that is printed for debugging.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::words::words;
use crate::state::StateValue;
use crate::wire::GrammarError;
use crate::wire::query::Query;

/// Longest authorization code, in bytes.
const LONGEST_CODE: usize = 2048;

/// A person came back from the bank's login.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AuthorizationEvent {
    /// What was decided.
    pub outcome: AuthorizationOutcome,
    /// The id of the state that we issued when the authorization began ([`crate::state::Issued::id`]).
    pub reference: String,
    /// What the tokens are to be asked for with, once, and soon.
    pub code: Option<AuthorizationCode>,
    /// How long the sender says that the code can be used, from its making.
    pub code_lifetime: Option<Duration>,
    /// The sender's own word: the `error`, or Tribe's `status`.
    pub provider_status: Option<String>,
    /// What the sender says about it in words: `error_description`, or Tribe's `message`. For people who look for a cause,
    /// never to be shown as it is.
    pub message: Option<String>,
    /// The payment that was confirmed, where the sender names it.
    pub payment_id: Option<String>,
    /// Who says that it answered (`iss`, RFC 9207). It was compared only if the endpoint is told whom to expect.
    pub issuer: Option<String>,
    /// The query of the redirect, exactly as received.
    pub content: Bytes,
}

impl AuthorizationEvent {
    /// The reason, where a sender that follows RFC 6749 refused.
    pub fn error(&self) -> Option<AuthorizationError> {
        match self.outcome {
            AuthorizationOutcome::Granted => None,
            AuthorizationOutcome::Denied => self.provider_status.as_deref().map(AuthorizationError::from),
        }
    }
}

impl fmt::Debug for AuthorizationEvent {
    /// Shows neither code nor query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationEvent")
            .field("outcome", &self.outcome)
            .field("reference", &self.reference)
            .field("provider_status", &self.provider_status)
            .finish_non_exhaustive()
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthorizationOutcome {
    /// Yes.
    Granted,
    /// No, or the bank failed.
    Denied,
}

impl AuthorizationOutcome {
    /// The word in a CloudEvent's `data.status`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Denied => "denied",
        }
    }
}

/// An authorization code: whoever has it, and our client's key, gets the person's tokens. It is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationCode(Zeroizing<String>);

impl AuthorizationCode {
    /// Takes `1*VSCHAR` (RFC 6749, appendix A.11).
    fn read(text: &str) -> Result<Self, GrammarError> {
        let visible = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if text.len() > LONGEST_CODE || !visible {
            return Err(GrammarError::expected("a code of at most 2048 visible letters", "another"));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The code, for the request that asks for the tokens.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationCode({} bytes)", self.0.len())
    }
}

words! {
    /// Why an authorization was refused (RFC 6749, section 4.1.2.1).
    pub enum AuthorizationError {
        /// The request was wrong: ours to mend.
        InvalidRequest = "invalid_request",
        /// We may not ask in this way.
        UnauthorizedClient = "unauthorized_client",
        /// The person or the bank said no.
        AccessDenied = "access_denied",
        /// No code is to be had in this way.
        UnsupportedResponseType = "unsupported_response_type",
        /// What was asked for is not known, or too much.
        InvalidScope = "invalid_scope",
        /// The bank failed.
        ServerError = "server_error",
        /// The bank cannot answer now.
        TemporarilyUnavailable = "temporarily_unavailable",
    }
}

/// How a sender says what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackGrammar {
    /// `code`, or `error` with `error_description` and `error_uri` (RFC 6749, sections 4.1.2 and 4.1.2.1).
    OAuth,
    /// The same, or Tribe's `status` with `payment_id` and `message` after the confirmation of a payment.
    Tribe,
}

impl CallbackGrammar {
    /// The parameters of this grammar.
    pub fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::OAuth => &["state", "code", "error", "error_description", "error_uri", "iss"],
            Self::Tribe => {
                &["state", "code", "error", "error_description", "error_uri", "iss", "status", "payment_id", "message"]
            }
        }
    }

    /// What a query says. A pure function of its arguments; `content` is the query as received.
    ///
    /// # Errors
    /// There is no state in its form; or the query says nothing, or two things at once.
    pub fn read(
        self,
        query: &Query,
        content: &Bytes,
        code_lifetime: Option<Duration>,
    ) -> Result<AuthorizationEvent, GrammarError> {
        let status = query.value("status").filter(|_| self == Self::Tribe);
        let (code, error) = (query.value("code"), query.value("error"));
        let mut event = AuthorizationEvent {
            outcome: AuthorizationOutcome::Denied,
            reference: StateValue::parse(query.value("state").unwrap_or_default())?.id(),
            code: None,
            code_lifetime: None,
            provider_status: error.or(status).map(str::to_owned),
            message: None,
            payment_id: None,
            issuer: query.value("iss").map(str::to_owned),
            content: content.clone(),
        };
        match (code, error, status) {
            (Some(code), None, None) => {
                event.outcome = AuthorizationOutcome::Granted;
                event.code = Some(AuthorizationCode::read(code)?);
                event.code_lifetime = code_lifetime;
            }
            (None, Some(_), None) => event.message = query.value("error_description").map(str::to_owned),
            (None, None, Some(status)) => {
                event.message = query.value("message").map(str::to_owned);
                event.payment_id = query.value("payment_id").map(str::to_owned);
                if went_through(&event, status) {
                    event.outcome = AuthorizationOutcome::Granted;
                }
            }
            _ => return Err(GrammarError::expected("one of code, error or the sender's status", "none or several")),
        }
        Ok(event)
    }
}

/// Tribe's words of success are not published. What is: a payment that goes on has its id and no message, one that was
/// declined has both, one that was not confirmed has no id.
fn went_through(event: &AuthorizationEvent, status: &str) -> bool {
    event.payment_id.is_some() && event.message.is_none() && !matches!(status, "RJCT" | "CANC")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(grammar: CallbackGrammar, more: &str) -> Result<AuthorizationEvent, GrammarError> {
        let text = format!("state={}{more}", format_args!("AQ{}", "A".repeat(74)));
        let content = Bytes::from(text.clone());
        grammar.read(&Query::parse(&text)?, &content, Some(Duration::from_secs(600)))
    }

    #[test]
    fn two_answers_at_once_or_none_are_no_answer() {
        for more in ["", "&code=", "&code=a&error=access_denied", "&status=ok", "&x=1", "&code=%C3%A9"] {
            assert!(read(CallbackGrammar::OAuth, more).is_err(), "{more}");
        }
        for more in ["", "&code=a&status=ok", "&error=a&status=ok", "&payment_id=1", "&message=no"] {
            assert!(read(CallbackGrammar::Tribe, more).is_err(), "{more}");
        }
        let long = format!("&code={}", "c".repeat(LONGEST_CODE + 1));
        assert!(read(CallbackGrammar::OAuth, &long).is_err());
        let content = Bytes::from_static(b"state=short&code=a");
        assert!(CallbackGrammar::OAuth.read(&Query::parse("state=short&code=a").unwrap(), &content, None).is_err());
    }

    #[test]
    fn a_payment_is_granted_only_in_the_documented_way() {
        for (more, granted) in [
            ("&status=ACSC&payment_id=p", true),
            ("&status=anything&payment_id=p", true),
            ("&status=RJCT&payment_id=p", false),
            ("&status=CANC&payment_id=p", false),
            ("&status=ACSC&payment_id=p&message=declined", false),
            ("&status=ACSC", false),
            ("&status=cancelled&message=no", false),
            ("&error=access_denied&payment_id=p", false),
        ] {
            let event = read(CallbackGrammar::Tribe, more).unwrap();
            assert_eq!(event.outcome == AuthorizationOutcome::Granted, granted, "{more}");
            assert!(event.code.is_none());
        }
    }

    #[test]
    fn an_unknown_reason_passes_through_and_a_code_is_never_printed() {
        let event = read(CallbackGrammar::OAuth, "&error=consent_gone&error_description=no+more").unwrap();
        assert_eq!(event.error(), Some(AuthorizationError::Unknown("consent_gone".to_owned())));
        assert_eq!((event.message.as_deref(), event.code_lifetime), (Some("no more"), None));
        let event = read(CallbackGrammar::OAuth, "&code=canary-code").unwrap();
        assert_eq!(event.code.as_ref().map(AuthorizationCode::expose), Some("canary-code"));
        assert!(event.error().is_none());
        let shown = format!("{event:?} {:?}", event.code);
        assert!(!shown.contains("canary"), "{shown}");
    }
}
