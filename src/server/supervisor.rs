//! What a supervisor is told of this process (sd_notify(3)): ready, reloading, stopping, alive. The rule: nobody waits for
//! it, and without one nothing is said.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

/// The one who started us, if that one wants to be told.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// The socket of `NOTIFY_SOCKET`, a path or an abstract name, and half the time of `WATCHDOG_USEC`.
    pub(super) fn found() -> Self {
        let name = std::env::var("NOTIFY_SOCKET").unwrap_or_default();
        let socket = match connected(&name) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(code = "supervisor_unreachable", %error, "the supervisor will not be told");
                None
            }
        };
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let ours = number("WATCHDOG_PID").is_none_or(|id| id == u64::from(std::process::id()));
        let period = number("WATCHDOG_USEC").filter(|period| ours && *period > 1).map(Duration::from_micros);
        Self { watchdog: period.filter(|_| socket.is_some()).and_then(|period| period.checked_div(2)), socket }
    }

    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={}", one_line(status)));
    }

    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let micros = i128::from(now.tv_sec).saturating_mul(1_000_000).saturating_add(i128::from(now.tv_nsec) / 1000);
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}\nSTATUS=reading the configuration"));
    }

    /// It may take so long, whatever the supervisor's own limit is.
    pub(super) fn stopping(&self, at_most: Duration) {
        let extend = at_most.saturating_add(Duration::from_secs(5)).as_micros();
        self.tell(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={extend}\nSTATUS=finishing what is in flight"));
    }

    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// When it is time to say that we are alive, from now on, whatever else happens.
    pub(super) fn watchdog(&self) -> Watchdog {
        Watchdog(self.watchdog.map(|period| {
            let mut interval = tokio::time::interval(period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        }))
    }

    fn tell(&self, text: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(text.as_bytes())
        {
            tracing::debug!(%error, "the supervisor could not be told");
        }
    }
}

/// A clock that goes on while other things are waited for.
#[derive(Debug)]
pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// Resolves each time that it is time.
    pub(super) async fn asks(&mut self) {
        match &mut self.0 {
            Some(interval) => drop(interval.tick().await),
            None => std::future::pending().await,
        }
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

fn connected(name: &str) -> std::io::Result<Option<UnixDatagram>> {
    if name.is_empty() {
        return Ok(None);
    }
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            socket.connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)?;
        }
        _ => socket.connect(name)?,
    }
    Ok(Some(socket))
}
