//! Who calls: the peer of a connection, or, where the peer is a proxy that is trusted, whom the proxy names.
//!
//! The rule: a header about the caller is believed from a trusted proxy alone, in the one form that is configured; there
//! it has to be right, and from elsewhere a certificate in a header is refused (RFC 9440 does not fail safe by itself).

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{FORWARDED, HeaderMap, HeaderName};

use super::config::{ClientCertForm, ClientCertSettings, ForwardedForm, ProxySettings};
use super::connection::Refused;
use super::live::Live;
use super::tls::Authority;
use crate::client::ClientCertificate;
use crate::clock::{Clock, Timestamp};
use crate::endpoint::is_in;
use crate::error::{Code, Rejection};
use crate::keys::pem;
use crate::wire::forwarded::{Hop, forwarded, x_forwarded_for};
use crate::wire::{GrammarError, client_cert};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// Finds out who calls.
#[derive(Debug)]
pub(super) struct Callers {
    proxies: ProxySettings,
    authority: Option<Arc<Live<Authority>>>,
    clock: Arc<dyn Clock>,
}

/// A caller.
#[derive(Debug)]
struct Caller {
    address: IpAddr,
    certificate: Option<ClientCertificate>,
}

impl Callers {
    pub(super) fn new(
        proxies: ProxySettings,
        authority: Option<Arc<Live<Authority>>>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self { proxies, authority, clock })
    }

    /// Puts the caller's certificate into a request, or why it is refused, and gives the caller's address.
    pub(super) fn introduce<B>(
        &self,
        request: &mut http::Request<B>,
        peer: IpAddr,
        shown: Option<&ClientCertificate>,
    ) -> IpAddr {
        if request.extensions().get::<Refused>().is_some() {
            return peer;
        }
        match self.caller(request.headers(), peer, shown) {
            Ok(caller) => {
                if let Some(certificate) = caller.certificate {
                    request.extensions_mut().insert(certificate);
                }
                caller.address
            }
            Err(rejection) => {
                request.extensions_mut().insert(Refused(rejection));
                peer
            }
        }
    }

    /// The address that a connection's heads are counted under: none for a proxy, which brings everybody's.
    pub(super) fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        (!is_in(&self.proxies.networks, peer)).then_some(peer)
    }

    fn caller(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
        shown: Option<&ClientCertificate>,
    ) -> Result<Caller, Rejection> {
        let from_proxy = is_in(&self.proxies.networks, peer);
        self.refuse_forged(headers, from_proxy)?;
        if !from_proxy {
            return Ok(Caller { address: peer, certificate: shown.cloned() });
        }
        let address = match self.proxies.forwarded {
            ForwardedForm::None => peer,
            ForwardedForm::XForwardedFor => self.farthest(headers, &X_FORWARDED_FOR, x_forwarded_for)?,
            ForwardedForm::Forwarded => self.farthest(headers, &FORWARDED, forwarded)?,
        };
        // What was shown in the handshake is the proxy's own: it is nobody's proof behind it.
        let certificate = match (&self.proxies.client_cert, &self.authority) {
            (Some(settings), Some(authority)) => brought(headers, settings, &authority.current(), self.clock.now())?,
            _ => None,
        };
        Ok(Caller { address, certificate })
    }

    /// Refuses what only a trusted proxy may say, from everybody else and in every form but the configured one.
    fn refuse_forged(&self, headers: &HeaderMap, from_proxy: bool) -> Result<(), Rejection> {
        let settings = self.proxies.client_cert.as_ref();
        let is_rfc = settings.is_some_and(|settings| settings.form == ClientCertForm::Rfc9440);
        let named = settings.map(|settings| &settings.header);
        let of_certificate = [Some(CLIENT_CERT), Some(CLIENT_CERT_CHAIN), named.cloned()].into_iter().flatten();
        for name in of_certificate.filter(|name| headers.contains_key(name)) {
            let configured = named == Some(&name) || (is_rfc && name == CLIENT_CERT_CHAIN);
            if !(from_proxy && configured) {
                return Err(forged("a client's certificate"));
            }
        }
        if self.proxies.refuses_untrusted {
            let read = match self.proxies.forwarded {
                ForwardedForm::None => None,
                ForwardedForm::XForwardedFor => Some(X_FORWARDED_FOR),
                ForwardedForm::Forwarded => Some(FORWARDED),
            };
            for name in [X_FORWARDED_FOR, FORWARDED].into_iter().filter(|name| headers.contains_key(name)) {
                if !(from_proxy && read == Some(name)) {
                    return Err(forged("a caller's address"));
                }
            }
        }
        Ok(())
    }

    /// The nearest hop that is not one of the proxies: everything beyond it is only what that one says.
    fn farthest(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        read: fn(&str) -> Result<Vec<Hop>, GrammarError>,
    ) -> Result<IpAddr, Rejection> {
        let value = only(headers, name)?.ok_or_else(|| malformed(name, "none"))?;
        let hops = read(value).map_err(|error| Rejection::new(Code::ProxyHeaderMalformed, error.to_string()))?;
        let mut last = None;
        for hop in hops.iter().rev() {
            let address = hop.ok_or_else(|| malformed(name, "a hidden one"))?.to_canonical();
            if !is_in(&self.proxies.networks, address) {
                return Ok(address);
            }
            last = Some(address);
        }
        last.ok_or_else(|| malformed(name, "none"))
    }
}

/// The certificate that a proxy brought, checked as a handshake of ours would have: the proxy may not have done so.
fn brought(
    headers: &HeaderMap,
    settings: &ClientCertSettings,
    authority: &Authority,
    now: Timestamp,
) -> Result<Option<ClientCertificate>, Rejection> {
    let grammar = |error: GrammarError| Rejection::new(Code::ProxyHeaderMalformed, error.to_string());
    let chain = only(headers, &CLIENT_CERT_CHAIN)?;
    let Some(value) = only(headers, &settings.header)? else {
        return match (chain, settings.required) {
            (Some(_), _) => Err(malformed(&settings.header, "its chain only")),
            (None, true) => {
                let message = "expected the certificate of a client from the proxy, but found none";
                Err(Rejection::new(Code::ClientCertificateMissing, message))
            }
            (None, false) => Ok(None),
        };
    };
    let (der, chain) = match settings.form {
        ClientCertForm::Rfc9440 => {
            let chain = chain.map(client_cert::chain).transpose().map_err(grammar)?;
            (client_cert::certificate(value).map_err(grammar)?, chain.unwrap_or_default())
        }
        ClientCertForm::EscapedPem => {
            let text = client_cert::unescaped(value).map_err(grammar)?;
            let blocks = pem::read(&text).map_err(|_| malformed(&settings.header, "no strict PEM"))?;
            match <[pem::PemBlock; 1]>::try_from(blocks) {
                Ok([block]) if block.label == "CERTIFICATE" => (block.der, Vec::new()),
                _ => return Err(malformed(&settings.header, "something else than one certificate")),
            }
        }
    };
    authority.verify(&der, &chain, now)?;
    let client = ClientCertificate::vouched_for(&der).map_err(|_| malformed(&settings.header, "no certificate"))?;
    Ok(Some(client))
}

/// The one value of a header; there is no list of them, and no other letters.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h str>, Rejection> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed(name, "more"));
    }
    value.to_str().map(Some).map_err(|_| malformed(name, "bytes outside of ASCII"))
}

fn malformed(name: &HeaderName, found: &str) -> Rejection {
    Rejection::new(Code::ProxyHeaderMalformed, format!("expected one {name} from the proxy, but found {found}"))
}

fn forged(what: &str) -> Rejection {
    let message = format!("expected {what} in no header but that of a trusted proxy, but found one");
    Rejection::new(Code::ProxyHeaderRefused, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::endpoint::BodyBudget;

    #[test]
    fn the_heads_of_a_trusted_proxy_are_not_those_of_one_sender() {
        let networks = vec![("10.0.0.0".parse().unwrap(), 8)];
        let callers = Callers::new(ProxySettings { networks, ..ProxySettings::default() }, None, Arc::new(SystemClock));
        let room = BodyBudget::new(1024 * 1024).per_address(1024);
        // The first bytes of an address always fit.
        let both_fit = |peer: &str| {
            let from = callers.counted(peer.parse().unwrap());
            let (mut first, mut second) = (room.share_of_heads(from), room.share_of_heads(from));
            first.take(1024).is_ok() && second.take(1024).is_ok()
        };
        assert!(both_fit("10.1.2.3") && both_fit("::ffff:10.1.2.3"), "everybody's, through one proxy");
        assert!(!both_fit("192.0.2.1") && !both_fit("11.1.2.3"));
    }
}
