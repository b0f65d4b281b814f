//! `inbox stats`: how many records stand where.

use serde_json::json;

use super::failed;
use crate::cli::table::Table;
use crate::cli::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;

pub(super) async fn stats(store: &Looking, json: bool) -> Result<(), Ended> {
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
