//! The waist of cryptography: key, message and signature go in; unit or an error without detail comes out.
//!
//! One folder, `backend/`, names the libraries. Everything that claims that something was verified rests on a
//! [`SignatureValid`], and only this module makes one. Decryption makes none: what is decrypted is not yet anybody's.

mod algorithm;
mod backend;
mod concat_kdf;
mod content;
mod decryption_key;
mod digest;
mod encrypted;
mod encryption;
mod encryption_key;
mod private_info;
mod public_key;
mod secret;
mod signing_key;
mod valid;

pub use algorithm::{Algorithm, Hash, KeyKind, UnknownAlgorithm};
pub use backend::Backend;
pub use decryption_key::{DecryptionKey, DecryptionKind, UnusableDecryptionKey};
pub use digest::{Digest, Sha256, random, sha1};
pub use encrypted::{Agreement, Encrypted, Undecryptable};
pub use encryption::{ContentEncryption, KeyManagement, UnknownEncryption};
pub use encryption_key::{EncryptionKey, Sealed, Unencryptable};
pub use public_key::{PublicKey, WeakKey};
pub use secret::{MacKey, Secret, TooShort};
pub use signing_key::{SigningKey, UnusableKey};
pub use valid::{BadSignature, SignatureValid};

#[cfg(test)]
mod oaep_tests;
