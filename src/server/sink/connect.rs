//! The way to an HTTP sink: its name, the address, TLS. The rule: what counts is the address that is connected to, looked
//! at after the name was looked up; a name never leads to what is inside, unless the configuration says so.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower_service::Service;

use crate::rotation::is_public;
use crate::server::config::HttpSettings;

/// How long connecting may take in all, a handshake included.
const CONNECT: Duration = Duration::from_secs(5);
/// How many addresses of a host are tried, and how long each but the last, which has what is left.
const MOST_ADDRESSES: usize = 4;
const EACH: Duration = Duration::from_secs(1);
/// How many look-ups of a name are under way at once. Nothing ends one that hangs, and each holds a thread that decryption,
/// reads of the store and looks at files need too.
const LOOK_UPS: usize = 2;

/// Looks a name up, and blocks meanwhile.
type LookUp = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// Makes connections to one sink, whatever it is asked for.
#[derive(Clone)]
pub(super) struct Connector(Arc<Target>);

struct Target {
    host: Box<str>,
    port: u16,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// Whether the host may be inside.
    inside: bool,
    look_up: LookUp,
    look_ups: Arc<Semaphore>,
}

/// A connection.
pub(super) struct Link(TokioIo<Box<dyn Stream>>);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Connector {
    pub(super) fn new(settings: &HttpSettings) -> Result<Self, String> {
        let host = settings.url.host().unwrap_or_default().trim_matches(['[', ']']);
        let usual = if settings.tls.is_some() { 443 } else { 80 };
        let name = || ServerName::try_from(host.to_owned()).map_err(|_| "expected a host that a certificate can name");
        let tls = settings.tls.as_ref().map(|tls| Ok::<_, &str>((Arc::clone(tls), name()?))).transpose()?;
        Ok(Self(Arc::new(Target {
            port: settings.url.port_u16().unwrap_or(usual),
            tls,
            // An address, and this machine's own name, are what the operator wrote; what another name says is not.
            inside: settings.allow_private || host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok(),
            host: host.into(),
            look_up: Arc::new(|host, port| Ok((host, port).to_socket_addrs()?.collect())),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
        })))
    }
}

impl Target {
    async fn connect(&self) -> io::Result<Link> {
        let found = self.looked_up().await?;
        let allowed = found.iter().copied().filter(|one| self.inside || is_public(one.ip()));
        let allowed: Vec<SocketAddr> = allowed.take(MOST_ADDRESSES).collect();
        if allowed.is_empty() && !found.is_empty() {
            let message = "a name that leads to a private address; allow_private = true allows it";
            return Err(io::Error::other(message));
        }
        let opened = timeout(CONNECT, self.open(&allowed)).await;
        opened.unwrap_or_else(|_| Err(io::Error::other("no connection within 5 s")))
    }

    /// The addresses of the host. Who is out of patience leaves the look-up behind, which keeps its permit until it ends.
    async fn looked_up(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        let permit = Arc::clone(&self.look_ups).acquire_owned().await.map_err(io::Error::other)?;
        let (look_up, host, port) = (Arc::clone(&self.look_up), self.host.clone(), self.port);
        let looking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            look_up(&host, port)
        });
        looking.await.map_err(io::Error::other)?
    }

    /// An address that takes a connection and no handshake is passed over too.
    async fn open(&self, addresses: &[SocketAddr]) -> io::Result<Link> {
        let Some((last, others)) = addresses.split_last() else { return Err(io::Error::other("no address")) };
        for one in others {
            if let Ok(Ok(link)) = timeout(EACH, self.open_at(*one)).await {
                return Ok(link);
            }
        }
        self.open_at(*last).await
    }

    async fn open_at(&self, address: SocketAddr) -> io::Result<Link> {
        let stream = TcpStream::connect(address).await?;
        // A request is written whole: filling a packet would only delay it.
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => Box::new(stream),
            Some((tls, name)) => Box::new(TlsConnector::from(Arc::clone(tls)).connect(name.clone(), stream).await?),
        };
        Ok(Link(TokioIo::new(stream)))
    }
}

impl Service<Uri> for Connector {
    type Response = Link;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Link>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let target = Arc::clone(&self.0);
        Box::pin(async move { target.connect().await })
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Link {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(context, buffer)
    }
}

impl Write for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use rustls::pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    fn target(look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Target {
        let look_ups = Arc::new(Semaphore::new(LOOK_UPS));
        Target { host: "localhost".into(), port: 1, tls: None, inside: true, look_up: Arc::new(look_up), look_ups }
    }

    #[test]
    fn this_machines_own_name_is_inside_in_whatever_case() {
        for (url, inside) in [("http://localhost:1", true), ("http://LOCALHOST:1", true), ("http://example.com", false)]
        {
            let settings = HttpSettings {
                url: url.parse().unwrap(),
                timeout: CONNECT,
                secret: None,
                form: None,
                tls: None,
                certificate_ends: None,
                allow_private: false,
            };
            assert_eq!(Connector::new(&settings).unwrap().0.inside, inside, "{url}");
        }
    }

    #[test]
    fn look_ups_that_hang_leave_threads_for_what_else_blocks() {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(LOOK_UPS + 1).build().unwrap();
        // Dropped before the runtime, which waits for them: then they end.
        let (held, resolver) = mpsc::channel::<()>();
        let resolver = Mutex::new(resolver);
        let target = target(move |_, _| {
            let _ended = resolver.lock().map(|held| held.recv());
            Ok(Vec::new())
        });
        runtime.block_on(async {
            for _ in 0..10 {
                // As a sink's time-out does: asked, and left behind.
                let mut connecting = std::pin::pin!(target.connect());
                let left = std::future::poll_fn(|context| Poll::Ready(connecting.as_mut().poll(context).is_pending()));
                assert!(left.await, "a resolver that answers");
            }
            let other = timeout(CONNECT, tokio::task::spawn_blocking(|| ())).await;
            assert!(other.is_ok(), "every thread is held");
        });
        drop(held);
        runtime.block_on(async {
            let ended = timeout(CONNECT, target.connect()).await.expect("a permit that was given back");
            assert_eq!(ended.err().map(|error| error.to_string()).as_deref(), Some("no address"));
        });
    }

    #[tokio::test]
    async fn an_address_that_takes_a_connection_and_no_handshake_is_passed_over() {
        let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = own.cert.der().clone();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let server =
            rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let server = server.unwrap().with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let client = client.with_root_certificates(roots).with_no_client_auth();

        let (silent, good) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (nobody, addressed) = (silent.local_addr().unwrap(), good.local_addr().unwrap());
        let acceptor = TlsAcceptor::from(Arc::new(server));
        tokio::spawn(async move {
            let (stream, _) = good.accept().await.unwrap();
            let _open = acceptor.accept(stream).await.unwrap();
            std::future::pending::<()>().await;
        });
        let name = ServerName::try_from("localhost").unwrap();
        let tls = Some((Arc::new(client), name));
        let target = Target { port: addressed.port(), tls, ..target(|_, _| Ok(Vec::new())) };
        let link = timeout(CONNECT, target.open(&[nobody, addressed])).await.expect("an end in time");
        assert!(link.is_ok(), "{:?}", link.err());
    }
}
