//! The one value of a header. A header that is there twice has none: neither the first nor the last wins.

use http::HeaderMap;
use http::header::AsHeaderName;

/// The only value of `name` as text; `None` if it is missing, repeated or not visible ASCII.
pub fn only(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_header_has_no_value() {
        let mut headers = HeaderMap::new();
        assert_eq!(only(&headers, "a"), None);
        headers.append("a", http::HeaderValue::from_static("1"));
        assert_eq!(only(&headers, "A"), Some("1"));
        headers.append("a", http::HeaderValue::from_static("1"));
        assert_eq!(only(&headers, "a"), None);
    }
}
