use super::*;

fn parse(json: &str) -> Result<JoseHeader, GrammarError> {
    JoseHeader::parse(&Encoding::Base64Url.encode(json.as_bytes()))
}

#[test]
fn a_header_names_its_key_and_algorithm() {
    let header = parse(r#"{"alg":"PS256","kid":"hub-1","typ":"JWT","cty":"application/jwt"}"#).unwrap();
    assert_eq!((&*header.alg, header.kid.as_deref()), ("PS256", Some("hub-1")));
    assert!(header.b64 && header.holds_jwt() && header.critical.is_empty());
    assert_eq!(header.typ_is(&["jwt".into()]), Some(true));
    assert_eq!(header.typ_is(&["at+jwt".into()]), Some(false));
}

#[test]
fn a_header_that_brings_a_key_packs_or_stretches_is_refused() {
    for member in [r#""jwk":{}"#, r#""x5c":["MIIB"]"#, r#""zip":"DEF""#, r#""p2c":1"#, r#""p2s":"AA""#, r#""zip":null"#]
    {
        assert!(parse(&format!(r#"{{"alg":"RS256",{member}}}"#)).is_err(), "{member}");
    }
}

#[test]
fn an_address_of_keys_is_handed_out_to_be_compared() {
    let header = parse(r#"{"alg":"ES512","jku":"https://keys.example/jwks"}"#).unwrap();
    assert_eq!(header.addresses, [Box::from("https://keys.example/jwks")]);
}

#[test]
fn every_sentence_about_crit_is_kept() {
    let with = |rest: &str| parse(&format!(r#"{{"alg":"RS256",{rest}}}"#));
    for rest in [
        r#""crit":[]"#,
        r#""crit":"exp","exp":1"#,
        r#""crit":["x"]"#,
        r#""crit":[null]"#,
        r#""crit":["x","x"],"x":1"#,
        r#""crit":["alg"]"#,
        r#""crit":["crit"]"#,
        r#""crit":null"#,
        r#""crit":{"x":1},"x":1"#,
        r#""crit":["a","b","c","d","e","f","g","h","i"],"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1"#,
    ] {
        assert!(with(rest).is_err(), "{rest}");
    }
    let header = with(r#""crit":["x"],"x":"y""#).unwrap();
    assert_eq!(header.critical, [Box::from("x")]);
    assert!(header.extension_is("x", "y") && !header.extension_is("x", "z"));
}

#[test]
fn b64_counts_only_as_a_boolean_that_crit_lists() {
    assert!(!parse(r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#).unwrap().b64);
    assert!(parse(r#"{"alg":"RS256","b64":true,"crit":["b64"]}"#).unwrap().b64);
    for header in [
        r#"{"alg":"RS256","b64":false}"#,
        r#"{"alg":"RS256","b64":true}"#,
        r#"{"alg":"RS256","b64":"false","crit":["b64"]}"#,
        r#"{"alg":"RS256","b64":0,"crit":["b64"]}"#,
        r#"{"alg":"RS256","b64":null,"crit":["b64"]}"#,
        r#"{"alg":"RS256","crit":["b64"]}"#,
        r#"{"alg":"RS256","b64":"false"}"#,
    ] {
        assert!(parse(header).is_err(), "{header}");
    }
}

#[test]
fn a_member_of_another_type_is_refused() {
    for header in [
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":true}"#,
        r#"{"alg":["RS256"]}"#,
        r#"{"alg":"RS256","kid":1}"#,
        r#"{"alg":"RS256","kid":["a"]}"#,
        r#"{"alg":"RS256","kid":null}"#,
        r#"{"alg":"RS256","typ":1}"#,
        r#"{"alg":"none","alg":"RS256"}"#,
        r#"["RS256"]"#,
    ] {
        assert!(parse(header).is_err(), "{header}");
    }
}

#[test]
fn an_ephemeral_key_is_public_and_of_its_length() {
    let x = Encoding::Base64Url.encode(&[1; 32]);
    let epk = |members: String| parse(&format!(r#"{{"alg":"ECDH-ES","enc":"A128GCM","epk":{{{members}}}}}"#));
    assert!(epk(format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{x}""#)).is_ok());
    assert!(epk(format!(r#""kty":"OKP","crv":"X25519","x":"{x}""#)).is_ok());
    for members in [
        format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{x}","d":"{x}""#),
        format!(r#""kty":"EC","crv":"P-256","x":"{x}""#),
        format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"AAAA""#),
        format!(r#""kty":"EC","crv":"secp256k1","x":"{x}","y":"{x}""#),
        format!(r#""kty":"OKP","crv":"X25519","x":"{x}","x":"{x}""#),
        String::new(),
    ] {
        assert!(epk(members.clone()).is_err(), "{members}");
    }
}

#[test]
fn a_long_header_is_refused_before_it_is_decoded() {
    assert!(JoseHeader::parse(&"A".repeat(4097)).is_err());
}
