//! A digest comes with the message that it is of: with another's, a signature would vouch for what nobody signed.

use countersign::crypto::{BadSignature, Digest, PublicKey, SignatureValid};

fn forge(key: &PublicKey, digest: &Digest, signature: &[u8]) -> Result<SignatureValid, BadSignature> {
    key.verify_hashed(b"never signed", digest, signature)
}

fn main() {}
