use super::*;

const NOW: Timestamp = Timestamp::from_seconds(4_000_000_000);

#[test]
fn a_content_counts_when_two_looks_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, "one").unwrap();
    let mut watch = Watch::of(b"one");
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Good)));
    std::fs::write(&path, "tw").unwrap();
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Again)));
    std::fs::write(&path, "two").unwrap();
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Again)), "still being written");
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Changed(content)) if content == b"two"));
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Bad)), "examined once, and not taken");
    watch.examine_again();
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Again)));
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Changed(_))));
    watch.taken();
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Good)));
}

#[test]
fn a_file_that_is_gone_is_unreadable_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let mut watch = Watch::of(b"one");
    assert_eq!(watch.look(&path, NOW).unwrap_err().outcome, Outcome::Unreadable);
    std::fs::write(&path, "one").unwrap();
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Good)));
}

#[test]
fn a_young_change_is_not_trusted_to_be_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, "one").unwrap();
    let written = Mark::of(&std::fs::metadata(&path).unwrap());
    let mut watch = Watch::of(b"one");
    assert!(matches!(watch.look(&path, written.at().unwrap()), Ok(Look::Good)));
    assert!(!watch.settled);
    assert!(matches!(watch.look(&path, NOW), Ok(Look::Good)));
    assert!(watch.settled);
}
