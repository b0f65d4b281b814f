//! Made-up key ids by the thousand: one fetch a minute, and nothing grows.

use std::time::Duration;

use countersign::endpoint::Outcome as Became;

use crate::bank::{Following, Signer, UNCONFIRMED, UNKNOWN, by_address, set};
use crate::host::Host;

/// Resident memory of this process, in pages.
fn resident() -> Option<usize> {
    std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_key_ids_cause_one_fetch_a_minute_and_nothing_grows() {
    const EACH: u64 = 2000;
    let (old, stranger) = (Signer::new("old"), Signer::new("stranger"));
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    let keys = by_address(folder.path(), &host, ", refresh = \"24h\", max_stale = \"48h\"");
    let following = Following::start(folder.path(), &keys).await;
    let mut before = None;
    for minute in 0..10_u64 {
        let begun = following.now();
        for number in 0..EACH {
            following.clock.set(begun.after(Duration::from_millis(number * 59_999 / EACH)));
            let mut request = stranger.named_request(following.now(), "x");
            let header = format!("keyId=\"{minute}-{number}\",headers=\"digest date\",signature=\"AAAA\"");
            request.headers_mut().insert("signature", header.parse().unwrap());
            let (_, outcome) = following.post(request).await;
            assert!(outcome == UNKNOWN || outcome == UNCONFIRMED, "{outcome:?}");
        }
        assert_eq!(following.outcome(&old).await, Became::Accepted);
        assert!(host.requests() as u64 <= minute + 2, "{} fetches in {} minutes", host.requests(), minute + 1);
        before = before.or_else(resident);
        following.clock.set(begun.after(Duration::from_secs(60)));
    }
    assert_eq!(host.requests(), 11, "one at the start, and one a minute");
    let grown = resident().zip(before).map_or(0, |(now, before)| now.saturating_sub(before));
    assert!(grown < 8 * 256, "{grown} pages more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_spends_the_minute_costs_a_new_key_a_retry_and_no_event() {
    let (old, new, stranger) = (Signer::new("old"), Signer::new("new"), Signer::new("stranger"));
    let host = Host::start(&set(&[&old]));
    let folder = tempfile::tempdir().unwrap();
    let following = Following::start(folder.path(), &by_address(folder.path(), &host, "")).await;
    assert_eq!(following.outcome(&stranger).await, UNKNOWN);
    host.publish(&set(&[&old, &new]));
    for seconds in [1, 20, 20, 18] {
        following.pass(Duration::from_secs(seconds));
        let (status, outcome) = following.post(new.request(following.now())).await;
        assert_eq!((status, outcome), (503, UNCONFIRMED), "a retry, and no refusal");
    }
    following.pass(Duration::from_secs(2));
    assert_eq!(following.outcome(&new).await, Became::Accepted);
}
