//! What a configuration makes of the receiver, in two steps: everything that may fail is prepared beside what runs, and
//! then all of it takes its place at once. The rule: the second step cannot fail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::callers::Callers;
use super::certificates::Certificates;
use super::config::{Config, Differences, EndpointSettings, ProxySettings, SinkKind, SinkSettings};
use super::keys::{self, Shown};
use super::live::Live;
use super::run::Failure;
use super::sink::Sink;
use super::standing::Standing;
use super::traces::Traces;
use super::workforce::{Keep, Task, Workforce};
use super::{Router, self_test, tls};
use crate::clock::Clock;
use crate::dedup::Handlers;
use crate::inbox::{Breaker, Worker};
use crate::rotation::Rotation;
use crate::store::Store;

/// How long the first keys of an address may take, several tries together.
const FIRST_KEYS: Duration = Duration::from_secs(10);

/// What every generation is made with.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) traces: Option<Arc<Traces>>,
    /// Those of every generation.
    pub(super) handlers: Handlers,
}

/// What of the generation that runs may go on in the next one.
#[derive(Clone, Default)]
pub(super) struct Remaining {
    pub(super) sinks: BTreeMap<String, Sink>,
    pub(super) keys: BTreeMap<Arc<str>, Shown>,
    /// Closed when the generation is over: nobody looks at its files of TLS any longer.
    over: Option<Arc<watch::Sender<()>>>,
}

/// A generation that may take its place.
pub(super) struct Prepared {
    pub(super) standing: Standing,
    pub(super) shown: Arc<[Shown]>,
    pub(super) names: Arc<[String]>,
    authority: Option<Arc<Live<tls::Authority>>>,
    remaining: Remaining,
    keep: Vec<(Arc<str>, Keep)>,
    tasks: Vec<(Arc<str>, Task)>,
}

/// What was read, fetched, opened and tested for a generation.
pub(super) struct Examined {
    rotations: Vec<Option<Rotation>>,
    going_on: BTreeMap<Arc<str>, Shown>,
    sinks: BTreeMap<String, Sink>,
    tls: Option<Arc<Live<tls::Listening>>>,
    authority: Option<Arc<Live<tls::Authority>>>,
}

/// Opens and tests everything that `config` says. An endpoint of whose keys nothing is said otherwise goes on with those that
/// `remaining` has of it: an address is not asked again, and what is known about its keys is not forgotten. A sink of which
/// nothing is said otherwise goes on with its connections and its breaker.
pub(super) async fn examine(
    config: &mut Config,
    clock: &Arc<dyn Clock>,
    remaining: &Remaining,
    differences: Option<&Differences>,
) -> Result<Examined, Failure> {
    let mut going_on = BTreeMap::new();
    for endpoint in &mut config.endpoints {
        let same = differences.is_some_and(|found| !found.concern_keys_of(&endpoint.name));
        // Behind a proxy demo keys are trusted no longer, which who keeps the keys does not know.
        let kept = remaining.keys.get(&endpoint.name);
        let kept = kept.filter(|shown| shown.trusts_demo_keys() == endpoint.trusts_demo_keys());
        if let (true, Some(shown)) = (same, kept) {
            endpoint.go_on_with_keys(shown.ring());
            going_on.insert(Arc::clone(&endpoint.name), shown.clone());
        }
    }
    let rotations = open_keys(config, clock, &going_on, differences.is_none()).await?;
    for endpoint in &config.endpoints {
        self_test(endpoint, clock.now()).await.map_err(|why| wrong(endpoint, &why))?;
    }
    // The one place where the files of TLS are opened, at the start and at each reload. They are looked at by themselves, too.
    let (listener, proxies) = (config.server.tls.clone(), config.server.proxies.clone());
    let (settings, before) = (config.sinks.clone(), remaining.sinks.clone());
    let same: BTreeSet<String> = settings
        .iter()
        .filter(|sink| differences.is_some_and(|found| !found.concern_sink(&sink.name)))
        .map(|sink| sink.name.clone())
        .collect();
    // A disk may hang, and whoever is receiving does not wait for it.
    let opened = tokio::task::spawn_blocking(move || {
        let tls = listener.as_ref().map(tls::open).transpose()?;
        Ok((tls, authority(&proxies)?, sinks(&settings, &same, &before)?))
    });
    let gone = |error| Failure::Unavailable(format!("expected files to be opened, but found {error}"));
    let (tls, authority, sinks) = opened.await.map_err(gone)?.map_err(Failure::Config)?;
    Ok(Examined { rotations, going_on, sinks, tls, authority })
}

/// Opens the sinks, but for those that are the same as before.
fn sinks(
    settings: &[SinkSettings],
    same: &BTreeSet<String>,
    before: &BTreeMap<String, Sink>,
) -> Result<BTreeMap<String, Sink>, String> {
    let named = |settings: &SinkSettings, why: String| format!("sink {:?}: {why}", settings.name);
    // One that cannot be opened leaves nothing behind of the others, as nothing changes then.
    for settings in settings.iter().filter(|settings| !same.contains(&settings.name)) {
        Sink::attempt(settings).map_err(|why| named(settings, why))?;
    }
    let mut sinks: BTreeMap<String, Sink> = BTreeMap::new();
    for settings in settings {
        let known = before.get(&settings.name).filter(|_| same.contains(&settings.name)).cloned();
        let sink = match known {
            Some(sink) => sink,
            None => {
                Sink::reopen(settings, before.values().chain(sinks.values())).map_err(|why| named(settings, why))?
            }
        };
        sinks.insert(settings.name.clone(), sink);
    }
    Ok(sinks)
}

/// Builds the endpoints.
pub(super) fn prepare(config: &Config, ground: &Ground, examined: Examined) -> Result<Prepared, Failure> {
    let Examined { rotations, going_on, sinks, tls, authority } = examined;
    let (mut built, mut keep, mut tasks, mut keys) = (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
    for (settings, rotation) in config.endpoints.iter().zip(rotations) {
        let (name, going_on) = (Arc::clone(&settings.name), going_on.get(&settings.name));
        let shown = match (&rotation, going_on) {
            (Some(rotation), _) => Some(Shown::new(Arc::clone(&name), rotation)),
            (None, going_on) => going_on.cloned(),
        };
        let (sink, service) = sink_of(config, &sinks, settings)?;
        let mut builder = settings.builder(Arc::clone(&ground.clock)).handlers(ground.handlers.clone());
        if let Some(shown) = &shown {
            builder = builder.key_ring(Arc::clone(shown.ring()));
            keep.push((Arc::clone(&name), rotation.map_or(Keep::On, |rotation| Keep::From(Box::new(rotation)))));
            keys.insert(Arc::clone(&name), shown.clone());
        }
        let builder = if settings.inline {
            builder.times(settings.times).inline(Arc::clone(&ground.store), service.asked(settings.times.deadline))
        } else {
            builder.queue(Arc::clone(&ground.store))
        };
        settings.warn_of_distrust();
        let endpoint = builder.build().map_err(|error| wrong(settings, &error.to_string()))?;
        if !settings.inline && !matches!(sink.kind, SinkKind::None) {
            let (store, clock, decoder) = (Arc::clone(&ground.store), Arc::clone(&ground.clock), endpoint.decoder());
            let breaker = service.breaker.clone();
            let worker = Worker::new(store, &name, decoder, clock, sink.retry, service)
                .concurrency(sink.concurrency)
                .order(sink.order)
                .breaker(breaker);
            tasks.push((name, Task { worker, order: sink.order }));
        }
        built.push(endpoint);
    }
    let router = Router::new(built, Arc::clone(&ground.clock)).traced(ground.traces.clone());
    let callers = Callers::new(config.server.proxies.clone(), authority.clone(), Arc::clone(&ground.clock));
    let clock = Arc::clone(&ground.clock);
    let certificates = Certificates::of(config, tls.as_ref());
    let (limits, room) = (config.server.limits, config.budget.clone());
    let standing = Standing { router, callers, clock, limits, room, tls, certificates };
    let shown = config.endpoints.iter().filter_map(|endpoint| keys.get(&endpoint.name).cloned()).collect();
    let names = config.endpoints.iter().map(|endpoint| endpoint.name.to_string()).collect();
    let over = Some(Arc::new(watch::Sender::new(())));
    let remaining = Remaining { sinks, keys, over };
    Ok(Prepared { standing, shown, names, authority, remaining, keep, tasks })
}

impl Prepared {
    /// The breakers of all sinks.
    pub(super) fn breakers(&self) -> Vec<Breaker> {
        self.remaining.sinks.values().map(|sink| sink.breaker.clone()).collect()
    }

    /// Gives everybody who works behind the endpoints the new tasks. What is left may go on in the generation after this.
    pub(super) fn take_over(self, workforce: &mut Workforce) -> (Standing, Remaining) {
        workforce.keep(self.keep);
        workforce.work(self.tasks);
        if let Some(tls) = &self.standing.tls {
            workforce.beside(Arc::clone(tls).run(workforce.closed_or(self.remaining.over())));
        }
        if let Some(authority) = self.authority {
            workforce.beside(authority.run(workforce.closed_or(self.remaining.over())));
        }
        (self.standing, self.remaining)
    }
}

impl Remaining {
    /// Resolves when the generation is over.
    fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let over = self.over.as_ref().map(|over| over.subscribe());
        async move {
            if let Some(mut over) = over {
                // Nothing is ever sent; whoever could is gone then.
                while over.changed().await.is_ok() {}
            }
        }
    }
}

/// Authorities of the clients whose certificates a proxy brings.
pub(super) fn authority(proxies: &ProxySettings) -> Result<Option<Arc<Live<tls::Authority>>>, String> {
    proxies.client_cert.as_ref().map(|settings| tls::authority(&settings.ca)).transpose()
}

/// The keys of all endpoints but of those that go on with theirs, in the order of the endpoints.
async fn open_keys(
    config: &mut Config,
    clock: &Arc<dyn Clock>,
    going_on: &BTreeMap<Arc<str>, Shown>,
    is_start: bool,
) -> Result<Vec<Option<Rotation>>, Failure> {
    let all = std::mem::take(&mut config.endpoints);
    let order: Vec<Arc<str>> = all.iter().map(|endpoint| Arc::clone(&endpoint.name)).collect();
    let (kept, mut fresh): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|endpoint| going_on.contains_key(&endpoint.name));
    let rotations = keys::open(&mut fresh, clock, FIRST_KEYS, is_start).await?;
    let mut opened: Vec<_> =
        fresh.into_iter().zip(rotations).chain(kept.into_iter().map(|kept| (kept, None))).collect();
    opened.sort_by_key(|(endpoint, _)| order.iter().position(|name| *name == endpoint.name));
    let (endpoints, rotations) = opened.into_iter().unzip();
    config.endpoints = endpoints;
    Ok(rotations)
}

fn sink_of<'a>(
    config: &'a Config,
    sinks: &BTreeMap<String, Sink>,
    endpoint: &EndpointSettings,
) -> Result<(&'a SinkSettings, Sink), Failure> {
    let settings = config.sinks.iter().find(|sink| sink.name == endpoint.sink);
    let found = settings.zip(sinks.get(&endpoint.sink).cloned());
    found.ok_or_else(|| wrong(endpoint, "expected a sink, but found none"))
}

fn wrong(endpoint: &EndpointSettings, why: &str) -> Failure {
    Failure::Config(format!("endpoint {:?}: {why}", endpoint.name))
}
