//! `inbox retry`: events are delivered again, those that are named or all that fit. The rules: what comes to fit while it
//! works is not touched, so that it ends; and wherever it was interrupted, running it again goes on from there.

use std::num::NonZeroU32;

use clap::Args;
use serde_json::json;

use super::filter::{Filter, Wanted};
use super::interrupt::Interrupt;
use super::pace::Pace;
use super::progress::Progress;
use super::stranded::Stranded;
use super::{event_id, failed};
use crate::cli::{Ended, print};
use crate::clock::{Clock, SystemClock};
use crate::server::Looking;
use crate::server::config::Kept;
use crate::store::{EventId, State};

#[derive(Debug, Args)]
pub(super) struct Retry {
    /// Ids of the events; else those that fit.
    ids: Vec<String>,
    /// State is parked unless said; it may be delivered.
    #[command(flatten)]
    filter: Filter,
    /// Everything that is parked.
    #[arg(long)]
    all: bool,
    /// At most so many events a second; as fast as the store takes them, unless said.
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
    /// Only those behind this place, which an interrupted command has named.
    #[arg(long, value_name = "PLACE")]
    after: Option<u64>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// What was found before anything is changed: so many, and none behind the last.
struct Found {
    count: u64,
    last: u64,
}

/// How far it came.
#[derive(Default)]
struct Done {
    /// Records that were looked at.
    handled: u64,
    /// Of these, records that are ready now and were not.
    requeued: u64,
    after: Option<u64>,
    is_interrupted: bool,
}

impl Retry {
    pub(super) async fn run(&self, store: &Looking, kept: &Kept) -> Result<(), Ended> {
        let many = self.all || !self.filter.is_empty() || self.after.is_some();
        match (self.ids.is_empty(), many) {
            (false, false) => self.named(store, Stranded::of(kept)).await,
            (true, true) => self.fitting(store, Stranded::of(kept)).await,
            (true, false) => Err(usage("expected ids, --all, or what to filter by, but found none")),
            (false, true) => Err(usage("expected ids, or what to filter by, but found both")),
        }
    }

    async fn named(&self, store: &Looking, mut stranded: Stranded<'_>) -> Result<(), Ended> {
        let ids = self.ids.iter().map(|id| event_id(id)).collect::<Result<Vec<_>, _>>()?;
        let interrupt = Interrupt::listen();
        let mut progress = Progress::of("retry", Some(number(ids.len())));
        let (mut pace, mut done) = (Pace::new(self.rate), Done::default());
        for step in ids.chunks(pace.step()) {
            if interrupt.beats(tokio::time::sleep_until(pace.due())).await {
                done.is_interrupted = true;
                break;
            }
            pace.took(step.len());
            let mut wanted = Vec::with_capacity(step.len());
            for id in step {
                let shown = store.show(id).await.map_err(failed)?;
                if shown.is_none_or(|shown| stranded.lets_through(&shown.entry)) {
                    wanted.push(id.clone());
                }
            }
            done.requeued = done.requeued.saturating_add(store.requeue(&wanted).await.map_err(failed)?);
            done.handled = done.handled.saturating_add(number(step.len()));
            progress.at(done.handled);
        }
        drop(progress);
        let total = number(ids.len());
        self.report(&done, total, &stranded)?;
        if let Some(next) = ids.get(usize::try_from(done.handled).unwrap_or(usize::MAX)).filter(|_| done.is_interrupted)
        {
            eprintln!("countersign: interrupted; go on with {next} and those that were named after it");
        }
        if done.requeued == total { Ok(()) } else { Err(Ended::Refused) }
    }

    async fn fitting(&self, store: &Looking, mut stranded: Stranded<'_>) -> Result<(), Ended> {
        let mut filter = self.filter.clone();
        filter.state.get_or_insert_with(|| State::Parked.to_string());
        let wanted = filter.read(SystemClock.now())?;
        if !matches!(wanted.state, Some(State::Parked | State::Delivered)) {
            return Err(usage("--state: expected parked or delivered, but found a state that is not over"));
        }
        let interrupt = Interrupt::listen();
        let Some(found) = self.find(store, &wanted, &interrupt, &mut stranded).await? else {
            self.report(&Done { is_interrupted: true, ..Done::default() }, 0, &stranded)?;
            return Err(Ended::Refused);
        };
        let mut progress = Progress::of("retry", Some(found.count));
        let done = self.requeue(store, (&wanted, &stranded), &found, &interrupt, &mut progress).await?;
        drop(progress);
        self.report(&done, found.count, &stranded)?;
        if !done.is_interrupted {
            return if stranded.count() == 0 { Ok(()) } else { Err(Ended::Refused) };
        }
        match (wanted.state, done.after.or(self.after)) {
            (Some(State::Delivered), Some(after)) => {
                eprintln!("countersign: interrupted; run the same with --after {after} to go on");
            }
            _ => eprintln!("countersign: interrupted; run the same again to go on"),
        }
        Err(Ended::Refused)
    }

    /// Counts what fits and somebody would deliver; `None` if it was interrupted.
    async fn find(
        &self,
        store: &Looking,
        wanted: &Wanted,
        interrupt: &Interrupt,
        stranded: &mut Stranded<'_>,
    ) -> Result<Option<Found>, Ended> {
        let mut found = Found { count: 0, last: 0 };
        let mut progress = Progress::of("looking", None);
        let mut after = self.after;
        loop {
            let page = wanted.page(store, after).await.map_err(failed)?;
            let Some((last, _)) = page.last() else { return Ok(Some(found)) };
            (after, found.last) = (Some(*last), *last);
            let fitting = page.iter().filter(|(_, entry)| wanted.fits(entry) && stranded.lets_through(entry));
            found.count = found.count.saturating_add(number(fitting.count()));
            progress.at(found.count);
            if interrupt.came().await {
                return Ok(None);
            }
        }
    }

    async fn requeue(
        &self,
        store: &Looking,
        (wanted, stranded): (&Wanted, &Stranded<'_>),
        found: &Found,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Done, Ended> {
        let (mut pace, mut done) = (Pace::new(self.rate), Done { after: self.after, ..Done::default() });
        loop {
            let page = wanted.page(store, done.after).await.map_err(failed)?;
            let page: Vec<_> = page.into_iter().filter(|(position, _)| *position <= found.last).collect();
            let Some((last, _)) = page.last() else { return Ok(done) };
            let fitting: Vec<(u64, EventId)> = page
                .iter()
                .filter(|(_, entry)| wanted.fits(entry) && stranded.spares(entry))
                .map(|(at, entry)| (*at, entry.id.clone()))
                .collect();
            for step in fitting.chunks(pace.step()) {
                if interrupt.beats(tokio::time::sleep_until(pace.due())).await {
                    done.is_interrupted = true;
                    return Ok(done);
                }
                pace.took(step.len());
                let ids: Vec<_> = step.iter().map(|(_, id)| id.clone()).collect();
                done.requeued = done.requeued.saturating_add(store.requeue(&ids).await.map_err(failed)?);
                done.handled = done.handled.saturating_add(number(ids.len()));
                done.after = place_behind(&fitting, step);
                progress.at(done.handled);
            }
            done.after = Some(*last);
        }
    }

    fn report(&self, done: &Done, total: u64, stranded: &Stranded<'_>) -> Result<(), Ended> {
        stranded.tell();
        if self.json {
            let document = json!({
                "requeued": done.requeued, "of": total, "interrupted": done.is_interrupted, "after": done.after,
                "left_out": stranded.count(),
            });
            return print(&document.to_string());
        }
        print(&format!("{} of {total} will be delivered again", done.requeued))
    }
}

/// Where to go on behind a step. Two records may share a position: then it is the one before, and the step is done again.
fn place_behind(fitting: &[(u64, EventId)], step: &[(u64, EventId)]) -> Option<u64> {
    let (last, id) = step.last()?;
    let next = fitting.iter().skip_while(|(_, other)| other != id).nth(1);
    let shared = next.is_some_and(|(position, _)| position == last);
    Some(if shared { last.saturating_sub(1) } else { *last })
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn usage(message: &str) -> Ended {
    Ended::Usage(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_is_left_out_that_shares_its_position_with_the_last_one_of_a_step() {
        let of = |position: u64, number: u64| (position, EventId::parse(&format!("{number:032x}")).unwrap());
        let all = [of(4, 1), of(7, 2), of(7, 3), of(9, 4)];
        assert_eq!(place_behind(&all, &all[..1]), Some(4));
        assert_eq!(place_behind(&all, &all[..2]), Some(6));
        assert_eq!(place_behind(&all, &all[..3]), Some(7));
        assert_eq!(place_behind(&all, &all), Some(9));
    }
}
