//! `inbox list`: one line a record. The rule: it is read and printed a page at a time, however much there is.

use clap::Args;

use super::progress::Progress;
use super::{COLUMNS, Filter, document, failed, row};
use crate::cli::table::Table;
use crate::cli::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;
use crate::store::Entry;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    filter: Filter,
    /// One JSON document a line.
    #[arg(long)]
    json: bool,
    /// At most this many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl List {
    pub(super) async fn run(&self, store: &Looking) -> Result<(), Ended> {
        let wanted = self.filter.read(SystemClock.now())?;
        let (mut after, mut looked, mut left) = (None, 0_u64, self.limit.unwrap_or(usize::MAX));
        let mut progress = Progress::of("list", None).beside_output();
        let mut table = Table::new(&COLUMNS);
        while left > 0 {
            let page = wanted.page(store, after).await.map_err(failed)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            looked = looked.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            let entries = page.iter().map(|(_, entry)| entry).filter(|entry| wanted.fits(entry));
            let entries: Vec<&Entry> = entries.take(left).collect();
            left = left.saturating_sub(entries.len());
            if self.json {
                entries.iter().try_for_each(|entry| print(&document(entry).to_string()))?;
            } else {
                entries.iter().for_each(|entry| table.push(row(entry)));
                table.lines().iter().try_for_each(|line| print(line))?;
            }
            progress.at(looked);
        }
        // The header, where nothing was found.
        if self.json { Ok(()) } else { table.lines().iter().try_for_each(|line| print(line)) }
    }
}
