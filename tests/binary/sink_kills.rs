//! SIGKILL of the receiver, of its sink and of both, in an order that a seed decides, while senders go on: every accepted
//! event is delivered, and a consumer that deduplicates by id does each once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::core::{Consumer, consume_from_environment};
use crate::receiver::{Receiver, exchange, out, status, try_exchange};
use crate::redis_server::{Reserved, Server};
use crate::signer::Signer;
use crate::sinks::{SOON, to};

/// Kills unless `COUNTERSIGN_KILL_CYCLES` says another number.
const KILLS: usize = 24;
/// Another order with `COUNTERSIGN_SEED`.
const SEED: u64 = 20_261_121;
const SENDERS: usize = 4;
const CONSUMER: &str = "sink_kills::a_consumer_does_each_event_once_also_after_a_kill";

/// The other tests run this one in a process of its own, where it is the consumer.
#[test]
fn a_consumer_does_each_event_once_also_after_a_kill() {
    consume_from_environment();
    let (held, folder) = (Reserved::new(), tempfile::tempdir().unwrap());
    let address = held.address.to_string();
    let mut consumer = Consumer::start(CONSUMER, &address, folder.path());
    let send = |id: &str| {
        let body = format!("{{\"id\":\"{id}\",\"requestid\":\"r\"}}");
        let head = "POST /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length";
        let answer = exchange(&address, format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes());
        assert!(status(&answer).is_some_and(|status| status < 300), "{answer}");
    };
    send("a");
    send("a");
    consumer.kill();
    consumer.restart();
    send("a");
    send("b");
    let lines = |name: &str| Consumer::lines(folder.path(), name);
    assert_eq!((lines("sent").len(), lines("effects")), (4, vec!["a r".to_owned(), "b r".to_owned()]));
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

fn from_environment<T: std::str::FromStr>(name: &str, otherwise: T) -> T {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().ok().expect("a number"))
}

/// A sender as it should be: what was not answered with success is sent again, the same, until it is.
fn send_until(over: &AtomicBool, address: &Mutex<String>, sender: usize, made: &AtomicUsize) -> Vec<String> {
    let signer = Signer::demo();
    let mut accepted = Vec::new();
    for number in 0.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let id = format!("{sender:08x}-0000-4000-8000-{number:012x}");
        let raw = signer.request(&id, &format!("p-{sender}-{number}"));
        made.fetch_add(1, Ordering::SeqCst);
        loop {
            let to = address.lock().unwrap().clone();
            if try_exchange(&to, &raw).is_ok_and(|answer| status(&answer) == Some(204)) {
                accepted.push(id);
                break;
            }
            if over.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    accepted
}

fn kill_all_in_turn(store: &str, folder: &tempfile::TempDir, consumer_at: &str) {
    let kills = from_environment("COUNTERSIGN_KILL_CYCLES", KILLS);
    let seed = from_environment("COUNTERSIGN_SEED", SEED);
    let mut chance = Chance(seed);
    let mut consumer = Consumer::start(CONSUMER, consumer_at, folder.path());
    let receiver = Receiver::start(folder.path());
    let (over, made, address) = (AtomicBool::new(false), AtomicUsize::new(0), Mutex::new(receiver.address.clone()));
    let mut receiver = Some(receiver);
    let mut of_each = [0_usize; 3];
    let accepted: BTreeSet<String> = std::thread::scope(|scope| {
        let (over, made, address) = (&over, &made, &address);
        let senders: Vec<_> =
            (0..SENDERS).map(|sender| scope.spawn(move || send_until(over, address, sender, made))).collect();
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(20 + chance.below(180)));
            let which = chance.below(3);
            of_each[usize::try_from(which).unwrap()] += 1;
            let sink_first = chance.below(2) == 0;
            if which != 0 {
                consumer.kill();
            }
            if which != 0 && (which == 1 || sink_first) {
                // For a while there is nobody to deliver to.
                std::thread::sleep(Duration::from_millis(chance.below(100)));
                consumer.restart();
            }
            if which != 1 {
                receiver.take().unwrap().kill();
                let started = receiver.insert(Receiver::start(folder.path()));
                *address.lock().unwrap() = started.address.clone();
            }
            if which == 2 && !sink_first {
                consumer.restart();
            }
        }
        over.store(true, Ordering::SeqCst);
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    let receiver = receiver.unwrap();
    // What a killed receiver held of a shared store is free when its lease ends.
    let deadline = Instant::now() + Duration::from_secs(120);
    while !out(&receiver.run(&["inbox", "stats"])).contains("nothing waits") {
        assert!(Instant::now() < deadline, "everything is delivered: {}", out(&receiver.run(&["inbox", "stats"])));
        std::thread::sleep(Duration::from_millis(50));
    }
    // Whole lines of an id and the request that it was made for.
    let pairs = |name: &str| -> Vec<(String, String)> {
        let lines = Consumer::lines(folder.path(), name).into_iter();
        lines
            .filter_map(|line| line.split_once(' ').map(|(id, request)| (id.to_owned(), request.to_owned())))
            .filter(|(_, request)| request.len() == 36 && !request.contains(' '))
            .collect()
    };
    let (deliveries, effects) = (pairs("sent").len(), pairs("effects"));
    let mut of_request: BTreeMap<&str, usize> = BTreeMap::new();
    effects.iter().for_each(|(_, request)| *of_request.entry(request).or_default() += 1);
    let lost: Vec<_> = accepted.iter().filter(|id| !of_request.contains_key(id.as_str())).collect();
    let twice: Vec<_> = of_request.iter().filter(|(_, count)| **count > 1).collect();
    let [receivers, sinks, both] = of_each;
    println!(
        "seed {seed}: {receivers} kills of the receiver, {sinks} of the sink, {both} of both; {deliveries} deliveries of {} \
         events, {} of them again",
        effects.len(),
        deliveries.saturating_sub(effects.len())
    );
    println!(
        "kills sink-{store} {kills} {} {} {} {} {}",
        made.into_inner(),
        accepted.len(),
        effects.len(),
        lost.len(),
        twice.len()
    );
    assert!(lost.is_empty(), "accepted, but without effect (seed {seed}): {lost:?}");
    assert!(twice.is_empty(), "two effects (seed {seed}): {twice:?}");
    assert!(accepted.len() >= kills, "senders got through: {}", accepted.len());
    if kills >= KILLS {
        assert!(of_each.iter().all(|count| *count > 1), "each of the three: {of_each:?}");
        assert!(deliveries > effects.len(), "a kill after an effect and before its acknowledgement delivers it again");
    }
}

#[test]
fn kills_of_receiver_sink_and_both_lose_nothing_and_each_event_takes_effect_once() {
    let consumer = Reserved::new();
    let folder = to("http", &format!("url = \"http://{}/events\"\n{SOON}", consumer.address));
    kill_all_in_turn("sqlite", &folder, &consumer.address.to_string());
}

#[test]
fn kills_of_receiver_sink_and_both_lose_nothing_on_a_redis_either() {
    let (consumer, server) = (Reserved::new(), Server::durable(&[]));
    let folder = to("http", &format!("url = \"http://{}/events\"\n{SOON}", consumer.address));
    let path = folder.path().join("countersign.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("sqlite:countersign.db", &server.url())).unwrap();
    kill_all_in_turn("redis-always", &folder, &consumer.address.to_string());
}
