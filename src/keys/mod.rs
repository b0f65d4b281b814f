//! Keys as operators hand them over: PEM, certificates and JSON Web Keys, bytes in and keys out.
//!
//! The rule: what is not exactly a key that this crate can use is refused when it is read, with all that came with
//! it; nothing is guessed, mended or looked up elsewhere.

mod asking;
mod certificate;
mod decryption;
mod decryption_file;
mod demo;
mod distrust;
mod edwards;
mod encryption_file;
mod error;
pub mod file;
mod id;
mod identifier;
pub mod jwk;
mod jwk_member;
mod jwk_writer;
mod key;
mod key_ring;
pub mod pem;
pub mod private;
mod private_jwk;
pub mod public;
mod roca;
mod set;
mod thumbprint;

pub use certificate::Certificate;
pub use decryption::{DecryptingKey, DecryptionKeys};
pub use decryption_file::read_decryption;
pub use demo::is_demo_key;
pub(crate) use distrust::Distrust;
pub use encryption_file::read_encryption;
pub use error::KeyError;
pub use id::KeyId;
pub use jwk_writer::write_rsa;
pub use key::{Key, VerifyingKey};
pub(crate) use key_ring::KeyRule;
pub use key_ring::{Held, Keeper, KeyRing, Renewal, StaleKeys, Standing};
pub use private::read_private;
pub use set::KeySet;

#[cfg(test)]
mod fixtures;
