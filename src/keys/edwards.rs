//! Which 32 bytes are not taken as an Ed25519 key (RFC 8032 section 5.1.3).
//!
//! The rule: a key under which a signature needs no private key is not a key, and each key has one encoding.

use super::error::KeyError;

/// The y coordinates of the points of small order, little-endian; the sign bit does not matter. The first has order
/// 4, the second is the neutral element, the third has order 2, the others have order 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// Refuses what is not 32 bytes, a point of small order, and a coordinate of 2^255 - 19 or more.
pub(super) fn check(key: &[u8]) -> Result<(), KeyError> {
    let bytes: [u8; 32] =
        key.try_into().map_err(|_| KeyError::expected("32 bytes of an Ed25519 key", format_args!("{}", key.len())))?;
    let [low, middle @ .., high] = bytes;
    let high = high & 0x7f;
    if low >= 0xed && high == 0x7f && middle.iter().all(|byte| *byte == 0xff) {
        return Err(KeyError::expected("the canonical encoding of an Ed25519 key", "another"));
    }
    let is_small = |point: &[u8; 32]| {
        let [point_low, point_middle @ .., point_high] = point;
        (*point_low, point_middle, *point_high) == (low, &middle, high)
    };
    if SMALL_ORDER.iter().any(is_small) {
        return Err(KeyError::expected("an Ed25519 key of full order", "a point of small order"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_small_order_is_refused_with_either_sign() {
        for mut point in SMALL_ORDER {
            assert!(check(&point).is_err(), "{point:02x?}");
            point[31] |= 0x80;
            assert!(check(&point).is_err(), "{point:02x?}");
        }
    }

    #[test]
    fn a_coordinate_beyond_the_field_is_refused() {
        for low in 0xed..=0xff {
            let mut point = [0xff; 32];
            point[0] = low;
            assert!(check(&point).is_err());
            point[31] = 0x7f;
            assert!(check(&point).is_err());
        }
    }

    #[test]
    fn another_length_is_refused() {
        assert!(check(&[9; 31]).is_err());
        assert!(check(&[9; 33]).is_err());
        assert!(check(&[9; 32]).is_ok());
    }
}
