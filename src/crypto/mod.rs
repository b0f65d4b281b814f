//! The waist of cryptography: key, message and signature go in; unit or an error without detail comes out.
//!
//! One file, `backend.rs`, names the libraries. Everything that claims that something was verified rests on a
//! [`SignatureValid`], and only this module makes one.

mod algorithm;
mod backend;
mod digest;
mod public_key;
mod secret;
mod signing_key;
mod valid;

pub use algorithm::{Algorithm, Hash, KeyKind};
pub use backend::Backend;
pub use digest::{Digest, Sha256, random, sha1};
pub use public_key::{PublicKey, WeakKey};
pub use secret::{MacKey, Secret, TooShort};
pub use signing_key::{SigningKey, UnusableKey};
pub use valid::{BadSignature, SignatureValid};
