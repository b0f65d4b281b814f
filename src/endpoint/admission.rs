//! Who may call at all: by address, and by the certificate of a mutual TLS connection.
//!
//! The rule: what was not told is not what was demanded; without a word from the server, nobody is let through.

use std::net::IpAddr;

use super::EndpointBuilder;
use crate::client::{ClientCertificate, Pins};
use crate::clock::Clock;
use crate::error::{Code, Rejection};

/// Address of the peer, for `allow_ip`; the server puts it into the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// What an endpoint demands of its callers.
#[derive(Debug, Clone, Default)]
pub(super) struct Admission {
    addresses: Option<Vec<(IpAddr, u8)>>,
    clients: Option<Pins>,
}

impl Admission {
    /// Lets a caller through; a certificate has to be valid now, also where none is pinned.
    pub(super) fn admit(
        &self,
        peer: Option<IpAddr>,
        client: Option<&ClientCertificate>,
        clock: &dyn Clock,
    ) -> Result<(), Rejection> {
        if let Some(listed) = &self.addresses
            && !peer.is_some_and(|peer| is_in(listed, peer))
        {
            return Err(Rejection::new(Code::AddressRefused, "expected a listed address, but found another"));
        }
        if let Some(pins) = &self.clients {
            pins.admit(client)?;
        }
        match client {
            Some(client) if !client.is_live(clock.now()) => {
                let message = "expected a client's certificate that is valid now, but found one that is not";
                Err(Rejection::new(Code::ClientCertificateExpired, message))
            }
            _ => Ok(()),
        }
    }
}

impl<State> EndpointBuilder<State> {
    /// Only these networks: an address and the number of its leading bits that count.
    #[must_use]
    pub fn allow_ip(mut self, networks: Vec<(IpAddr, u8)>) -> Self {
        self.admission.addresses = Some(networks);
        self
    }

    /// Only these clients of mutual TLS, by the [`ClientCertificate`] in the extensions of a request. Whoever shows another
    /// certificate, or none, is answered as everybody who is not authenticated.
    #[must_use]
    pub fn client(mut self, pins: Pins) -> Self {
        self.admission.clients = Some(pins);
        self
    }

    /// Takes every client, for a capture that does not say whose it was.
    #[cfg(feature = "server")]
    pub(crate) fn without_pins(mut self) -> Self {
        self.admission.clients = None;
        self
    }
}

/// Whether an address is in one of these networks. An IPv4 address that is written as IPv6 is an IPv4 address.
pub(crate) fn is_in(networks: &[(IpAddr, u8)], address: IpAddr) -> bool {
    networks.iter().any(|(network, bits)| contains(*network, *bits, address.to_canonical()))
}

fn contains(net: IpAddr, bits: u8, address: IpAddr) -> bool {
    let same = |net: u128, address: u128, width: u32| {
        let host = width.saturating_sub(u32::from(bits));
        net.checked_shr(host).unwrap_or(0) == address.checked_shr(host).unwrap_or(0)
    };
    match (net, address) {
        (IpAddr::V4(net), IpAddr::V4(address)) => same(net.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(net), IpAddr::V6(address)) => same(net.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}
