//! A sender that signs and encrypts tokens, and endpoints that know its key.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Backend, ContentEncryption, EncryptionKey, KeyManagement, Sealed, SigningKey};
use countersign::endpoint::{EndpointBuilder, Undecided};
use countersign::keys::{DecryptingKey, DecryptionKeys, Key, KeyId, KeySet, file, read_decryption, read_private};
use countersign::profile::{ClaimRules, Demand, Form, Fresh, Identification, Jose, Nesting, Profile, Types};
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::parties::{NOW, memory};

pub const KID: &str = "bank-1";
pub const OURS: &str = "ours-1";

fn pair() -> rcgen::KeyPair {
    rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap()
}

/// A bank with a key of its own, and our public key.
pub struct Bank {
    signer: SigningKey,
    public: String,
    encrypt: EncryptionKey,
    ours: String,
}

impl Bank {
    pub fn new() -> Self {
        let (bank, ours) = (pair(), pair());
        Self {
            signer: read_private(&bank.serialize_pem(), Some(Algorithm::Ps256)).unwrap(),
            public: bank.public_key_pem(),
            encrypt: EncryptionKey::rsa(ours.public_key_raw()).unwrap(),
            ours: ours.serialize_pem(),
        }
    }

    pub fn key(&self) -> Key {
        let key = file::read(Backend::default(), self.public.as_bytes(), Some(Algorithm::Ps256)).unwrap().remove(0);
        key.with_id(KeyId::new(KID).unwrap())
    }

    pub fn decryption(&self) -> DecryptionKeys {
        let (_, key) = read_decryption(self.ours.as_bytes()).unwrap().remove(0);
        let id = KeyId::new(OURS).unwrap();
        let key = DecryptingKey::new(id, key, DecryptingKey::DEFAULT_MANAGEMENT, DecryptingKey::DEFAULT_ENCRYPTION);
        DecryptionKeys::new(vec![key.unwrap()]).unwrap()
    }

    /// A compact JWS with this header.
    pub fn signed(&self, header: &Value, payload: &[u8]) -> String {
        let input = format!("{}.{}", b64(header.to_string().as_bytes()), b64(payload));
        let signature = b64(&self.signer.sign(input.as_bytes()).unwrap());
        format!("{input}.{signature}")
    }

    /// `protected..signature` over a payload that is not sent along.
    pub fn detached(&self, header: &Value, payload: &[u8], unencoded: bool) -> String {
        let head = b64(header.to_string().as_bytes());
        let middle = if unencoded { payload.to_vec() } else { b64(payload).into_bytes() };
        let signature = self.signer.sign(&[head.as_bytes(), b".", &middle].concat()).unwrap();
        format!("{head}..{}", b64(&signature))
    }

    /// A token with these claims besides those that every one has.
    pub fn token(&self, more: &Value) -> String {
        self.signed(&header(&json!({})), claims(more).to_string().as_bytes())
    }

    /// A compact JWE with this header.
    pub fn encrypted(&self, header: &Value, plaintext: &[u8]) -> String {
        let head = b64(header.to_string().as_bytes());
        let (management, encryption) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
        let Sealed { encrypted_key, iv, ciphertext, tag } =
            self.encrypt.encrypt(management, encryption, head.as_bytes(), plaintext).unwrap();
        [head, b64(&encrypted_key), b64(&iv), b64(&ciphertext), b64(&tag)].join(".")
    }

    /// What UAE Open Finance sends.
    pub fn nested(&self, more: &Value) -> String {
        self.encrypted(&outer(&json!({})), self.token(more).as_bytes())
    }

    pub fn builder(&self, scheme: Jose) -> (EndpointBuilder<Undecided>, Arc<FixedClock>) {
        let clock = Arc::new(FixedClock::at(NOW));
        let (claims, decrypts) = (scheme.claims.is_some(), scheme.nesting.decrypts());
        let id = match claims {
            true => Identification::Claim { name: "jti".into(), required: true },
            false => Identification::Fingerprint,
        };
        let fresh = if claims { Fresh::Expiry } else { Fresh::Off };
        let mut profile = Profile::jose(scheme, id).with_fresh(fresh, Duration::ZERO);
        if !claims {
            profile = profile.accepting_tokens_for_others();
        }
        let builder = Endpoint::builder("bank", profile)
            .path("/hooks")
            .keys(KeySet::new(vec![self.key()]).unwrap())
            .clock(clock.clone());
        (if decrypts { builder.decryption_keys(self.decryption()) } else { builder }, clock)
    }

    pub fn endpoint(&self, scheme: Jose) -> (Endpoint, Arc<MemoryStore>) {
        let (builder, clock) = self.builder(scheme);
        let store = memory(&clock);
        (builder.queue(store.clone()).build().unwrap(), store)
    }
}

pub fn b64(bytes: &[u8]) -> String {
    Encoding::Base64Url.encode(bytes)
}

fn with(mut value: Value, more: &Value) -> Value {
    for (name, member) in more.as_object().unwrap() {
        value[name] = member.clone();
    }
    value
}

pub fn header(more: &Value) -> Value {
    with(json!({ "alg": "PS256", "kid": KID, "typ": "JWT" }), more)
}

pub fn outer(more: &Value) -> Value {
    with(json!({ "alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": OURS, "cty": "JWT" }), more)
}

pub fn claims(more: &Value) -> Value {
    let now = NOW.seconds();
    let own = json!({ "iss": "https://bank.example", "aud": "urn:us", "iat": now, "nbf": now, "exp": now + 300,
        "jti": "e-1", "message": { "id": 1 } });
    with(own, more)
}

pub fn rules() -> ClaimRules {
    ClaimRules {
        iss: vec!["https://bank.example".into()],
        aud: vec!["urn:us".into()],
        jti: Demand::Required,
        ..ClaimRules::default()
    }
}

/// The body is the token.
pub fn in_body(nesting: Nesting) -> Jose {
    let mut scheme = Jose::new(Form::Body, Some(rules()));
    scheme.nesting = nesting;
    scheme.typ = Types::only(["JWT"]);
    scheme
}

pub fn request(headers: &[(&str, &str)], body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = Request::post("/hooks").header("host", "hooks.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(body.into())).unwrap()
}
