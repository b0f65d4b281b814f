//! `inbox discard`: parked events are given up for good, those that are named or all that fit. The rules: nothing is given up
//! that was not described, and wherever it was interrupted, running it again goes on from there.

use clap::Args;
use serde_json::json;

use super::filter::{Filter, Wanted};
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::{event_id, failed};
use crate::cli::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;
use crate::store::{Entry, EventId, State};

/// Records of one write, which a receiver waits for.
const STEP: usize = 500;

#[derive(Debug, Args)]
pub(super) struct Discard {
    /// Ids of the events; else those that fit.
    ids: Vec<String>,
    /// State is parked.
    #[command(flatten)]
    filter: Filter,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(Default)]
struct Done {
    discarded: u64,
    of: u64,
    /// Records of a key that are on their way to their sink: what is given up by its key is feared to be forged.
    still: u64,
    is_interrupted: bool,
}

impl Discard {
    pub(super) async fn run(&self, store: &Looking) -> Result<(), Ended> {
        let done = match (self.ids.is_empty(), self.filter.is_empty()) {
            (false, true) => self.named(store).await?,
            (true, false) => self.fitting(store).await?,
            (true, true) => return Err(usage("expected ids, or what to filter by, but found none")),
            (false, false) => return Err(usage("expected ids, or what to filter by, but found both")),
        };
        if self.json {
            let Done { discarded, of, still, is_interrupted } = done;
            let document =
                json!({ "discarded": discarded, "of": of, "still_waiting": still, "interrupted": is_interrupted });
            print(&document.to_string())?;
        } else {
            print(&format!("{} of {} will not be delivered", done.discarded, done.of))?;
        }
        if done.is_interrupted {
            eprintln!("countersign: interrupted; run the same again to go on");
        }
        if done.still > 0 {
            let still = done.still;
            eprintln!(
                "countersign: {still} more of this key are not discarded, and may be delivered; once they are parked run the same again"
            );
        }
        if done.discarded == done.of && done.still == 0 && !done.is_interrupted { Ok(()) } else { Err(Ended::Refused) }
    }

    async fn named(&self, store: &Looking) -> Result<Done, Ended> {
        let ids = self.ids.iter().map(|id| event_id(id)).collect::<Result<Vec<_>, _>>()?;
        let mut done = Done { of: number(ids.len()), ..Done::default() };
        for id in &ids {
            let shown = store.show(id).await.map_err(failed)?;
            let found =
                shown.map_or("no retained record".to_owned(), |shown| format!("one that is {}", shown.entry.state));
            let is_discarded = store.discard(std::slice::from_ref(id)).await.map_err(failed)? > 0;
            if !is_discarded {
                eprintln!("countersign: {id}: expected a record that is parked, but found {found}");
            }
            done.discarded = done.discarded.saturating_add(u64::from(is_discarded));
        }
        Ok(done)
    }

    async fn fitting(&self, store: &Looking) -> Result<Done, Ended> {
        let mut filter = self.filter.clone();
        filter.state.get_or_insert_with(|| State::Parked.to_string());
        let wanted = filter.read(SystemClock.now())?;
        if wanted.state != Some(State::Parked) {
            return Err(usage("--state: expected parked, but found another: only what is parked waits for a decision"));
        }
        let interrupt = Interrupt::listen();
        let (mut done, last) = found(store, &wanted, &interrupt, |_| true).await?;
        let mut progress = Progress::of("discard", Some(done.of));
        let mut after = None;
        while !done.is_interrupted {
            let page = wanted.page(store, after).await.map_err(failed)?;
            // What came to fit since it was counted is not what was asked about.
            let page: Vec<_> = page.into_iter().filter(|(position, _)| *position <= last).collect();
            let Some((position, _)) = page.last() else { break };
            after = Some(*position);
            let ids: Vec<EventId> =
                page.iter().filter(|(_, entry)| wanted.fits(entry)).map(|(_, entry)| entry.id.clone()).collect();
            for step in ids.chunks(STEP) {
                done.discarded = done.discarded.saturating_add(store.discard(step).await.map_err(failed)?);
                progress.at(done.discarded);
            }
            done.is_interrupted = interrupt.came().await;
        }
        // What was parked while it worked may have been discarded too.
        done.of = done.of.max(done.discarded);
        if self.filter.names_key() && !done.is_interrupted {
            let mut all = self.filter.clone();
            all.state = None;
            let is_on_its_way = |entry: &Entry| matches!(entry.state, State::Ready | State::Leased | State::Parked);
            let (still, _) = found(store, &all.read(SystemClock.now())?, &interrupt, is_on_its_way).await?;
            (done.still, done.is_interrupted) = (still.of, still.is_interrupted);
        }
        Ok(done)
    }
}

/// How many fit, and the position behind which none does. A record keeps its position, so that none is missed that moves on
/// meanwhile.
async fn found(
    store: &Looking,
    wanted: &Wanted,
    interrupt: &Interrupt,
    is_meant: fn(&Entry) -> bool,
) -> Result<(Done, u64), Ended> {
    let (mut done, mut last) = (Done::default(), 0);
    let mut progress = Progress::of("looking", None);
    let mut after = None;
    while !done.is_interrupted {
        let page = wanted.page(store, after).await.map_err(failed)?;
        let Some((position, _)) = page.last() else { break };
        (after, last) = (Some(*position), *position);
        done.of = done
            .of
            .saturating_add(number(page.iter().filter(|(_, entry)| wanted.fits(entry) && is_meant(entry)).count()));
        progress.at(done.of);
        done.is_interrupted = interrupt.came().await;
    }
    Ok((done, last))
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn usage(message: &str) -> Ended {
    Ended::Usage(message.to_owned())
}
