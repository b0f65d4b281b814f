//! An endpoint in a hyper server: `cargo run --example hyper`.
//!
//! In a second terminal: `cargo run -- send worldline payment`. Without TLS, and with the demo keys, for loopback only.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::crypto::Backend;
use countersign::dispatch::Dispatch;
use countersign::event::{ConsentEvent, DebtorTokenEvent, PaymentEvent};
use countersign::keys::{KeySet, file};
use countersign::profile::Profile;
use countersign::store::{MemoryStore, upkeep};
use countersign::{Endpoint, Verified};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The certificate that the sender handed over.
const CERTIFICATE: &[u8] = include_bytes!("../keys/worldline/signing.crt");

/// Connections at once, fewer than the process may have open files.
const CONNECTIONS: usize = 512;
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

async fn on_payment(event: Verified<PaymentEvent>) {
    let key = &event.provenance().key_id;
    println!("payment {} is {} (signed with {key})", event.payment_id, event.status.as_str());
}

async fn on_consent(event: Verified<ConsentEvent>) {
    println!("consent {} is {}", event.consent_id, event.status.as_str());
}

/// An error is answered 500, and the sender's retry runs the handler again.
async fn on_debtor_token(event: Verified<DebtorTokenEvent>) -> Result<(), std::io::Error> {
    println!("a debtor token for payment {}", event.payment_id);
    Ok(())
}

fn endpoint() -> Result<Endpoint, Box<dyn Error>> {
    let handlers = Dispatch::new().on_payment(on_payment).on_consent(on_consent).on_debtor_token(on_debtor_token);
    // Forgets when the program ends. `SqliteStore::open` of feature `sqlite` does not.
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    // A store forgets nothing by itself.
    tokio::spawn(upkeep(store.clone(), std::future::pending()));
    let endpoint = Endpoint::builder("worldline", Profile::worldline())
        .path("/v3/notification")
        .keys(KeySet::new(file::read(Backend::default(), CERTIFICATE, None)?)?)
        .trusting_demo_keys_on_loopback()
        // Worldline waits eight seconds for an answer; a handler has five, which its profile knows.
        .inline(store, handlers)
        .build()?;
    Ok(endpoint)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(8400), |port| port.parse())?;
    let endpoint = endpoint()?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    println!("ready: http://{}/v3/notification", listener.local_addr()?);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // Who finds no place waits in the queue of the system.
        let place = Arc::clone(&places).acquire_owned().await?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Most often there are no more file descriptors; one comes back when a connection ends.
                eprintln!("no connection was accepted: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(endpoint.clone());
        tokio::spawn(async move {
            let _place = place;
            // The endpoint limits the body; the head is the server's to limit.
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .max_headers(64)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("a connection broke: {error}");
            }
        });
    }
}
