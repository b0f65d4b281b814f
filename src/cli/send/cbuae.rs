//! How the API Hub of UAE Open Finance signs and encrypts: the message as a claim of a JWS, the JWS inside of a JWE,
//! and until version 2.0 a token in `Authorization` beside it.
//!
//! The rule: a fault is wrong in one thing only, and everything around it is honest.

use clap::Args;
use serde_json::{Map, Value, json};

use super::change::value;
use super::craft::{Crafted, DAY, Headers, named, uuid};
use super::fault::Fault;
use super::signer::{Recipient, Signer};
use crate::clock::Timestamp;
use crate::crypto::{ContentEncryption, KeyManagement, Sealed};
use crate::wire::encoding::Encoding;

/// Who sends and who receives, as the demo configuration has it.
const ISSUER: &str = "demo-api-hub";
const AUDIENCE: &str = "demo-receiver";
/// How long the message is valid, and the token in `Authorization`, in seconds.
const LIFETIME: i64 = 300;
const CALLER_LIFETIME: i64 = 30;
/// How far the receiver's clock may be behind, in seconds.
const SKEW: i64 = 10;
const UNNAMED: &str = "--key-id: expected the id of --key in the sender's key set, but found none";

/// What only a sender of tokens has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub(super) struct TokenOptions {
    /// Sets a claim of the signed token, or leaves it out if there is no VALUE (cbuae).
    #[arg(long = "claim", value_name = "NAME[=VALUE]")]
    claims: Vec<String>,
    /// Sets a member of the signed token's header, or leaves it out if there is no VALUE (cbuae).
    #[arg(long = "protected", value_name = "NAME[=VALUE]")]
    protected: Vec<String>,
    /// Leaves out the token in Authorization, as version 2.1 does (cbuae).
    #[arg(long)]
    without_authorization: bool,
}

/// The headers and the body.
pub(super) fn sealed(crafted: &Crafted, signer: &Signer, now: Timestamp) -> Result<(Headers, Vec<u8>), String> {
    let claims = claims(crafted, now)?;
    let mut kind = "application/jwe";
    let body = match crafted.fault {
        Some(Fault::Unsigned) => encrypted(&claims.to_string(), crafted.fault, signer.recipient()?)?,
        Some(Fault::Unencrypted) => {
            kind = "application/jwt";
            signed(crafted, signer, &claims)?
        }
        Some(Fault::OtherEncryptionKey) => {
            encrypted(&signed(crafted, signer, &claims)?, crafted.fault, &Recipient::stranger()?)?
        }
        _ => encrypted(&signed(crafted, signer, &claims)?, crafted.fault, signer.recipient()?)?,
    };
    let mut headers = vec![("content-type", kind.to_owned()), ("x-fapi-interaction-id", uuid()?)];
    if !crafted.token.without_authorization {
        headers.push(("authorization", format!("Bearer {}", caller(signer, now)?)));
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Ok((named(&headers), body.into_bytes()))
}

fn claims(crafted: &Crafted, now: Timestamp) -> Result<Value, String> {
    let now = now.seconds();
    let day = DAY / 1000;
    let (iat, nbf, exp) = match crafted.fault {
        Some(Fault::Stale) => {
            (now.saturating_sub(day).saturating_sub(LIFETIME), now.saturating_sub(day), day.saturating_neg())
        }
        // It begins when nearly a day is over: what ends later than that is refused as living too long.
        Some(Fault::Future) => (now, now.saturating_add(day).saturating_sub(LIFETIME), day),
        _ => (now, now.saturating_sub(SKEW), LIFETIME),
    };
    let audience = if crafted.fault == Some(Fault::WrongAudience) { "another-receiver" } else { AUDIENCE };
    let mut claims = Map::from_iter([
        ("iss".to_owned(), json!(ISSUER)),
        ("aud".to_owned(), json!([audience])),
        ("exp".to_owned(), json!(now.saturating_add(exp))),
        ("nbf".to_owned(), json!(nbf)),
        ("iat".to_owned(), json!(iat)),
        ("jti".to_owned(), json!(crafted.request_id())),
        ("message".to_owned(), crafted.document.clone().unwrap_or_default()),
    ]);
    change(&mut claims, &crafted.token.claims);
    Ok(Value::Object(claims))
}

fn signed(crafted: &Crafted, signer: &Signer, claims: &Value) -> Result<String, String> {
    let mut header = Map::from_iter([
        ("alg".to_owned(), json!(signer.algorithm())),
        ("kid".to_owned(), json!(signer.key_id(UNNAMED)?)),
        ("typ".to_owned(), json!("JWT")),
    ]);
    change(&mut header, &crafted.token.protected);
    let input = format!("{}.{}", part(&Value::Object(header)), part(claims));
    let signature = crafted.signature(signer, input.as_bytes())?;
    Ok(format!("{input}.{}", Encoding::Base64Url.encode(&signature)))
}

/// The token in `Authorization`, which is honest in every case.
fn caller(signer: &Signer, now: Timestamp) -> Result<String, String> {
    let header = json!({"alg": signer.algorithm(), "kid": signer.key_id(UNNAMED)?, "typ": "JOSE", "cty": "json"});
    let now = now.seconds();
    let claims = json!({
        "iss": ISSUER, "sub": ISSUER, "aud": AUDIENCE, "jti": uuid()?,
        "iat": now, "nbf": now.saturating_sub(SKEW), "exp": now.saturating_add(CALLER_LIFETIME),
    });
    let input = format!("{}.{}", part(&header), part(&claims));
    Ok(format!("{input}.{}", Encoding::Base64Url.encode(&signer.sign(input.as_bytes())?)))
}

fn encrypted(content: &str, fault: Option<Fault>, recipient: &Recipient) -> Result<String, String> {
    let (management, encryption) = (KeyManagement::RsaOaep256, ContentEncryption::A256Gcm);
    let protected = part(&json!({
        "alg": management.name(), "enc": encryption.name(), "kid": recipient.key_id.as_str(), "cty": "JWT",
    }));
    let sealed = recipient.key.encrypt(management, encryption, protected.as_bytes(), content.as_bytes());
    let Sealed { encrypted_key, iv, mut ciphertext, mut tag } = sealed.map_err(|error| error.to_string())?;
    let changed = match fault {
        Some(Fault::TamperedBody) => ciphertext.first_mut(),
        Some(Fault::BadDigest) => tag.first_mut(),
        _ => None,
    };
    if let Some(byte) = changed {
        *byte ^= 1;
    }
    let parts = [encrypted_key, iv, ciphertext, tag].map(|part| Encoding::Base64Url.encode(&part));
    Ok(format!("{protected}.{}", parts.join(".")))
}

fn part(document: &Value) -> String {
    Encoding::Base64Url.encode(document.to_string().as_bytes())
}

fn change(members: &mut Map<String, Value>, changes: &[String]) {
    for change in changes {
        match change.split_once('=') {
            Some((name, text)) => drop(members.insert(name.to_owned(), value(text))),
            None => drop(members.remove(change)),
        }
    }
}
