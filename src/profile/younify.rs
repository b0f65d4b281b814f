//! Younify's words for a refusal: `{code, description}`, for endpoints that choose them. The rule: a code of Younify's own
//! tables, and none that tells two failures of authentication apart.
//!
//! | fact | source |
//! |---|---|
//! | the document has a number `code` and a text `description` | Younify PSD2 API, "Response Format" |
//! | -1 exception, -2 authentication missing, -3 access token invalid | "Technical Errors" |
//! | 1000 not readable, 1001 missing, 1002 invalid, 1003 too long, 1004 duplicated | "Application Errors" |
//! | the field at fault stands in the description | "Application Errors" |
//!
//! Younify answers 403 where authentication fails. An endpoint of ours answers 401, as all do, always with -3: -2 would
//! tell a sender whose key is unknown from one whose signature is wrong.

use serde_json::json;

use super::{Answer, Context, Dialect, Told};

/// Younify's words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Younify;

impl Dialect for Younify {
    fn refusal(&self, told: Told, _context: Context<'_>) -> Answer {
        let invalid = |field| (1002, format!("Field {field} does not have a valid format or has an unknown value."));
        let (code, description) = match told {
            Told::NotAuthenticated => (-3, "Invalid access token.".to_owned()),
            Told::Unavailable | Told::Failed | Told::Upstream | Told::TooMany => {
                (-1, "Exception processing request.".to_owned())
            }
            Told::Malformed | Told::Timeout | Told::Version | Told::Undecodable => {
                (1000, "Failed to parse request parameters/body.".to_owned())
            }
            Told::RequestId => invalid("id"),
            Told::NotFound => invalid("path"),
            Told::Method => invalid("method"),
            Told::Expectation => invalid("expect"),
            Told::Coding => invalid("transfer-encoding"),
            Told::ContentType => invalid("content-type"),
            Told::HeadTooLarge => (1003, "Field header exceeds limit.".to_owned()),
            Told::TooLarge => (1003, "Field body exceeds limit.".to_owned()),
            Told::Conflict => (1004, "Field id has a duplicated value.".to_owned()),
        };
        Answer::json(told.status(), &json!({"code": code, "description": description}))
    }
}
