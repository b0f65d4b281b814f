//! How Tribe signs: the body alone, beside an API key and, for most actions, the token of a user.

use super::craft::{Crafted, Headers, named};
use super::signer::Signer;
use crate::wire::encoding::Encoding;

const API_KEY: &str = include_str!("../../../keys/tribe/api-key");
const USER_TOKEN: &str = "demo-user-token-of-nobody";

pub(super) fn headers(crafted: &Crafted, signer: &Signer, action: &str) -> Result<Headers, String> {
    let signature = Encoding::Base64.encode(&crafted.signature(signer, &crafted.body)?);
    let mut headers =
        vec![("x-api-key", API_KEY.trim()), ("x-request-id", crafted.request_id()), ("x-signature", &signature)];
    if !crafted.body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    if crate::event::tribe::needs_user(action) {
        headers.push(("x-auth-token", USER_TOKEN));
    }
    Ok(named(&headers))
}
