//! Changing what was verified after it was verified.

use countersign::Verified;
use countersign::event::PaymentEvent;

fn change(mut event: Verified<PaymentEvent>) {
    event.payment_id = "another".to_owned();
}

fn main() {
    let _ = change;
}
