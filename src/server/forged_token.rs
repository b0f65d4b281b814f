//! A token that is right in everything but its signature, for the self-test.

use serde_json::{Map, Value, json};

use super::config::EndpointSettings;
use crate::clock::Timestamp;
use crate::crypto::{ContentEncryption, Digest, EncryptionKey, KeyManagement};
use crate::keys::{DecryptingKey, DecryptionKeys};
use crate::profile::{Extension, Form, Fresh, Jose, Nesting, Presence, Types};
use crate::wire::encoding::Encoding;

/// The headers and the body of a request whose token nobody signed.
pub(super) fn request(
    settings: &EndpointSettings,
    scheme: &Jose,
    at: Timestamp,
    body: &str,
    no_signature: &[u8],
) -> (Vec<(String, String)>, String) {
    let encode = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
    let claims = claims(settings, scheme, at, body);
    let token = |types: &Types, payload: &str, unencoded: bool| {
        let header = header(settings, scheme, types, at, unencoded);
        format!("{}.{payload}.{}", encode(header.to_string().as_bytes()), encode(no_signature))
    };
    let mut headers = Vec::new();
    // Where it may be left out it is, so that the message itself is put to the test.
    if let Some(wanted) = scheme.authorization.as_ref().filter(|wanted| wanted.presence == Presence::Required) {
        let mut bearer = rules_of(&wanted.claims, at);
        bearer.insert("sub".to_owned(), json!("self-test"));
        let token = token(&wanted.typ, &encode(Value::Object(bearer).to_string().as_bytes()), false);
        headers.push(("authorization".to_owned(), format!("Bearer {token}")));
    }
    let payload = encode(claims.to_string().as_bytes());
    match &scheme.form {
        Form::Body => {
            let signed = token(&scheme.typ, &payload, false);
            let body = match (scheme.nesting, &settings.decryption) {
                (Nesting::JweOfJws, Some(keys)) => encrypted(keys, &signed),
                _ => signed,
            };
            (headers, body)
        }
        Form::Detached { header, unencoded, .. } => {
            headers.push((header.to_string(), token(&scheme.typ, "", *unencoded)));
            (headers, body.to_owned())
        }
        Form::Token { header, .. } => {
            let token = token(&scheme.typ, &payload, false);
            let value = if &**header == "authorization" { format!("Bearer {token}") } else { token };
            headers.push((header.to_string(), value));
            (headers, body.to_owned())
        }
    }
}

fn header(settings: &EndpointSettings, scheme: &Jose, types: &Types, at: Timestamp, unencoded: bool) -> Value {
    let keys = settings.keys.as_ref();
    let key = keys.and_then(|keys| keys.live(at).next());
    let mut header = Map::new();
    header.insert("alg".to_owned(), json!(key.map_or("PS256", |key| key.algorithm().name())));
    header.insert("kid".to_owned(), json!(key.map_or("none", |key| key.id().as_str())));
    if let Some(typ) = types.accepted.first() {
        header.insert("typ".to_owned(), json!(&**typ));
    }
    let mut critical: Vec<&str> = scheme.critical.iter().map(|(name, _)| &**name).collect();
    for (name, extension) in &scheme.critical {
        let value = match extension {
            Extension::Equals(text) => json!(&**text),
            Extension::Past => json!(at.seconds()),
        };
        header.insert(name.to_string(), value);
    }
    if unencoded {
        header.insert("b64".to_owned(), json!(false));
        critical.push("b64");
    }
    if !critical.is_empty() {
        header.insert("crit".to_owned(), json!(critical));
    }
    Value::Object(header)
}

fn claims(settings: &EndpointSettings, scheme: &Jose, at: Timestamp, body: &str) -> Value {
    let mut claims = scheme.claims.as_ref().map(|rules| rules_of(rules, at)).unwrap_or_default();
    if let Fresh::Claim(name) = settings.profile.fresh() {
        claims.insert(name.to_string(), json!(at.seconds()));
    }
    if let crate::profile::Identification::Claim { name, .. } = settings.profile.identification() {
        claims.insert(name.to_string(), json!("self-test"));
    }
    if let Form::Token { body_hash, .. } = &scheme.form {
        let digest = Digest::of(body_hash.hash, &[body.as_bytes()]);
        let prefix = body_hash.prefix.as_deref().unwrap_or_default();
        let value = format!("{prefix}{}", body_hash.encoding.encode(digest.bytes()));
        claims.insert(body_hash.claim.to_string(), json!(value));
    }
    Value::Object(claims)
}

/// Claims that keep the rules.
fn rules_of(rules: &crate::profile::ClaimRules, at: Timestamp) -> Map<String, Value> {
    let end = at.seconds().saturating_add(i64::try_from(rules.max_lifetime.as_secs().min(60)).unwrap_or(60));
    let mut claims = Map::new();
    for (name, value) in [
        ("iss", json!(rules.iss.first().map_or("self-test", |iss| &**iss))),
        ("aud", json!(rules.aud.first().map_or("self-test", |aud| &**aud))),
        ("exp", json!(end)),
        ("nbf", json!(at.seconds())),
        ("iat", json!(at.seconds())),
        ("jti", json!("self-test")),
    ] {
        claims.insert(name.to_owned(), value);
    }
    for name in &rules.required {
        claims.entry(&**name).or_insert_with(|| json!({}));
    }
    claims
}

/// Encrypts for the first key that this can be done for; without one, five parts of which none fits.
fn encrypted(keys: &DecryptionKeys, signed: &str) -> String {
    let usable = |key: &&DecryptingKey| key.management().contains(&KeyManagement::RsaOaep256);
    keys.iter().find(usable).and_then(|key| for_key(key, signed)).unwrap_or_else(|| "e30.AA.AA.AA.AA".to_owned())
}

fn for_key(key: &DecryptingKey, signed: &str) -> Option<String> {
    let encode = |bytes: &[u8]| Encoding::Base64Url.encode(bytes);
    let gcm = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm];
    let encryption = gcm.into_iter().find(|one| key.encryption().contains(one))?;
    let management = KeyManagement::RsaOaep256;
    let header = json!({"alg": management.name(), "enc": encryption.name(), "kid": key.id().as_str(), "cty": "JWT"});
    let protected = encode(header.to_string().as_bytes());
    let public = EncryptionKey::rsa(key.key().public_material()?).ok()?;
    let sealed = public.encrypt(management, encryption, protected.as_bytes(), signed.as_bytes()).ok()?;
    let parts = [sealed.encrypted_key, sealed.iv, sealed.ciphertext, sealed.tag].map(|part| encode(&part));
    Some(format!("{protected}.{}", parts.join(".")))
}
