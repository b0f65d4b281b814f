//! The figures of one endpoint's deliveries. The rule: counting a delivery looks nothing up and takes no lock; every series
//! is there from the start, so that the first refusal for a reason shows as an increase.

use std::sync::Arc;

use http::Response;
use metrics::{Counter, Histogram, counter, histogram};

use crate::endpoint::Outcome;
use crate::error::Code;
use crate::observed::{Observed, Stage};

/// The figures of one endpoint.
#[derive(Debug)]
pub(in crate::server) struct Deliveries {
    accepted: Counter,
    duplicate: Counter,
    quarantined: Counter,
    /// In the order of the codes.
    refused: Box<[Counter]>,
    whole: Histogram,
    /// In the order of the stages.
    stages: Box<[Histogram]>,
    age: Histogram,
    ahead: Histogram,
    suppressed: Counter,
}

impl Deliveries {
    /// Those of the endpoint of this name; empty for what no endpoint owns.
    pub(in crate::server) fn of(endpoint: &str) -> Self {
        let endpoint = || endpoint.to_owned();
        let outcome = |outcome: &'static str, code: &'static str| counter!("countersign_deliveries_total", "endpoint" => endpoint(), "outcome" => outcome, "code" => code);
        let stage = |stage: Stage| {
            let stage = stage.as_str();
            histogram!("countersign_stage_duration_seconds", "endpoint" => endpoint(), "stage" => stage)
        };
        Self {
            accepted: outcome("accepted", ""),
            duplicate: outcome("duplicate", ""),
            quarantined: outcome("quarantined", ""),
            refused: Code::ALL.iter().map(|code| outcome("refused", code.as_str())).collect(),
            whole: histogram!("countersign_delivery_duration_seconds", "endpoint" => endpoint()),
            stages: Stage::ALL.into_iter().map(stage).collect(),
            age: histogram!("countersign_signature_age_seconds", "endpoint" => endpoint()),
            ahead: histogram!("countersign_sender_clock_ahead_seconds", "endpoint" => endpoint()),
            suppressed: counter!("countersign_log_lines_suppressed_total", "endpoint" => endpoint()),
        }
    }

    /// Counts an answer.
    pub(in crate::server) fn count<B>(&self, response: &Response<B>) {
        match response.extensions().get::<Outcome>() {
            Some(Outcome::Accepted) => self.accepted.increment(1),
            Some(Outcome::Duplicate) => self.duplicate.increment(1),
            Some(Outcome::Quarantined) => self.quarantined.increment(1),
            Some(Outcome::Refused(code)) => self.refuse(*code),
            None => self.refuse(Code::RequestMalformed),
        }
        if let Some(observed) = response.extensions().get::<Arc<Observed>>() {
            self.measure(observed);
        }
    }

    fn refuse(&self, code: Code) {
        if let Some(counter) = self.refused.get(code as usize) {
            counter.increment(1);
        }
    }

    fn measure(&self, observed: &Observed) {
        self.whole.record(observed.took());
        for (stage, histogram) in Stage::ALL.into_iter().zip(&self.stages) {
            if let Some((_, took)) = observed.stage(stage) {
                histogram.record(took);
            }
        }
        if let Some((signed, received)) = observed.signed_at() {
            if signed > received {
                self.ahead.record(signed.since(received))
            } else {
                self.age.record(received.since(signed))
            }
        }
        if observed.is_withheld() {
            self.suppressed.increment(1);
        }
    }
}
