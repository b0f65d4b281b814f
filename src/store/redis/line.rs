//! One connection to one server that all tasks share, made anew when it breaks. The rule: no wait without an end, and
//! nothing is sent twice.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ScriptInvocation, Value};
use tokio::time::{Instant, timeout};

use super::address::{Node, RedisAddress};
use super::copies::{Copies, Copying};
use super::error::Failure;
use super::link::Link;
use super::sentinels::{self, Named};
use super::survey::{Demands, Survey};

/// How long making a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(1);
/// How long an answer may take.
pub(super) const ANSWER: Duration = Duration::from_secs(2);
/// How long whoever comes after a failed attempt is told of that attempt.
const FRESH: Duration = Duration::from_millis(100);

/// Where a line leads.
#[derive(Debug, Clone)]
pub(super) enum End {
    /// To this server.
    Server(Node),
    /// To whoever is the master of this name, as the Sentinels say.
    Master(Box<str>, Vec<Node>),
}

/// Connections that work, both to the same server.
struct Live {
    node: Node,
    link: Link,
    copying: Option<Copying>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

/// A connection to one server, or the lack of one.
#[derive(Debug)]
pub(super) struct Line {
    end: End,
    address: RedisAddress,
    demands: Demands,
    current: Mutex<Option<Arc<Live>>>,
    /// What was found when the server was last looked at.
    seen: Mutex<Option<Survey>>,
    /// Held by whoever connects, with the failure of the last attempt.
    attempt: tokio::sync::Mutex<Option<(Instant, String)>>,
}

impl Line {
    pub(super) fn new(end: End, address: RedisAddress, demands: Demands) -> Self {
        Self {
            end,
            address,
            demands,
            current: Mutex::default(),
            seen: Mutex::default(),
            attempt: tokio::sync::Mutex::default(),
        }
    }

    /// Runs a script and, if replicas have to have it too, waits for them.
    pub(super) async fn run(&self, call: &ScriptInvocation<'_>, copies: Option<Copies<'_>>) -> Result<Value, Failure> {
        let live = self.live().await.map_err(Failure::unsent)?;
        let mut connection = live.link.connection.clone();
        let work = async {
            let value = call.invoke_async(&mut connection).await.map_err(|error| Failure::of(&error))?;
            if let (Some(copies), Some(copying)) = (copies, &live.copying) {
                copying.wait(copies).await?;
            }
            Ok(value)
        };
        let bound = copies.map_or(ANSWER, |copies| copies.wait.bound());
        let outcome = timeout(bound, work).await.unwrap_or_else(|_| Err(Failure::silent()));
        if let Err(failure) = &outcome
            && failure.broken
        {
            self.give_up(&live);
        }
        outcome
    }

    /// Runs a command that is no script.
    pub(super) async fn ask(&self, command: &redis::Cmd) -> Result<Value, Failure> {
        let live = self.live().await.map_err(Failure::unsent)?;
        let mut connection = live.link.connection.clone();
        let work = command.query_async(&mut connection);
        match timeout(ANSWER, work).await {
            Ok(outcome) => outcome.map_err(|error| Failure::of(&error)),
            Err(_) => Err(Failure::silent()),
        }
        .inspect_err(|failure| {
            if failure.broken {
                self.give_up(&live);
            }
        })
    }

    /// Looks again at how the server is set up.
    ///
    /// # Errors
    /// It cannot be asked, or it is not as it has to be; then nothing more is sent to it until it is.
    pub(super) async fn survey(&self) -> Result<(), String> {
        let live = self.followed(self.live().await?).await?;
        let mut connection = live.link.connection.clone();
        let found = timeout(ANSWER, Survey::take(&mut connection)).await;
        let outcome = match found {
            Ok(Ok(survey)) => self.judge(survey),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("no answer of Redis in time".to_owned()),
        };
        if outcome.is_err() {
            self.give_up(&live);
        }
        outcome
    }

    /// The connection to whoever is the master now. One that lost its place, and is cut off from the others and not from
    /// us, still says that it is the master: what it takes is thrown away when it comes back. It is left only for whom most
    /// Sentinels name: one alone may have slept through the change.
    async fn followed(&self, live: Arc<Live>) -> Result<Arc<Live>, String> {
        let End::Master(name, sentinels) = &self.end else { return Ok(live) };
        let named = sentinels::master(&self.address, name, sentinels).await;
        let Some(Named { node: now, .. }) = named.ok().filter(|named| named.by_most && named.node != live.node) else {
            return Ok(live);
        };
        tracing::warn!(code = "store_changed", redis = %self.address, before = %live.node, %now, "another Redis is the master now");
        self.give_up(&live);
        self.live().await
    }

    /// What was found when the server was last looked at.
    pub(super) fn seen(&self) -> Option<Survey> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn judge(&self, survey: Survey) -> Result<(), String> {
        let met = self.demands.meet(&survey);
        let now = survey.words(self.demands.wait);
        let before = self.seen.lock().unwrap_or_else(PoisonError::into_inner).replace(survey);
        let before = before.map(|before| before.words(self.demands.wait)).filter(|before| *before != now);
        if let Some(before) = before.filter(|_| !self.demands.is_sink) {
            tracing::warn!(code = "store_changed", redis = %self.address, before, now, "Redis is set up in another way now");
        }
        met
    }

    /// The connection, made if there is none.
    async fn live(&self) -> Result<Arc<Live>, String> {
        if let Some(live) = self.current() {
            return Ok(live);
        }
        let mut attempt = self.attempt.lock().await;
        if let Some(live) = self.current() {
            return Ok(live);
        }
        // Whoever waited for an attempt that failed does not try again at once: the waits would add up.
        if let Some((at, why)) = &*attempt
            && at.elapsed() < FRESH
        {
            return Err(why.clone());
        }
        let outcome = match timeout(CONNECT, self.connect()).await {
            Ok(outcome) => outcome,
            Err(_) => Err("no connection in time".to_owned()),
        };
        match outcome {
            Ok(live) => {
                let live = Arc::new(live);
                *attempt = None;
                *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&live));
                Ok(live)
            }
            Err(why) => {
                let redis = &self.address;
                if self.demands.is_sink {
                    tracing::warn!(code = "sink_unreachable", %redis, why, "the Redis of a sink cannot be used now");
                } else {
                    tracing::warn!(code = "store_unreachable", %redis, why, "Redis cannot be used now");
                }
                *attempt = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_connected(&self) -> bool {
        self.current().is_some()
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets a connection, unless another one is there already.
    fn give_up(&self, broken: &Arc<Live>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|live| Arc::ptr_eq(live, broken)) {
            *current = None;
        }
    }

    async fn connect(&self) -> Result<Live, String> {
        let node = match &self.end {
            End::Server(node) => node.clone(),
            End::Master(name, sentinels) => sentinels::master(&self.address, name, sentinels).await?.node,
        };
        let open = || Link::open(&self.address, &node, &self.address.login, self.address.database);
        let mut link = open().await?;
        let survey = Survey::take(&mut link.connection).await?;
        let copying = if self.demands.wait.is_none() {
            None
        } else {
            let mut beside = open().await?;
            // A name may lead elsewhere meanwhile, and copies there say nothing about what is written here.
            if Survey::take(&mut beside.connection).await?.run != survey.run {
                return Err("two servers under one name".to_owned());
            }
            Some(Copying::new(beside))
        };
        self.judge(survey)?;
        Ok(Live { node, link, copying })
    }
}
