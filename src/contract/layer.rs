//! The contract as a tower layer. The rule: a call that is refused never reaches the service, and a call that is let through
//! reaches it as it came, with its [`Caller`] beside it.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::HeaderContract;
use super::body::CallBody;
use super::calls::BodyError;
use super::headers::Caller;
use super::refusal::{self, Log, is_grpc};
use crate::client::ClientCertificate;
use crate::error::{Code, Rejection};
use crate::stage::StageFuture;

/// Puts a [`HeaderContract`] in front of a service.
///
/// The certificate is in the extensions of the request as [`ClientCertificate`]; whoever ends TLS puts it there.
#[derive(Debug, Clone)]
pub struct HeaderContractLayer(Arc<HeaderContract>);

impl HeaderContractLayer {
    pub(super) fn new(contract: Arc<HeaderContract>) -> Self {
        Self(contract)
    }
}

impl<S> Layer<S> for HeaderContractLayer {
    type Service = HeaderContractService<S>;

    fn layer(&self, inner: S) -> HeaderContractService<S> {
        HeaderContractService { contract: Arc::clone(&self.0), inner }
    }
}

/// The service of [`HeaderContractLayer`].
#[derive(Debug, Clone)]
pub struct HeaderContractService<S> {
    contract: Arc<HeaderContract>,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for HeaderContractService<S>
where
    S: Service<Request<CallBody<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BodyError>,
{
    type Response = Response<CallBody<R>>;
    type Error = S::Error;
    type Future = StageFuture<Self::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let grpc = is_grpc(request.headers());
        // Nobody but this layer says who calls.
        request.extensions_mut().remove::<Caller>();
        let client = request.extensions().get::<ClientCertificate>();
        let caller = match self.contract.read(request.headers(), client) {
            Ok(caller) => caller,
            Err(rejection) => return refused(&rejection, grpc, &self.contract.log),
        };
        request.extensions_mut().insert(caller.clone());
        // The instance that was polled is the one that is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let once = self.contract.calls.as_ref().filter(|calls| calls.are_once(request.uri().path()));
        let Some(calls) = once.cloned() else {
            let answer = inner.call(request.map(CallBody::streaming));
            return Box::pin(async move { Ok(answer.await?.map(CallBody::streaming)) });
        };
        if !grpc {
            let message = "expected content-type application/grpc, but found something else";
            return refused(&Rejection::new(Code::ContentTypeUnsupported, message), grpc, &self.contract.log);
        }
        // A task of its own: a caller that hangs up neither stops a call half way nor leaves a claim to nobody.
        // Boxed, because a task's future is moved many times before it is first polled.
        let work = tokio::spawn(Box::pin(calls.answer(caller, request, inner, Arc::clone(&self.contract.log))));
        let log = Arc::clone(&self.contract.log);
        Box::pin(async move {
            work.await.unwrap_or_else(|_| {
                let message = "expected an answer of the service, but found a panic";
                Ok(refusal::response(&Rejection::new(Code::HandlerFailed, message), grpc, &log))
            })
        })
    }
}

fn refused<R, E>(rejection: &Rejection, grpc: bool, log: &Log) -> StageFuture<Response<CallBody<R>>, E>
where
    R: Send + 'static,
    E: Send + 'static,
{
    let response = refusal::response(rejection, grpc, log);
    Box::pin(std::future::ready(Ok(response)))
}
