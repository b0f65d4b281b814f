//! `health`: asks the receiver of this configuration how it is. For supervisors that run a command and have no shell.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Ended, print, usage};
use crate::server::config::Operators;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is looked at, in bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign health            whether it lives (/healthz)
  countersign health --ready    whether it can take events now (/readyz)
  countersign health --at 127.0.0.1:8401    without a configuration")]
pub(super) struct Health {
    /// Ask whether it can take events, and not only whether it lives.
    #[arg(long)]
    ready: bool,
    /// Ask at this address, and read no configuration; for a receiver that wants no token.
    #[arg(long, value_name = "ADDRESS")]
    at: Option<SocketAddr>,
}

impl Health {
    pub(super) async fn run(&self, path: &Path) -> Result<(), Ended> {
        let operators = match self.at {
            Some(at) => Operators { admin: Some(at), token: None },
            None => Operators::read(path).map_err(usage)?,
        };
        let address = operators.admin.ok_or_else(|| {
            Ended::Usage("expected admin in [server], or there is nobody to ask, but found none".to_owned())
        })?;
        let page = if self.ready { "/readyz" } else { "/healthz" };
        let token = operators.token.as_ref().map(|token| String::from_utf8_lossy(token.expose()).into_owned());
        let shown = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let request = format!("GET {page} HTTP/1.1\r\nhost: localhost\r\n{shown}connection: close\r\n\r\n");
        let exchange = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.take(LONGEST).read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let unavailable =
            |found: String| Ended::Unavailable(format!("expected an answer of {address}, but found {found}"));
        let answer =
            tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| unavailable("none in 5 s".to_owned()))?;
        let answer = answer.map_err(|error| unavailable(error.to_string()))?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| unavailable("no answer".to_owned()))?;
        print(body.trim())?;
        if head.starts_with("HTTP/1.1 200 ") { Ok(()) } else { Err(Ended::Refused) }
    }
}
