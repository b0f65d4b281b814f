//! What somebody forgot to say, or said to a sender that has no such thing: the endpoint is not built.

use std::time::Duration;

use countersign::Endpoint;
use countersign::delivery::Delivery;
use countersign::error::{Code, ConfigError};
use countersign::profile::{
    BodySignature, ClaimRules, Demand, Form, Fresh, HttpSignature, Identification, Input, Jose, Nesting, Profile,
    Scheme,
};
use serde_json::json;

use crate::jose_parties::{Bank, in_body, rules};
use crate::parties::{NOW, Sender};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn jose(bank: &Bank, profile: Profile) -> Result<countersign::verify::Verifier, ConfigError> {
    let decrypts = matches!(profile.scheme(), countersign::profile::Scheme::Jose(scheme) if scheme.nesting.decrypts());
    let keys = countersign::keys::KeySet::new(vec![bank.key()]).unwrap();
    let builder = Endpoint::builder("bank", profile).keys(keys);
    if decrypts { builder.decryption_keys(bank.decryption()).verifier() } else { builder.verifier() }
}

fn field<T>(built: Result<T, ConfigError>) -> Option<String> {
    built.err().map(|error| error.field().to_owned())
}

#[test]
fn a_token_of_the_hub_for_somebody_else_that_is_encrypted_anew_for_us_is_refused() {
    let bank = Bank::new();
    let message = |aud: &str| {
        let body = bank.nested(&json!({ "aud": aud }));
        Delivery::new(http::Request::new(body.into()), "", NOW)
    };
    let ours = Profile::cbuae().with_parties(["https://bank.example"], ["urn:us"]);
    let verifier = jose(&bank, ours).unwrap();
    assert!(verifier.verify(&message("urn:us")).is_ok());
    assert_eq!(verifier.verify(&message("urn:them")).unwrap_err().code(), Code::ClaimMismatch);
    let other = Profile::cbuae().with_parties(["https://another.example"], ["urn:us"]);
    assert_eq!(jose(&bank, other).unwrap().verify(&message("urn:us")).unwrap_err().code(), Code::ClaimMismatch);
    // What is given up has to be said.
    assert_eq!(field(jose(&bank, Profile::cbuae())).as_deref(), Some("claims"));
    let anybody = jose(&bank, Profile::cbuae().accepting_tokens_for_others()).unwrap();
    assert!(anybody.verify(&message("urn:them")).is_ok());
}

#[test]
fn a_token_that_is_the_body_needs_an_audience_whatever_its_form() {
    let bank = Bank::new();
    let unnamed = || Some(ClaimRules { aud: Vec::new(), ..rules() });
    let nested = |nesting, claims| {
        let mut scheme = in_body(nesting);
        scheme.claims = claims;
        Profile::jose(scheme, Identification::Fingerprint)
    };
    for nesting in [Nesting::Jws, Nesting::JweOfJws, Nesting::JwsOfJwe] {
        assert_eq!(field(jose(&bank, nested(nesting, unnamed()))).as_deref(), Some("claims"), "{nesting:?}");
        assert!(jose(&bank, nested(nesting, unnamed()).with_parties([], ["urn:us"])).is_ok(), "{nesting:?}");
        let bare = nested(nesting, None).accepting_messages_of_any_age();
        assert_eq!(field(jose(&bank, bare)).as_deref(), Some("claims"), "{nesting:?}");
    }
    for parties in [(["https://bank.example"], [""]), ([""], ["urn:us"])] {
        let empty = nested(Nesting::Jws, unnamed()).with_parties(parties.0, parties.1);
        assert_eq!(field(jose(&bank, empty)).as_deref(), Some("claims"), "{parties:?}");
    }
}

#[test]
fn parties_of_a_sender_that_names_none_are_not_taken_for_a_check() {
    let sender = Sender::new();
    let (builder, _) = sender.endpoint(Profile::worldline().with_parties(["https://bank.example"], ["urn:us"]));
    assert_eq!(field(builder.verifier()).as_deref(), Some("claims"));
    let (builder, _) = sender.endpoint(Profile::worldline().with_issuer("https://bank.example"));
    assert_eq!(field(builder.verifier()).as_deref(), Some("redirect.issuer"));
}

#[test]
fn a_signed_time_that_nobody_names_is_not_left_out_in_silence() {
    let (sender, bank) = (Sender::new(), Bank::new());
    let cavage = || {
        let scheme = HttpSignature::covering(["date", "digest"]);
        Profile::http_signature(scheme, Identification::Fingerprint)
    };
    let built = |profile| field(sender.endpoint(profile).0.verifier());
    assert_eq!(built(cavage()).as_deref(), Some("signature.fresh"));
    assert_eq!(built(cavage().with_tolerance(DAY)).as_deref(), Some("signature.fresh"), "a limit names no time");
    assert_eq!(built(cavage().with_fresh(Fresh::Header("date".into()), DAY)), None);
    assert_eq!(built(cavage().accepting_messages_of_any_age()), None);
    let template = |input: &str| {
        let mut scheme = BodySignature::over_body("x-signature");
        scheme.input = Input::parse(input).unwrap();
        Profile::body_signature(scheme, Identification::Fingerprint)
    };
    for input in ["{header:x-time}.{body}", "{body}.{header:x-time}", "{path}{header:x-id}{body}"] {
        assert_eq!(built(template(input)).as_deref(), Some("signature.fresh"), "{input}");
        assert_eq!(built(template(input).accepting_messages_of_any_age()), None, "{input}");
    }
    assert_eq!(built(template("{header:x-time}.{body}").with_fresh(Fresh::Header("x-time".into()), DAY)), None);
    assert_eq!((built(template("{body}")), built(template("{path}.{body}"))), (None, None), "there is no time in it");
    let mut adjusted = template("{body}");
    let Scheme::Body(scheme) = adjusted.scheme_mut() else { panic!("a signature over the body") };
    scheme.input = Input::parse("{header:x-time}.{body}").unwrap();
    assert_eq!(built(adjusted).as_deref(), Some("signature.fresh"), "what was put in later is asked about too");
    let form = || Form::Detached { header: "x-jws-signature".into(), input: Input::body(), unencoded: false };
    let detached = || Profile::jose(Jose::new(form(), None), Identification::Fingerprint);
    assert_eq!(field(jose(&bank, detached())).as_deref(), Some("signature.fresh"));
    assert_eq!(field(jose(&bank, detached().accepting_messages_of_any_age())), None);
    let endless = || {
        let mut scheme = in_body(Nesting::Jws);
        scheme.claims = Some(ClaimRules { exp: Demand::Optional, ..rules() });
        Profile::jose(scheme, Identification::Fingerprint)
    };
    assert_eq!(field(jose(&bank, endless())).as_deref(), Some("signature.fresh"));
    let expires = Profile::jose(in_body(Nesting::Jws), Identification::Fingerprint);
    assert_eq!((expires.fresh(), field(jose(&bank, expires.clone()))), (&Fresh::Expiry, None));
}

#[test]
fn a_tolerance_that_is_held_against_no_time_is_refused() {
    let (sender, bank) = (Sender::new(), Bank::new());
    let built = |profile| field(sender.endpoint(profile).0.verifier());
    assert_eq!(built(Profile::tribe().with_tolerance(DAY)).as_deref(), Some("tolerance"));
    assert_eq!(built(Profile::worldline().with_fresh(Fresh::Off, DAY)).as_deref(), Some("tolerance"));
    let expires = Profile::jose(in_body(Nesting::Jws), Identification::Fingerprint).with_tolerance(DAY);
    assert_eq!(field(jose(&bank, expires)).as_deref(), Some("tolerance"));
}

#[test]
fn a_token_may_not_live_longer_than_it_is_remembered_whatever_time_is_looked_at() {
    let bank = Bank::new();
    let lives = |days: u32, fresh: Fresh, tolerance| {
        let mut scheme = in_body(Nesting::Jws);
        scheme.claims = Some(ClaimRules { max_lifetime: DAY * days, ..rules() });
        Profile::jose(scheme, Identification::Fingerprint).with_fresh(fresh, tolerance)
    };
    let retain = |profile| field(jose(&bank, profile));
    for fresh in [Fresh::Expiry, Fresh::Off] {
        assert_eq!(retain(lives(30, fresh.clone(), Duration::ZERO)).as_deref(), Some("retain"), "{fresh:?}");
        assert_eq!(retain(lives(1, fresh, Duration::ZERO)), None);
    }
    let iat = || Fresh::Claim("iat".into());
    assert_eq!(retain(lives(30, iat(), DAY)), None, "it is refused after a day");
    assert_eq!(retain(lives(1, iat(), DAY * 30)), None, "it ends after a day");
    assert_eq!(retain(lives(30, iat(), DAY * 30)).as_deref(), Some("retain"));
}

#[test]
fn more_requests_at_once_than_can_be_counted_are_no_panic() {
    let sender = Sender::new();
    let (builder, clock) = sender.endpoint(Profile::worldline());
    assert!(builder.in_flight(usize::MAX).queue(crate::parties::memory(&clock)).build().is_ok());
}

#[test]
fn a_name_or_path_that_could_never_fit_or_could_fit_twice_is_refused() {
    let build = |name: &str, path: &str| {
        let sender = Sender::new();
        let builder = Endpoint::builder(name, Profile::worldline()).path(path).keys(sender.keys());
        let clock = std::sync::Arc::new(countersign::clock::FixedClock::at(NOW));
        builder.queue(crate::parties::memory(&clock)).build()
    };
    for path in ["", "hooks", "/hooks?a=1", "/hooks#a", "/a b", "/%41", "/a//b", "/hooks//", "//"] {
        assert_eq!(field(build("bank", path)).as_deref(), Some("path"), "{path:?}");
    }
    for name in ["", "a/b", "a b", "ä", "a\nb", "a?b"] {
        assert_eq!(field(build(name, "/hooks")).as_deref(), Some("name"), "{name:?}");
    }
    for (path, mounted) in
        [("/", ""), ("/hooks", "/hooks"), ("/hooks/", "/hooks"), ("/v3/notification", "/v3/notification")]
    {
        assert_eq!(build("bank-1_a.b", path).unwrap().path(), mounted);
    }
}
