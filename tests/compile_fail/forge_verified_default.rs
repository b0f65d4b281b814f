//! Getting a `Verified` from a default.

use countersign::Verified;

fn main() {
    let _: Verified<u32> = Default::default();
}
