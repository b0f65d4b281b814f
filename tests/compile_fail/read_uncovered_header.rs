//! Reaching past the covered headers of a verified request.

use countersign::Verified;
use countersign::verified::Covered;

fn amount(covered: &Verified<Covered>) -> usize {
    covered.headers.len()
}

fn main() {
    let _ = amount;
}
