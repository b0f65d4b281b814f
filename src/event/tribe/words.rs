//! Tribe's words.

use crate::event::words::words;

words! {
    /// ISO 20022 status of a payment.
    PaymentStatus {
        /// Settled on the creditor's account.
        Accc = "ACCC",
        /// Technical and profile checks passed.
        Accp = "ACCP",
        /// Settled on the debtor's account.
        Acsc = "ACSC",
        /// All checks passed; accepted for execution.
        Acsp = "ACSP",
        /// Technical checks passed; usually waits for authentication.
        Actc = "ACTC",
        /// Accepted with a change.
        Acwc = "ACWC",
        /// Accepted, not posted to the creditor.
        Acwp = "ACWP",
        /// Received.
        Rcvd = "RCVD",
        /// Pending.
        Pdng = "PDNG",
        /// Rejected.
        Rjct = "RJCT",
        /// Cancelled before execution.
        Canc = "CANC",
        /// Checks passed and funds are available.
        Acfc = "ACFC",
        /// Some of the authentications were made.
        Patc = "PATC",
        /// Some of the transactions are accepted.
        Part = "PART",
    }
}

words! {
    /// How money travels.
    PaymentScheme {
        /// Faster Payments, the default in the United Kingdom.
        Fps = "FPS",
        /// BACS.
        Bacs = "BACS",
        /// CHAPS.
        Chaps = "CHAPS",
        /// SEPA instant.
        Scti = "SCTI",
        /// SEPA, the default in the European Union.
        Sct = "SCT",
        /// SWIFT.
        Swift = "SWIFT",
    }
}

words! {
    /// Kind of a balance.
    BalanceType {
        /// Booked at the beginning of the period.
        OpeningBooked = "openingBooked",
        /// Available now.
        InterimAvailable = "interimAvailable",
        /// Booked until now.
        InterimBooked = "interimBooked",
        /// Available on a date to come.
        ForwardAvailable = "forwardAvailable",
        /// Only for card accounts.
        NonInvoiced = "nonInvoiced",
    }
}

words! {
    /// What a third party may do.
    Scope {
        /// List accounts.
        Accounts = "accounts",
        /// Read balances.
        Balances = "accounts.balances",
        /// Read transactions.
        Transactions = "accounts.transactions",
        /// Initiate one payment.
        SinglePayment = "payments.single",
        /// Initiate many.
        BulkPayment = "payments.bulk",
        /// Ask for funds.
        FundsConfirmations = "funds_confirmations",
    }
}

words! {
    /// Which transactions.
    BookingStatus {
        /// Booked ones.
        Booked = "booked",
        /// Pending ones.
        Pending = "pending",
        /// Both.
        Both = "both",
    }
}
