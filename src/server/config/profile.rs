//! From words in the file to a [`Profile`]: presets with their few adjustments, and profiles without code.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use super::endpoint::Surroundings;
use super::file::{EndpointTable, FreshValue, IdTable, ReplayWord, SignatureTable, SignatureValue};
use super::{redirect, span_field};
use crate::error::ConfigError;
use crate::event::EventType;
use crate::profile::{
    BodySignature, Fresh, HttpSignature, Identification, Input, JsonPointer, OtherDecoder, Presence, Profile, Scheme,
    TypeMap, Younify,
};
use crate::wire::encoding::Encoding;

const KNOWN: &str = "cbuae, tribe, worldline, body-signature, http-signature, jose, joompay, younify, tribe-redirect, \
                     cbuae-redirect or redirect";
/// How old a signed time may be unless it is said.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// In whose words refusals are told.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DialectWord {
    Plain,
    Younify,
}

/// The profile, and whether its ECDSA signatures are DER.
pub(super) fn read(table: &EndpointTable, around: &Surroundings<'_>) -> Result<(Profile, bool), ConfigError> {
    let (mut profile, der) = match table.profile.as_str() {
        "tribe" => (preset(table, Profile::tribe())?, false),
        "worldline" => (preset(table, Profile::worldline())?, false),
        "body-signature" => body_signature(table)?,
        "http-signature" => (http_signature(table)?, false),
        "cbuae" => (super::cbuae::read(table, around)?, false),
        "jose" => (super::jose::jose(table)?, false),
        name if redirect::PROFILES.contains(&name) => (redirect::read(table)?, false),
        other => return Err(ConfigError::new("profile", format!("expected {KNOWN}, but found {other:?}"))),
    };
    let cbuae = table.profile == "cbuae";
    let jose = cbuae || table.profile == "jose";
    let returns = redirect::PROFILES.contains(&table.profile.as_str());
    let only = [
        ("decrypt", !table.decrypt.is_empty(), jose, "\"jose\" or \"cbuae\""),
        ("claims", table.claims.is_some(), jose, "\"jose\" or \"cbuae\""),
        ("authorization", table.authorization.is_some(), cbuae, "\"cbuae\""),
        ("authorization_claims", table.authorization_claims.is_some(), cbuae, "\"cbuae\""),
        ("reply_key", table.reply_key.is_some(), cbuae, "\"cbuae\""),
        ("redirect", table.redirect.is_some(), returns, "\"joompay\", \"younify\" and others of redirects"),
    ];
    if let Some((field, .., with)) = only.into_iter().find(|(_, given, read, _)| *given && !*read) {
        return Err(ConfigError::new(
            field,
            format!("expected this only with profile {with}, but found {:?}", table.profile),
        ));
    }
    if let Some(tolerance) = &table.tolerance {
        if !profile.fresh().has_tolerance() {
            return Err(ConfigError::new("tolerance", "expected a profile with a signed time, but found one without"));
        }
        profile = profile.with_tolerance(span_field("tolerance", tolerance)?);
    }
    if let Some(replay) = table.replay {
        profile = profile.with_refuse_same_body(matches!(replay, ReplayWord::RefuseSameBody));
    }
    // Many senders of tokens name no audience. Where one does, the endpoint warns.
    if profile.compares_no_audience() {
        profile = profile.accepting_tokens_for_others();
    }
    Ok((profile, der))
}

/// Members that only a profile without code has.
fn preset(table: &EndpointTable, mut profile: Profile) -> Result<Profile, ConfigError> {
    only_without_code(table, &[("success", table.success.is_some())])?;
    match (&table.signature, profile.scheme_mut()) {
        (None, _) => {}
        (Some(SignatureValue::Word(word)), Scheme::Http(scheme)) => scheme.presence = presence(word)?,
        (Some(SignatureValue::Word(word)), Scheme::Body(_)) if word == "required" => {}
        (Some(_), _) => {
            let message = "expected \"required\" (or \"if-present\" where the sender may leave it out), but found something else; \
                           there is no \"off\"";
            return Err(ConfigError::new("signature", message));
        }
    }
    Ok(profile)
}

/// What comes from a profile that is built in.
pub(super) fn only_without_code(table: &EndpointTable, more: &[(&'static str, bool)]) -> Result<(), ConfigError> {
    let given = [
        ("id", table.id.is_some()),
        ("type", table.r#type.is_some()),
        ("subject", table.subject.is_some()),
        ("dialect", table.dialect.is_some()),
    ];
    match given.iter().chain(more).find(|(_, given)| *given) {
        Some((field, _)) => Err(ConfigError::new(
            *field,
            format!("expected this to come from profile {:?}, but found it set", table.profile),
        )),
        None => Ok(()),
    }
}

fn presence(word: &str) -> Result<Presence, ConfigError> {
    match word {
        "required" => Ok(Presence::Required),
        "if-present" => Ok(Presence::IfPresent),
        _ => Err(ConfigError::new(
            "signature",
            format!("expected \"required\" or \"if-present\", but found {word:?}; there is no \"off\""),
        )),
    }
}

fn body_signature(table: &EndpointTable) -> Result<(Profile, bool), ConfigError> {
    let signature = signature_table(table, "{ header = \"…\", encoding = \"base64\", input = \"{body}\" }")?;
    unused(signature, &[("cover", signature.cover.is_some())])?;
    let header = signature.header.as_deref().ok_or_else(|| {
        ConfigError::new("signature.header", "expected the name of the header that holds the signature, but found none")
    })?;
    header_name("signature.header", header)?;
    let mut scheme = BodySignature::over_body(&header.to_ascii_lowercase());
    let encoding = signature.encoding.as_deref().unwrap_or("base64");
    scheme.der = encoding == "base64-der";
    scheme.encoding = if scheme.der {
        Encoding::Base64
    } else {
        encoding.parse().map_err(|_| {
            ConfigError::new(
                "signature.encoding",
                format!("expected base64, base64url, hex or base64-der, but found {encoding:?}"),
            )
        })?
    };
    let input = signature.input.as_deref().unwrap_or("{body}");
    scheme.input = Input::parse(input).map_err(|error| ConfigError::new("signature.input", error.to_string()))?;
    scheme.prefix = signature.prefix.as_deref().map(Into::into);
    scheme.separator = signature.separator.as_deref().map(Into::into);
    scheme.member = signature.member.as_deref().map(Into::into);
    let der = scheme.der;
    let (fresh, tolerance) = fresh(signature)?.unwrap_or((Fresh::Off, None));
    Ok((custom(table, Profile::body_signature(scheme, identification(table.id.as_ref())?), fresh, tolerance)?, der))
}

fn http_signature(table: &EndpointTable) -> Result<Profile, ConfigError> {
    let signature = signature_table(
        table,
        "{ cover = [\"(request-target)\", \"host\", \"date\", \"digest\"], fresh = { header = \"date\" } }",
    )?;
    let given = [
        ("header", signature.header.is_some()),
        ("encoding", signature.encoding.is_some()),
        ("input", signature.input.is_some()),
        ("prefix", signature.prefix.is_some()),
        ("separator", signature.separator.is_some()),
        ("member", signature.member.is_some()),
    ];
    unused(signature, &given)?;
    let cover = signature.cover.as_deref().unwrap_or_default();
    if !cover.iter().any(|name| name.eq_ignore_ascii_case("digest")) {
        return Err(ConfigError::new(
            "signature.cover",
            "expected a list with \"digest\", without which the body is not signed, but found none",
        ));
    }
    for name in cover.iter().filter(|name| !name.starts_with('(')) {
        header_name("signature.cover", name)?;
    }
    let scheme = HttpSignature::covering(cover.iter().map(String::as_str));
    let (fresh, tolerance) = fresh(signature)?.ok_or_else(|| {
        ConfigError::new(
            "signature.fresh",
            "expected { header = \"…\", tolerance = \"5m\" } or, said aloud, \"off\", but found nothing",
        )
    })?;
    custom(table, Profile::http_signature(scheme, identification(table.id.as_ref())?), fresh, tolerance)
}

pub(super) fn custom(
    table: &EndpointTable,
    profile: Profile,
    fresh: Fresh,
    tolerance: Option<Duration>,
) -> Result<Profile, ConfigError> {
    let mut decoder = OtherDecoder::default();
    if let Some(subject) = &table.subject {
        decoder.subject = Some(pointer("subject", &subject.json)?);
    }
    if let Some(types) = &table.r#type {
        let word = |(from, to): (&String, &String)| {
            let to = to.parse::<EventType>().map_err(|_| {
                ConfigError::new(
                    "type",
                    format!("expected an event type such as payment, consent or openbanking.other, but found {to:?}"),
                )
            })?;
            Ok((from.clone(), to))
        };
        let words = types.map.iter().map(word).collect::<Result<_, ConfigError>>()?;
        decoder.types = Some(TypeMap { pointer: pointer("type", &types.json)?, words });
    }
    let unsaid = if fresh.has_tolerance() { TOLERANCE } else { Duration::ZERO };
    let tolerance = tolerance.unwrap_or(unsaid);
    let mut profile = profile.with_fresh(fresh, tolerance).with_decoder(Arc::new(decoder));
    if let Some(status) = table.success {
        let status = StatusCode::from_u16(status).ok().filter(StatusCode::is_success);
        let status = status
            .ok_or_else(|| ConfigError::new("success", "expected a status from 200 to 299, but found another"))?;
        profile = profile.with_success(status);
    }
    if let Some(DialectWord::Younify) = table.dialect {
        profile = profile.with_dialect(Arc::new(Younify));
    }
    Ok(profile)
}

pub(super) fn signature_table<'t>(table: &'t EndpointTable, example: &str) -> Result<&'t SignatureTable, ConfigError> {
    match &table.signature {
        Some(SignatureValue::Table(signature)) => Ok(signature),
        _ => Err(ConfigError::new("signature", format!("expected a table such as {example}, but found none"))),
    }
}

/// Members that another engine reads.
fn unused(signature: &SignatureTable, more: &[(&'static str, bool)]) -> Result<(), ConfigError> {
    let jose = [
        ("form", signature.form.is_some()),
        ("body_hash", signature.body_hash.is_some()),
        ("nesting", signature.nesting.is_some()),
        ("claims", signature.claims.is_some()),
        ("typ", signature.typ.is_some()),
        ("b64", signature.b64.is_some()),
        ("jku", signature.jku.is_some()),
        ("critical", signature.critical.is_some()),
    ];
    match jose.iter().chain(more).find(|(_, given)| *given) {
        Some((name, _)) => Err(ConfigError::new(
            format!("signature.{name}"),
            "expected a member that this profile reads, but found one of another",
        )),
        None => Ok(()),
    }
}

pub(super) fn fresh(signature: &SignatureTable) -> Result<Option<(Fresh, Option<Duration>)>, ConfigError> {
    let wrong = |message: &str| ConfigError::new("signature.fresh", message);
    let table = match &signature.fresh {
        None => return Ok(None),
        Some(FreshValue::Word(word)) if word == "off" => return Ok(Some((Fresh::Off, None))),
        Some(FreshValue::Word(_)) => return Err(wrong("expected a table or \"off\", but found another word")),
        Some(FreshValue::Table(table)) => table,
    };
    let tolerance = table.tolerance.as_deref().map(|text| span_field("signature.fresh", text)).transpose()?;
    match (&table.header, &table.member, &table.claim) {
        (Some(header), None, None) => Ok(Some((Fresh::Header(header.to_ascii_lowercase().into()), tolerance))),
        (None, Some(member), None) => Ok(Some((Fresh::Member(member.as_str().into()), tolerance))),
        (None, None, Some(claim)) => Ok(Some((Fresh::Claim(claim.as_str().into()), tolerance))),
        _ => Err(wrong("expected one of header, member or claim, but found none or more than one")),
    }
}

pub(super) fn identification(table: Option<&IdTable>) -> Result<Identification, ConfigError> {
    let wrong = |message: &str| ConfigError::new("id", message);
    let Some(table) = table else { return Ok(Identification::Fingerprint) };
    match (&table.header, &table.json, &table.claim, table.fingerprint) {
        (Some(header), None, None, None) => {
            header_name("id", header)?;
            Ok(Identification::header(&header.to_ascii_lowercase()))
        }
        (None, Some(json), None, None) => Ok(Identification::Json(pointer("id", json)?)),
        (None, None, None, Some(true)) => Ok(Identification::Fingerprint),
        (None, None, Some(claim), None) => Ok(Identification::Claim { name: claim.as_str().into(), required: true }),
        _ => Err(wrong("expected one of header, json, claim or fingerprint = true, but found none or more than one")),
    }
}

fn pointer(field: &'static str, text: &str) -> Result<JsonPointer, ConfigError> {
    JsonPointer::new(text).ok_or_else(|| {
        ConfigError::new(field, format!("expected a JSON pointer that begins with /, but found {text:?}"))
    })
}

pub(super) fn header_name(field: &'static str, name: &str) -> Result<(), ConfigError> {
    http::HeaderName::from_bytes(name.as_bytes())
        .map(|_| ())
        .map_err(|_| ConfigError::new(field, format!("expected the name of a header, but found {name:?}")))
}
