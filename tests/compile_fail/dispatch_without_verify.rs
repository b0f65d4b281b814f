//! A handler behind decoding and deduplication, but with nothing that verifies.

use countersign::decode::DecodeLayer;
use countersign::dedup::DedupLayer;
use countersign::delivery::Delivery;
use countersign::dispatch::Dispatch;
use tower_layer::Layer;
use tower_service::Service;

fn receive(decode: DecodeLayer, dedup: DedupLayer, delivery: Delivery) {
    let mut stack = decode.layer(dedup.layer(Dispatch::new()));
    let _ = stack.call(delivery);
}

fn main() {
    let _ = receive;
}
