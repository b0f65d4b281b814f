//! Identifiers that promise another key than they bring.
//!
//! The rule: each type is tested with the parameters of the others.

use der::{Decode, Tag};

use super::*;
use crate::keys::fixtures::{EC as EC_TYPE, ED25519 as ED_TYPE, NULL, PSS as PSS_TYPE, RSA as RSA_TYPE, oid, tlv};

const P256_NAME: &str = "1.2.840.10045.3.1.7";

fn of(kind: &str, parameters: &[u8]) -> Result<Identified, KeyError> {
    let der = tlv(Tag::Sequence, &[&oid(kind), parameters]);
    identify(&AlgorithmIdentifierRef::from_der(&der).unwrap())
}

/// `RSASSA-PSS-params`; a number stands for SHA-2 with that OID's last arc.
fn params(hash: &str, inner: &str, salt: u8) -> Vec<u8> {
    let explicit = |number: u8, der: &[u8]| [&[0xa0 | number, u8::try_from(der.len()).unwrap()], der].concat();
    let hash = explicit(0, &tlv(Tag::Sequence, &[&oid(hash), NULL]));
    let inner = tlv(Tag::Sequence, &[&oid(inner), NULL]);
    let mask = explicit(1, &tlv(Tag::Sequence, &[&oid("1.2.840.113549.1.1.8"), &inner]));
    tlv(Tag::Sequence, &[&hash, &mask, &explicit(2, &[2, 1, salt])])
}

#[test]
fn a_key_of_an_unknown_type_is_refused_by_name() {
    let dsa = of("1.2.840.10040.4.1", &[]).unwrap_err().to_string();
    assert_eq!(dsa, "expected an RSA, EC or Ed25519 key, but found one of type DSA");
    for kind in ["1.3.101.110", "1.3.101.111", "1.3.101.113", "1.2.3.4"] {
        assert!(of(kind, &[]).is_err());
    }
    let other = of("1.2.3.4", &[]).unwrap_err().to_string();
    assert_eq!(other, "expected an RSA, EC or Ed25519 key, but found one of type 1.2.3.4");
}

#[test]
fn a_foreign_curve_is_refused_by_name() {
    let koblitz = of(EC_TYPE, &oid("1.3.132.0.10")).unwrap_err().to_string();
    assert_eq!(koblitz, "expected the curve P-256, P-384 or P-521, but found secp256k1");
}

#[test]
fn a_curve_with_explicit_parameters_is_refused() {
    let explicit = tlv(Tag::Sequence, &[&[2, 1, 1]]);
    for parameters in [&explicit[..], NULL, &[]] {
        assert!(of(EC_TYPE, parameters).is_err(), "{parameters:?}");
    }
    assert_eq!(of(EC_TYPE, &oid(P256_NAME)), Ok(Identified::Kind(KeyKind::P256)));
}

#[test]
fn parameters_of_another_type_are_refused() {
    for parameters in [&oid(P256_NAME)[..], &[]] {
        assert!(of(RSA_TYPE, parameters).is_err());
    }
    for parameters in [&oid(P256_NAME)[..], NULL] {
        assert!(of(ED_TYPE, parameters).is_err());
        assert!(of(PSS_TYPE, parameters).is_err());
    }
}

#[test]
fn rsassa_pss_is_never_used_for_pkcs1_signatures() {
    let open = of(PSS_TYPE, &[]).unwrap();
    assert_eq!(open.algorithm(None), Ok(Algorithm::Ps256));
    assert_eq!(open.algorithm(Some(Algorithm::Ps512)), Ok(Algorithm::Ps512));
    for other in [Algorithm::Rs256, Algorithm::Rs512, Algorithm::Es256, Algorithm::Hs256] {
        assert!(open.algorithm(Some(other)).is_err(), "{other}");
    }
}

#[test]
fn rsassa_pss_with_parameters_has_one_algorithm() {
    let sha = |last| format!("2.16.840.1.101.3.4.2.{last}");
    for (last, salt, algorithm) in [(1, 32, Algorithm::Ps256), (2, 48, Algorithm::Ps384), (3, 64, Algorithm::Ps512)] {
        let bound = of(PSS_TYPE, &params(&sha(last), &sha(last), salt)).unwrap();
        assert_eq!(bound, Identified::Only(algorithm));
        assert_eq!(bound.algorithm(Some(algorithm)), Ok(algorithm));
        assert!(bound.algorithm(Some(Algorithm::Rs256)).is_err());
    }
    assert!(Identified::Only(Algorithm::Ps384).algorithm(Some(Algorithm::Ps256)).is_err());
}

#[test]
fn rsassa_pss_with_sha1_another_mask_or_another_salt_is_refused() {
    let (sha1, sha256, sha512) = ("1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.3");
    for (hash, inner, salt) in [(sha1, sha1, 20), (sha256, sha1, 32), (sha256, sha512, 32), (sha256, sha256, 20)] {
        assert!(of(PSS_TYPE, &params(hash, inner, salt)).is_err(), "{hash} {inner} {salt}");
    }
    // Everything left out: SHA-1.
    assert!(of(PSS_TYPE, &tlv(Tag::Sequence, &[])).is_err());
}

#[test]
fn no_key_has_an_algorithm_of_another_kind() {
    for kind in [KeyKind::Rsa, KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Ed25519] {
        for algorithm in Algorithm::ALL.iter().copied() {
            let chosen = Identified::Kind(kind).algorithm(Some(algorithm));
            assert_eq!(chosen.is_ok(), kind.takes(algorithm), "{algorithm} {kind:?}");
        }
    }
}
