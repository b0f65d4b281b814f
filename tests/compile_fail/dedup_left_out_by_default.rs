//! That replays are accepted is said in words, never by a default.

use countersign::dedup::WithoutDedupLayer;

fn main() {
    let _ = WithoutDedupLayer::default();
}
