//! Keys and secrets that everybody has, at every place where one could be put.

use std::sync::Arc;

use countersign::Endpoint;
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Backend, MacKey, Secret};
use countersign::error::ConfigError;
use countersign::keys::{Key, KeyId, KeyRing, KeySet, file, read_private};
use countersign::profile::{BodySignature, Identification, Plain, Profile, ReplySigner};
use countersign::state::StateIssuer;

use crate::jose_parties::Bank;
use crate::parties::{NOW, PAYMENT, Sender, memory, post};

fn demo(path: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("keys").join(path);
    std::fs::read(path).unwrap().trim_ascii().to_vec()
}

fn secret(path: &str) -> Secret {
    Secret::new(demo(path)).unwrap()
}

fn field<T>(built: Result<T, ConfigError>) -> Option<String> {
    built.err().map(|error| error.field().to_owned())
}

#[test]
fn a_secret_that_everybody_has_is_not_what_a_sender_shows() {
    let sender = Sender::new();
    let builder = || Endpoint::builder("bank", Profile::tribe()).keys(sender.keys());
    assert_eq!(field(builder().api_key(secret("tribe/api-key")).verifier()).as_deref(), Some("api_key"));
    assert_eq!(field(builder().bearer(secret("tribe/api-key")).verifier()).as_deref(), Some("bearer"));
    let trusting = builder().api_key(secret("tribe/api-key")).trusting_demo_keys_on_loopback();
    assert_eq!(field(trusting.verifier()), None);
}

#[test]
fn a_secret_that_everybody_has_is_known_as_a_mac_key_too() {
    let mac = MacKey::new(Algorithm::Hs256, &secret("redirect/state-secret")).unwrap();
    assert!(Key::mac(mac.clone()).is_demo());
    let profile = Profile::body_signature(BodySignature::over_body("x-signature"), Identification::Fingerprint);
    let builder = Endpoint::builder("bank", profile).keys(KeySet::new(vec![Key::mac(mac)]).unwrap());
    assert_eq!(field(builder.verifier()).as_deref(), Some("keys"));
    let own = MacKey::new(Algorithm::Hs256, &Secret::new("a secret that nobody has published").unwrap()).unwrap();
    assert!(!Key::mac(own).is_demo());
}

#[test]
fn states_that_anybody_could_make_are_not_issued() {
    let keys = || {
        let key = Key::secret(Algorithm::Hs256, &secret("redirect/state-secret")).unwrap();
        KeySet::new(vec![key]).unwrap()
    };
    let clock = || Arc::new(FixedClock::at(NOW));
    assert_eq!(field(StateIssuer::new("back", keys(), clock())).as_deref(), Some("keys"));
    assert_eq!(field(StateIssuer::trusting_demo_keys_on_loopback("back", keys(), clock())), None);
}

#[test]
fn an_answer_that_anybody_could_have_signed_is_refused() {
    let bank = Bank::new();
    let signed = || {
        let text = String::from_utf8(demo("cbuae/signing.key.pem")).unwrap();
        let key = read_private(&text, Some(Algorithm::Ps256)).unwrap();
        let signer = ReplySigner::new(key, KeyId::new("ours").unwrap(), "our client id").unwrap();
        Profile::cbuae().with_parties([], ["our client id"]).with_reply_signer(signer)
    };
    let builder = |profile| {
        let keys = KeySet::new(vec![bank.key()]).unwrap();
        Endpoint::builder("hub", profile).keys(keys).decryption_keys(bank.decryption())
    };
    assert_eq!(field(builder(signed()).verifier()).as_deref(), Some("reply_key"));
    assert_eq!(field(builder(signed()).trusting_demo_keys_on_loopback().verifier()), None);
    assert_eq!(field(builder(signed().with_dialect(Arc::new(Plain))).verifier()), None, "it signs nothing any more");
}

#[tokio::test]
async fn a_set_that_an_endpoint_would_not_be_built_with_does_not_take_the_place_of_its_own() {
    let sender = Sender::new();
    let everybodys =
        || KeySet::new(file::read(Backend::default(), &demo("worldline/signing.crt"), None).unwrap()).unwrap();
    let ring = Arc::new(KeyRing::new(sender.keys()));
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let endpoint = builder.key_ring(Arc::clone(&ring)).queue(memory(&clock)).build().unwrap();
    assert_eq!(field(ring.replace(everybodys())).as_deref(), Some("keys"));
    assert_eq!(ring.version(), 0);
    let request = sender.worldline(crate::parties::ID, PAYMENT);
    assert_eq!(post(&endpoint, request).await.status, 204, "it goes on with its own");
    ring.replace(sender.keys()).unwrap();
    assert_eq!(ring.version(), 1);
    // A second endpoint with the same keys, and then neither.
    let (builder, clock) = sender.endpoint(Profile::worldline());
    let trusting = builder.key_ring(Arc::clone(&ring)).trusting_demo_keys_on_loopback();
    let lenient = trusting.queue(memory(&clock)).build().unwrap();
    assert!(ring.replace(everybodys()).is_err(), "one of the two does not take it");
    drop(endpoint);
    assert!(ring.replace(everybodys()).is_ok());
    drop(lenient);
}
