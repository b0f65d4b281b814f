//! Verifying a signature over headers alone: a signing input without the body has no such method.

use countersign::keys::VerifyingKey;
use countersign::signing_input::SigningInput;

fn check(key: &VerifyingKey, signature: &[u8]) {
    let mut input = SigningInput::new();
    input.push_header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let _ = input.check(key, signature);
}

fn main() {
    let _ = check;
}
