//! `send`: the opposite side. Makes a realistic event, signs it, and posts it or prints it.

mod callback;
mod cbuae;
mod change;
mod craft;
mod fault;
mod post;
mod signer;
mod tribe;
mod worldline;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::Instant;

use anstyle::AnsiColor;
use clap::Args;

use super::Ended;
use super::table::coloured;
use callback::{Browser, BrowserOptions};
use cbuae::TokenOptions;
use craft::{Crafted, Sender, Wishes};
use fault::Fault;
use post::{Connection, Target};
use signer::{Recipient, Signer};

#[derive(Debug, Args)]
#[command(after_help = "Events:
  worldline   payment, consent, debtor-token
  tribe       v2_accounts, v2_account, v2_account_balances, v2_account_transactions, v2_payment_single,
              v2_payment_single_status, v2_payment_bulk, v2_payment_bulk_status, v2_payment_direct_single,
              v2_funds_confirmations, v2_payment_status, v2_payment_confirmation_link_expire
  cbuae       payment, consent
  joompay, younify, tribe, cbuae   callback, denied: a browser that comes back from a bank

Examples:
  countersign send worldline payment
  countersign send worldline payment --set CommonPaymentData.PaymentStatus=Cancelled
  countersign send tribe v2_payment_single --fault tampered-body
  countersign send cbuae consent --set Data.Status=Revoked --claim jti=7 --without-authorization
  countersign send joompay callback --fault foreign
  countersign send younify denied --set error=server_error
  countersign send worldline debtor-token --print > request.http")]
pub(super) struct Send {
    /// The sender: worldline, tribe, cbuae, joompay or younify.
    #[arg(value_name = "PROFILE")]
    profile: String,
    /// What happened; see below.
    #[arg(value_name = "EVENT")]
    event: String,
    /// The endpoint's URL, without the profile's own routes. A connection and an answer are waited for 30 s each; then the
    /// exit status is 69.
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// Private key in PKCS#8 PEM, or the secret of the states (callbacks); the demo key unless said, and that only to a
    /// loopback address.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Certificate of --key, whose thumbprint names it (worldline).
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Id of --key in the sender's key set (cbuae).
    #[arg(long, value_name = "ID", requires = "key", conflicts_with = "certificate")]
    key_id: Option<String>,
    /// The receiver's public key, certificate or key set, to encrypt to; the demo key unless said (cbuae).
    #[arg(long, value_name = "FILE")]
    encrypt_to: Option<PathBuf>,
    /// Replaces a member of the document (cbuae: of the message): PATH is names joined by dots, VALUE is JSON or else a
    /// string. Of a callback, a parameter of its query.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    token: TokenOptions,
    #[command(flatten)]
    browser: BrowserOptions,
    /// Replaces or adds a header after signing; may be repeated.
    #[arg(long = "header", value_name = "NAME=VALUE")]
    headers: Vec<String>,
    /// How many events, each of its own.
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u64,
    /// Something wrong on purpose.
    #[arg(long, value_name = "KIND")]
    fault: Option<Fault>,
    /// Writes the raw request to standard output instead of sending it.
    #[arg(long)]
    print: bool,
}

impl Send {
    pub(super) async fn run(&self) -> Result<(), Ended> {
        let sender = Sender::named(&self.profile, &self.event).map_err(Ended::Usage)?;
        let target =
            Target::new(self.to.as_deref().unwrap_or(sender.default_url()), sender.route()).map_err(Ended::Usage)?;
        let hand = self.hand(sender, &target)?;
        if self.browser != BrowserOptions::default() && !matches!(sender, Sender::Callback(..)) {
            let found = &self.event;
            return Err(Ended::Usage(format!(
                "expected --session and --endpoint only with callback and denied, but found {found}"
            )));
        }
        let tokens = self.token != TokenOptions::default() || self.encrypt_to.is_some();
        if tokens && !matches!(sender, Sender::Cbuae(_)) {
            let found = &self.profile;
            return Err(Ended::Usage(format!(
                "expected --claim, --protected, --without-authorization and --encrypt-to only with cbuae, but found {found}"
            )));
        }
        if let Some(fault) = self.fault {
            fault.fits(sender).map_err(Ended::Usage)?;
        }
        if self.print {
            let crafted = self.craft(sender, &hand, &target, 0)?;
            let last = crafted.last().ok_or_else(|| Ended::Failed("expected a request, but found none".to_owned()))?;
            return std::io::stdout().write_all(&last.raw()).map_err(|error| Ended::Failed(error.to_string()));
        }
        let mut connection = Connection::open(&target).await.map_err(Ended::Unavailable)?;
        let start = Instant::now();
        let mut refused = 0_u64;
        for number in 0..self.count {
            for crafted in self.craft(sender, &hand, &target, number)? {
                let answer = connection.post(&crafted).await.map_err(Ended::Unavailable)?;
                if !answer.is_success() {
                    refused = refused.saturating_add(1);
                }
                self.report(&crafted, &answer)?;
            }
            progress(start, number, self.count);
        }
        if self.count > 1 {
            let seconds = start.elapsed().as_secs_f64();
            super::print(&format!("{} events in {seconds:.2} s, {refused} answers refused", self.count))?;
        }
        if refused == 0 { Ok(()) } else { Err(Ended::Refused) }
    }

    fn hand(&self, sender: Sender, target: &Target) -> Result<Hand, Ended> {
        let Sender::Callback(profile, _) = sender else { return self.signer(sender, target).map(Hand::Signer) };
        let on_this_machine = target.is_loopback() || self.print;
        let browser = Browser::new(profile, &self.browser, self.key.as_deref(), on_this_machine, self.fault);
        browser.map(Hand::Browser).map_err(Ended::Usage)
    }

    fn signer(&self, sender: Sender, target: &Target) -> Result<Signer, Ended> {
        let on_this_machine = target.is_loopback() || self.print;
        let signer = match (&self.key, self.fault) {
            (_, Some(Fault::UnknownKey)) => Signer::stranger(sender).map_err(Ended::Failed)?,
            (Some(key), _) => {
                let (certificate, id) = (self.certificate.as_deref(), self.key_id.as_deref());
                Signer::from_files(sender, key, certificate, id).map_err(Ended::Usage)?
            }
            (None, _) if on_this_machine => Signer::demo(sender).map_err(Ended::Failed)?,
            (None, _) => {
                return Err(Ended::Usage(
                    "--to: expected a loopback address, or --key for another one, but found neither".to_owned(),
                ));
            }
        };
        Ok(match &self.encrypt_to {
            Some(path) => signer.encrypting_to(Recipient::from_file(path).map_err(Ended::Usage)?),
            None if on_this_machine => signer.encrypting_to(Recipient::demo().map_err(Ended::Failed)?),
            None => signer,
        })
    }

    /// One request, or two where the fault is in the second.
    fn craft(&self, sender: Sender, hand: &Hand, target: &Target, number: u64) -> Result<Vec<Crafted>, Ended> {
        let signer = match hand {
            Hand::Signer(signer) => signer,
            Hand::Browser(browser) => {
                return browser.craft(sender, target, &self.set, &self.headers).map_err(Ended::Usage);
            }
        };
        let wishes = Wishes { fault: self.fault, set: &self.set, token: &self.token };
        let mut first = Crafted::new(sender, signer, target, number, wishes).map_err(Ended::Usage)?;
        first.set_headers(&self.headers).map_err(Ended::Usage)?;
        Ok(match self.fault {
            Some(Fault::Duplicate) => vec![first.clone(), first],
            Some(Fault::SameIdOtherBody) => {
                let mut second = first.with_other_body(signer).map_err(Ended::Usage)?;
                second.set_headers(&self.headers).map_err(Ended::Usage)?;
                vec![first, second]
            }
            _ => vec![first],
        })
    }

    fn report(&self, crafted: &Crafted, answer: &post::Received) -> Result<(), Ended> {
        if self.count > 1 && answer.is_success() {
            return Ok(());
        }
        let word = match (answer.is_success(), answer.result.as_deref()) {
            (true, Some("duplicate")) => coloured("duplicate", AnsiColor::Yellow),
            (true, _) => coloured("accepted", AnsiColor::Green),
            _ => coloured("refused", AnsiColor::Red),
        };
        super::print(&format!("{} {word}  {} {}  {}", answer.status, self.profile, self.event, crafted.request_id()))?;
        // A page is for a browser.
        let page = crafted.method == http::Method::GET;
        if answer.body.is_empty() || page { Ok(()) } else { super::print(&super::table::plain(&answer.body)) }
    }
}

/// Who makes the requests.
enum Hand {
    Signer(Signer),
    Browser(Browser),
}

/// Tells a person who waits longer than a second where it stands.
fn progress(start: Instant, number: u64, count: u64) {
    let done = number.saturating_add(1);
    if start.elapsed().as_secs() >= 1 && done.is_multiple_of(100) && done < count && std::io::stderr().is_terminal() {
        eprint!("\r{done} of {count}");
    }
}
