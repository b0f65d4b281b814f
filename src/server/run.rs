//! `serve`: opens the store, binds the listeners, and works until it is told to stop. The rules: what is in flight when it
//! is told so is finished, and what is told in between changes everything or nothing.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::accept::{Door, Hall, count_handshakes_from_the_start};
use super::admin::{Admin, Door as AdminDoor};
use super::config::Config;
use super::generation::{Ground, Prepared, Remaining, examine, prepare};
use super::places::Places;
use super::ready::Readiness;
use super::reload::{self, Next, Refused};
use super::seldom::Seldom;
use super::sockets::Sockets;
use super::supervisor::Supervisor;
use super::traces::Traces;
use super::upkeep::{halted, report_stranded, summarise};
use super::workforce::Workforce;
use super::{certificates, figures, files, standing};
use crate::clock::{Clock, SystemClock};
use crate::dedup::Handlers;
use crate::store::upkeep;

/// Why the receiver does not run.
#[derive(Debug)]
pub enum Failure {
    /// The configuration, or a file that it names.
    Config(String),
    /// An address or a store is not to be had.
    Unavailable(String),
    /// It stopped before what was in flight had ended.
    CutOff(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(message) | Self::Unavailable(message) | Self::CutOff(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Failure {}

/// What a running receiver is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Read the configuration again.
    Reload,
    /// Finish what is in flight and end; told twice, end at once.
    Stop,
}

/// Runs the receiver until it is told to stop, or nobody can tell it any more. `ready` is told each listener's line.
///
/// # Errors
/// [`Failure`] before the first request; afterwards every failure is an answer and a log line, but for a store that only a
/// new start can mend and for what was cut off at the end.
pub async fn serve(
    config: Config,
    sockets: Sockets,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut ready: impl FnMut(&str) + Send,
) -> Result<(), Failure> {
    let supervisor = Supervisor::found();
    let mut reload = false;
    let mut running = {
        let mut starting = std::pin::pin!(Running::start(config, sockets, &mut ready));
        loop {
            tokio::select! {
                started = &mut starting => break started?,
                order = orders.recv() => match order {
                    Some(Order::Reload) => reload = true,
                    Some(Order::Stop) | None => return Ok(()),
                }
            }
        }
    };
    supervisor.ready("receiving");
    let (mut reloads, mut watchdog) = (JoinSet::new(), supervisor.watchdog());
    let ended = loop {
        if reload && reloads.is_empty() {
            reload = false;
            supervisor.reloading();
            reloads.spawn(running.next());
        }
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Reload) => reload = true,
                Some(Order::Stop) | None => break Ok(()),
            },
            Some(next) = reloads.join_next() => supervisor.ready(running.turn_to(next)),
            why = halted(&running.ground.store) => {
                tracing::error!(code = "store_halted", because = why, "the receiver stops, as its store takes nothing more");
                break Err(Failure::Unavailable(why.to_owned()));
            }
            _ = &mut running.door => {
                break Err(Failure::Unavailable("expected to go on accepting connections, but found an end".to_owned()));
            }
            () = watchdog.asks() => supervisor.alive(),
        }
    };
    // A configuration that was being read comes too late.
    drop(reloads);
    supervisor.stopping(running.drain_limit());
    let stopped = running.stop(orders).await;
    ended.and(stopped)
}

/// A receiver at work.
struct Running {
    config: Arc<Config>,
    ground: Ground,
    remaining: Remaining,
    standing: standing::Place,
    places: Arc<Places>,
    workforce: Workforce,
    metrics: Option<PrometheusHandle>,
    shown: Option<watch::Sender<Arc<Admin>>>,
    admin: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    door: JoinHandle<()>,
    left: oneshot::Sender<()>,
    close: watch::Sender<bool>,
    /// Ends who looks for events that nobody delivers, when it is replaced.
    looking: watch::Sender<()>,
}

impl Running {
    async fn start(
        mut config: Config,
        mut sockets: Sockets,
        ready: &mut (impl FnMut(&str) + Send),
    ) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // Before the first counter is made, or the counters would count into nothing.
        let metrics = figures::install().ok();
        let examined = examine(&mut config, &clock, &Remaining::default(), None).await?;
        reload::count_from_the_start(&*clock);
        if config.server.tls.is_some() {
            count_handshakes_from_the_start();
        }
        let store = config.store.open(Arc::clone(&clock)).await?;
        tracing::info!(durability = %store.durability(), condition = store.condition(), "the store is open");
        let traces = Traces::open(config.server.traces.as_ref(), Arc::clone(&clock)).map_err(Failure::Config)?;
        let ground = Ground { store, clock, traces: traces.map(Arc::new), handlers: Handlers::default() };
        let prepared = prepare(&config, &ground, examined)?;

        let (close, closing) = watch::channel(false);
        let (listener, kept) = sockets.senders(config.server.listen).await?;
        let address = address_of(&listener)?;
        let (mut admin, mut shown) = (None, None);
        if let Some(wanted) = config.server.admin {
            let listener = sockets.admin(wanted).await?;
            let address = address_of(&listener)?;
            let pages = pages(&config, &ground, &prepared, metrics.clone(), closing.clone());
            let (sender, receiver) = watch::channel(Arc::new(pages));
            shown = Some(sender);
            let (end, ended) = oneshot::channel::<()>();
            let serving = Admin::serve(receiver, listener, async move { drop(ended.await) });
            admin = Some((end, tokio::spawn(serving)));
            ready(&format!("ready: http://{address} for operators: /healthz /readyz /metrics /status"));
        } else if sockets.has_admin() {
            return Err(Failure::Config("[server]: expected admin beside a socket for it, but found none".to_owned()));
        }
        let mut workforce = Workforce::new(closing.clone());
        let more = upkeep::forget_some(&*ground.store).await;
        // Before the workers begin: what waits for them is a step too.
        #[cfg(all(feature = "fail-points", debug_assertions))]
        if let Some(armed) = crate::fail_point::arm().map_err(Failure::Config)? {
            tracing::error!(code = "fail_point", armed, "this build is for tests, and will end or fail by itself");
        }
        let (standing, remaining) = prepared.take_over(&mut workforce);
        let scheme = if standing.tls.is_some() { "https" } else { "http" };
        let mut end = closing.clone();
        let end = async move { drop(end.wait_for(|closing| *closing).await) };
        workforce.beside(upkeep::go_on(Arc::clone(&ground.store), more, end));
        let standing: standing::Place = Arc::new(ArcSwap::from_pointee(standing));
        workforce.beside(summarise(Arc::clone(&standing), closing.clone()));
        workforce.beside(certificates::watch(Arc::clone(&standing), closing.clone()));
        if let Some(metrics) = &metrics {
            tokio::spawn(figures::keep_up(metrics.clone()));
        }
        let places = Places::of("senders");
        let (left, rest) = oneshot::channel::<()>();
        let hall = Hall {
            standing: Arc::clone(&standing),
            places: Arc::clone(&places),
            closing,
            most: files::connections_at_most(),
            failures: Seldom::default(),
        };
        let door = Door { listener, kept, hall }.attend(async move { drop(rest.await) });
        let door = tokio::spawn(door);
        let paths: Vec<_> =
            config.endpoints.iter().map(|endpoint| format!("{} at {}", endpoint.name, endpoint.path)).collect();
        ready(&format!("ready: {scheme}://{address} for senders: {}", paths.join(", ")));
        let config = Arc::new(config);
        let looking = watch::Sender::new(());
        let (store, over) = (Arc::clone(&ground.store), looking.subscribe());
        workforce.beside(report_stranded(Arc::clone(&config), store, close.subscribe(), over));
        Ok(Self {
            looking,
            config,
            ground,
            remaining,
            standing,
            places,
            workforce,
            metrics,
            shown,
            admin,
            door,
            left,
            close,
        })
    }

    /// Reads the configuration again, beside everything else.
    fn next(&self) -> impl Future<Output = Result<Next, Refused>> + Send + 'static {
        reload::next(Arc::clone(&self.config), self.ground.clone(), self.remaining.clone())
    }

    /// Puts what was prepared in its place, or says why nothing changed; in a word, for the supervisor.
    fn turn_to(&mut self, next: Result<Result<Next, Refused>, JoinError>) -> &'static str {
        let gone = |error: JoinError| {
            let message = format!("expected the configuration to be read, but found {error}");
            Refused::Failure(Failure::Unavailable(message))
        };
        let Next { config, prepared, differences } = match next.map_err(gone).and_then(|next| next) {
            Ok(next) => next,
            Err(refused) => {
                reload::report(Err(&refused), &*self.ground.clock);
                return "receiving; the last reload was refused";
            }
        };
        for warning in &config.warnings {
            tracing::warn!(code = "configuration", "{warning}");
        }
        if let Some(shown) = &self.shown {
            let pages = pages(&config, &self.ground, &prepared, self.metrics.clone(), self.close.subscribe());
            let before = shown.send_replace(Arc::new(pages));
            // Those that go on are measured when somebody looks.
            before.forget();
        }
        let (standing, remaining) = prepared.take_over(&mut self.workforce);
        // What was left out of the log so far is said; what is still in flight says the rest itself.
        self.standing.swap(Arc::new(standing)).router.summarise_log();
        (self.config, self.remaining) = (config, remaining);
        let (config, store) = (Arc::clone(&self.config), Arc::clone(&self.ground.store));
        // Whoever looked by the configuration before ends with this.
        self.looking = watch::Sender::new(());
        let over = self.looking.subscribe();
        self.workforce.beside(report_stranded(config, store, self.close.subscribe(), over));
        reload::report(Ok(&differences), &*self.ground.clock);
        "receiving; the configuration was read again"
    }

    fn drain_limit(&self) -> Duration {
        self.standing.load().limits.drain
    }

    /// Finishes what is in flight, for as long as that may take and nobody asks again. What is kept is on its disk then.
    async fn stop(mut self, mut orders: mpsc::UnboundedReceiver<Order>) -> Result<(), Failure> {
        let limit = self.drain_limit();
        let connections = self.places.taken();
        // Before it is said, so that whoever reads of it finds it so. Nobody is left to be told.
        let _ = self.close.send(true);
        tracing::info!(code = "draining", connections, "stopping: what is in flight is finished");
        let (workforce, door, left) = (&mut self.workforce, &mut self.door, self.left);
        let (handlers, standing) = (&self.ground.handlers, &self.standing);
        let drained = async move {
            workforce.left().await;
            drop(left);
            if !door.is_finished() {
                let _ = door.await;
            }
            // Those too whose senders have hung up.
            handlers.idle().await;
            standing.load().router.summarise_log();
        };
        let again = async {
            while orders.recv().await == Some(Order::Reload) {}
            // Who can no longer say it has not said it.
            if orders.is_closed() {
                std::future::pending().await
            }
        };
        let why = tokio::select! {
            () = drained => {
                // Who looks on still holds the store, which tidies up when the last one has let go.
                if let Some((end, serving)) = self.admin.take() {
                    drop(end);
                    let _ = serving.await;
                }
                if let Some(traces) = &self.ground.traces {
                    traces.close().await;
                }
                tracing::info!(code = "drained", "stopped: everything that was in flight is finished");
                return Ok(());
            }
            () = tokio::time::sleep(limit) => format!("within limits.drain_timeout ({limit:?})"),
            () = again => "before the second signal".to_owned(),
        };
        // Counted before it happens.
        let (connections, workers) = (self.places.taken(), self.workforce.busy().join(", "));
        let handlers = self.ground.handlers.at_work();
        self.door.abort();
        self.standing.load().router.summarise_log();
        tracing::warn!(
            code = "drain_timeout",
            connections,
            handlers,
            workers,
            "what was in flight is cut off: senders that got no answer and workers that did not finish try again"
        );
        let workers = if workers.is_empty() { "no worker".to_owned() } else { format!("the workers of {workers}") };
        Err(Failure::CutOff(format!(
            "expected what was in flight to end {why}, but found {connections} connections, {handlers} handlers and {workers} at it"
        )))
    }
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    let unknown = |error| Failure::Unavailable(format!("expected a listener with an address, but found {error}"));
    listener.local_addr().map_err(unknown)
}

/// What operators are shown of a generation.
fn pages(
    config: &Config,
    ground: &Ground,
    prepared: &Prepared,
    metrics: Option<PrometheusHandle>,
    closing: watch::Receiver<bool>,
) -> Admin {
    let (store, clock, keys) = (Arc::clone(&ground.store), Arc::clone(&ground.clock), Arc::clone(&prepared.shown));
    let placed = (&config.store, Arc::clone(&store));
    Admin {
        door: AdminDoor::new(config.server.admin_hosts.clone(), config.server.admin_token.clone()),
        ready: Readiness::new(config.server.ready, placed, Arc::clone(&keys), closing, Arc::clone(&clock)),
        store,
        metrics,
        endpoints: Arc::clone(&prepared.names),
        keys,
        breakers: prepared.breakers(),
        certificates: prepared.standing.certificates.clone(),
        budget: config.budget.clone(),
        clock,
    }
}
