//! Worldline's documents.

use serde_json::{Value, json};

use super::SampleIds;

/// The route below the endpoint, and the document: `payment`, `consent` or `debtor-token`.
pub fn sample(kind: &str, ids: &SampleIds) -> Option<(&'static str, Value)> {
    match kind {
        "payment" => Some(("/status", payment(ids))),
        "consent" => Some(("/status", consent(ids))),
        "debtor-token" => Some(("/debtorToken", debtor_token(ids))),
        _ => None,
    }
}

fn payment(ids: &SampleIds) -> Value {
    let link = |name: &str| json!({"Href": format!("https://pay.example/{}/{name}", ids.short())});
    json!({
        "PaymentProductUsed": "IDEAL",
        "CommonPaymentData": {
            "ExpiryDateTimestamp": ids.at,
            "GuaranteedAmount": "123.45",
            "PaymentStatus": "SettlementCompleted",
            "PaymentId": ids.short(),
            "AspspPaymentId": format!("A{}", ids.number),
            "AspspId": "10001",
            "InitiatingPartyReferenceId": format!("order-{}", ids.number),
            "FundsAvailable": true,
            "DebtorInformation": {
                "Name": "Edsger Janssen",
                "Agent": "ABNANL2A",
                "Account": {
                    "SchemeName": "IBAN", "Identification": "NL91ABNA0417164300",
                    "SecondaryIdentification": "1", "Currency": "EUR"
                },
                "ContactDetails": {
                    "FirstName": "Edsger", "LastName": "Janssen",
                    "PhoneNumber": "+31612345678", "Email": "edsger@mail.example"
                },
                "ShippingAddress": address(), "BillingAddress": address()
            },
            "AmountRelatedDetails": {
                "TransactionFees": {"Currency": "EUR", "Amount": "0.29"},
                "ExchangeRateInformation": {
                    "UnitCurrency": "GBP", "ExchangeRate": 1.1523, "RateType": "Spot",
                    "ContractIdentification": "FX-1", "ExpirationDateTime": ids.at
                },
                "CurrencyConversionFee": {"Currency": "EUR", "Amount": "0.10"},
                "EstimatedTotalAmount": {"Currency": "EUR", "Amount": "123.84"},
                "EstimatedInterbankSettlementAmount": {"Currency": "EUR", "Amount": "123.45"}
            },
            "AuthorisationRequiredData": authorisation(),
            "PsuMessage": "Thank you."
        },
        "Links": {
            "RedirectUrl": link("redirect"),
            "PostAuthorisationForExplicit": link("explicit"),
            "PostIdentificationForDecoupled": link("decoupled"),
            "PostAuthorisationForEmbedded": link("embedded"),
            "PutAuthorisationForEmbedded": link("embedded"),
            "SelectAuthenticationMethod": link("method"),
            "AuthorizeTransaction": link("authorize"),
            "ConfirmationRequired": link("confirm")
        },
        "UseWaitingScreen": false
    })
}

fn consent(ids: &SampleIds) -> Value {
    let link = |name: &str| json!({"Href": format!("https://consent.example/{}/{name}", ids.short())});
    json!({
        "ConsentId": ids.id,
        "ConsentStatus": "Revoked",
        "AspspId": "10001",
        "AuthorisationRequiredData": authorisation(),
        "PermissionInformation": "Up to four requests a day.",
        "FrequencyPerDay": 4,
        "RecurringIndicator": true,
        "ValidUntilDate": ids.at,
        "LastActionDate": ids.at,
        "TransactionFromDateTime": ids.at,
        "TransactionToDateTime": ids.at,
        "Links": {
            "RedirectUrl": link("redirect"),
            "PostAuthorisationForExplicit": link("explicit"),
            "PostIdentificationForDecoupled": link("decoupled"),
            "PostAuthorisationForEmbedded": link("embedded"),
            "PutAuthorisationForEmbedded": link("embedded"),
            "SelectAuthenticationMethod": link("method"),
            "AuthorizeTransaction": link("authorize"),
            "GetConsentStatus": link("status")
        },
        "PsuMessage": "You withdrew your consent."
    })
}

fn debtor_token(ids: &SampleIds) -> Value {
    json!({"PsuId": "psu-1", "PaymentId": ids.short(), "DebtorToken": format!("token-{}", ids.short())})
}

fn address() -> Value {
    json!({
        "FirstName": "Edsger", "LastName": "Janssen", "CompanyName": "Koekfabriek", "PostCode": "1234AB",
        "BuildingNumber": "100", "Floor": "2B", "StreetName": "Bankastraat", "TownName": "Amsterdam",
        "Country": "Nederland", "CountrySubDivision": "Noord-Holland"
    })
}

fn authorisation() -> Value {
    let method = json!({
        "AuthenticationType": "PushOTP", "AuthenticationId": "1", "Version": "2", "Name": "App",
        "Explanation": "Confirm in the app of your bank."
    });
    json!({
        "PsuCredentials": [{
            "AspspProductCode": "retail",
            "CredentialsDetails": [{
                "IsSecret": false, "CredentialId": "ewl-user-id",
                "LabelList": [{"Label": "User name", "Language": "EN"}]
            }]
        }],
        "ScaMethods": [method.clone()],
        "ChosenScaMethod": method,
        "ChallengeData": {
            "AdditionalInformation": "Enter the code.", "Data": ["1234"], "Image": "iVBORw0KGgo=",
            "ImageLink": "https://pay.example/challenge.png", "OtpFormat": "integer", "OtpMaxLength": 6
        }
    })
}
