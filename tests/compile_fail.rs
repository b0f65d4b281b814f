//! What must not compile: a handler that sees something unverified, stages in another order, a forgotten body.
//!
//! Each case says in its first lines what it tries, and the text beside it is the compiler's answer.

use countersign::decode::DecodeLayer;
use countersign::dedup::DedupLayer;
use countersign::delivery::Delivery;
use countersign::dispatch::Dispatch;
use countersign::verify::VerifyLayer;
use tower_layer::Layer;
use tower_service::Service;

/// The order that does compile: without it, the cases about order could fail for another reason.
#[allow(dead_code, reason = "compiled, not run")]
fn in_order(verify: VerifyLayer, decode: DecodeLayer, dedup: DedupLayer, delivery: Delivery) {
    let mut stack = verify.layer(decode.layer(dedup.layer(Dispatch::new())));
    let _future = stack.call(delivery);
}

// With more crates around, the compiler names some types by their whole path, and the expected words are other ones.
#[test]
#[cfg_attr(feature = "otlp", ignore = "runs with the default features")]
fn misuse_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
