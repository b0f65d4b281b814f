//! Published vectors, read in place: 0 wrong answers. Without the folder of vectors, what is left out is said aloud.

mod attacks;
mod cavage12;
mod crates;
mod jose_attacks;
mod jose_million;
mod jose_parties;
mod jose_rfc;
mod jose_wycheproof;
mod jwe_primitives;
mod json_documents;
mod place;
#[path = "../endpoint/timing.rs"]
mod timing;
mod wycheproof_files;
