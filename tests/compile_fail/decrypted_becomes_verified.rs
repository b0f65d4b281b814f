//! Taking what was decrypted for what was verified: whoever has our public key can make the one.

use countersign::verify::Decrypted;
use countersign::verified::Covered;
use countersign::{Event, Verified};

fn by_conversion(decrypted: Decrypted) -> Verified<Covered> {
    decrypted.into()
}

fn by_its_own_word(decrypted: Decrypted) -> Verified<Event> {
    decrypted.verified()
}

fn main() {
    let _ = (by_conversion, by_its_own_word);
}
