//! Handing what was only decrypted to the stage that reads what was verified.

use countersign::decode::DecodeLayer;
use countersign::dedup::DedupLayer;
use countersign::dispatch::Dispatch;
use countersign::verify::Decrypted;
use tower_layer::Layer;
use tower_service::Service;

fn skip(decode: DecodeLayer, dedup: DedupLayer, decrypted: Decrypted) {
    let mut stack = decode.layer(dedup.layer(Dispatch::new()));
    let _future = stack.call(decrypted);
}

fn main() {
    let _ = skip;
}
