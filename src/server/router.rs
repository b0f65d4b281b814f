//! From a path to its endpoint. The rule: a path that no endpoint owns is answered without looking at anything else, and every
//! answer is counted once.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::connection::Refused;
use super::figures::Deliveries;
use super::traces::Traces;
use crate::clock::Clock;
use crate::endpoint::{Endpoint, Lines, Peer, answer};
use crate::error::{Code, Rejection};
use crate::observed::Observed;
use crate::profile::{Context, Plain};

/// What no endpoint owns.
#[derive(Debug)]
struct Strangers {
    lines: Lines,
    figures: Deliveries,
}

/// The endpoints of one listener.
#[derive(Debug, Clone)]
pub struct Router {
    endpoints: Arc<[Endpoint]>,
    /// In the order of the endpoints.
    figures: Arc<[Deliveries]>,
    strangers: Arc<Strangers>,
    traces: Option<Arc<Traces>>,
    clock: Arc<dyn Clock>,
}

impl Router {
    /// Routes to `endpoints`, whose paths do not overlap.
    pub fn new(endpoints: Vec<Endpoint>, clock: Arc<dyn Clock>) -> Self {
        let figures = endpoints.iter().map(|endpoint| Deliveries::of(endpoint.name())).collect();
        let strangers = Strangers { lines: Lines::new("".into(), "".into()), figures: Deliveries::of("") };
        Self { endpoints: endpoints.into(), figures, strangers: Arc::new(strangers), traces: None, clock }
    }

    /// Traces what endpoints answer.
    pub(super) fn traced(self, traces: Option<Arc<Traces>>) -> Self {
        Self { traces, ..self }
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
        let mut known = self.endpoints.iter().zip(&*self.figures);
        let found = known.find(|(endpoint, _)| endpoint.owns(request.uri().path()));
        let refused = request.extensions_mut().remove::<Refused>();
        let Some((endpoint, figures)) = found else {
            let rejection = refused.map_or_else(|| Rejection::from(Code::PathUnknown), |Refused(rejection)| rejection);
            let observed = Observed::begin(peer);
            let context = Context { now: self.clock.now(), request_id: None };
            let mut response = answer(Err(rejection), StatusCode::NOT_FOUND, &Plain, context);
            self.strangers.lines.write(&observed, None, &response);
            response.extensions_mut().insert(observed);
            self.strangers.figures.count(&response);
            return response;
        };
        if let Some(Refused(rejection)) = refused {
            let response = endpoint.refuse(rejection, peer);
            figures.count(&response);
            return response;
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(Peer(peer));
        }
        let parent = self.traces.as_ref().and_then(|traces| traces.parent(request.headers()));
        let response: Result<_, Infallible> = endpoint.clone().call(request).await;
        let Ok(response) = response;
        if let Some(traces) = &self.traces {
            traces.record(endpoint.name(), parent, &response);
        }
        figures.count(&response);
        response
    }

    /// Logs how many refusals were not logged one by one.
    pub(super) fn summarise_log(&self) {
        self.strangers.lines.summarise();
        self.endpoints.iter().for_each(Endpoint::summarise_log);
    }
}
