//! The content of a JWE: AES-GCM (RFC 7518 section 5.3), and AES-CBC with HMAC (section 5.2).
//!
//! The rule: the tag decides, and before it nothing of the content is looked at, least of all its padding.

use super::backend::{self, ciphers};
use super::{ContentEncryption, Encrypted, Hash, Undecryptable};

/// One block of AES, in bytes.
const BLOCK: usize = 16;

/// Decrypts the content with the content key `key`. The result is never longer than the ciphertext: nothing is
/// decompressed.
pub(super) fn open(key: &[u8], message: &Encrypted<'_>) -> Result<Vec<u8>, Undecryptable> {
    if key.len() != message.encryption.key_length() || !has_right_lengths(message) {
        return Err(Undecryptable);
    }
    match message.encryption {
        ContentEncryption::A128Gcm | ContentEncryption::A256Gcm => {
            ciphers::gcm_open(key, message.iv, message.additional_data, message.ciphertext, message.tag)
                .ok_or(Undecryptable)
        }
        ContentEncryption::A128CbcHs256 => open_cbc(Hash::Sha256, key, message),
        ContentEncryption::A256CbcHs512 => open_cbc(Hash::Sha512, key, message),
    }
}

/// Whether the initialization vector and the tag have the one length that they may have: a tag cut short is a tag that
/// can be guessed.
pub(super) fn has_right_lengths(message: &Encrypted<'_>) -> bool {
    message.iv.len() == message.encryption.iv_length() && message.tag.len() == message.encryption.tag_length()
}

fn open_cbc(hash: Hash, key: &[u8], message: &Encrypted<'_>) -> Result<Vec<u8>, Undecryptable> {
    let (mac_key, encryption_key) = key.split_at_checked(key.len() / 2).ok_or(Undecryptable)?;
    let mac = cbc_mac(hash, mac_key, message)?;
    let tag = mac.get(..message.tag.len()).ok_or(Undecryptable)?;
    backend::equal(tag, message.tag).map_err(|_| Undecryptable)?;
    #[cfg(test)]
    tests::DECRYPTED.with(|count| count.set(count.get() + 1));
    if message.ciphertext.is_empty() || !message.ciphertext.len().is_multiple_of(BLOCK) {
        return Err(Undecryptable);
    }
    ciphers::cbc_decrypt(encryption_key, message.iv, message.ciphertext).ok_or(Undecryptable)
}

/// HMAC over the additional data, the vector, the ciphertext and the length of the additional data in bits; uncut.
pub(super) fn cbc_mac(hash: Hash, mac_key: &[u8], message: &Encrypted<'_>) -> Result<Vec<u8>, Undecryptable> {
    let bits = u64::try_from(message.additional_data.len()).ok().and_then(|length| length.checked_mul(8));
    let bits = bits.ok_or(Undecryptable)?.to_be_bytes();
    let mac_key = backend::mac_key(hash, mac_key);
    Ok(backend::mac(&mac_key, &[message.additional_data, message.iv, message.ciphertext, &bits]))
}

#[cfg(test)]
#[path = "content_tests.rs"]
mod tests;
