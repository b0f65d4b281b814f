//! From words in the file to the `jose` engine: where the token stands, what it has to say, how it is nested.

use std::time::Duration;

use super::file::{BodyHashTable, ClaimsTable, DemandWord, EndpointTable, ExtensionValue, SignatureTable, Strings};
use super::profile::{custom, fresh, header_name, identification, signature_table};
use super::span_field;
use crate::crypto::Hash;
use crate::error::ConfigError;
use crate::profile::{
    BodyHash, ClaimRules, Demand, Extension, Form, Fresh, Identification, Input, Jose, Nesting, Profile, Types,
};
use crate::wire::encoding::Encoding;

pub(super) fn jose(table: &EndpointTable) -> Result<Profile, ConfigError> {
    let signature = signature_table(table, "{ form = \"body\" }")?;
    let given = [
        ("encoding", signature.encoding.is_some()),
        ("prefix", signature.prefix.is_some()),
        ("separator", signature.separator.is_some()),
        ("member", signature.member.is_some()),
        ("cover", signature.cover.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
        let message = "expected a member that this profile reads, but found one of another";
        return Err(ConfigError::new(format!("signature.{name}"), message));
    }
    let form = form(signature)?;
    let identification = identification(table.id.as_ref())?;
    let (fresh, tolerance) = match fresh(signature)? {
        Some(said) => said,
        None if matches!(form, Form::Detached { .. }) => {
            let message = "expected { header = \"…\", tolerance = \"5m\" } with a header that is signed or, \
                           said aloud, \"off\", but found nothing";
            return Err(ConfigError::new("signature.fresh", message));
        }
        None => (Fresh::Expiry, None),
    };
    let claims = claims_table(table, signature)?;
    let mut scheme = Jose::new(form, None);
    scheme.claims = match (&scheme.form, claims) {
        (Form::Detached { .. }, Some(_)) => {
            let message = "expected no claims where the payload is not sent along, but found some";
            return Err(ConfigError::new("signature.claims", message));
        }
        (Form::Detached { .. }, None) => None,
        // A payload that nobody asks anything of need not be a JWT.
        (Form::Body, None) if fresh == Fresh::Off && !matches!(identification, Identification::Claim { .. }) => None,
        (_, claims) => {
            let exp = if fresh == Fresh::Expiry { Demand::Required } else { Demand::Optional };
            let mut rules = ClaimRules { exp, ..ClaimRules::default() };
            if let Some(claims) = claims {
                adjust(&mut rules, claims)?;
            }
            Some(rules)
        }
    };
    scheme.nesting = match signature.nesting.as_deref() {
        None => Nesting::Jws,
        Some("jwe(jws)") => Nesting::JweOfJws,
        Some("jws(jwe)") => Nesting::JwsOfJwe,
        Some(other) => {
            let message = format!("expected \"jwe(jws)\" or \"jws(jwe)\", but found {other:?}");
            return Err(ConfigError::new("signature.nesting", message));
        }
    };
    if let Some(typ) = &signature.typ {
        if typ.is_empty() {
            return Err(ConfigError::new("signature.typ", "expected a list such as [\"JWT\"], but found an empty one"));
        }
        scheme.typ = Types::only(typ.iter().map(String::as_str));
    }
    scheme.address = signature.jku.as_deref().map(Into::into);
    scheme.critical = signature.critical.iter().flatten().map(extension).collect::<Result<_, _>>()?;
    custom(table, Profile::jose(scheme, identification), fresh, tolerance)
}

fn form(signature: &SignatureTable) -> Result<Form, ConfigError> {
    let header = || {
        let name = signature.header.as_deref().ok_or_else(|| {
            ConfigError::new("signature.header", "expected the name of the header that holds the token, but found none")
        })?;
        header_name("signature.header", name)?;
        Ok(Box::<str>::from(name.to_ascii_lowercase()))
    };
    let only = |form: &str, field: &'static str, given: bool| {
        if given {
            return Err(ConfigError::new(
                format!("signature.{field}"),
                format!("expected this only with form = \"{form}\", but found it with another"),
            ));
        }
        Ok(())
    };
    let word = signature.form.as_deref().unwrap_or_default();
    if word != "detached" {
        only("detached", "input", signature.input.is_some())?;
        only("detached", "b64", signature.b64.is_some())?;
    }
    if word != "jwt" {
        only("jwt", "body_hash", signature.body_hash.is_some())?;
    }
    match word {
        "body" => {
            only("detached", "header", signature.header.is_some())?;
            Ok(Form::Body)
        }
        "detached" => {
            let input = signature.input.as_deref().unwrap_or("{body}");
            let input = Input::parse(input).map_err(|error| ConfigError::new("signature.input", error.to_string()))?;
            Ok(Form::Detached { header: header()?, input, unencoded: signature.b64 == Some(false) })
        }
        "jwt" => {
            let table = signature.body_hash.as_ref().ok_or_else(|| {
                let message = "expected { claim = \"…\", encoding = \"hex\" }, without which nothing binds the body, \
                               but found none";
                ConfigError::new("signature.body_hash", message)
            })?;
            Ok(Form::Token { header: header()?, body_hash: body_hash(table)? })
        }
        other => {
            let message = format!("expected \"body\", \"detached\" or \"jwt\", but found {other:?}");
            Err(ConfigError::new("signature.form", message))
        }
    }
}

fn body_hash(table: &BodyHashTable) -> Result<BodyHash, ConfigError> {
    let encoding: Encoding = table
        .encoding
        .parse()
        .map_err(|error: crate::wire::GrammarError| ConfigError::new("signature.body_hash", error.to_string()))?;
    let hash = match table.hash.as_deref() {
        None | Some("SHA-256") => Hash::Sha256,
        Some("SHA-384") => Hash::Sha384,
        Some("SHA-512") => Hash::Sha512,
        Some(other) => {
            let message = format!("expected hash SHA-256, SHA-384 or SHA-512, but found {other:?}");
            return Err(ConfigError::new("signature.body_hash", message));
        }
    };
    let prefix = table.prefix.as_deref().map(Into::into);
    Ok(BodyHash { claim: table.claim.as_str().into(), encoding, hash, prefix })
}

fn extension((name, value): (&String, &ExtensionValue)) -> Result<(Box<str>, Extension), ConfigError> {
    let extension = match value {
        ExtensionValue::Equals(text) => Extension::Equals(text.as_str().into()),
        ExtensionValue::Past { past: true } => Extension::Past,
        ExtensionValue::Past { past: false } => {
            let message = format!("expected a text or {{ past = true }} for {name:?}, but found past = false");
            return Err(ConfigError::new("signature.critical", message));
        }
    };
    Ok((name.as_str().into(), extension))
}

fn claims_table<'t>(
    table: &'t EndpointTable,
    signature: &'t SignatureTable,
) -> Result<Option<&'t ClaimsTable>, ConfigError> {
    match (&table.claims, &signature.claims) {
        (Some(_), Some(_)) => {
            Err(ConfigError::new("claims", "expected claims once, but found them at the endpoint and in signature"))
        }
        (one, other) => Ok(one.as_ref().or(other.as_ref())),
    }
}

/// What a configuration says about claims, over what the profile says.
pub(super) fn adjust(rules: &mut ClaimRules, table: &ClaimsTable) -> Result<(), ConfigError> {
    let texts = |texts: &Strings| -> Result<Vec<Box<str>>, ConfigError> {
        let list: Vec<Box<str>> = match texts {
            Strings::One(text) => vec![text.as_str().into()],
            Strings::Some(list) => list.iter().map(|text| text.as_str().into()).collect(),
        };
        if list.is_empty() || list.iter().any(|text| text.is_empty()) {
            return Err(ConfigError::new("claims", "expected a text or a list of texts, but found an empty one"));
        }
        Ok(list)
    };
    if let Some(iss) = &table.iss {
        rules.iss = texts(iss)?;
    }
    if let Some(aud) = &table.aud {
        rules.aud = texts(aud)?;
    }
    if let Some(leeway) = &table.leeway {
        rules.leeway = span_field("claims", leeway)?;
        if rules.leeway > ClaimRules::MOST_LEEWAY {
            return Err(ConfigError::new("claims", "expected a leeway of at most 60s, but found more"));
        }
    }
    if let Some(lifetime) = &table.max_lifetime {
        rules.max_lifetime = span_field("claims", lifetime)?;
        if rules.max_lifetime == Duration::ZERO {
            return Err(ConfigError::new("claims", "expected a max_lifetime of some length, but found none"));
        }
    }
    let demand = |word: &Option<DemandWord>, rule: &mut Demand| match word {
        Some(DemandWord::Required) => *rule = Demand::Required,
        Some(DemandWord::Optional) => *rule = Demand::Optional,
        None => {}
    };
    demand(&table.exp, &mut rules.exp);
    demand(&table.nbf, &mut rules.nbf);
    demand(&table.iat, &mut rules.iat);
    demand(&table.jti, &mut rules.jti);
    rules.required.extend(table.required.iter().flatten().map(|name| name.as_str().into()));
    Ok(())
}
