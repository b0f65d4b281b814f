//! What the reader of templates must refuse, and that it reads what it prints.
//!
//! The rule: every refused template would sign something else than its author thinks.

use proptest::prelude::*;

use super::*;

fn refused(texts: &[&str]) {
    for text in texts {
        assert!(Template::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn every_placeholder_is_read() {
    let text = "{method}\n{path}?{query}|{url}|{header:X-Time}.{member:t}.{body}{{}}";
    let read = Template::parse(text).unwrap();
    assert_eq!(read.parts()[0], Part::Method);
    assert_eq!(read.parts()[1], Part::Literal("\n".into()));
    assert_eq!(read.parts()[8], Part::Header("x-time".into()));
    assert_eq!(read.parts()[10], Part::Member("t".into()));
    assert_eq!(read.parts()[12..], [Part::Body, Part::Literal("{}".into())]);
    assert_eq!(read.to_string(), text.replace("X-Time", "x-time"));
}

#[test]
fn a_template_that_leaves_the_body_unsigned_is_refused() {
    refused(&["", "x", "{method}", "{{body}}", "body"]);
    let message = Template::parse("{header:x}").unwrap_err().to_string();
    assert!(message.contains("leaves the body unsigned"), "{message}");
}

#[test]
fn a_body_given_twice_is_refused() {
    refused(&["{body}{body}", "{body}.{header:x}.{body}"]);
}

#[test]
fn a_brace_that_stands_alone_is_refused() {
    refused(&["{body", "{body}}", "{body}{", "{body}}}}", "{{body}", "{body}{}", "}{body}", "{{{body", "{body}{{}"]);
}

#[test]
fn an_unknown_placeholder_is_refused_with_the_list_of_the_known() {
    refused(&["{body}{Body}", "{body}{ body}", "{body}{host}", "{body}{body:x}", "{body}{cookie:x}"]);
    let message = Template::parse("{body}{host}").unwrap_err().to_string();
    assert!(message.contains("{member:name}, but found {host}"), "{message}");
}

#[test]
fn a_long_unknown_placeholder_is_not_repeated() {
    let text = format!("{{body}}{{{}}}", "z".repeat(33));
    let message = Template::parse(&text).unwrap_err().to_string();
    assert!(!message.contains("zz"), "{message}");
}

#[test]
fn a_name_that_is_no_token_is_refused() {
    refused(&[
        "{body}{header:}",
        "{body}{header}",
        "{body}{header:a b}",
        "{body}{header:a:b}",
        "{body}{header: a}",
        "{body}{member:}",
        "{body}{member:é}",
        "{body}{header:{}",
    ]);
}

#[test]
fn a_flood_of_parts_is_refused() {
    assert!(Template::parse(&format!("{}{{body}}", "{path}".repeat(31))).is_ok());
    refused(&[&format!("{}{{body}}", "{path}".repeat(32)), &format!("{}{{body}}", "x".repeat(1019))]);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[^{}]{1,6}",
        "[!#$%&'*+.^_`|~A-Za-z0-9-]{1,8}".prop_map(|name| format!("{{header:{name}}}")),
        "[A-Za-z0-9_-]{1,8}".prop_map(|name| format!("{{member:{name}}}")),
        prop::sample::select(vec!["{{", "}}", "{method}", "{path}", "{query}", "{url}"]).prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(
        before in prop::collection::vec(piece(), 0..12),
        after in prop::collection::vec(piece(), 0..12),
    ) {
        let text = format!("{}{{body}}{}", before.concat(), after.concat());
        let read = Template::parse(&text).unwrap();
        prop_assert_eq!(Template::parse(&read.to_string()), Ok(read));
    }

    #[test]
    fn no_text_stops_the_reader(text in "[{}a-z:é]{0,60}") {
        if let Ok(read) = Template::parse(&text) {
            prop_assert_eq!(Template::parse(&read.to_string()), Ok(read));
        }
    }
}
