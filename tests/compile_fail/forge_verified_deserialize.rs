//! Reading a `Verified` from a document that somebody sent.

use countersign::Verified;

fn main() {
    let _: Verified<u32> = serde_json::from_str("1").unwrap();
}
