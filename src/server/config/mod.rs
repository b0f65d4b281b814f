//! The configuration: read whole, checked whole, before a socket opens.

mod cbuae;
mod client;
mod decrypt;
mod distrust;
mod endpoint;
mod file;
mod jose;
mod kept;
mod keys;
mod limits;
mod one_endpoint;
mod operators;
mod outgoing_tls;
mod permissions;
mod problem;
mod profile;
mod proxy;
mod reach;
mod ready;
mod redirect;
mod said;
mod secret;
mod sink;
mod sink_table;
mod store;
mod tls;
mod traces;
mod units;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::crypto::Secret;
use crate::endpoint::BodyBudget;
use crate::error::ConfigError;
use crate::inbox::DEADLINE;
use crate::verify::DecryptionPermits;

pub use distrust::Distrusted;
pub use endpoint::EndpointSettings;
pub use kept::Kept;
pub use limits::LimitSettings;
pub use operators::Operators;
pub(super) use permissions::private;
pub use problem::Problem;
pub use proxy::{ClientCertForm, ClientCertSettings, ForwardedForm, ProxySettings};
pub use ready::ReadySettings;
pub(super) use sink::ACTION;
pub use sink::{FileSettings, HttpForm, HttpSettings, RedisSettings, SinkKind, SinkSettings};
pub use store::StoreSettings;
pub use tls::TlsSettings;
pub use traces::TraceSettings;

pub(super) use said::{Differences, Said};
pub(crate) use units::span;

use file::File;
use problem::Source;
use reach::Reach;

/// Everything that the file says, in the terms of the library.
#[derive(Debug)]
pub struct Config {
    /// Where it was read.
    pub path: PathBuf,
    /// The listeners.
    pub server: ServerSettings,
    /// What remembers.
    pub store: StoreSettings,
    /// The endpoints.
    pub endpoints: Vec<EndpointSettings>,
    /// The sinks.
    pub sinks: Vec<SinkSettings>,
    /// What is allowed but not advised.
    pub warnings: Vec<String>,
    /// What it is compared by.
    pub(super) said: Said,
    pub(super) budget: BodyBudget,
}

/// The listeners.
#[derive(Debug)]
pub struct ServerSettings {
    /// Where senders connect.
    pub listen: SocketAddr,
    /// Where operators connect.
    pub admin: Option<SocketAddr>,
    /// What operators have to show where the admin listener is not on loopback.
    pub admin_token: Option<Secret>,
    /// By which names operators may call this machine, beside loopback and its address.
    pub admin_hosts: Vec<String>,
    /// When it is ready.
    pub ready: ReadySettings,
    /// Where traces go.
    pub traces: Option<TraceSettings>,
    /// TLS for senders.
    pub tls: Option<TlsSettings>,
    /// Proxies that are believed.
    pub proxies: ProxySettings,
    /// How much at once, and how long.
    pub limits: LimitSettings,
}

impl Config {
    /// Reads and checks a configuration file, with every file it names.
    ///
    /// # Errors
    /// The first [`Problem`], with file, line and field.
    pub fn load(path: &Path) -> Result<Self, Problem> {
        Self::parse(path, &problem::text_of(path)?)
    }

    /// Checks the text of a configuration file; names in it are relative to `path`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, Problem> {
        let source = Source { file: path, text };
        let file: File = toml::from_str(text).map_err(|error| source.unreadable(&error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
        // Before anything is read: of a file that changes meanwhile the next reload sees a change too many, and never too few.
        let said = Said::of(text, &folder);
        let mut warnings = Vec::new();
        let (server, public_url) = server(&file.server, &folder, source, &mut warnings)?;
        let retain = units::span(file.store.retain.get_ref()).map_err(|message| {
            source.problem(&file.store.retain.span(), "[store]", &ConfigError::new("retain", message))
        })?;
        let store = StoreSettings::read(&file.store, &folder, &mut warnings)
            .map_err(|error| source.problem(&source.table("store"), "[store]", &error))?;
        let sinks = sink::read(&file.sink, &folder, source, &mut warnings)?;
        let budget = BodyBudget::new(server.limits.in_flight);
        let named: Vec<_> = sinks.iter().map(|sink| sink.name.as_str()).collect();
        let context = endpoint::Surroundings {
            folder: &folder,
            reach: Reach::of(&file.server),
            retain,
            public_url: public_url.as_deref(),
            sinks: &named,
            permits: &DecryptionPermits::default(),
            limits: server.limits,
            budget: &budget,
        };
        let mut endpoints: Vec<EndpointSettings> = Vec::new();
        for table in &file.endpoint {
            let wrong = |error: &ConfigError| {
                source.problem(&table.span(), &format!("endpoint {:?}", table.get_ref().name), error)
            };
            let settings =
                EndpointSettings::read(table.get_ref(), &context, &mut warnings).map_err(|error| wrong(&error))?;
            if settings.largest_body() > server.limits.in_flight {
                let found = server.limits.in_flight;
                let message =
                    format!("expected at most limits.in_flight, or it never fits, but found more than {found}");
                return Err(wrong(&ConfigError::new("max_body", message)));
            }
            asked(&settings, &sinks, &mut warnings).map_err(|error| wrong(&error))?;
            if let Some(other) = endpoints.iter().find(|other| other.name == settings.name) {
                return Err(wrong(&ConfigError::new(
                    "name",
                    format!("expected a name of its own, but found another endpoint {:?}", other.name),
                )));
            }
            if let Some(other) = endpoints.iter().find(|other| other.overlaps(&settings)) {
                return Err(wrong(&ConfigError::new(
                    "path",
                    format!("expected a path of its own, but found it at or below that of {:?}", other.name),
                )));
            }
            endpoints.push(settings);
        }
        if endpoints.is_empty() {
            return Err(Problem::of_file(path, "expected at least one [[endpoint]], but found none"));
        }
        Ok(Self { path: path.to_owned(), server, store, endpoints, sinks, warnings, said, budget })
    }

    /// Goes on with what bounds the memory of a running receiver, so that two configurations together take no more than
    /// one. Another limit is a budget of its own: until the last body of the old one is answered, both are in use.
    pub(super) fn go_on_with(&mut self, old: &Self) {
        let budget = if self.server.limits.in_flight == old.server.limits.in_flight {
            &old.budget
        } else {
            &self.budget.clone()
        };
        self.budget = budget.clone();
        let permits = old.endpoints.first().map(EndpointSettings::permits);
        self.endpoints.iter_mut().for_each(|endpoint| endpoint.share(budget, permits.as_ref()));
    }

    /// Whether what an endpoint of this name accepted waits for somebody: for a worker of ours, or, where its sink is of
    /// type none, for whoever takes it by the library.
    pub fn queues(&self, name: &str) -> bool {
        self.endpoint(name).is_some_and(|endpoint| !endpoint.inline)
    }

    /// The endpoint of this name.
    pub fn endpoint(&self, name: &str) -> Option<&EndpointSettings> {
        self.endpoints.iter().find(|endpoint| &*endpoint.name == name)
    }
}

/// Whether an endpoint and its sink agree about what is sent, and who can tell that it comes from us.
fn asked(endpoint: &EndpointSettings, sinks: &[SinkSettings], warnings: &mut Vec<String>) -> Result<(), ConfigError> {
    let sink = sinks.iter().find(|sink| sink.name == endpoint.sink);
    let http = match sink.map(|sink| &sink.kind) {
        Some(SinkKind::Http(http)) => http,
        Some(SinkKind::None) if endpoint.inline => {
            let message = format!(
                "expected a sink that takes events beside mode = \"inline\", but found {:?} of type none; with mode = \
                 \"queue\" they stay in the inbox",
                endpoint.sink
            );
            return Err(ConfigError::new("sink", message));
        }
        Some(SinkKind::None) => {
            let (sink, name) = (&endpoint.sink, &endpoint.name);
            warnings.push(format!(
                "endpoint {name:?} has a sink of type none ({sink:?}): its events wait for ever and are never pruned, unless \
                 an application takes them by the library"
            ));
            return Ok(());
        }
        _ => return Ok(()),
    };
    if !endpoint.inline && http.timeout > DEADLINE {
        let message = format!(
            "expected a sink whose timeout is {} s at most beside mode = \"queue\", but found {:?} with {} s",
            DEADLINE.as_secs(),
            endpoint.sink,
            http.timeout.as_secs()
        );
        return Err(ConfigError::new("sink", message));
    }
    if !endpoint.inline && http.form == Some(HttpForm::Request) {
        let message =
            "expected mode = \"inline\" beside a sink of form \"request\", but found a queue, which sends events";
        return Err(ConfigError::new("mode", message));
    }
    if endpoint.inline && http.form != Some(HttpForm::Event) && http.secret.is_none() {
        let (sink, name) = (&endpoint.sink, &endpoint.name);
        warnings.push(format!(
            "sink {sink:?} has no secret: what endpoint {name:?} passes on says nothing of who was verified"
        ));
    }
    Ok(())
}

fn server(
    table: &file::ServerTable,
    folder: &Path,
    source: Source<'_>,
    warnings: &mut Vec<String>,
) -> Result<(ServerSettings, Option<String>), Problem> {
    let admin_token = match &table.admin_token {
        Some(secret) => {
            let (token, demo) = secret::read(secret, folder, "admin_token")
                .map_err(|error| source.problem(&source.table("server"), "[server]", &error))?;
            if demo {
                let error = ConfigError::new(
                    "admin_token",
                    "expected a secret of your own, but found a demo secret, which everybody has",
                );
                return Err(source.problem(&source.table("server"), "[server]", &error));
            }
            Some(token)
        }
        None => None,
    };
    if let (Some(admin), None) = (&table.admin, &admin_token)
        && !admin.get_ref().ip().is_loopback()
    {
        let error = ConfigError::new(
            "admin",
            "expected a loopback address, or an admin_token beside another one, but found neither",
        );
        return Err(source.problem(&admin.span(), "[server]", &error));
    }
    let tls = match &table.tls {
        Some(tls) => Some(
            TlsSettings::read(tls.get_ref(), folder)
                .map_err(|error| source.problem(&tls.span(), "[server]", &error))?,
        ),
        None => None,
    };
    let limits = LimitSettings::read(table).map_err(|error| {
        let place = table.limits.as_ref().map_or_else(|| source.table("server"), |limits| limits.span());
        source.problem(&place, "[server]", &error)
    })?;
    let plain = |error: ConfigError| source.problem(&source.table("server"), "[server]", &error);
    let proxies = ProxySettings::read(table, folder, warnings).map_err(plain)?;
    let (admin_hosts, ready) = (ready::hosts(table).map_err(plain)?, ReadySettings::read(table).map_err(plain)?);
    let traces = TraceSettings::read(table).map_err(plain)?;
    let settings = ServerSettings {
        listen: *table.listen.get_ref(),
        admin: table.admin.as_ref().map(|admin| *admin.get_ref()),
        admin_token,
        admin_hosts,
        ready,
        traces,
        tls,
        proxies,
        limits,
    };
    Ok((settings, table.public_url.clone()))
}

/// Reads a span in a field, which is neither nothing nor without end.
fn bounded_span(field: &'static str, text: &str, bounds: (&str, &str)) -> Result<Duration, ConfigError> {
    let (shortest, longest) = (span_field(field, bounds.0)?, span_field(field, bounds.1)?);
    let span = span_field(field, text)?;
    if (shortest..=longest).contains(&span) {
        return Ok(span);
    }
    Err(ConfigError::new(field, format!("expected {} to {}, but found {text:?}", bounds.0, bounds.1)))
}

/// Reads a span in a field.
fn span_field(field: &'static str, text: &str) -> Result<Duration, ConfigError> {
    units::span(text).map_err(|message| ConfigError::new(field, message))
}
