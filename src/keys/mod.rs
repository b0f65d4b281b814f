//! Keys as operators hand them over: PEM, certificates and JSON Web Keys, bytes in and keys out.
//!
//! The rule: what is not exactly a key that this crate can use is refused when it is read, with all that came with
//! it; nothing is guessed, mended or looked up elsewhere.

mod certificate;
mod decryption;
mod decryption_file;
mod demo;
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
pub mod pem;
pub mod private;
mod private_jwk;
pub mod public;
mod ring;
mod set;
mod thumbprint;

pub use certificate::Certificate;
pub use decryption::{DecryptingKey, DecryptionKeys};
pub use decryption_file::read_decryption;
pub use demo::is_demo_key;
pub use encryption_file::read_encryption;
pub use error::KeyError;
pub use id::KeyId;
pub use jwk_writer::write_rsa;
pub use key::{Key, VerifyingKey};
pub use private::read_private;
pub use ring::KeyRing;
pub use set::KeySet;

#[cfg(test)]
mod fixtures;
