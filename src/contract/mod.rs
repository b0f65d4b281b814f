//! The header contract of a gRPC API, in front of any tower service: who calls, in whose name, in which time zone, and
//! under which id, before the API sees the call.
//!
//! The facts are Joompay's (`psd2-fallback.joompay.com`, "mandatory parameters in any endpoint"): `x-tpp-id`,
//! `x-request-id` with a random UUID, `user-timezone` in the text and `user-time-zone` in every example, `Authorization:
//! Bearer`, and a qualified certificate at the other end of the connection.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use countersign::client::{Pin, Pins};
//! use countersign::clock::SystemClock;
//! use countersign::contract::{Calls, HeaderContract};
//! use countersign::store::MemoryStore;
//!
//! let clock = Arc::new(SystemClock);
//! let calls = Calls::new("payments", Arc::new(MemoryStore::new(clock.clone())), clock.clone())
//!     .once("/example.Payments/ExecuteTransfer")?;
//! let contract = HeaderContract::joompay(clock)
//!     .client("PSDLT-LB-0001", Pins::any_of([Pin::organization_identifier("PSDLT-LB-0001")]))
//!     .calls(calls);
//! // tonic::transport::Server::builder().layer(contract.layer())
//! # let _ = contract.layer();
//! # Ok(())
//! # }
//! ```
//! The service behind finds a [`Caller`] in the extensions of each request. What streams is handed on as it comes; only the
//! calls that [`Calls::once`] names are read whole, because a copy is answered with what the first one was answered.
//!
//! The rule: nothing is believed of a header before the certificate is known, and a certificate speaks for the ids that
//! were given to it and for no other.

mod answer;
mod body;
mod calls;
mod headers;
mod layer;
mod refusal;

pub use body::CallBody;
pub use calls::Calls;
pub use headers::Caller;
pub use layer::{HeaderContractLayer, HeaderContractService};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::client::{ClientCertificate, Pins};
use crate::clock::Clock;
use crate::error::{Code, Rejection};
use refusal::Log;

/// What a call has to carry, and who may call.
#[derive(Debug, Clone)]
pub struct HeaderContract {
    clock: Arc<dyn Clock>,
    log: Arc<Log>,
    demands: Demands,
    clients: BTreeMap<Box<str>, Pins>,
    calls: Option<Calls>,
}

/// Where each fact of a call is.
#[derive(Debug, Clone)]
struct Demands {
    caller_id: &'static str,
    request_id: &'static str,
    /// Any of them, but one.
    time_zone: &'static [&'static str],
}

impl HeaderContract {
    /// Joompay's headers. Nobody may call until [`HeaderContract::client`] says so, nor with a certificate that is over by
    /// the clock: a handshake looked at that once, and connections last.
    pub fn joompay(clock: Arc<dyn Clock>) -> Self {
        let time_zone = &["user-time-zone", "user-timezone"];
        let demands = Demands { caller_id: "x-tpp-id", request_id: "x-request-id", time_zone };
        Self { clock, log: Arc::default(), demands, clients: BTreeMap::new(), calls: None }
    }

    /// Lets the holder of one of these certificates call under this `x-tpp-id`. The same id again replaces its pins.
    #[must_use]
    pub fn client(mut self, id: &str, pins: Pins) -> Self {
        self.clients.insert(id.into(), pins);
        self
    }

    /// Makes copies of some calls take effect once.
    #[must_use]
    pub fn calls(mut self, calls: Calls) -> Self {
        self.calls = Some(calls);
        self
    }

    /// The layer.
    pub fn layer(self) -> HeaderContractLayer {
        HeaderContractLayer::new(Arc::new(self))
    }

    /// Whether this certificate may speak for this id. An id that nobody has looks like one of somebody else.
    fn admit(&self, id: &str, client: &ClientCertificate) -> Result<(), Rejection> {
        if self.clients.get(id).is_some_and(|pins| pins.iter().any(|pin| pin.fits(client))) {
            if client.is_live(self.clock.now()) {
                return Ok(());
            }
            let message = "expected a client's certificate that is valid now, but found one that is not";
            return Err(Rejection::new(Code::ClientCertificateExpired, message));
        }
        let message = format!(
            "expected {} to be one that this client certificate speaks for, but found another",
            self.demands.caller_id
        );
        Err(Rejection::new(Code::ClientCertificateRefused, message))
    }
}
