//! The tower part of verification: a delivery goes in, its verified part comes out.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::Verifier;
use crate::delivery::Delivery;
use crate::error::{Code, Rejection};
use crate::fail_point::{self, Point};
use crate::observed::{self, Stage};
use crate::reply::Reply;
use crate::stage::{StageFuture, called};
use crate::verified::{Covered, Verified};

/// Puts a [`Verifier`] in front of a service that takes only what was verified.
#[derive(Debug, Clone)]
pub struct VerifyLayer(Arc<Verifier>);

impl VerifyLayer {
    /// Takes the verifier of one endpoint.
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(verifier))
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify { verifier: Arc::clone(&self.0), inner }
    }
}

/// The service of [`VerifyLayer`].
#[derive(Debug, Clone)]
pub struct Verify<S> {
    verifier: Arc<Verifier>,
    inner: S,
}

impl<S> Service<Delivery> for Verify<S>
where
    S: Service<Verified<Covered>, Response = Reply, Error = Rejection> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, delivery: Delivery) -> Self::Future {
        let (verifier, inner) = (Arc::clone(&self.verifier), self.inner.clone());
        if verifier.decrypts() {
            return Box::pin(async move {
                let verified = observed::timed(Stage::Verify, pin!(verifier.decrypted(delivery))).await?;
                go_on(inner, verified).await
            });
        }
        // At once and on this worker: handing an RSA verification to another thread costs as much as the verification.
        let seen = verifier.seen();
        match (observed::timed_at_once(Stage::Verify, || verifier.verify(&delivery)), seen) {
            (Ok(verified), _) => go_on(inner, verified),
            (Err(unknown), Some(seen)) if unknown.code() == Code::KeyUnknown => Box::pin(async move {
                let again = || std::future::ready(verifier.verify(&delivery));
                let renewed = pin!(verifier.renewed(seen, delivery.received_at, unknown, again));
                let verified = observed::timed(Stage::Verify, renewed).await?;
                go_on(inner, verified).await
            }),
            (Err(rejection), _) => Box::pin(std::future::ready(Err(rejection))),
        }
    }
}

/// What follows once the sender is known.
fn go_on<S>(inner: S, verified: Verified<Covered>) -> StageFuture<Reply, Rejection>
where
    S: Service<Verified<Covered>, Response = Reply, Error = Rejection> + Send + 'static,
    S::Future: Send,
{
    observed::note(|observed| observed.verified(&verified));
    fail_point::reached(Point::Verified);
    called(inner, verified)
}

impl Verifier {
    async fn decrypted(self: Arc<Self>, delivery: Delivery) -> Result<Verified<Covered>, Rejection> {
        let delivery = Arc::new(delivery);
        self.renewing(delivery.received_at, || Arc::clone(&self).decrypting(Arc::clone(&delivery))).await
    }

    /// A private key is used by few at once, and only for what could be right.
    async fn decrypting(self: Arc<Self>, delivery: Arc<Delivery>) -> Result<Verified<Covered>, Rejection> {
        self.inspect(&delivery)?;
        let permit = self.permits.acquire().await?;
        let verified = tokio::task::spawn_blocking(move || {
            let verified = self.verify(&delivery);
            drop(permit);
            verified
        });
        verified.await.unwrap_or_else(|error| {
            let found = if error.is_panic() { "a defect of this program" } else { "the runtime ending" };
            tracing::error!(code = "decryption_broke", found, "a decryption did not end");
            Err(Rejection::new(Code::DecryptionBusy, format!("expected a decryption to end, but found {found}")))
        })
    }
}
