//! A host that is gone: verifying goes on until the hard limit, and stops there.

use std::time::Duration;

use countersign::endpoint::Outcome as Became;
use countersign::rotation::Outcome;

use crate::bank::{Following, Signer, UNAVAILABLE, by_address, set};
use crate::host::{Answer, Host};

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_used_until_the_hard_limit_and_not_a_moment_longer() {
    let old = Signer::new("old");
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    let keys = by_address(folder.path(), &host, ", refresh = \"5m\", max_stale = \"24h\"");
    let following = Following::start(folder.path(), &keys).await;
    host.answer(Answer::Down);
    following.pass(Duration::from_secs(3600));
    following.until("a fetch that fails", |it| it.gauges().stale).await;
    assert_eq!(following.gauges().age, Duration::from_secs(3600));
    assert_eq!(following.outcome(&old).await, Became::Accepted, "an hour later");
    following.pass(Duration::from_secs(23 * 3600));
    assert_eq!(following.gauges().age, Duration::from_secs(24 * 3600));
    assert_eq!(following.outcome(&old).await, Became::Accepted, "the last moment");
    following.pass(Duration::from_millis(1));
    assert!(following.gauges().past_limit);
    assert_eq!(following.post(old.request(following.now())).await, (503, UNAVAILABLE));
    host.publish(&set(&[&old]));
    following.pass(Duration::from_secs(60));
    following.until("the keys to come back", |it| !it.gauges().past_limit).await;
    assert_eq!(following.outcome(&old).await, Became::Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_source_that_is_bad_keeps_its_last_good_part_beside_another_that_changes() {
    let (first, second, third) = (Signer::new("first"), Signer::new("second"), Signer::new("third"));
    let host = Host::start(&set(&[&first]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, set(&[&second])).unwrap();
    let keys = format!("{}, {{ jwks = \"keys.json\" }}", by_address(folder.path(), &host, ""));
    let following = Following::start(folder.path(), &keys).await;
    std::fs::write(&path, "{").unwrap();
    following.until("the file to be refused", |it| it.gauges().stale).await;
    host.publish(&set(&[&first, &third]));
    assert_eq!(following.outcome(&third).await, Became::Accepted, "at once, because a message named it");
    assert_eq!(following.outcome(&second).await, Became::Accepted, "what the file held");
    // Refused beside the other source, until that lets the name go.
    let refused = following.counts.of(Outcome::Refused);
    std::fs::write(&path, set(&[&third])).unwrap();
    following.until("the name to be refused", |it| it.counts.of(Outcome::Refused) > refused).await;
    assert!(following.gauges().stale);
    host.publish(&set(&[&first]));
    following.ask().await;
    following.until("the file to be taken", |it| !it.gauges().stale).await;
    assert_eq!(following.outcome(&third).await, Became::Accepted);
    assert_eq!(following.ring.held().keys.len(), 2);
}
