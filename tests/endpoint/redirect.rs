//! A browser that comes back from a bank: what it needs to be let in, once, and what it sees.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign::Endpoint;
use countersign::clock::FixedClock;
use countersign::crypto::{Algorithm, Secret};
use countersign::delivery::Delivery;
use countersign::dispatch::Dispatch;
use countersign::endpoint::{EndpointBuilder, Outcome, Undecided};
use countersign::error::Code;
use countersign::event::{AuthorizationError, AuthorizationEvent, AuthorizationOutcome, EventType};
use countersign::inbox::{RetryPlan, Worker};
use countersign::keys::{Key, KeyId, KeySet};
use countersign::profile::{Address, Page, Profile, Scheme, UnknownParameters};
use countersign::reply::Reply;
use countersign::state::{Binding, ExtractBinding, Session, StateIssuer};
use countersign::store::{MemoryStore, Store};
use countersign::{Event, Verified};
use http::Request;
use http_body_util::Full;

use crate::parties::{Answer, Counter, NOW, memory, post};

const OURS: &str = "our secret for states, 32 bytes!";
const COOKIE: &str = "__Host-session";
const PERSON: &str = "session-of-a-person";

fn key(secret: &str, id: &str) -> Key {
    let secret = Secret::new(secret).unwrap();
    Key::secret(Algorithm::Hs256, &secret).unwrap().with_id(KeyId::new(id).unwrap())
}

fn keys(secrets: &[&str]) -> KeySet {
    KeySet::new(secrets.iter().enumerate().map(|(number, secret)| key(secret, &format!("s{number}"))).collect())
        .unwrap()
}

fn joompay() -> Profile {
    Profile::joompay().with_session(Session::cookie(COOKIE).unwrap())
}

fn builder(profile: Profile) -> (EndpointBuilder<Undecided>, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(NOW));
    let builder = Endpoint::builder("bank", profile).path("/back").keys(keys(&[OURS])).clock(clock.clone());
    (builder, clock)
}

/// An endpoint in queue mode, what it keeps, and its clock.
struct Bank {
    endpoint: Endpoint,
    store: Arc<MemoryStore>,
    clock: Arc<FixedClock>,
}

impl Bank {
    fn new(profile: Profile) -> Self {
        let (builder, clock) = builder(profile);
        let store = memory(&clock);
        Self { endpoint: builder.queue(store.clone()).build().unwrap(), store, clock }
    }

    /// A state for a person's session.
    fn state(&self) -> String {
        self.state_for(PERSON)
    }

    fn state_for(&self, session: &str) -> String {
        let issuer = self.endpoint.state_issuer().unwrap();
        issuer.issue(&Binding::session(session).unwrap()).unwrap().as_str().to_owned()
    }

    async fn back(&self, query: &str) -> Answer {
        post(&self.endpoint, browser(query, &format!("{COOKIE}={PERSON}"))).await
    }

    /// What reached the store: accepted, and kept for inspection.
    async fn kept(&self) -> (u64, u64) {
        let stats = self.store.stats().await.unwrap();
        (stats.ready, stats.quarantined)
    }
}

fn browser(query: &str, cookies: &str) -> Request<Full<Bytes>> {
    let mut request = Request::get(format!("/back?{query}")).header("host", "tpp.example");
    if !cookies.is_empty() {
        request = request.header("cookie", cookies);
    }
    request.body(Full::default()).unwrap()
}

fn refused(code: Code) -> Outcome {
    Outcome::Refused(code)
}

/// Whether an answer is safe to show in the browser that asked.
fn assert_safe(answer: &Answer) {
    let header = |name: &str| answer.headers[name].to_str().unwrap();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert!(header("content-security-policy").starts_with("default-src 'none'; base-uri 'none'; form-action 'none'"));
    assert_eq!((header("x-content-type-options"), header("x-frame-options")), ("nosniff", "DENY"));
    assert!(answer.headers.get_all("set-cookie").iter().next().is_none());
}

async fn delivered(bank: &Bank) -> Vec<AuthorizationEvent> {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let handler = Dispatch::new().on_authorization(move |event: Verified<AuthorizationEvent>| {
        into.lock().unwrap().push(event.into_inner());
        async {}
    });
    let (store, decoder) = (bank.store.clone(), bank.endpoint.decoder());
    Worker::new(store, "bank", decoder, bank.clock.clone(), RetryPlan::default(), handler).round().await.unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test]
async fn a_person_who_comes_back_with_a_code_is_exactly_one_event() {
    let bank = Bank::new(joompay());
    let issued = bank.endpoint.state_issuer().unwrap().issue(&Binding::session(PERSON).unwrap()).unwrap();
    let query = format!("state={}&code=c%2B1", issued.as_str());
    let answer = bank.back(&query).await;
    assert_eq!((answer.status, answer.outcome), (200, Outcome::Accepted));
    assert_safe(&answer);
    // A reload, and one by hand.
    for _ in 0..3 {
        let again = bank.back(&query).await;
        assert_eq!((again.status, again.outcome, &again.body), (200, Outcome::Duplicate, &answer.body));
        assert_safe(&again);
    }
    assert_eq!(bank.kept().await, (1, 0));
    let events = delivered(&bank).await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event.outcome, AuthorizationOutcome::Granted);
    assert_eq!((event.reference.as_str(), event.code.as_ref().unwrap().expose()), (issued.id(), "c+1"));
    assert_eq!((event.code_lifetime, event.content.as_ref()), (Some(Duration::from_secs(600)), query.as_bytes()));
    assert_eq!(Event::Authorization(Box::new(event.clone())).event_type(), EventType::AuthorizationGranted);
    let shown = format!("{}{:?}", String::from_utf8_lossy(&answer.body), answer.headers);
    assert!(!shown.contains("c+1") && !shown.contains("c%2B1") && !shown.contains(issued.as_str()), "{shown}");
}

#[tokio::test]
async fn a_forged_expired_reused_or_foreign_state_is_refused_with_the_same_page() {
    let bank = Bank::new(joompay());
    let other_endpoint = Bank {
        endpoint: Endpoint::builder("bank-b", joompay())
            .path("/back")
            .keys(keys(&[OURS]))
            .clock(bank.clock.clone())
            .queue(bank.store.clone())
            .build()
            .unwrap(),
        store: bank.store.clone(),
        clock: bank.clock.clone(),
    };
    let stranger = StateIssuer::new("bank", keys(&["a secret that we have never had!"]), bank.clock.clone()).unwrap();
    let forged = stranger.issue(&Binding::session(PERSON).unwrap()).unwrap().as_str().to_owned();
    let unbound = bank.endpoint.state_issuer().unwrap();
    let unbound = unbound.issue(&Binding::to_nobody_i_accept_login_csrf()).unwrap().as_str().to_owned();
    let used = bank.state();
    assert_eq!(bank.back(&format!("state={used}&code=a")).await.outcome, Outcome::Accepted);
    let old = bank.state();
    bank.clock.set(NOW.after(Duration::from_secs(15 * 60)));
    assert_eq!(bank.back(&format!("state={old}&code=a")).await.outcome, Outcome::Accepted, "at the last second");
    bank.clock.set(NOW);
    let late = bank.state();
    let mut pages = Vec::new();
    for (state, code, after) in [
        (forged, Code::StateMismatch, 0),
        (other_endpoint.state(), Code::StateMismatch, 0),
        (bank.state_for("session-of-somebody-else"), Code::StateMismatch, 0),
        (unbound, Code::StateMismatch, 0),
        (used, Code::IdConflict, 0),
        (late, Code::StateExpired, 901),
        ("UseTheForce".to_owned(), Code::StateMalformed, 0),
        (String::new(), Code::StateMissing, 0),
    ] {
        bank.clock.set(NOW.after(Duration::from_secs(after)));
        let answer = bank.back(&format!("state={state}&code=another-code")).await;
        assert_eq!(answer.outcome, refused(code), "{state}");
        assert_eq!(answer.status, if code == Code::IdConflict { 422 } else { 401 });
        assert_safe(&answer);
        pages.push((code, answer.body, answer.headers["content-type"].clone()));
    }
    let (_, first, kind) = &pages[0];
    assert!(pages.iter().all(|(_, page, other)| page == first && other == kind), "{pages:?}");
    assert!(String::from_utf8_lossy(first).contains("begin again"));
    // The one with another code is kept for inspection, as every conflict; nothing else left a trace.
    assert_eq!(bank.kept().await, (2, 1));
}

#[tokio::test]
async fn any_flipped_bit_of_state_or_session_is_refused_and_changes_nothing() {
    let bank = Bank::new(joompay());
    let state = bank.state();
    let mut tried = 0;
    let flipped = |text: &str, at: usize, bit: u8| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1 << bit;
        String::from_utf8(bytes).ok()
    };
    for (at, bit) in (0..state.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let Some(other) = flipped(&state, at, bit) else { continue };
        let Ok(uri) = format!("/back?code=a&state={other}").parse::<http::Uri>() else { continue };
        let mut request = browser("", &format!("{COOKIE}={PERSON}"));
        *request.uri_mut() = uri;
        let outcome = post(&bank.endpoint, request).await.outcome;
        assert!(matches!(outcome, Outcome::Refused(_)), "byte {at} bit {bit}: {other}");
        tried += 1;
    }
    for (at, bit) in (0..PERSON.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let cookie = flipped(PERSON, at, bit).and_then(|other| format!("{COOKIE}={other}").parse().ok());
        let Some(cookie) = cookie else { continue };
        let mut request = browser(&format!("state={state}&code=a"), "");
        request.headers_mut().insert("cookie", cookie);
        let outcome = post(&bank.endpoint, request).await.outcome;
        assert!(matches!(outcome, Outcome::Refused(_)), "byte {at} bit {bit}");
        tried += 1;
    }
    assert!(tried > 500, "{tried}");
    assert_eq!(bank.kept().await, (0, 0));
    assert_eq!(bank.back(&format!("code=a&state={state}")).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn however_many_codes_come_under_one_state_one_event_and_one_conflict_are_kept() {
    let bank = Bank::new(joompay());
    let state = bank.state();
    for number in 0..50 {
        let outcome = bank.back(&format!("state={state}&code=code-{number}")).await.outcome;
        let expected = if number == 0 { Outcome::Accepted } else { refused(Code::IdConflict) };
        assert_eq!(outcome, expected, "{number}");
    }
    assert_eq!(bank.kept().await, (1, 1));
    assert_eq!(delivered(&bank).await[0].code.as_ref().unwrap().expose(), "code-0");
}

#[tokio::test]
async fn a_state_of_a_clock_ahead_is_taken_for_a_minute_and_not_longer() {
    let bank = Bank::new(joompay());
    for (ahead, outcome) in [(60, Outcome::Accepted), (61, refused(Code::TimestampFuture))] {
        bank.clock.set(NOW.after(Duration::from_secs(ahead)));
        let state = bank.state();
        bank.clock.set(NOW);
        assert_eq!(bank.back(&format!("state={state}&code=a")).await.outcome, outcome, "{ahead}");
    }
}

#[tokio::test]
async fn without_the_session_or_with_two_of_them_nobody_is_let_in() {
    let bank = Bank::new(joompay());
    let state = bank.state();
    let query = format!("state={state}&code=a");
    for (cookies, code) in [
        (String::new(), Code::SessionMissing),
        ("other=1".to_owned(), Code::SessionMissing),
        (format!("{}={PERSON}", COOKIE.to_lowercase()), Code::SessionMissing),
        (format!("{COOKIE}="), Code::SessionMalformed),
        // A sibling domain sets a second cookie of the name, before or behind.
        (format!("{COOKIE}=evil; {COOKIE}={PERSON}"), Code::SessionMalformed),
        (format!("{COOKIE}={PERSON}; a=b; {COOKIE}=evil"), Code::SessionMalformed),
        (format!("{COOKIE}={PERSON}x"), Code::StateMismatch),
    ] {
        assert_eq!(post(&bank.endpoint, browser(&query, &cookies)).await.outcome, refused(code), "{cookies}");
    }
    let mut twice = browser(&query, &format!("{COOKIE}={PERSON}"));
    twice.headers_mut().append("cookie", "a=b".parse().unwrap());
    assert_eq!(post(&bank.endpoint, twice).await.outcome, refused(Code::SessionMalformed));
    assert_eq!(bank.kept().await, (0, 0));
    // In HTTP/2 a browser may cut its cookies into several fields.
    let mut crumbs = browser(&query, "a=b");
    *crumbs.version_mut() = http::Version::HTTP_2;
    *crumbs.uri_mut() = format!("https://tpp.example/back?{query}").parse().unwrap();
    crumbs.headers_mut().append("cookie", format!("{COOKIE}={PERSON}").parse().unwrap());
    assert_eq!(post(&bank.endpoint, crumbs).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn a_query_with_two_readings_is_refused_and_touches_no_store() {
    let bank = Bank::new(joompay());
    let state = bank.state();
    for query in [
        format!("state={state}&code=a&code=b"),
        format!("state={state}&state={state}&code=a"),
        format!("state={state}&code=a&error=access_denied"),
        format!("state={state}"),
        format!("state={state}&code="),
        format!("state={state}&code=%zz"),
        format!("state={state}&code=%00"),
        format!("state={state}&code=a&&x=1"),
        format!("state={state}&code={}", "a".repeat(2049)),
        format!("state={state}&code=a&x={}", "a".repeat(8200)),
        format!("state={state}&code=a&{}", (0..40).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join("&")),
    ] {
        let answer = bank.back(&query).await;
        assert_eq!(answer.outcome, refused(Code::QueryMalformed), "{query}");
        assert_safe(&answer);
    }
    let mut with_body = browser(&format!("state={state}&code=a"), &format!("{COOKIE}={PERSON}"));
    *with_body.body_mut() = Full::new(Bytes::from_static(b"code=b"));
    assert_eq!(post(&bank.endpoint, with_body).await.outcome, refused(Code::QueryMalformed));
    for (method, path) in [("POST", "/back"), ("HEAD", "/back"), ("PUT", "/back")] {
        let uri = format!("{path}?state={state}&code=a");
        let request = Request::builder().method(method).uri(uri).header("host", "x").body(Full::default()).unwrap();
        let answer = post(&bank.endpoint, request).await;
        assert_eq!(
            (answer.outcome, answer.headers["allow"].to_str().unwrap()),
            (refused(Code::MethodNotAllowed), "GET")
        );
        assert_safe(&answer);
    }
    assert_eq!(bank.kept().await, (0, 0));
    assert_eq!(
        bank.back(&format!("state={state}&code=a")).await.outcome,
        Outcome::Accepted,
        "none of it used the state up"
    );
}

#[tokio::test]
async fn the_answer_of_another_bank_is_refused_where_the_issuer_is_known() {
    let bank = Bank::new(
        Profile::redirect().with_session(Session::cookie(COOKIE).unwrap()).with_issuer("https://bank.example"),
    );
    let state = bank.state();
    for more in [
        "",
        "&iss=",
        "&iss=https%3A%2F%2Fevil.example",
        "&iss=https%3A%2F%2Fbank.example%2F",
        "&iss=HTTPS://bank.example",
    ] {
        let answer = bank.back(&format!("state={state}&code=a{more}")).await;
        assert_eq!(answer.outcome, refused(Code::IssuerMismatch), "{more}");
    }
    let answer = bank.back(&format!("state={state}&code=a&iss=https%3A%2F%2Fbank.example")).await;
    assert_eq!(answer.outcome, Outcome::Accepted);
    // Also where the bank says no (RFC 9207 section 2.4).
    let state = bank.state();
    let denied = bank.back(&format!("state={state}&error=access_denied")).await;
    assert_eq!(denied.outcome, refused(Code::IssuerMismatch));
}

#[tokio::test]
async fn unknown_parameters_mean_nothing_or_are_refused_as_said() {
    let bank = Bank::new(joompay());
    let answer = bank.back(&format!("state={}&code=a&session_state=x&scope=y", bank.state())).await;
    assert_eq!(answer.outcome, Outcome::Accepted);
    let mut strict = joompay();
    if let Scheme::Redirect(scheme) = strict.scheme_mut() {
        scheme.unknown = UnknownParameters::Refused;
    }
    let bank = Bank::new(strict);
    let answer = bank.back(&format!("state={}&code=a&scope=y", bank.state())).await;
    assert_eq!(answer.outcome, refused(Code::QueryMalformed));
}

#[tokio::test]
async fn a_person_or_a_bank_that_says_no_is_an_event_too() {
    let bank = Bank::new(Profile::younify().with_session(Session::cookie(COOKIE).unwrap()));
    let query = format!("state={}&error=access_denied&error_description=The+user+said+no", bank.state());
    let answer = bank.back(&query).await;
    assert_eq!((answer.status, answer.outcome), (200, Outcome::Accepted));
    assert!(!String::from_utf8_lossy(&answer.body).contains("The user"), "what the bank says is not on the page");
    let events = delivered(&bank).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].outcome, AuthorizationOutcome::Denied);
    assert_eq!(events[0].error(), Some(AuthorizationError::AccessDenied));
    assert_eq!(events[0].message.as_deref(), Some("The user said no"));
    let tribe = Bank::new(Profile::tribe_redirect().with_session(Session::cookie(COOKIE).unwrap()));
    for (more, granted) in
        [("status=ACSC&payment_id=p-1", true), ("status=CANC&payment_id=p-1&message=declined", false)]
    {
        assert_eq!(tribe.back(&format!("state={}&{more}", tribe.state())).await.outcome, Outcome::Accepted);
        let event = delivered(&tribe).await.remove(0);
        assert_eq!(
            (event.outcome == AuthorizationOutcome::Granted, event.payment_id.as_deref()),
            (granted, Some("p-1"))
        );
    }
}

#[tokio::test]
async fn a_person_is_sent_only_where_the_configuration_says() {
    let page = |done: &str, failed: &str| Page { done: Address::parse(done).ok(), failed: Address::parse(failed).ok() };
    let bank = Bank::new(joompay().with_dialect(Arc::new(page("https://app.example/done?a=1", "/failed"))));
    let query = format!(
        "state={}&code=a&done=https%3A%2F%2Fevil.example&redirect_uri=https%3A%2F%2Fevil.example",
        bank.state()
    );
    for outcome in [Outcome::Accepted, Outcome::Duplicate] {
        let answer = bank.back(&query).await;
        assert_eq!((answer.status, answer.outcome), (303, outcome));
        assert_eq!(answer.headers["location"], "https://app.example/done?a=1");
        assert!(answer.body.is_empty());
        assert_safe(&answer);
    }
    let answer = bank.back(&format!("state={}&error=server_error", bank.state())).await;
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (303, "/failed"));
    let answer = bank.back("state=forged&code=a").await;
    assert_eq!(answer.status, 401);
    assert!(answer.headers.get_all("location").iter().next().is_none(), "a refusal sends nobody anywhere");
    assert!(String::from_utf8_lossy(&answer.body).contains("<a href=\"/failed\""));
}

#[tokio::test]
async fn secrets_rotate_without_a_person_noticing() {
    let clock = Arc::new(FixedClock::at(NOW));
    let store = memory(&clock);
    let endpoint = |secrets: &[&str]| {
        let builder = Endpoint::builder("bank", joompay()).path("/back").keys(keys(secrets)).clock(clock.clone());
        builder.queue(store.clone()).build().unwrap()
    };
    let (old, new) = ("the old secret, that is going out", "the new secret, that comes in now");
    let (before, during, after) = (endpoint(&[old]), endpoint(&[new, old]), endpoint(&[new]));
    let issue = |endpoint: &Endpoint| {
        endpoint.state_issuer().unwrap().issue(&Binding::session(PERSON).unwrap()).unwrap().as_str().to_owned()
    };
    let (one, two) = (issue(&before), issue(&during));
    let back = |endpoint: &Endpoint, state: &str| {
        let (endpoint, query) = (endpoint.clone(), format!("state={state}&code=a"));
        async move { post(&endpoint, browser(&query, &format!("{COOKIE}={PERSON}"))).await.outcome }
    };
    assert_eq!(back(&before, &two).await, refused(Code::StateMismatch), "not known there yet");
    assert_eq!(back(&after, &one).await, refused(Code::StateMismatch), "not known there any more");
    assert_eq!(back(&during, &one).await, Outcome::Accepted);
    assert_eq!(back(&after, &two).await, Outcome::Accepted);
    assert_eq!(back(&during, &two).await, Outcome::Duplicate, "one use, whichever receiver");
}

#[derive(Debug)]
struct Login;

impl ExtractBinding for Login {
    fn binding(&self, delivery: &Delivery) -> Option<Binding> {
        Binding::session(delivery.header("x-login").ok()??)?.with_transaction("challenge-1")
    }
}

#[tokio::test]
async fn a_session_of_ones_own_and_a_transaction_bind_as_a_cookie_does() {
    let bank = Bank::new(Profile::joompay().with_session(Session::extracted(Login)));
    let issuer = bank.endpoint.state_issuer().unwrap();
    let bound = |challenge: &str| {
        let binding = Binding::session("ada").unwrap().with_transaction(challenge).unwrap();
        issuer.issue(&binding).unwrap().as_str().to_owned()
    };
    let back = |state: &str, login: &str| {
        let mut request = browser(&format!("state={state}&code=a"), "");
        request.headers_mut().insert("x-login", login.parse().unwrap());
        request
    };
    let (one, two) = (bound("challenge-1"), bound("challenge-2"));
    assert_eq!(
        post(&bank.endpoint, back(&two, "ada")).await.outcome,
        refused(Code::StateMismatch),
        "another authorization"
    );
    assert_eq!(post(&bank.endpoint, back(&one, "bob")).await.outcome, refused(Code::StateMismatch));
    assert_eq!(
        post(&bank.endpoint, browser(&format!("state={one}&code=a"), "")).await.outcome,
        refused(Code::SessionMissing)
    );
    assert_eq!(post(&bank.endpoint, back(&one, "ada")).await.outcome, Outcome::Accepted);
    let session = Session::cookie(COOKIE).unwrap().with_transaction_cookie("__Host-challenge").unwrap();
    let bank = Bank::new(Profile::joompay().with_session(session));
    let binding = Binding::session(PERSON).unwrap().with_transaction("c").unwrap();
    let state = bank.endpoint.state_issuer().unwrap().issue(&binding).unwrap();
    let query = format!("state={}&code=a", state.as_str());
    assert_eq!(bank.back(&query).await.outcome, refused(Code::SessionMissing));
    let cookies = format!("__Host-challenge=c; {COOKIE}={PERSON}");
    assert_eq!(post(&bank.endpoint, browser(&query, &cookies)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn inline_the_handler_answers_the_person_and_a_failure_can_be_reloaded() {
    let (builder, clock) = builder(joompay());
    let calls = Counter::default();
    let counted = calls.clone();
    let handler = Dispatch::new().on_authorization(move |_| {
        let counted = counted.clone();
        async move {
            if counted.up() == 0 {
                return Err("the bank did not give a token");
            }
            Ok(Reply::accepted().with_body("text/html", "<p>Welcome back</p>"))
        }
    });
    let store = memory(&clock);
    let endpoint = builder.inline(store, handler).build().unwrap();
    let state = endpoint.state_issuer().unwrap().issue(&Binding::session(PERSON).unwrap()).unwrap();
    let back = || browser(&format!("state={}&code=a", state.as_str()), &format!("{COOKIE}={PERSON}"));
    let failed = post(&endpoint, back()).await;
    assert_eq!((failed.status, failed.outcome), (500, refused(Code::HandlerFailed)));
    assert!(!String::from_utf8_lossy(&failed.body).contains("token"));
    for outcome in [Outcome::Accepted, Outcome::Duplicate] {
        let answer = post(&endpoint, back()).await;
        assert_eq!((answer.status, answer.outcome, answer.body.as_ref()), (200, outcome, &b"<p>Welcome back</p>"[..]));
        assert_safe(&answer);
    }
    assert_eq!(calls.count(), 2);
}

#[test]
fn what_leaves_a_door_open_does_not_build() {
    let build = |profile: Profile, keys: Option<KeySet>| {
        let clock = Arc::new(FixedClock::at(NOW));
        let mut builder = Endpoint::builder("bank", profile).path("/back").clock(clock.clone());
        if let Some(keys) = keys {
            builder = builder.keys(keys);
        }
        builder.queue(memory(&clock)).build().map(drop).map_err(|error| error.field().to_owned())
    };
    assert_eq!(build(Profile::joompay(), Some(keys(&[OURS]))), Err("redirect".to_owned()), "no session");
    assert_eq!(build(joompay(), None), Err("keys".to_owned()));
    let public =
        countersign::keys::file::read(Default::default(), include_bytes!("../../keys/tribe/signing.pub.pem"), None);
    assert_eq!(build(joompay(), Some(KeySet::new(public.unwrap()).unwrap())), Err("keys".to_owned()));
    let five: Vec<String> = (0..5).map(|number| format!("our secret for states, number {number}.")).collect();
    let five: Vec<&str> = five.iter().map(String::as_str).collect();
    assert_eq!(build(joompay(), Some(keys(&five))), Err("keys".to_owned()));
    for seconds in [0, 59, 86_401] {
        let profile = joompay().with_tolerance(Duration::from_secs(seconds));
        assert_eq!(build(profile, Some(keys(&[OURS]))), Err("redirect.lifetime".to_owned()), "{seconds}");
    }
    let clock = Arc::new(FixedClock::at(NOW));
    let bearer = Endpoint::builder("bank", joompay()).keys(keys(&[OURS])).bearer(Secret::new(OURS).unwrap());
    assert_eq!(bearer.queue(memory(&clock)).build().unwrap_err().field(), "bearer");
    assert_eq!(build(Profile::joompay().with_session(Session::Unbound), Some(keys(&[OURS]))), Ok(()), "said aloud");
    assert!(Session::cookie("a b").is_none() && Session::cookie("").is_none());
}

#[tokio::test]
async fn a_state_of_a_secret_that_is_distrusted_lets_nobody_in() {
    let issued = Bank::new(joompay()).state();
    let (builder, clock) = builder(joompay());
    let endpoint = builder.distrust("s0").queue(memory(&clock)).build().unwrap();
    let back = |state: &str| browser(&format!("state={state}&code=c-1"), &format!("{COOKIE}={PERSON}"));
    assert_eq!(post(&endpoint, back(&issued)).await.outcome, refused(Code::KeyDistrusted));
    let stranger = StateIssuer::new("bank", keys(&["a secret that we have never had!"]), clock).unwrap();
    let forged = stranger.issue(&Binding::session(PERSON).unwrap()).unwrap();
    assert_eq!(
        post(&endpoint, back(forged.as_str())).await.outcome,
        refused(Code::StateMismatch),
        "none of its states"
    );
}
