//! The lists of words in the appendix of the Tribe Open Banking documentation. Other words pass through.

use crate::event::words::words;

words! {
    /// The status of a payment: ISO 20022 codes, four letters.
    pub enum PaymentStatus {
        /// Settled on the creditor's account. Most banks do not say so.
        Accc = "ACCC",
        /// Technical checks and the customer profile are in order.
        Accp = "ACCP",
        /// Settled on the debtor's account.
        Acsc = "ACSC",
        /// All checks are in order; accepted for execution.
        Acsp = "ACSP",
        /// Authentication, syntax and meaning are in order; usually still waiting for the user.
        Actc = "ACTC",
        /// Accepted with a change, of the date or of the remittance for example.
        Acwc = "ACWC",
        /// Accepted without being posted to the creditor's account.
        Acwp = "ACWP",
        /// Received by the receiving agent.
        Rcvd = "RCVD",
        /// Pending: more checks and another status will follow.
        Pdng = "PDNG",
        /// Rejected.
        Rjct = "RJCT",
        /// Cancelled before execution.
        Canc = "CANC",
        /// Technical checks, the customer profile and the funds are in order.
        Acfc = "ACFC",
        /// Some of several authentications are done.
        Patc = "PATC",
        /// Some of several transactions are accepted.
        Part = "PART",
    }
}

words! {
    /// The scheme a payment is made by.
    pub enum PaymentScheme {
        /// Faster Payments, between banks of the United Kingdom; the default there.
        Fps = "FPS",
        /// BACS, United Kingdom.
        Bacs = "BACS",
        /// CHAPS, United Kingdom.
        Chaps = "CHAPS",
        /// SEPA instant credit transfer, where the bank has it.
        Scti = "SCTI",
        /// SEPA credit transfer; the default in the European Union.
        Sct = "SCT",
        /// International payments and payments in several currencies.
        Swift = "SWIFT",
    }
}

words! {
    /// The kind of a balance, after ISO 20022.
    pub enum BalanceType {
        /// The book balance at the start of the period reported.
        OpeningBooked = "openingBooked",
        /// Available during the day; usually with the credit line.
        InterimAvailable = "interimAvailable",
        /// Booked during the day.
        InterimBooked = "interimBooked",
        /// Available to the owner on the date given.
        ForwardAvailable = "forwardAvailable",
        /// Card accounts only; left to be defined.
        NonInvoiced = "nonInvoiced",
    }
}

words! {
    /// Which transactions are asked for.
    pub enum BookingStatus {
        /// Those on the account.
        Booked = "booked",
        /// Those still to come.
        Pending = "pending",
        /// All of them.
        Both = "both",
    }
}

words! {
    /// What a third party may do.
    pub enum Scope {
        /// List accounts and their details.
        Accounts = "accounts",
        /// Read balances.
        AccountsBalances = "accounts.balances",
        /// Read transactions.
        AccountsTransactions = "accounts.transactions",
        /// Initiate single payments.
        PaymentsSingle = "payments.single",
        /// Initiate bulk payments.
        PaymentsBulk = "payments.bulk",
        /// Ask whether there is enough money.
        FundsConfirmations = "funds_confirmations",
    }
}

words! {
    /// The code of an error. [`ErrorCode::status`] gives the HTTP status that goes with it.
    pub enum ErrorCode {
        /// Internal error.
        InternalServerError = "INTERNAL_SERVER_ERROR",
        /// The bank does not have this payment scheme.
        PaymentSchemeInvalid = "PAYMENT_SCHEME_INVALID",
        /// The request to the bank failed.
        AspspUnknownError = "ASPSP_UNKNOWN_ERROR",
        /// A parameter of path or query is invalid.
        ParameterNotConsistent = "PARAMETER_NOT_CONSISTENT",
        /// The content of the request is wrong.
        FormatError = "FORMAT_ERROR",
        /// The headers are wrong.
        HeadersError = "HEADERS_ERROR",
        /// Access denied.
        ServiceBlocked = "SERVICE_BLOCKED",
        /// There is no such resource.
        ResourceUnknown = "RESOURCE_UNKNOWN",
        /// The credentials are wrong.
        WrongCredentials = "WRONG_CREDENTIALS",
        /// Credentials are needed.
        AuthenticationRequired = "AUTHENTICATION_REQUIRED",
        /// There is no such action.
        ApiActionDoesNotExist = "API_ACTION_DOES_NOT_EXIST",
        /// The client certificate names nobody.
        SslCredentialsNotFound = "SSL_CREDENTIALS_NOT_FOUND",
        /// `X-Request-Id` is not a UUID.
        RequestIdNotUuid = "REQUEST_ID_NOT_UUID",
    }
}

impl ErrorCode {
    /// The HTTP status of the documentation's table; none for a code outside it.
    pub fn status(&self) -> Option<u16> {
        Some(match self {
            Self::PaymentSchemeInvalid | Self::ParameterNotConsistent | Self::FormatError | Self::HeadersError => 400,
            Self::WrongCredentials
            | Self::AuthenticationRequired
            | Self::ApiActionDoesNotExist
            | Self::SslCredentialsNotFound
            | Self::RequestIdNotUuid => 401,
            Self::ServiceBlocked => 403,
            Self::ResourceUnknown => 404,
            Self::InternalServerError => 500,
            Self::AspspUnknownError => 502,
            Self::Unknown(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_as_long_as_the_published_ones() {
        assert_eq!(PaymentStatus::WORDS.len(), 14);
        assert_eq!(PaymentScheme::WORDS.len(), 6);
        assert_eq!(BalanceType::WORDS.len(), 5);
        assert_eq!(Scope::WORDS.len(), 6);
        assert_eq!(ErrorCode::WORDS.len(), 13);
    }

    #[test]
    fn every_published_code_has_a_status_and_no_other_has() {
        for code in ErrorCode::WORDS {
            assert!(ErrorCode::from(*code).status().is_some(), "{code}");
        }
        assert_eq!(ErrorCode::from("TEAPOT").status(), None);
    }
}
