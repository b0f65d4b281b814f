//! An `Endpoint` in a bare hyper app, as the README shows it: verified, remembered in memory, and handed to a handler that
//! does nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use countersign::Endpoint;
use countersign::clock::SystemClock;
use countersign::crypto::{Algorithm, Backend, Secret};
use countersign::dispatch::Dispatch;
use countersign::endpoint::Limits;
use countersign::keys::{DecryptingKey, DecryptionKeys, Key, KeyId, KeySet, file, read_decryption};
use countersign::profile::{BodySignature, Form, Fresh, HttpSignature, Identification, Jose, Nesting, Profile};
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

type Fault = Box<dyn std::error::Error>;

/// The ways in which the compared senders sign, by the word of one.
fn endpoint() -> Result<Endpoint, Fault> {
    let key = std::fs::read(std::env::var("KEY")?)?;
    let public = |algorithm| file::read(Backend::default(), &key, algorithm);
    let named = |algorithm| public(algorithm)?.into_iter().map(with_name).collect::<Result<Vec<_>, Fault>>();
    let id = Identification::uuid_header("x-request-id");
    let jose = |nesting| {
        let mut scheme = Jose::new(Form::Body, None);
        scheme.nesting = nesting;
        let profile = Profile::jose(scheme, Identification::uuid_header("x-request-id"));
        profile.accepting_messages_of_any_age().accepting_tokens_for_others()
    };
    let (profile, keys) = match std::env::var("SCHEME")?.as_str() {
        "hmac" => {
            let mut scheme = BodySignature::over_body("x-hub-signature-256");
            scheme.encoding = Encoding::Hex;
            scheme.prefix = Some("sha256=".into());
            let id = Identification::uuid_header("x-github-delivery");
            (Profile::body_signature(scheme, id), vec![Key::secret(Algorithm::Hs256, &Secret::new(key)?)?])
        }
        "http" => {
            let scheme = HttpSignature::covering(["(request-target)", "host", "date", "digest"]);
            let fresh = Fresh::Header("date".into());
            (Profile::http_signature(scheme, id).with_fresh(fresh, Duration::from_secs(300)), named(None)?)
        }
        "jws" => (jose(Nesting::Jws), named(Some(Algorithm::Ps256))?),
        "jwe" => (jose(Nesting::JweOfJws), named(Some(Algorithm::Ps256))?),
        _ => (Profile::body_signature(BodySignature::over_body("x-signature"), id), public(None)?),
    };
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let mut builder = Endpoint::builder("compare", profile)
        .path("/hook")
        .keys(KeySet::new(keys)?)
        .limits(Limits { body: 1024 * 1024, ..Limits::default() });
    if std::env::var("SCHEME")? == "jwe" {
        builder = builder.decryption_keys(opening()?);
    }
    Ok(builder.inline(store, Dispatch::new().otherwise(|_| async {})).build()?)
}

fn with_name(key: Key) -> Result<Key, Fault> {
    Ok(key.with_id(KeyId::new("compare")?))
}

/// The private key that opens a token.
fn opening() -> Result<DecryptionKeys, Fault> {
    let (management, encryption) = (DecryptingKey::DEFAULT_MANAGEMENT, DecryptingKey::DEFAULT_ENCRYPTION);
    let keys = read_decryption(&std::fs::read(std::env::var("OPENS")?)?)?.into_iter();
    let keys = keys.map(|(_, key)| DecryptingKey::new(KeyId::new("compare")?, key, management, encryption));
    Ok(DecryptionKeys::new(keys.collect::<Result<_, _>>()?)?)
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
