//! How a store is divided: one hash slot of a Cluster for each partition. The rule: whatever one step has to look at or
//! change lies in one partition, and the numbers that a caller holds say in which.
//!
//! The partition follows from the endpoint and not from the identity: a record has two names that must not be taken
//! (its identity and its fence), and only what its copies share with it, the endpoint, leads to both.

use crate::crypto::Digest;

/// How many partitions a store has. It is kept in the store: another number would look for records where they are not.
pub(super) const PARTITIONS: u8 = 16;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Partition(u8);

impl Partition {
    /// The one of an endpoint.
    pub(super) fn of(endpoint: &str) -> Self {
        let digest = Digest::sha256_of(endpoint.as_bytes());
        Self::numbered(digest.first().copied().unwrap_or(0))
    }

    /// The one of this number, counted around.
    pub(super) fn numbered(number: u8) -> Self {
        Self(number.checked_rem(PARTITIONS).unwrap_or(0))
    }

    pub(super) fn number(self) -> u8 {
        self.0
    }

    /// A number of this partition as callers hold it.
    pub(super) fn outward(self, number: u64) -> u64 {
        number.saturating_mul(u64::from(PARTITIONS)).saturating_add(u64::from(self.0))
    }

    /// A number that a caller held, with its partition.
    pub(super) fn inward(number: u64) -> (Self, u64) {
        let part = number.checked_rem(u64::from(PARTITIONS)).and_then(|part| u8::try_from(part).ok());
        (Self(part.unwrap_or(0)), number.checked_div(u64::from(PARTITIONS)).unwrap_or(0))
    }

    /// The number in this partition after which all lie behind a number that a caller held.
    pub(super) fn behind(self, number: u64) -> u64 {
        let (other, inner) = Self::inward(number);
        if self <= other { inner } else { inner.saturating_sub(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_comes_back_with_its_partition() {
        for number in 0..40 {
            let (partition, inner) = Partition::inward(number);
            assert_eq!(partition.outward(inner), number);
        }
    }

    #[test]
    fn what_lies_behind_a_number_lies_behind_it_in_every_partition() {
        for number in [0, 16, 37, 64] {
            for partition in (0..PARTITIONS).map(Partition::numbered) {
                for inner in 1..8 {
                    assert_eq!(inner > partition.behind(number), partition.outward(inner) > number, "{number}");
                }
            }
        }
    }
}
