//! What the three readers of times must refuse, and that the writers write what they read.
//!
//! The rule: each refused text is one a lenient reader would take.

use proptest::prelude::*;

use super::*;

#[test]
fn the_three_forms_agree() {
    let ms = 784_111_777_000;
    for text in [
        "1994-11-06T08:49:37Z",
        "1994-11-06t08:49:37z",
        "1994-11-06T08:49:37.000000000+00:00",
        "1994-11-06T08:49:37-00:00",
        "1994-11-06T10:19:37+01:30",
        "1994-11-05T23:49:37.0-09:00",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "784111777",
    ] {
        assert_eq!(parse(text), Ok(ms), "{text}");
    }
}

#[test]
fn fractions_are_cut_to_milliseconds() {
    for (text, ms) in [
        ("1970-01-01T00:00:00.1Z", 100),
        ("1970-01-01T00:00:00.12Z", 120),
        ("1970-01-01T00:00:00.123999999Z", 123),
        ("1970-01-01T00:00:00.000999Z", 0),
    ] {
        assert_eq!(parse_rfc3339(text), Ok(ms), "{text}");
    }
}

#[test]
fn a_time_without_an_offset_is_refused() {
    for text in ["2020-09-25T08:15:00", "2020-09-25T08:15:00.856", "2020-09-25"] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_time_that_is_almost_rfc_3339_is_refused() {
    for text in [
        "",
        "2020-09-25 08:15:00Z",
        "2020-09-25T08:15Z",
        "2020-09-25T08:15:00.Z",
        "2020-09-25T08:15:00,5Z",
        "2020-09-25T08:15:00.1234567890Z",
        "20200925T081500Z",
        "2020-09-25T08:15:00Z[UTC]",
        "2020-09-25T08:15:00+0100",
        "2020-09-25T08:15:00+01",
        "2020-09-25T08:15:00+1:00",
        "2020-09-25T08:15:00+01:00:00",
        "2020-09-25T08:15:00 Z",
        "2020-09-25T08:15:00Z ",
        " 2020-09-25T08:15:00Z",
        "2020-09-25T08:15:00ZZ",
        "2020-09-25T08:15:00\u{2212}01:00",
        "2020-09-25T08:15:00+-1:00",
        "2020-9-25T08:15:00Z",
        "2020-09-25T08:15:00UTC",
        "2020-W39-5T08:15:00Z",
        "+002020-09-25T08:15:00Z",
        "2020-09-25T08:15:0é",
        "２020-09-25T08:15:00Z",
    ] {
        assert!(parse_rfc3339(text).is_err(), "{text:?}");
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_time_that_does_not_exist_is_refused() {
    for text in [
        "2021-02-29T00:00:00Z",
        "2020-13-01T00:00:00Z",
        "2020-00-01T00:00:00Z",
        "2020-01-00T00:00:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z",
        "2016-12-31T23:59:60Z",
        "2020-01-01T00:00:61Z",
        "2020-01-01T00:00:00+24:00",
        "2020-01-01T00:00:00+00:60",
    ] {
        assert!(parse_rfc3339(text).is_err(), "{text}");
    }
}

#[test]
fn a_year_outside_the_range_is_refused() {
    for text in [
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00+00:01",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "253402300800",
        "999999999999",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(parse("1970-01-01T00:01:00+00:01"), Ok(0));
    assert_eq!(parse("9999-12-31T23:59:59.999Z"), Ok(MAX_MS));
    assert_eq!(parse("253402300799"), Ok(MAX_MS - 999));
    assert_eq!(parse("Fri, 31 Dec 9999 23:59:59 GMT"), Ok(MAX_MS - 999));
}

#[test]
fn an_obsolete_or_loose_http_date_is_refused() {
    for text in [
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:60 GMT",
        "Sun, 31 Feb 2021 08:49:37 GMT",
        "06 Nov 1994 08:49:37 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
    ] {
        assert!(parse_imf_fixdate(text).is_err(), "{text:?}");
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn unix_seconds_with_anything_else_are_refused() {
    for text in ["", "+1", "-1", "1.0", "1e3", " 1", "1 ", "0x1", "1784111777000", "١", "1_000"] {
        assert!(parse_unix_seconds(text).is_err(), "{text:?}");
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn times_are_written_in_one_form_and_never_out_of_range() {
    assert_eq!(format_rfc3339(1_601_021_700_856), "2020-09-25T08:15:00.856Z");
    assert_eq!(format_rfc3339(1_601_021_700_000), "2020-09-25T08:15:00.000Z");
    assert_eq!(format_imf_fixdate(784_111_777_999), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(format_rfc3339(i64::MIN), "1970-01-01T00:00:00.000Z");
    assert_eq!(format_rfc3339(i64::MAX), "9999-12-31T23:59:59.999Z");
    assert_eq!(format_imf_fixdate(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(format_imf_fixdate(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(ms in 0..=MAX_MS) {
        prop_assert_eq!(parse(&format_rfc3339(ms)), Ok(ms));
        prop_assert_eq!(parse(&format_imf_fixdate(ms)), Ok(ms - ms % 1000));
        prop_assert_eq!(parse(&(ms / 1000).to_string()), Ok(ms - ms % 1000));
    }

    #[test]
    fn no_text_stops_a_reader(text in "\\PC{0,40}") {
        let _ = parse(&text);
        let _ = parse_rfc3339(&text);
        let _ = parse_imf_fixdate(&text);
    }
}
