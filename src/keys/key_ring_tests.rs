use std::time::Duration;

use super::*;
use crate::crypto::{Algorithm, Secret};
use crate::keys::{Key, KeyId};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn set(name: &str) -> KeySet {
    let secret = Secret::new("a secret that is long enough for a test").unwrap();
    let key = Key::secret(Algorithm::Hs256, &secret).unwrap().with_id(KeyId::new(name).unwrap());
    KeySet::new(vec![key]).unwrap()
}

fn seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn stale_keys_verify_nothing_and_come_back_with_a_confirmation() {
    let standing = Standing { confirmed: Some(NOW), good_until: Some(seconds(10)), stale: false };
    let (ring, keeper) = KeyRing::kept(set("a"), standing);
    assert!(ring.current(seconds(10)).is_ok());
    assert_eq!(ring.current(seconds(11)).unwrap_err(), StaleKeys { good_until: seconds(10) });
    keeper.confirm(Standing { good_until: Some(seconds(20)), ..standing });
    assert!(ring.current(seconds(11)).is_ok());
    assert_eq!(ring.version(), 0, "a confirmation is no other set");
}

#[test]
fn whoever_holds_a_set_keeps_it() {
    let (ring, keeper) = KeyRing::kept(set("a"), Standing::default());
    let held = ring.current(NOW).unwrap();
    keeper.publish(set("b"), Standing::default()).unwrap();
    assert!(held.find("a", NOW).is_some() && held.find("b", NOW).is_none());
    let now = ring.current(NOW).unwrap();
    assert!(now.find("a", NOW).is_none() && now.find("b", NOW).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_million_questions_of_one_hour_cause_a_look_a_minute() {
    let (ring, keeper) = KeyRing::kept(set("a"), Standing::default());
    let looks = tokio::spawn(async move {
        for looks in 0_u64.. {
            if tokio::time::timeout(Duration::from_secs(60), keeper.wanted()).await.is_err() {
                return looks;
            }
            keeper.answer();
        }
        0
    });
    for millis in (0..3_600_000).step_by(4).chain((0..100_000).map(|_| 3_600_000)) {
        ring.renewed(0, NOW.after(Duration::from_millis(millis))).await;
    }
    assert_eq!(looks.await.unwrap(), 61);
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_together_wait_for_one_look_and_only_64_of_them() {
    let (ring, keeper) = KeyRing::kept(set("a"), Standing::default());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let ring = Arc::clone(&ring);
        asking.spawn(async move { ring.renewed(0, NOW).await });
    }
    keeper.wanted().await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    keeper.answer();
    let answers = asking.join_all().await;
    assert_eq!(answers.iter().filter(|answer| **answer == Renewal::Renewed).count(), 64);
    assert_eq!(answers.iter().filter(|answer| **answer == Renewal::Unavailable).count(), 936);
    assert_eq!(ring.renewed(0, seconds(59)).await, Renewal::NotNow);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let (ring, keeper) = KeyRing::kept(set("a"), Standing::default());
    assert_eq!(ring.renewed(0, NOW).await, Renewal::Unavailable, "the keeper does not look");
    keeper.answer();
    keeper.publish(set("b"), Standing::default()).unwrap();
    assert_eq!(ring.renewed(0, NOW).await, Renewal::Renewed, "a set that is newer than the one that was asked about");
    assert_eq!(ring.renewed(1, NOW).await, Renewal::NotNow);
    drop(keeper);
    assert_eq!(ring.renewed(1, seconds(120)).await, Renewal::NotNow, "nobody keeps it any more");
    assert_eq!(KeyRing::new(set("a")).renewed(0, NOW).await, Renewal::NotNow);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_does_not_silence_questions() {
    let (ring, keeper) = KeyRing::kept(set("a"), Standing::default());
    keeper.asking.begin(NOW);
    keeper.answer();
    assert!(!keeper.asking.begin(NOW.before(Duration::from_secs(59))));
    assert!(keeper.asking.begin(NOW.before(Duration::from_secs(3600))));
    drop(ring);
}
