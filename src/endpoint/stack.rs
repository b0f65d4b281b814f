//! The stages behind the edge, put together. The rule: their order is decided here and nowhere else.

use std::sync::Arc;

use tower_layer::Layer;
use tower_service::Service;

use crate::decode::{DecodeLayer, Decoder, Receipt};
use crate::delivery::Delivery;
use crate::error::Rejection;
use crate::reply::Reply;
use crate::stage::{StageFuture, called};
use crate::verified::Verified;
use crate::verify::{Verifier, VerifyLayer};

/// The stages, without their types.
pub(super) type Stack = Arc<dyn Fn(Delivery) -> StageFuture<Reply, Rejection> + Send + Sync>;

/// The stack, from the outside in.
pub(super) fn stack<S>(verifier: Verifier, decoder: Arc<Decoder>, ending: S) -> Stack
where
    S: Service<Verified<Receipt>, Response = Reply, Error = Rejection> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    // Decoding comes after verification, because nothing that is not authentic is worth parsing; and before the
    // store, because the document may name the event.
    let decoded = DecodeLayer::new(decoder).layer(ending);
    // Verification is the outermost stage: no store is asked about an id that is not verified.
    let verified = VerifyLayer::new(verifier).layer(decoded);
    Arc::new(move |delivery: Delivery| called(verified.clone(), delivery))
}
