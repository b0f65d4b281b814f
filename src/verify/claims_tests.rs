use super::*;

const NOW: i64 = 1_800_000_000;

fn rules() -> ClaimRules {
    ClaimRules {
        iss: vec!["https://bank.example".into()],
        aud: vec!["urn:receiver:a".into()],
        max_lifetime: Duration::from_secs(3600),
        ..ClaimRules::default()
    }
}

fn with(rules: &ClaimRules, change: &[(&str, &str)]) -> Option<Code> {
    let exp = (NOW + 300).to_string();
    let mut members = vec![("iss", "\"https://bank.example\""), ("aud", "\"urn:receiver:a\""), ("exp", exp.as_str())];
    for (name, value) in change {
        members.retain(|(known, _)| known != name);
        if !value.is_empty() {
            members.push((name, value));
        }
    }
    let text: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let text = format!("{{{}}}", text.join(","));
    let claims = ClaimSet::parse(text.as_bytes()).unwrap();
    check(rules, &claims, Timestamp::from_seconds(NOW)).err().map(|rejection| rejection.code())
}

fn code(name: &str, value: &str) -> Option<Code> {
    with(&rules(), &[(name, value)])
}

#[test]
fn absent_null_wrong_type_and_out_of_range_are_four_refusals_of_every_claim() {
    let strict = ClaimRules { nbf: Demand::Required, iat: Demand::Required, jti: Demand::Required, ..rules() };
    let now = NOW.to_string();
    let good = [("nbf", now.as_str()), ("iat", now.as_str()), ("jti", "\"a\"")];
    assert_eq!(with(&strict, &good), None);
    for (name, wrong, outside) in [
        ("iss", "1", "\"\""),
        ("aud", "1", "[]"),
        ("exp", "\"1800000300\"", "-1"),
        ("nbf", "\"99999999999\"", "9223372036854775808"),
        ("iat", "1.8e9", "-5"),
        ("jti", "7", "\"\""),
    ] {
        let found = |value| with(&strict, &[good.as_slice(), &[(name, value)]].concat());
        assert_eq!(found(""), Some(Code::ClaimMissing), "{name} absent");
        assert_eq!(found("null"), Some(Code::ClaimNull), "{name} null");
        assert_eq!(found(wrong), Some(Code::ClaimTypeWrong), "{name} {wrong}");
        assert_eq!(found(outside), Some(Code::ClaimOutOfRange), "{name} {outside}");
    }
}

#[test]
fn a_claim_that_is_not_demanded_has_to_be_right_all_the_same() {
    let lax = ClaimRules { exp: Demand::Optional, iss: Vec::new(), aud: Vec::new(), ..rules() };
    assert_eq!(with(&lax, &[("exp", ""), ("iss", ""), ("aud", "")]), None);
    for (name, value) in [("exp", "null"), ("nbf", "\"1\""), ("iat", "{}"), ("jti", "[]"), ("iss", "1"), ("aud", "1")] {
        assert!(with(&lax, &[(name, value)]).is_some(), "{name} {value}");
    }
}

#[test]
fn an_issuer_is_compared_byte_for_byte() {
    for value in
        ["\"https://bank\"", "\"HTTPS://BANK.EXAMPLE\"", "\"https://bank.example/\"", "\"https://bank.example \""]
    {
        assert_eq!(code("iss", value), Some(Code::ClaimMismatch), "{value}");
    }
    assert_eq!(code("iss", "[\"https://bank.example\"]"), Some(Code::ClaimTypeWrong));
}

#[test]
fn an_audience_has_to_name_us_whole() {
    assert_eq!(code("aud", "[\"urn:other\",\"urn:receiver:a\"]"), None);
    for value in ["\"urn:receiver:\"", "\"urn:receiver:ab\"", "[\"urn:other\"]"] {
        assert_eq!(code("aud", value), Some(Code::ClaimMismatch), "{value}");
    }
}

#[test]
fn a_token_ends_after_its_leeway_and_lives_no_longer_than_allowed() {
    let at = |seconds: i64| code("exp", &(NOW + seconds).to_string());
    assert_eq!(at(-60), None);
    assert_eq!(at(-61), Some(Code::TokenExpired));
    assert_eq!(at(3660), None);
    assert_eq!(at(3661), Some(Code::TokenLifetimeTooLong));
    assert_eq!(at(315_360_000), Some(Code::TokenLifetimeTooLong));
    assert_eq!(code("iat", &(NOW - 864_000).to_string()), Some(Code::TokenLifetimeTooLong));
    let strict = ClaimRules { leeway: Duration::ZERO, ..rules() };
    assert_eq!(with(&strict, &[("exp", &NOW.to_string())]), Some(Code::TokenExpired));
    assert_eq!(with(&strict, &[("exp", &(NOW + 1).to_string())]), None);
}

#[test]
fn a_token_that_begins_later_is_refused() {
    let at = |name: &str, seconds: i64| code(name, &(NOW + seconds).to_string());
    assert_eq!(at("nbf", 60), None);
    assert_eq!(at("nbf", 61), Some(Code::TokenNotYetValid));
    assert_eq!(at("iat", 60), None);
    assert_eq!(at("iat", 61), Some(Code::TimestampFuture));
}

#[test]
fn a_token_for_another_place_is_refused() {
    let event = ClaimRules { required: vec!["message".into()], ..rules() };
    assert_eq!(with(&event, &[]), Some(Code::ClaimMissing));
    assert_eq!(with(&event, &[("message", "{}")]), None);
    let caller = ClaimRules { refused: vec!["message".into()], ..rules() };
    assert_eq!(with(&caller, &[("message", "null")]), Some(Code::ClaimUnexpected));
}
