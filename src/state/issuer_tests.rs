//! States that we did not make, or not for this place, and the published form of one that we did.

use proptest::prelude::*;

use super::*;
use crate::clock::FixedClock;
use crate::crypto::Secret;
use crate::keys::KeyId;
use crate::wire::encoding::Encoding;

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn key(secret: &str, id: &str) -> Key {
    Key::secret(Algorithm::Hs256, &Secret::new(secret).unwrap()).unwrap().with_id(KeyId::new(id).unwrap())
}

fn issuer(endpoint: &str, secret: &str) -> StateIssuer {
    let keys = KeySet::new(vec![key(secret, "one")]).unwrap();
    StateIssuer::new(endpoint, keys, Arc::new(FixedClock::at(AT))).unwrap()
}

const SECRET: &str = "a secret of ours, 32 bytes long!";

fn session(value: &str) -> Binding {
    Binding::session(value).unwrap()
}

/// Whether a text is a state that `issuer` made for `binding`.
fn fits(issuer: &StateIssuer, text: &str, binding: &Binding) -> bool {
    let Ok(value) = StateValue::parse(text) else { return false };
    let covered = value.covered(&issuer.endpoint, binding);
    issuer.keys.held().keys.iter().any(|key| match key.verifier() {
        VerifyingKey::Mac(key) => key.verify(&[&covered], value.mac()).is_ok(),
        VerifyingKey::Public(_) => false,
    })
}

#[test]
fn a_state_of_another_endpoint_session_transaction_or_secret_is_none() {
    let ours = issuer("joompay", SECRET);
    let bound = session("ab").with_transaction("c").unwrap();
    let state = ours.issue(&bound).unwrap();
    assert!(fits(&ours, state.as_str(), &bound));
    let others = [
        session("ab"),
        session("abc"),
        session("a").with_transaction("bc").unwrap(),
        session("ab").with_transaction("d").unwrap(),
        session("ab").with_transaction("\u{1}c").unwrap(),
        Binding::to_nobody_i_accept_login_csrf(),
        Binding::to_nobody_i_accept_login_csrf().with_transaction("c").unwrap(),
    ];
    for other in others {
        assert!(!fits(&ours, state.as_str(), &other), "{other:?}");
    }
    assert!(!fits(&issuer("joompa", SECRET), state.as_str(), &bound));
    assert!(!fits(&issuer("joompay", "a secret of ours, 32 bytes lonh!"), state.as_str(), &bound));
    let unbound = ours.issue(&Binding::to_nobody_i_accept_login_csrf()).unwrap();
    assert!(!fits(&ours, unbound.as_str(), &session("ab")));
}

#[test]
fn a_value_that_binds_to_nothing_is_none() {
    assert!(Binding::session("").is_none() && Binding::session(&"a".repeat(4097)).is_none());
    assert!(session("a").with_transaction("").is_none());
}

#[test]
fn every_state_is_another_and_the_first_secret_in_force_issues() {
    let old = key("the secret of the last year, 32 b", "old")
        .with_validity(None, Some(AT.before(std::time::Duration::from_secs(1))));
    let keys = KeySet::new(vec![old, key(SECRET, "new")]).unwrap();
    let both = StateIssuer::new("joompay", keys, Arc::new(FixedClock::at(AT))).unwrap();
    let (one, two) = (both.issue(&session("s")).unwrap(), both.issue(&session("s")).unwrap());
    assert_ne!(one.id(), two.id());
    assert!(fits(&issuer("joompay", SECRET), one.as_str(), &session("s")), "the one in force");
    let gone =
        KeySet::new(vec![key(SECRET, "gone").with_validity(None, Some(AT.before(std::time::Duration::from_secs(1))))])
            .unwrap();
    let none = StateIssuer::new("joompay", gone, Arc::new(FixedClock::at(AT))).unwrap();
    assert_eq!(none.issue(&session("s")), Err(NotIssued::NoKey));
}

#[test]
fn a_key_that_others_have_the_half_of_issues_nothing() {
    let other = Key::secret(Algorithm::Hs512, &Secret::new(SECRET).unwrap()).unwrap();
    let keys = KeySet::new(vec![other]).unwrap();
    assert!(StateIssuer::new("joompay", keys, Arc::new(FixedClock::at(AT))).is_err());
}

/// The form that a program in another language has to make: computed beside, with Python's `hmac`.
#[test]
fn the_form_is_the_one_that_is_written_down() {
    let ours = issuer("joompay", SECRET);
    let nonce = *b"sixteen bytes!!!";
    let bound = session("session-1").with_transaction("challenge-1").unwrap();
    let state = ours.issue_with(&key(SECRET, "one"), &bound, AT, nonce).unwrap();
    let field = |bytes: &[u8]| [&(bytes.len() as u64).to_be_bytes()[..], bytes].concat();
    let covered = [
        field(b"countersign state"),
        field(&[1]),
        field(&1_800_000_000_i64.to_be_bytes()),
        field(&nonce),
        field(b"joompay"),
        field(b"\x01session-1"),
        field(b"\x01challenge-1"),
    ];
    let value = StateValue::parse(state.as_str()).unwrap();
    assert_eq!(value.covered("joompay", &bound), covered.concat());
    assert_eq!(state.as_str(), PUBLISHED);
    assert_eq!((value.id(), value.issued_at()), (Encoding::Hex.encode(&nonce), AT));
}

const PUBLISHED: &str = "AQAAAABrSdIAc2l4dGVlbiBieXRlcyEhIVtlZjzuH9kuBKloLv05qfRbdKU0nJDA4SSYTqwt1aIy";

#[test]
fn neither_state_nor_session_is_printed() {
    let state = issuer("joompay", SECRET).issue(&session("canary-session")).unwrap();
    let value = StateValue::parse(state.as_str()).unwrap();
    let shown = format!("{state:?} {value:?} {:?}", session("canary-session"));
    assert!(!shown.contains(state.as_str()) && !shown.contains("canary"), "{shown}");
}

proptest! {
    #[test]
    fn any_one_flipped_bit_is_no_state(secret in "[a-z]{32}", held in ".{1,40}", seconds in 0_i64..4_000_000_000, nonce: [u8; 16]) {
        let ours = issuer("joompay", &secret);
        let bound = session(&held);
        let state = ours.issue_with(&key(&secret, "one"), &bound, Timestamp::from_seconds(seconds), nonce).unwrap();
        prop_assert!(fits(&ours, state.as_str(), &bound));
        prop_assert_eq!(StateValue::parse(state.as_str()).unwrap().to_string(), state.as_str());
        for at in 0..StateValue::LETTERS {
            for bit in 0..8 {
                let mut text = state.as_str().as_bytes().to_vec();
                text[at] ^= 1 << bit;
                let text = String::from_utf8_lossy(&text);
                prop_assert!(!fits(&ours, &text, &bound), "byte {} bit {}", at, bit);
            }
        }
    }

    #[test]
    fn a_text_has_one_value_and_a_value_one_text(text in "[A-Za-z0-9_-]{76}") {
        let text = format!("AQ{}", &text[2..]);
        if let Ok(value) = StateValue::parse(&text) {
            prop_assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn the_session_is_bound_byte_for_byte(one in "[a-z]{1,12}", other in "[a-z]{1,12}") {
        let ours = issuer("joompay", SECRET);
        let state = ours.issue(&session(&one)).unwrap();
        prop_assert_eq!(fits(&ours, state.as_str(), &session(&other)), one == other);
    }
}
