//! Example messages of UAE Open Finance: the claim `message`, before it is signed and encrypted. Every member of the
//! schema is there, so that none is forgotten by a reader.

use serde_json::{Value, json};

use super::SampleIds;

/// The kinds of samples: what [`sample`] knows.
pub const KINDS: [&str; 2] = ["payment", "consent"];

/// A sample of `kind`; none for a kind outside [`KINDS`].
pub fn sample(kind: &str, ids: &SampleIds) -> Option<Value> {
    match kind {
        "payment" => Some(payment(ids)),
        "consent" => consent_of_type("UAEOF.FixedRecurringPayment", ids),
        _ => None,
    }
}

/// A consent of one of the seven types, with or without `UAEOF.` before it; none for another word.
pub fn consent_of_type(word: &str, ids: &SampleIds) -> Option<Value> {
    let bare = word.strip_prefix("UAEOF.").unwrap_or(word);
    let schedule = match bare {
        "SingleInstantPayment" => json!({"SinglePayment": {"Type": word, "Amount": sum(ids)}}),
        "SingleFutureDatedPayment" => json!({"SinglePayment": {
            "Type": word,
            "Amount": sum(ids),
            "RequestedExecutionDateTime": "2035-11-30T08:00:00.000Z",
        }}),
        _ => json!({"MultiPayment": multi_payment(bare, word, ids)?}),
    };
    Some(consent(&schedule, ids))
}

fn multi_payment(bare: &str, word: &str, ids: &SampleIds) -> Option<Value> {
    Some(match bare {
        "FixedRecurringPayment" => json!({
            "Type": word,
            "TotalNumberOfPayments": 10,
            "PeriodicSchedule": {"PeriodType": "Month", "PeriodStartDate": ids.day(), "Amount": sum(ids)},
        }),
        "FixedOnDemandPayment" => json!({
            "Type": word,
            "Amount": sum(ids),
            "MaximumCumulativeNumberOfPayments": 24,
            "MaximumCumulativeValueOfPayments": dirhams("24000.00"),
        }),
        "VariableRecurringPayment" => json!({
            "Type": word,
            "MaximumIndividualPaymentAmount": dirhams("1000.00"),
            "MaximumCumulativeNumberOfPayments": 12,
            "MaximumCumulativeValueOfPayments": dirhams("12000.00"),
            "PeriodicSchedule": {"PeriodType": "Month", "PeriodStartDate": ids.day()},
        }),
        "VariableOnDemandPayment" => json!({
            "Type": word,
            "MaximumIndividualPaymentAmount": dirhams("1000.00"),
            "MaximumCumulativeNumberOfPayments": 365,
            "MaximumCumulativeValueOfPayments": dirhams("100000.00"),
            "PeriodicSchedule": {
                "PeriodType": "Week",
                "PeriodStartDate": ids.day(),
                "MaximumIndividualAmount": dirhams("500.00"),
            },
        }),
        "VariableDefinedPayment" => json!({
            "Type": word,
            "PaymentSchedule": [
                {"PaymentExecutionDate": "2035-08-01", "Amount": sum(ids)},
                {"PaymentExecutionDate": "2035-09-02", "Amount": dirhams("1200.00")},
            ],
        }),
        _ => return None,
    })
}

fn payment(ids: &SampleIds) -> Value {
    let consent_id = format!("consent-{}", ids.number);
    json!({
        "Data": {
            "PaymentId": ids.id,
            "ConsentId": consent_id,
            "PaymentTransactionId": format!("AANI-{}", ids.number),
            "Status": "AcceptedSettlementCompleted",
            "StatusUpdateDateTime": ids.at,
            "RejectReasonCode": [],
            "CreationDateTime": ids.at,
            "Charges": charges(),
            "ExchangeRate": exchange_rate(ids),
            "CurrencyRequest": currency_request(ids),
            "Instruction": {"Amount": sum(ids)},
            "PaymentPurposeCode": "ACM",
            "DebtorReference": format!("Order {}", ids.number),
            "OpenFinanceBilling": {"Type": "Collection", "MerchantId": "MERCHANT0001"},
        },
        "Meta": meta(&format!("/payments/{}", ids.id), &consent_id, ids),
    })
}

fn consent(schedule: &Value, ids: &SampleIds) -> Value {
    json!({
        "Data": {
            "ConsentId": ids.id,
            "BaseConsentId": format!("base-{}", ids.number),
            "Status": "Authorized",
            "StatusUpdateDateTime": ids.at,
            "CreationDateTime": ids.at,
            "ExpirationDateTime": "2035-12-31T23:59:59.000Z",
            "Permissions": ["ReadAccountsBasic", "ReadBalances"],
            "RevokedBy": "TPP.InitiatedByUser",
            "IsSingleAuthorization": true,
            "AuthorizationExpirationDateTime": "2035-12-31T23:59:59.000Z",
            "AcceptedAuthorizationType": "UAEOF.Single",
            "AuthorizationExpirationTimeWindow": "720:00:00",
            "AccountType": ["Retail"],
            "AccountSubType": ["CurrentAccount", "Savings"],
            "OnBehalfOf": {"TradingName": "Cookie Factory", "LegalName": "Cookie Factory LLC"},
            "SponsoredTPPInformation": {"Name": "Cookie Pay", "Identification": "TPP-0001"},
            "Charges": charges(),
            "ExchangeRate": exchange_rate(ids),
            "CurrencyRequest": currency_request(ids),
            "ControlParameters": {
                "IsPayByAccount": false,
                "IsDelegatedAuthentication": false,
                "ConsentSchedule": schedule,
            },
            "PaymentConsumption": {
                "CumulativeNumberOfPayments": 3,
                "CumulativeValueOfPayments": dirhams("300.00"),
                "CumulativeNumberOfPaymentsInCurrentPeriod": 1,
                "CumulativeValueOfPaymentsInCurrentPeriod": dirhams("100.00"),
            },
            "DebtorReference": format!("Order {}", ids.number),
            "CreditorReference": format!("Invoice {}", ids.number),
            "PaymentPurposeCode": "ACM",
            "OpenFinanceBilling": {
                "IsLargeCorporate": false,
                "UserType": "Retail",
                "Purpose": "AccountAggregation",
            },
        },
        "Meta": meta(&format!("/payment-consents/{}", ids.id), &ids.id, ids),
    })
}

fn meta(resource: &str, consent_id: &str, ids: &SampleIds) -> Value {
    json!({
        "EventDateTime": ids.at,
        "EventResource": resource,
        "EventType": "Resource.Updated",
        "ConsentId": consent_id,
    })
}

fn sum(ids: &SampleIds) -> Value {
    dirhams(&ids.amount())
}

fn dirhams(amount: &str) -> Value {
    json!({"Amount": amount, "Currency": "AED"})
}

fn charges() -> Value {
    json!([
        {"ChargeBearer": "BorneByDebtor", "Type": "VAT", "Amount": dirhams("0.05")},
        {"ChargeBearer": "Shared", "Type": "Fees", "Amount": dirhams("1.00")},
    ])
}

fn exchange_rate(ids: &SampleIds) -> Value {
    json!({
        "UnitCurrency": "GBP",
        "ExchangeRate": 4.6725,
        "RateType": "Actual",
        "ContractIdentification": format!("FX-{}", ids.number),
        "ExpirationDateTime": "2035-12-31T23:59:59.000Z",
    })
}

fn currency_request(ids: &SampleIds) -> Value {
    json!({
        "InstructionPriority": "Normal",
        "ExtendedPurpose": "Goods",
        "ChargeBearer": "Shared",
        "CurrencyOfTransfer": "GBP",
        "DestinationCountryCode": "GB",
        "ExchangeRateInformation": exchange_rate(ids),
        "FxQuoteId": format!("quote-{}", ids.number),
    })
}
