//! `inbox`: what was received, beside a running receiver or without one.

use std::path::Path;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::table::{Table, plain};
use super::{Ended, load, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;
use crate::store::{Entry, EventId, Listing, Shown, State, StoreError};
use crate::wire::encoding::Encoding;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  countersign inbox list --state parked
  countersign inbox list --json | wc -l
  countersign inbox show 4f2c…
  countersign inbox retry 4f2c…
  countersign inbox stats")]
pub(super) struct Inbox {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One line a retained record.
    List {
        /// One JSON document a line.
        #[arg(long)]
        json: bool,
        /// Only records in this state: ready, leased, delivered, parked or quarantined.
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// At most this many.
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// One record in full, with its content.
    Show {
        /// Id of the event.
        id: String,
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Prints records as they arrive.
    Tail {
        /// One JSON document a line.
        #[arg(long)]
        json: bool,
    },
    /// Delivers parked or delivered records again.
    Retry {
        /// Ids of the events.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// How many records stand where.
    Stats {
        /// One JSON document.
        #[arg(long)]
        json: bool,
    },
}

impl Inbox {
    pub(super) async fn run(&self, path: &Path) -> Result<(), Ended> {
        let config = load(path)?;
        let store = config.store.look().await?;
        match &self.command {
            Command::List { json, state, limit } => list(&store, *json, state.as_deref(), *limit).await,
            Command::Show { id, json } => show(&store, id, *json).await,
            Command::Tail { json } => tail(&store, *json).await,
            Command::Retry { ids } => retry(&store, ids).await,
            Command::Stats { json } => stats(&store, *json).await,
        }
    }
}

async fn list(store: &Looking, json: bool, state: Option<&str>, limit: Option<usize>) -> Result<(), Ended> {
    let state = match state {
        None => None,
        Some(word) => Some(word.parse::<State>().map_err(|()| {
            let known = State::ALL.map(State::as_str).join(", ");
            Ended::Usage(format!("--state: expected one of {known}, but found {word:?}"))
        })?),
    };
    let entries = store.list(Listing { state, after: None, limit }).await.map_err(failed)?;
    if json {
        return entries.iter().try_for_each(|(_, entry)| print(&document(entry).to_string()));
    }
    let mut table = Table::new(&["id", "state", "attempts", "received", "endpoint", "type", "subject"]);
    for (_, entry) in &entries {
        table.push(row(entry));
    }
    table.lines().iter().try_for_each(|line| print(line))
}

async fn show(store: &Looking, id: &str, json: bool) -> Result<(), Ended> {
    let id = event_id(id)?;
    let shown = store.show(&id).await.map_err(failed)?;
    let Some(Shown { entry, provenance, content, fingerprint, intact }) = shown else {
        return Err(Ended::Failed(format!("expected a retained record, but found none with id {id}")));
    };
    let fingerprint = Encoding::Hex.encode(&fingerprint);
    let algorithm = provenance.algorithm.map_or("bearer", |algorithm| algorithm.name());
    let text = String::from_utf8(content.to_vec());
    if json {
        let mut document = document(&entry);
        if let Some(members) = document.as_object_mut() {
            members.insert("provider".to_owned(), json!(&*provenance.profile));
            members.insert("keyid".to_owned(), json!(&*provenance.key_id));
            members.insert("algorithm".to_owned(), json!(algorithm));
            members.insert("signedat".to_owned(), json!(provenance.signed_at.map(|at| at.to_string())));
            members.insert("covered".to_owned(), json!(&*provenance.covered));
            members.insert("fingerprint".to_owned(), json!(fingerprint));
            members.insert("intact".to_owned(), json!(intact));
            members.insert("reason".to_owned(), json!(entry.reason));
            let (name, value) = match text {
                Ok(text) => ("content", text),
                Err(_) => ("content_base64", Encoding::Base64.encode(&content)),
            };
            members.insert(name.to_owned(), json!(value));
        }
        return print(&document.to_string());
    }
    let rows = [
        ("id", entry.id.to_string()),
        ("state", entry.state.to_string()),
        ("attempts", entry.attempts.to_string()),
        ("reason", plain(entry.reason.as_deref().unwrap_or("none"))),
        ("endpoint", format!("{} ({})", entry.endpoint, provenance.profile)),
        ("type", entry.event_type.clone()),
        ("subject", plain(entry.subject.as_deref().unwrap_or("none"))),
        ("request id", plain(entry.request_id.as_deref().unwrap_or("none"))),
        ("received", entry.received_at.to_string()),
        ("signed", provenance.signed_at.map_or("no signed time".to_owned(), |at| at.to_string())),
        ("key", format!("{algorithm} {}", plain(&provenance.key_id))),
        ("covers", provenance.covered.join(", ")),
        ("fingerprint", fingerprint),
        ("seal", if intact { "intact" } else { "BROKEN: this is not what was accepted" }.to_owned()),
    ];
    for (name, value) in rows {
        print(&format!("{name:<12} {value}"))?;
    }
    print(&text.map_or_else(|_| format!("content: {} bytes that are no text", content.len()), |text| plain(&text)))
}

async fn tail(store: &Looking, json: bool) -> Result<(), Ended> {
    let mut after = store.list(Listing::default()).await.map_err(failed)?.last().map(|(position, _)| *position);
    loop {
        for (position, entry) in store.list(Listing { after, ..Listing::default() }).await.map_err(failed)? {
            after = Some(position);
            if json { print(&document(&entry).to_string())? } else { print(&row(&entry).join("  "))? }
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

async fn retry(store: &Looking, ids: &[String]) -> Result<(), Ended> {
    let ids = ids.iter().map(|id| event_id(id)).collect::<Result<Vec<_>, _>>()?;
    let count = store.requeue(&ids).await.map_err(failed)?;
    print(&format!("{count} of {} will be delivered again", ids.len()))?;
    if count == ids.len() as u64 { Ok(()) } else { Err(Ended::Refused) }
}

async fn stats(store: &Looking, json: bool) -> Result<(), Ended> {
    let stats = store.stats().await.map_err(failed)?;
    let oldest = stats.oldest_waiting.map(|at| SystemClock.now().since(at).as_secs());
    if json {
        let document = json!({
            "ready": stats.ready, "leased": stats.leased, "delivered": stats.delivered, "parked": stats.parked,
            "quarantined": stats.quarantined, "identities": stats.identities, "oldestWaitingSeconds": oldest,
            "backlog": stats.backlog(), "duplicates": stats.duplicates, "conflicts": stats.conflicts,
            "durability": store.durability().to_string(), "store": store.condition(),
        });
        return print(&document.to_string());
    }
    let mut table = Table::new(&["state", "records"]);
    for (name, count) in [
        ("ready", stats.ready),
        ("leased", stats.leased),
        ("delivered", stats.delivered),
        ("parked", stats.parked),
        ("quarantined", stats.quarantined),
        ("identities", stats.identities),
    ] {
        table.push(vec![name.to_owned(), count.to_string()]);
    }
    table.lines().iter().try_for_each(|line| print(line))?;
    print(&format!(
        "answered     {} duplicates, {} conflicts since the store was made",
        stats.duplicates, stats.conflicts
    ))?;
    let condition = store.condition().map(|condition| format!(" ({condition})")).unwrap_or_default();
    print(&format!("durability   {}{condition}", store.durability()))?;
    print(&oldest.map_or("nothing waits".to_owned(), |seconds| {
        format!("backlog      {} wait for a sink, the oldest of them for {seconds} s", stats.backlog())
    }))
}

fn document(entry: &Entry) -> Value {
    json!({
        "id": entry.id.as_str(), "requestid": entry.request_id, "endpoint": entry.endpoint, "type": entry.event_type,
        "subject": entry.subject, "state": entry.state.as_str(), "receivedat": entry.received_at.to_string(),
        "attempts": entry.attempts,
    })
}

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
