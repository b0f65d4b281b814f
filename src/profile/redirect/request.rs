//! The address that a person is sent to. The rule: every value is escaped, and what the sender demands is there.

use super::super::{Profile, Scheme};
use crate::error::ConfigError;
use crate::wire::query::append;

/// How a sender spells the parameters of an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSpelling {
    /// `client_id`.
    pub client_id: &'static str,
    /// `redirect_uri`.
    pub redirect_uri: &'static str,
    /// Parameters of its own, without which it does not begin.
    pub demanded: &'static [&'static str],
}

impl RequestSpelling {
    /// As RFC 6749, section 4.1.1, has it.
    pub const RFC_6749: Self = Self { client_id: "client_id", redirect_uri: "redirect_uri", demanded: &[] };
}

/// What an authorization begins with.
#[derive(Debug, Clone, Copy)]
pub struct Begin<'a> {
    /// The sender's authorization page.
    pub at: &'a str,
    /// Who we are to it.
    pub client_id: &'a str,
    /// Where the person is to come back: the public address of the endpoint.
    pub redirect_uri: &'a str,
    /// The state that was issued for this.
    pub state: &'a str,
    /// Further parameters: what the sender demands, `code_challenge`, `scope`, `nonce`.
    pub more: &'a [(&'a str, &'a str)],
}

impl Profile {
    /// The address to send a person to, in the sender's spelling.
    ///
    /// # Errors
    /// The profile knows no redirect; or a parameter that the sender demands is not there, or one is there twice.
    pub fn authorization_url(&self, begin: &Begin<'_>) -> Result<String, ConfigError> {
        let Scheme::Redirect(scheme) = self.scheme() else {
            return Err(ConfigError::new("profile", "expected a sender of redirects, but found another"));
        };
        let spelling = scheme.request;
        let own = [
            ("response_type", "code"),
            ("state", begin.state),
            (spelling.redirect_uri, begin.redirect_uri),
            (spelling.client_id, begin.client_id),
        ];
        let given = |name: &str| begin.more.iter().any(|(known, value)| *known == name && !value.is_empty());
        if let Some(missing) = spelling.demanded.iter().find(|name| !given(name)) {
            return Err(ConfigError::new(
                "more",
                format!("expected {missing}, which this sender demands, but found none"),
            ));
        }
        let mut query = String::new();
        let mut known: Vec<&str> = Vec::new();
        for (name, value) in own.iter().chain(begin.more) {
            if known.contains(name) {
                return Err(ConfigError::new("more", format!("expected each parameter once, but found {name} twice")));
            }
            known.push(name);
            append(&mut query, name, value);
        }
        let joint = if begin.at.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{query}", begin.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin<'a>(more: &'a [(&'a str, &'a str)]) -> Begin<'a> {
        let redirect_uri = "https://tpp.example/back?a=b&c";
        Begin { at: "https://bank.example/authorize", client_id: "a b", redirect_uri, state: "AQ-_", more }
    }

    #[test]
    fn each_sender_gets_its_own_spelling_and_nothing_breaks_out_of_a_value() {
        let url = Profile::joompay().authorization_url(&begin(&[])).unwrap();
        assert_eq!(
            url,
            "https://bank.example/authorize?response_type=code&state=AQ-_\
             &redirectUri=https%3A%2F%2Ftpp.example%2Fback%3Fa%3Db%26c&clientId=a%20b"
        );
        let url = Profile::younify().authorization_url(&begin(&[("user_id", "72513"), ("bank_id", "1023")])).unwrap();
        assert!(
            url.contains("&redirect_uri=https%3A") && url.ends_with("&client_id=a%20b&user_id=72513&bank_id=1023"),
            "{url}"
        );
    }

    #[test]
    fn what_a_sender_demands_cannot_be_left_out_and_nothing_is_said_twice() {
        assert!(Profile::younify().authorization_url(&begin(&[("user_id", "1")])).is_err());
        assert!(Profile::younify().authorization_url(&begin(&[("user_id", "1"), ("bank_id", "")])).is_err());
        assert!(Profile::joompay().authorization_url(&begin(&[("state", "mine")])).is_err());
        assert!(Profile::joompay().authorization_url(&begin(&[("clientId", "other")])).is_err());
        assert!(Profile::worldline().authorization_url(&begin(&[])).is_err());
    }
}
