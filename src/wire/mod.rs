//! The grammars of what arrives: header values, templates, times and JSON text.
//!
//! The rule of this folder: pure functions over text. Nothing here opens a socket, reads a clock,
//! holds a key or decides whether a request is welcome; a value either has the one spelling its
//! standard allows or it is refused.

pub mod bearer;
pub mod cavage;
pub mod client_cert;
pub mod cookie;
pub mod digest;
pub mod encoding;
pub mod error;
pub mod forwarded;
pub mod header;
pub mod http1;
pub mod jose;
pub mod json;
pub mod members;
pub mod query;
pub mod template;
pub mod time;
mod token;
pub mod uuid;

pub use error::GrammarError;
