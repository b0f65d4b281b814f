//! Realistic documents with invented names, for `send`, examples and tests. Every documented member is filled.

pub mod tribe;
pub mod worldline;

/// What differs from one sample to the next.
#[derive(Debug, Clone)]
pub struct SampleIds {
    /// A UUID of the request; ids of payments and consents are made of it.
    pub id: String,
    /// RFC 3339.
    pub at: String,
    /// Which of a series.
    pub number: u64,
}

impl SampleIds {
    /// An id of at most 32 characters.
    fn short(&self) -> String {
        self.id.replace('-', "")
    }
}
