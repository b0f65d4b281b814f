//! `serve`: receive until a signal says stop. SIGTERM and SIGINT stop, a second one at once; SIGHUP reads the configuration
//! again.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{Ended, load, logs, runtime};
use crate::server::{Config, Order, Sockets, files};

pub(super) fn run(path: &Path, log: logs::Form) -> Result<(), Ended> {
    // Before there are threads: the environment is read, and changed.
    let sockets = Sockets::inherited()?;
    let runtime = runtime(true)?;
    let ended = runtime.block_on(receive(path, log, sockets));
    // What was in flight has ended or was cut off: nobody waits for a sink that does not answer.
    runtime.shutdown_background();
    ended
}

async fn receive(path: &Path, log: logs::Form, sockets: Sockets) -> Result<(), Ended> {
    // First, so that a signal during a slow start is not the default end of a process.
    let orders = orders().map_err(|error| Ended::Unavailable(error.to_string()))?;
    let config = load(path)?;
    let lines = logs::start(log);
    for warning in &config.warnings {
        tracing::warn!(code = "configuration", "{warning}");
    }
    raise_files(&config);
    let say = |line: &str| {
        lines.flush();
        eprintln!("{line}");
    };
    crate::server::serve(config, sockets, orders, say).await?;
    Ok(())
}

fn orders() -> std::io::Result<mpsc::UnboundedReceiver<Order>> {
    let (tell, orders) = mpsc::unbounded_channel();
    for (kind, order) in [
        (SignalKind::terminate(), Order::Stop),
        (SignalKind::interrupt(), Order::Stop),
        (SignalKind::hangup(), Order::Reload),
    ] {
        let (mut signals, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move { while signals.recv().await.is_some() && tell.send(order).is_ok() {} });
    }
    Ok(orders)
}

/// Every connection is an open file: as many as the system allows, which is more than most shells give.
fn raise_files(config: &Config) {
    let wanted = config.server.limits.connections;
    if let Some((limit, most)) = files::raise(wanted) {
        tracing::warn!(
            code = "open_files",
            limit,
            connections = wanted,
            most,
            "fewer files may be open than limits.connections asks for, and no more connections are taken than that: raise \
             LimitNOFILE or lower it"
        );
    }
}
