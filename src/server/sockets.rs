//! The sockets that a supervisor opened before us (systemd's socket activation), or our own. The rule: a socket that was
//! handed over is at the very address that the configuration says, or the checks that rest on it would be of another one.

use std::net::SocketAddr;

use listenfd::ListenFd;
use tokio::net::TcpListener;

use super::run::Failure;

/// Most sockets that are looked at.
const MOST: usize = 16;

/// Listening sockets that were handed over.
#[derive(Debug, Default)]
pub struct Sockets {
    senders: Option<std::net::TcpListener>,
    admin: Option<std::net::TcpListener>,
}

impl Sockets {
    /// Takes what `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` say, if they are meant for this process: sockets named
    /// `senders` and `admin`; a single one of another name is that of senders. Once, before there are threads.
    ///
    /// # Errors
    /// [`Failure::Config`] if a socket has another name or is not a listening TCP socket.
    pub fn inherited() -> Result<Self, Failure> {
        let said = |name| std::env::var(name).ok();
        // Without the process id they may be meant for who started us.
        let ours = said("LISTEN_PID").and_then(|text| text.parse().ok()) == Some(std::process::id());
        let count = said("LISTEN_FDS").and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
        if !ours || count == 0 {
            return Ok(Self::default());
        }
        let wrong = |found: String| {
            Failure::Config(format!(
                "expected listening TCP sockets named senders and admin (FileDescriptorName=), but found {found}"
            ))
        };
        if count > MOST {
            return Err(wrong(format!("{count} sockets")));
        }
        let names = said("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let (mut handed, mut sockets) = (ListenFd::from_env(), Self::default());
        for index in 0..count {
            let name = names.next().unwrap_or_default();
            let place = match name {
                "senders" => &mut sockets.senders,
                "admin" => &mut sockets.admin,
                _ if count == 1 => &mut sockets.senders,
                other => return Err(wrong(format!("{other:?}"))),
            };
            let socket = handed.take_tcp_listener(index).map_err(|error| wrong(format!("{name:?}: {error}")))?;
            if place.is_some() {
                return Err(wrong(format!("{name:?} twice")));
            }
            *place = socket;
        }
        Ok(sockets)
    }

    /// The listener of senders, and whether it was handed over.
    pub(super) async fn senders(&mut self, wanted: SocketAddr) -> Result<(TcpListener, bool), Failure> {
        open(self.senders.take(), "listen", wanted).await
    }

    /// The listener of operators.
    pub(super) async fn admin(&mut self, wanted: SocketAddr) -> Result<TcpListener, Failure> {
        open(self.admin.take(), "admin", wanted).await.map(|(listener, _)| listener)
    }

    /// Whether a socket for operators waits that the configuration does not ask for.
    pub(super) fn has_admin(&self) -> bool {
        self.admin.is_some()
    }
}

async fn open(
    handed: Option<std::net::TcpListener>,
    field: &str,
    wanted: SocketAddr,
) -> Result<(TcpListener, bool), Failure> {
    let unavailable =
        |error: std::io::Error| Failure::Unavailable(format!("expected to listen on {wanted}, but found: {error}"));
    let Some(socket) = handed else {
        return TcpListener::bind(wanted).await.map(|own| (own, false)).map_err(unavailable);
    };
    let found = socket.local_addr().map_err(unavailable)?;
    // Whether demo keys, and operators without a token, are let in is decided by the address of the configuration.
    if found.ip() != wanted.ip() || (wanted.port() != 0 && found.port() != wanted.port()) {
        return Err(Failure::Config(format!(
            "[server]: {field}: expected the address of the socket that was handed over, {found}, but found {wanted}; write {field} = \"{found}\""
        )));
    }
    socket.set_nonblocking(true).map_err(unavailable)?;
    TcpListener::from_std(socket).map(|listener| (listener, true)).map_err(unavailable)
}
