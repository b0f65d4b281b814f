//! An endpoint on an axum route, with typed answers: `cargo run --example axum`.
//!
//! In a second terminal: `cargo run -- send tribe v2_payment_single`. The bank's side of Tribe: each webhook is a question,
//! and what the handler returns is the answer. With the demo keys, for loopback only.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use countersign::clock::SystemClock;
use countersign::crypto::{Backend, Secret};
use countersign::dispatch::Dispatch;
use countersign::event::tribe::{
    Account, AccountReply, AccountsReply, BalancesReply, FundsConfirmation, PaymentInitiated, PaymentStatus, Request,
    TransactionStatus, Transactions, TransactionsReply,
};
use countersign::event::{
    AccountRequestEvent, FundsRequestEvent, PaymentEvent, PaymentRequestEvent, PaymentRequestKind,
};
use countersign::keys::{KeySet, file};
use countersign::profile::Profile;
use countersign::reply::Reply;
use countersign::store::{MemoryStore, upkeep};
use countersign::{Endpoint, Verified};
use serde_json::Map;

const PUBLIC_KEY: &[u8] = include_bytes!("../keys/tribe/signing.pub.pem");
const API_KEY: &str = include_str!("../keys/tribe/api-key");

type Answer = Result<Reply, Box<dyn Error + Send + Sync>>;

async fn on_payment_request(event: Verified<PaymentRequestEvent>) -> Answer {
    if event.kind == PaymentRequestKind::Status {
        return Ok(Reply::json(&TransactionStatus { transaction_status: PaymentStatus::Pdng, other: Map::new() })?);
    }
    println!("asked for a payment of {:?}", event.amount);
    Ok(Reply::json(&PaymentInitiated {
        status: PaymentStatus::Rcvd,
        confirmation_url: "https://bank.example/confirm/1".to_owned(),
        payment_id: "1".try_into()?,
        other: Map::new(),
    })?)
}

async fn on_account_request(event: Verified<AccountRequestEvent>) -> Answer {
    let id = event.account_id.clone().unwrap_or_else(|| "account-1".to_owned());
    let account = Account { resource_id: Some(id), ..Account::default() };
    let reply = match &*event.detail {
        Request::Accounts => Reply::json(&AccountsReply { accounts: vec![account], other: Map::new() }),
        Request::AccountBalances(_) => Reply::json(&BalancesReply { balances: Vec::new(), other: Map::new() }),
        Request::AccountTransactions(_) => {
            let transactions = Transactions::default();
            Reply::json(&TransactionsReply { transactions, page_key: None, other: Map::new() })
        }
        _ => Reply::json(&AccountReply { account, other: Map::new() }),
    };
    Ok(reply?)
}

async fn on_funds_request(_: Verified<FundsRequestEvent>) -> Answer {
    Ok(Reply::json(&FundsConfirmation { funds_available: true, other: Map::new() })?)
}

/// The two notifications, to which no answer is expected.
async fn on_payment(event: Verified<PaymentEvent>) {
    println!("payment {} is {}", event.payment_id, event.status.as_str());
}

fn endpoint() -> Result<Endpoint, Box<dyn Error>> {
    let handlers = Dispatch::new()
        .on_payment_request(on_payment_request)
        .on_account_request(on_account_request)
        .on_funds_request(on_funds_request)
        .on_payment(on_payment);
    // Forgets when the program ends. `SqliteStore::open` of feature `sqlite` does not.
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    // A store forgets nothing by itself.
    tokio::spawn(upkeep(store.clone(), std::future::pending()));
    let endpoint = Endpoint::builder("tribe", Profile::tribe())
        .path("/tribe")
        .keys(KeySet::new(file::read(Backend::default(), PUBLIC_KEY, None)?)?)
        .api_key(Secret::new(API_KEY.trim())?)
        .trusting_demo_keys_on_loopback()
        .inline(store, handlers)
        .build()?;
    Ok(endpoint)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::var("PORT").map_or(Ok(8400), |port| port.parse())?;
    // `route_service`, and never `nest`, which would cut off the path that the sender called.
    let router = Router::new().route_service("/tribe/{action}", endpoint()?);
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    println!("ready: http://{}/tribe", listener.local_addr()?);
    // `axum::serve` waits for ever for the rest of a head. Where no proxy in front has a deadline for it, serve the
    // router by the loop of `examples/hyper.rs`, which has one.
    axum::serve(listener, router).await?;
    Ok(())
}
