//! What every store has to keep, as tests that take a store. The rule: a case knows the contract and no store.

pub(super) mod accepting;
pub(super) mod claiming;
pub(super) mod delivering;
pub(super) mod forgetting;
pub(super) mod jumping;
pub(super) mod twins;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Acceptance, Claim, EventId, Identity, Lease, Leased, Listing, Record, Seal, State, Store, StoredAnswer};
use crate::clock::{FixedClock, Timestamp};
use crate::crypto::{Algorithm, Digest};
use crate::verified::{Provenance, Verified};

/// A store under test with its clock, and its folder or server if it has one.
pub(super) struct Bench {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<FixedClock>,
    /// Dropped, and with it removed, after the store.
    #[allow(dead_code, reason = "held, not read")]
    pub(super) home: Option<Box<dyn Any>>,
}

/// Opens an empty store.
pub(super) type Open = fn(Arc<FixedClock>) -> Bench;

/// The moment at which every case starts.
pub(super) const START: Timestamp = Timestamp::from_seconds(1_600_000_000);

/// How long an identity is remembered.
pub(super) const RETENTION: Duration = Duration::from_secs(168 * 3600);

/// How long every lease lasts.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// One `#[test]` for every case, on the stores that a function opens.
macro_rules! conformance {
    (fn $name:ident, $open:path) => { $crate::store::conformance::conformance! { @list @all [$name,] $open } };
    ($open:path) => { $crate::store::conformance::conformance! { @list @each [] $open } };
    (@list @$how:ident [$($name:ident,)?] $open:path) => {
        $crate::store::conformance::conformance! { @$how $($name,)? $open:
            accepting::many_copies_at_once_are_accepted_once,
            accepting::other_content_under_a_taken_identity_is_quarantined_once,
            accepting::a_taken_fence_under_another_identity_is_a_duplicate,
            accepting::the_fence_of_a_copy_signed_anew_is_remembered,
            accepting::the_fence_of_a_conflict_is_not_remembered,
            accepting::two_endpoints_never_share_an_event,
            accepting::content_that_could_not_be_decoded_is_kept_and_never_delivered,
            accepting::a_duplicate_of_what_a_handler_still_owns_is_not_promised,
            claiming::many_copies_at_once_are_granted_once,
            claiming::a_copy_of_what_is_in_flight_waits,
            claiming::a_copy_gets_the_answer_that_was_given,
            claiming::an_answer_too_large_to_keep_keeps_its_status,
            claiming::a_claim_takes_the_place_of_a_record_past_retention,
            claiming::a_released_event_can_be_claimed_again,
            claiming::a_late_owner_is_told_that_it_lost,
            claiming::a_late_owner_loses_even_after_release_and_a_new_claim,
            claiming::a_renewed_lease_is_not_taken_over,
            claiming::a_fence_of_a_claim_leads_to_its_answer,
            claiming::an_abandoned_claim_is_taken_over_through_its_fence,
            claiming::an_abandoned_identity_does_not_free_a_taken_fence,
            claiming::other_content_in_a_claim_is_quarantined,
            claiming::a_claim_of_an_accepted_event_is_done,
            claiming::another_events_record_completes_nothing,
            delivering::an_attempt_counts_before_it_is_made,
            delivering::an_expired_lease_is_given_to_a_later_owner,
            delivering::a_try_that_ended_without_a_word_is_told_from_one_that_failed,
            delivering::a_late_worker_is_told_that_it_lost,
            delivering::a_retry_is_not_due_before_its_time,
            delivering::a_record_that_was_not_tried_costs_no_attempt,
            delivering::a_parked_record_waits_for_an_operator,
            delivering::a_requeued_record_is_never_a_first_attempt_again,
            delivering::a_quarantined_record_is_never_requeued,
            delivering::a_discarded_record_is_never_delivered_and_stays_for_its_retention,
            delivering::only_what_is_parked_is_discarded,
            delivering::records_of_other_endpoints_are_not_handed_out,
            delivering::records_leave_in_the_order_of_acceptance,
            delivering::a_lease_has_a_bound_in_bytes_too,
            delivering::large_events_that_failed_let_what_is_new_go_first_too,
            delivering::what_failed_lets_what_is_new_go_first_and_is_not_forgotten,
            delivering::nothing_is_handed_out_twice_to_many_workers,
            delivering::a_waiting_worker_is_woken_by_what_becomes_ready,
            delivering::what_is_handed_out_is_what_was_accepted,
            forgetting::a_copy_after_three_days_is_a_duplicate,
            forgetting::a_copy_past_retention_is_new,
            forgetting::a_copy_past_retention_of_what_still_waits_is_a_duplicate,
            forgetting::copies_and_conflicts_are_counted,
            forgetting::pruning_keeps_what_waits_and_its_identity,
            forgetting::pruning_keeps_what_is_in_flight,
            forgetting::pruning_says_that_there_is_more_where_no_record_is,
            forgetting::pruning_takes_a_fence_with_its_identity,
            forgetting::a_conflict_is_pruned_by_its_own_retention,
            forgetting::a_list_filters_and_pages,
            forgetting::an_unknown_id_shows_nothing,
            jumping::a_clock_that_goes_back_forgets_nothing,
            jumping::a_clock_that_goes_back_frees_no_lease,
            jumping::a_clock_that_jumps_ahead_and_back_leaves_the_later_owner,
            jumping::a_claim_survives_a_clock_that_goes_back_and_is_taken_over_by_one_that_jumps_ahead,
        }
    };
    // All of them in one test, on a function that opens stores on servers which live as long as the test.
    (@all $name:ident, $open:path: $($group:ident::$case:ident),+ $(,)?) => {
        async fn $name() {
            $(
                eprintln!(concat!(stringify!($group), "::", stringify!($case)));
                $crate::store::conformance::$group::$case($open).await;
            )+
        }
    };
    (@each $open:path: $($group:ident::$case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::store::conformance::$group::$case($open).await;
            }
        )+
    };
}
pub(super) use conformance;

/// An event as a case describes it.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) endpoint: &'static str,
    pub(super) id: String,
    pub(super) fence: Option<String>,
    pub(super) content: Bytes,
    pub(super) problem: Option<&'static str>,
    pub(super) retain_until: Timestamp,
}

/// An event of `bank-a` with this id.
pub(super) fn event(id: &str) -> Event {
    Event {
        endpoint: "bank-a",
        id: id.to_owned(),
        fence: None,
        content: format!("{{\"id\":\"{id}\"}}").into_bytes().into(),
        problem: None,
        retain_until: START.after(RETENTION),
    }
}

impl Event {
    pub(super) fn content(mut self, content: &'static str) -> Self {
        self.content = Bytes::from_static(content.as_bytes());
        self
    }

    pub(super) fn fence(mut self, fence: &str) -> Self {
        self.fence = Some(fence.to_owned());
        self
    }

    pub(super) fn endpoint(mut self, endpoint: &'static str) -> Self {
        self.endpoint = endpoint;
        self
    }

    pub(super) fn identity(&self) -> Identity {
        Identity::new(self.endpoint, "header", self.id.as_bytes())
    }

    pub(super) fn event_id(&self) -> EventId {
        self.identity().event_id()
    }

    /// The event as verification hands it on. The proof is a seal's, of a key that nobody keeps.
    pub(super) fn verified(&self) -> Verified<Record> {
        let record = Record {
            identity: self.identity(),
            fence: self.fence.as_ref().map(|fence| Identity::new(self.endpoint, "fence", fence.as_bytes())),
            fingerprint: Digest::sha256_of(&self.content),
            compared: Digest::sha256_of(&self.content),
            action: "events".into(),
            event_type: "org.example.event".into(),
            subject: Some("payment-1".into()),
            request_id: Some(self.id.as_str().into()),
            content: self.content.clone(),
            problem: self.problem.map(Into::into),
            retain_until: self.retain_until,
        };
        let provenance = Provenance {
            endpoint: self.endpoint.into(),
            profile: "example".into(),
            key_id: "key-1".into(),
            algorithm: Some(Algorithm::Rs256),
            signed_at: Some(START),
            received_at: START,
            covered: ["(request-target)".into(), "digest".into(), "body".into()].into(),
        };
        let seal = Seal::new(&Seal::generate().unwrap()).unwrap();
        let tag = seal.seal(&record, &provenance);
        seal.open(record, provenance, &tag).unwrap()
    }
}

/// A store that stands at [`START`].
pub(super) fn bench(open: Open) -> Bench {
    open(Arc::new(FixedClock::at(START)))
}

impl Bench {
    /// Moves the clock this far from the start.
    pub(super) fn at(&self, span: Duration) {
        self.clock.set(START.after(span));
    }

    pub(super) async fn accept(&self, event: &Event) -> Acceptance {
        self.store.accept(event.verified()).await.unwrap()
    }

    pub(super) async fn claim(&self, event: &Event) -> Claim {
        self.store.claim(event.verified(), LEASE).await.unwrap()
    }

    pub(super) async fn granted(&self, event: &Event) -> Lease {
        match self.claim(event).await {
            Claim::Granted(lease) => lease,
            other => panic!("expected a lease, but found {other:?}"),
        }
    }

    /// Leases of every endpoint.
    pub(super) async fn lease(&self, limit: usize) -> Vec<Leased> {
        self.store.lease([].into(), limit, LEASE).await.unwrap()
    }

    /// The only record that is due.
    pub(super) async fn lease_one(&self) -> Leased {
        let mut leased = self.lease(10).await;
        assert_eq!(leased.len(), 1);
        leased.pop().unwrap()
    }

    /// Ids in the order of acceptance, of one state or of all.
    pub(super) async fn ids(&self, state: Option<State>) -> Vec<EventId> {
        let listing = Listing { state, ..Listing::default() };
        self.store.list(listing).await.unwrap().into_iter().map(|(_, entry)| entry.id).collect()
    }
}

/// An answer of a handler.
pub(super) fn answer(status: u16, body: &'static str) -> StoredAnswer {
    StoredAnswer { status, content_type: "application/json".into(), body: Bytes::from_static(body.as_bytes()) }
}
