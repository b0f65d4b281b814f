//! `(created)` and `(expires)` of draft-cavage-12, always under a genuine signature: whoever refuses, refuses the time.

use bytes::Bytes;
use countersign::crypto::Digest;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::profile::{Fresh, HttpSignature, Identification, Profile};
use countersign::store::Store;
use countersign::wire::encoding::Encoding;
use http::Request;
use http_body_util::Full;

use crate::parties::{API_KEY, ID, NOW, PAYMENT, Sender, memory, post};

const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(300);
/// The moment of the tests, as `Date` says it.
const DATE: &str = "Fri, 15 Jan 2027 08:00:00 GMT";

/// The time is looked at in two places: as the profile's signed time, and wherever a message brings one by itself.
fn profiles() -> [Profile; 2] {
    [("(created)", "(created)"), ("date", "date")].map(|(cover, fresh)| {
        let scheme = HttpSignature::covering([cover, "x-request-id"]);
        let profile = Profile::http_signature(scheme, Identification::uuid_header("x-request-id"));
        profile.with_fresh(Fresh::Header(fresh.into()), TOLERANCE)
    })
}

/// What a sender says of its times, and what it signs of them.
#[derive(Default)]
struct Times {
    algorithm: &'static str,
    created: Option<i64>,
    expires: Option<i64>,
    /// The lines that are listed and signed, each with its value.
    signed: Vec<(&'static str, String)>,
}

/// Parameters as they are signed, both where both are there, in seconds from now.
fn times(created: i64, expires: Option<i64>) -> Times {
    let at = |seconds: i64| NOW.seconds() + seconds;
    let mut signed = vec![("(created)", at(created).to_string())];
    signed.extend(expires.map(|expires| ("(expires)", at(expires).to_string())));
    Times { algorithm: "hs2019", created: Some(at(created)), expires: expires.map(at), signed }
}

fn request(sender: &Sender, times: &Times) -> Request<Full<Bytes>> {
    let digest = format!("SHA-256={}", Encoding::Base64.encode(&Digest::sha256_of(PAYMENT.as_bytes())));
    let headers = [("date", DATE), ("x-request-id", ID), ("digest", digest.as_str())];
    let lines: Vec<(&str, &str)> =
        times.signed.iter().map(|(name, value)| (*name, value.as_str())).chain(headers).collect();
    let text: Vec<String> = lines.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    let parameter = |name: &str, value: Option<i64>| value.map(|value| format!(",{name}={value}")).unwrap_or_default();
    let header = format!(
        "keyId=\"{}\",algorithm=\"{}\"{}{},headers=\"{}\",signature=\"{}\"",
        sender.certificate.thumbprint_sha1_hex(),
        times.algorithm,
        parameter("created", times.created),
        parameter("expires", times.expires),
        names.join(" "),
        sender.sign(text.join("\n").as_bytes()),
    );
    let request = Request::post("/hooks")
        .header("host", "hooks.example")
        .header("signature", header)
        .header("x-api-key", API_KEY);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Full::new(Bytes::from_static(PAYMENT.as_bytes()))).unwrap()
}

/// What each of the profiles answers, from a store of its own.
async fn outcomes(sender: &Sender, times: Times) -> [Outcome; 2] {
    let mut outcomes = [Outcome::Accepted; 2];
    for (profile, outcome) in profiles().into_iter().zip(&mut outcomes) {
        let (builder, clock) = sender.endpoint(profile);
        let store = memory(&clock);
        let endpoint = builder.queue(store.clone()).build().unwrap();
        *outcome = post(&endpoint, request(sender, &times)).await.outcome;
        assert_eq!(store.stats().await.unwrap().ready, u64::from(*outcome == Outcome::Accepted));
    }
    outcomes
}

async fn assert_each(sender: &Sender, times: Times, expected: Outcome, why: &str) {
    assert_eq!(outcomes(sender, times).await, [expected; 2], "{why}");
}

#[tokio::test]
async fn a_created_time_ahead_of_us_or_long_ago_is_refused_to_the_second() {
    let sender = Sender::new();
    for (created, outcome) in [
        (0, Outcome::Accepted),
        (60, Outcome::Accepted),
        (61, Outcome::Refused(Code::TimestampFuture)),
        (3600, Outcome::Refused(Code::TimestampFuture)),
        (-300, Outcome::Accepted),
        (-301, Outcome::Refused(Code::TimestampStale)),
        // 1970: the difference is that of the two clocks, and not of some of their digits.
        (-NOW.seconds(), Outcome::Refused(Code::TimestampStale)),
    ] {
        assert_each(&sender, times(created, None), outcome, &format!("created {created} s from now")).await;
    }
}

#[tokio::test]
async fn an_expired_signature_is_refused_to_the_second() {
    let sender = Sender::new();
    for (expires, outcome) in [
        (60, Outcome::Accepted),
        (0, Outcome::Accepted),
        (-1, Outcome::Refused(Code::TimestampStale)),
        (-10, Outcome::Refused(Code::TimestampStale)),
    ] {
        assert_each(&sender, times(-20, Some(expires)), outcome, &format!("expires {expires} s from now")).await;
    }
}

#[tokio::test]
async fn an_end_that_does_not_come_after_the_creation_is_refused() {
    let sender = Sender::new();
    let malformed = Outcome::Refused(Code::SignatureMalformed);
    // None of these has expired, and none was created too far ahead.
    for (created, expires, outcome) in [(30, 31, Outcome::Accepted), (30, 30, malformed), (30, 20, malformed)] {
        assert_each(&sender, times(created, Some(expires)), outcome, &format!("{created} to {expires}")).await;
    }
}

/// Section 2.3 items 2 and 3: an implementation must produce an error.
#[tokio::test]
async fn times_listed_beside_an_algorithm_of_the_older_drafts_are_refused() {
    let sender = Sender::new();
    for algorithm in ["rsa-sha256", "RSA-sha256", "hmac-sha256", "ecdsa-sha256"] {
        let created = Times { algorithm, ..times(0, None) };
        assert_each(&sender, created, Outcome::Refused(Code::SignatureMalformed), algorithm).await;
        let mut both = Times { algorithm, ..times(0, Some(60)) };
        both.signed.remove(0);
        let expected = [Code::CoverInsufficient, Code::SignatureMalformed].map(Outcome::Refused);
        assert_eq!(outcomes(&sender, both).await, expected, "{algorithm}: (expires) alone");
    }
    // It is the list that makes the difference: as mere parameters they were always allowed.
    let unlisted = Times { algorithm: "rsa-sha256", signed: Vec::new(), ..times(0, Some(60)) };
    assert_eq!(outcomes(&sender, unlisted).await, [Outcome::Refused(Code::CoverInsufficient), Outcome::Accepted]);
}

/// Signed as a receiver would rebuild the line that takes an absent number for an empty one.
#[tokio::test]
async fn a_time_that_is_listed_and_not_given_is_refused() {
    let sender = Sender::new();
    let empty = |name| (name, String::new());
    let mut created = times(0, None);
    (created.created, created.signed) = (None, vec![empty("(created)")]);
    let mut expires = times(0, None);
    expires.signed.push(empty("(expires)"));
    for (name, times) in [("(created)", created), ("(expires)", expires)] {
        assert_each(&sender, times, Outcome::Refused(Code::SignatureMalformed), name).await;
    }
}

/// Section 2.3 item 3 of the draft says that `(expires)` has the value of `created`: a slip that nobody meant, and that would
/// leave the end of a signature to anybody.
#[tokio::test]
async fn the_value_of_created_is_no_signature_of_expires() {
    let sender = Sender::new();
    let mut slip = times(0, Some(60));
    slip.signed[1].1 = NOW.seconds().to_string();
    assert_each(&sender, slip, Outcome::Refused(Code::SignatureMismatch), "(expires) with the value of created").await;
}

#[tokio::test]
async fn a_time_that_was_changed_after_signing_is_refused() {
    let sender = Sender::new();
    let younger = Times { created: Some(NOW.seconds()), ..times(-301, None) };
    let longer = Times { expires: Some(NOW.seconds() + 60), ..times(-20, Some(-10)) };
    for (why, times) in [("made younger", younger), ("made to last", longer)] {
        assert_each(&sender, times, Outcome::Refused(Code::SignatureMismatch), why).await;
    }
}

/// What is not signed proves nothing, but what refuses itself is refused.
#[tokio::test]
async fn a_time_that_is_given_and_not_listed_can_refuse_and_cannot_replace_a_signed_one() {
    let sender = Sender::new();
    let cover = Outcome::Refused(Code::CoverInsufficient);
    for (created, outcome) in [
        (0, Outcome::Accepted),
        (61, Outcome::Refused(Code::TimestampFuture)),
        (-301, Outcome::Refused(Code::TimestampStale)),
    ] {
        let unlisted = Times { signed: Vec::new(), ..times(created, None) };
        assert_eq!(outcomes(&sender, unlisted).await, [cover, outcome], "created {created} s from now");
    }
    let mut expired = times(-20, Some(-10));
    expired.signed.pop();
    assert_each(&sender, expired, Outcome::Refused(Code::TimestampStale), "expired, unsigned").await;
}
