//! `serve`: opens the store, binds the listeners, and works until it is told to stop. What is in flight is finished.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::accept::{Entrance, accept};
use super::admin::{Admin, Door};
use super::callers::Callers;
use super::config::{Config, SinkKind};
use super::figures;
use super::keys::{self, Shown};
use super::live::Live;
use super::ready::Readiness;
use super::sink::Sink;
use super::traces::Traces;
use super::upkeep::{forget_some, halted, prune, report_stranded, summarise};
use super::{Router, tls};
use crate::clock::{Clock, SystemClock};
use crate::inbox::Worker;
use crate::rotation::Rotation;
use crate::store::Store;

/// How long what is in flight may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// How long the first keys of an address may take, several tries together.
const FIRST_KEYS: Duration = Duration::from_secs(10);

/// Why the receiver does not run.
#[derive(Debug)]
pub enum Failure {
    /// The configuration, or a file that it names.
    Config(String),
    /// An address or a store is not to be had.
    Unavailable(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(message) | Self::Unavailable(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}

/// Runs the receiver until `shutdown` resolves. `ready` is told each listener's line.
///
/// # Errors
/// [`Failure`] before the first request; afterwards every failure is an answer and a log line.
pub async fn serve(
    mut config: Config,
    shutdown: impl Future<Output = ()> + Send,
    mut ready: impl FnMut(&str),
) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rotations = keys::open(&mut config.endpoints, &clock, FIRST_KEYS).await?;
    let named = config.endpoints.iter().zip(&rotations);
    let shown: Arc<[Shown]> = named
        .filter_map(|(settings, rotation)| Some(Shown::new(Arc::clone(&settings.name), rotation.as_ref()?)))
        .collect();
    for endpoint in &config.endpoints {
        let test = super::self_test(endpoint, clock.now()).await;
        test.map_err(|why| Failure::Config(format!("endpoint {:?}: {why}", endpoint.name)))?;
    }
    // Before the first counter is made, or the counters would count into nothing.
    let metrics = figures::install().ok();
    let tls = config.server.tls.as_ref().map(tls::open).transpose().map_err(Failure::Config)?;
    let authority = authority(&config).map_err(Failure::Config)?;
    let store = config.store.open(Arc::clone(&clock)).await?;
    tracing::info!(durability = %store.durability(), condition = store.condition(), "the store is open");
    let (close, closing) = watch::channel(false);
    let (router, mut workers) = endpoints(&config, rotations, &store, &clock, &closing)?;
    let traces =
        Traces::open(config.server.traces.as_ref(), Arc::clone(&clock)).map_err(Failure::Config)?.map(Arc::new);
    let router = router.traced(traces.clone());
    report_stranded(&config, &store).await;

    let listener = bind(config.server.listen).await?;
    let address = listener.local_addr().map_err(|error| Failure::Unavailable(error.to_string()))?;
    if let Some(wanted) = config.server.admin {
        let listener = bind(wanted).await?;
        let address = listener.local_addr().map_err(|error| Failure::Unavailable(error.to_string()))?;
        let token = config.server.admin_token.clone();
        let placed = (&config.store, Arc::clone(&store));
        let admin = Admin {
            door: Door::new(config.server.admin_hosts.clone(), token),
            ready: Readiness::new(config.server.ready, placed, Arc::clone(&shown), closing.clone(), Arc::clone(&clock)),
            store: Arc::clone(&store),
            metrics: metrics.clone(),
            endpoints: config.endpoints.iter().map(|endpoint| endpoint.name.to_string()).collect(),
            keys: shown,
            budget: router.endpoints().first().map(|endpoint| endpoint.body_budget().clone()).unwrap_or_default(),
            clock: Arc::clone(&clock),
        };
        tokio::spawn(admin.serve(listener));
        ready(&format!("ready: http://{address} for operators: /healthz /readyz /metrics /status"));
    }
    workers.spawn(summarise(router.clone(), closing.clone()));
    if let Some(metrics) = metrics {
        tokio::spawn(figures::keep_up(metrics));
    }
    let more = forget_some(&store).await;
    workers.spawn(prune(Arc::clone(&store), more, closing.clone()));
    #[cfg(all(feature = "fail-points", debug_assertions))]
    if let Some(armed) = crate::fail_point::arm().map_err(Failure::Config)? {
        tracing::error!(code = "fail_point", armed, "this build is for tests, and will end or fail by itself");
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    let paths: Vec<_> =
        config.endpoints.iter().map(|endpoint| format!("{} at {}", endpoint.name, endpoint.path)).collect();
    ready(&format!("ready: {scheme}://{address} for senders: {}", paths.join(", ")));

    if let Some(tls) = &tls {
        workers.spawn(Arc::clone(tls).run(closed(&closing)));
    }
    if let Some(authority) = &authority {
        workers.spawn(Arc::clone(authority).run(closed(&closing)));
    }
    let callers = Callers::new(config.server.proxies.clone(), authority, Arc::clone(&clock));
    let mut connections = JoinSet::new();
    let mut ended = Ok(());
    tokio::select! {
        () = shutdown => {}
        why = halted(&store) => ended = Err(Failure::Unavailable(why.to_owned())),
        () = accept(&listener, Entrance { tls, router, callers }, &mut connections, &config.server.limits, closing) => {}
    }
    drop(listener);
    // Nobody is left to be told.
    let _ = close.send(true);
    let drained = async {
        while connections.join_next().await.is_some() {}
        while workers.join_next().await.is_some() {}
    };
    if tokio::time::timeout(DRAIN, drained).await.is_err() {
        tracing::warn!(code = "drain_timeout", "what was in flight took too long; the senders will retry");
    }
    if let Some(traces) = traces {
        traces.close().await;
    }
    ended
}

/// Builds every endpoint with its sink, and starts what keeps its keys and, if it queues, a worker.
fn endpoints(
    config: &Config,
    rotations: Vec<Option<Rotation>>,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    closing: &watch::Receiver<bool>,
) -> Result<(Router, JoinSet<()>), Failure> {
    let mut workers = JoinSet::new();
    let mut built = Vec::new();
    for (settings, rotation) in config.endpoints.iter().zip(rotations) {
        let wrong = |why: String| Failure::Config(format!("endpoint {:?}: {why}", settings.name));
        let sink = config.sinks.iter().find(|sink| sink.name == settings.sink);
        let sink = sink.ok_or_else(|| wrong("expected a sink, but found none".to_owned()))?;
        let service = Sink::open(sink).map_err(wrong)?;
        let mut builder = settings.builder(Arc::clone(clock));
        if let Some(rotation) = rotation {
            builder = builder.key_ring(rotation.ring());
            workers.spawn(rotation.run(closed(closing)));
        }
        let builder = if settings.inline {
            builder.inline(Arc::clone(store), settings.times, service.clone())
        } else {
            builder.queue(Arc::clone(store))
        };
        let endpoint = builder.build().map_err(|error| wrong(error.to_string()))?;
        if !settings.inline && !matches!(sink.kind, SinkKind::None) {
            let worker = Worker::new(
                Arc::clone(store),
                &settings.name,
                endpoint.decoder(),
                Arc::clone(clock),
                sink.retry,
                service,
            );
            workers.spawn(worker.run(closed(closing)));
        }
        built.push(endpoint);
    }
    Ok((Router::new(built, Arc::clone(clock)), workers))
}

/// Authorities of the clients whose certificates a proxy brings.
fn authority(config: &Config) -> Result<Option<Arc<Live<tls::Authority>>>, String> {
    config.server.proxies.client_cert.as_ref().map(|settings| tls::authority(&settings.ca)).transpose()
}

/// Resolves when the receiver stops.
fn closed(closing: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut closing = closing.clone();
    async move {
        // A sender that is gone says the same.
        let _ = closing.wait_for(|closing| *closing).await;
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::Unavailable(format!("expected to listen on {address}, but found: {error}")))
}

/// What commands besides `serve` open.
impl Config {
    /// Reads the keys of all endpoints, and fetches those of addresses once. Without it, an endpoint has those keys
    /// only that are at hand.
    ///
    /// # Errors
    /// [`Failure`] if a source brings none.
    pub async fn open_keys(&mut self, clock: Arc<dyn Clock>) -> Result<(), Failure> {
        keys::open(&mut self.endpoints, &clock, Duration::ZERO).await.map(drop)
    }

    /// Opens what only `serve` needs: TLS keys and the files of sinks.
    ///
    /// # Errors
    /// What cannot be opened, with the name of its file.
    pub fn try_files(&self) -> Result<(), String> {
        self.server.tls.as_ref().map(tls::open).transpose()?;
        authority(self)?;
        self.sinks.iter().try_for_each(|sink| Sink::open(sink).map(drop))
    }
}
