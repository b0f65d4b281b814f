//! A handler that would also take an event that nobody verified.

use countersign::dispatch::Dispatch;
use countersign::event::PaymentEvent;

async fn on_payment(_event: PaymentEvent) {}

fn main() {
    let _ = Dispatch::new().on_payment(on_payment);
}
