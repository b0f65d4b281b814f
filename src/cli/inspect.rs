//! `keys inspect`: what is in a file of keys, one block or one line a key. Nothing of a private key or secret is shown.

use std::fs;
use std::path::Path;

use anstyle::AnsiColor;
use serde_json::json;

use super::table::{coloured, plain};
use super::{Ended, print};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::crypto::{Backend, KeyManagement};
use crate::keys::jwk::{PassedOver, PassedOverFor};
use crate::keys::{DecryptingKey, Key, KeyError, VerifyingKey, file, jwk, pem, read_decryption};
use crate::wire::encoding::Encoding;

const DAY: u64 = 24 * 60 * 60;

pub(super) fn inspect(path: &Path, json: bool) -> Result<(), Ended> {
    let bytes = fs::read(path)
        .map_err(|error| Ended::Unavailable(format!("expected a key in {}, but found {error}", path.display())))?;
    let read = if bytes.trim_ascii_start().first() == Some(&b'{') {
        jwk::read_all(Backend::default(), &bytes)
    } else {
        file::read(Backend::default(), &bytes, None).map(|keys| (keys, Vec::new()))
    };
    let (keys, passed) = match read {
        Ok(both) => both,
        Err(error) => return private(path, &bytes, &error, json),
    };
    let now = SystemClock.now();
    for (number, key) in (1_usize..).zip(&keys) {
        if json {
            print(&document(path, key, now))?;
            continue;
        }
        let place = if keys.len() > 1 { format!(" key {number} of {}", keys.len()) } else { String::new() };
        print(&format!("{}{place}", path.display()))?;
        block(rows(key, now))?;
    }
    passed.iter().try_for_each(|one| passed_over(path, one, json))
}

/// A key of a set that no signature is verified with, such as one to encrypt to.
fn passed_over(path: &Path, one: &PassedOver, json: bool) -> Result<(), Ended> {
    let file = path.display().to_string();
    let because = match one.why {
        PassedOverFor::Use => "by its \"use\" or \"key_ops\", for something else than verifying",
        _ => "for no algorithm known here; the whole set is refused where the configuration names none",
    };
    if json {
        let document = json!({"file": file, "kid": one.kid, "type": one.kind, "bits": one.bits,
            "algorithm": one.algorithm, "thumbprint": one.thumbprint, "passedOver": true, "because": because});
        return print(&document.to_string());
    }
    print(&format!("{file} passed over"))?;
    let named = |text: &str| if text.is_empty() { "none".to_owned() } else { plain(text) };
    let rows = [
        Some(("type", named(&one.kind))),
        one.bits.map(|bits| ("size", format!("{bits} bits"))),
        Some(("algorithm", named(&one.algorithm))),
        Some(("key id", named(&one.kid))),
        one.thumbprint.as_ref().map(|thumbprint| ("JWK thumbprint", thumbprint.clone())),
        Some(("because", because.to_owned())),
    ];
    block(rows.into_iter().flatten())
}

fn block(rows: impl IntoIterator<Item = (&'static str, String)>) -> Result<(), Ended> {
    rows.into_iter().try_for_each(|(name, value)| print(&format!("  {name:<20} {value}")))
}

/// How a key stands in time, and how that looks.
fn state(key: &Key, now: Timestamp) -> (String, AnsiColor) {
    let days = |at: Timestamp| at.since(now).as_secs() / DAY;
    match (key.not_before(), key.not_after()) {
        (Some(first), _) if first > now => (format!("not yet valid, for {} days", days(first)), AnsiColor::Yellow),
        (_, Some(last)) if last < now => {
            (format!("expired {} days ago", now.since(last).as_secs() / DAY), AnsiColor::Red)
        }
        (_, Some(last)) if days(last) < 30 => (format!("expires in {} days", days(last)), AnsiColor::Yellow),
        (_, Some(last)) => (format!("valid, expires in {} days", days(last)), AnsiColor::Green),
        (_, None) => ("valid, without an end".to_owned(), AnsiColor::Green),
    }
}

fn hex(bytes: &[u8]) -> String {
    Encoding::Hex.encode(bytes)
}

fn kind(key: &Key) -> (&'static str, Option<usize>) {
    match key.verifier() {
        VerifyingKey::Public(public) => (key.algorithm().key_kind().name(), Some(public.bits())),
        VerifyingKey::Mac(_) => ("secret", None),
    }
}

fn rows(key: &Key, now: Timestamp) -> Vec<(&'static str, String)> {
    let (kind, bits) = kind(key);
    let (state, colour) = state(key, now);
    let rows = [
        Some(("type", kind.to_owned())),
        Some(("size", bits.map_or_else(|| "not shown".to_owned(), |bits| format!("{bits} bits")))),
        Some(("algorithm", format!("{} unless the configuration names another", key.algorithm()))),
        Some(("key id", plain(key.id().as_str()))),
        key.certificate_sha1().map(|sha1| ("certificate SHA-1", hex(&sha1))),
        key.certificate_sha256().map(|sha256| ("certificate SHA-256", hex(&sha256))),
        key.sha256_spki().map(|sha256| ("public key SHA-256", hex(&sha256))),
        key.thumbprint().map(|thumbprint| ("JWK thumbprint", thumbprint)),
        key.not_before().map(|at| ("not before", at.to_string())),
        key.not_after().map(|at| ("not after", at.to_string())),
        Some(("state", coloured(&state, colour))),
        key.is_demo().then(|| ("demo", "everybody has this key; it is trusted on loopback only".to_owned())),
    ];
    rows.into_iter().flatten().collect()
}

fn document(path: &Path, key: &Key, now: Timestamp) -> String {
    let (kind, bits) = kind(key);
    let document = json!({
        "file": path.display().to_string(), "type": kind, "bits": bits, "algorithm": key.algorithm().name(),
        "kid": key.id().as_str(), "valid": key.is_live(now), "state": state(key, now).0, "demo": key.is_demo(),
        "notBefore": key.not_before().map(|at| at.to_string()), "notAfter": key.not_after().map(|at| at.to_string()),
        "certificateSha1": key.certificate_sha1().map(|sha1| hex(&sha1)),
        "certificateSha256": key.certificate_sha256().map(|sha256| hex(&sha256)),
        "publicKeySha256": key.sha256_spki().map(|sha256| hex(&sha256)), "thumbprint": key.thumbprint(), "passedOver": false,
    });
    document.to_string()
}

/// Of a private key its public half is described, as far as it is one that decrypts; nothing else of it is shown.
fn private(path: &Path, bytes: &[u8], error: &KeyError, json: bool) -> Result<(), Ended> {
    let file = path.display().to_string();
    let halves = read_decryption(bytes).unwrap_or_default();
    for (id, key) in &halves {
        let uses: Vec<_> = KeyManagement::ALL.iter().copied().filter(|one| key.takes(*one)).collect();
        let named = DecryptingKey::new(id.clone(), key.clone(), uses, DecryptingKey::DEFAULT_ENCRYPTION);
        let named = named.map_err(|error| Ended::Failed(format!("{file}: {error}")))?;
        let (kind, bits, thumbprint) = (key.kind().name(), key.bits(), named.thumbprint());
        if json {
            let document = json!({"file": file, "type": format!("private {kind}"), "bits": bits,
                "kid": named.id().as_str(), "thumbprint": thumbprint, "demo": named.is_demo()});
            print(&document.to_string())?;
            continue;
        }
        print(&file)?;
        let rows = [
            Some(("type", format!("{kind}, private: only its public half is shown"))),
            Some(("size", format!("{bits} bits"))),
            Some(("key id", plain(named.id().as_str()))),
            thumbprint.map(|thumbprint| ("JWK thumbprint", thumbprint)),
            named.is_demo().then(|| ("demo", "everybody has this key; it is trusted on loopback only".to_owned())),
        ];
        block(rows.into_iter().flatten())?;
    }
    if !halves.is_empty() {
        return Ok(());
    }
    let blocks = std::str::from_utf8(bytes).ok().and_then(|text| pem::read(text).ok()).unwrap_or_default();
    if !blocks.iter().any(|block| block.label.ends_with("PRIVATE KEY")) {
        return Err(Ended::Failed(format!("{file}: {error}")));
    }
    if json {
        return print(&json!({"file": file, "type": "private"}).to_string());
    }
    print(&file)?;
    print("  type                 private key; nothing of it is shown")
}
