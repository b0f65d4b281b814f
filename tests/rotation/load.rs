//! Rotation while thousands of requests run: nothing good is refused, nothing removed or strange is accepted.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use countersign::endpoint::Outcome as Became;

use crate::bank::{Following, Signer, by_address, set};
use crate::host::Host;

const REQUESTS: usize = 3000;
const TOGETHER: usize = 32;

/// Where the rotation is: the old key alone, both, and from the confirmed swap on the new one alone.
#[derive(Default)]
struct Stage {
    new_is_published: AtomicBool,
    old_is_to_go: AtomicBool,
    old_is_gone: AtomicBool,
    done: AtomicUsize,
}

/// Runs the requests while `publish` puts other sets where the endpoint finds them.
async fn rotate(following: Following, signers: [Signer; 3], publish: impl Fn(&[&Signer])) {
    let (following, stage) = (Arc::new(following), Arc::new(Stage::default()));
    let signers = Arc::new(signers);
    let mut running = tokio::task::JoinSet::new();
    for worker in 0..TOGETHER {
        let (following, stage, signers) = (Arc::clone(&following), Arc::clone(&stage), Arc::clone(&signers));
        running.spawn(async move {
            let [old, new, stranger] = &*signers;
            let mut counts = [0_usize; 4];
            for number in worker.. {
                if stage.done.fetch_add(1, Ordering::SeqCst) >= REQUESTS && stage.old_is_gone.load(Ordering::SeqCst) {
                    let after = following.outcome(old).await;
                    assert_ne!(after, Became::Accepted);
                    break;
                }
                // Requests that wait for nothing would leave the threads to nobody else.
                tokio::task::yield_now().await;
                let published = stage.new_is_published.load(Ordering::SeqCst);
                let gone = stage.old_is_gone.load(Ordering::SeqCst);
                match number % 3 {
                    0 => {
                        let outcome = following.outcome(old).await;
                        assert!(outcome != Became::Accepted || !gone, "removed, and accepted");
                        let kept = !stage.old_is_to_go.load(Ordering::SeqCst);
                        assert!(outcome == Became::Accepted || !kept, "in the published set, and refused: {outcome:?}");
                        counts[usize::from(gone)] += 1;
                    }
                    1 => {
                        let outcome = following.outcome(new).await;
                        assert!(outcome == Became::Accepted || !published, "published, and refused: {outcome:?}");
                        counts[2] += usize::from(outcome == Became::Accepted);
                    }
                    _ => {
                        assert_ne!(following.outcome(stranger).await, Became::Accepted, "unknown, and accepted");
                        counts[3] += 1;
                    }
                }
            }
            counts
        });
    }
    let reached = async |share: usize| {
        while stage.done.load(Ordering::SeqCst) < REQUESTS * share / 10 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    reached(3).await;
    publish(&[&signers[0], &signers[1]]);
    following.pass(Duration::from_secs(61));
    stage.new_is_published.store(true, Ordering::SeqCst);
    reached(6).await;
    stage.old_is_to_go.store(true, Ordering::SeqCst);
    publish(&[&signers[1]]);
    following.pass(Duration::from_secs(300));
    following.until("the old key to be gone", |it| it.ring.held().keys.len() == 1).await;
    stage.old_is_gone.store(true, Ordering::SeqCst);
    let mut sums = [0; 4];
    while let Some(counts) = running.join_next().await {
        counts.unwrap().into_iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
    }
    println!("old before {}, old after {}, new accepted {}, strangers {}", sums[0], sums[1], sums[2], sums[3]);
    assert!(sums.iter().all(|sum| *sum > 50), "{sums:?}");
    assert!(!following.gauges().stale);
}

fn signers() -> [Signer; 3] {
    ["old", "new", "stranger"].map(Signer::new)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_address_no_good_request_is_refused_and_no_removed_key_accepted() {
    let signers = signers();
    let host = Host::start(&set(&[&signers[0]]));
    let folder = tempfile::tempdir().unwrap();
    let following = Following::start(folder.path(), &by_address(folder.path(), &host, "")).await;
    rotate(following, signers, |keys| host.publish(&set(keys))).await;
    assert!(host.requests() <= 6, "{} fetches", host.requests());
}

/// Puts a file in the place of another, as a careful operator does.
fn put(path: &Path, content: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, content).unwrap();
    std::fs::rename(&beside, path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn by_file_no_good_request_is_refused_and_no_removed_key_accepted() {
    let signers = signers();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    put(&path, &set(&[&signers[0]]));
    let following = Following::start(folder.path(), "{ jwks = \"keys.json\" }").await;
    rotate(following, signers, |keys| put(&path, &set(keys))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_gives_no_wrong_answer_in_a_thousand_and_mends_itself() {
    let (old, new) = (Signer::new("bank"), Signer::new("bank"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    put(&path, &old.pair.public_key_pem());
    let keys = "{ public_key = \"key.pem\", key_id = \"bank\", algorithm = \"ES256\" }";
    let following = Following::start(folder.path(), keys).await;
    let whole = new.pair.public_key_pem();
    let mut wrong = 0;
    for number in 0..1000 {
        if number == 100 {
            std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        }
        if number == 500 {
            following.until("the half to be refused", |it| it.gauges().stale).await;
        }
        wrong += usize::from(following.outcome(&old).await != Became::Accepted);
        wrong += usize::from(following.outcome(&new).await == Became::Accepted);
    }
    assert_eq!(wrong, 0);
    assert!(following.gauges().stale);
    std::fs::write(&path, &whole).unwrap();
    following.until("the whole to be taken", |it| !it.gauges().stale && it.ring.version() == 1).await;
    assert_eq!(following.outcome(&new).await, Became::Accepted);
    assert_ne!(following.outcome(&old).await, Became::Accepted);
}
