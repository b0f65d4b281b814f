//! An `Endpoint` in a bare hyper app, as the README shows it: verified, remembered in memory, and handed to a handler that
//! does nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign::Endpoint;
use countersign::clock::SystemClock;
use countersign::crypto::{Algorithm, Backend, Secret};
use countersign::dedup::InlineTimes;
use countersign::dispatch::Dispatch;
use countersign::endpoint::Limits;
use countersign::keys::{Key, KeySet, file};
use countersign::profile::{BodySignature, Identification, Profile};
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

type Fault = Box<dyn std::error::Error>;

/// The two ways in which the compared senders sign a body.
fn endpoint() -> Result<Endpoint, Fault> {
    let key = std::fs::read(std::env::var("KEY")?)?;
    let (scheme, id, keys) = if std::env::var("CHECK")? == "HS256" {
        let mut scheme = BodySignature::over_body("x-hub-signature-256");
        scheme.encoding = Encoding::Hex;
        scheme.prefix = Some("sha256=".into());
        (scheme, "x-github-delivery", vec![Key::secret(Algorithm::Hs256, &Secret::new(key)?)?])
    } else {
        (BodySignature::over_body("x-signature"), "x-request-id", file::read(Backend::default(), &key, None)?)
    };
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let endpoint = Endpoint::builder("compare", Profile::body_signature(scheme, Identification::uuid_header(id)))
        .path("/hook")
        .keys(KeySet::new(keys)?)
        .limits(Limits { body: 1024 * 1024, ..Limits::default() })
        .inline(store, InlineTimes::default(), Dispatch::new().otherwise(|_| async {}))
        .build()?;
    Ok(endpoint)
}

#[tokio::main]
async fn main() -> Result<Infallible, Fault> {
    let endpoint = endpoint()?;
    let listener = TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(endpoint.clone());
        tokio::spawn(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Duration::from_secs(5))
                .max_headers(64)
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}
