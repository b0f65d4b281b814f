//! Tests of the control parameters: the seven types as the first version writes them, and the schedules of version 2.

use serde_json::json;

use super::*;

fn schedule(document: Value) -> ConsentSchedule {
    let read: ConsentSchedule = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    read
}

fn sum(amount: &str) -> Value {
    json!({"Amount": amount, "Currency": "AED"})
}

fn shown(amount: &Option<AmountAndCurrency>) -> &str {
    amount.as_ref().map_or("", |sum| sum.amount.as_str())
}

fn multi(document: Value) -> MultiPayment {
    schedule(json!({"MultiPayment": document})).multi_payment.unwrap()
}

#[test]
fn the_schedules_of_version_2_say_their_type() {
    let period = json!({"MaximumCumulativeNumberOfPaymentsPerPeriod": 2, "MaximumIndividualAmount": sum("125.00"),
        "MaximumCumulativeValueOfPaymentsPerPeriod": sum("200.00")});
    let on_demand = multi(json!({"MaximumCumulativeNumberOfPayments": 365, "PeriodicSchedule": {
        "Type": "VariableOnDemand", "PeriodType": "Day", "PeriodStartDate": "2025-07-13", "Controls": period}}));
    assert_eq!(on_demand.kind(), Some(ConsentKind::VariableOnDemandPayment));
    let controls = on_demand.periodic_schedule.unwrap().controls.unwrap();
    assert_eq!(shown(&controls.maximum_individual_amount), "125.00");
    assert_eq!(controls.maximum_cumulative_number_of_payments_per_period, Some(2));

    let defined = multi(json!({"PeriodicSchedule": {"Type": "VariableDefinedSchedule", "Schedule": [
        {"PaymentExecutionDate": "2026-08-01", "MaximumIndividualAmount": sum("500.00")}]}}));
    assert_eq!(defined.kind(), Some(ConsentKind::VariableDefinedPayment));
    let days = defined.periodic_schedule.unwrap().schedule.unwrap();
    assert_eq!(shown(&days[0].maximum_individual_amount), "500.00");
}

#[test]
fn a_combined_consent_has_two_types() {
    let both = schedule(json!({
        "SinglePayment": {"Type": "UAEOF.SingleInstantPayment", "Amount": sum("10.00")},
        "MultiPayment": {"Type": "UAEOF.FixedOnDemandPayment", "Amount": sum("1.00")},
    }));
    let kinds: Vec<_> = both.kinds().collect();
    assert_eq!(kinds, [ConsentKind::SingleInstantPayment, ConsentKind::FixedOnDemandPayment]);
    assert_eq!(schedule(json!({})).kinds().count(), 0);
    assert_eq!(schedule(json!({"MultiPayment": {}})).kinds().count(), 0);
}

#[test]
fn a_file_of_payments_is_none_of_the_seven_types() {
    let file = json!({"FileType": "CSV", "FileHash": "aGFzaA==", "FileReference": "r", "NumberOfTransactions": 3,
        "ControlSum": "30.00", "RequestedExecutionDate": "2026-08-01"});
    let read = schedule(json!({"FilePayment": file}));
    assert_eq!((read.kinds().count(), read.file_payment.unwrap().number_of_transactions), (0, Some(3)));
}

#[test]
fn what_is_not_a_parameter_is_refused() {
    for document in [
        json!({"SinglePayment": {"Amount": sum("1.00")}}),
        json!({"SinglePayment": {"Type": 1}}),
        json!({"MultiPayment": {"Amount": {"Amount": 1.00, "Currency": "AED"}}}),
        json!({"MultiPayment": {"Amount": sum("1.000")}}),
        json!({"MultiPayment": {"TotalNumberOfPayments": "10"}}),
        json!({"MultiPayment": {"TotalNumberOfPayments": 1.5}}),
        json!({"MultiPayment": {"PaymentSchedule": [{"Amount": sum("1.00")}]}}),
        json!({"MultiPayment": {"PeriodicSchedule": []}}),
        json!({"FilePayment": {"ControlSum": "1"}}),
        json!({"MultiPayment": "UAEOF.FixedOnDemandPayment"}),
    ] {
        assert!(serde_json::from_value::<ConsentSchedule>(document.clone()).is_err(), "{document}");
    }
}

#[test]
fn null_counts_as_absent_and_unknown_periods_pass() {
    let read: ConsentSchedule = serde_json::from_str(
        r#"{"SinglePayment":null,"MultiPayment":{"PeriodicSchedule":{"PeriodType":"Fortnight"}}}"#,
    )
    .unwrap();
    assert_eq!(read.single_payment, None);
    let period = read.multi_payment.unwrap().periodic_schedule.unwrap().period_type;
    assert_eq!(period, Some(PeriodType::Unknown("Fortnight".into())));
}
