//! Documents of UAE Open Finance (CBUAE): the claims of a webhook, once they are decrypted and verified. Names and
//! shapes are those of the webhook templates 1.2 to 2.1 and of the service that came before them.
//!
//! Members the schema does not name are kept in `other`, words it does not list in `Unknown`, and dates stay strings
//! in the sender's spelling. A member whose value is `null` counts as absent.

mod amounts;
mod consent;
mod consent_type;
mod control;
mod forms;
mod meta;
mod payment;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Error, Map, Value};

pub use self::amounts::{
    Amount, AmountAndCurrency, Charge, ChargeBearer, ChargeType, CurrencyRequest, ExchangeRateInformation,
    InstructionPriority, RateType,
};
pub use self::consent::{ConsentBilling, ConsentData, ConsentStatusWord, PaymentConsumption, RevokedBy};
pub use self::consent_type::{ConsentKind, ConsentType, ScheduleType};
pub use self::control::{
    ConsentSchedule, ControlParameters, FilePayment, MultiPayment, PeriodControls, PeriodType, PeriodicSchedule,
    ScheduledPayment, SinglePayment,
};
pub use self::forms::{Moment, Permissions, RejectReason, RejectReasons};
pub use self::meta::{AccountId, ConsentId, Message, Meta, QuoteId, ResourceChange};
pub use self::payment::{Instruction, PaymentBilling, PaymentBillingType, PaymentData, PaymentId, PaymentStatusWord};

/// A payment changed.
pub type PaymentMessage = Message<PaymentData>;
/// A consent changed.
pub type ConsentMessage = Message<ConsentData>;
/// Something else changed; what it is now is kept as received.
pub type OtherMessage = Message<Map<String, Value>>;

/// The claim `message`, by what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A payment.
    Payment {
        /// From `Data`, or from `EventResource` where there is none.
        id: PaymentId,
        /// The message.
        message: Box<PaymentMessage>,
    },
    /// A consent.
    Consent {
        /// From `Meta`.
        id: ConsentId,
        /// The message.
        message: Box<ConsentMessage>,
    },
    /// A quote, or an account that is being opened.
    Other {
        /// Which of them.
        resource: OtherResource,
        /// From `Meta`.
        id: String,
        /// The message.
        message: Box<OtherMessage>,
    },
}

/// What is neither a payment nor a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OtherResource {
    /// The quote for an insurance.
    Quote,
    /// The quote for an exchange of currencies.
    FxQuote,
    /// An account that is being opened.
    Account,
}

impl OtherResource {
    /// The member of `Meta` that names it, without `Id`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quote => "Quote",
            Self::FxQuote => "FxQuote",
            Self::Account => "Account",
        }
    }
}

impl Notice {
    /// What changed, and how.
    pub fn meta(&self) -> &Meta {
        match self {
            Self::Payment { message, .. } => &message.meta,
            Self::Consent { message, .. } => &message.meta,
            Self::Other { message, .. } => &message.meta,
        }
    }
}

impl Serialize for Notice {
    /// Writes the message.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Payment { message, .. } => message.serialize(serializer),
            Self::Consent { message, .. } => message.serialize(serializer),
            Self::Other { message, .. } => message.serialize(serializer),
        }
    }
}

/// The claims that matter here: the others were looked at when the token was verified.
#[derive(Deserialize)]
struct Claims<M> {
    message: M,
    // Without it an array of one message would pass for claims.
    #[serde(flatten)]
    _rest: IgnoredAny,
}

/// The members that tell a payment from a consent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    payment_id: Option<IgnoredAny>,
    #[serde(flatten)]
    _rest: IgnoredAny,
}

fn message<D: DeserializeOwned>(content: &[u8]) -> Result<Box<Message<D>>, Error> {
    serde_json::from_slice::<Claims<Message<D>>>(content).map(|claims| Box::new(claims.message))
}

/// Reads verified claims: `{"iss": …, "message": {"Data": …, "Meta": …}, …}`.
///
/// The one id in `Meta` says what changed. A payment is named by the id of its consent, so that two things make it a
/// payment: `PaymentId` in `Data`, or a path of payments in `EventResource`.
///
/// # Errors
///
/// The claims are not JSON or have no `message`; `Meta` has no id or several; an id is empty or too long; `Data` is of
/// another consent than `Meta`; a required member is missing or of another type.
pub fn parse(content: &[u8]) -> Result<Notice, Error> {
    let Message { data, meta, .. } = serde_json::from_slice::<Claims<Message<Shape>>>(content)?.message;
    let ids = [
        meta.quote_id.as_ref().map(|id| (OtherResource::Quote, id.to_string())),
        meta.fx_quote_id.as_ref().map(|id| (OtherResource::FxQuote, id.to_string())),
        meta.account_id.as_ref().map(|id| (OtherResource::Account, id.to_string())),
    ];
    let mut others = ids.into_iter().flatten();
    let consent = match (meta.consent_id.clone(), others.next(), others.next()) {
        (Some(consent), None, None) => consent,
        (None, Some((resource, id)), None) => return Ok(Notice::Other { resource, id, message: message(content)? }),
        (None, None, _) => return Err(Error::custom("expected an id in Meta, but found none")),
        _ => return Err(Error::custom("expected one id in Meta, but found several")),
    };
    let resource = meta.payment_of_resource();
    if resource.is_some() || data.is_some_and(|data| data.payment_id.is_some()) {
        let message: Box<PaymentMessage> = message(content)?;
        same_consent(&consent, message.data.as_ref().and_then(|data| data.consent_id.as_ref()))?;
        let named = message.data.as_ref().map(|data| data.payment_id.clone());
        let id = match named {
            Some(id) => id,
            None => PaymentId::try_from(resource.unwrap_or_default()).map_err(Error::custom)?,
        };
        return Ok(Notice::Payment { id, message });
    }
    let message: Box<ConsentMessage> = message(content)?;
    same_consent(&consent, message.data.as_ref().map(|data| &data.consent_id))?;
    Ok(Notice::Consent { id: consent, message })
}

/// A handler that goes by one of the two ids must not act on another consent than one that goes by the other.
fn same_consent(meta: &ConsentId, data: Option<&ConsentId>) -> Result<(), Error> {
    if data.is_none_or(|data| data == meta) {
        return Ok(());
    }
    Err(Error::custom("expected the consent of Meta in Data, but found another"))
}

#[cfg(test)]
mod tests;
