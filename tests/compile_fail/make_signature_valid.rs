//! Making the proof of a check that never was.

use countersign::crypto::SignatureValid;

fn main() {
    let _ = SignatureValid::assertion();
    let _ = SignatureValid(());
}
