//! The seven consent types of bank service initiation. A type keeps its spelling, with `UAEOF.` before it or without.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::words::words;

/// What the first version writes before each word.
const PREFIX: &str = "UAEOF.";

/// A consent type as the wire spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConsentType {
    prefixed: bool,
    kind: ConsentKind,
}

words! {
    /// Which payments a consent allows.
    pub enum ConsentKind {
        /// One payment at once.
        SingleInstantPayment = "SingleInstantPayment",
        /// One payment on a day to come.
        SingleFutureDatedPayment = "SingleFutureDatedPayment",
        /// The same amount in each period.
        FixedRecurringPayment = "FixedRecurringPayment",
        /// The same amount whenever it is asked for.
        FixedOnDemandPayment = "FixedOnDemandPayment",
        /// An amount that varies, in each period.
        VariableRecurringPayment = "VariableRecurringPayment",
        /// An amount that varies, whenever it is asked for.
        VariableOnDemandPayment = "VariableOnDemandPayment",
        /// A list of days with an amount for each.
        VariableDefinedPayment = "VariableDefinedPayment",
    }
}

words! {
    /// The type of a periodic schedule: how version 2 says which payments a consent for many allows.
    pub enum ScheduleType {
        /// The same amount in each period.
        FixedPeriodicSchedule = "FixedPeriodicSchedule",
        /// The same amount whenever it is asked for.
        FixedOnDemand = "FixedOnDemand",
        /// A list of days, each with its exact amount.
        FixedDefinedSchedule = "FixedDefinedSchedule",
        /// An amount that varies, in each period.
        VariablePeriodicSchedule = "VariablePeriodicSchedule",
        /// An amount that varies, whenever it is asked for.
        VariableOnDemand = "VariableOnDemand",
        /// A list of days, each with its greatest amount.
        VariableDefinedSchedule = "VariableDefinedSchedule",
    }
}

impl ConsentType {
    /// Which of the types it is.
    pub fn kind(&self) -> &ConsentKind {
        &self.kind
    }
}

impl ScheduleType {
    /// The consent type of the first version that it continues; none for a word that is new.
    pub fn kind(&self) -> Option<ConsentKind> {
        match self {
            Self::FixedPeriodicSchedule => Some(ConsentKind::FixedRecurringPayment),
            Self::FixedOnDemand => Some(ConsentKind::FixedOnDemandPayment),
            Self::VariablePeriodicSchedule => Some(ConsentKind::VariableRecurringPayment),
            Self::VariableOnDemand => Some(ConsentKind::VariableOnDemandPayment),
            Self::VariableDefinedSchedule => Some(ConsentKind::VariableDefinedPayment),
            // The first version gave a defined payment exact amounts, but called it variable.
            Self::FixedDefinedSchedule => Some(ConsentKind::VariableDefinedPayment),
            Self::Unknown(_) => None,
        }
    }
}

impl From<&str> for ConsentType {
    fn from(word: &str) -> Self {
        let bare = word.strip_prefix(PREFIX);
        Self { prefixed: bare.is_some(), kind: ConsentKind::from(bare.unwrap_or(word)) }
    }
}

impl fmt::Display for ConsentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.prefixed { PREFIX } else { "" }, self.kind)
    }
}

impl Serialize for ConsentType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConsentType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|word| Self::from(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_each_type_are_the_same_type_and_are_kept() {
        assert_eq!(ConsentKind::WORDS.len(), 7);
        for word in ConsentKind::WORDS {
            for spelling in [(*word).to_owned(), format!("UAEOF.{word}")] {
                let read = ConsentType::from(spelling.as_str());
                assert_eq!((read.kind().as_str(), read.to_string()), (*word, spelling));
            }
        }
    }

    #[test]
    fn an_unknown_type_passes_through_as_spelled() {
        for word in ["", "UAEOF.", "UAEOF.BulkPayment", "BulkPayment", "UAEOF.UAEOF.BulkPayment", "uaeof.X"] {
            let read: ConsentType = serde_json::from_value(word.into()).unwrap();
            assert!(matches!(read.kind(), ConsentKind::Unknown(_)), "{word}");
            assert_eq!(serde_json::to_value(&read).unwrap(), word);
        }
        assert!(serde_json::from_str::<ConsentType>("7").is_err());
    }

    #[test]
    fn every_schedule_continues_a_consent_type() {
        for word in ScheduleType::WORDS {
            assert!(ScheduleType::from(*word).kind().is_some(), "{word}");
        }
        assert_eq!(ScheduleType::from("Weekly").kind(), None);
    }
}
