//! What an endpoint of UAE Open Finance may say about its sender.

use http::StatusCode;

use super::endpoint::Surroundings;
use super::file::{AuthorizationWord, EndpointTable, ReplyKeyTable};
use super::profile::only_without_code;
use super::{jose, permissions};
use crate::crypto::Algorithm;
use crate::error::ConfigError;
use crate::keys::{KeyId, is_demo_key, read_private};
use crate::profile::{Presence, Profile, ReplySigner, Scheme};

pub(super) fn read(table: &EndpointTable, around: &Surroundings<'_>) -> Result<Profile, ConfigError> {
    only_without_code(table, &[("signature", table.signature.is_some())])?;
    let mut profile = Profile::cbuae();
    if let Scheme::Jose(scheme) = profile.scheme_mut() {
        if let (Some(claims), Some(rules)) = (&table.claims, &mut scheme.claims) {
            jose::adjust(rules, claims)?;
        }
        match (table.authorization, &mut scheme.authorization) {
            (Some(AuthorizationWord::Off), caller) => *caller = None,
            (Some(AuthorizationWord::Required), Some(caller)) => caller.presence = Presence::Required,
            (Some(AuthorizationWord::IfPresent), Some(caller)) => caller.presence = Presence::IfPresent,
            // A bearer token of another kind leaves no place for this one.
            (None, caller) if table.bearer.is_some() => *caller = None,
            _ => {}
        }
        match (&table.authorization_claims, &mut scheme.authorization) {
            (None, _) => {}
            (Some(claims), Some(caller)) => jose::adjust(&mut caller.claims, claims)?,
            (Some(_), None) => {
                let message =
                    "expected authorization = \"required\" or \"if-present\" beside it, but found no such token";
                return Err(ConfigError::new("authorization_claims", message));
            }
        }
    }
    if let Some(status) = table.success {
        // 202 in every guide; 204 in the templates of 1.2 and 2.0 (providers know no other).
        let status = StatusCode::from_u16(status).ok();
        let known = status.filter(|status| matches!(*status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT));
        let status =
            known.ok_or_else(|| ConfigError::new("success", "expected 202 or 204, but found another status"))?;
        profile = profile.with_success(status);
    }
    match &table.reply_key {
        Some(key) => Ok(profile.with_reply_signer(reply_signer(key, around)?)),
        None => Ok(profile),
    }
}

fn reply_signer(table: &ReplyKeyTable, around: &Surroundings<'_>) -> Result<ReplySigner, ConfigError> {
    let path = around.folder.join(&table.private_key);
    let wrong = |message: String| ConfigError::new("reply_key", format!("{}: {message}", path.display()));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| wrong(format!("expected a private key in this file, but found {error}")))?;
    let key = read_private(&text, Some(Algorithm::Ps256)).map_err(|error| wrong(error.to_string()))?;
    if key.public_material().is_some_and(is_demo_key) && !around.reach.on_loopback {
        let message = "expected a private key of your own, but found a demo key, which everybody has; \
                       it is trusted only by a listener on loopback";
        return Err(ConfigError::new("reply_key", message));
    }
    permissions::private(&path).map_err(|message| ConfigError::new("reply_key", message))?;
    let id = KeyId::new(&table.key_id).map_err(|error| ConfigError::new("reply_key", error.to_string()))?;
    ReplySigner::new(key, id, &table.issuer).map_err(|error| wrong(error.to_string()))
}
