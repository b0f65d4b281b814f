//! Files of private keys as a careless operator writes them.
//!
//! The rule: each refusal starts from a file that is taken.

use der::asn1::{AnyRef, OctetStringRef, UintRef};
use der::{Decode, Reader, SliceReader};

use super::*;
use crate::crypto::{DecryptionKind, KeyManagement};
use crate::keys::fixtures::{pair, pem, public_der, rsa};
use crate::wire::encoding::Encoding;

fn text(bytes: &[u8]) -> String {
    Encoding::Base64Url.encode(bytes)
}

/// The private key that all tests share, as a JWK.
fn rsa_jwk(more: &str) -> String {
    let pkcs8 = rsa().serialize_der();
    let outer: AnyRef<'_> = AnyRef::from_der(&pkcs8).unwrap();
    let mut reader = SliceReader::new(outer.value()).unwrap();
    let (_version, _identifier): (u8, AnyRef<'_>) = (reader.decode().unwrap(), reader.decode().unwrap());
    let inner: &OctetStringRef = reader.decode().unwrap();
    let pkcs1: AnyRef<'_> = AnyRef::from_der(inner.as_bytes()).unwrap();
    let mut reader = SliceReader::new(pkcs1.value()).unwrap();
    let _version: u8 = reader.decode().unwrap();
    let members = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| {
        let number: UintRef<'_> = reader.decode().unwrap();
        format!(r#","{name}":"{}""#, text(number.as_bytes()))
    });
    format!(r#"{{"kty":"RSA"{}{more}}}"#, members.concat())
}

/// The key pair of RFC 7518 appendix C.
fn ec_jwk(more: &str) -> String {
    let members = r#""crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ","y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck","d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw""#;
    format!(r#"{{"kty":"EC",{members}{more}}}"#)
}

/// The key pair of RFC 7748 section 6.1.
fn okp_jwk(more: &str) -> String {
    let members = r#""crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08","d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os""#;
    format!(r#"{{"kty":"OKP",{members}{more}}}"#)
}

fn oct_jwk(more: &str) -> String {
    format!(r#"{{"kty":"oct","k":"{}"{more}}}"#, text(&[7; 32]))
}

fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn kinds(file: &str) -> Vec<DecryptionKind> {
    read_decryption(file.as_bytes()).unwrap().iter().map(|(_, key)| key.kind()).collect()
}

#[track_caller]
fn refused(file: &str, why: &str) {
    let error = read_decryption(file.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
    assert!(error.len() < 400, "{error}");
}

#[test]
fn a_key_of_each_kind_is_taken() {
    use DecryptionKind as K;
    assert_eq!(kinds(&pem("PRIVATE KEY", &rsa().serialize_der())), [K::Rsa]);
    assert_eq!(kinds(&pair(&rcgen::PKCS_ECDSA_P256_SHA256).serialize_pem()), [K::P256]);
    assert_eq!(kinds(&set(&[rsa_jwk(""), ec_jwk(""), okp_jwk("")])), [K::Rsa, K::P256, K::X25519]);
    assert_eq!(kinds(&oct_jwk("")), [K::Secret]);
    let keys = read_decryption(ec_jwk(r#","kid":"mine""#).as_bytes()).unwrap();
    assert_eq!(keys[0].0.as_ref().unwrap().as_str(), "mine");
}

#[test]
fn a_jwk_and_its_pem_are_the_same_key() {
    let of = |file: &str| read_decryption(file.as_bytes()).unwrap()[0].1.public_material().unwrap().to_vec();
    assert_eq!(of(&rsa_jwk("")), of(&pem("PRIVATE KEY", &rsa().serialize_der())));
}

#[test]
fn an_old_or_encrypted_form_is_refused_with_its_cure() {
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        refused(&pem(label, &rsa().serialize_der()), "openssl pkcs8 -topk8 -nocrypt");
    }
    refused(&pem("PUBLIC KEY", &public_der(rsa())), "one pem block PRIVATE KEY");
    refused(&pair(&rcgen::PKCS_ED25519).serialize_pem(), "P-256 or X25519, but found one of type 1.3.101.112");
    refused("no key", "a private key in pem or as a json web key");
}

#[test]
fn a_public_or_partial_rsa_key_is_refused() {
    let whole = rsa_jwk("");
    for name in ["n", "e", "d", "p", "q", "dp", "dq", "qi"] {
        refused(&whole.replace(&format!(r#","{name}":"#), r#","z":"#), &format!("a member {name:?}, but found none"));
    }
    refused(&rsa_jwk(r#","oth":[]"#), "\"oth\" besides");
    refused(&rsa_jwk(r#","k":"AAAA""#), "\"k\" besides");
}

#[test]
fn numbers_that_do_not_fit_together_are_refused() {
    let whole = rsa_jwk("");
    let exponent = format!(r#","d":"{}","#, text(&[3; 256]));
    let at = whole.find(r#","d":""#).unwrap();
    let next = whole[at + 1..].find(r#","p""#).unwrap() + at + 1;
    refused(&format!("{}{}{}", &whole[..at], exponent.trim_end_matches(','), &whole[next..]), "private key of RSA");
    refused(&whole.replace("AQAB", "Aw"), "private key of RSA");
    refused(&whole.replace("AQAB", "AAEAAQ"), "\"e\" in its fewest bytes");
}

#[test]
fn a_public_half_of_another_key_is_refused() {
    let other = text(&[9; 32]);
    refused(&okp_jwk("").replace("3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08", &other), "the public half");
    refused(&ec_jwk("").replace("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", &other), "the public half");
    refused(&ec_jwk("").replace(r#","x":"weNJ"#, r#","z":"weNJ"#), "a member \"x\"");
    refused(&okp_jwk("").replace(r#","d":"#, r#","z":"#), "a member \"d\"");
    refused(&okp_jwk("").replace("X25519", "Ed25519"), "\"crv\" X25519");
    refused(&ec_jwk("").replace("P-256", "P-384"), "\"crv\" P-256, but found");
}

#[test]
fn a_key_that_signs_is_passed_over() {
    assert_eq!(kinds(&set(&[rsa_jwk(r#","use":"sig""#), ec_jwk(r#","use":"enc""#)])), [DecryptionKind::P256]);
    assert_eq!(kinds(&set(&[rsa_jwk(r#","alg":"PS256""#), ec_jwk("")])), [DecryptionKind::P256]);
    assert_eq!(
        kinds(&set(&[rsa_jwk(r#","key_ops":["sign"]"#), ec_jwk(r#","key_ops":["deriveKey"]"#)])),
        [DecryptionKind::P256]
    );
    refused(&rsa_jwk(r#","use":"sig""#), "a key to decrypt with, but found none in the set");
    refused(&rsa_jwk(r#","use":"ENC""#), "\"use\" sig or enc");
    refused(&rsa_jwk(r#","key_ops":"decrypt""#), "\"key_ops\"");
}

#[test]
fn the_alg_of_a_key_binds_it() {
    let keys = read_decryption(rsa_jwk(r#","use":"enc","alg":"RSA-OAEP-256""#).as_bytes()).unwrap();
    assert!(keys[0].1.takes(KeyManagement::RsaOaep256) && !keys[0].1.takes(KeyManagement::RsaOaep));
    for alg in ["RSA1_5", "RSA-OAEP-512", "A192KW", "PBES2-HS256+A128KW", "none", "", "rsa-oaep"] {
        refused(&rsa_jwk(&format!(r#","alg":{alg:?}"#)), "\"alg\" RSA-OAEP-256 or another that is taken");
    }
    refused(&rsa_jwk(r#","alg":"ECDH-ES""#), "a key for ECDH-ES, but found one of kind RSA");
    refused(&oct_jwk(r#","alg":"A128KW""#), "a key for A128KW, but found one of kind secret");
}

#[test]
fn a_careless_set_is_refused_whole() {
    let same = r#","kid":"a""#;
    refused(&set(&[rsa_jwk(same), ec_jwk(same)]), "one key of each \"kid\", but found \"a\" twice");
    refused(&set(&[rsa_jwk(""), oct_jwk("")]), "both in one set");
    refused(&set(&[ec_jwk(""), r#"{"kty":"RSA"}"#.to_owned()]), "key 2 of the set");
    refused(&ec_jwk(r#","kty":"EC""#), "repeated member");
    refused(&oct_jwk(r#","d":"AAAA""#), "\"d\" besides");
    refused(r#"{"kty":"oct","k":"AAAA"}"#, "at least 16 bytes");
    refused(&okp_jwk("").replace("Os\"", "Os=\""), "\"d\" in unpadded base64url");
    refused(&ec_jwk(r#","kid":7"#), "\"kid\" to be a string");
    refused(&set(&vec![okp_jwk(""); 65]), "at most 64 keys");
    refused(&format!("{}{}", okp_jwk(""), " ".repeat(262_144)), "at most 262144 bytes");
}

#[test]
fn an_error_shows_nothing_of_the_key() {
    let scalar = "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw";
    for file in [ec_jwk("").replace("weNJ", "AAAA"), ec_jwk("").replace("dw\"", "dx\""), ec_jwk(r#","alg":"RSA1_5""#)] {
        let error = read_decryption(file.as_bytes()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains(&scalar[..20]));
    }
}

/// An RSA key of 2048 bits with the exponent 3, made for this test.
const EXPONENT_3: &str = "\
-----BEGIN PRIVATE KEY-----\n\
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDOud0GnVGql88I\n\
SLSCnKRVxmewmD15CsdW+t7okchQMVgVCt81yII9nUzVW2dQ0rz0LCNFqR1xVfoo\n\
T+65t30hhMhX/lgBUogF/27GJ4/1uEks8UhqJsqeebL0oPrAhqv34F82Djvfqvu+\n\
WoYUGN/REsrLAsJ9fjqrnuFFzY6viNGaXtPL97pyu2nBQfcSOWkRVTaC8XHcn3EN\n\
r7ZEjfANAweyh8HuaLEA8ty8tPjv0XxSWsusjiK0ZhFCWBOdp1QH+3cmjs63MbE4\n\
ROZL33YDi9WxgVLemGzbaOK/qD/ajoERo4H9nuhALYmvXovt1w189j8mYAsyq/r4\n\
AmeJ6blVAgEDAoIBAQCJ0T4EaOEcZTSwMHhXExg5Lu/LECj7XITkpz9FtoWKy5AO\n\
Bz95MFbTvjM455o14dNNcsIucL5LjqbFip8melNrrdrlVDqrjFquqknZb7VOettz\n\
S4WcGdxppndNwKcrBHKlQD95XtKVHKfUPFliuz/gtzHcrIGo/tHHv0DZM7R1BK3X\n\
y6p1LYZRDIoJyGZB1wE37G2jZvFt8K4h8KruGrvG9D2moaJviJ8u4z4JdfrBzwxU\n\
SXBJfxjWaUYMDlmpTr6IhJsLSH9UO0qCq/d5Pt7LWO3HBuvrWJ1OW2aEPK5KLgO7\n\
2lHWgs0EiIL1fUhEszRNyAJL7hFGSv5WnFJAKJXzAoGBAPOAy+XTN1SbjRek6I+A\n\
2keBmL9MhRZxkTIuJYdulok+XBiCWOSck2iz9xIgneriuAmTEMFPiAxDFRd6uDIU\n\
HGE5AfdqSl2dMFcDcjhnbWVPbgvdjoI5dyUGUVQme08lsOhX9Ngy2uGWSm6d8Tsb\n\
P6cm+Vjkzw9lDL/lHWl4l9EPAoGBANlV4W5I/Bxdm4MNrM4unJ+72dLBUfFGJTms\n\
oS5wz00kOJK2PGmqiFmGpu2N5hXqYuBA2+Hux3EvsxC1ilsLlNUCMpcrV7IbqGpw\n\
0Lquk8KDGGUpaG7EHFvfjnTS0etFmJMf5y8I/9MjFlahMWRripfhUOLPq+HkLr2Q\n\
+oKxFQdbAoGBAKJV3UPiJOMSXg/DRbUAkYUBEH+IWLmhC3bJblpJubDUPWWsO0MT\n\
DPB3+gwVvpyXJVu3YIDfsAgsuLpR0CFivZYmAU+cMZO+IDoCTCWaSO409AfpCawm\n\
T24ENjgZp4oZIJrlTeV3PJZkMZ8T9idnf8TEpjtDNLTuCH/uE5uluotfAoGBAJDj\n\
657bUr2TvQIJHd7Jvb/SkTcri/Yuw3vIa3RLNN4YJbckKEZxsDuvGfOz7rlG7JWA\n\
kpafL6DKd2B5BuddDeNWzGTHj8wScEb14Hx0YoGsuu4bmvSCvZKVCaM3NpzZEGIV\n\
RMoF/+IXZDnAy5hHsbqWNeyKcpaYHykLUax2DgTnAoGBAKLxVkiOw5iGplESl1uC\n\
6tWJ3Dw7Hyjqj8q22z7gCSb/5KWxAEEX86PAxZ4SIrPfomEbxkRrImR6Fj51XdCF\n\
6JK1tZHC+D3HVRdph213zkR9LvUD7gv9MqP5uWhAcGDlN8/cGcRBkCTJ3yqfS1+6\n\
5tGUiL1xRRedUTdYy+1/3a9h\n\
-----END PRIVATE KEY-----\n\
";

#[test]
fn an_rsa_key_with_a_small_exponent_is_refused() {
    refused(EXPONENT_3, "an odd RSA exponent of at least 65537, but found 3");
}
