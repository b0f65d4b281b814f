//! One bad request through the whole stack before the first good one: complete and fresh, with every secret that the
//! sender shows, but with a signature that is none. An endpoint that takes it must not start.

use super::config::EndpointSettings;
use super::trial::judge;
use super::{forged_state, forged_token};
use crate::clock::Timestamp;
use crate::crypto::Digest;
use crate::error::{Class, Code};
use crate::keys::KeySet;
use crate::profile::{BodySignature, Form, Fresh, HttpSignature, Scheme};
use crate::wire::encoding::Encoding;
use crate::wire::template::Part;

const BODY: &str = "{}";
/// As long as the signature of an RSA key of 2048 bits.
const NO_SIGNATURE: [u8; 256] = [0x5a; 256];

/// Sends the bad request.
///
/// # Errors
/// What happened instead of a refusal.
pub async fn self_test(settings: &EndpointSettings, at: Timestamp) -> Result<Code, String> {
    let raw = request(settings, at);
    let verdict = judge(settings, at, raw.as_bytes()).await.map_err(|error| error.to_string())?;
    match verdict.rejection.map(|rejection| rejection.code()) {
        Some(code) if code.class() == Class::Authentication && verdict.event.is_none() => Ok(code),
        other => Err(format!(
            "expected a request with a wrong signature to be refused as not authenticated, but found status {} ({})",
            verdict.status,
            other.map_or("accepted", Code::as_str)
        )),
    }
}

fn request(settings: &EndpointSettings, at: Timestamp) -> String {
    let profile = &settings.profile;
    let route = profile.routes().first().map(|route| route.path.clone()).unwrap_or_default();
    let (tokens, body) = match profile.scheme() {
        Scheme::Jose(scheme) => forged_token::request(settings, scheme, at, BODY, &NO_SIGNATURE),
        Scheme::Body(_) | Scheme::Http(_) => (Vec::new(), BODY.to_owned()),
        Scheme::Redirect(scheme) => return forged_state::request(settings, scheme, at),
    };
    let content_type = profile.content_types().first().copied().unwrap_or("application/json");
    let mut headers = vec![
        ("host".to_owned(), "self-test.invalid".to_owned()),
        ("content-type".to_owned(), content_type.to_owned()),
        ("content-length".to_owned(), body.len().to_string()),
    ];
    headers.extend(tokens);
    headers.extend(settings.shown_secrets());
    let user_token = profile.routes().first().and_then(|route| route.user_token.as_deref());
    headers.extend(user_token.map(|name| (name.to_owned(), "self-test".to_owned())));
    let mut set = |name: &str, value: String| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value));
        }
    };
    if let Fresh::Header(name) = profile.fresh() {
        set(name, at.to_string());
    }
    if let crate::profile::Identification::Header { name, .. } = profile.identification() {
        set(name, "00000000-0000-4000-8000-000000000000".to_owned());
    }
    match profile.scheme() {
        Scheme::Body(scheme) => {
            set(&scheme.header, body_signature(scheme, profile.fresh(), at));
            for part in scheme.input.parts() {
                if let Part::Header(name) = part {
                    set(name, "self-test".to_owned());
                }
            }
        }
        Scheme::Http(scheme) => {
            set("digest", format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(BODY.as_bytes()))));
            for name in scheme.cover.iter().filter(|name| !name.starts_with('(')) {
                set(name, "self-test".to_owned());
            }
            set("signature", http_signature(scheme, settings.keys.as_ref(), at));
        }
        Scheme::Jose(scheme) => {
            let input = if let Form::Detached { input, .. } = &scheme.form { Some(input) } else { None };
            for part in input.into_iter().flat_map(|input| input.parts()) {
                if let Part::Header(name) = part {
                    set(name, "self-test".to_owned());
                }
            }
        }
        Scheme::Redirect(_) => {}
    }
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST {}{route} HTTP/1.1\r\n{lines}\r\n{body}", settings.path)
}

fn body_signature(scheme: &BodySignature, fresh: &Fresh, at: Timestamp) -> String {
    let signature = scheme.encoding.encode(&NO_SIGNATURE);
    match (&scheme.member, &scheme.prefix) {
        (Some(member), _) => {
            let signed = scheme.input.parts().filter_map(|part| match part {
                Part::Member(name) => Some(&**name),
                _ => None,
            });
            let timed = if let Fresh::Member(name) = fresh { Some(&**name) } else { None };
            let names: std::collections::BTreeSet<&str> =
                signed.chain(timed).filter(|name| *name != &**member).collect();
            let pairs: String = names.iter().map(|name| format!("{name}={},", at.seconds())).collect();
            format!("{pairs}{member}={signature}")
        }
        (None, Some(prefix)) => format!("{prefix}{signature}"),
        (None, None) => signature,
    }
}

fn http_signature(scheme: &HttpSignature, keys: Option<&KeySet>, at: Timestamp) -> String {
    let key = keys.and_then(|keys| keys.iter().next());
    let key_id = key.map_or("none", |key| key.id().as_str());
    let signature = Encoding::Base64.encode(&NO_SIGNATURE);
    let created = if scheme.cover.iter().any(|name| &**name == "(created)") {
        format!("created={},", at.seconds())
    } else {
        String::new()
    };
    format!("keyId=\"{key_id}\",{created}headers=\"{}\",signature=\"{signature}\"", scheme.cover.join(" "))
}
