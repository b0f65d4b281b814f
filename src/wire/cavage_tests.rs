//! What the reader of the `Signature` header must refuse, and the little it must read.
//!
//! The rule: each test changes one thing of a header that is otherwise read.

use super::*;

const BERLIN: &str = concat!(
    r#"keyId="SN=9FA1,CA=CN=D-TRUST%20CA 2-1 2015,O=D-Trust GmbH,C=DE",algorithm="rsa-sha256","#,
    r#"headers="digest x-request-id psu-id tpp-redirect-uri",signature="QUJD+/8=""#
);

fn with(parameter: &str) -> String {
    format!(r#"keyId="k",headers="digest",signature="QQ==",{parameter}"#)
}

fn refused(value: &str) {
    assert!(CavageSignature::parse(value).is_err(), "{value:?}");
}

#[test]
fn a_berlin_group_key_id_with_commas_is_read_whole() {
    let read = CavageSignature::parse(BERLIN).unwrap();
    assert_eq!(read.key_id, "SN=9FA1,CA=CN=D-TRUST%20CA 2-1 2015,O=D-Trust GmbH,C=DE");
    assert_eq!(read.algorithm, Some("rsa-sha256"));
    assert_eq!(read.headers, ["digest", "x-request-id", "psu-id", "tpp-redirect-uri"]);
    assert_eq!(read.signature, "QUJD+/8=");
    assert_eq!((read.created, read.expires), (None, None));
}

#[test]
fn times_pseudo_headers_and_space_around_commas_are_read() {
    let read = CavageSignature::parse(concat!(
        "keyId=\"k\" ,\tcreated=0 , expires=1099511627776, ",
        "headers=\"(request-target) (created) (expires)\",signature=\"QQ==\""
    ))
    .unwrap();
    assert_eq!((read.created, read.expires), (Some(0), Some(1 << 40)));
    assert_eq!(read.headers, PSEUDO_HEADERS);
}

#[test]
fn a_parameter_given_twice_is_refused() {
    for again in [
        r#"keyId="k""#,
        r#"keyid="other""#,
        r#"signature="QUI=""#,
        r#"headers="digest""#,
        "created=1,created=1",
        r#"x="1",X="2""#,
    ] {
        refused(&with(again));
    }
}

#[test]
fn a_known_parameter_in_another_case_is_refused() {
    for parameter in ["Created=1", r#"Algorithm="none""#] {
        refused(&with(parameter));
    }
    refused(r#"keyid="k",headers="digest",signature="QQ==""#);
}

#[test]
fn a_missing_parameter_is_refused() {
    refused("");
    refused(r#"headers="digest",signature="QQ==""#);
    refused(r#"keyId="k",signature="QQ==""#);
    refused(r#"keyId="k",headers="digest""#);
}

#[test]
fn commas_and_spaces_out_of_place_are_refused() {
    let good = with(r#"algorithm="hs2019""#);
    assert!(CavageSignature::parse(&good).is_ok());
    for value in [
        format!("{good},"),
        format!("{good}, "),
        format!(",{good}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good};x=\"y\""),
        format!("Signature {good}"),
        good.replacen(',', ",,", 1),
        good.replacen(',', ";", 1),
        good.replacen(',', " ", 1),
        good.replacen(',', ",\r\n ", 1),
        good.replacen('=', " =", 1),
        good.replacen('=', "= ", 1),
        good.replacen('"', "'", 2),
        good.replacen('"', "", 2),
    ] {
        refused(&value);
    }
}

#[test]
fn an_escape_inside_quotes_is_refused() {
    refused(r#"keyId="k\"",headers="digest",signature="QQ==""#);
    refused(r#"keyId="k\\",headers="digest",signature="QQ==""#);
}

#[test]
fn an_unclosed_quote_is_refused() {
    refused(r#"keyId="k",headers="digest",signature="QQ=="#);
    refused(r#"keyId="k,headers="digest",signature="QQ==""#);
}

#[test]
fn a_key_id_that_is_empty_padded_long_or_not_ascii_is_refused() {
    for key_id in ["", " k", "k ", "k\t", "k\u{7f}", "ké", "k\n"] {
        refused(&format!(r#"keyId="{key_id}",headers="digest",signature="QQ==""#));
    }
    let long = |len| format!(r#"keyId="{}",headers="digest",signature="QQ==""#, "k".repeat(len));
    assert!(CavageSignature::parse(&long(512)).is_ok());
    refused(&long(513));
}

#[test]
fn a_time_with_a_second_spelling_is_refused() {
    for time in [
        "\"1\"",
        "",
        "+1",
        "-1",
        "-0",
        "1.0",
        "1e3",
        "01",
        "00",
        "0x1",
        "1 2",
        "١",
        "1099511627777",
        "99999999999999999999",
    ] {
        refused(&with(&format!("created={time}")));
        refused(&with(&format!("expires={time}")));
    }
}

#[test]
fn a_header_list_with_two_readings_is_refused() {
    for list in [
        "",
        " ",
        " digest",
        "digest ",
        "digest  date",
        "digest\tdate",
        "digest,date",
        "Digest",
        "digest digest",
        "(created) (created)",
        "(other)",
        "(Request-Target)",
        "digest:",
        "dïgest",
    ] {
        refused(&format!(r#"keyId="k",headers="{list}",signature="QQ==""#));
    }
}

#[test]
fn a_signature_outside_the_base64_alphabet_is_refused() {
    for signature in ["", "QQ== ", "Q-_Q", "Q Q=", "QQ==,QQ=="] {
        refused(&format!(r#"keyId="k",headers="digest",signature="{signature}""#));
    }
}

#[test]
fn an_unknown_parameter_is_skipped_only_when_well_formed() {
    assert!(CavageSignature::parse(&with(r#"opaque="a, b",nonce=77"#)).is_ok());
    for parameter in ["opaque", "opaque=", "opaque=a b", "op aque=\"a\"", "=\"a\"", "a=b=c"] {
        refused(&with(parameter));
    }
}

#[test]
fn a_flood_is_refused() {
    let parameters = |count: usize| {
        let list: Vec<_> = (0..count).map(|i| format!("x{i}=1")).collect();
        with(&list.join(","))
    };
    assert!(CavageSignature::parse(&parameters(13)).is_ok());
    refused(&parameters(14));

    let headers = |count: usize| {
        let list: Vec<_> = (0..count).map(|i| format!("h{i}")).collect();
        format!(r#"keyId="k",headers="{}",signature="QQ==""#, list.join(" "))
    };
    assert!(CavageSignature::parse(&headers(32)).is_ok());
    refused(&headers(33));

    refused(&with(&format!(r#"opaque="{}""#, "a".repeat(8 * 1024))));
}

#[test]
fn an_error_does_not_repeat_the_header() {
    let error = CavageSignature::parse(&with("s3cret")).unwrap_err();
    assert!(!error.to_string().contains("s3cret"));
}
