//! Sets of JSON Web Keys as an attacker or a careless sender writes them.
//!
//! The rule: one bad key spoils the set; each refusal starts from a set that is taken.

use super::*;
use crate::keys::fixtures::{EDWARDS, MODULUS, X, Y};
use crate::wire::encoding::Encoding;

fn rsa(more: &str) -> String {
    format!(r#"{{"kty":"RSA","n":"{MODULUS}","e":"AQAB"{more}}}"#)
}

fn ec(more: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{Y}"{more}}}"#)
}

fn okp(more: &str) -> String {
    format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{EDWARDS}"{more}}}"#)
}

fn oct(more: &str) -> String {
    format!(r#"{{"kty":"oct","k":"{}"{more}}}"#, Encoding::Base64Url.encode(&[7; 32]))
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn read(text: &str) -> Result<Vec<Key>, KeyError> {
    read_set(Backend::AwsLc, text.as_bytes(), None)
}

#[track_caller]
fn refused(text: &str, why: &str) {
    let error = read(text).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

fn demand(text: &str, algorithm: Algorithm) -> Result<Vec<Algorithm>, KeyError> {
    Ok(read_set(Backend::AwsLc, text.as_bytes(), Some(algorithm))?.iter().map(Key::algorithm).collect())
}

#[test]
fn a_key_and_a_set_of_each_kind_are_taken() {
    let keys = read(&set(&[rsa(r#","kid":"2011-04-29""#), ec(""), okp("")])).unwrap();
    let algorithms: Vec<_> = keys.iter().map(Key::algorithm).collect();
    assert_eq!(algorithms, [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]);
    assert_eq!(keys[0].id().as_str(), "2011-04-29");
    assert_eq!(keys[2].id().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    assert_eq!(read(&rsa("")).unwrap()[0].id().as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert!(read(&oct("")).unwrap()[0].is_symmetric());
}

#[test]
fn a_private_member_spoils_the_set() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        for value in ["\"AQAB\"", "null", "\"\"", "[]"] {
            let member = format!(",{name:?}:{value}");
            for key in [rsa(&member), ec(&member), okp(&member)] {
                refused(&set(&[okp(r#","kid":"good""#), key.clone()]), "a private key (member");
                refused(&key, &format!("{name:?}"));
            }
        }
    }
    refused(&set(&[okp(""), rsa(r#","use":"enc","d":"AQAB""#)]), "a private key");
}

#[test]
fn two_keys_of_one_kid_are_refused() {
    let same = r#","kid":"a""#;
    refused(&set(&[rsa(same), ec(same)]), "one key of each \"kid\", but found \"a\" twice");
    refused(&set(&[rsa(same), ec(r#","kid":"\u0061","use":"enc""#)]), "twice");
    assert!(read(&set(&[rsa(same), ec(r#","kid":"A""#)])).is_ok());
}

#[test]
fn a_repeated_member_is_refused() {
    refused(&rsa(r#","kty":"RSA""#), "repeated member");
    refused(&rsa(r#","e":"Aw""#), "repeated member");
    refused(&rsa(r#","\u006b\u0069d":"a","kid":"b""#), "repeated member");
    refused(&format!(r#"{{"keys":[],"keys":[{}]}}"#, rsa("")), "repeated member");
}

#[test]
fn a_secret_among_public_keys_is_refused() {
    refused(&set(&[rsa(""), oct("")]), "either shared secrets or public keys");
    refused(&set(&[rsa(r#","use":"enc""#), oct("")]), "either shared secrets or public keys");
    refused(&rsa(r#","k":"AAAA""#), "a shared secret (member \"k\")");
}

#[test]
fn a_coordinate_of_another_length_is_refused() {
    let zero = Encoding::Base64Url.encode(&[0; 33]);
    for other in ["AAAA", &zero, ""] {
        refused(&ec("").replace(X, other), "\"x\"");
        refused(&ec("").replace(Y, other), "\"y\"");
        assert!(read(&okp("").replace(EDWARDS, other)).is_err());
    }
    refused(&ec("").replace("P-256", "P-384"), "\"x\" of 48 bytes, but found 32");
}

#[test]
fn a_point_off_the_curve_is_refused() {
    assert!(read(&ec("").replace(Y, X)).is_err());
    let zero = Encoding::Base64Url.encode(&[0; 32]);
    assert!(read(&ec("").replace(X, &zero).replace(Y, &zero)).is_err());
    refused(&okp("").replace(EDWARDS, &zero), "small order");
}

#[test]
fn a_weak_rsa_key_is_refused() {
    refused(&rsa("").replace("AQAB", "Aw"), "odd RSA exponent");
    refused(&rsa("").replace("AQAB", "AQ"), "odd RSA exponent");
    for bytes in [64, 128, 192] {
        let short = Encoding::Base64Url.encode(&vec![0xff; bytes]);
        refused(&rsa("").replace(MODULUS, &short), "2048 to 8192 bits");
    }
    refused(&rsa("").replace(MODULUS, &Encoding::Base64Url.encode(&[0xff; 2048])), "found one of 16384");
}

#[test]
fn a_number_with_a_leading_zero_is_refused() {
    refused(&rsa("").replace("AQAB", "AAEAAQ"), "\"e\" in its fewest bytes");
}

#[test]
fn base64_in_another_spelling_is_refused() {
    for other in ["AQAB=", "AQAB====", "AQ AB", "AQAB\\n", "AQ+B", "A", ""] {
        refused(&rsa("").replace("AQAB", other), "\"e\" in unpadded base64url");
    }
    refused(&okp("").replace(EDWARDS, &EDWARDS.replace("URo", "URp")), "\"x\"");
    refused(&rsa("").replace("\"AQAB\"", "65537"), "\"e\" to be a string");
    refused(&rsa("").replace(r#","e":"AQAB""#, ""), "a member \"e\", but found none");
}

#[test]
fn a_short_or_empty_secret_is_refused() {
    refused(r#"{"kty":"oct","k":"AAAA"}"#, "at least 16 bytes, but found 3");
    refused(&format!(r#"{{"kty":"oct","k":"{}"}}"#, "A".repeat(42)), "at least 32 bytes for HS256, but found 31");
    refused(&oct(r#","alg":"HS384""#), "at least 48 bytes for HS384, but found 32");
    refused(&oct(r#","alg":"HS512""#), "at least 64 bytes for HS512, but found 32");
    refused(r#"{"kty":"oct","k":""}"#, "\"k\"");
    refused(r#"{"kty":"oct"}"#, "\"k\"");
}

#[test]
fn a_key_for_another_use_is_passed_over() {
    let enc = r#"{"kty":"OKP","crv":"X25519","x":"AAAA","use":"enc","alg":"ECDH-ES"}"#.to_owned();
    assert_eq!(read(&set(&[enc.clone(), rsa(r#","use":"sig""#)])).unwrap().len(), 1);
    assert_eq!(read(&set(&[rsa(r#","key_ops":["encrypt"]"#), ec(r#","key_ops":["verify"]"#)])).unwrap().len(), 1);
    refused(&enc, "a key to verify signatures with, but found none in the set");
    refused(&rsa(r#","key_ops":[]"#), "none in the set");
}

#[test]
fn a_real_set_with_keys_for_encryption_is_taken() {
    let x25519 = r#"{"kty":"OKP","crv":"X25519","x":"AAAA","use":"enc","alg":"ECDH-ES+A256KW","kid":"x"}"#.to_owned();
    let p256 = ec(r#","use":"enc","alg":"ECDH-ES","kid":"p""#);
    let unknown = r#"{"kty":"AKP","alg":"ML-KEM-768","pub":"AAAA","use":"enc","kid":"u"}"#.to_owned();
    for alg in ["RSA-OAEP-256", "RSA-OAEP", "RSA1_5", "RSA-OAEP-512"] {
        let encrypts = rsa(&format!(r#","use":"enc","alg":{alg:?},"kid":"e""#));
        let signs = rsa(r#","use":"sig","alg":"PS256","kid":"s""#);
        let all = set(&[encrypts, x25519.clone(), p256.clone(), unknown.clone(), signs]);
        let keys = read(&all).unwrap();
        assert_eq!(keys.iter().map(|key| key.id().as_str()).collect::<Vec<_>>(), ["s"]);
        assert_eq!(demand(&all, Algorithm::Ps256).unwrap(), [Algorithm::Ps256]);
    }
    assert_eq!(read(&set(&[rsa(r#","alg":"RSA-OAEP","key_ops":["encrypt","wrapKey"]"#), ec("")])).unwrap().len(), 1);
}

#[test]
fn an_unknown_use_is_refused() {
    for more in [r#","use":"SIG""#, r#","use":"""#, r#","use":["sig"]"#, r#","key_ops":"verify""#, r#","use":null"#] {
        assert!(read(&rsa(more)).is_err(), "{more}");
    }
}

#[test]
fn the_alg_of_a_key_binds_it() {
    assert_eq!(demand(&rsa(""), Algorithm::Ps512).unwrap(), [Algorithm::Ps512]);
    assert_eq!(read(&rsa(r#","alg":"PS256""#)).unwrap()[0].algorithm(), Algorithm::Ps256);
    let both = set(&[rsa(r#","alg":"RS256","kid":"a""#), rsa(r#","alg":"PS256","kid":"b""#)]);
    assert_eq!(demand(&both, Algorithm::Ps256).unwrap(), [Algorithm::Ps256]);
    let error = demand(&rsa(r#","alg":"RS256""#), Algorithm::Ps256).unwrap_err().to_string();
    assert_eq!(error, "expected a key to verify PS256 signatures with, but found none in the set");
}

#[test]
fn an_alg_that_does_not_fit_the_key_is_refused() {
    refused(&ec(r#","alg":"RS256""#), "a key for RS256, but found a key of kind P-256");
    refused(&rsa(r#","alg":"HS256""#), "a key for HS256, but found a key of kind RSA");
    refused(&oct(r#","alg":"RS256""#), "HS256, HS384 or HS512");
    for alg in ["none", "None", "rs256", "RS256 ", "", "RSA-OAEP", "ES256K"] {
        refused(&rsa(&format!(",\"alg\":{alg:?}")), "\"alg\" of RFC 7518");
    }
    assert!(demand(&ec(""), Algorithm::Rs256).is_err());
    assert!(demand(&oct(""), Algorithm::Rs256).is_err());
    assert!(demand(&rsa(""), Algorithm::Hs256).is_err());
}

#[test]
fn an_unknown_type_or_curve_spoils_the_set() {
    for kty in ["rsa", "EC2", "AKP", "OCT", ""] {
        refused(&set(&[okp(""), format!(r#"{{"kty":{kty:?},"kid":"x"}}"#)]), "\"kty\" RSA, EC, OKP or oct");
    }
    refused(&ec("").replace("P-256", "secp256k1"), "\"crv\" P-256, P-384 or P-521, but found \"secp256k1\"");
    refused(&okp("").replace("Ed25519", "Ed448"), "\"crv\" Ed25519");
    refused(r#"{"keys":[{}]}"#, "a member \"kty\", but found none in key 1 of the set");
}

/// A bank that adds such a key takes an older one out by the same answer.
#[test]
fn a_key_that_cannot_be_for_the_wanted_algorithm_does_not_keep_the_others_from_changing() {
    let akp = r#"{"kty":"AKP","alg":"ML-DSA-65","pub":"AAAA","kid":"quantum"}"#.to_owned();
    let koblitz = ec(r#","kid":"k""#).replace("P-256", "secp256k1");
    for other in [ec(""), okp(""), akp.clone(), koblitz, rsa(r#","alg":"RSA-OAEP""#), r#"{"kty":"new"}"#.to_owned()] {
        assert_eq!(demand(&set(&[other.clone(), rsa(r#","kid":"a""#)]), Algorithm::Ps256), Ok(vec![Algorithm::Ps256]));
        let error = demand(&other, Algorithm::Ps256).unwrap_err().to_string();
        assert_eq!(error, "expected a key to verify PS256 signatures with, but found none in the set");
    }
    assert_eq!(demand(&set(&[rsa(""), ec(r#","kid":"a""#)]), Algorithm::Es256), Ok(vec![Algorithm::Es256]));
    // What could be for it, and is not as it should be, spoils the set as before, and so does what must never be there.
    let weak = rsa(r#","kid":"a""#).replace(MODULUS, &Encoding::Base64Url.encode(&[0xff; 128]));
    for bad in [
        weak,
        ec(r#","alg":"PS256""#),
        akp.replace("pub", "priv"),
        akp.replace("pub", "k"),
        r#"{"alg":7}"#.to_owned(),
        "{}".to_owned(),
    ] {
        assert!(demand(&set(&[rsa(""), bad.clone()]), Algorithm::Ps256).is_err(), "{bad}");
    }
}

#[test]
fn a_key_elsewhere_is_never_used() {
    refused(r#"{"kty":"RSA","x5c":["MIIB"],"x5u":"https://evil.example/"}"#, "\"n\"");
    let more = r#","x5u":"https://evil.example/","jku":"file:///etc/passwd","x5c":"garbage""#;
    assert_eq!(read(&rsa(more)).unwrap()[0].sha256_spki(), read(&rsa("")).unwrap()[0].sha256_spki());
}

#[test]
fn a_kid_that_is_no_name_is_refused() {
    for kid in [r#""""#, "7", "null", r#""a\nb""#, r#""\u0000""#, &format!("{:?}", "k".repeat(513))] {
        assert!(read(&rsa(&format!(",\"kid\":{kid}"))).is_err(), "{kid}");
    }
    assert_eq!(read(&rsa(r#","kid":"a\/b""#)).unwrap()[0].id().as_str(), "a/b");
}

#[test]
fn another_shape_is_refused() {
    for text in ["", "[]", "{}", "null", "7", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[7]}"#, r#"{"keys":null}"#]
    {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(read(&format!("{}x", rsa(""))).is_err());
    assert!(read(&format!("[{}]", rsa(""))).is_err());
    refused(&rsa(r#","keys":[]"#), "both in one object");
}

#[test]
fn a_set_is_bounded() {
    let many = |most: usize| set(&(0..most).map(|number| okp(&format!(",\"kid\":\"{number}\""))).collect::<Vec<_>>());
    assert_eq!(read(&many(64)).unwrap().len(), 64);
    refused(&many(65), "at most 64 keys, but found 65");
    let key = rsa("");
    let space = " ".repeat(256 * 1024 - key.len());
    assert!(read(&format!("{key}{space}")).is_ok());
    refused(&format!("{key}{space} "), "at most 262144 bytes");
}
