//! Compact JOSE as text: JWS (RFC 7515), JWE (RFC 7516), their headers, and the claims of a JWT (RFC 7519).
//!
//! The rule: exactly the compact serialisation and nothing else. What a header may ask for beyond naming a key, an
//! algorithm and a type is refused here, before anybody can act on it: keys and addresses of keys, compression,
//! extensions that nobody understands.

mod claims;
mod compact;
mod header;
mod jwe;
mod jws;
mod object;

pub use claims::{Claim, ClaimSet};
pub use header::{EphemeralKey, JoseHeader};
pub use jwe::CompactJwe;
pub use jws::CompactJws;
pub use object::JoseObject;

/// Largest protected header, in characters of base64url.
pub const LARGEST_HEADER: usize = 4096;
/// Largest token in an HTTP header, in bytes.
pub const LARGEST_TOKEN: usize = 16 * 1024;
