//! SIGKILL in the middle of a burst: no acknowledged event is lost, and none is printed twice as new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::clock::{Clock, SystemClock};
use countersign::crypto::{Algorithm, Backend, Digest, SigningKey};
use countersign::keys::{file, read_private};
use countersign::wire::encoding::Encoding;

use crate::receiver::{Receiver, events, folder, out, status, try_exchange};
use crate::redis::on_redis;
use crate::redis_server::Server;

/// Cycles unless `COUNTERSIGN_KILL_CYCLES` says another number.
const CYCLES: usize = 50;
/// Requests of one burst.
const BURST: usize = 60;

#[test]
fn a_burst_that_is_killed_loses_nothing_that_was_acknowledged_and_prints_nothing_twice_as_new() {
    kill_in_bursts(&folder(|text| text));
}

#[test]
fn a_burst_that_is_killed_loses_nothing_that_redis_acknowledged() {
    let server = Server::durable(&[]);
    kill_in_bursts(&on_redis(&server));
}

fn kill_in_bursts(folder: &tempfile::TempDir) {
    let cycles = std::env::var("COUNTERSIGN_KILL_CYCLES").map_or(CYCLES, |text| text.parse().expect("a number"));
    let (mut acknowledged, mut sent) = (BTreeSet::new(), 0_usize);
    let signer = Signer::demo();
    for cycle in 0..cycles {
        let requests = signer.requests(cycle);
        sent += requests.len();
        let receiver = Receiver::start(folder.path());
        let killed = AtomicBool::new(false);
        let address = receiver.address.clone();
        let answered = std::thread::scope(|scope| {
            let senders: Vec<_> = requests
                .chunks(requests.len() / 4)
                .map(|chunk| {
                    let (address, killed) = (&address, &killed);
                    scope.spawn(move || {
                        let mut mine = Vec::new();
                        for (id, raw) in chunk {
                            if killed.load(Ordering::SeqCst) {
                                break;
                            }
                            if try_exchange(address, raw).is_ok_and(|answer| status(&answer) == Some(204)) {
                                mine.push(id.clone());
                            }
                        }
                        mine
                    })
                })
                .collect();
            // At another point of the burst in each cycle: when so many events were printed.
            let deadline = Instant::now() + Duration::from_secs(20);
            let wanted = events(folder.path()).len() + 3 + 7 * cycle % (BURST - 10);
            while events(folder.path()).len() < wanted && Instant::now() < deadline {
                std::thread::yield_now();
            }
            receiver.kill();
            killed.store(true, Ordering::SeqCst);
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
        });
        acknowledged.extend(answered);
    }
    assert!(acknowledged.len() > cycles, "the bursts were acknowledged in part: {} of {sent}", acknowledged.len());
    // A line that the kill cut in half would stand before the next whole one; end it.
    let receiver = Receiver::start(folder.path());
    // What a killed receiver held of a shared store is free when its lease ends: others may be working on theirs.
    let deadline = Instant::now() + Duration::from_secs(90);
    while !out(&receiver.run(&["inbox", "stats"])).contains("nothing waits") {
        assert!(Instant::now() < deadline, "everything is delivered after the restart");
        std::thread::sleep(Duration::from_millis(50));
    }
    let printed = events(folder.path());
    let mut as_new: BTreeMap<String, usize> = BTreeMap::new();
    for event in &printed {
        if event["attempt"] == 1 {
            *as_new.entry(event["requestid"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let seen: BTreeSet<_> = printed.iter().map(|event| event["requestid"].as_str().unwrap().to_owned()).collect();
    let lost: Vec<_> = acknowledged.difference(&seen).collect();
    assert!(lost.is_empty(), "acknowledged, but never printed: {lost:?}");
    let twice: Vec<_> = as_new.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "printed twice as new: {twice:?}");
    let listed = out(&receiver.run(&["inbox", "list", "--json"]));
    let kept: Vec<String> = listed
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["requestid"].as_str().unwrap().to_owned())
        .collect();
    let distinct: BTreeSet<_> = kept.iter().cloned().collect();
    assert_eq!(distinct.len(), kept.len(), "one record an event");
    assert!(acknowledged.is_subset(&distinct), "every acknowledged event is kept");
    println!("{cycles} kills: {sent} made, {} acknowledged, {} kept, 0 lost, 0 twice", acknowledged.len(), kept.len());
}

/// The demo sender, without a process for each request.
pub struct Signer {
    key: SigningKey,
    key_id: String,
}

impl Signer {
    pub fn demo() -> Self {
        let certificate = include_bytes!("../../keys/worldline/signing.crt");
        let key = include_str!("../../keys/worldline/signing.key.pem");
        let keys = file::read(Backend::default(), certificate, None).unwrap();
        let key = read_private(key, Some(Algorithm::Rs256)).unwrap();
        Self { key, key_id: keys[0].id().to_string() }
    }

    /// Signed requests of one burst, with their ids.
    fn requests(&self, cycle: usize) -> Vec<(String, Vec<u8>)> {
        (0..BURST).map(|number| self.request(cycle, number)).collect()
    }

    /// A signed request, with its id.
    pub fn request(&self, cycle: usize, number: usize) -> (String, Vec<u8>) {
        let id = format!("{cycle:08x}-0000-4000-8000-{number:012x}");
        let body = format!(r#"{{"PaymentId":"p-{cycle}-{number}","DebtorToken":"t-{number}"}}"#);
        let base64 = |bytes: &[u8]| Encoding::Base64.encode(bytes);
        let digest = format!("SHA-256={}", base64(&Digest::sha256_of(body.as_bytes())));
        let time = SystemClock.now().to_string();
        let input = format!("messagecreatedatetime: {time}\nx-request-id: {id}\ndigest: {digest}");
        let signature = base64(&self.key.sign(input.as_bytes()).unwrap());
        let (key_id, length) = (&self.key_id, body.len());
        let raw = format!(
            "POST /v3/notification/debtorToken HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/json\r\n\
             x-request-id: {id}\r\nmessagecreatedatetime: {time}\r\ndigest: {digest}\r\n\
             signature: keyId=\"{key_id}\",algorithm=\"rsa-sha256\",\
             headers=\"messagecreatedatetime x-request-id digest\",signature=\"{signature}\"\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        (id, raw.into_bytes())
    }
}
