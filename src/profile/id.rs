//! Where the identity of an event comes from.

/// What names an event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identification {
    /// The value of a header.
    Header {
        /// Name of the header.
        name: Box<str>,
        /// Whether it has to be a UUID.
        uuid: bool,
    },
    /// A claim of the token.
    Claim {
        /// Its name.
        name: Box<str>,
        /// Whether a token without it is refused; if not, its content names the event.
        required: bool,
    },
    /// The state that we issued, which is good once.
    State,
    /// A member of the verified document.
    Json(JsonPointer),
    /// The verified content itself.
    Fingerprint,
}

impl Identification {
    /// A header that holds a UUID.
    pub fn uuid_header(name: &str) -> Self {
        Self::Header { name: name.into(), uuid: true }
    }

    /// A header that holds any short visible id.
    pub fn header(name: &str) -> Self {
        Self::Header { name: name.into(), uuid: false }
    }

    /// The kind, which is part of the identity: an id in a header is never the same as one in a document.
    pub fn kind(&self) -> String {
        match self {
            Self::Header { name, .. } => format!("header:{}", name.to_ascii_lowercase()),
            Self::Claim { name, .. } => format!("claim:{name}"),
            Self::State => "state".to_owned(),
            Self::Json(pointer) => format!("json:{}", pointer.as_str()),
            Self::Fingerprint => "fingerprint".to_owned(),
        }
    }
}

/// A pointer into a JSON document (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPointer(Box<str>);

impl JsonPointer {
    /// Takes a pointer; `None` unless it begins with `/`.
    pub fn new(pointer: &str) -> Option<Self> {
        pointer.starts_with('/').then(|| Self(pointer.into()))
    }

    /// The pointer as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The word it points at: a string, or a whole number as digits. `None` for everything else and for the empty one.
    pub fn word(&self, document: &serde_json::Value) -> Option<String> {
        match document.pointer(&self.0)? {
            serde_json::Value::String(text) if !text.is_empty() => Some(text.clone()),
            serde_json::Value::Number(number) => {
                let digits = number.to_string();
                digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
            }
            _ => None,
        }
    }
}
