//! `state`: issues a state for an endpoint of redirects, as the application would, to try the way back with. It needs the
//! endpoint with its secrets, and nothing that runs.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::profile::{Begin, Scheme};
use crate::server::config::EndpointSettings;
use crate::state::{Binding, Session, StateIssuer};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign state --endpoint joompay --session demo-session
  countersign state --endpoint younify --session demo-session --at https://bank.example/auth/authorize \\
      --client-id us --redirect-uri https://us.example/younify/callback --with user_id=72513 --with bank_id=1023")]
pub(super) struct State {
    /// The endpoint that the browser will come back to.
    #[arg(long, value_name = "NAME")]
    endpoint: String,
    /// What the cookie of the session will hold.
    #[arg(long, value_name = "VALUE")]
    session: Option<String>,
    /// What the cookie of the transaction will hold, where the endpoint has one.
    #[arg(long, value_name = "VALUE")]
    transaction: Option<String>,
    /// The bank's authorization page: prints the whole address to send a person to.
    #[arg(long = "at", value_name = "URL", requires = "client_id", requires = "redirect_uri")]
    at: Option<String>,
    /// Who we are to the bank.
    #[arg(long, value_name = "ID", requires = "at")]
    client_id: Option<String>,
    /// The public address of the endpoint.
    #[arg(long, value_name = "URL", requires = "at")]
    redirect_uri: Option<String>,
    /// A further parameter of the bank's; may be repeated.
    #[arg(long = "with", value_name = "NAME=VALUE", requires = "at")]
    with: Vec<String>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

impl State {
    pub(super) fn run(&self, path: &Path) -> Result<(), Ended> {
        let endpoint =
            EndpointSettings::load(path, &self.endpoint).map_err(|problem| Ended::Usage(problem.to_string()))?;
        let usage = |text: String| Ended::Usage(text);
        let (Scheme::Redirect(scheme), Some(keys)) = (endpoint.profile.scheme(), &endpoint.keys) else {
            return Err(usage("--endpoint: expected one that browsers come back to, but found another".to_owned()));
        };
        let binding = self.binding(scheme.session.as_ref()).map_err(usage)?;
        let clock = Arc::new(SystemClock);
        // The configuration was read, which takes a demo secret on loopback only.
        let (name, keys) = (Arc::clone(&endpoint.name), keys.clone());
        let issuer = StateIssuer::trusting_demo_keys_on_loopback(name, keys, clock.clone());
        let issuer = issuer.map_err(|error| usage(error.to_string()))?;
        let issued = issuer.issue(&binding).map_err(|error| Ended::Failed(error.to_string()))?;
        let mut url = None;
        if let (Some(at), Some(client_id), Some(redirect_uri)) = (&self.at, &self.client_id, &self.redirect_uri) {
            let pairs: Option<Vec<_>> = self.with.iter().map(|pair| pair.split_once('=')).collect();
            let more =
                pairs.ok_or_else(|| usage("--with: expected NAME=VALUE, but found something else".to_owned()))?;
            let begin = Begin { at, client_id, redirect_uri, state: issued.as_str(), more: &more };
            url = Some(endpoint.profile.authorization_url(&begin).map_err(|error| usage(error.to_string()))?);
        }
        if !self.json {
            return print(url.as_deref().unwrap_or(issued.as_str()));
        }
        let expires = clock.now().after(endpoint.profile.tolerance());
        print(
            &json!({"state": issued.as_str(), "id": issued.id(), "expires": expires.to_string(), "url": url})
                .to_string(),
        )
    }

    fn binding(&self, session: Option<&Session>) -> Result<Binding, String> {
        let (wants, wants_more) = match session {
            Some(Session::Unbound) | None => (false, false),
            Some(Session::Cookie { transaction, .. }) => (true, transaction.is_some()),
            Some(Session::Extracted(_)) => (true, self.transaction.is_some()),
        };
        let expected = |what: &str, wanted: bool| {
            let (more, found) = if wanted { ("a value", "none") } else { ("no value", "one") };
            format!("--{what}: expected {more}, as the endpoint is configured, but found {found} that can be used")
        };
        let mut binding = match (&self.session, wants) {
            (Some(value), true) => Binding::session(value).ok_or_else(|| expected("session", true))?,
            (None, false) => Binding::to_nobody_i_accept_login_csrf(),
            _ => return Err(expected("session", wants)),
        };
        match (&self.transaction, wants_more) {
            (Some(value), true) => {
                binding = binding.with_transaction(value).ok_or_else(|| expected("transaction", true))?;
            }
            (None, false) => {}
            _ => return Err(expected("transaction", wants_more)),
        }
        Ok(binding)
    }
}
