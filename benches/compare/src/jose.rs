//! Compact tokens: a JWS (RFC 7515), and a JWE around it by RSA-OAEP-256 and A256GCM (RFC 7516).

use std::io::{Error, Result};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL;

use crate::keys::{Algorithm, Keys};
use crate::requests::Forgery;

/// A token that was signed over `signed` and says `sent`.
pub fn token(keys: &Keys, algorithm: Algorithm, signed: &str, sent: &str, forgery: Forgery) -> Result<String> {
    let header = URL.encode(format!("{{\"alg\":\"{}\",\"kid\":\"compare\"}}", algorithm.word()));
    let input = |payload: &str| format!("{header}.{}", URL.encode(payload));
    let signature = URL.encode(keys.sign(algorithm, input(signed).as_bytes())?);
    let signature = if forgery == Forgery::Unsigned { String::new() } else { forgery.of(signature) };
    Ok(format!("{}.{signature}", input(sent)))
}

/// A JWE around a token; one content key for the run is enough, since nothing of it is secret.
pub fn seal(keys: &Keys, token: &str) -> Result<String> {
    let failed = |_| Error::other("expected a sealed token, but found an error");
    let (content_key, nonce) = ([7_u8; 32], [9_u8; 12]);
    let public = PublicEncryptingKey::from_der(&keys.public(Algorithm::Rs256(2048))?).map_err(Error::other)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(failed)?;
    let mut room = vec![0; public.ciphertext_size()];
    let wrapped = public.encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut room, None).map_err(failed)?;
    let header = URL.encode(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT","kid":"compare"}"#);
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).map_err(failed)?);
    let mut content = token.as_bytes().to_vec();
    let nonce_value = Nonce::assume_unique_for_key(nonce);
    let tag =
        key.seal_in_place_separate_tag(nonce_value, Aad::from(header.as_bytes()), &mut content).map_err(failed)?;
    let [wrapped, nonce, content, tag] = [&*wrapped, &nonce, &content, tag.as_ref()].map(|part| URL.encode(part));
    Ok(format!("{header}.{wrapped}.{nonce}.{content}.{tag}"))
}
