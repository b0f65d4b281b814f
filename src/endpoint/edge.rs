//! The service itself. Always ready; the stages behind it are driven inside of its future. The rule: the cheapest check first,
//! and a body is read after all that the head can tell.

use std::convert::Infallible;
use std::fmt;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, Version};
use http_body::Body;
use http_body_util::Full;
use tokio::sync::Semaphore;
use tower_service::Service;

use super::admission::{Admission, Peer};
use super::answer::{Outcome, answer};
use super::body::{Limits, read, too_large};
use super::line::Lines;
use super::stack::Stack;
use super::{BodyBudget, BodyFault, EndpointBuilder, Undecided, strict};
use crate::client::ClientCertificate;
use crate::clock::Clock;
use crate::decode::Decoder;
use crate::dedup::Handlers;
use crate::delivery::Delivery;
use crate::error::{Code, ConfigError, Rejection};
use crate::fail_point::{self, Point};
use crate::inbox::{RetryPlan, Worker};
use crate::observed::{Observed, Stage, timed};
use crate::once::Once;
use crate::profile::{Context, Profile, Route, Scheme};
use crate::reply::Reply;
use crate::stage::{self, StageFuture};
use crate::state::StateIssuer;
use crate::store::Store;
use crate::verify::Verifier;
use crate::wire::header::only;
use crate::wire::uuid::is_uuid;

/// One URL that receives webhooks of one sender.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) path: Box<str>,
    pub(super) profile: Arc<Profile>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: Limits,
    pub(super) admission: Admission,
    pub(super) in_flight: Arc<Semaphore>,
    pub(super) handlers: Handlers,
    pub(super) budget: BodyBudget,
    pub(super) decoder: Arc<Decoder>,
    pub(super) verifier: Verifier,
    pub(super) stack: Stack,
    pub(super) queue: Option<Arc<dyn Store>>,
    pub(super) lines: Lines,
}

impl Endpoint {
    /// Begins an endpoint. The name is part of every event's identity and of its CloudEvents source.
    pub fn builder(name: impl Into<Arc<str>>, profile: Profile) -> EndpointBuilder<Undecided> {
        EndpointBuilder::new(name.into(), profile)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.shared.path
    }

    /// Its profile.
    pub fn profile(&self) -> &Profile {
        &self.shared.profile
    }

    /// What decodes its stored records again, for a [`crate::inbox::Worker`].
    pub fn decoder(&self) -> Arc<Decoder> {
        Arc::clone(&self.shared.decoder)
    }

    /// The worker that delivers what [`EndpointBuilder::queue`] keeps, from the same store and by the endpoint's own clock:
    /// [`Worker::run`] it beside the server, once.
    ///
    /// # Errors
    /// [`ConfigError`] where the endpoint keeps no queue: there is nothing to deliver, and its handler runs while senders wait.
    ///
    /// [`EndpointBuilder::queue`]: crate::endpoint::EndpointBuilder::queue
    pub fn worker<S>(&self, retry: RetryPlan, service: S) -> Result<Worker<S>, ConfigError>
    where
        S: Service<Once, Response = Reply, Error = Rejection> + Clone + Send + 'static,
        S::Future: Send,
    {
        let Some(store) = &self.shared.queue else {
            return Err(ConfigError::new(
                "queue",
                "expected an endpoint that keeps a queue, but found one that does not",
            ));
        };
        Ok(Worker::new(Arc::clone(store), self.name(), self.decoder(), Arc::clone(&self.shared.clock), retry, service))
    }

    /// What issues the states that this endpoint takes; `None` if its sender is none of redirects.
    pub fn state_issuer(&self) -> Option<StateIssuer> {
        let Scheme::Redirect(_) = self.shared.profile.scheme else { return None };
        let (name, clock) = (Arc::clone(&self.shared.name), Arc::clone(&self.shared.clock));
        Some(StateIssuer::with_ring(name, Arc::clone(self.shared.verifier.keys.as_ref()?), clock))
    }

    /// Whether a path belongs to this endpoint: its own, or one below it.
    pub fn owns(&self, path: &str) -> bool {
        self.below(path).is_some()
    }

    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&*self.shared.path)?;
        // An endpoint at the root: its own path is written `/`, and has nothing below.
        let rest = if self.shared.path.is_empty() && rest == "/" { "" } else { rest };
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl Endpoint {
    /// The answer to something that the server refused before it was a request, in the words of this endpoint's sender.
    /// `peer` is where the connection came from.
    pub fn refuse(&self, rejection: Rejection, peer: Option<IpAddr>) -> Response<Full<Bytes>> {
        let shared = &*self.shared;
        let observed = Observed::begin(peer);
        let context = Context { now: shared.clock.now(), request_id: None };
        let mut response = answer(Err(rejection), shared.profile.success, &*shared.profile.dialect, context);
        shared.lines.write(&observed, None, &response);
        response.extensions_mut().insert(observed);
        response
    }

    /// Logs how many refusals were not logged one by one since it was last asked. Whoever serves an endpoint calls this
    /// now and then; the next line for the same reason says it too.
    pub fn summarise_log(&self) {
        self.shared.lines.summarise();
    }

    /// Resolves when no handler of inline mode is at work any more. A handler ends its work also when its sender hangs up,
    /// so whoever stops a server awaits this after the last connection, and before the runtime ends.
    pub async fn idle(&self) {
        self.shared.handlers.idle().await;
    }

    /// The room for bodies that it shares.
    pub fn body_budget(&self) -> &BodyBudget {
        &self.shared.budget
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.shared.name)
            .field("path", &self.shared.path)
            .field("profile", &self.shared.profile.name)
            .finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Endpoint
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = StageFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (endpoint, (mut head, body)) = (self.clone(), request.into_parts());
        Box::pin(async move { Ok(endpoint.respond(&mut head, pin!(body)).await) })
    }
}

impl Endpoint {
    async fn respond<B: Body>(&self, head: &mut Parts, body: Pin<&mut B>) -> Response<Full<Bytes>> {
        let shared = &*self.shared;
        let request_id = reflected_id(&head.headers, shared.profile.dialect.correlation_header());
        let route = self.route(&head.method, head.uri.path());
        let allowed = matches!(route, Err(Code::MethodNotAllowed)).then(|| self.allowed(head.uri.path()));
        let peer = head.extensions.get::<Peer>().map(|peer| peer.0);
        let observed = Observed::begin(peer);
        let closes = head.version < Version::HTTP_2 && strict::has_body(&head.headers);
        let mut is_read = false;
        let result = observed.during(self.receive(head, body, route, peer, &mut is_read)).await;
        let context = Context { now: shared.clock.now(), request_id: request_id.as_deref() };
        let mut response = answer(result, shared.profile.success, &*shared.profile.dialect, context);
        if let Some(allowed) = allowed
            && response.extensions().get() == Some(&Outcome::Refused(Code::MethodNotAllowed))
        {
            response.headers_mut().insert(ALLOW, allowed);
        }
        // A body that nobody reads is not followed by another request: who could send one has to know.
        if closes && !is_read {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        shared.lines.write(&observed, request_id.as_deref(), &response);
        response.extensions_mut().insert(observed);
        fail_point::reached(Point::ReplyMade);
        response
    }

    /// From the cheapest check to the dearest; the body is read after all that the head can tell.
    async fn receive<B: Body>(
        &self,
        head: &mut Parts,
        body: Pin<&mut B>,
        route: Result<&Route, Code>,
        peer: Option<IpAddr>,
        is_read: &mut bool,
    ) -> Result<Reply, Rejection> {
        let shared = &*self.shared;
        let action = Arc::clone(&route?.action);
        strict::settle(head)?;
        strict::check(head)?;
        strict::content_type(&head.headers, &shared.profile.content_types)?;
        shared.admission.admit(peer, head.extensions.get::<ClientCertificate>(), &*shared.clock)?;
        let announced = strict::announced_length(&head.headers);
        if announced.is_some_and(|length| length > shared.limits.body as u64) {
            return Err(too_large(shared.limits));
        }
        shared.budget.admits(announced.unwrap_or(0))?;
        if strict::is_costly(&head.headers, announced, &body.size_hint()) {
            // In a place of its own: what is seldom needed need not be a part of every request.
            Box::pin(self.screen(head, &action)).await?;
        }
        // Held until the answer: so long the body is in memory.
        let mut share = shared.budget.share(peer);
        let reading = pin!(read(body, shared.limits, &mut share));
        let body = timed(Stage::Body, reading).await.map_err(|rejection| {
            let fault = head.extensions.get::<BodyFault>().and_then(BodyFault::get);
            let is_broken = rejection.code() == Code::BodyUnreadable;
            fault.filter(|_| is_broken).cloned().unwrap_or(rejection)
        })?;
        *is_read = true;
        fail_point::reached(Point::BodyRead);
        // Not before: whoever sends nothing would hold it. Until here connections and bytes are bounded.
        let permit = Arc::clone(&shared.in_flight).try_acquire_owned().map_err(|_| {
            let wait = std::time::Duration::from_secs(1);
            Rejection::new(Code::TooManyRequests, "expected fewer requests at once, but found the limit")
                .with_retry_after(wait)
        })?;
        let work = || {
            let mut delivery = Delivery::taking(head, body, action, shared.clock.now());
            delivery.peer = peer;
            (shared.stack)(delivery)
        };
        // A handler whose sender has hung up keeps its turn.
        stage::in_turn(permit, work).await
    }

    /// Looks at the head alone before a body is read that would be dear.
    async fn screen(&self, head: &Parts, action: &Arc<str>) -> Result<(), Rejection> {
        let shared = &*self.shared;
        let bare = Request::from_parts(head.clone(), Bytes::new());
        let head = Delivery::new(bare, Arc::clone(action), shared.clock.now());
        let screening = || std::future::ready(shared.verifier.screen(&head));
        timed(Stage::Screen, pin!(shared.verifier.renewing(head.received_at, screening))).await
    }

    /// The methods of a path that has another than was asked with.
    fn allowed(&self, path: &str) -> HeaderValue {
        let below = self.below(path).unwrap_or_default();
        let routes = self.shared.profile.routes.iter().filter(|route| &*route.path == below);
        let methods: Vec<&str> = routes.map(|route| route.method.as_str()).collect();
        HeaderValue::try_from(methods.join(", ")).unwrap_or(HeaderValue::from_static("POST"))
    }

    fn route(&self, method: &Method, path: &str) -> Result<&Route, Code> {
        let below = self.below(path).ok_or(Code::PathUnknown)?;
        let mut routes = self.shared.profile.routes.iter().filter(|route| &*route.path == below).peekable();
        if routes.peek().is_none() {
            return Err(Code::PathUnknown);
        }
        routes.find(|route| route.method == *method).ok_or(Code::MethodNotAllowed)
    }
}

/// An id is reflected only if it is a UUID, and once: nothing else of an unverified request is sent back.
fn reflected_id(headers: &HeaderMap, header: &str) -> Option<String> {
    only(headers, header).filter(|value| is_uuid(value)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_of_the_dialect_is_reflected_and_only_one_uuid() {
        let id = "1af7b333-7a06-41b1-8a61-e9a29fd069bc";
        let sent = |values: &[(&str, &str)]| {
            let mut request = Request::new(());
            for (name, value) in values {
                let name = http::HeaderName::try_from(*name).unwrap();
                request.headers_mut().append(name, http::HeaderValue::from_str(value).unwrap());
            }
            reflected_id(request.headers(), "x-fapi-interaction-id")
        };
        assert_eq!(sent(&[("X-Fapi-Interaction-Id", id)]).as_deref(), Some(id));
        assert_eq!(sent(&[("x-request-id", id)]), None);
        assert_eq!(sent(&[("x-fapi-interaction-id", id), ("x-fapi-interaction-id", id)]), None);
        assert_eq!(sent(&[("x-fapi-interaction-id", "not-a-uuid")]), None);
        assert_eq!(sent(&[]), None);
    }
}
