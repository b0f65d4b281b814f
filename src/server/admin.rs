//! Pages for operators, on a listener of their own: `/healthz`, `/readyz`, `/metrics`, `/status`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, ORIGIN};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::keys::{self, Shown};
use crate::clock::Clock;
use crate::crypto::Secret;
use crate::store::Store;
use crate::wire::bearer::bearer;
use crate::wire::header::only;

/// The levels that one store may go between.
const DURABILITY: &[&str] = &["memory", "os", "everysec", "fsync"];

/// What the pages show.
#[derive(Clone)]
pub(super) struct Admin {
    pub(super) address: SocketAddr,
    pub(super) token: Option<Secret>,
    pub(super) store: Arc<dyn Store>,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) endpoints: Arc<[String]>,
    pub(super) keys: Arc<[Shown]>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether the receiver stops.
    pub(super) closing: watch::Receiver<bool>,
}

impl Admin {
    /// Answers operators until `end`. Each request is answered by what is shown at that moment.
    pub(super) async fn serve(shown: watch::Receiver<Self>, listener: TcpListener, end: impl Future<Output = ()>) {
        let (mut connections, mut end) = (JoinSet::new(), std::pin::pin!(end));
        loop {
            let accepted = tokio::select! {
                () = end.as_mut() => return connections.shutdown().await,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            let shown = shown.clone();
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let admin = shown.borrow().clone();
                    async move { Ok::<_, Infallible>(admin.respond(&request).await) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(std::time::Duration::from_secs(5))
                    .half_close(true)
                    .serve_connection(TokioIo::new(stream), service);
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "an admin connection broke");
                }
            });
        }
    }

    async fn respond<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        if !self.may_ask(request) {
            return text(StatusCode::FORBIDDEN, "forbidden\n");
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" if *self.closing.borrow() => text(StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            "/readyz" => match self.store.stats().await {
                Ok(_) if self.lacks_keys() => {
                    text(StatusCode::SERVICE_UNAVAILABLE, "the keys of an endpoint were not confirmed for too long\n")
                }
                Ok(_) if self.store.halted().is_none() => text(StatusCode::OK, "ready\n"),
                _ => text(StatusCode::SERVICE_UNAVAILABLE, "the store is unavailable\n"),
            },
            "/metrics" => self.metrics().await,
            "/status" => self.status().await,
            _ => text(StatusCode::NOT_FOUND, "not found\n"),
        }
    }

    fn lacks_keys(&self) -> bool {
        let now = self.clock.now();
        self.keys.iter().any(|keys| keys.is_past_limit(now))
    }

    /// A browser on this machine can be made to ask: it sends an origin, or a host name of its own.
    fn may_ask<B>(&self, request: &Request<B>) -> bool {
        if request.headers().contains_key(ORIGIN) {
            return false;
        }
        if let Some(secret) = &self.token {
            let shown = only(request.headers(), AUTHORIZATION.as_str());
            return shown
                .and_then(|value| bearer(value).ok())
                .is_some_and(|token| secret.verify(token.as_bytes()).is_ok());
        }
        let host = only(request.headers(), HOST.as_str()).unwrap_or_default();
        let name = host.strip_suffix(&format!(":{}", self.address.port())).unwrap_or(host);
        name == "localhost"
            || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        let stats = self.store.stats().await;
        // Without an answer the figures below are those of the last one.
        metrics::gauge!("countersign_store_available").set(if stats.is_ok() { 1.0 } else { 0.0 });
        if let Ok(stats) = stats {
            for (state, count) in [
                ("ready", stats.ready),
                ("leased", stats.leased),
                ("delivered", stats.delivered),
                ("parked", stats.parked),
                ("quarantined", stats.quarantined),
            ] {
                metrics::gauge!("countersign_inbox_records", "state" => state).set(count as f64);
            }
            metrics::gauge!("countersign_identities").set(stats.identities as f64);
            metrics::gauge!("countersign_inbox_backlog").set(stats.backlog() as f64);
            let oldest = stats.oldest_waiting.map_or(0, |at| self.clock.now().since(at).as_secs());
            metrics::gauge!("countersign_inbox_oldest_waiting_seconds").set(oldest as f64);
            // Of the store, and so of every receiver on it and since it was made; countersign_deliveries_total is this one's.
            metrics::counter!("countersign_store_duplicates_total").absolute(stats.duplicates);
            metrics::counter!("countersign_store_conflicts_total").absolute(stats.conflicts);
        }
        let now = self.clock.now();
        let level = self.store.durability().to_string();
        // A level that no longer holds goes to zero.
        for known in DURABILITY {
            metrics::gauge!("countersign_store_durability", "level" => *known).set(0.0);
        }
        metrics::gauge!("countersign_store_durability", "level" => level).set(1.0);
        self.keys.iter().for_each(|keys| keys.measure(now));
        text(StatusCode::OK, self.metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default())
    }

    async fn status(&self) -> Response<Full<Bytes>> {
        let stats = self.store.stats().await.ok();
        let inbox = stats.map(|stats| {
            json!({
                "ready": stats.ready, "leased": stats.leased, "delivered": stats.delivered, "parked": stats.parked,
                "quarantined": stats.quarantined, "identities": stats.identities, "backlog": stats.backlog(),
                "duplicates": stats.duplicates, "conflicts": stats.conflicts,
                "oldestWaiting": stats.oldest_waiting.map(|at| at.to_string()),
            })
        });
        let document = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "durability": self.store.durability().to_string(),
            "store": self.store.condition(),
            "endpoints": &*self.endpoints,
            "keys": keys::document(&self.keys, self.clock.now()),
            "inbox": inbox,
        });
        let mut response = text(StatusCode::OK, format!("{document}\n"));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
