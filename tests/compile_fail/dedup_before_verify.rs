//! Deduplication outside of verification: the store would be asked about an id that anybody can invent.

use countersign::decode::DecodeLayer;
use countersign::dedup::DedupLayer;
use countersign::delivery::Delivery;
use countersign::dispatch::Dispatch;
use countersign::verify::VerifyLayer;
use tower_layer::Layer;
use tower_service::Service;

fn receive(verify: VerifyLayer, decode: DecodeLayer, dedup: DedupLayer, delivery: Delivery) {
    let mut stack = dedup.layer(verify.layer(decode.layer(Dispatch::new())));
    let _ = stack.call(delivery);
}

fn main() {
    let _ = receive;
}
