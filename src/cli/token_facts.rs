//! What `check` says of an endpoint whose sender makes tokens.

use crate::profile::{ClaimRules, Form, Jose, Nesting, Presence, Scheme};
use crate::server::config::EndpointSettings;

/// Names and values; nothing for a sender of another kind.
pub(super) fn facts(endpoint: &EndpointSettings) -> Vec<(&'static str, String)> {
    let Scheme::Jose(scheme) = endpoint.profile.scheme() else { return Vec::new() };
    let mut facts = vec![
        ("token", format!("{}, {}", place(&scheme.form), nesting(scheme.nesting))),
        ("decrypts", decryption(endpoint)),
        ("claims", claims(scheme.claims.as_ref())),
    ];
    if endpoint.profile.name() == "cbuae" {
        facts.push(("caller", caller(scheme)));
        let replies = if endpoint.signs_replies { "signed" } else { "NOT SIGNED, and so without a body" };
        facts.push(("replies", replies.to_owned()));
    }
    facts
}

fn place(form: &Form) -> String {
    match form {
        Form::Body => "the body".to_owned(),
        Form::Detached { header, .. } => format!("in {header}, detached"),
        Form::Token { header, body_hash } => format!("in {header}, with a hash of the body in {}", body_hash.claim),
    }
}

fn nesting(nesting: Nesting) -> &'static str {
    match nesting {
        Nesting::Jws => "a JWS",
        Nesting::JweOfJws => "a JWE around a JWS",
        Nesting::JwsOfJwe => "a JWS around a JWE",
    }
}

fn decryption(endpoint: &EndpointSettings) -> String {
    let Some(keys) = &endpoint.decryption else { return "nothing".to_owned() };
    let one = |key: &crate::keys::DecryptingKey| {
        let management: Vec<_> = key.management().iter().map(|one| one.name()).collect();
        let encryption: Vec<_> = key.encryption().iter().map(|one| one.name()).collect();
        format!("{} with {} ({})", management.join("/"), key.id().as_str(), encryption.join("/"))
    };
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn claims(rules: Option<&ClaimRules>) -> String {
    let Some(rules) = rules else { return "none: the payload is not sent along, or is no JWT".to_owned() };
    let party = |name: &str, known: &[Box<str>]| match known {
        [] => format!("{name} NOT COMPARED"),
        known => format!("{name} {}", known.join(" or ")),
    };
    let (leeway, lifetime) = (rules.leeway.as_secs(), rules.max_lifetime.as_secs());
    let (iss, aud) = (party("iss", &rules.iss), party("aud", &rules.aud));
    format!("{iss}, {aud}; leeway {leeway} s, life {lifetime} s at most")
}

fn caller(scheme: &Jose) -> String {
    let Some(caller) = &scheme.authorization else { return "a token in Authorization is not looked at".to_owned() };
    let demanded = match caller.presence {
        Presence::Required => "is required",
        Presence::IfPresent => "is checked if it is there",
    };
    format!("a token in Authorization {demanded}: {}", claims(Some(&caller.claims)))
}
