//! What the JSON checker must refuse, and which numbers and shapes it must let through.
//!
//! The rule: every bound is tested on both of its sides.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Result<(), JsonError> {
    check(text.as_bytes())
}

fn syntax(text: &str) {
    assert!(matches!(at(text), Err(JsonError::Syntax { .. })), "{text:?}");
}

#[test]
fn numbers_of_any_precision_are_read() {
    for number in ["0", "-0", "0.1", "1e400", "-1E-400", "90071992547409931.23", "18446744073709551616", "0.10", "1e+2"]
    {
        for text in
            [number.to_owned(), format!("[{number}, {number}]"), format!("{{\"a\":{number},\"b\":{{\"c\":{number}}}}}")]
        {
            assert_eq!(at(&text), Ok(()), "{text}");
        }
    }
}

#[test]
fn a_number_of_another_grammar_is_refused() {
    for text in ["01", "-", "+1", ".5", "1.", "1e", "0x1", "NaN", "Infinity", "-Infinity", "1_000", "[1e+]"] {
        syntax(text);
    }
}

#[test]
fn a_repeated_member_is_refused_at_every_level() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\u0061":1,"\u0061":2}"#,
        r#"{"/":1,"\/":2}"#,
        r#"{"":1,"":2}"#,
        r#"[[{"x":{"y":1,"y":2}}]]"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"😀":1,"\ud83d\ude00":2}"#,
    ] {
        assert_eq!(at(text), Err(JsonError::RepeatedMember), "{text}");
    }
}

#[test]
fn names_that_differ_are_no_repetition() {
    for text in [
        r#"{"a":1,"A":2,"a ":3,"\u0000a":4}"#,
        r#"[{"a":1},{"a":2}]"#,
        r#"{"a":{"a":{"a":1}}}"#,
        // Composed and decomposed: different code points are different names.
        "{\"\u{e9}\":1,\"e\u{301}\":2}",
    ] {
        assert_eq!(at(text), Ok(()), "{text}");
    }
}

#[test]
fn an_object_that_passes_for_a_number_or_for_raw_json_is_refused() {
    for name in [
        "$serde_json::private::Number",
        "$serde_json::private::RawValue",
        "\\u0024serde_json::private::Number",
        "\\u0024serde_json::private::RawValue",
        "$serde_json::private::",
    ] {
        for value in [r#""1""#, r#""\u0031""#, r#""{\"a\":1,\"a\":2}""#, "1", "null", "[]", "{}"] {
            for text in [
                format!(r#"{{"{name}":{value}}}"#),
                format!(r#"{{"a":1,"{name}":{value}}}"#),
                format!(r#"{{"{name}":{value},"a":1}}"#),
                format!(r#"[{{"b":{{"{name}":{value}}}}}]"#),
            ] {
                assert_eq!(at(&text), Err(JsonError::ReservedMember), "{text}");
            }
        }
    }
}

#[test]
fn a_body_that_is_too_deep_is_refused() {
    let arrays = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let numbers = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let empties = |depth: usize| format!("{}{{}}{}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
    let last_object = |depth: usize| format!("{}{{}}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    for text in [arrays(32), numbers(32), objects(32), empties(32), last_object(32)] {
        assert_eq!(at(&text), Ok(()), "{text}");
    }
    for text in [
        arrays(33),
        numbers(33),
        objects(33),
        empties(33),
        last_object(33),
        arrays(100_000),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
    ] {
        assert_eq!(at(&text), Err(JsonError::TooDeep));
    }
}

#[test]
fn a_body_that_is_too_wide_is_refused() {
    let array = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert_eq!(at(&array(10_000)), Ok(()));
    assert_eq!(at(&array(10_001)), Err(JsonError::TooLarge));

    let object = |count: usize| {
        let members: Vec<_> = (0..count).map(|i| format!("\"m{i}\":{i}")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(at(&object(1_000)), Ok(()));
    assert_eq!(at(&object(1_001)), Err(JsonError::TooLarge));
}

#[test]
fn a_string_a_name_or_a_number_that_is_too_long_is_refused() {
    let text = |len| "a".repeat(len);
    let digits = |len| "1".repeat(len);
    assert_eq!(at(&format!("\"{}\"", text(65_536))), Ok(()));
    assert_eq!(at(&format!("{{\"{}\":1}}", text(65_536))), Ok(()));
    assert_eq!(at(&digits(65_536)), Ok(()));
    // The length is that of the string meant: an escape counts for what it stands for.
    assert_eq!(at(&format!("\"{}\"", "\\u0061".repeat(65_536))), Ok(()));
    for text in [
        format!("\"{}\"", text(65_537)),
        format!("\"{}\"", "\\u0061".repeat(65_537)),
        format!("{{\"{}\":1}}", text(65_537)),
        digits(65_537),
    ] {
        assert_eq!(at(&text), Err(JsonError::TooLarge));
    }
}

#[test]
fn a_byte_order_mark_or_trailing_bytes_are_refused() {
    for text in [
        "\u{feff}{}",
        "{}\u{feff}",
        "{} {}",
        "{}x",
        "1 2",
        "{},",
        "[]]",
        "{}\0",
        "",
        " ",
        "{}//",
        "\u{a0}{}",
        "\u{c}{}",
    ] {
        syntax(text);
    }
}

#[test]
fn a_lone_surrogate_is_refused() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\udc00\ud800""#,
        r#"{"\ud800":1}"#,
        r#"["\uDFAA"]"#,
    ] {
        syntax(text);
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    for bytes in [&b"\"\xff\""[..], b"\"\xc0\x80\"", b"\"\xed\xa0\x80\"", b"\xff\xfe{\0}\0", b"\"\xf4\x90\x80\x80\""] {
        assert_eq!(check(bytes), Err(JsonError::NotUtf8));
    }
}

#[test]
fn what_only_lenient_readers_take_is_refused() {
    for text in [
        "{'a':1}",
        "{a:1}",
        "[1,]",
        "{\"a\":1,}",
        "[,1]",
        "[1 2]",
        "// c\n1",
        "/**/1",
        "True",
        "nul",
        "\"\t\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"a",
        "{\"a\"}",
        "{1:2}",
        "{\"a\":1;}",
    ] {
        syntax(text);
    }
}

#[test]
fn an_error_tells_the_place_and_not_the_content() {
    let error = at("{\n \"s3cret\": oops}").unwrap_err();
    assert_eq!(error, JsonError::Syntax { line: 2, column: 12 });
    assert!(!error.to_string().contains("s3cret"));
    for error in [
        JsonError::RepeatedMember,
        JsonError::ReservedMember,
        JsonError::TooDeep,
        JsonError::TooLarge,
        JsonError::NotUtf8,
    ] {
        assert!(error.to_string().starts_with("expected json"), "{error}");
    }
}

#[test]
fn compacting_changes_no_token() {
    let text = " {\r\n\t\"a b\" : [ 1.0 , 1e400 , \"\\\" \\\\\" , \" é \" ] , \"\\u0061 \" : { } } ";
    let compacted = r#"{"a b":[1.0,1e400,"\" \\"," é "],"\u0061 ":{}}"#;
    assert_eq!(compact(text.as_bytes()), compacted.as_bytes());
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "\\PC{0,8}".prop_map(Into::into),
        "[\"\\\\ \n\t]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec(("\\PC{0,6}", inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_accepted_and_compacts_to_itself(value in json()) {
        let pretty = serde_json::to_vec_pretty(&value).unwrap();
        prop_assert_eq!(check(&pretty), Ok(()));
        prop_assert_eq!(compact(&pretty), serde_json::to_vec(&value).unwrap());
    }

    #[test]
    fn no_bytes_stop_the_checker(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = compact(&bytes);
        if check(&bytes).is_ok() {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
        }
    }
}

#[test]
fn a_repeated_member_is_refused_wherever_its_two_stand() {
    let object = |names: &[usize]| {
        let members: Vec<String> = names.iter().map(|name| format!("\"m{name}\":1")).collect();
        format!("{{{}}}", members.join(","))
    };
    let names: Vec<usize> = (0..40).collect();
    assert_eq!(check(object(&names).as_bytes()), Ok(()));
    for first in [0, 15, 16, 17, 38] {
        for behind in (first + 1)..40 {
            let mut names = names.clone();
            names[behind] = first;
            assert_eq!(check(object(&names).as_bytes()), Err(JsonError::RepeatedMember), "{first} {behind}");
        }
    }
}
