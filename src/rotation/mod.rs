//! Keys that rotate: sources of keys are read again and again, and what they hold takes the place of what they held.
//!
//! The rule: a source that is gone, half-written or wrong changes nothing. The keys it held last stay in use, a
//! warning says so once, and a set that came from an address ends at a hard limit.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use countersign::Endpoint;
//! use countersign::clock::SystemClock;
//! use countersign::profile::Profile;
//! use countersign::rotation::{Reading, Rotation, Source};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let profile = Profile::worldline();
//! let sources = vec![Source::file("worldline.crt", Reading::default())];
//! let rotation = Rotation::open("worldline", &profile, false, sources, Arc::new(SystemClock), Duration::ZERO).await?;
//! let builder = Endpoint::builder("worldline", profile).key_ring(rotation.ring());
//! tokio::spawn(rotation.run(std::future::pending()));
//! # let _ = builder;
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "jwks")]
mod address;
mod expiry;
#[cfg(feature = "jwks")]
mod fetch;
mod keeper;
mod outcome;
mod part;
#[cfg(feature = "jwks")]
mod public;
mod source;
mod watch;

#[cfg(feature = "jwks")]
pub use address::{Address, AddressOptions};
#[cfg(feature = "server")]
pub(crate) use expiry::{Days, severity};
pub use expiry::{Ending, Gauges, Severity, all_ended, ending};
pub use keeper::Rotation;
pub use outcome::{Counts, NoKeys, Outcome, Trouble};
#[cfg(feature = "server")]
pub(crate) use public::is_public;
pub use source::{Reading, Source};
