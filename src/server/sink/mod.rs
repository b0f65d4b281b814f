//! Where events go: a service that takes a claimed event and answers when it is there. The rule: a sink says of each failure
//! whether it is the sink's own, which opens its breaker, or this event's.

mod connect;
mod file;
mod half_line;
mod http;
mod passing_on;
mod rotate;
mod statement;
mod stdout;

use std::task::{Context, Poll};
use std::time::Duration;

use tower_service::Service;

use super::config::{SinkKind, SinkSettings};
use super::figures::Attempts;
use crate::error::{Code, Rejection};
use crate::inbox::Breaker;
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::StageFuture;
use crate::store::redis::RedisStream;

/// One sink of the configuration. Endpoints that name the same one share it.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    kind: Kind,
    attempts: Attempts,
    pub(super) breaker: Breaker,
}

#[derive(Debug, Clone)]
enum Kind {
    Stdout(stdout::StdoutSink),
    File(file::FileSink),
    Http(Box<http::HttpSink>),
    Redis(RedisStream),
    None,
}

impl Sink {
    pub(super) fn open(settings: &SinkSettings) -> Result<Self, String> {
        let kind = match &settings.kind {
            SinkKind::Stdout => Kind::Stdout(stdout::StdoutSink::open()?),
            SinkKind::File(settings) => Kind::File(file::FileSink::open(settings)?),
            SinkKind::Http(http) => {
                Kind::Http(Box::new(http::HttpSink::new(http, &settings.name, settings.concurrency)?))
            }
            SinkKind::Redis(redis) => Kind::Redis(RedisStream::new(&redis.address, &redis.stream, redis.maxlen)),
            SinkKind::None => Kind::None,
        };
        Ok(Self::of(settings, kind))
    }

    /// Whether it could be opened, which leaves no trace.
    pub(super) fn attempt(settings: &SinkSettings) -> Result<(), String> {
        match &settings.kind {
            SinkKind::File(settings) => file::attempt(settings),
            _ => Self::open(settings).map(drop),
        }
    }

    /// Opens a sink, unless one of those that are open writes to the very file that it names.
    pub(super) fn reopen<'a>(
        settings: &SinkSettings,
        mut open: impl Iterator<Item = &'a Self>,
    ) -> Result<Self, String> {
        let SinkKind::File(named) = &settings.kind else { return Self::open(settings) };
        let known = open.find_map(|sink| match &sink.kind {
            Kind::File(file) => file.go_on(named),
            _ => None,
        });
        let Some(known) = known else { return Self::open(settings) };
        Ok(Self::of(settings, Kind::File(known)))
    }

    /// The same for an endpoint whose sender waits for its answer, at most so long.
    pub(super) fn asked(&self, within: Duration) -> Self {
        let mut asked = self.clone();
        if let Kind::Http(sink) = &mut asked.kind {
            sink.asked(within);
        }
        asked
    }

    /// With a breaker of its own, which is closed: what opened the one before may be what was changed.
    fn of(settings: &SinkSettings, kind: Kind) -> Self {
        let breaker = Breaker::new(&settings.name, settings.breaker);
        Self { kind, attempts: Attempts::of(&settings.name), breaker }
    }
}

impl Service<Once> for Sink {
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, once: Once) -> Self::Future {
        let Self { kind, attempts, .. } = self.clone();
        Box::pin(async move { attempts.count(kind.take(&once)).await })
    }
}

impl Kind {
    async fn take(self, once: &Once) -> Result<Reply, Rejection> {
        match self {
            Self::None => Ok(Reply::accepted()),
            Self::Http(sink) => sink.send(once).await,
            Self::Stdout(sink) => {
                sink.write(line(once)?).await.map(|()| Reply::accepted()).map_err(|error| failed(&error))
            }
            Self::File(sink) => {
                sink.write(line(once)?).await.map(|()| Reply::accepted()).map_err(|error| failed(&error))
            }
            Self::Redis(stream) => {
                let event = once.cloud_event().to_line().map_err(|error| refused(&error))?;
                let added = stream.add(once.id().as_str(), &event).await;
                added.map(|()| Reply::accepted()).map_err(|error| failed(&error))
            }
        }
    }
}

fn line(once: &Once) -> Result<String, Rejection> {
    once.cloud_event().to_line().map(|line| line + "\n").map_err(|error| refused(&error))
}

/// The sink as a whole fails.
fn failed(error: &impl ToString) -> Rejection {
    Rejection::new(Code::SinkUnavailable, found(error))
}

/// This event was not taken; others may be.
fn refused(error: &impl ToString) -> Rejection {
    Rejection::new(Code::HandlerFailed, found(error))
}

fn found(error: &impl ToString) -> String {
    format!("expected the sink to take the event, but found: {}", error.to_string())
}
