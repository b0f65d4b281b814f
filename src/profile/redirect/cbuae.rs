//! UAE Open Finance (CBUAE): the way back from a bank (LFI) where a consent was authorized.
//!
//! | fact | value | source |
//! |---|---|---|
//! | grant | the authorization code grant, and no other | standard, section 1.2.1 |
//! | request | pushed (PAR); `redirect_uri` and `state` stand in a signed request | section 3.1.1 |
//! | way back | the LFI returns an authorization code | section 3.6 |
//! | parameters | not shown | assumed: RFC 6749, sections 4.1.2 and 4.1.2.1 |
//! | `iss` | not shown | compared once it is configured (RFC 9207) |
//! | `response_type` | `code id_token` in the example of section 3.1.1 | see below |
//!
//! The answer to `code id_token` stands in the fragment of the address, which no server is sent (OAuth 2.0 Multiple Response
//! Type Encoding Practices, section 5). Ask for `code` alone, or have the page that gets the fragment hand it on.

use super::{Facts, RequestSpelling};
use crate::event::CallbackGrammar;

pub(super) fn facts() -> Facts {
    Facts {
        name: "cbuae-redirect",
        grammar: CallbackGrammar::OAuth,
        request: RequestSpelling::RFC_6749,
        code_lifetime: None,
    }
}
