//! The example's server, called by a real client over mutual TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign::clock::SystemClock;
use countersign::store::MemoryStore;
use tokio::net::TcpListener;
use tonic::Code;

use example::generated::{ExecuteTransferRequest, WatchTransferRequest};
use example::{Authority, Bank, TPP, call, connect, contract, serve};

#[allow(dead_code)]
#[path = "../../examples/grpc.rs"]
mod example;

const ID: &str = "99391c7e-ad88-49ec-a2ad-99ddcb1f7721";

async fn bank() -> (SocketAddr, Authority, Bank) {
    let authority = Authority::new().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let contract = contract(Arc::new(MemoryStore::new(Arc::new(SystemClock)))).unwrap();
    let (identity, bank) = ((authority.identity("bank").unwrap(), authority.certificate()), Bank::default());
    tokio::spawn(serve(listener, identity, contract, bank.clone()));
    (address, authority, bank)
}

fn transfer(cents: u64) -> ExecuteTransferRequest {
    ExecuteTransferRequest { recipient_id: "42".to_owned(), cents, description: "rent".to_owned() }
}

#[tokio::test]
async fn a_transfer_is_made_once_and_its_copies_are_answered() {
    let (address, authority, bank) = bank().await;
    let mut client = connect(address, (authority.identity(TPP).unwrap(), authority.certificate())).await.unwrap();
    for _ in 0..3 {
        let answer = client.execute_transfer(call(transfer(200), ID)).await.unwrap();
        assert_eq!(answer.get_ref().transfer_id, "transfer-1");
    }
    let other = client.execute_transfer(call(transfer(300), ID)).await.unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists);
    // An error that speaks of the call has its message also the second time.
    for _ in 0..2 {
        let empty =
            client.execute_transfer(call(transfer(0), "00000000-0000-0000-0000-000000000001")).await.unwrap_err();
        assert_eq!((empty.code(), empty.message()), (Code::InvalidArgument, "expected an amount, but found 0"));
    }
    assert_eq!(bank.transfers.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_of_answers_goes_through() {
    let (address, authority, _) = bank().await;
    let mut client = connect(address, (authority.identity(TPP).unwrap(), authority.certificate())).await.unwrap();
    let watch = WatchTransferRequest { transfer_id: "transfer-1".to_owned() };
    let mut states = client.watch_transfer(call(watch, ID)).await.unwrap().into_inner();
    assert_eq!(states.message().await.unwrap().unwrap().state, "received");
    assert_eq!(states.message().await.unwrap().unwrap().state, "settled");
    assert_eq!(states.message().await.unwrap(), None);
}

#[tokio::test]
async fn another_certificate_of_the_same_authority_and_a_missing_header_are_told_apart_from_each_other_in_grpc() {
    let (address, authority, bank) = bank().await;
    let identity = authority.identity("PSDLT-LB-0002").unwrap();
    let mut stranger = connect(address, (identity, authority.certificate())).await.unwrap();
    let refused = stranger.execute_transfer(call(transfer(200), ID)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut client = connect(address, (authority.identity(TPP).unwrap(), authority.certificate())).await.unwrap();
    let bare = client.execute_transfer(transfer(200)).await.unwrap_err();
    assert_eq!((bare.code(), bare.message()), (Code::InvalidArgument, "expected x-tpp-id, but found none"));
    assert_eq!(bank.transfers.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_certificate_of_another_authority_gets_no_connection() {
    let (address, authority, bank) = bank().await;
    let foreign = Authority::new().unwrap().identity(TPP).unwrap();
    // In TLS 1.3 a client learns with its first request that it was refused.
    let called = match connect(address, (foreign, authority.certificate())).await {
        Ok(mut client) => client.execute_transfer(call(transfer(200), ID)).await.is_ok(),
        Err(_) => false,
    };
    assert!(!called);
    assert_eq!(bank.transfers.load(Ordering::SeqCst), 0);
}
