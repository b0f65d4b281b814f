//! Acknowledge fast, work later: a durable queue inside of the app, and no broker: `cargo run --example inbox`.
//!
//! In a second terminal: `cargo run -- send worldline payment`. The sender is answered as soon as the event is on the disk;
//! a worker then hands it to the same handlers as inline mode would, until they succeed. Ctrl-C finishes what is under way.
//! With the demo keys, for loopback only.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::crypto::Backend;
use countersign::dispatch::{Dispatch, Occurrence};
use countersign::event::PaymentEvent;
use countersign::inbox::{Order, RetryPlan};
use countersign::keys::{KeySet, file};
use countersign::profile::Profile;
use countersign::store::{SqliteStore, Store, upkeep};
use countersign::{Endpoint, Verified};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// The certificate that the sender handed over.
const CERTIFICATE: &[u8] = include_bytes!("../keys/worldline/signing.crt");

/// Connections at once, fewer than the process may have open files.
const CONNECTIONS: usize = 512;
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// An event is delivered at least once: keep `occurrence.id` beside the effect, and leave out what is there already.
async fn on_payment(event: Verified<PaymentEvent>, occurrence: Occurrence) -> Result<(), std::io::Error> {
    println!(
        "payment {} is {} ({}, try {})",
        event.payment_id,
        event.status.as_str(),
        occurrence.id,
        occurrence.attempt
    );
    Ok(())
}

/// Receives into `store` and works it off with `handlers`, until `stop` resolves and what was under way then is finished.
///
/// # Errors
/// The endpoint cannot be built.
pub async fn run(
    listener: TcpListener,
    store: Arc<dyn Store>,
    handlers: Dispatch,
    stop: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let endpoint = Endpoint::builder("worldline", Profile::worldline())
        .path("/v3/notification")
        .keys(KeySet::new(file::read(Backend::default(), CERTIFICATE, None)?)?)
        .trusting_demo_keys_on_loopback()
        .queue(Arc::clone(&store))
        .build()?;
    let (stopping, told) = watch::channel(false);
    // Eight payments at once, the events of each one after the other.
    let worker = endpoint.worker(RetryPlan::default(), handlers)?.concurrency(8).order(Order::Subject);
    let working = tokio::spawn(worker.run(wait(told.clone())));
    // What is past its retention goes, some of it at a time.
    let pruning = tokio::spawn(upkeep(store, std::future::pending()));
    let (mut connections, mut stop) = (JoinSet::new(), std::pin::pin!(stop));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Who finds no place waits in the queue of the system.
        let place = tokio::select! { () = &mut stop => break, place = Arc::clone(&places).acquire_owned() => place? };
        let accepted = tokio::select! { () = &mut stop => break, accepted = listener.accept() => accepted };
        while connections.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most often there are no more file descriptors; one comes back when a connection ends.
                eprintln!("no connection was accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (service, told) = (TowerToHyperService::new(endpoint.clone()), told.clone());
        connections.spawn(async move {
            let _place = place;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .max_headers(64)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = wait(told) => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                eprintln!("a connection broke: {error}");
            }
        });
    }
    // Nobody new; whoever is being answered gets the answer, and each handler that has begun ends.
    drop(listener);
    stopping.send_replace(true);
    while connections.join_next().await.is_some() {}
    pruning.abort();
    Ok(working.await?)
}

async fn wait(mut told: watch::Receiver<bool>) {
    // A sender that is gone says the same.
    let _ = told.wait_for(|stopping| *stopping).await;
}

#[tokio::main]
#[allow(dead_code, reason = "a test runs it by itself")]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Arc::new(SqliteStore::open("inbox.db".as_ref(), Arc::new(SystemClock))?);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 8400))).await?;
    println!("ready: http://{}/v3/notification", listener.local_addr()?);
    let handlers =
        Dispatch::new().on_payment_with_id(on_payment).otherwise(async |once| println!("another: {}", once.id()));
    run(listener, store, handlers, async { drop(tokio::signal::ctrl_c().await) }).await
}
