//! The clock of the machine jumps between two starts. The rule: forwards it ends leases and retention early, backwards it
//! delays; neither loses what was acknowledged, nor makes a second record of it.

use std::time::Duration;

use super::{ACCEPTED, DUPLICATE, Desk, SQLITE, id, part, payment, said};
use crate::receiver::{status, try_exchange};
use crate::redis_server::Server;

const HOUR: u64 = 3600;

fn stores(server: &Server) -> [Desk; 2] {
    [Desk::new(SQLITE, |text| text), Desk::new(&part(server, 0), |text| text)]
}

#[test]
fn a_copy_is_known_for_as_long_as_identities_are_kept_and_new_after_that() {
    let server = Server::durable(&[]);
    for desk in stores(&server) {
        let (known, about) = (id(0, 1), payment(&id(0, 1)));
        let copy = |hours: u64| desk.signer.request_ahead(Duration::from_secs(hours * HOUR), &known, &about);
        let receiver = desk.again("0");
        assert_eq!(said(&receiver.raw(&copy(0))), ACCEPTED);
        desk.delivered();
        drop(receiver);
        for (hours, expected) in [(76, DUPLICATE), (169, ACCEPTED), (169, DUPLICATE)] {
            let receiver = desk.again(&(hours * HOUR).to_string());
            assert_eq!(said(&receiver.raw(&copy(hours))), expected, "{hours}");
            assert_eq!(desk.delivered().len(), 1, "{hours}");
        }
        assert_eq!(desk.printed(&known), [1, 1]);
    }
}

#[test]
fn a_clock_that_goes_back_delays_and_loses_nothing() {
    let server = Server::durable(&[]);
    for (desk, restart) in stores(&server).into_iter().zip(["delivered", "leased"]) {
        let (known, about) = (id(0, 1), payment(&id(0, 1)));
        let raw = desk.request(&known);
        let armed = desk.armed("countersign.toml", "leased=kill");
        let answer = try_exchange(&armed.address, &raw).unwrap_or_default();
        assert!(answer.is_empty() || said(&answer) == ACCEPTED, "{answer}");
        armed.ended();
        assert_eq!(desk.kept()[&known], ("leased".to_owned(), 1));
        // The sender's clock is right: to this receiver its time is in the future, and nothing is stored of it.
        let receiver = desk.again("-3600");
        assert_eq!(status(&receiver.raw(&raw)), Some(401));
        // A file's leases end with its receiver, by no clock. On Redis others may hold theirs, and they wait.
        if restart == "delivered" {
            desk.delivered();
        }
        assert_eq!(desk.kept()[&known].0, restart);
        drop(receiver);
        let receiver = desk.again("61");
        let copy = desk.signer.request_ahead(Duration::from_secs(61), &known, &about);
        assert_eq!(said(&receiver.raw(&copy)), DUPLICATE);
        desk.delivered();
        assert_eq!(desk.printed(&known), [2]);
    }
}

#[test]
fn what_is_past_its_retention_goes_at_the_next_start_however_much_it_is() {
    let server = Server::durable(&[]);
    for desk in stores(&server) {
        let receiver = desk.again("0");
        let raw: Vec<_> = (0..1200).map(|number| desk.request(&id(1, number))).collect();
        std::thread::scope(|scope| {
            for part in raw.chunks(300) {
                let receiver = &receiver;
                scope.spawn(move || part.iter().for_each(|raw| assert_eq!(said(&receiver.raw(raw)), ACCEPTED)));
            }
        });
        assert_eq!(desk.delivered().len(), 1200);
        drop(receiver);
        let receiver = desk.again(&(169 * HOUR).to_string());
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while !desk.kept().is_empty() {
            assert!(std::time::Instant::now() < deadline, "{} records are left", desk.kept().len());
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(receiver);
    }
}
