//! The configuration file as it is written. Unknown members are errors; what a value means is decided beside.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::client::PinTable;
use super::decrypt::DecryptTable;
use super::profile::DialectWord;
use super::proxy::{ClientCertTable, ForwardedForm, UntrustedWord};
use super::ready::ReadyTable;
use super::redirect::RedirectTable;
use super::sink_table::SinkTable;
use super::tls::TlsTable;
use super::traces::TraceTable;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) server: ServerTable,
    #[serde(default)]
    pub(super) store: StoreTable,
    #[serde(default)]
    pub(super) endpoint: Vec<Spanned<EndpointTable>>,
    #[serde(default)]
    pub(super) sink: Vec<Spanned<SinkTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServerTable {
    pub(super) listen: Spanned<SocketAddr>,
    pub(super) admin: Option<Spanned<SocketAddr>>,
    pub(super) admin_token: Option<SecretTable>,
    pub(super) admin_hosts: Option<Vec<String>>,
    pub(super) ready: Option<Spanned<ReadyTable>>,
    pub(super) otlp: Option<Spanned<TraceTable>>,
    pub(super) tls: Option<Spanned<TlsTable>>,
    /// The older word for `limits.connections`.
    pub(super) max_connections: Option<usize>,
    pub(super) limits: Option<Spanned<LimitsTable>>,
    pub(super) public_url: Option<String>,
    pub(super) trusted_proxies: Option<Vec<String>>,
    pub(super) forwarded: Option<ForwardedForm>,
    pub(super) client_cert: Option<ClientCertTable>,
    pub(super) untrusted_forwarded: Option<UntrustedWord>,
}

impl Default for ServerTable {
    fn default() -> Self {
        Self {
            listen: Spanned::new(0..0, SocketAddr::from(([127, 0, 0, 1], 8400))),
            admin: None,
            admin_token: None,
            admin_hosts: None,
            ready: None,
            otlp: None,
            tls: None,
            max_connections: None,
            limits: None,
            public_url: None,
            trusted_proxies: None,
            forwarded: None,
            client_cert: None,
            untrusted_forwarded: None,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsTable {
    pub(super) connections: Option<usize>,
    pub(super) connections_per_address: Option<usize>,
    pub(super) requests: Option<usize>,
    pub(super) in_flight: Option<Amount>,
    pub(super) head_timeout: Option<String>,
    pub(super) body_timeout: Option<String>,
    pub(super) idle_timeout: Option<String>,
    pub(super) answer_timeout: Option<String>,
    pub(super) handshake_timeout: Option<String>,
    pub(super) drain_timeout: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StoreTable {
    pub(super) url: Spanned<String>,
    pub(super) retain: Spanned<String>,
    /// The members below are Redis's.
    pub(super) password: Option<SecretTable>,
    pub(super) sentinel: Option<LoginTable>,
    pub(super) ca: Option<PathBuf>,
    pub(super) client: Option<ClientTable>,
    pub(super) prefix: Option<String>,
    pub(super) wait_replicas: Option<u8>,
    pub(super) wait_fsync: Option<bool>,
    pub(super) volatile: Option<bool>,
    pub(super) seal: Option<SecretTable>,
}

impl Default for StoreTable {
    fn default() -> Self {
        Self {
            url: Spanned::new(0..0, "sqlite:countersign.db".to_owned()),
            retain: Spanned::new(0..0, "168h".to_owned()),
            password: None,
            sentinel: None,
            ca: None,
            client: None,
            prefix: None,
            wait_replicas: None,
            wait_fsync: None,
            volatile: None,
            seal: None,
        }
    }
}

/// As whom to log in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginTable {
    pub(super) user: Option<String>,
    pub(super) password: SecretTable,
}

/// Our certificate, where we are the client.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientTable {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointTable {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) profile: String,
    #[serde(default)]
    pub(super) keys: Vec<KeyTable>,
    #[serde(default)]
    pub(super) distrust: Vec<String>,
    #[serde(default)]
    pub(super) mode: Mode,
    pub(super) sink: String,
    pub(super) signature: Option<SignatureValue>,
    pub(super) bearer: Option<SecretTable>,
    pub(super) api_key: Option<SecretTable>,
    pub(super) allow_ip: Option<Vec<String>>,
    pub(super) client: Option<Vec<PinTable>>,
    pub(super) max_body: Option<Amount>,
    pub(super) tolerance: Option<String>,
    pub(super) id: Option<IdTable>,
    pub(super) r#type: Option<TypeTable>,
    pub(super) subject: Option<PointerTable>,
    pub(super) success: Option<u16>,
    pub(super) dialect: Option<DialectWord>,
    pub(super) replay: Option<ReplayWord>,
    pub(super) undecodable: Option<UndecodableWord>,
    pub(super) deadline: Option<String>,
    pub(super) public_url: Option<String>,
    #[serde(default)]
    pub(super) decrypt: Vec<DecryptTable>,
    pub(super) claims: Option<ClaimsTable>,
    pub(super) authorization: Option<AuthorizationWord>,
    pub(super) authorization_claims: Option<ClaimsTable>,
    pub(super) reply_key: Option<ReplyKeyTable>,
    pub(super) redirect: Option<RedirectTable>,
}

/// What signs our error documents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplyKeyTable {
    pub(super) private_key: PathBuf,
    pub(super) key_id: String,
    pub(super) issuer: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AuthorizationWord {
    Required,
    IfPresent,
    Off,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimsTable {
    pub(super) iss: Option<Strings>,
    pub(super) aud: Option<Strings>,
    pub(super) leeway: Option<String>,
    pub(super) max_lifetime: Option<String>,
    pub(super) exp: Option<DemandWord>,
    pub(super) nbf: Option<DemandWord>,
    pub(super) iat: Option<DemandWord>,
    pub(super) jti: Option<DemandWord>,
    pub(super) required: Option<Vec<String>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Strings {
    One(String),
    Some(Vec<String>),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum DemandWord {
    Required,
    Optional,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BodyHashTable {
    pub(super) claim: String,
    pub(super) encoding: String,
    pub(super) hash: Option<String>,
    pub(super) prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum ExtensionValue {
    Equals(String),
    Past { past: bool },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    #[default]
    Queue,
    Inline,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ReplayWord {
    RefuseSameBody,
    ById,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum UndecodableWord {
    Keep,
    Refuse,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Bytes(u64),
    Text(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyTable {
    pub(super) certificate: Option<PathBuf>,
    pub(super) public_key: Option<PathBuf>,
    pub(super) jwks: Option<PathBuf>,
    pub(super) jwks_url: Option<String>,
    pub(super) secret: Option<SecretTable>,
    pub(super) algorithm: Option<String>,
    pub(super) key_id: Option<String>,
    #[serde(default)]
    pub(super) ignore_validity: bool,
    pub(super) not_before: Option<Moment>,
    pub(super) not_after: Option<Moment>,
    // How `jwks_url` is asked.
    pub(super) refresh: Option<String>,
    pub(super) max_stale: Option<String>,
    pub(super) ca: Option<PathBuf>,
    pub(super) allow_private: Option<bool>,
}

/// A moment, in quotes or as TOML writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Toml(toml::value::Datetime),
    Text(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretTable {
    pub(super) env: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) encoding: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SignatureValue {
    Word(String),
    Table(Box<SignatureTable>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureTable {
    pub(super) header: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) input: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) separator: Option<String>,
    pub(super) member: Option<String>,
    pub(super) cover: Option<Vec<String>>,
    pub(super) fresh: Option<FreshValue>,
    pub(super) form: Option<String>,
    pub(super) body_hash: Option<BodyHashTable>,
    pub(super) nesting: Option<String>,
    pub(super) claims: Option<ClaimsTable>,
    pub(super) typ: Option<Vec<String>>,
    pub(super) b64: Option<bool>,
    pub(super) jku: Option<String>,
    pub(super) critical: Option<BTreeMap<String, ExtensionValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum FreshValue {
    Word(String),
    Table(FreshTable),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FreshTable {
    pub(super) header: Option<String>,
    pub(super) member: Option<String>,
    pub(super) claim: Option<String>,
    pub(super) tolerance: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdTable {
    pub(super) header: Option<String>,
    pub(super) json: Option<String>,
    pub(super) claim: Option<String>,
    pub(super) fingerprint: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeTable {
    pub(super) json: String,
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PointerTable {
    pub(super) json: String,
}
