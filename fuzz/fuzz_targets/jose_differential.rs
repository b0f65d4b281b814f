//! Three opinions on one token: ours, `jsonwebtoken`'s and `josekit`'s.
//!
//! What we accept, they have to accept; what they accept and we refuse has one of the [`Reason`]s below. They are not
//! asked where they are not sound: `jsonwebtoken` reads `crit` and ignores it, knows no `b64`, and decodes no payload
//! but claims, so that of it only the signature over the received text is asked; `josekit` takes the last of duplicate
//! members, an empty `crit` and `b64` without `crit`, and in a JWE ignores `crit`, inflates `zip`, takes GCM tags cut
//! to any length and panics on an empty vector.
//!
//! Input: one byte; if it is even, the rest is a token, and if it is odd, a line that is a header and a payload, which
//! are signed (or, above 127, encrypted by `josekit` with the header's other members) with a key that everybody has.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::Timestamp;
use countersign::crypto::{Algorithm, Backend, ContentEncryption, KeyManagement, MacKey, Secret};
use countersign::delivery::Delivery;
use countersign::error::Code;
use countersign::keys::{DecryptingKey, DecryptionKeys, KeyId, KeySet, jwk, read_decryption};
use countersign::profile::{Form, Identification, Jose, Profile};
use countersign::verify::{Verifier, decrypt};
use countersign::wire::encoding::Encoding;
use josekit::jwe::{Dir, JweHeader};
use josekit::jws::HS256;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

const SECRET: &[u8; 32] = b"everybody knows these 32 letters";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Why we refuse what somebody else accepts.
#[derive(Debug)]
enum Reason {
    /// The header is longer than 4096 characters, or is no object with at most 64 distinct members.
    NoPlainObject,
    /// It brings a key or an address of keys, compresses, or stretches: `jwk`, `x5c`, `jku`, `x5u`, `zip`, `p2c`, `p2s`.
    Brings,
    /// It has `crit` or `b64`.
    Extends,
    /// It names another key, another type, or content that is a token once more.
    NamesAnother,
    /// A member that others leave unread has another type: `enc`, `epk`, `apu`, `apv`, `typ`, `cty`, `kid`.
    OfAnotherType,
    /// A part is not written in the one way in which base64url writes it, or is empty.
    NotCanonical,
}

fn reason(token: &str) -> Option<Reason> {
    let parts: Vec<&str> = token.split('.').collect();
    let canonical = |part: &&str| {
        Encoding::Base64Url.decode(part, 1 << 20).is_ok_and(|bytes| Encoding::Base64Url.encode(&bytes) == **part)
    };
    if !parts.iter().all(|part| part.is_empty() || canonical(part)) || parts.last().is_some_and(|one| one.is_empty()) {
        return Some(Reason::NotCanonical);
    }
    let json = Encoding::Base64Url.decode(parts[0], 4096).unwrap_or_default();
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(&json) else { return Some(Reason::NoPlainObject) };
    if parts[0].len() > 4096 || countersign::wire::jose::JoseObject::parse(&json).is_err() {
        return Some(Reason::NoPlainObject);
    }
    let has = |names: &[&str]| names.iter().any(|name| header.contains_key(*name));
    if has(&["jwk", "x5c", "jku", "x5u", "zip", "p2c", "p2s"]) {
        return Some(Reason::Brings);
    }
    if has(&["crit", "b64"]) {
        return Some(Reason::Extends);
    }
    if has(&["epk", "apu", "apv"])
        || ["enc", "typ", "cty", "kid"].iter().any(|name| header.get(*name).is_some_and(|value| !value.is_string()))
    {
        return Some(Reason::OfAnotherType);
    }
    has(&["typ", "cty", "kid"]).then_some(Reason::NamesAnother)
}

/// Members that `josekit` reads and we never do, and what only a reader of every value minds.
fn josekit_minds(token: &str) -> bool {
    let json = Encoding::Base64Url.decode(token.split('.').next().unwrap_or_default(), 4096).unwrap_or_default();
    let Ok(header) = serde_json::from_slice::<Map<String, Value>>(&json) else { return true };
    [
        "x5t", "x5t#S256", "url", "nonce", "b64", "crit", "jku", "x5u", "iss", "sub", "aud", "iv", "tag", "epk", "apu",
        "apv",
    ]
    .iter()
    .any(|name| header.contains_key(*name))
}

static ENGINE: LazyLock<Verifier> = LazyLock::new(|| {
    let text = format!(r#"{{"kty":"oct","alg":"HS256","kid":"k","k":"{}"}}"#, Encoding::Base64Url.encode(SECRET));
    let keys = KeySet::new(jwk::read_set(Backend::AwsLc, text.as_bytes(), None).expect("a key")).expect("a set");
    let profile = Profile::jose(Jose::new(Form::Body, None), Identification::Fingerprint);
    let profile = profile.accepting_messages_of_any_age().accepting_tokens_for_others();
    Endpoint::builder("fuzz", profile).keys(keys).verifier().expect("an engine")
});

static OURS: LazyLock<DecryptionKeys> = LazyLock::new(|| {
    let text = format!(r#"{{"kty":"oct","k":"{}"}}"#, Encoding::Base64Url.encode(SECRET));
    let (_, key) = read_decryption(text.as_bytes()).expect("a key").remove(0);
    let id = KeyId::new("k").expect("a name");
    let key = DecryptingKey::new(id, key, [KeyManagement::Dir], [ContentEncryption::A256Gcm]).expect("a key");
    DecryptionKeys::new(vec![key]).expect("a set")
});

fn signed(token: &str) {
    let request = http::Request::post("/").body(Bytes::copy_from_slice(token.as_bytes())).expect("a request");
    let ours = ENGINE.verify(&Delivery::new(request, "", NOW));
    let key = jsonwebtoken::DecodingKey::from_secret(SECRET);
    let fits = token.rsplit_once('.').is_some_and(|(message, signature)| {
        let algorithm = jsonwebtoken::Algorithm::HS256;
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).unwrap_or(false)
    });
    let verifier = HS256.verifier_from_bytes(SECRET).expect("a verifier");
    let theirs = josekit::jws::deserialize_compact(token, &verifier);
    match (&ours, theirs) {
        (Ok(verified), theirs) => {
            assert!(fits, "jsonwebtoken refuses the signature of {token}");
            match theirs {
                Ok((payload, _)) => assert_eq!(verified.content()[..], payload[..]),
                Err(error) => assert!(josekit_minds(token), "josekit refuses {token}: {error}"),
            }
        }
        (Err(rejection), Ok(_)) => {
            assert_ne!(rejection.code(), Code::SignatureMismatch, "{token}");
            assert!(reason(token).is_some(), "{token}: {rejection:?}");
        }
        (Err(_), Err(_)) => {}
    }
}

fn encrypted(token: &str) {
    let ours = decrypt(&OURS, token, NOW);
    let parts: Vec<&str> = token.split('.').collect();
    let long = |part: &str, length| Encoding::Base64Url.decode(part, 64).is_ok_and(|bytes| bytes.len() == length);
    if parts.len() != 5 || !long(parts[2], 12) || !long(parts[4], 16) {
        assert!(ours.is_err());
        return;
    }
    let decrypter = Dir.decrypter_from_bytes(SECRET).expect("a decrypter");
    match (&ours, josekit::jwe::deserialize_compact(token, &decrypter)) {
        (Ok(decrypted), Ok((plaintext, _))) => assert_eq!(decrypted.plaintext()[..], plaintext[..]),
        (Ok(_), Err(error)) => assert!(josekit_minds(token), "josekit refuses {token}: {error}"),
        (Err(rejection), Ok((plaintext, _))) => {
            assert_ne!(rejection.code(), Code::DecryptionFailed, "{token}");
            // We take no empty content; another encryption is not configured here.
            let named = reason(token).is_some() || plaintext.is_empty() || rejection.code() == Code::AlgorithmRefused;
            assert!(named, "{token}: {rejection:?}");
        }
        (Err(_), Err(_)) => {}
    }
}

/// That the three agree on what is right, without which their agreement on the rest would show nothing.
static AGREED: LazyLock<()> = LazyLock::new(|| {
    let signer = HS256.signer_from_bytes(SECRET).expect("a signer");
    let token = josekit::jws::serialize_compact(b"{}", &josekit::jws::JwsHeader::new(), &signer).expect("a token");
    let request = http::Request::post("/").body(Bytes::from(token.clone())).expect("a request");
    ENGINE.verify(&Delivery::new(request, "", NOW)).expect("a token of josekit");
    signed(&token);
    let encrypter = Dir.encrypter_from_bytes(SECRET).expect("an encrypter");
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    let token = josekit::jwe::serialize_compact(b"{}", &header, &encrypter).expect("a token");
    assert_eq!(decrypt(&OURS, &token, NOW).expect("a token of josekit").plaintext()[..], *b"{}");
    encrypted(&token);
});

fuzz_target!(|data: &[u8]| {
    LazyLock::force(&AGREED);
    let Some((first, rest)) = data.split_first() else { return };
    if first & 1 == 0 {
        let Ok(token) = std::str::from_utf8(rest) else { return };
        signed(token);
        return encrypted(token);
    }
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return };
    let (header, payload) = (&rest[..end], &rest[end + 1..]);
    if *first < 128 {
        let b64 = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
        let message = format!("{}.{}", b64(header), b64(payload));
        let key = MacKey::new(Algorithm::Hs256, &Secret::new(*SECRET).expect("a secret")).expect("a key");
        let signature = key.sign(&[message.as_bytes()]);
        return signed(&format!("{message}.{}", b64(&signature)));
    }
    let Ok(Value::Object(mut members)) = serde_json::from_slice(header) else { return };
    members.insert("enc".to_owned(), "A256GCM".into());
    members.remove("alg");
    let Ok(header) = JweHeader::from_map(members) else { return };
    let encrypter = Dir.encrypter_from_bytes(SECRET).expect("an encrypter");
    let Ok(token) = josekit::jwe::serialize_compact(payload, &header, &encrypter) else { return };
    encrypted(&token);
});
