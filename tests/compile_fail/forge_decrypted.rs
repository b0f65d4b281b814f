//! Making something decrypted by hand, without a key of ours.

use bytes::Bytes;
use countersign::verify::Decrypted;

fn main() {
    let _ = Decrypted { plaintext: Bytes::new() };
}
