//! Strict HTTP, limits and the one face of every authentication failure.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::endpoint::Outcome;
use countersign::error::{Class, Code};
use countersign::profile::{Profile, Scheme};
use countersign::store::Store;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tower::ServiceExt;

use crate::parties::{ID, NOW, PAYMENT, Sender, memory, post};

type Change = fn(&mut Request<Full<Bytes>>);

fn set(request: &mut Request<Full<Bytes>>, name: &'static str, value: &'static str) {
    request.headers_mut().insert(name, value.parse().unwrap());
}

fn double(request: &mut Request<Full<Bytes>>, name: &'static str) {
    let value = request.headers()[name].clone();
    request.headers_mut().append(name, value);
}

fn go(request: &mut Request<Full<Bytes>>, target: &'static str) {
    *request.uri_mut() = target.parse().unwrap();
}

#[tokio::test]
async fn what_http_libraries_forgive_is_refused_and_touches_no_store() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let endpoint = builder.queue(store.clone()).build().unwrap();
    let cases: &[(Code, Change)] = &[
        (Code::PathUnknown, |r| go(r, "/hooks/other")),
        (Code::PathUnknown, |r| go(r, "/hooks/status/")),
        (Code::PathUnknown, |r| go(r, "/hooks")),
        (Code::PathUnknown, |r| go(r, "/hooks/x/../status")),
        (Code::PathUnknown, |r| go(r, "/hooks//status")),
        (Code::PathUnknown, |r| go(r, "/hooks%2fstatus")),
        (Code::MethodNotAllowed, |r| *r.method_mut() = http::Method::PUT),
        (Code::MethodNotAllowed, |r| *r.method_mut() = http::Method::GET),
        (Code::RequestMalformed, |r| go(r, "http://other.example/hooks/status")),
        (Code::RequestMalformed, |r| drop(r.headers_mut().remove("host"))),
        (Code::RequestMalformed, |r| double(r, "host")),
        (Code::RequestMalformed, |r| set(r, "x_signature", "a")),
        (Code::RequestMalformed, |r| set(r, "transfer-encoding", "gzip, chunked")),
        (Code::RequestMalformed, |r| set(r, "upgrade", "h2c")),
        (Code::ExpectationUnknown, |r| set(r, "expect", "the-unexpected")),
        (Code::ExpectationUnknown, |r| set(r, "expect", "y 100-continue")),
        (Code::RequestMalformed, |r| set(r, "host", "a, b")),
        (Code::RequestMalformed, |r| set(r, "host", "")),
        (Code::RequestMalformed, |r| {
            *r.version_mut() = http::Version::HTTP_10;
            r.headers_mut().remove("host");
        }),
        (Code::FramingAmbiguous, |r| set(r, "content-length", "1, 1")),
        (Code::FramingAmbiguous, |r| set(r, "content-length", "+1")),
        (Code::FramingAmbiguous, |r| {
            set(r, "content-length", "4");
            set(r, "transfer-encoding", "chunked");
        }),
        (Code::FramingAmbiguous, |r| {
            set(r, "content-length", "4");
            double(r, "content-length");
        }),
        (Code::HeadTooLarge, |r| {
            for _ in 0..64 {
                r.headers_mut().append("x-a", "1".parse().unwrap());
            }
        }),
        (Code::HeadTooLarge, |r| {
            r.headers_mut().insert("x-a", "a".repeat(70_000).parse().unwrap());
        }),
        (Code::ContentTypeUnsupported, |r| set(r, "content-encoding", "gzip")),
        (Code::ContentTypeUnsupported, |r| set(r, "content-type", "text/plain")),
        (Code::ContentTypeUnsupported, |r| set(r, "content-type", "application/json; charset=utf-16")),
        (Code::ContentTypeUnsupported, |r| double(r, "content-type")),
        (Code::RequestIdMissing, |r| drop(r.headers_mut().remove("x-request-id"))),
        (Code::RequestIdMalformed, |r| set(r, "x-request-id", "1")),
        (Code::RequestIdMalformed, |r| {
            r.headers_mut().insert("x-request-id", http::HeaderValue::from_bytes(b"\xff").unwrap());
        }),
        (Code::BodyTooLarge, |r| set(r, "content-length", "10737418240")),
    ];
    for (code, change) in cases {
        let mut request = sender.worldline(ID, PAYMENT);
        change(&mut request);
        let answer = post(&endpoint, request).await;
        assert_eq!(answer.outcome, Outcome::Refused(*code));
        assert_eq!(answer.status, code.status(), "{code}");
        assert_eq!(answer.headers["connection"], "close", "{code}");
    }
    assert_eq!(store.stats().await.unwrap(), Default::default());
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn every_authentication_failure_has_one_status_and_one_body() {
    let sender = Sender::new();
    let stranger = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let store = memory(&clock);
    let token = countersign::crypto::Secret::new("a-bearer-token-of-some-length").unwrap();
    let endpoint = builder.bearer(token).queue(store.clone()).build().unwrap();
    let authorized = |mut request: Request<Full<Bytes>>| {
        set(&mut request, "authorization", "Bearer a-bearer-token-of-some-length");
        request
    };
    let cases: &[(Code, Change)] = &[
        (Code::CredentialMissing, |r| drop(r.headers_mut().remove("x-api-key"))),
        (Code::CredentialWrong, |r| set(r, "x-api-key", "0123456789012345678901234567890123456780")),
        (Code::HeaderRepeated, |r| double(r, "x-api-key")),
        (Code::CredentialMissing, |r| drop(r.headers_mut().remove("authorization"))),
        (Code::CredentialWrong, |r| set(r, "authorization", "Bearer a-bearer-token-of-some-lengtH")),
        (Code::CredentialWrong, |r| set(r, "authorization", "Basic YTpi")),
        (Code::HeaderRepeated, |r| double(r, "authorization")),
        (Code::SignatureMissing, |r| drop(r.headers_mut().remove("signature"))),
        (Code::SignatureMalformed, |r| set(r, "signature", "v1,")),
        (Code::HeaderRepeated, |r| double(r, "signature")),
        (Code::DigestMissing, |r| drop(r.headers_mut().remove("digest"))),
        (Code::DigestMalformed, |r| set(r, "digest", "MD5=AAAAAAAAAAAAAAAAAAAAAA==")),
        (Code::DigestMalformed, |r| set(r, "digest", "SHA-256=AAAAAAAAAAAAAAAAAAAAAA==")),
        (Code::DigestMismatch, |r| set(r, "digest", "SHA-256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        (Code::HeaderRepeated, |r| double(r, "digest")),
        (Code::HeaderUndecodable, |r| {
            r.headers_mut().insert("signature", http::HeaderValue::from_bytes(b"\xff").unwrap());
        }),
        (Code::HeaderRepeated, |r| double(r, "x-request-id")),
        (Code::HeaderRepeated, |r| double(r, "messagecreatedatetime")),
        (Code::TimestampMissing, |r| drop(r.headers_mut().remove("messagecreatedatetime"))),
        (Code::TimestampMalformed, |r| set(r, "messagecreatedatetime", "yesterday")),
        (Code::TimestampStale, |r| set(r, "messagecreatedatetime", "2027-01-15T07:29:59.999Z")),
        (Code::TimestampFuture, |r| set(r, "messagecreatedatetime", "2027-01-15T08:01:00.001Z")),
        (Code::SignatureMismatch, |r| set(r, "messagecreatedatetime", "2027-01-15T08:00:01Z")),
        (Code::SignatureMismatch, |r| set(r, "x-request-id", "2af7b333-7a06-41b1-8a61-e9a29fd069bc")),
        (Code::DigestMismatch, |r| *r.body_mut() = Full::new(Bytes::from_static(b"{}"))),
    ];
    let (mut faces, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for (code, change) in cases {
        let mut request = authorized(sender.worldline(ID, PAYMENT));
        change(&mut request);
        let answer = post(&endpoint, request).await;
        assert_eq!(answer.outcome, Outcome::Refused(*code));
        assert_eq!(code.class(), Class::Authentication);
        assert!(!answer.headers.contains_key("retry-after"));
        faces.insert((answer.status, answer.body.to_vec()));
        seen.insert(code.as_str());
    }
    let foreign = authorized(stranger.worldline(ID, PAYMENT));
    let answer = post(&endpoint, foreign).await;
    assert_eq!(answer.outcome, Outcome::Refused(Code::KeyUnknown));
    faces.insert((answer.status, answer.body.to_vec()));
    assert_eq!(faces.len(), 1, "{faces:?}");
    assert!(seen.len() >= 13);
    assert_eq!(store.stats().await.unwrap(), Default::default());
}

#[tokio::test]
async fn the_weaker_word_of_the_sender_does_not_choose_the_algorithm() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    for (word, outcome) in [
        ("rsa-sha256", Outcome::Accepted),
        ("SHA256withRSA", Outcome::Duplicate),
        ("hs2019", Outcome::Duplicate),
        ("hmac-sha256", Outcome::Refused(Code::AlgorithmRefused)),
        ("rsa-sha1", Outcome::Refused(Code::AlgorithmRefused)),
        ("none", Outcome::Refused(Code::AlgorithmRefused)),
    ] {
        let mut request = sender.worldline(ID, PAYMENT);
        let header = request.headers()["signature"].to_str().unwrap().replace("rsa-sha256", word);
        request.headers_mut().insert("signature", header.parse().unwrap());
        assert_eq!(post(&endpoint, request).await.outcome, outcome, "{word}");
    }
}

#[tokio::test]
async fn without_a_signature_a_bearer_token_counts_only_where_it_was_allowed_and_half_a_signature_never() {
    let sender = Sender::new();
    let token = || countersign::crypto::Secret::new("a-bearer-token-of-some-length").unwrap();
    let mut lenient = Profile::worldline();
    if let countersign::profile::Scheme::Http(scheme) = lenient.scheme_mut() {
        scheme.presence = countersign::profile::Presence::IfPresent;
    }
    for (profile, allowed) in [(lenient, true), (Profile::worldline(), false)] {
        let (builder, clock) = sender.endpoint(profile);
        let endpoint = builder.bearer(token()).queue(memory(&clock)).build().unwrap();
        let request = |strip: &[&str]| {
            let mut request = sender.worldline(ID, PAYMENT);
            set(&mut request, "authorization", "Bearer a-bearer-token-of-some-length");
            for name in strip {
                request.headers_mut().remove(*name);
            }
            request
        };
        let bare = post(&endpoint, request(&["signature", "digest"])).await.outcome;
        assert_eq!(bare == Outcome::Accepted, allowed);
        let stripped = post(&endpoint, request(&["signature"])).await.outcome;
        assert_eq!(
            stripped,
            Outcome::Refused(Code::SignatureMissing),
            "a digest alone shows that something was stripped"
        );
        let mut bad = request(&[]);
        *bad.body_mut() = Full::new(Bytes::from_static(b"{}"));
        assert_eq!(post(&endpoint, bad).await.outcome, Outcome::Refused(Code::DigestMismatch));
    }
}

/// A body that never ends.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_is_given_up() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    let (head, _) = sender.worldline(ID, PAYMENT).into_parts();
    let response = endpoint.oneshot(Request::from_parts(head, Stalled)).await.unwrap();
    assert_eq!(response.status(), 408);
    assert_eq!(response.headers()["connection"], "close");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_its_length_is_announced() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    let mut request = sender.worldline(ID, PAYMENT);
    *request.body_mut() = Full::new(Bytes::from(vec![b' '; 256 * 1024 + 1]));
    assert_eq!(post(&endpoint, request).await.outcome, Outcome::Refused(Code::BodyTooLarge));
}

#[tokio::test]
async fn bodies_beyond_the_room_of_all_are_sent_away_at_once_and_the_room_comes_back() {
    use countersign::endpoint::BodyBudget;
    let sender = Sender::new();
    let budget = BodyBudget::new(PAYMENT.len() + 100);
    let endpoint = |budget: &BodyBudget| {
        let (builder, clock) = sender.endpoint(Profile::worldline());
        builder.body_budget(budget.clone()).queue(memory(&clock)).build().unwrap()
    };
    for _ in 0..3 {
        let mut announced = sender.worldline(ID, PAYMENT);
        set(&mut announced, "content-length", "100000");
        let answer = post(&endpoint(&budget), announced).await;
        assert_eq!((answer.outcome, answer.status), (Outcome::Refused(Code::Overloaded), 503));
        assert_eq!(answer.headers["retry-after"], "5");
        let mut silent = sender.worldline(ID, PAYMENT);
        *silent.body_mut() = Full::new(Bytes::from(vec![b' '; PAYMENT.len() + 101]));
        assert_eq!(post(&endpoint(&budget), silent).await.outcome, Outcome::Refused(Code::Overloaded));
        assert_eq!(post(&endpoint(&budget), sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);
    }
}

/// Keeps what it has shown, until it is told to end.
struct Held(Option<Bytes>);

impl Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
    }
}

#[tokio::test]
async fn one_address_has_a_part_of_the_room_and_the_others_the_rest() {
    use countersign::endpoint::{BodyBudget, Peer};
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let budget = BodyBudget::new(10_000).per_address(1_000);
    let endpoint = builder.body_budget(budget.clone()).queue(memory(&clock)).build().unwrap();
    let from = |address: &str, mut request: Request<Full<Bytes>>| {
        request.extensions_mut().insert(Peer(address.parse().unwrap()));
        request
    };
    let hold = |address: &str| {
        let (head, _) = from(address, sender.worldline(ID, PAYMENT)).into_parts();
        let body = Held(Some(Bytes::from(vec![b' '; 990])));
        tokio::spawn(endpoint.clone().oneshot(Request::from_parts(head, body)))
    };
    let held = [hold("192.0.2.1"), hold("2001:db8:0:1::1")];
    while budget.in_use() < 1980 {
        tokio::task::yield_now().await;
    }
    for (address, outcome) in [
        ("192.0.2.1", Outcome::Refused(Code::Overloaded)),
        ("::ffff:192.0.2.1", Outcome::Refused(Code::Overloaded)),
        ("2001:db8:0:1::2", Outcome::Refused(Code::Overloaded)),
        ("2001:db8:0:2::1", Outcome::Accepted),
        ("192.0.2.2", Outcome::Duplicate),
        ("127.0.0.1", Outcome::Duplicate),
    ] {
        let answer = post(&endpoint, from(address, sender.worldline(ID, PAYMENT))).await;
        assert_eq!(answer.outcome, outcome, "{address}");
    }
    for task in held {
        task.abort();
        assert!(task.await.is_err());
    }
    assert_eq!(budget.in_use(), 0);
    let answer = post(&endpoint, from("192.0.2.1", sender.worldline(ID, PAYMENT))).await;
    assert_eq!(answer.outcome, Outcome::Duplicate);
}

#[tokio::test]
async fn those_who_send_no_body_do_not_take_the_turn_of_those_who_do() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.in_flight(1).queue(memory(&clock)).build().unwrap();
    let (head, _) = sender.worldline(ID, PAYMENT).into_parts();
    let silent = tokio::spawn(endpoint.clone().oneshot(Request::from_parts(head, Held(None))));
    tokio::task::yield_now().await;
    assert_eq!(post(&endpoint, sender.worldline(ID, PAYMENT)).await.outcome, Outcome::Accepted);
    silent.abort();
}

#[tokio::test]
async fn an_expired_certificate_is_no_key() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    clock.set(countersign::clock::Timestamp::from_seconds(70_000_000_000));
    let mut request = sender.worldline(ID, PAYMENT);
    let later = countersign::clock::Clock::now(&*clock).to_string();
    request.headers_mut().insert("messagecreatedatetime", later.parse().unwrap());
    assert_eq!(post(&endpoint, request).await.outcome, Outcome::Refused(Code::KeyUnknown));
    assert!(NOW < countersign::clock::Clock::now(&*clock));
}

#[tokio::test]
async fn an_id_of_an_unsigned_message_does_not_count_as_signed() {
    let sender = Sender::new();
    let mut lenient = Profile::worldline();
    if let countersign::profile::Scheme::Http(scheme) = lenient.scheme_mut() {
        scheme.presence = countersign::profile::Presence::IfPresent;
    }
    let (builder, clock) = sender.endpoint(lenient);
    let store = memory(&clock);
    let token = countersign::crypto::Secret::new("a-bearer-token-of-some-length").unwrap();
    let endpoint = builder.bearer(token).queue(store.clone()).build().unwrap();
    let mut request = sender.worldline(ID, PAYMENT);
    set(&mut request, "authorization", "Bearer a-bearer-token-of-some-length");
    request.headers_mut().remove("signature");
    request.headers_mut().remove("digest");
    assert_eq!(post(&endpoint, request).await.outcome, Outcome::Accepted);
    let id = store.list(Default::default()).await.unwrap()[0].1.id.clone();
    let shown = store.show(id).await.unwrap().unwrap();
    assert!(shown.intact && shown.provenance.covered.is_empty() && shown.provenance.algorithm.is_none());
}

#[test]
fn a_signature_that_may_leave_out_the_body_is_no_profile() {
    let sender = Sender::new();
    let mut profile = Profile::worldline();
    let Scheme::Http(scheme) = profile.scheme_mut() else { unreachable!("an http signature") };
    scheme.cover.retain(|name| &**name != "digest");
    let (builder, clock) = sender.endpoint(profile);
    assert_eq!(builder.queue(memory(&clock)).build().unwrap_err().field(), "signature.cover");
}

#[test]
fn a_request_may_not_stay_fresh_longer_than_it_is_remembered() {
    let sender = Sender::new();
    let month = std::time::Duration::from_secs(30 * 24 * 3600);
    let (builder, clock) = sender.endpoint(Profile::worldline().with_tolerance(month));
    let error = builder.queue(memory(&clock)).build().unwrap_err();
    assert_eq!(error.field(), "retain");
    let (builder, clock) = sender.endpoint(Profile::worldline().with_tolerance(month));
    assert!(builder.retain(month * 2).queue(memory(&clock)).build().is_ok());
}

#[tokio::test]
async fn a_genuine_signature_that_leaves_out_what_is_demanded_is_refused() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.queue(memory(&clock)).build().unwrap();
    let signed = |names: &[&str]| {
        let mut request = sender.worldline(ID, PAYMENT);
        let lines: Vec<String> =
            names.iter().map(|name| format!("{name}: {}", request.headers()[*name].to_str().unwrap())).collect();
        let signature = sender.sign(lines.join("\n").as_bytes());
        let key_id = sender.certificate.thumbprint_sha1_hex();
        let header = format!("keyId=\"{key_id}\",headers=\"{}\",signature=\"{signature}\"", names.join(" "));
        request.headers_mut().insert("signature", header.parse().unwrap());
        request
    };
    let all = ["messagecreatedatetime", "x-request-id", "digest"];
    for left_out in all {
        let names: Vec<_> = all.into_iter().filter(|name| *name != left_out).collect();
        let outcome = post(&endpoint, signed(&names)).await.outcome;
        assert_eq!(outcome, Outcome::Refused(Code::CoverInsufficient), "{left_out}");
    }
    let more = ["host", "digest", "x-request-id", "messagecreatedatetime", "content-type"];
    assert_eq!(post(&endpoint, signed(&more)).await.outcome, Outcome::Accepted, "more, in another order");
}

/// A body that must not be asked for, and what is known of its length.
struct Unread(SizeHint);

impl Body for Unread {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body was read although the head shows that the request is refused");
    }

    fn size_hint(&self) -> SizeHint {
        self.0
    }
}

#[tokio::test]
async fn a_large_or_unsent_body_is_not_read_for_a_head_that_is_refused_anyway() {
    let sender = Sender::new();
    let changes: [Change; 5] = [
        |r| drop(r.headers_mut().remove("signature")),
        |r| set(r, "x-api-key", "0123456789012345678901234567890123456780"),
        |r| set(r, "digest", "MD5=AAAAAAAAAAAAAAAAAAAAAA=="),
        |r| set(r, "messagecreatedatetime", "2001-01-01T00:00:00Z"),
        |r| drop(r.headers_mut().remove("x-request-id")),
    ];
    let unknown = || {
        let mut hint = SizeHint::new();
        hint.set_lower(3);
        hint
    };
    for (costly, known) in [
        (("expect", "100-continue"), true),
        (("transfer-encoding", "chunked"), true),
        (("content-length", "100000"), true),
        // As it comes over HTTP/2, without a word about its length.
        (("accept", "*/*"), false),
    ] {
        let (builder, clock) = sender.endpoint(Profile::worldline());
        let endpoint = builder.queue(memory(&clock)).build().unwrap();
        for change in changes {
            let mut request = sender.worldline(ID, PAYMENT);
            set(&mut request, costly.0, costly.1);
            change(&mut request);
            let (head, _) = request.into_parts();
            let body = || Unread(if known { SizeHint::with_exact(3) } else { unknown() });
            let response = endpoint.clone().oneshot(Request::from_parts(head, body())).await.unwrap();
            assert!(response.status() == 401 || response.status() == 400, "{costly:?}");
        }
    }
}
