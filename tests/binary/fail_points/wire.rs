//! Faults between the receiver and Redis, on a wire that a test holds. The rule: what was sent and not answered may be
//! stored, so it is never a success, and the sender's retry finds out.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Told, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::errors::refused;
use super::inline::{DONE, ran};
use super::{ACCEPTED, DUPLICATE, Desk, EVERYSEC, LEASES_OVER, id, payment, said};
use crate::inline::{core, inlined};
use crate::receiver::{Receiver, try_exchange};
use crate::redis_server::{DURABLE, Server};

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// The wire is cut before the call.
    Unsent,
    /// Redis has done it, and the wire is cut before the answer.
    Cut,
    /// Redis has done it, and the answer never comes.
    Unheard,
}

/// A wire that does this to the n-th call about an event.
struct Wire {
    address: String,
    told: Told<()>,
}

struct Plan {
    fate: Fate,
    /// What the call has to hold.
    mark: String,
    /// Calls to let through before.
    left: AtomicUsize,
    tell: Mutex<Sender<()>>,
}

impl Wire {
    fn to(server: &Server, fate: Fate, event: &str, nth: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("redis://{}", listener.local_addr().unwrap());
        let (tell, told) = channel();
        let mark = payment(event);
        let plan = Arc::new(Plan { fate, mark, left: AtomicUsize::new(nth), tell: Mutex::new(tell) });
        let port = server.port;
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(there) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                plan.clone().carry(stream.unwrap(), there);
            }
        });
        Self { address, told }
    }
}

impl Plan {
    fn carry(self: Arc<Self>, here: TcpStream, there: TcpStream) {
        let mute = Arc::new(AtomicBool::new(false));
        let (plan, muted) = (Arc::clone(&self), Arc::clone(&mute));
        let (mut from, mut to) = (there.try_clone().unwrap(), here.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                if !muted.load(Ordering::SeqCst) {
                    if to.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                    continue;
                }
                // What answers is a server that has done it.
                let _ = plan.tell.lock().unwrap().send(());
                if plan.fate == Fate::Cut {
                    break;
                }
            }
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
        let (mut from, mut to) = (here, there);
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]);
                if text.contains(&self.mark) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    if self.fate == Fate::Unsent {
                        break;
                    }
                    mute.store(true, Ordering::SeqCst);
                }
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
    }
}

/// A desk whose armed receiver is on the wire, and whose other commands are not.
fn on(server: &Server, wire: &Wire, change: impl Fn(String) -> String) -> Desk {
    let desk = Desk::new(&format!("url = \"{}\"", server.url()), change);
    for name in ["armed.toml", "wire.toml"] {
        let from = if name == "armed.toml" { "armed.toml" } else { "countersign.toml" };
        let text = std::fs::read_to_string(desk.path().join(from)).unwrap();
        std::fs::write(desk.path().join(name), text.replace(&server.url(), &wire.address)).unwrap();
    }
    desk
}

/// Killed once Redis has done what it was asked and before the receiver could read that.
fn killed_unheard(desk: &Desk, wire: &Wire, configuration: &str, raw: &[u8]) {
    let receiver = Receiver::start_with(desk.path(), &["--config", configuration], &[]);
    assert_eq!(said(&receiver.raw(&desk.request(&id(0, 1)))), ACCEPTED);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| try_exchange(&receiver.address, raw).unwrap_or_default());
        wire.told.recv_timeout(Duration::from_secs(20)).unwrap();
        let process = receiver.id().to_string();
        assert!(std::process::Command::new("kill").args(["-9", &process]).status().unwrap().success());
        assert_eq!(sender.join().unwrap(), "");
    });
    assert_eq!(receiver.ended().signal(), Some(9));
}

#[test]
fn a_script_that_ran_and_whose_answer_the_killed_receiver_never_read_is_a_duplicate() {
    for settings in [DURABLE, EVERYSEC] {
        let server = Server::start(settings);
        let wire = Wire::to(&server, Fate::Unheard, &id(0, 2), 1);
        let desk = on(&server, &wire, |text| text);
        let raw = desk.request(&id(0, 2));
        killed_unheard(&desk, &wire, "armed.toml", &raw);
        assert_eq!(desk.ids(), [id(0, 1), id(0, 2)]);
        let receiver = Receiver::start(desk.path());
        assert_eq!(said(&receiver.raw(&raw)), DUPLICATE);
        assert_eq!(desk.delivered().len(), 2);
        assert_eq!((desk.printed(&id(0, 1)), desk.printed(&id(0, 2))), (vec![1], vec![1]));
    }
}

#[test]
fn a_wire_that_is_cut_is_503_and_the_retry_is_stored_once() {
    for (fate, retried) in [(Fate::Unsent, ACCEPTED), (Fate::Cut, DUPLICATE)] {
        let server = Server::durable(&[]);
        let wire = Wire::to(&server, fate, &id(0, 2), 1);
        let desk = on(&server, &wire, |text| text);
        let receiver = Receiver::start_with(desk.path(), &["--config", "armed.toml"], &[]);
        let raw = [1, 2].map(|number| desk.request(&id(0, number)));
        assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED);
        refused(&receiver.raw(&raw[1]), "the wire");
        assert_eq!(desk.ids().len(), if fate == Fate::Cut { 2 } else { 1 });
        assert_eq!(said(&receiver.raw(&raw[1])), retried);
        assert_eq!(said(&receiver.raw(&raw[0])), DUPLICATE);
        assert_eq!(desk.ids(), [id(0, 1), id(0, 2)]);
    }
}

/// The first call about an event claims it, the second one completes it.
#[test]
fn an_inline_claim_or_completion_whose_answer_was_never_read_has_the_effect_that_its_row_says() {
    for (nth, by_then, retried, in_all) in [(1, 0, ACCEPTED, 1), (2, 1, DUPLICATE, 1)] {
        let server = Server::durable(&[]);
        let (address, _, seen) = core(vec![DONE]);
        let wire = Wire::to(&server, Fate::Unheard, &id(0, 2), nth);
        let desk = on(&server, &wire, |text| inlined(text, &address));
        let raw = desk.request(&id(0, 2));
        killed_unheard(&desk, &wire, "wire.toml", &raw);
        assert_eq!(ran(&seen, &id(0, 2)), by_then);
        let receiver = desk.again(LEASES_OVER);
        assert_eq!(said(&receiver.raw(&raw)), retried);
        assert_eq!(said(&receiver.raw(&raw)), DUPLICATE);
        assert_eq!((ran(&seen, &id(0, 2)), desk.ids()), (in_all, vec![id(0, 1), id(0, 2)]));
    }
}

#[test]
fn an_inline_completion_that_is_cut_off_is_503_and_the_retry_gets_the_stored_answer() {
    let server = Server::durable(&[]);
    let (address, _, seen) = core(vec![DONE]);
    let wire = Wire::to(&server, Fate::Cut, &id(0, 2), 2);
    let desk = on(&server, &wire, |text| inlined(text, &address));
    let receiver = Receiver::start_with(desk.path(), &["--config", "wire.toml"], &[]);
    let raw = [1, 2].map(|number| desk.request(&id(0, number)));
    assert_eq!(said(&receiver.raw(&raw[0])), ACCEPTED);
    refused(&receiver.raw(&raw[1]), "the wire");
    assert_eq!(said(&receiver.raw(&raw[1])), DUPLICATE);
    assert_eq!((ran(&seen, &id(0, 2)), desk.ids().len()), (1, 2));
}
