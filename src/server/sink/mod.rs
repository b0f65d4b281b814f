//! Where events go: a service that takes a claimed event and answers when it is there.

mod file;
mod http;
mod stdout;

use std::task::{Context, Poll};

use tower_service::Service;

use super::config::{SinkKind, SinkSettings};
use super::figures::Attempts;
use crate::error::{Code, Rejection};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::StageFuture;

/// One sink of the configuration.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    kind: Kind,
    attempts: Attempts,
}

#[derive(Debug, Clone)]
enum Kind {
    Stdout,
    File(file::FileSink),
    Http(Box<http::HttpSink>),
    None,
}

impl Sink {
    pub(super) fn open(settings: &SinkSettings) -> Result<Self, String> {
        let kind = match &settings.kind {
            SinkKind::Stdout => Kind::Stdout,
            SinkKind::File(path) => Kind::File(file::FileSink::open(path)?),
            SinkKind::Http { url, timeout, secret } => {
                Kind::Http(Box::new(http::HttpSink::new(url, *timeout, secret.clone())?))
            }
            SinkKind::None => Kind::None,
        };
        Ok(Self { kind, attempts: Attempts::of(&settings.name) })
    }

    /// Opens a sink, unless one of those that are open writes to the very file that it names.
    pub(super) fn reopen<'a>(
        settings: &SinkSettings,
        mut open: impl Iterator<Item = &'a Self>,
    ) -> Result<Self, String> {
        let SinkKind::File(path) = &settings.kind else { return Self::open(settings) };
        let known = open.find(|sink| matches!(&sink.kind, Kind::File(file) if file.is_at(path)));
        let Some(known) = known else { return Self::open(settings) };
        Ok(Self { kind: known.kind.clone(), attempts: Attempts::of(&settings.name) })
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
        let Self { kind, attempts } = self.clone();
        Box::pin(async move { attempts.count(kind.take(&once)).await })
    }
}

impl Kind {
    async fn take(self, once: &Once) -> Result<Reply, Rejection> {
        match self {
            Self::None => Ok(Reply::accepted()),
            Self::Http(sink) => sink.send(once).await,
            Self::Stdout => blocking(line(once)?, stdout::write).await,
            Self::File(sink) => blocking(line(once)?, move |line| sink.write(line)).await,
        }
    }
}

fn line(once: &Once) -> Result<String, Rejection> {
    once.cloud_event().to_line().map(|line| line + "\n").map_err(|error| failed(&error))
}

/// Writes on a thread that may block: a slow reader of our output must not hold up those who receive.
async fn blocking(
    line: String,
    write: impl FnOnce(&str) -> std::io::Result<()> + Send + 'static,
) -> Result<Reply, Rejection> {
    match tokio::task::spawn_blocking(move || write(&line)).await {
        Ok(Ok(())) => Ok(Reply::accepted()),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &impl ToString) -> Rejection {
    Rejection::new(
        Code::HandlerFailed,
        format!("expected the sink to take the event, but found: {}", error.to_string()),
    )
}
