//! To your code: one handler per kind of event, each with the signature `async fn(Verified<PaymentEvent>)`.
//!
//! An event without a handler is an error, so that it is retried and parked and never silently dropped.

mod handler;

use std::fmt;
use std::task::{Context, Poll};

use tower_service::Service;

use crate::error::{Code, Rejection};
use crate::event::{
    AccountRequestEvent, AuthorizationEvent, ConsentEvent, DebtorTokenEvent, Event, FundsRequestEvent, OtherEvent,
    PaymentEvent, PaymentRequestEvent,
};
use crate::once::Once;
use crate::reply::Reply;
use crate::stage::StageFuture;
use crate::store::EventId;
use crate::verified::Verified;

pub use handler::IntoReply;
use handler::{Handler, erase};

/// Which event this is, and which try. A queue delivers at least once: a handler whose effect must not happen twice keeps the
/// id beside it, in one step, and leaves out what it finds there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Occurrence {
    /// The id, the same on every try and for every copy that a sender makes.
    pub id: EventId,
    /// Which try this is, from 1; above 1 an earlier one may have had its effect.
    pub attempt: u32,
}

impl Occurrence {
    fn of(once: &Once) -> Self {
        Self { id: once.id().clone(), attempt: once.attempt() }
    }
}

macro_rules! dispatch {
    ($($(#[$doc:meta])* $method:ident, $knowing:ident, $field:ident, $variant:ident, $event:ty;)+) => {
        /// Calls the handler of an event's kind.
        #[derive(Clone, Default)]
        pub struct Dispatch {
            $($field: Option<Handler<(Verified<$event>, Occurrence)>>,)+
            otherwise: Option<Handler<Once>>,
        }

        impl Dispatch {
            $($(#[$doc])*
            #[must_use]
            pub fn $method<F, O, R>(mut self, handler: F) -> Self
            where
                F: Fn(Verified<$event>) -> O + Send + Sync + 'static,
                O: Future<Output = R> + Send + 'static,
                R: IntoReply,
            {
                self.$field = Some(erase(move |(event, _)| handler(event)));
                self
            }

            #[doc = concat!("As [`Dispatch::", stringify!($method), "`], with the event's id and number of tries.")]
            #[must_use]
            pub fn $knowing<F, O, R>(mut self, handler: F) -> Self
            where
                F: Fn(Verified<$event>, Occurrence) -> O + Send + Sync + 'static,
                O: Future<Output = R> + Send + 'static,
                R: IntoReply,
            {
                self.$field = Some(erase(move |(event, occurrence)| handler(event, occurrence)));
                self
            })+

            fn handle(&self, once: Once) -> StageFuture<Reply, Rejection> {
                match (&**once.event(), self) {
                    $((Event::$variant(_), Self { $field: Some(handler), .. }) => {
                        let occurrence = Occurrence::of(&once);
                        match once.into_event().try_map(|event| match event {
                            Event::$variant(event) => Ok(*event),
                            _ => Err(unhandled()),
                        }) {
                            Ok(event) => handler((event, occurrence)),
                            Err(rejection) => Box::pin(std::future::ready(Err(rejection))),
                        }
                    })+
                    (_, Self { otherwise: Some(handler), .. }) => handler(once),
                    _ => Box::pin(std::future::ready(Err(unhandled()))),
                }
            }
        }
    };
}

dispatch! {
    /// A consent changed.
    on_consent, on_consent_with_id, consent, Consent, ConsentEvent;
    /// A payment changed.
    on_payment, on_payment_with_id, payment, Payment, PaymentEvent;
    /// A payment, or the status of one, is asked for.
    on_payment_request, on_payment_request_with_id, payment_request, PaymentRequest, PaymentRequestEvent;
    /// A debtor token was issued.
    on_debtor_token, on_debtor_token_with_id, debtor_token, DebtorToken, DebtorTokenEvent;
    /// A user came back from the bank's login.
    on_authorization, on_authorization_with_id, authorization, Authorization, AuthorizationEvent;
    /// Account data is asked for.
    on_account_request, on_account_request_with_id, account_request, AccountRequest, AccountRequestEvent;
    /// It is asked whether funds are available.
    on_funds_request, on_funds_request_with_id, funds_request, FundsRequest, FundsRequestEvent;
    /// An event of a configured profile.
    on_other, on_other_with_id, other, Other, OtherEvent;
}

impl Dispatch {
    /// No handler yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every event that has no handler of its own, with its id and number of tries.
    #[must_use]
    pub fn otherwise<F, O, R>(mut self, handler: F) -> Self
    where
        F: Fn(Once) -> O + Send + Sync + 'static,
        O: Future<Output = R> + Send + 'static,
        R: IntoReply,
    {
        self.otherwise = Some(erase(handler));
        self
    }
}

fn unhandled() -> Rejection {
    Rejection::new(Code::HandlerFailed, "expected a handler for this kind of event, but found none")
}

impl Service<Once> for Dispatch {
    type Response = Reply;
    type Error = Rejection;
    type Future = StageFuture<Reply, Rejection>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, once: Once) -> Self::Future {
        self.handle(once)
    }
}

impl fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dispatch")
    }
}
