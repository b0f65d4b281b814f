//! A host of keys that redirects, lies, stalls or breaks: the set that was good stays, and it is said why.

use std::time::Duration;

use countersign::endpoint::Outcome as Became;
use countersign::keys::Renewal;
use countersign::rotation::Outcome;

use crate::bank::{Following, Signer, UNCONFIRMED, by_address, set};
use crate::host::{Answer, Host};

fn raw(text: &str) -> Answer {
    Answer::Raw(text.as_bytes().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_host_answers_the_good_set_stays_and_the_reason_is_counted() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    let following = Following::start(folder.path(), &by_address(folder.path(), &host, "")).await;
    let private = old.jwk().replacen("\"kid\"", "\"d\":\"AAAA\",\"kid\"", 1);
    let secret = r#"{"keys":[{"kty":"oct","kid":"s","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let large = format!("HTTP/1.1 200 OK\r\ncontent-length: 300000\r\n\r\n{{\"keys\":[{}", " ".repeat(300_000));
    let both = set(&[&old, &new]);
    let cases = [
        (Outcome::Redirect, raw("HTTP/1.1 302 Found\r\nlocation: https://localhost/keys\r\ncontent-length: 0\r\n\r\n")),
        (Outcome::Redirect, raw("HTTP/1.1 304 Not Modified\r\n\r\n")),
        (Outcome::Status, raw("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")),
        (Outcome::Status, raw("HTTP/1.1 204 No Content\r\n\r\n")),
        (Outcome::TooLarge, raw(&large)),
        (Outcome::Malformed, raw("SSH-2.0-OpenSSH_9.9\r\n\r\n")),
        (Outcome::Malformed, raw(&format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{both}"))),
        (Outcome::Refused, Answer::Set(both.get(..both.len() / 2).unwrap().to_owned())),
        (Outcome::Refused, Answer::Set("<html>".to_owned())),
        (Outcome::Refused, Answer::Set(r#"{"keys":[]}"#.to_owned())),
        (Outcome::Refused, Answer::Set(format!(r#"{{"keys":[{private}]}}"#))),
        (Outcome::Refused, Answer::Set(set(&[&new, &new]))),
        (Outcome::Refused, Answer::Set(secret.to_owned())),
        (Outcome::Refused, Answer::Set(new.pair.public_key_pem())),
        (Outcome::Tls, Answer::Down),
    ];
    for (outcome, answer) in cases {
        let before = following.counts.of(outcome);
        let told = format!("{answer:.60?}");
        host.answer(answer);
        assert_eq!(following.ask().await, Renewal::Renewed, "{outcome}");
        assert_eq!(following.counts.of(outcome), before + 1, "{outcome} for {told}");
        assert!(following.gauges().stale, "{outcome}");
        assert_eq!(following.outcome(&old).await, Became::Accepted, "{outcome}");
        assert_eq!(following.outcome(&new).await, UNCONFIRMED, "{outcome}: whether it was published, nobody has seen");
        assert_eq!(following.ring.version(), 0, "{outcome}");
    }
    assert!(following.gauges().age >= Duration::from_secs(15 * 60));
    host.publish(&both);
    assert_eq!(following.ask().await, Renewal::Renewed);
    assert_eq!(following.outcome(&new).await, Became::Accepted);
    assert!(!following.gauges().stale && following.gauges().age.is_zero());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_trickles_is_cut_off_and_holds_nobody_up_for_longer_than_three_seconds() {
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    let following = Following::start(folder.path(), &by_address(folder.path(), &host, "")).await;
    host.answer(Answer::Trickle);
    following.pass(Duration::from_secs(60));
    let begun = std::time::Instant::now();
    let (status, outcome) = following.post(new.request(following.now())).await;
    assert_eq!((status, outcome), (503, crate::bank::UNAVAILABLE));
    assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert_eq!(following.outcome(&old).await, Became::Accepted);
    following.until("the fetch to be cut off", |it| it.counts.of(Outcome::Timeout) == 1).await;
    assert!((Duration::from_secs(5)..Duration::from_secs(7)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authority_or_another_name_proves_nothing() {
    let old = Signer::new("old");
    let folder = tempfile::tempdir().unwrap();
    let (host, other) = (Host::start(&set(&[&old])), Host::start(&set(&[&old])));
    let mut named = by_address(folder.path(), &host, "");
    std::fs::write(folder.path().join("ca.pem"), &other.ca).unwrap();
    let refused = |keys: String| {
        let text = crate::bank::configuration(&keys);
        let config = countersign::server::Config::parse(&folder.path().join("countersign.toml"), &text);
        async move {
            let clock = std::sync::Arc::new(countersign::clock::SystemClock);
            let opened = config.unwrap().endpoints[0].open_keys(clock, Duration::ZERO).await;
            opened.expect_err("no keys").to_string()
        }
    };
    let message = refused(named.clone()).await;
    assert!(message.contains("(tls)") && message.contains("\"bank\"") && message.contains("localhost"), "{message}");
    named = named.replace("ca = \"ca.pem\", ", "");
    assert!(refused(named).await.contains("(tls)"), "an authority that nobody knows");
    let elsewhere = Host::named("bank.example", &set(&[&old]));
    let message = refused(by_address(folder.path(), &elsewhere, "")).await;
    assert!(message.contains("(tls)") && !message.contains("hush"), "{message}");
    let private = by_address(folder.path(), &host, "").replace(", allow_private = true", "");
    let message = refused(private).await;
    assert!(message.contains("(private_address)") && message.contains("allow_private"), "{message}");
    assert_eq!((host.requests(), other.requests(), elsewhere.requests()), (0, 0, 0), "nobody was asked");
}
