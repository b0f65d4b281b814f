//! Pages for operators, on a listener of their own: `/healthz`, `/readyz`, `/metrics`, `/status`. The rule: it goes through
//! the same gate and deadlines as senders do, has places of its own, and nobody else's crowd takes them.

mod door;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(super) use door::Door;

use super::accept::turn_away;
use super::certificates::Certificates;
use super::connection::{self, Times};
use super::figures;
use super::keys::{self, Shown};
use super::places::Places;
use super::ready::Readiness;
use crate::clock::Clock;
use crate::endpoint::BodyBudget;
use crate::inbox::Breaker;
use crate::store::Store;

/// Connections of operators at once, and of one address.
const PLACES: usize = 64;
const PER_ADDRESS: usize = 32;

/// What the pages show.
#[derive(Debug)]
pub(super) struct Admin {
    pub(super) door: Door,
    pub(super) ready: Readiness,
    pub(super) store: Arc<dyn Store>,
    pub(super) metrics: Option<PrometheusHandle>,
    pub(super) endpoints: Arc<[String]>,
    pub(super) keys: Arc<[Shown]>,
    pub(super) breakers: Vec<Breaker>,
    pub(super) certificates: Certificates,
    pub(super) budget: BodyBudget,
    pub(super) clock: Arc<dyn Clock>,
}

impl Admin {
    /// Answers operators until `end`: also while what is in flight is finished. Each request is answered by what is shown at
    /// that moment.
    pub(super) async fn serve(
        shown: watch::Receiver<Arc<Self>>,
        listener: TcpListener,
        end: impl Future<Output = ()> + Send,
    ) {
        let places = Places::of("operators");
        let (_open, never) = watch::channel(false);
        let (mut connections, mut end) = (JoinSet::new(), std::pin::pin!(end));
        loop {
            let accepted = tokio::select! {
                () = end.as_mut() => return connections.shutdown().await,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            while connections.try_join_next().is_some() {}
            let Ok(place) = places.take(peer.ip(), PLACES, Some(PER_ADDRESS)) else {
                turn_away(&stream, "operators", true);
                continue;
            };
            let local = stream.local_addr().ok().map(|address| address.ip());
            let (shown, never) = (shown.clone(), never.clone());
            connections.spawn(async move {
                let respond = move |request| {
                    let admin = Arc::clone(&shown.borrow());
                    async move { admin.respond(&request, local).await }
                };
                if let Err(error) = connection::serve(stream, respond, Times::default(), never).await {
                    tracing::debug!(%error, "an admin connection broke");
                }
                drop(place);
            });
        }
    }

    /// Its breakers and keys are no longer shown: whatever is gone worries nobody.
    pub(super) fn forget(&self) {
        self.breakers.iter().for_each(figures::forget_breaker);
        self.keys.iter().for_each(Shown::forget);
        self.certificates.forget();
    }

    async fn respond<B>(&self, request: &Request<B>, local: Option<IpAddr>) -> Response<Full<Bytes>> {
        if let Some(answer) = self.door.turned_away(request, local) {
            return answer;
        }
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "ok\n"),
            "/readyz" => {
                let report = self.ready.report().await;
                let status = if report.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                document(status, &report.document())
            }
            "/metrics" => self.metrics().await,
            "/status" => self.status().await,
            _ => text(StatusCode::NOT_FOUND, "not found\n"),
        }
    }

    async fn metrics(&self) -> Response<Full<Bytes>> {
        let report = self.ready.report_now().await;
        let now = self.clock.now();
        figures::sample(&*self.store, report.stats.as_ref(), &report.items(), report.free, &self.budget);
        self.keys.iter().for_each(|keys| keys.measure(now));
        self.certificates.measure(now);
        self.breakers.iter().for_each(figures::measure_breaker);
        text(StatusCode::OK, self.metrics.as_ref().map(PrometheusHandle::render).unwrap_or_default())
    }

    async fn status(&self) -> Response<Full<Bytes>> {
        let report = self.ready.report_now().await;
        let inbox = report.stats.as_ref().map(|(stats, _)| {
            json!({
                "ready": stats.ready, "leased": stats.leased, "delivered": stats.delivered, "parked": stats.parked,
                "quarantined": stats.quarantined, "identities": stats.identities, "backlog": stats.backlog(),
                "duplicates": stats.duplicates, "conflicts": stats.conflicts,
                "oldestWaiting": stats.oldest_waiting.map(|at| at.to_string()),
            })
        });
        document(
            StatusCode::OK,
            &json!({
                "version": env!("CARGO_PKG_VERSION"),
                "durability": self.store.durability().to_string(),
                "store": self.store.condition(),
                "endpoints": &*self.endpoints,
                "sinks": self.breakers.iter().map(|breaker| {
                    json!({ "name": breaker.name(), "breaker": breaker.state().as_str() })
                }).collect::<Vec<_>>(),
                "keys": keys::document(&self.keys, self.clock.now()),
                "certificates": self.certificates.all().iter().map(|one| {
                    json!({ "files": one.files, "notAfter": one.not_after.to_string() })
                }).collect::<Vec<_>>(),
                "inbox": inbox,
                "readiness": report.document(),
            }),
        )
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    page(status, "text/plain; charset=utf-8", body.into())
}

fn document(status: StatusCode, document: &serde_json::Value) -> Response<Full<Bytes>> {
    page(status, "application/json", format!("{document}\n").into())
}

fn page(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
