//! Sends a person to a bank and takes what they come back with: `cargo run --example redirect`, then open the address that
//! it prints.
//!
//! The state is bound to the person's session and good once; the PKCE verifier is kept under the id of the state, so that
//! nobody's code is exchanged with somebody else's. The bank is a stand-in of two links.

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use countersign::clock::SystemClock;
use countersign::crypto::{Algorithm, Digest, Secret, random};
use countersign::dispatch::Dispatch;
use countersign::event::AuthorizationEvent;
use countersign::keys::{Key, KeySet};
use countersign::profile::{Begin, Profile};
use countersign::reply::Reply;
use countersign::state::{Binding, Session, StateIssuer, StateValue};
use countersign::store::{MemoryStore, upkeep};
use countersign::wire::cookie::cookie;
use countersign::wire::encoding::Encoding;
use countersign::wire::query::Query;
use countersign::{Endpoint, Verified};

/// A sibling domain cannot set a cookie of this name, and `SameSite=Lax` lets it come along from the bank's site.
const COOKIE: &str = "__Host-session";

type Failure = Box<dyn Error + Send + Sync>;
/// PKCE verifiers of the authorizations that are under way, by the id of their state, each with when it began.
type Verifiers = Arc<Mutex<HashMap<String, (Instant, String)>>>;
/// Authorizations under way at once: anybody can begin one, and most who do need never come back.
const MOST: usize = 10_000;

struct App {
    issuer: StateIssuer,
    profile: Profile,
    verifiers: Verifiers,
    address: SocketAddr,
}

fn token() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    random(&mut bytes)?;
    Ok(Encoding::Base64Url.encode(&bytes))
}

/// Keeps a verifier as long as its state is good, which is when somebody can come back with it.
fn keep(app: &App, id: &str, verifier: String) -> Result<(), Failure> {
    let mut verifiers = app.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
    if verifiers.len() >= MOST {
        verifiers.retain(|_, (begun, _)| begun.elapsed() < app.profile.tolerance());
    }
    if verifiers.len() >= MOST {
        return Err("expected room for one authorization more, but found too many under way".into());
    }
    verifiers.insert(id.to_owned(), (Instant::now(), verifier));
    Ok(())
}

/// Begins: a session if there is none, a state, and off to the bank.
fn connect(app: &App, headers: &HeaderMap) -> Result<Response, Failure> {
    let mut cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let known = cookies.next().and_then(|value| cookie(value, COOKIE).ok().flatten()).map(str::to_owned);
    let session = known.map_or_else(token, Ok)?;
    let (verifier, binding) = (token()?, Binding::session(&session).ok_or("expected a session, but found none")?);
    let issued = app.issuer.issue(&binding)?;
    let challenge = Encoding::Base64Url.encode(&Digest::sha256_of(verifier.as_bytes()));
    keep(app, issued.id(), verifier)?;
    let url = app.profile.authorization_url(&Begin {
        at: &format!("http://localhost:{}/bank", app.address.port()),
        client_id: "us",
        redirect_uri: &format!("http://localhost:{}/joompay/callback", app.address.port()),
        state: issued.as_str(),
        more: &[("code_challenge", &challenge), ("code_challenge_method", "S256")],
    })?;
    let set = format!("{COOKIE}={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, url), (header::SET_COOKIE, set)]).into_response())
}

async fn begin(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    connect(&app, &headers).unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

/// The bank's page. A state has no letter that means something in HTML.
async fn bank(RawQuery(query): RawQuery) -> Response {
    let query = Query::parse(query.as_deref().unwrap_or_default()).ok();
    let state = query.as_ref().and_then(|query| query.value("state")).filter(|text| StateValue::parse(text).is_ok());
    let Some(state) = state else { return StatusCode::BAD_REQUEST.into_response() };
    Html(format!(
        "<p>May this application see your account?</p>\
         <p><a href=\"/joompay/callback?code=demo-code&amp;state={state}\">Yes</a> \
         <a href=\"/joompay/callback?error=access_denied&amp;state={state}\">No</a></p>"
    ))
    .into_response()
}

/// Runs once for each state, whatever the browser repeats; a copy gets the same page again.
async fn on_authorization(event: Verified<AuthorizationEvent>, verifiers: Verifiers) -> Result<Reply, Failure> {
    let verifier = verifiers.lock().unwrap_or_else(PoisonError::into_inner).remove(&event.reference);
    let Some(code) = &event.code else {
        println!("denied: {:?}", event.error());
        // The page of the endpoint, or the address that it was told.
        return Ok(Reply::accepted());
    };
    let (_, verifier) = verifier.ok_or("expected an authorization that is under way, but found none")?;
    // Here the tokens are asked for, with the code, our client's key and the verifier, within ten minutes.
    println!("granted: a code of {} bytes, a verifier of {}", code.expose().len(), verifier.len());
    Ok(Reply::accepted()
        .with_body("text/html; charset=utf-8", "<!doctype html><title>Connected</title><p>Connected.</p>"))
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let port = std::env::var("PORT").map_or(Ok(8400), |port| port.parse())?;
    let listener = tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let address = listener.local_addr()?;
    // In earnest a secret that all receivers share and that outlives them; several rotate, and the first issues.
    let secret = Secret::new(token()?)?;
    let session = Session::cookie(COOKIE).ok_or("expected the name of a cookie, but found none")?;
    let profile = Profile::joompay().with_session(session);
    let verifiers = Verifiers::default();
    let kept = Arc::clone(&verifiers);
    let handlers = Dispatch::new().on_authorization(move |event| on_authorization(event, Arc::clone(&kept)));
    let store = Arc::new(MemoryStore::new(Arc::new(SystemClock)));
    // A store forgets nothing by itself.
    tokio::spawn(upkeep(store.clone(), std::future::pending()));
    let endpoint = Endpoint::builder("joompay", profile.clone())
        .path("/joompay/callback")
        .keys(KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret)?])?)
        .inline(store, handlers)
        .build()?;
    let issuer = endpoint.state_issuer().ok_or("expected an endpoint of redirects, but found another")?;
    let app = Arc::new(App { issuer, profile, verifiers, address });
    let router = Router::new()
        .route("/connect", get(begin))
        .route("/bank", get(bank))
        .with_state(app)
        .route_service("/joompay/callback", endpoint);
    println!("ready: open http://localhost:{}/connect", address.port());
    axum::serve(listener, router).await?;
    Ok(())
}
