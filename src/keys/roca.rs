//! RSA keys of a library whose primes can be guessed from the modulus (CVE-2017-15361, "ROCA").
//!
//! The rule: a key that bears the mark is refused, whatever its size; whoever has the public half has the private one.

use der::asn1::UintRef;
use der::{Decode, Reader, SliceReader};

use super::error::KeyError;

/// Every prime of a marked key is a power of this, modulo each of [`PRIMES`]; and so then is the modulus.
const GENERATOR: u32 = 65_537;
/// One honest modulus in a hundred million looks marked by chance.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Refuses an `RSAPublicKey` (RFC 8017 appendix A.1.1) that bears the mark. What is no such key is left to others.
pub(super) fn check(pkcs1: &[u8]) -> Result<(), KeyError> {
    let modulus = SliceReader::new(pkcs1).and_then(|mut reader| {
        reader.sequence(|inner: &mut SliceReader<'_>| {
            let modulus = UintRef::decode(inner)?;
            UintRef::decode(inner).map(|_| modulus)
        })
    });
    match modulus {
        Ok(modulus) if is_marked(modulus.as_bytes()) => {
            Err(KeyError::expected("an RSA key of random primes", "one whose primes can be guessed (CVE-2017-15361)"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn is_marked(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| is_power(residue(modulus, prime), prime))
}

/// `number`, big-endian, modulo `prime`.
fn residue(number: &[u8], prime: u32) -> u32 {
    // Below 168 * 256 at any time.
    number.iter().fold(0, |rest: u32, byte| {
        rest.wrapping_mul(256).wrapping_add(u32::from(*byte)).checked_rem(prime).unwrap_or_default()
    })
}

/// Whether `number` is a power of the generator, modulo `prime`.
fn is_power(number: u32, prime: u32) -> bool {
    let generator = GENERATOR.checked_rem(prime).unwrap_or_default();
    let powers = std::iter::successors(Some(1_u32), |power| power.wrapping_mul(generator).checked_rem(prime));
    powers.take(prime as usize).any(|power| power == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_the_generator_is_marked_and_its_neighbour_is_not() {
        let marked = 65_537_u128.pow(6).to_be_bytes();
        assert!(is_marked(&marked));
        for more in [2, 4, 6, 8] {
            assert!(!is_marked(&(65_537_u128.pow(6) + more).to_be_bytes()), "{more}");
        }
    }

    #[test]
    fn an_honest_key_is_not_marked() {
        assert_eq!(check(super::super::fixtures::rsa().public_key_raw()), Ok(()));
        assert_eq!(check(b"no key"), Ok(()));
    }

    #[test]
    fn bytes_that_are_no_number_of_those_primes_leave_their_rest() {
        assert_eq!(residue(&[1, 0, 0], 167), 65_536 % 167);
        assert!(is_power(1, 3) && !is_power(0, 3));
    }
}
