//! What a call has to carry.

use bytes::Bytes;
use countersign::client::ClientCertificate;

use crate::client::{Api, GOOD, ID, TPP, Told, certificate, certificate_until, contract, message, request, told};

const STREAMING: &str = "/example.payments.v1.Payments/WatchTransfer";

async fn answered(headers: &[(&str, &str)]) -> Told {
    let api = Api::default();
    let told = told(&contract(), &api, request(STREAMING, headers, message(""))).await;
    assert_eq!(api.calls(), u64::from(told.grpc() == Some(0)), "{headers:?}");
    told
}

fn without(name: &str) -> Vec<(&'static str, &'static str)> {
    GOOD.into_iter().filter(|(header, _)| *header != name).collect()
}

fn with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    without(name).into_iter().chain([(name, value)]).collect()
}

#[tokio::test]
async fn the_service_knows_who_calls_and_a_debug_line_has_no_token() {
    let api = Api::default();
    assert_eq!(told(&contract(), &api, request(STREAMING, &GOOD, message("m"))).await.grpc(), Some(0));
    let seen = api.seen.lock().unwrap();
    let caller = &seen[0];
    assert_eq!((caller.id(), caller.request_id()), (TPP, ID));
    assert_eq!((caller.time_zone(), caller.token()), ("Europe/London", "a-token"));
    assert_eq!(caller.client().organization_identifier(), Some(TPP.as_bytes()));
    assert!(!format!("{caller:?}").contains("a-token"));
}

#[tokio::test]
async fn a_header_that_is_missing_or_repeated_is_named_and_reaches_nobody() {
    for (name, status) in [("x-tpp-id", 3), ("x-request-id", 3), ("user-time-zone", 3), ("authorization", 16)] {
        let told = answered(&without(name)).await;
        assert_eq!((told.http, told.grpc()), (200, Some(status)), "{name}");
        assert!(told.message().contains(name) && told.message().contains("found none"), "{}", told.message());
        assert_eq!((told.headers["content-type"].as_bytes(), told.data), (&b"application/grpc"[..], Bytes::new()));
        let value = GOOD.iter().find(|(header, _)| *header == name).unwrap();
        let told = answered(&[&GOOD[..], &[*value]].concat()).await;
        assert_eq!(told.grpc(), Some(3), "{name}");
        assert!(told.message().contains(name) && told.message().contains("several"), "{}", told.message());
    }
}

#[tokio::test]
async fn a_value_of_another_form_is_refused_and_not_repeated() {
    for (name, status, values) in [
        (
            "x-request-id",
            3,
            &["", "1", "4be2dbd58b7c4f0b9a3f6a5ad1c0a3a8", "{4be2dbd5-8b7c-4f0b-9a3f-6a5ad1c0a3a8}"][..],
        ),
        ("x-tpp-id", 3, &["", "a b", "PSDLT-LB-0001,PSDLT-LB-0002", "\u{e9}"]),
        ("authorization", 16, &["", "a-token", "Basic YTpi", "Bearer", "Bearer  a", "Bearer a b", "Bearer a,Bearer b"]),
        (
            "user-time-zone",
            3,
            &["", "europe/london", "GMT+2", "+02:00", "Mars/Phobos", "../etc/passwd", "Europe/London,UTC"],
        ),
    ] {
        for value in values {
            let told = answered(&with(name, value)).await;
            assert_eq!(told.grpc(), Some(status), "{name}: {value:?}");
            assert!(told.message().contains(name), "{}", told.message());
            assert!(value.len() < 6 || *value == "Bearer" || !told.message().contains(value), "{}", told.message());
        }
    }
    let long: &'static str = "x".repeat(129).leak();
    assert_eq!(answered(&with("x-tpp-id", long)).await.grpc(), Some(3));
}

#[tokio::test]
async fn both_spellings_of_the_time_zone_are_taken_but_not_together() {
    for zone in ["UTC", "Etc/GMT+2", "America/Argentina/Buenos_Aires"] {
        let headers = [&without("user-time-zone")[..], &[("user-timezone", zone)]].concat();
        assert_eq!(answered(&headers).await.grpc(), Some(0), "{zone}");
    }
    let both = answered(&[&GOOD[..], &[("user-timezone", "Europe/London")]].concat()).await;
    assert_eq!(both.grpc(), Some(3));
    assert!(both.message().contains("both"), "{}", both.message());
}

#[tokio::test]
async fn a_certificate_speaks_for_its_own_id_only_and_an_unknown_id_looks_the_same() {
    let api = Api::default();
    let mut foreign = request(STREAMING, &GOOD, message(""));
    foreign.extensions_mut().insert(certificate("PSDLT-LB-0002"));
    let foreign = told(&contract(), &api, foreign).await;
    let unknown = told(&contract(), &api, request(STREAMING, &with("x-tpp-id", "PSDLT-LB-0003"), message(""))).await;
    assert_eq!((foreign.grpc(), &foreign), (Some(7), &unknown));
    let mut nobody = request(STREAMING, &[], message(""));
    nobody.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    nobody.extensions_mut().remove::<ClientCertificate>();
    // Before the certificate is known, nothing is said of the headers.
    let nobody = told(&contract(), &api, nobody).await;
    assert_eq!(nobody.grpc(), Some(16));
    assert!(nobody.message().contains("certificate"), "{}", nobody.message());
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn what_is_no_grpc_is_refused_in_http() {
    let plain =
        |name: &str| -> Vec<_> { without("content-type").into_iter().filter(|(header, _)| *header != name).collect() };
    for (name, status) in [("x-tpp-id", 400), ("x-request-id", 400), ("authorization", 401)] {
        let told = answered(&plain(name)).await;
        assert_eq!((told.http, told.grpc(), told.data), (status, None, Bytes::new()), "{name}");
    }
    let mut foreign = request("/", &plain(""), Bytes::new());
    foreign.extensions_mut().insert(certificate("PSDLT-LB-0002"));
    assert_eq!(told(&contract(), &Api::default(), foreign).await.http, 403);
    // With everything it needs, a call of another kind goes through as it is.
    assert_eq!(answered(&plain("")).await.http, 200);
}

#[tokio::test]
async fn nobody_may_call_until_somebody_is_named() {
    let clock = std::sync::Arc::new(countersign::clock::SystemClock);
    let contract = countersign::contract::HeaderContract::joompay(clock);
    assert_eq!(told(&contract, &Api::default(), request(STREAMING, &GOOD, message(""))).await.grpc(), Some(7));
}

#[tokio::test]
async fn a_certificate_that_is_over_is_refused_on_a_connection_from_before() {
    let (contract, api) = (contract(), Api::default());
    let mut over = request(STREAMING, &GOOD, message(""));
    over.extensions_mut().insert(certificate_until(TPP, 2021));
    let refused = told(&contract, &api, over).await;
    assert_eq!((refused.grpc(), api.calls()), (Some(7), 0));
    assert!(refused.message().contains("valid now"), "{}", refused.message());
}

/// What a subscriber is told.
#[derive(Clone, Default)]
struct Lines(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_flood_of_refusals_makes_few_lines_without_a_value_in_them() {
    let lines = Lines::default();
    let writer = lines.clone();
    let logger = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(logger);
    let (contract, api) = (contract(), Api::default());
    for count in 0..1000 {
        told(&contract, &api, request(STREAMING, &with("x-request-id", "canary-value"), message(""))).await;
        if count < 10 {
            // Another thread may have asked for this line first, when nobody listened, and have noted that nobody does.
            tracing::callsite::rebuild_interest_cache();
        }
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!((1..300).contains(&text.lines().count()), "{}", text.lines().count());
    assert!(text.contains("request_id_malformed") && !text.contains("canary"), "{text}");
}
