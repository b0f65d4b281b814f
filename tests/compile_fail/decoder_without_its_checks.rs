//! A decoder says how long an event is remembered; only a builder makes one, which checks it.

use std::time::Duration;

use countersign::decode::Decoder;
use countersign::profile::Profile;

fn main() {
    let _ = Decoder::new("bank".into(), Profile::worldline().into(), Duration::ZERO);
}
