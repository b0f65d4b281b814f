//! What the readers of several items in one header must refuse.
//!
//! The rule: each bound is tested on both of its sides, each skipped item beside a kept one.

use super::*;

#[test]
fn a_member_is_read_with_its_inner_equals_signs() {
    assert_eq!(member("t=123,v1=abc==", "v1"), Ok(Some("abc==")));
    assert_eq!(member("t=123 ,  v1=abc", "t"), Ok(Some("123")));
    assert_eq!(member("t=123", "v1"), Ok(None));
    assert_eq!(member("T=123", "t"), Ok(None));
}

#[test]
fn a_member_given_twice_is_refused() {
    for header in ["t=1,t=1", "t=1,v1=a,t=2", "t=1,T=2", "T=2,t=1"] {
        assert!(member(header, "t").is_err(), "{header:?}");
    }
}

#[test]
fn another_member_given_twice_is_left_to_its_reader() {
    assert_eq!(member("t=1,v1=a,v1=b", "t"), Ok(Some("1")));
}

#[test]
fn a_malformed_pair_is_refused_even_beside_a_good_one() {
    for header in [
        "",
        "t",
        "=1",
        "t=",
        "t=1,",
        ",t=1",
        "t=1,,v1=a",
        " t=1",
        "t=1 ",
        "t =1",
        "t= 1",
        "t=1;v1=a\n",
        "t=1 2",
        "t=1,\tv1=a",
        "t=1,v 1=a",
        "t=é",
        "t=1,\"v1\"=a",
        "t=1\r\n",
    ] {
        assert!(member(header, "t").is_err(), "{header:?}");
    }
}

#[test]
fn a_flood_of_members_is_refused() {
    let pairs = |count: usize| vec!["a=1"; count].join(",");
    assert_eq!(member(&pairs(16), "t"), Ok(None));
    assert!(member(&pairs(17), "t").is_err());
    assert!(member(&format!("t={}", "1".repeat(4095)), "t").is_err());
}

#[test]
fn several_signatures_are_read_and_other_versions_skipped() {
    assert_eq!(signatures("t=1, v1=abc, v1=def, v0=x", Some("v1="), Some(",")), Ok(vec!["abc", "def"]));
    assert_eq!(signatures("v1,abc v1a,def", Some("v1,"), Some(" ")), Ok(vec!["abc"]));
    assert_eq!(signatures("a,b", None, None), Ok(vec!["a,b"]));
}

#[test]
fn no_signature_of_the_prefix_is_refused() {
    for header in ["v0=abc", "abc", "V1=abc", "xv1=abc"] {
        assert!(signatures(header, Some("v1="), Some(",")).is_err(), "{header:?}");
    }
}

#[test]
fn an_empty_or_invisible_item_is_refused() {
    for header in [
        "",
        ",",
        "v1=a,",
        ",v1=a",
        "v1=a,,v1=b",
        "v1=",
        "v1=a,v1=",
        " v1=a",
        "v1=a ",
        "v1=a b",
        "v1=a,\tv1=b",
        "v1=a\n",
        "v1=é",
    ] {
        assert!(signatures(header, Some("v1="), Some(",")).is_err(), "{header:?}");
    }
}

#[test]
fn a_flood_of_signatures_is_refused() {
    let items = |item: &str, count: usize| vec![item; count].join(",");
    assert!(signatures(&items("v1=a", 4), Some("v1="), Some(",")).is_ok());
    assert!(signatures(&items("v1=a", 5), Some("v1="), Some(",")).is_err());
    let others = |count| format!("v1=a,{}", items("v0=a", count));
    assert!(signatures(&others(15), Some("v1="), Some(",")).is_ok());
    assert!(signatures(&others(16), Some("v1="), Some(",")).is_err());
    assert!(signatures(&"a".repeat(8 * 1024 + 1), None, None).is_err());
}

#[test]
fn an_empty_separator_is_refused() {
    assert!(signatures("abc", None, Some("")).is_err());
}
