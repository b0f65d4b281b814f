//! A handler behind verification and decoding, where it was forgotten to say what remembers.

use countersign::decode::DecodeLayer;
use countersign::delivery::Delivery;
use countersign::dispatch::Dispatch;
use countersign::verify::VerifyLayer;
use tower_layer::Layer;
use tower_service::Service;

fn receive(verify: VerifyLayer, decode: DecodeLayer, delivery: Delivery) {
    let mut stack = verify.layer(decode.layer(Dispatch::new()));
    let _ = stack.call(delivery);
}

fn main() {
    let _ = receive;
}
