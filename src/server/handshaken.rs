//! What a peer showed in its handshake. The rule: on a connection that is older than a change of the authorities, it is worth
//! no more than it would be in a handshake of now.

use rustls::pki_types::CertificateDer;

use super::tls::{Authority, Listening};
use crate::client::ClientCertificate;
use crate::clock::Timestamp;
use crate::crypto::Sha256;
use crate::error::{Code, Rejection};

/// A handshake that ended well.
#[derive(Debug, Clone, Default)]
pub(super) struct Handshaken {
    client: Option<ClientCertificate>,
    /// As it was sent: the first is the client's own.
    sent: Vec<Vec<u8>>,
    /// Who was asked about it.
    authority: Option<Sha256>,
}

impl Handshaken {
    /// With these certificates, before these authorities.
    pub(super) fn new(sent: Option<&[CertificateDer<'_>]>, with: &Listening) -> Result<Self, String> {
        let sent: Vec<Vec<u8>> = sent.unwrap_or_default().iter().map(|der| der.to_vec()).collect();
        let client = sent.first().map(|der| ClientCertificate::vouched_for(der)).transpose();
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { client, sent, authority: with.clients.as_ref().map(|clients| clients.digest) })
    }

    /// The certificate that counts now, if any.
    ///
    /// # Errors
    /// A handshake of now would fail.
    pub(super) fn client(
        &self,
        now: Option<&Authority>,
        at: Timestamp,
    ) -> Result<Option<&ClientCertificate>, Rejection> {
        // Who asks for none is shown none.
        let Some(now) = now else { return Ok(None) };
        let Some((own, chain)) = self.sent.split_first() else {
            let message = "expected a client's certificate, but found a connection from before one was demanded";
            return if now.required { Err(Rejection::new(Code::ClientCertificateMissing, message)) } else { Ok(None) };
        };
        if self.authority != Some(now.digest) {
            now.verify(own, chain, at)?;
        }
        Ok(self.client.as_ref())
    }
}
