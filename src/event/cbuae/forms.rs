//! Members that the published versions write in two forms. Both are read, and each is written back as it came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A date and time. Version 2.1 wrapped two of them, by mistake, in an object with one member of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Moment {
    /// RFC 3339, in the sender's spelling.
    Plain(String),
    /// The same inside of an object.
    Wrapped(Map<String, Value>),
}

impl Moment {
    /// The text; none for an object without any.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Wrapped(members) => members.values().find_map(Value::as_str),
        }
    }
}

/// What may be read. Version 2.1 modelled the list two deep by mistake; its errata say that it is flat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Permissions {
    /// `["ReadBalances"]`.
    Flat(Vec<String>),
    /// `[["ReadBalances"]]`.
    Deep(Vec<Vec<String>>),
}

impl Permissions {
    /// The words, whatever the form.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (flat, deep) = match self {
            Self::Flat(words) => (words.as_slice(), [].as_slice()),
            Self::Deep(lists) => ([].as_slice(), lists.as_slice()),
        };
        flat.iter().chain(deep.iter().flatten()).map(String::as_str)
    }
}

/// Why a payment was rejected: an array in the schema, one object in the developer guide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RejectReasons {
    /// `[{"Code": …}]`.
    Many(Vec<RejectReason>),
    /// `{"Code": …}`.
    One(Box<RejectReason>),
}

impl RejectReasons {
    /// The reasons, whatever the form.
    pub fn as_slice(&self) -> &[RejectReason] {
        match self {
            Self::Many(reasons) => reasons,
            Self::One(reason) => std::slice::from_ref(reason),
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RejectReason {
    /// Who rejected, a point, and why: `AANI.UCRD`.
    pub code: String,
    /// In words; 1 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Members the schema does not name, as received.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Serialize + for<'de> Deserialize<'de>>(json: &str) -> T {
        let read: T = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        read
    }

    #[test]
    fn reasons_are_read_as_a_list_and_as_one() {
        let one: RejectReasons = again(r#"{"Code":"AANI.UCRD","Message":"Unknown creditor"}"#);
        let many: RejectReasons = again(r#"[{"Code":"AANI.UCRD"},{"Code":"LFI.Funds","n":1.10}]"#);
        assert_eq!((one.as_slice().len(), many.as_slice().len()), (1, 2));
        assert_eq!(many.as_slice()[1].code, "LFI.Funds");
        for json in ["\"AANI.UCRD\"", "{}", r#"["AANI.UCRD"]"#, r#"[{"Message":"m"}]"#, "1", r#"{"Code":1}"#] {
            assert!(serde_json::from_str::<RejectReasons>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn permissions_are_read_flat_and_two_deep() {
        let flat: Permissions = again(r#"["ReadBalances","ReadParty"]"#);
        let deep: Permissions = again(r#"[["ReadBalances"],["ReadParty"]]"#);
        assert!(flat.iter().eq(deep.iter()));
        for json in ["\"ReadBalances\"", "[1]", "[[[\"ReadBalances\"]]]", r#"["ReadBalances",["ReadParty"]]"#, "{}"] {
            assert!(serde_json::from_str::<Permissions>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_wrapped_moment_is_the_same_moment() {
        let plain: Moment = again(r#""2026-03-02T00:00:00+00:00""#);
        let wrapped: Moment = again(r#"{"CreationDateTime":"2026-03-02T00:00:00+00:00"}"#);
        assert_eq!(plain.as_str(), wrapped.as_str());
        assert_eq!(again::<Moment>("{}").as_str(), None);
        assert!(serde_json::from_str::<Moment>("1772409600").is_err());
    }
}
