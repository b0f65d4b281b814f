//! Realistic, complete example documents to send. Names, addresses and accounts are invented; only the ids vary.

pub mod cbuae;
pub mod tribe;
pub mod worldline;

use serde_json::Value;

/// What makes one sample differ from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleIds {
    /// A UUID in its usual spelling: identifies the payment, consent or account of the sample.
    pub id: String,
    /// When it happened, RFC 3339.
    pub at: String,
    /// A running number: goes into references and amounts.
    pub number: u64,
}

impl SampleIds {
    /// The id without dashes and at most 35 characters long, the most any sender allows.
    pub fn short(&self) -> String {
        self.id.chars().filter(|character| *character != '-').take(35).collect()
    }

    /// The day of `at`, `YYYY-MM-DD`.
    pub fn day(&self) -> String {
        self.at.chars().take(10).collect()
    }

    /// An amount from 1.00 to 999.99 that varies with `number`, two digits after the point.
    pub fn amount(&self) -> String {
        let units = (self.number % 999).saturating_add(1);
        format!("{units}.{:02}", self.number % 100)
    }
}

/// The bytes of a sample: compact JSON, or nothing at all for `null`, which stands for a request without a body.
pub fn body(sample: &Value) -> Vec<u8> {
    if sample.is_null() { Vec::new() } else { sample.to_string().into_bytes() }
}

#[cfg(test)]
mod tests;
