//! Whose a state is: the value that ties it to one browser's session. The rule: without one, whoever holds a state can
//! come back with it in somebody else's browser (RFC 9700, section 4.7), so that leaving it out has to be said aloud.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::wire::cookie::{cookie, is_name};

/// Longest value that a state is bound to, in bytes.
const LONGEST: usize = 4096;

/// What a state is bound to.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    session: Option<Zeroizing<String>>,
    transaction: Option<Zeroizing<String>>,
}

impl Binding {
    /// To a session: a value that only this browser shows, such as the cookie that names its login. `None` if it is empty
    /// or longer than 4096 bytes.
    pub fn session(value: &str) -> Option<Self> {
        Some(Self { session: Some(bounded(value)?), transaction: None })
    }

    /// To nobody: whoever holds the state can use it, in any browser.
    pub fn to_nobody_i_accept_login_csrf() -> Self {
        Self { session: None, transaction: None }
    }

    /// Also to one authorization of that session: the PKCE code challenge (RFC 7636), or the OpenID Connect nonce. The
    /// state of one is then no state of another, also in two tabs of the same browser. `None` as above.
    #[must_use]
    pub fn with_transaction(self, value: &str) -> Option<Self> {
        Some(Self { transaction: Some(bounded(value)?), ..self })
    }

    pub(super) fn session_value(&self) -> Option<&str> {
        self.session.as_deref().map(String::as_str)
    }

    /// Whether it is bound to a session.
    pub fn is_bound(&self) -> bool {
        self.session.is_some()
    }

    pub(super) fn transaction(&self) -> Option<&str> {
        self.transaction.as_deref().map(String::as_str)
    }
}

fn bounded(value: &str) -> Option<Zeroizing<String>> {
    (!value.is_empty() && value.len() <= LONGEST).then(|| Zeroizing::new(value.to_owned()))
}

impl fmt::Debug for Binding {
    /// Shows no value: who has a session is the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("session", &self.session.is_some())
            .field("transaction", &self.transaction.is_some())
            .finish()
    }
}

/// Reads what a state has to be bound to from the request that brought it, where a cookie alone does not say it.
pub trait ExtractBinding: fmt::Debug + Send + Sync {
    /// What the browser shows; `None` if it shows nothing, and then the callback is refused.
    fn binding(&self, delivery: &Delivery) -> Option<Binding>;
}

/// Where the session of a callback is found.
#[derive(Debug, Clone)]
pub enum Session {
    /// In cookies. A bank sends the browser back from its own site, so that they must not be `SameSite=Strict`; with `Lax`
    /// they come along.
    Cookie {
        /// Name of the one that holds the session; one with `__Host-` cannot be set by a sibling domain.
        name: Box<str>,
        /// Name of the one that holds what this authorization is bound to beside.
        transaction: Option<Box<str>>,
    },
    /// As the user's code says.
    Extracted(Arc<dyn ExtractBinding>),
    /// Nowhere: see [`Binding::to_nobody_i_accept_login_csrf`].
    Unbound,
}

impl Session {
    /// In a cookie; `None` if that is no name of one.
    pub fn cookie(name: &str) -> Option<Self> {
        is_name(name).then(|| Self::Cookie { name: name.into(), transaction: None })
    }

    /// And in a second cookie what the one authorization is bound to, see [`Binding::with_transaction`]. `None` if that is no
    /// name, or there is no first one.
    #[must_use]
    pub fn with_transaction_cookie(self, second: &str) -> Option<Self> {
        match self {
            Self::Cookie { name, .. } if is_name(second) && *second != *name => {
                Some(Self::Cookie { name, transaction: Some(second.into()) })
            }
            _ => None,
        }
    }

    /// The code says where.
    pub fn extracted(extract: impl ExtractBinding + 'static) -> Self {
        Self::Extracted(Arc::new(extract))
    }

    /// What a callback has to be bound to.
    pub(crate) fn binding(&self, delivery: &Delivery) -> Result<Binding, Rejection> {
        let missing = |what| Rejection::new(Code::SessionMissing, format!("expected {what}, but found none"));
        match self {
            Self::Unbound => Ok(Binding::to_nobody_i_accept_login_csrf()),
            Self::Extracted(extract) => extract.binding(delivery).ok_or_else(|| missing("a session")),
            Self::Cookie { name, transaction } => {
                let header = delivery.header("cookie").map_err(|_| {
                    Rejection::new(
                        Code::SessionMalformed,
                        "expected one cookie header of visible ASCII, but found others",
                    )
                })?;
                let read = |name: &str| {
                    let value = cookie(header.unwrap_or_default(), name);
                    let value = value.map_err(|error| Rejection::new(Code::SessionMalformed, error.to_string()))?;
                    value.ok_or_else(|| missing("the cookie of the session"))
                };
                let binding = Binding::session(read(name)?).ok_or_else(|| missing("a session"))?;
                match transaction {
                    None => Ok(binding),
                    Some(name) => binding.with_transaction(read(name)?).ok_or_else(|| missing("a transaction")),
                }
            }
        }
    }
}
