//! Secrets that a sender shows beside its signature. They are compared in constant time, and each is required where
//! it is configured.

use crate::crypto::{Secret, SignatureValid};
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::wire::bearer::bearer;

/// The secrets of one endpoint.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// `Authorization: Bearer …`.
    pub bearer: Option<Secret>,
    /// `X-Api-Key`.
    pub api_key: Option<Secret>,
}

impl Credentials {
    /// Checks what is configured; the proof is that of the bearer token.
    pub(super) fn check(&self, delivery: &Delivery) -> Result<Option<SignatureValid>, Rejection> {
        if let Some(secret) = &self.api_key {
            let shown = delivery.header("x-api-key")?.ok_or_else(|| missing("an API key in x-api-key"))?;
            let _proof = secret.verify(shown.as_bytes()).map_err(|_| wrong("the configured API key"))?;
        }
        let Some(secret) = &self.bearer else { return Ok(None) };
        let header = delivery.header("authorization")?.ok_or_else(|| missing("a bearer token in authorization"))?;
        let shown = bearer(header).map_err(|error| Rejection::new(Code::CredentialWrong, error.to_string()))?;
        secret.verify(shown.as_bytes()).map(Some).map_err(|_| wrong("the configured bearer token"))
    }
}

fn missing(what: &str) -> Rejection {
    Rejection::new(Code::CredentialMissing, format!("expected {what}, but found none"))
}

fn wrong(what: &str) -> Rejection {
    Rejection::new(Code::CredentialWrong, format!("expected {what}, but found another"))
}
