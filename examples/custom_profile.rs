//! A sender that no preset knows, in code: `cargo run --example custom_profile`.
//!
//! It signs `TIMESTAMP.BODY` with a shared secret and writes the tag in hex. The program sends itself one request as
//! that sender would, and one with another body under the same signature, and prints both answers.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::clock::{Clock, SystemClock};
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::dispatch::Dispatch;
use countersign::event::OtherEvent;
use countersign::keys::{Key, KeySet};
use countersign::profile::{BodySignature, Fresh, Identification, Input, JsonPointer, Profile};
use countersign::store::MemoryStore;
use countersign::wire::encoding::Encoding;
use countersign::{Endpoint, Verified};
use http::Request;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

/// In earnest: 32 random bytes from the environment or from a file that only its owner can read.
const SECRET: &str = "an example, which is no secret any more";

fn profile() -> Result<Profile, Box<dyn Error>> {
    let mut scheme = BodySignature::over_body("x-signature");
    scheme.encoding = Encoding::Hex;
    scheme.prefix = Some("v1=".into());
    scheme.input = Input::parse("{header:x-timestamp}.{body}")?;
    let id = JsonPointer::new("/id").ok_or("expected a JSON pointer")?;
    let fresh = Fresh::Header("x-timestamp".into());
    Ok(Profile::body_signature(scheme, Identification::Json(id)).with_fresh(fresh, Duration::from_secs(300)))
}

async fn on_other(event: Verified<OtherEvent>) {
    println!("handled {}", String::from_utf8_lossy(&event.content));
}

fn endpoint() -> Result<Endpoint, Box<dyn Error>> {
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    let endpoint = Endpoint::builder("bank", profile()?)
        .path("/hooks/bank")
        .keys(KeySet::new(vec![Key::secret(Algorithm::Hs256, &Secret::new(SECRET)?)?])?)
        .inline(store, Dispatch::new().on_other(on_other))
        .build()?;
    Ok(endpoint)
}

/// What the sender would send: `signed` is what it signs, `sent` is what arrives.
fn request(signed: &str, sent: &'static str) -> Result<Request<Full<Bytes>>, Box<dyn Error>> {
    let key = MacKey::new(Algorithm::Hs256, &Secret::new(SECRET)?).ok_or("expected a key")?;
    let time = SystemClock.now().seconds().to_string();
    let tag = key.sign(&[time.as_bytes(), b".", signed.as_bytes()]);
    let request = Request::post("/hooks/bank")
        .header("host", "hooks.example")
        .header("content-type", "application/json")
        .header("x-timestamp", time)
        .header("x-signature", format!("v1={}", Encoding::Hex.encode(&tag)))
        .body(Full::new(Bytes::from_static(sent.as_bytes())))?;
    Ok(request)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = endpoint()?;
    let good = r#"{"id":"1","amount":"10.00"}"#;
    let other = r#"{"id":"1","amount":"99.00"}"#;
    for (name, sent) in [("as signed", good), ("another body", other)] {
        let answer = endpoint.clone().oneshot(request(good, sent)?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        println!("{name}: {status} {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}
