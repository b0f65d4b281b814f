//! A core system behind `countersign`, which answers Tribe's questions: `cargo run --example upstream`.
//!
//! In a second terminal `cargo run -- --config examples/upstream.toml`, in a third `cargo run -- send tribe v2_accounts`; all
//! three with the same `UPSTREAM_SECRET` of 16 bytes or more. The receiver has verified who asks, and says so in a header of
//! its own, a JWT, which any library for them reads. Whoever comes without it is sent away.

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use countersign::clock::{Clock, SystemClock, Timestamp};
use countersign::crypto::{Algorithm, Digest, MacKey, Secret};
use countersign::event::tribe::{
    Account, AccountReply, AccountsReply, BalancesReply, FundsConfirmation, PaymentInitiated, PaymentStatus,
    TransactionStatus, Transactions, TransactionsReply,
};
use countersign::wire::encoding::Encoding;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The name that the configuration gives to this sink.
const AUDIENCE: &str = "bank";
const LARGEST_BODY: usize = 1024 * 1024;
/// Connections at once, fewer than the process may have open files.
const CONNECTIONS: usize = 512;
/// After a connection that could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

/// The core system.
pub struct Bank {
    key: MacKey,
    /// Answers by `Idempotency-Key`: if the receiver was killed before it kept an answer, it asks again.
    answers: Mutex<HashMap<String, Bytes>>,
    asked: AtomicUsize,
}

impl Bank {
    /// A core system that shares this secret with its receiver.
    pub fn new(secret: &Secret) -> Option<Self> {
        let key = MacKey::new(Algorithm::Hs256, secret)?;
        Some(Self { key, answers: Mutex::default(), asked: AtomicUsize::new(0) })
    }

    /// How often it was asked by somebody whom it believed.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Answers on this listener.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        // Nobody closes the places.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Most often there are no more file descriptors; one comes back when a connection ends.
                    eprintln!("no connection was accepted: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let bank = Arc::clone(&self);
            let service = service_fn(move |request| {
                let bank = Arc::clone(&bank);
                async move { Ok::<_, std::convert::Infallible>(bank.respond(request).await) }
            });
            // Who has asked and says no more still waits for the answer.
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(async move {
                drop(connection.await);
                drop(place);
            });
        }
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
            return answer(StatusCode::PAYLOAD_TOO_LARGE, Bytes::new());
        };
        let body = body.to_bytes();
        let Some(statement) = self.vouched(&head.headers, &body, SystemClock.now()) else {
            return answer(StatusCode::FORBIDDEN, Bytes::new());
        };
        self.asked.fetch_add(1, Ordering::SeqCst);
        let key = statement["jti"].as_str().unwrap_or_default().to_owned();
        if let Some(known) = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return answer(StatusCode::OK, known.clone());
        }
        let Ok(reply) = reply(statement["action"].as_str().unwrap_or_default()) else {
            return answer(StatusCode::NOT_FOUND, Bytes::new());
        };
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, reply.clone());
        answer(StatusCode::OK, reply)
    }

    /// What the receiver says about this very body, if it is the receiver who says it, to us, and now.
    pub fn vouched(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Option<Value> {
        let mut statements = headers.get_all("countersign-statement").iter();
        let (Some(statement), None) = (statements.next(), statements.next()) else { return None };
        let statement = statement.to_str().ok()?;
        let (signed, tag) = statement.rsplit_once('.')?;
        let tag = Encoding::Base64Url.decode(tag, 64).ok()?;
        // The key decides the algorithm, whatever the header of the token says.
        let _proof = self.key.verify(&[signed.as_bytes()], &tag).ok()?;
        let (_, claims) = signed.split_once('.')?;
        let claims: Value = serde_json::from_slice(&Encoding::Base64Url.decode(claims, 64 * 1024).ok()?).ok()?;
        let fingerprint = Encoding::Hex.encode(&Digest::sha256_of(body));
        let is_ours = claims["iss"] == "countersign" && claims["aud"] == AUDIENCE;
        let is_now = claims["exp"].as_i64()? > now.seconds();
        (is_ours && is_now && claims["fingerprint"] == *fingerprint).then_some(claims)
    }
}

/// The same to everybody; a real core system reads the body.
fn reply(action: &str) -> Result<Bytes, Box<dyn Error>> {
    let (account, other) = (Account { resource_id: Some("account-1".to_owned()), ..Account::default() }, Map::new());
    Ok(Bytes::from(match action {
        "v2_accounts" => serde_json::to_vec(&AccountsReply { accounts: vec![account], other }),
        "v2_account" => serde_json::to_vec(&AccountReply { account, other }),
        "v2_account_balances" => serde_json::to_vec(&BalancesReply { balances: Vec::new(), other }),
        "v2_account_transactions" => {
            let transactions = Transactions::default();
            serde_json::to_vec(&TransactionsReply { transactions, page_key: None, other })
        }
        "v2_payment_single" | "v2_payment_bulk" | "v2_payment_direct_single" => serde_json::to_vec(&PaymentInitiated {
            status: PaymentStatus::Rcvd,
            confirmation_url: "https://bank.example/confirm/1".to_owned(),
            payment_id: "1".try_into()?,
            other,
        }),
        "v2_payment_single_status" | "v2_payment_bulk_status" => {
            serde_json::to_vec(&TransactionStatus { transaction_status: PaymentStatus::Pdng, other })
        }
        "v2_funds_confirmations" => serde_json::to_vec(&FundsConfirmation { funds_available: true, other }),
        // Notifications, to which no answer is expected.
        "v2_payment_status" | "v2_payment_confirmation_link_expire" => Ok(Vec::new()),
        other => return Err(format!("expected an action of Tribe, but found {other:?}").into()),
    }?))
}

fn answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let is_document = !body.is_empty();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    if is_document {
        response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json"));
    }
    response
}

#[tokio::main]
#[allow(dead_code, reason = "a test serves the bank by itself")]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new(std::env::var("UPSTREAM_SECRET")?)?;
    let bank = Bank::new(&secret).ok_or("expected a secret for HS256, but found another")?;
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 9000))).await?;
    println!("ready: http://{}", listener.local_addr()?);
    Arc::new(bank).serve(listener).await;
    Ok(())
}
