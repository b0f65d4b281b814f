//! Encodings: a text that is read has one spelling (hex has two, by case), and is never longer than its bound allows.
#![no_main]

use countersign::wire::encoding::Encoding;
use libfuzzer_sys::fuzz_target;

const BOUND: usize = 512;

fuzz_target!(|data: &[u8]| {
    for encoding in [Encoding::Base64, Encoding::Base64Url, Encoding::Hex] {
        if let Ok(text) = str::from_utf8(data)
            && let Ok(bytes) = encoding.decode(text, BOUND)
        {
            assert!((1..=BOUND).contains(&bytes.len()));
            let canonical = if encoding == Encoding::Hex { text.to_ascii_lowercase() } else { text.to_owned() };
            assert_eq!(encoding.encode(&bytes), canonical);
        }
        if !data.is_empty() {
            assert_eq!(encoding.decode(&encoding.encode(data), data.len()).as_deref(), Ok(data));
        }
    }
});
