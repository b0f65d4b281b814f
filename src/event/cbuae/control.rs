//! What a payment consent allows, schema `ControlParameters`. All parameters are optional here: which of them a type
//! demands is for the hub to enforce when the consent is made, and a notice of it is worth reading all the same.
//!
//! | consent type | its parameters |
//! |---|---|
//! | `SingleInstantPayment` | `Amount` |
//! | `SingleFutureDatedPayment` | `Amount`, `RequestedExecutionDateTime` |
//! | `FixedRecurringPayment` | `TotalNumberOfPayments`, `PeriodicSchedule` with `Amount` |
//! | `FixedOnDemandPayment` | `Amount`, `MaximumCumulative…`, `PeriodicSchedule` if wanted |
//! | `VariableRecurringPayment` | `MaximumIndividualPaymentAmount`, `MaximumCumulative…`, `PeriodicSchedule` |
//! | `VariableOnDemandPayment` | `MaximumIndividualPaymentAmount`, `MaximumCumulative…`, `PeriodicSchedule` if wanted |
//! | `VariableDefinedPayment` | `PaymentSchedule[]` of `PaymentExecutionDate` and `Amount` |
//!
//! Version 2 moves the type and the amounts of many payments into `PeriodicSchedule`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::amounts::{Amount, AmountAndCurrency};
use super::consent_type::{ConsentKind, ConsentType, ScheduleType};
use crate::event::words::words;

/// What a consent allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ControlParameters {
    /// Whether the payer pays by account at a merchant; first version only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_pay_by_account: Option<bool>,
    /// Whether the third party defines and manages all controls; version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_delegated_authentication: Option<bool>,
    /// Which payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_schedule: Option<ConsentSchedule>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One payment, many payments, or (a combined consent) one of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsentSchedule {
    /// One payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub single_payment: Option<SinglePayment>,
    /// Many payments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_payment: Option<MultiPayment>,
    /// A file of payments; version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_payment: Option<FilePayment>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ConsentSchedule {
    /// The types that the consent combines: none, one or two.
    pub fn kinds(&self) -> impl Iterator<Item = ConsentKind> {
        let single = self.single_payment.as_ref().map(|single| single.r#type.kind().clone());
        single.into_iter().chain(self.multi_payment.as_ref().and_then(MultiPayment::kind))
    }
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SinglePayment {
    /// At once, or on a day to come.
    pub r#type: ConsentType,
    /// How much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountAndCurrency>,
    /// When it is to be executed; first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_execution_date_time: Option<String>,
    /// The day on which it is to be executed; later versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_execution_date: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Many payments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MultiPayment {
    /// One of the five types for many payments; in version 2 the schedule has it, see [`MultiPayment::kind`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ConsentType>,
    /// The amount of each payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountAndCurrency>,
    /// The most for one payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_individual_payment_amount: Option<AmountAndCurrency>,
    /// The most for one payment, by its other name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_individual_amount: Option<AmountAndCurrency>,
    /// The most payments while the consent lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cumulative_number_of_payments: Option<i64>,
    /// The most money while the consent lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cumulative_value_of_payments: Option<AmountAndCurrency>,
    /// How many payments there will be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_number_of_payments: Option<i64>,
    /// The periods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub periodic_schedule: Option<PeriodicSchedule>,
    /// The days and amounts of defined payments; first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_schedule: Option<Vec<ScheduledPayment>>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl MultiPayment {
    /// Its type, wherever it stands.
    pub fn kind(&self) -> Option<ConsentKind> {
        let scheduled = || self.periodic_schedule.as_ref()?.r#type.as_ref()?.kind();
        self.r#type.as_ref().map(|word| word.kind().clone()).or_else(scheduled)
    }
}

/// The periods of many payments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeriodicSchedule {
    /// The type of the schedule; version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<ScheduleType>,
    /// How long a period is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_type: Option<PeriodType>,
    /// The first day of the first period, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_start_date: Option<String>,
    /// The amount of each payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountAndCurrency>,
    /// The most for one payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_individual_amount: Option<AmountAndCurrency>,
    /// The limits of a period; version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controls: Option<PeriodControls>,
    /// The days and amounts of defined payments; version 2, 1 to 53 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<ScheduledPayment>>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The limits of a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeriodControls {
    /// The most for one payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_individual_amount: Option<AmountAndCurrency>,
    /// The most money in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cumulative_value_of_payments_per_period: Option<AmountAndCurrency>,
    /// The most payments in a period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_cumulative_number_of_payments_per_period: Option<i64>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One of the defined payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduledPayment {
    /// The day, `YYYY-MM-DD`.
    pub payment_execution_date: String,
    /// Exactly how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<AmountAndCurrency>,
    /// At most how much; version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_individual_amount: Option<AmountAndCurrency>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A file of payments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FilePayment {
    /// What kind of file; 1 to 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_type: Option<String>,
    /// SHA-256 of the file, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_hash: Option<String>,
    /// 1 to 35 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_reference: Option<String>,
    /// How many payments are in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_of_transactions: Option<i64>,
    /// The sum of all its amounts, whatever their currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_sum: Option<Amount>,
    /// The day on which it is to be executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_execution_date: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// How long a period is.
    pub enum PeriodType {
        /// From midnight to midnight.
        Day = "Day",
        /// Seven days.
        Week = "Week",
        /// From the first day of a month to its last.
        Month = "Month",
        /// Twelve months.
        Year = "Year",
    }
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
