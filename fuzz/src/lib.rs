//! What several targets assert alike.

use countersign::crypto::KeyKind;
use countersign::keys::{Key, VerifyingKey};
use countersign::profile::Profile;

/// A key that came out of a file is one that is worth trusting: of a known kind, and large enough.
pub fn assert_strong(key: &Key) {
    assert!(!key.id().as_str().is_empty());
    let VerifyingKey::Public(public) = key.verifier() else {
        assert_eq!(key.algorithm().key_kind(), KeyKind::Secret);
        return;
    };
    match public.algorithm().key_kind() {
        KeyKind::Rsa => assert!((2048..=8192).contains(&public.bits()), "{public:?}"),
        KeyKind::P256 | KeyKind::Ed25519 => assert_eq!(public.bits(), 256),
        KeyKind::P384 => assert_eq!(public.bits(), 384),
        KeyKind::P521 => assert_eq!(public.bits(), 521),
        other => panic!("a public key with the algorithm of {other:?}"),
    }
}

/// Decodes the rest of `data` on the route that its first byte chooses. What decodes keeps its bytes and is about
/// something, unless its route is one of `without_subject`.
pub fn assert_decodes(profile: &Profile, data: &[u8], without_subject: &[&str]) {
    let Some((first, content)) = data.split_first() else { return };
    let routes = profile.routes();
    let action = routes[usize::from(*first) % routes.len()].action.clone();
    let content = bytes::Bytes::copy_from_slice(content);
    let Ok(event) = profile.decode(&action, &content) else { return };
    assert_eq!(event.content(), &content);
    assert!(event.user_token().is_none(), "a token that no header carried");
    match event.subject() {
        Some(subject) => assert!(!subject.is_empty()),
        None => assert!(without_subject.contains(&&*action), "{action} without a subject"),
    }
    // A stored event is decoded again: the answer must not depend on anything but the bytes.
    assert_eq!(profile.decode(&action, &content).as_ref(), Ok(&event));
}
