//! From a path to its endpoint. A path that no endpoint owns is answered without looking at anything else.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::connection::Refused;
use crate::clock::Clock;
use crate::endpoint::{Endpoint, Outcome, Peer, answer};
use crate::error::{Code, Rejection};
use crate::profile::{Context, Plain};

/// The endpoints of one listener.
#[derive(Debug, Clone)]
pub struct Router {
    endpoints: Arc<[Endpoint]>,
    clock: Arc<dyn Clock>,
}

impl Router {
    /// Routes to `endpoints`, whose paths do not overlap.
    pub fn new(endpoints: Vec<Endpoint>, clock: Arc<dyn Clock>) -> Self {
        Self { endpoints: endpoints.into(), clock }
    }

    /// The endpoints.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Answers one request.
    pub async fn respond<B>(&self, mut request: Request<B>, peer: Option<IpAddr>) -> Response<Full<Bytes>>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Send,
    {
        let found = self.endpoints.iter().find(|endpoint| endpoint.owns(request.uri().path()));
        let refused = request.extensions_mut().remove::<Refused>();
        let Some(endpoint) = found else {
            let rejection = refused.map_or_else(
                || Rejection::from(Code::PathUnknown),
                |Refused(rejection)| {
                    let code = rejection.code();
                    if code != Code::ShuttingDown {
                        let (code, detail) = (code.as_str(), rejection.detail());
                        tracing::warn!(code, detail, "what is no request was refused");
                    }
                    rejection
                },
            );
            let context = Context { now: self.clock.now(), request_id: None };
            let response = answer(Err(rejection), StatusCode::NOT_FOUND, &Plain, context);
            count("", &response);
            return response;
        };
        if let Some(Refused(rejection)) = refused {
            let response = endpoint.refuse(rejection);
            count(endpoint.name(), &response);
            return response;
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer));
        }
        let response: Result<_, Infallible> = endpoint.clone().call(request).await;
        let Ok(response) = response;
        count(endpoint.name(), &response);
        response
    }
}

/// Labels come from the configuration and from closed lists, so that no sender can make new ones.
fn count<B>(endpoint: &str, response: &Response<B>) {
    let (outcome, code) = match response.extensions().get::<Outcome>() {
        Some(Outcome::Accepted) => ("accepted", ""),
        Some(Outcome::Duplicate) => ("duplicate", ""),
        Some(Outcome::Quarantined) => ("quarantined", ""),
        Some(Outcome::Refused(code)) => ("refused", code.as_str()),
        None => ("refused", "request_malformed"),
    };
    let endpoint = endpoint.to_owned();
    metrics::counter!("countersign_deliveries_total", "endpoint" => endpoint, "outcome" => outcome, "code" => code)
        .increment(1);
}
