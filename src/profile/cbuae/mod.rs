//! UAE Open Finance (CBUAE): webhooks of the API Hub, versions 1.2 to 2.1.
//!
//! | fact | value | source |
//! |---|---|---|
//! | content | a JWS (PS256) inside of a JWE (RSA-OAEP-256, A256GCM), compact; claim `message` is the event | webhook template 2.1 |
//! | content type | `application/jwe`; `application/jwt` in 1.2 and 2.0 | webhook templates |
//! | types | inner `typ` `JWT` or absent, outer `cty` `JWT`; `typ` `JOSE` or `JWT` in `Authorization` | guides; absence assumed |
//! | claims | `iss`, `exp`, `nbf` and `message` demanded; `aud` one or many; an hour long in the guide's sample | webhook template 2.1, guide |
//! | `Authorization` | 1.2 and 2.0: a token signed for each request, which lives 10 to 30 seconds; not in 2.1, hence `if-present` | template 1.2, JWT Auth |
//! | id | `jti`, which the schema does not demand; or else the message itself | receiving-events guide; the latter assumed |
//! | retries | a message that is signed anew has other times and the same `message`, so that this alone is compared | assumed |
//! | which event | the one id in `Meta`, and `PaymentId` or `EventResource` for a payment | the same |
//! | `Data` | left out when the resource was deleted; may be anything before 2.1 | the same |
//! | answer | 202, empty; 204 in 1.2 and 2.0 | the same, developer guide |
//! | correlation | `x-fapi-interaction-id`, a UUID, to be sent back | webhook guides |
//! | errors | `{"Errors": [{Code, Message}]}` as a signed JWT for 400, 403 and 500, otherwise no body | webhook template 2.1 |
//! | 422 | not in the template; with a document, as a 400 has | assumed |
//! | without a key to sign replies | no body: an unsigned one would break the contract | assumed |

mod decode;
mod dialect;
mod reply_signer;

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::{
    Authorization, ClaimRules, Demand, Form, Fresh, Identification, Jose, Nesting, Presence, Profile, Route, Scheme,
    Types,
};
use crate::crypto::Algorithm;

pub use reply_signer::{ReplySigner, UnfitSigner};

/// The header of a request that its answer repeats.
const INTERACTION_ID: &str = "x-fapi-interaction-id";
/// The claim that holds the event, and that no token for another place has.
const MESSAGE: &str = "message";
/// The guide's sample lives for an hour; what lives for a day was not made for one delivery.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// A token in `Authorization` is advised to live for 30 seconds at most.
const CALLER_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Neither a schedule nor a limit of retries is published.
const RETRY_HORIZON: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn profile() -> Profile {
    let mut route = Route::root();
    // A copy may come under a token of its own, with another `jti` or without one: the message says what it is.
    route.refuse_same_body = true;
    Profile {
        name: "cbuae".into(),
        scheme: Scheme::Jose(Box::new(scheme())),
        routes: vec![route],
        identification: Identification::Claim { name: "jti".into(), required: false },
        fresh: Fresh::Expiry,
        tolerance: Duration::ZERO,
        retry_horizon: RETRY_HORIZON,
        answer_within: ANSWER_WITHIN,
        success: StatusCode::ACCEPTED,
        content_types: vec!["application/jwe", "application/jwt"],
        wants_api_key: false,
        algorithm: Some(Algorithm::Ps256),
        decoder: Arc::new(decode::Decoder),
        dialect: Arc::new(dialect::Errors::new(None)),
        demo_signer: false,
        tokens_for_others: false,
        unread: None,
    }
}

fn scheme() -> Jose {
    let event = ClaimRules {
        nbf: Demand::Required,
        required: vec!["iss".into(), MESSAGE.into()],
        max_lifetime: LIFETIME,
        ..ClaimRules::default()
    };
    let caller = ClaimRules {
        iat: Demand::Required,
        required: ["iss", "sub", "aud"].map(Into::into).to_vec(),
        refused: vec![MESSAGE.into()],
        max_lifetime: CALLER_LIFETIME,
        ..ClaimRules::default()
    };
    let mut scheme = Jose::new(Form::Body, Some(event));
    scheme.nesting = Nesting::JweOfJws;
    scheme.typ = Types { accepted: vec!["JWT".into()], may_be_absent: true };
    let typ = Types { accepted: vec!["JOSE".into(), "JWT".into()], may_be_absent: true };
    scheme.authorization = Some(Authorization { presence: Presence::IfPresent, typ, claims: caller });
    scheme
}

impl Profile {
    /// Signs the error documents of this sender, which have no body otherwise.
    #[must_use]
    pub fn with_reply_signer(mut self, signer: ReplySigner) -> Self {
        self.demo_signer = signer.is_demo();
        self.dialect = Arc::new(dialect::Errors::new(Some(Arc::new(signer))));
        self
    }
}
