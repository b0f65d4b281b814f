//! A seal turns a stored record into a verified one: it must not be had outside.

use countersign::store::Seal;

fn main() {
    let _ = Seal::new(&[7; 32]);
}
