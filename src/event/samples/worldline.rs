//! Example notifications of Worldline: every member of the schema is there, so that none is forgotten by a reader.

use serde_json::{Value, json};

use super::SampleIds;

/// The kinds of samples: what [`sample`] knows.
pub const KINDS: [&str; 3] = ["payment", "consent", "debtor-token"];

/// A sample of `kind` and the path it is posted to, below the configured base; none for a kind outside [`KINDS`].
pub fn sample(kind: &str, ids: &SampleIds) -> Option<(&'static str, Value)> {
    match kind {
        "payment" => Some(("/status", payment(ids))),
        "consent" => Some(("/status", consent(ids))),
        "debtor-token" => Some(("/debtorToken", debtor_token(ids))),
        _ => None,
    }
}

fn payment(ids: &SampleIds) -> Value {
    json!({
        "PaymentProductUsed": "IDEAL",
        "CommonPaymentData": common_payment_data(ids),
        "Links": payment_links(&ids.short()),
        "UseWaitingScreen": false,
    })
}

fn common_payment_data(ids: &SampleIds) -> Value {
    json!({
        "ExpiryDateTimestamp": "2035-12-31T23:59:59.000Z",
        "GuaranteedAmount": ids.amount(),
        "PaymentStatus": "SettlementCompleted",
        "PaymentId": ids.short(),
        "AspspPaymentId": format!("ASPSP-{}", ids.number),
        "AspspId": "10001",
        "InitiatingPartyReferenceId": format!("order-{}", ids.number),
        "FundsAvailable": true,
        "DebtorInformation": debtor(),
        "AmountRelatedDetails": amounts(ids),
        "AuthorisationRequiredData": authorisation(),
        "PsuMessage": "Your payment is complete.",
    })
}

fn consent(ids: &SampleIds) -> Value {
    json!({
        "ConsentId": ids.short(),
        "ConsentStatus": "Authorised",
        "AspspId": "10001",
        "AuthorisationRequiredData": authorisation(),
        "PermissionInformation": "At most four requests a day.",
        "FrequencyPerDay": 4,
        "RecurringIndicator": true,
        "ValidUntilDate": "2035-12-31T23:59:59.000Z",
        "LastActionDate": ids.day(),
        "TransactionFromDateTime": "2024-01-01T00:00:00.000Z",
        "TransactionToDateTime": ids.at,
        "Links": consent_links(&ids.short()),
        "PsuMessage": "You gave access to your account.",
    })
}

fn debtor_token(ids: &SampleIds) -> Value {
    json!({
        "PsuId": format!("psu-{}", ids.number),
        "PaymentId": ids.short(),
        "DebtorToken": format!("sample-token-{}", ids.short()),
    })
}

fn debtor() -> Value {
    json!({
        "Name": "B. Jansen",
        "Agent": "ABNANL2A",
        "Account": {
            "SchemeName": "IBAN",
            "Identification": "NL91ABNA0417164300",
            "SecondaryIdentification": "0417164300",
            "Currency": "EUR",
        },
        "ContactDetails": {
            "FirstName": "Bob",
            "LastName": "Jansen",
            "PhoneNumber": "+31612345678",
            "Email": "bob.jansen@example.org",
        },
        "ShippingAddress": address("Cookie Factory"),
        "BillingAddress": address("Cookie Factory Bookkeeping"),
    })
}

fn address(company: &str) -> Value {
    json!({
        "FirstName": "Bob",
        "LastName": "Jansen",
        "CompanyName": company,
        "PostCode": "1234AB",
        "BuildingNumber": "100",
        "Floor": "2B",
        "StreetName": "Voorbeeldstraat",
        "TownName": "Amsterdam",
        "Country": "Netherlands",
        "CountrySubDivision": "Noord-Holland",
    })
}

fn amounts(ids: &SampleIds) -> Value {
    json!({
        "TransactionFees": { "Currency": "EUR", "Amount": "0.35" },
        "ExchangeRateInformation": {
            "UnitCurrency": "GBP",
            "ExchangeRate": 1.1725,
            "RateType": "Agreed",
            "ContractIdentification": format!("FX-{}", ids.number),
            "ExpirationDateTime": "2035-12-31T23:59:59.000Z",
        },
        "CurrencyConversionFee": { "Currency": "EUR", "Amount": "0.10" },
        "EstimatedTotalAmount": { "Currency": "EUR", "Amount": ids.amount() },
        "EstimatedInterbankSettlementAmount": { "Currency": "EUR", "Amount": ids.amount() },
    })
}

fn authorisation() -> Value {
    json!({
        "PsuCredentials": [{
            "AspspProductCode": "RETAIL",
            "CredentialsDetails": [
                credential("ewl-user-id", false, "User name"),
                credential("ewl-password", true, "Password"),
            ],
        }],
        "ScaMethods": [sca_method("SmsOTP", "sms-1"), sca_method("PushOTP", "push-1")],
        "ChosenScaMethod": sca_method("PushOTP", "push-1"),
        "ChallengeData": {
            "AdditionalInformation": "Enter the code shown in the app.",
            "Data": ["4711"],
            "Image": "iVBORw0KGgo=",
            "ImageLink": "https://bank.example/challenge.png",
            "OtpFormat": "integer",
            "OtpMaxLength": 6,
        },
    })
}

fn credential(id: &str, secret: bool, label: &str) -> Value {
    json!({
        "IsSecret": secret,
        "CredentialId": id,
        "LabelList": [{ "Label": label, "Language": "EN" }],
    })
}

fn sca_method(kind: &str, id: &str) -> Value {
    json!({
        "AuthenticationType": kind,
        "AuthenticationId": id,
        "Version": "1.0",
        "Name": format!("Method {id}"),
        "Explanation": "A one-time password is sent to you.",
    })
}

fn payment_links(id: &str) -> Value {
    let mut links = common_links("payments", id);
    add(&mut links, "ConfirmationRequired", link("payments", id, "confirmation"));
    links
}

fn consent_links(id: &str) -> Value {
    let mut links = common_links("consents", id);
    add(&mut links, "GetConsentStatus", link("consents", id, "status"));
    links
}

fn common_links(what: &str, id: &str) -> Value {
    json!({
        "RedirectUrl": link(what, id, "redirect"),
        "PostAuthorisationForExplicit": link(what, id, "authorisations"),
        "PostIdentificationForDecoupled": link(what, id, "identification"),
        "PostAuthorisationForEmbedded": link(what, id, "authorisations"),
        "PutAuthorisationForEmbedded": link(what, id, "authorisations/1"),
        "SelectAuthenticationMethod": link(what, id, "authorisations/1/method"),
        "AuthorizeTransaction": link(what, id, "authorisations/1/otp"),
    })
}

fn link(what: &str, id: &str, step: &str) -> Value {
    json!({ "Href": format!("https://banking.example/v3/{what}/{id}/{step}") })
}

fn add(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
