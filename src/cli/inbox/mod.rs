//! `inbox`: what was received, beside a running receiver or without one.

mod discard;
mod filter;
mod interrupt;
mod list;
mod pace;
mod progress;
mod retry;
mod stranded;
mod show;
mod stats;
mod tail;

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::table::plain;
use super::{Ended, usage};
use crate::server::config::Kept;
use crate::store::{Entry, EventId, StoreError};

use filter::Filter;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign inbox list --state parked --since 2h
  countersign inbox list --endpoint worldline --json | wc -l
  countersign inbox show 4f2c…
  countersign inbox tail --type payment.updated
  countersign inbox retry 4f2c…
  countersign inbox retry --endpoint worldline --rate 50
  countersign inbox list --key bank-2026 --since 3d
  countersign inbox discard --key bank-2026
  countersign inbox stats")]
pub(super) struct Inbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One line a retained record, in the order of acceptance.
    List(list::List),
    /// One record in full, with its content.
    Show {
        /// Id of the event.
        id: String,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Prints records as they arrive, until it is interrupted; of the states, --state takes quarantined alone.
    Tail(tail::Tail),
    /// Delivers parked or delivered records again: those that are named, or those that fit.
    Retry(retry::Retry),
    /// Gives parked records up for good: those that are named, or those that fit.
    Discard(discard::Discard),
    /// How many records stand where.
    Stats {
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

impl Inbox {
    pub(super) async fn run(&self, path: &Path) -> Result<(), Ended> {
        let kept = Kept::load(path).map_err(usage)?;
        let store = kept.store.look().await?;
        match &self.command {
            Command::List(list) => list.run(&store).await,
            Command::Show { id, json } => show::show(&store, id, *json).await,
            Command::Tail(tail) => tail.run(&store).await,
            Command::Retry(retry) => retry.run(&store, &kept).await,
            Command::Discard(discard) => discard.run(&store).await,
            Command::Stats { json } => stats::stats(&store, *json).await,
        }
    }
}

fn document(entry: &Entry) -> Value {
    json!({
        "id": entry.id.as_str(), "requestid": entry.request_id, "endpoint": entry.endpoint, "type": entry.event_type,
        "subject": entry.subject, "state": entry.state.as_str(), "receivedat": entry.received_at.to_string(),
        "attempts": entry.attempts, "keyid": entry.key_id,
    })
}

const COLUMNS: [&str; 7] = ["id", "state", "attempts", "received", "endpoint", "type", "subject"];

fn row(entry: &Entry) -> Vec<String> {
    vec![
        entry.id.to_string(),
        entry.state.to_string(),
        entry.attempts.to_string(),
        entry.received_at.to_string(),
        entry.endpoint.clone(),
        entry.event_type.clone(),
        plain(entry.subject.as_deref().unwrap_or_default()),
    ]
}

fn event_id(text: &str) -> Result<EventId, Ended> {
    EventId::parse(text).ok_or_else(|| {
        Ended::Usage(format!("expected an event's id of 32 hexadecimal digits, but found {:?}", plain(text)))
    })
}

fn failed(error: StoreError) -> Ended {
    Ended::Failed(error.to_string())
}
