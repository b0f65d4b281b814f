//! The envelope inside of the claims: what changed, when, and the one id that says what it was.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::id::Id;
use crate::event::words::words;

/// `ConsentId`: 1 to 128 characters, assigned by the third party.
pub type ConsentId = Id<128>;
/// `QuoteId` and `FxQuoteId`: 1 to 128 characters.
pub type QuoteId = Id<128>;
/// `AccountId`: 1 to 40 characters.
pub type AccountId = Id<40>;

/// The claim `message`: what changed and, unless it is gone, what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message<D> {
    /// The resource as it is now; left out when it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<D>,
    /// What changed.
    pub meta: Meta,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Meta {
    /// When; RFC 3339 date and time.
    pub event_date_time: String,
    /// The path of the resource: `/payments/<id>`, `/payment-consents/<id>`.
    pub event_resource: String,
    /// How.
    pub event_type: ResourceChange,
    /// The consent, or the consent of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<ConsentId>,
    /// The quote for an insurance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote_id: Option<QuoteId>,
    /// The quote for an exchange of currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fx_quote_id: Option<QuoteId>,
    /// The account that is being opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

words! {
    /// How a resource changed.
    pub enum ResourceChange {
        /// It came to be.
        Created = "Resource.Created",
        /// It became another.
        Updated = "Resource.Updated",
        /// It is gone.
        Deleted = "Resource.Deleted",
    }
}

/// The collections whose resources are payments.
const PAYMENTS: [&str; 2] = ["payments", "file-payments"];

impl Meta {
    /// The id of the payment that `EventResource` names, which may be empty; none for the path of something else.
    pub(super) fn payment_of_resource(&self) -> Option<&str> {
        let path = self.event_resource.split(['?', '#']).next().unwrap_or_default();
        let mut segments = path.split('/').skip_while(|segment| !PAYMENTS.contains(segment));
        segments.next().map(|_| segments.next().unwrap_or_default())
    }
}
