//! Which records a command is about. The rule: all of what is said has to fit, and what is said wrong matches nothing by
//! accident but ends the command.

use clap::Args;

use crate::cli::Ended;
use crate::clock::Timestamp;
use crate::server::Looking;
use crate::server::span;
use crate::store::{Entry, Listing, State, StoreError};
use crate::wire::time;

/// Records of one read.
const PAGE: usize = 1000;
/// What all types begin with.
const FAMILY: &str = "openbanking.";

#[derive(Debug, Clone, Default, Args)]
pub(super) struct Filter {
    /// Only records in this state: ready, leased, delivered, parked or quarantined.
    #[arg(long, value_name = "STATE")]
    pub(super) state: Option<String>,
    /// Only records of this endpoint.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Only records of this type, such as openbanking.payment.updated or payment.updated.
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
    /// Only records about this payment or consent.
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Only records that this key vouched for, by its id as `inbox show` has it; said again, records of another key too.
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Only records received at this time or later: RFC 3339, Unix seconds, or how long ago, such as 2h.
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only records received before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

/// A filter that was read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) state: Option<State>,
    endpoint: Option<String>,
    event_type: Option<String>,
    subject: Option<String>,
    keys: Vec<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Filter {
    /// Whether it says anything.
    pub(super) fn is_empty(&self) -> bool {
        let Self { state, endpoint, r#type, subject, key, since, until } = self;
        key.is_empty() && [state, endpoint, r#type, subject, since, until].into_iter().all(Option::is_none)
    }

    /// Whether it is about what certain keys vouched for.
    pub(super) fn names_key(&self) -> bool {
        !self.key.is_empty()
    }

    pub(super) fn read(&self, now: Timestamp) -> Result<Wanted, Ended> {
        let state = self.state.as_deref().map(|word| {
            word.parse::<State>().map_err(|_| {
                let known = State::ALL.map(State::as_str).join(", ");
                Ended::Usage(format!("--state: expected one of {known}, but found {word:?}"))
            })
        });
        let moment =
            |name: &str, text: &Option<String>| text.as_deref().map(|text| moment(name, text, now)).transpose();
        Ok(Wanted {
            state: state.transpose()?,
            endpoint: self.endpoint.clone(),
            event_type: self.r#type.as_deref().map(|name| name.strip_prefix(FAMILY).unwrap_or(name).to_owned()),
            subject: self.subject.clone(),
            keys: self.key.clone(),
            since: moment("--since", &self.since)?,
            until: moment("--until", &self.until)?,
        })
    }
}

impl Wanted {
    pub(super) fn fits(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        self.state.is_none_or(|state| state == entry.state)
            && same(&self.endpoint, Some(&entry.endpoint))
            && same(&self.event_type, Some(entry.event_type.strip_prefix(FAMILY).unwrap_or(&entry.event_type)))
            && same(&self.subject, entry.subject.as_deref())
            // In any case, as `distrust` reads them.
            && (self.keys.is_empty() || self.keys.iter().any(|key| key.eq_ignore_ascii_case(&entry.key_id)))
            && self.since.is_none_or(|since| entry.received_at >= since)
            && self.until.is_none_or(|until| entry.received_at < until)
    }

    /// The next records after a position, those that do not fit too, and fewer than a page only at the end.
    pub(super) async fn page(&self, store: &Looking, after: Option<u64>) -> Result<Vec<(u64, Entry)>, StoreError> {
        store.list(Listing { state: self.state, after, limit: Some(PAGE) }).await
    }
}

fn moment(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, Ended> {
    if let Ok(ago) = span(text) {
        return Ok(now.before(ago));
    }
    time::parse(text).map(Timestamp::from_millis).map_err(|_| {
        let forms = "expected RFC 3339, Unix seconds, or how long ago, such as 90s, 2h or 7d";
        Ended::Usage(format!("{name}: {forms}, but found {text:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EventId;

    fn entry() -> Entry {
        Entry {
            id: EventId::parse("00000000000000000000000000000001").unwrap(),
            request_id: None,
            endpoint: "bank".to_owned(),
            event_type: "openbanking.payment.updated".to_owned(),
            subject: Some("p-1".to_owned()),
            key_id: "k-1".to_owned(),
            state: State::Parked,
            received_at: Timestamp::from_seconds(1000),
            attempts: 1,
            reason: None,
        }
    }

    fn fits(change: impl FnOnce(&mut Filter)) -> bool {
        let mut filter = Filter::default();
        change(&mut filter);
        filter.read(Timestamp::from_seconds(1100)).unwrap().fits(&entry())
    }

    #[test]
    fn everything_that_is_said_has_to_fit() {
        let some = |text: &str| Some(text.to_owned());
        assert!(fits(|_| {}));
        assert!(fits(|filter| filter.r#type = some("payment.updated")));
        assert!(fits(|filter| filter.r#type = some("openbanking.payment.updated")));
        assert!(!fits(|filter| filter.r#type = some("payment")), "no part of a name");
        assert!(!fits(|filter| filter.endpoint = some("Bank")));
        assert!(!fits(|filter| filter.subject = some("p-2")));
        let keys = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        assert!(fits(|filter| filter.key = keys(&["K-1"])) && !fits(|filter| filter.key = keys(&["k-"])));
        assert!(fits(|filter| filter.key = keys(&["k-2", "k-1"])));
        assert!(!fits(|filter| filter.state = some("delivered")));
        assert!(fits(|filter| filter.since = some("100s")) && !fits(|filter| filter.since = some("99s")));
        assert!(fits(|filter| filter.since = some("1000")) && !fits(|filter| filter.until = some("1000")));
        assert!(fits(|filter| filter.until = some("1970-01-01T00:16:41Z")));
        let both = |filter: &mut Filter| (filter.endpoint, filter.subject) = (some("bank"), some("p-2"));
        assert!(!fits(both));
    }

    #[test]
    fn a_word_that_is_no_state_and_a_time_that_is_none_end_the_command() {
        for filter in [
            Filter { state: Some("Parked".to_owned()), ..Filter::default() },
            Filter { since: Some("yesterday".to_owned()), ..Filter::default() },
            Filter { until: Some("2026-01-01".to_owned()), ..Filter::default() },
        ] {
            assert!(matches!(filter.read(Timestamp::default()), Err(Ended::Usage(_))), "{filter:?}");
        }
    }
}
