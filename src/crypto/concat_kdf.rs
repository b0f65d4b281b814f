//! The key derivation of ECDH-ES: Concat KDF of NIST SP 800-56A over SHA-256 (RFC 7518 section 4.6.2).
//!
//! The rule: what is derived is bound to its algorithm, both parties and its length, each with its length before it.

use zeroize::Zeroizing;

use super::{Agreement, Digest, Hash};

/// Derives `length` bytes, at most 64, for the algorithm with the name `algorithm` from the agreed `secret`. `None` if
/// a part is longer than its length field can say.
pub(super) fn derive(
    secret: &[u8],
    algorithm: &str,
    agreement: &Agreement<'_>,
    length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).ok().map(u32::to_be_bytes);
    let bits = u32::try_from(length.checked_mul(8)?).ok()?.to_be_bytes();
    let (of_algorithm, of_u, of_v) = (size(algorithm.as_bytes())?, size(agreement.party_u)?, size(agreement.party_v)?);
    // Allocated once, so that no part of the key stays behind in a smaller buffer.
    let mut key = Zeroizing::new(Vec::with_capacity(length.checked_add(Hash::Sha256.length())?));
    for round in 1_u32.. {
        if key.len() >= length {
            break;
        }
        let digest = Digest::of(
            Hash::Sha256,
            &[
                &round.to_be_bytes(),
                secret,
                &of_algorithm,
                algorithm.as_bytes(),
                &of_u,
                agreement.party_u,
                &of_v,
                agreement.party_v,
                &bits,
            ],
        );
        key.extend_from_slice(digest.bytes());
    }
    key.truncate(length);
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7518 appendix C.
    const SECRET: [u8; 32] = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106,
        72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];

    #[test]
    fn the_example_of_the_standard_comes_out() {
        let agreement = Agreement { ephemeral: &[], party_u: b"Alice", party_v: b"Bob" };
        let key = derive(&SECRET, "A128GCM", &agreement, 16).unwrap();
        assert_eq!(*key, [86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26]);
    }

    #[test]
    fn a_name_moved_from_one_party_to_the_other_changes_the_key() {
        let of = |party_u: &[u8], party_v: &[u8]| {
            derive(&SECRET, "A128GCM", &Agreement { ephemeral: &[], party_u, party_v }, 16).unwrap()
        };
        assert_ne!(of(b"AliceB", b"ob"), of(b"Alice", b"Bob"));
        assert_ne!(of(b"", b"AliceBob"), of(b"AliceBob", b""));
    }

    #[test]
    fn a_longer_key_does_not_begin_with_the_shorter_one() {
        let agreement = Agreement { ephemeral: &[], party_u: b"", party_v: b"" };
        let short = derive(&SECRET, "A256CBC-HS512", &agreement, 32).unwrap();
        let long = derive(&SECRET, "A256CBC-HS512", &agreement, 64).unwrap();
        assert_eq!(long.len(), 64);
        assert!(!long.starts_with(&short));
    }
}
