//! The `state` of an OAuth redirect: made by us before a person is sent to a bank, and all the proof there is when a
//! browser comes back.
//!
//! The rule: a state is good for one endpoint, one session and one use, until it ends; whoever changes a bit of it has
//! none. It needs no store of its own: its MAC proves it, and the endpoint's store takes it once, with the event.
//!
//! A state is base64url without padding, 76 letters, of 57 bytes:
//!
//! | bytes | hold |
//! |---|---|
//! | 1 | the version, 1 |
//! | 8 | when it was issued: Unix seconds, big-endian |
//! | 16 | random; in hexadecimal the id of the state |
//! | 32 | HMAC-SHA-256 over the fields below |
//!
//! Each field has its length in bytes in front, eight bytes big-endian: the text `countersign state`, the version as one
//! byte, the eight bytes of the time, the sixteen random ones, the name of the endpoint, the session, and what the
//! transaction is bound to. In front of the last two stands one byte within the field: 1 and the value, or 0 and nothing.

mod issuer;
mod session;
mod value;

pub use issuer::{Issued, NotIssued, StateIssuer};
pub use session::{Binding, ExtractBinding, Session};
pub use value::StateValue;
