//! Calls that take effect once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign::client::{Pin, Pins};
use countersign::clock::SystemClock;
use countersign::contract::{CallBody, Calls, HeaderContract};
use countersign::dedup::InlineTimes;
use countersign::store::{MemoryStore, RedisOptions, RedisStore, SqliteStore, Store};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::sync::Notify;
use tower::{Layer, ServiceExt};

use crate::client::{Api, GOOD, ID, ONCE, Told, Trailed, certificate, contract, message, request, told};
use crate::redis_server::Server;

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(SystemClock)))
}

fn calls(store: Arc<dyn Store>) -> Calls {
    Calls::new("payments", store, Arc::new(SystemClock)).once(ONCE).unwrap()
}

fn once() -> HeaderContract {
    contract().calls(calls(store()))
}

fn other(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    GOOD.into_iter().map(|header| if header.0 == name { (name, value) } else { header }).collect()
}

#[tokio::test]
async fn a_copy_is_answered_what_the_first_call_was_and_reaches_nobody() {
    let (contract, api) = (once(), Api::default());
    let first = told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await;
    assert_eq!((first.grpc(), &first.data), (Some(0), &message("done 1")));
    // The same UUID in other letters is the same id.
    for id in [ID, &*ID.to_ascii_uppercase().leak()] {
        let mut copy = told(&contract, &api, request(ONCE, &other("x-request-id", id), message("pay 5"))).await;
        assert!(copy.is_copy() && !first.is_copy());
        copy.headers.remove("countersign-result");
        assert_eq!(copy, first);
    }
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn sixty_four_copies_at_once_are_one_call() {
    let (contract, api) = (once(), Api::default());
    let copies = (0..64).map(|_| {
        let (contract, api) = (contract.clone(), api.clone());
        tokio::spawn(async move { told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await })
    });
    for copy in copies.collect::<Vec<_>>() {
        assert_eq!(copy.await.unwrap().data, message("done 1"));
    }
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn an_id_that_was_used_for_something_else_is_refused() {
    let (contract, api) = (once().clone(), Api::default());
    assert_eq!(told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await.grpc(), Some(0));
    let token = other("authorization", "Bearer somebody-elses-token");
    let zone = other("user-time-zone", "UTC");
    for (headers, text) in [(&GOOD[..], "pay 500"), (&token, "pay 5"), (&zone, "pay 5")] {
        let refused = told(&contract, &api, request(ONCE, headers, message(text))).await;
        assert_eq!((refused.grpc(), refused.data.len()), (Some(6), 0), "{}", refused.message());
    }
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn two_callers_never_share_an_id() {
    let pins = Pins::any_of([Pin::organization_identifier("PSDLT-LB-0002")]);
    let (contract, api) = (once().client("PSDLT-LB-0002", pins), Api::default());
    assert_eq!(told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await.data, message("done 1"));
    let mut second = request(ONCE, &other("x-tpp-id", "PSDLT-LB-0002"), message("pay 5"));
    second.extensions_mut().insert(certificate("PSDLT-LB-0002"));
    assert_eq!(told(&contract, &api, second).await.data, message("done 2"));
}

#[tokio::test]
async fn a_call_that_is_not_named_is_made_each_time() {
    let (contract, api) = (once(), Api::default());
    for number in 1..4 {
        let answer = told(&contract, &api, request("/example.payments.v1.Payments/Look", &GOOD, message("m"))).await;
        assert_eq!(answer.data, message(&format!("done {number}")));
    }
}

/// A service that answers with these statuses, one after the other.
async fn after(statuses: &[u16]) -> (u64, Vec<Option<u16>>) {
    let (contract, api) = (once(), Api::default());
    let (answering, all) = (api.clone(), statuses.to_vec());
    let service = tower::service_fn(move |request: Request<CallBody<Full<Bytes>>>| {
        let status = all[usize::try_from(answering.calls()).unwrap()];
        let response = answering.answer(&request, status, "said");
        async move { Ok::<_, Infallible>(response) }
    });
    let service = contract.layer().layer(service);
    let mut told = Vec::new();
    for _ in 0..3 {
        let response = service.clone().oneshot(request(ONCE, &GOOD, message("pay 5"))).await.unwrap();
        told.push(Told::read(response).await.grpc());
    }
    (api.calls(), told)
}

#[tokio::test]
async fn an_error_of_the_moment_is_tried_again_and_one_of_the_call_is_not() {
    assert_eq!(after(&[14, 0]).await, (2, vec![Some(14), Some(0), Some(0)]));
    assert_eq!(after(&[13, 16, 0]).await, (3, vec![Some(13), Some(16), Some(0)]));
    assert_eq!(after(&[3]).await, (1, vec![Some(3); 3]));
    assert_eq!(after(&[9]).await, (1, vec![Some(9); 3]));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_a_transfer_half_way() {
    let (contract, api) = (once(), Api::default());
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let parts = (api.clone(), Arc::clone(&begun), Arc::clone(&go));
    let service = tower::service_fn(move |request: Request<CallBody<Full<Bytes>>>| {
        let (api, begun, go) = parts.clone();
        async move {
            begun.notify_one();
            go.notified().await;
            Ok::<_, Infallible>(api.answer(&request, 0, "done"))
        }
    });
    let service = contract.layer().layer(service);
    let first = tokio::spawn(service.clone().oneshot(request(ONCE, &GOOD, message("pay 5"))));
    begun.notified().await;
    first.abort();
    assert!(first.await.is_err());
    go.notify_one();
    let copy = Told::read(service.oneshot(request(ONCE, &GOOD, message("pay 5"))).await.unwrap()).await;
    assert!(copy.is_copy());
    assert_eq!((copy.data, api.calls()), (message("done 1"), 1));
}

#[tokio::test]
async fn a_panic_is_an_error_of_the_moment_and_tells_nothing() {
    let (contract, api) = (once(), Api::default());
    let answering = api.clone();
    let service = tower::service_fn(move |request: Request<CallBody<Full<Bytes>>>| {
        let response = answering.answer(&request, 0, "done");
        assert!(answering.calls() > 1, "the database has the password 1234");
        async move { Ok::<_, Infallible>(response) }
    });
    let service = contract.layer().layer(service);
    let call = || service.clone().oneshot(request(ONCE, &GOOD, message("pay 5")));
    let first = Told::read(call().await.unwrap()).await;
    assert_eq!((first.grpc(), first.message()), (Some(13), "handler_failed"));
    let mut second = Told::read(call().await.unwrap()).await;
    // The claim is given back beside the answer.
    let deadline = Instant::now() + Duration::from_secs(60);
    while second.grpc() == Some(14) && Instant::now() < deadline {
        second = Told::read(call().await.unwrap()).await;
    }
    assert_eq!((second.grpc(), second.data), (Some(0), message("done 2")));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_takes_too_long_and_a_message_that_never_ends_are_given_up() {
    let service = tower::service_fn(|_: Request<CallBody<Full<Bytes>>>| {
        std::future::pending::<Result<Response<Trailed>, Infallible>>()
    });
    let answer = once().layer().layer(service).oneshot(request(ONCE, &GOOD, message("pay 5"))).await.unwrap();
    assert_eq!(Told::read(answer).await.grpc(), Some(13));

    let (head, _) = request(ONCE, &GOOD, Bytes::new()).into_parts();
    let body = StreamBody::new(tonic::codegen::tokio_stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let service =
        tower::service_fn(|_: Request<CallBody<_>>| std::future::pending::<Result<Response<Trailed>, Infallible>>());
    let answer = once().layer().layer(service).oneshot(Request::from_parts(head, body)).await.unwrap();
    assert_eq!(Told::read(answer).await.grpc(), Some(4));
}

#[tokio::test]
async fn a_message_that_is_too_large_or_not_exactly_one_is_refused() {
    let (contract, api) = (contract().calls(calls(store()).largest_message(20)), Api::default());
    let two = [message("a"), message("b")].concat();
    let cut = message("0123456789").slice(..14);
    for (status, body) in [(8, message("0123456789abcdef")), (3, two.into()), (3, cut), (3, Bytes::new())] {
        assert_eq!(told(&contract, &api, request(ONCE, &GOOD, body.clone())).await.grpc(), Some(status), "{body:?}");
    }
    let mut http = request(ONCE, &GOOD, message("a"));
    http.headers_mut().insert("content-type", "application/json".parse().unwrap());
    assert_eq!(told(&contract, &api, http).await.http, 415);
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn an_answer_that_is_too_large_to_keep_is_said_so_and_the_call_is_not_made_again() {
    for (size, first) in [(2 * 1024 * 1024, Some(0)), (5 * 1024 * 1024, Some(8))] {
        let (contract, api) = (once(), Api::default());
        let answering = api.clone();
        let service = tower::service_fn(move |request: Request<CallBody<Full<Bytes>>>| {
            let response = answering.answer(&request, 0, &"x".repeat(size));
            async move { Ok::<_, Infallible>(response) }
        });
        let service = contract.layer().layer(service);
        let call = || service.clone().oneshot(request(ONCE, &GOOD, message("pay 5")));
        assert_eq!(Told::read(call().await.unwrap()).await.grpc(), first, "{size}");
        let copy = Told::read(call().await.unwrap()).await;
        assert_eq!((copy.grpc(), api.calls()), (Some(8), 1), "{size}");
        assert!(copy.message().contains("was handled"), "{}", copy.message());
    }
}

#[tokio::test]
async fn an_answer_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::default();
    for number in 0..2 {
        let store = SqliteStore::open(&folder.path().join("calls.db"), Arc::new(SystemClock)).unwrap();
        let contract = contract().calls(calls(Arc::new(store)));
        let answer = told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await;
        assert_eq!((answer.data.clone(), answer.is_copy()), (message("done 1"), number == 1));
    }
}

#[tokio::test]
async fn what_streams_arrives_as_it_comes() {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Infallible>>(1);
    let body = StreamBody::new(tonic::codegen::tokio_stream::wrappers::ReceiverStream::new(receiver));
    let (head, _) = request("/example.payments.v1.Payments/Talk", &GOOD, Bytes::new()).into_parts();
    // An API that answers each message before it has seen the next.
    let service = tower::service_fn(|request: Request<CallBody<_>>| async move {
        Ok::<_, Infallible>(Response::new(request.into_body()))
    });
    let answer = once().layer().layer(service).oneshot(Request::from_parts(head, body)).await.unwrap();
    let mut answer = answer.into_body();
    for text in ["one", "two"] {
        sender.send(Ok(Frame::data(message(text)))).await.unwrap();
        assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), message(text));
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn settings_that_cannot_hold_are_refused() {
    for path in ["", "/", "Payments/Pay", "/Payments", "/a.B/C/D", "/a b/C", "/a.B/"] {
        let error = Calls::new("payments", store(), Arc::new(SystemClock)).once(path).unwrap_err();
        assert_eq!(error.field(), "once", "{path}");
    }
    assert!(calls(store()).retain(Duration::from_secs(167 * 3600)).is_err());
    let times = InlineTimes { wait: Duration::ZERO, ..InlineTimes::within(Duration::from_secs(10)) };
    let contract = contract().calls(calls(store()).times(times));
    assert_eq!(told(&contract, &Api::default(), request(ONCE, &GOOD, message("m"))).await.grpc(), Some(0));
}

#[tokio::test]
async fn a_store_that_is_gone_keeps_the_call_from_the_service() {
    let mut server = Server::durable(&[]);
    let (address, clock) = (server.url().parse().unwrap(), Arc::new(SystemClock));
    let store = RedisStore::open(&address, clock, RedisOptions::default()).await.unwrap();
    let (contract, api) = (contract().calls(calls(Arc::new(store))), Api::default());
    assert_eq!(told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await.grpc(), Some(0));
    server.kill();
    let refused = told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await;
    assert_eq!((refused.grpc(), refused.message(), api.calls()), (Some(14), "store_unavailable", 1));
    server.restart();
    let mut copy = told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while copy.grpc() == Some(14) && Instant::now() < deadline {
        copy = told(&contract, &api, request(ONCE, &GOOD, message("pay 5"))).await;
    }
    assert_eq!((copy.data, api.calls()), (message("done 1"), 1));
}
