//! One endpoint of the configuration, in the terms of the library.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::file::{EndpointTable, Mode, UndecodableWord};
use super::limits::LimitSettings;
use super::reach::Reach;
use super::{client, decrypt, distrust, keys, profile, redirect, secret, span_field, units};
use crate::client::Pins;
use crate::clock::Clock;
use crate::crypto::Secret;
use crate::dedup::{InlineTimes, OnUndecodable};
use crate::endpoint::{BodyBudget, Endpoint, EndpointBuilder, Limits, Undecided, is_name, is_path};
use crate::error::ConfigError;
use crate::keys::{DecryptionKeys, KeyId, KeyRing, KeySet};
use crate::profile::Profile;
use crate::rotation::{NoKeys, Rotation, Source};
use crate::verify::DecryptionPermits;

/// What an endpoint's settings depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) folder: &'a Path,
    pub(super) reach: Reach,
    pub(super) retain: Duration,
    pub(super) public_url: Option<&'a str>,
    /// Their names.
    pub(super) sinks: &'a [&'a str],
    pub(super) permits: &'a DecryptionPermits,
    pub(super) limits: LimitSettings,
    pub(super) budget: &'a BodyBudget,
}

/// One endpoint.
#[derive(Debug, Clone)]
pub struct EndpointSettings {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is mounted.
    pub path: String,
    /// Its sender.
    pub profile: Profile,
    /// The sender's keys; those of an address are among them once [`EndpointSettings::open_keys`] has fetched them.
    pub keys: Option<KeySet>,
    /// Ids of keys that are trusted no more, though the sender may still publish them.
    pub distrust: Vec<KeyId>,
    /// Our private keys, where the sender encrypts.
    pub decryption: Option<DecryptionKeys>,
    /// Whether the sink's answer is the sender's answer.
    pub inline: bool,
    /// Whether error documents are signed, where the sender wants them so.
    pub signs_replies: bool,
    /// Where its events go.
    pub sink: String,
    /// How inline handling is timed.
    pub times: InlineTimes,
    bearer: Option<Secret>,
    api_key: Option<Secret>,
    allow_ip: Option<Vec<(IpAddr, u8)>>,
    client: Option<Pins>,
    permits: DecryptionPermits,
    limits: Limits,
    requests: usize,
    budget: BodyBudget,
    retain: Duration,
    undecodable: OnUndecodable,
    public_url: Option<String>,
    on_loopback: bool,
    sources: Vec<Source>,
    addresses: [Option<String>; 2],
}

impl EndpointSettings {
    pub(super) fn read(
        table: &EndpointTable,
        around: &Surroundings<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        is_name(&table.name)?;
        is_path(&table.path)?;
        if !around.sinks.contains(&table.sink.as_str()) {
            return Err(ConfigError::new(
                "sink",
                format!("expected the name of a [[sink]] ({}), but found {:?}", around.sinks.join(", "), table.sink),
            ));
        }
        let (profile, der) = profile::read(table, around)?;
        let (sources, keys) = keys::read(&table.keys, around.folder, &profile, der, warnings)?;
        let on_loopback = around.reach.on_loopback;
        let mut secret = |field, table: &Option<super::file::SecretTable>| match table {
            None => Ok(None),
            Some(table) => {
                let (secret, demo) = secret::read(table, around.folder, field)?;
                if demo && !on_loopback {
                    return Err(ConfigError::new(
                        field,
                        "expected a secret of your own, but found a demo secret, which everybody has; it is trusted only by a listener on loopback",
                    ));
                }
                if secret.is_weak() {
                    warnings.push(format!("{field}: a secret is shorter than 32 bytes"));
                }
                Ok(Some(secret))
            }
        };
        let deadline =
            table.deadline.as_deref().map_or(Ok(profile.answer_within()), |text| span_field("deadline", text))?;
        let settings = Self {
            name: table.name.as_str().into(),
            path: table.path.trim_end_matches('/').to_owned(),
            bearer: secret("bearer", &table.bearer)?,
            api_key: secret("api_key", &table.api_key)?,
            profile,
            keys,
            distrust: distrust::read(&table.distrust)?,
            decryption: decrypt::read(&table.decrypt, around.folder)?,
            inline: table.mode == Mode::Inline,
            signs_replies: table.reply_key.is_some(),
            sink: table.sink.clone(),
            times: InlineTimes::within(deadline),
            allow_ip: table.allow_ip.as_deref().map(|list| networks("allow_ip", list)).transpose()?,
            client: client::read(table.client.as_deref(), around.reach.knows_clients)?,
            permits: around.permits.for_another_endpoint(),
            limits: limits(table, around.limits.body)?,
            requests: around.limits.requests,
            budget: around.budget.clone(),
            retain: around.retain,
            undecodable: match table.undecodable {
                Some(UndecodableWord::Refuse) => OnUndecodable::Refuse,
                Some(UndecodableWord::Keep) | None => OnUndecodable::Keep,
            },
            public_url: table.public_url.clone().or_else(|| around.public_url.map(str::to_owned)),
            on_loopback,
            sources,
            addresses: redirect::addresses(table),
        };
        if settings.keys.as_ref().is_some_and(|keys| keys.has_demo_key()) && on_loopback {
            warnings
                .push(format!("endpoint {:?} trusts demo keys, because it listens on loopback only", settings.name));
        }
        if settings.profile.shows_api_key() && settings.api_key.is_none() {
            let name = &settings.name;
            warnings
                .push(format!("endpoint {name:?} has no api_key: what the sender shows in X-Api-Key is not compared"));
        }
        if table.profile == "cbuae" && settings.profile.compares_no_audience() {
            let name = &settings.name;
            warnings.push(format!(
                "endpoint {name:?} does not compare aud: whoever gets a message of the hub can encrypt it anew for us, and it is taken; set claims = {{ iss = \"…\", aud = \"your client id\" }}"
            ));
        }
        redirect::warn(&settings.name, &settings.profile, around, warnings);
        // What the builder refuses is refused here, with a line.
        let clock = Arc::new(crate::clock::SystemClock);
        let builder = settings.builder(clock.clone());
        if settings.sources.iter().any(Source::is_remote) {
            builder.check_before_keys()?;
        } else {
            builder.queue(Arc::new(crate::store::MemoryStore::new(clock))).build()?;
        }
        Ok(settings)
    }

    /// Reads the keys of every source, and fetches those of addresses: within `patience`, or once without any.
    ///
    /// # Errors
    /// [`NoKeys`] if a source brings none, or the profile does not take them together.
    pub async fn open_keys(&mut self, clock: Arc<dyn Clock>, patience: Duration) -> Result<Option<Rotation>, NoKeys> {
        if self.sources.is_empty() {
            return Ok(None);
        }
        let (name, sources) = (Arc::clone(&self.name), self.sources.clone());
        let opened = Rotation::open(name, &self.profile, self.on_loopback, sources, clock, patience).await;
        self.opened(opened)
    }

    /// The same, but leaves addresses to whoever keeps the keys.
    ///
    /// # Errors
    /// As [`EndpointSettings::open_keys`], of what is no address.
    pub(in crate::server) async fn open_keys_later(
        &mut self,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Rotation>, NoKeys> {
        let (name, sources) = (Arc::clone(&self.name), self.sources.clone());
        let opened = Rotation::open_later(name, &self.profile, self.on_loopback, sources, clock).await;
        self.opened(opened)
    }

    fn opened(&mut self, opened: Result<Rotation, NoKeys>) -> Result<Option<Rotation>, NoKeys> {
        let named = |message| format!("endpoint {:?}: {message}", self.name);
        let rotation = opened.map_err(|none| match none {
            NoKeys::Refused(message) => NoKeys::Refused(named(message)),
            NoKeys::Unavailable(message) => NoKeys::Unavailable(named(message)),
        })?;
        self.keys = Some(KeySet::clone(&rotation.ring().held().keys));
        Ok(Some(rotation))
    }

    /// The endpoint, but for what remembers.
    pub fn builder(&self, clock: Arc<dyn Clock>) -> EndpointBuilder<Undecided> {
        let mut builder = Endpoint::builder(Arc::clone(&self.name), self.profile.clone())
            .path(if self.path.is_empty() { "/" } else { &self.path })
            .clock(clock)
            .limits(self.limits)
            .in_flight(self.requests)
            .body_budget(self.budget.clone())
            .retain(self.retain)
            .undecodable(self.undecodable);
        if let Some(keys) = &self.keys {
            builder = builder.keys(keys.clone());
        }
        for id in &self.distrust {
            builder = builder.distrust(id.as_str());
        }
        if let Some(keys) = &self.decryption {
            builder = builder.decryption_keys(keys.clone()).decryption_permits(self.permits.clone());
        }
        if let Some(token) = &self.bearer {
            builder = builder.bearer(token.clone());
        }
        if let Some(key) = &self.api_key {
            builder = builder.api_key(key.clone());
        }
        if let Some(networks) = &self.allow_ip {
            builder = builder.allow_ip(networks.clone());
        }
        if let Some(pins) = &self.client {
            builder = builder.client(pins.clone());
        }
        if let Some(url) = &self.public_url {
            builder = builder.public_url(url);
        }
        if self.on_loopback {
            builder = builder.trusting_demo_keys_on_loopback();
        }
        builder
    }

    /// Takes room for bodies and permits for decryption from those that others share.
    pub(super) fn share(&mut self, budget: &BodyBudget, permits: Option<&DecryptionPermits>) {
        self.budget = budget.clone();
        if let Some(permits) = permits {
            self.permits = permits.for_another_endpoint();
        }
    }

    pub(super) fn permits(&self) -> DecryptionPermits {
        self.permits.clone()
    }

    /// Whether a demo key is trusted here.
    pub(in crate::server) fn trusts_demo_keys(&self) -> bool {
        self.on_loopback
    }

    /// Goes on with keys that somebody keeps.
    pub(in crate::server) fn go_on_with_keys(&mut self, ring: &KeyRing) {
        self.keys = Some(KeySet::clone(&ring.held().keys));
    }

    /// Whether a bearer token is demanded.
    pub fn wants_bearer(&self) -> bool {
        self.bearer.is_some()
    }

    /// Whether an API key is demanded.
    pub fn wants_api_key(&self) -> bool {
        self.api_key.is_some()
    }

    /// The clients of mutual TLS that are taken, if not everybody with a certificate.
    pub fn client(&self) -> Option<&Pins> {
        self.client.as_ref()
    }

    /// An address that the endpoint takes requests from.
    pub(in crate::server) fn expected_peer(&self) -> IpAddr {
        let listed = self.allow_ip.as_ref().and_then(|networks| networks.first());
        listed.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |(address, _)| *address)
    }

    /// The headers in which the sender shows secrets, for the self-test: it has to get past them to be one.
    pub(in crate::server) fn shown_secrets(&self) -> Vec<(String, String)> {
        let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
        let bearer =
            self.bearer.as_ref().map(|secret| ("authorization".to_owned(), format!("Bearer {}", text(secret))));
        bearer.into_iter().chain(self.api_key.as_ref().map(|secret| ("x-api-key".to_owned(), text(secret)))).collect()
    }

    /// Where a person goes who agreed, and who did not, if not to a page of ours.
    pub fn addresses(&self) -> (Option<&str>, Option<&str>) {
        let [done, failed] = &self.addresses;
        (done.as_deref(), failed.as_deref())
    }

    /// The largest body that is taken, in bytes.
    pub fn largest_body(&self) -> usize {
        self.limits.body
    }

    /// How long identities are remembered.
    pub fn retain(&self) -> Duration {
        self.retain
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let below =
            |one: &str, two: &str| one.strip_prefix(two).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        below(&self.path, &other.path) || below(&other.path, &self.path)
    }
}

fn limits(table: &EndpointTable, deadline: Duration) -> Result<Limits, ConfigError> {
    let mut limits = Limits { deadline, ..Limits::default() };
    if let Some(amount) = &table.max_body {
        limits.body = units::bytes(amount).map_err(|message| ConfigError::new("max_body", message))?;
    }
    Ok(limits)
}

pub(super) fn networks(field: &'static str, list: &[String]) -> Result<Vec<(IpAddr, u8)>, ConfigError> {
    let one = |text: &String| {
        let wrong = || ConfigError::new(field, format!("expected networks such as 192.0.2.0/24, but found {text:?}"));
        let (address, bits) =
            text.split_once('/').map_or((text.as_str(), None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.map_or(Ok(widest), str::parse).map_err(|_| wrong())?;
        if bits > widest { Err(wrong()) } else { Ok((address, bits)) }
    };
    if list.is_empty() {
        return Err(ConfigError::new(field, "expected at least one network, but found none"));
    }
    list.iter().map(one).collect()
}
