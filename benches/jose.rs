//! What compact JOSE costs beside the bare cryptography, in one run: PS256 over a body of 1 KiB, and RSA-OAEP-256 with
//! A256GCM around it, all keys RSA-2048. Each path is measured in turns with the bare calls that it cannot do without.
#![allow(missing_docs, reason = "a program")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA256};
use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::Timestamp;
use countersign::crypto::{
    Algorithm, Backend, ContentEncryption, DecryptionKey, Digest, EncryptionKey, Hash, KeyManagement, PublicKey,
    SigningKey,
};
use countersign::delivery::Delivery;
use countersign::keys::{DecryptingKey, DecryptionKeys, Key, KeyId, KeySet, pem};
use countersign::profile::{BodyHash, ClaimRules, Form, Fresh, Identification, Input, Jose, Nesting, Profile};
use countersign::verify::{Verifier, decrypt};
use countersign::wire::encoding::Encoding;
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};

const NOW: i64 = 1_800_000_000;
const BATCH: usize = 64;
const ROUNDS: usize = 400;

type Work = Box<dyn FnMut()>;

/// A path, and the index of the bare call that it is compared with.
struct Path {
    name: &'static str,
    against: usize,
    work: Work,
}

struct Pair {
    pkcs8: Vec<u8>,
    public: Vec<u8>,
}

fn pair() -> Pair {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let blocks = pem::read(&pair.serialize_pem()).expect("pem");
    Pair { pkcs8: blocks[0].der.clone(), public: pair.der_bytes().to_vec() }
}

fn url(bytes: &[u8]) -> String {
    Encoding::Base64Url.encode(bytes)
}

fn jws(key: &SigningKey, payload: &[u8]) -> (String, String) {
    let protected = url(br#"{"alg":"PS256","typ":"JWT","kid":"hub-1"}"#);
    let input = format!("{protected}.{}", url(payload));
    let signature = url(&key.sign(input.as_bytes()).expect("a signature"));
    (input.clone(), format!("{input}.{signature}"))
}

/// A document of 1 KiB with the claims of UAE Open Finance.
fn claims() -> Vec<u8> {
    let head = format!(
        r#"{{"iss":"https://hub.example","aud":["client"],"exp":{},"nbf":{},"iat":{NOW},"jti":"b2f8","message":{{"Data":""#,
        NOW + 300,
        NOW - 10
    );
    let tail = r#""}}"#;
    format!("{head}{}{tail}", "x".repeat(1024 - head.len() - tail.len())).into_bytes()
}

fn verifier(scheme: Jose, fresh: Fresh, signing: &Pair, decryption: Option<DecryptionKeys>) -> Verifier {
    let key = PublicKey::new(Backend::default(), Algorithm::Ps256, &signing.public).expect("a key");
    let key = Key::public(key).expect("a key").with_id(KeyId::new("hub-1").expect("an id"));
    let tolerance = Duration::from_secs(if matches!(fresh, Fresh::Claim(_)) { 300 } else { 0 });
    let profile = Profile::jose(scheme, Identification::Fingerprint).with_fresh(fresh, tolerance);
    let profile = profile.accepting_tokens_for_others();
    let mut builder = Endpoint::builder("bench", profile).keys(KeySet::new(vec![key]).expect("a set"));
    if let Some(keys) = decryption {
        builder = builder.decryption_keys(keys);
    }
    builder.verifier().expect("an endpoint")
}

fn delivery(headers: &[(&str, &str)], body: &[u8]) -> Delivery {
    let mut request = http::Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::copy_from_slice(body)).expect("a request");
    Delivery::new(request, "", Timestamp::from_seconds(NOW))
}

fn through(verifier: Verifier, delivery: Delivery) -> Work {
    Box::new(move || {
        black_box(verifier.verify(black_box(&delivery))).expect("a verified delivery");
    })
}

fn main() {
    let (signing, receiving) = (pair(), pair());
    let signer = SigningKey::from_pkcs8(Algorithm::Ps256, &signing.pkcs8).expect("a key");
    let payload = claims();
    let (input, token) = jws(&signer, &payload);
    let signature = Encoding::Base64Url.decode(token.rsplit('.').next().expect("a part"), 512).expect("base64url");
    let rules = || Some(ClaimRules { iss: vec!["https://hub.example".into()], ..ClaimRules::default() });
    let body = |claims| Jose::new(Form::Body, claims);

    let parsed = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &signing.public).expect("a key");
    let bare_verify = {
        let (parsed, input, signature) = (parsed.clone(), input.clone(), signature.clone());
        move || black_box(parsed.verify_sig(black_box(input.as_bytes()), &signature)).expect("a fit")
    };

    let detached = {
        let (head, _) = token.split_once('.').expect("parts");
        format!("{head}..{}", token.rsplit('.').next().expect("a part"))
    };
    let form = Form::Detached { header: "x-jws-signature".into(), input: Input::body(), unencoded: false };
    let (bound, hash_token) = {
        let digest = Digest::of(Hash::Sha256, &[&payload]);
        let claims = format!(r#"{{"iat":{NOW},"request_body_sha256":"{}"}}"#, Encoding::Hex.encode(digest.bytes()));
        let hash =
            BodyHash { claim: "request_body_sha256".into(), encoding: Encoding::Hex, hash: Hash::Sha256, prefix: None };
        let optional = ClaimRules { exp: countersign::profile::Demand::Optional, ..ClaimRules::default() };
        let form = Form::Token { header: "plaid-verification".into(), body_hash: hash };
        (Jose::new(form, Some(optional)), jws(&signer, claims.as_bytes()).1)
    };

    // The receiver's side of RSA-OAEP-256 and A256GCM.
    let key = DecryptionKey::from_pkcs8(&receiving.pkcs8).expect("a key");
    let public = EncryptionKey::rsa(&receiving.public).expect("a key");
    let protected = url(br#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"enc-1","cty":"JWT"}"#);
    let sealed = public
        .encrypt(KeyManagement::RsaOaep256, ContentEncryption::A256Gcm, protected.as_bytes(), token.as_bytes())
        .expect("a ciphertext");
    let parts = [&sealed.encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag].map(|part| url(part));
    let jwe = format!("{protected}.{}", parts.join("."));
    let ours = || {
        let (management, encryption) = (DecryptingKey::DEFAULT_MANAGEMENT, DecryptingKey::DEFAULT_ENCRYPTION);
        let id = KeyId::new("enc-1").expect("an id");
        let key = DecryptingKey::new(id, key.clone(), management, encryption).expect("a key");
        DecryptionKeys::new(vec![key]).expect("a set")
    };
    let private = PrivateDecryptingKey::from_pkcs8(&receiving.pkcs8).expect("a key");
    let private = OaepPrivateDecryptingKey::new(private).expect("a key");
    let bare_decrypt = std::rc::Rc::new(move || {
        let mut key = [0_u8; 256];
        let key = private.decrypt(&OAEP_SHA256_MGF1SHA256, &sealed.encrypted_key, &mut key, None).expect("a key");
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key"));
        let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).expect("a nonce");
        let mut text = [sealed.ciphertext.as_slice(), &sealed.tag].concat();
        black_box(key.open_in_place(nonce, Aad::from(protected.as_bytes()), &mut text).expect("a plaintext").len())
    });
    let mut nested = body(rules());
    nested.nesting = Nesting::JweOfJws;
    let keys = ours();
    let (sealed_once, bare_both) = (jwe.clone(), (std::rc::Rc::clone(&bare_decrypt), bare_verify.clone()));

    let mut paths = vec![
        Path { name: "bare: PS256, parsed key", against: 0, work: Box::new(bare_verify) },
        Path {
            name: "PS256, body is the token, no claims",
            against: 0,
            work: through(verifier(body(None), Fresh::Off, &signing, None), delivery(&[], token.as_bytes())),
        },
        Path {
            name: "PS256, body is the token, claims checked",
            against: 0,
            work: through(verifier(body(rules()), Fresh::Expiry, &signing, None), delivery(&[], token.as_bytes())),
        },
        Path {
            name: "PS256, detached",
            against: 0,
            work: through(
                verifier(Jose::new(form, None), Fresh::Off, &signing, None),
                delivery(&[("x-jws-signature", &detached)], &payload),
            ),
        },
        Path {
            name: "PS256, token with a hash of the body",
            against: 0,
            work: through(
                verifier(bound, Fresh::Claim("iat".into()), &signing, None),
                delivery(&[("plaid-verification", &hash_token)], &payload),
            ),
        },
        Path { name: "bare: RSA-OAEP-256 and A256GCM", against: 5, work: Box::new(move || _ = bare_decrypt()) },
        Path {
            name: "JWE decrypted",
            against: 5,
            work: Box::new(move || {
                let at = Timestamp::from_seconds(NOW);
                black_box(decrypt(&keys, black_box(&sealed_once), at)).expect("a plaintext");
            }),
        },
        Path {
            name: "bare: both",
            against: 7,
            work: Box::new(move || {
                bare_both.0();
                bare_both.1();
            }),
        },
        Path {
            name: "JWE around a JWS, claims checked",
            against: 7,
            work: through(verifier(nested, Fresh::Expiry, &signing, Some(ours())), delivery(&[], jwe.as_bytes())),
        },
    ];
    table(&mut paths);
}

/// Medians of one call, taken in turns so that a slow moment of the machine hits all paths alike.
fn table(paths: &mut [Path]) {
    let mut spent: Vec<Vec<Duration>> = vec![Vec::new(); paths.len()];
    for _ in 0..ROUNDS {
        for (path, spent) in paths.iter_mut().zip(&mut spent) {
            let start = Instant::now();
            for _ in 0..BATCH {
                (path.work)();
            }
            spent.push(start.elapsed() / BATCH as u32);
        }
    }
    let medians: Vec<f64> = spent.iter_mut().map(|spent| median(spent)).collect();
    println!("| path | one message, µs | against the bare calls |\n|---|---:|---:|");
    for (path, median) in paths.iter().zip(&medians) {
        println!("| {} | {median:.1} | {:.2} |", path.name, median / medians[path.against]);
    }
}

fn median(spent: &mut [Duration]) -> f64 {
    spent.sort_unstable();
    spent[spent.len() / 2].as_secs_f64() * 1e6
}
