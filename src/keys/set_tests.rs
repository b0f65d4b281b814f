//! Sets in which a name could find two keys, or none that is still good.
//!
//! The rule: time is given, never taken.

use super::*;
use crate::crypto::{Algorithm, Backend, PublicKey, Secret};
use crate::keys::fixtures::{EDWARDS, b64};
use crate::keys::{KeyError, KeyId};

const DAY: Duration = Duration::from_secs(86_400);

fn key(id: &str) -> Key {
    let key = PublicKey::new(Backend::AwsLc, Algorithm::EdDsa, &b64(EDWARDS)).unwrap();
    Key::public(key).unwrap().with_id(KeyId::new(id).unwrap())
}

fn day(days: i64) -> Timestamp {
    Timestamp::from_seconds(days * 86_400)
}

fn text(refused: Result<KeySet, KeyError>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn a_set_without_a_key_is_refused() {
    assert_eq!(text(KeySet::new(vec![])), "expected 1 to 64 keys, but found 0");
}

#[test]
fn a_set_without_end_is_refused() {
    let keys = |most: usize| (0..most).map(|number| key(&number.to_string())).collect();
    assert_eq!(KeySet::new(keys(64)).unwrap().len(), 64);
    assert_eq!(text(KeySet::new(keys(65))), "expected 1 to 64 keys, but found 65");
}

#[test]
fn two_keys_of_one_name_are_refused() {
    assert_eq!(
        text(KeySet::new(vec![key("a"), key("b"), key("a")])),
        "expected key ids that differ, but found \"a\" twice"
    );
    assert!(KeySet::new(vec![key("AB"), key("ab")]).is_err());
}

#[test]
fn a_secret_among_public_keys_is_refused() {
    let secret = Key::secret(Algorithm::Hs256, &Secret::new([7; 32]).unwrap()).unwrap();
    assert_eq!(
        text(KeySet::new(vec![key("a"), secret.clone()])),
        "expected either shared secrets or public keys, but found both in one set"
    );
    assert!(KeySet::new(vec![secret]).is_ok());
}

#[test]
fn a_name_is_found_as_it_is_spelled() {
    let set = KeySet::new(vec![key("AbC0"), key("other")]).unwrap();
    assert!(set.find("AbC0", day(0)).is_some());
    for name in ["abc0", "AbC", "AbC0 ", "", "AbC00"] {
        assert!(set.find(name, day(0)).is_none(), "{name:?}");
    }
    assert_eq!(set.find_hex("aBc0", day(0)).unwrap().id().as_str(), "AbC0");
    assert!(set.find_hex("abc", day(0)).is_none());
    // The Kelvin sign folds to k outside of ASCII.
    assert!(KeySet::new(vec![key("k")]).unwrap().find_hex("\u{212a}", day(0)).is_none());
}

#[test]
fn an_expired_key_is_not_found() {
    let set = KeySet::new(vec![key("a").with_validity(Some(day(1)), Some(day(2))), key("b")]).unwrap();
    for (at, live) in [(day(0), 1), (day(1), 2), (day(2), 2), (day(3), 1)] {
        assert_eq!(set.live(at).count(), live, "{at:?}");
        assert_eq!(set.find("a", at).is_some(), live == 2);
        assert_eq!(set.find_hex("A", at).is_some(), live == 2);
    }
    assert_eq!(set.iter().count(), 2);
}

#[test]
fn a_key_that_ends_soon_is_told_and_one_that_has_ended_is_not() {
    let keys = [1, 5, 9].map(|end| key(&end.to_string()).with_validity(None, Some(day(end))));
    let set = KeySet::new(keys.into_iter().chain([key("never")]).collect()).unwrap();
    let names = |at, within| set.expiring(at, within).iter().map(|key| key.id().to_string()).collect::<Vec<_>>();
    assert_eq!(names(day(2), DAY * 3), ["5"]);
    assert_eq!(names(day(2), DAY * 2), [""; 0]);
    assert_eq!(names(day(0), Duration::MAX), ["1", "5", "9"]);
    assert_eq!(names(day(10), Duration::MAX), [""; 0]);
}
