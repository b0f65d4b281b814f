//! Whether a text is a UUID in the form of RFC 9562, section 4.
//!
//! The rule: eight, four, four, four and twelve hex digits between dashes, and nothing around them;
//! version and variant are not looked at, since senders invent their own.

/// Whether `text` is a UUID: hex digits of any case, any version, no braces and no `urn:uuid:`.
pub fn is_uuid(text: &str) -> bool {
    const FORM: &[u8; 36] = b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    let fits = |(byte, form): (u8, &u8)| if *form == b'-' { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == FORM.len() && text.bytes().zip(FORM).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_and_any_version_is_a_uuid() {
        for text in [
            "99391c7e-ad88-49ec-a2ad-99ddcb1f7721",
            "99391C7E-AD88-49EC-A2AD-99DDCB1F7721",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            assert!(is_uuid(text), "{text}");
        }
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "",
            "----",
            "99391c7ead8849eca2ad99ddcb1f7721",
            "{99391c7e-ad88-49ec-a2ad-99ddcb1f7721}",
            "urn:uuid:99391c7e-ad88-49ec-a2ad-99ddcb1f7721",
            " 99391c7e-ad88-49ec-a2ad-99ddcb1f7721",
            "99391c7e-ad88-49ec-a2ad-99ddcb1f7721\n",
            "99391c7e-ad88-49ec-a2ad-99ddcb1f7721-",
            "99391c7e-ad88-49ec-a2ad-99ddcb1f772",
            "99391c7e-ad88-49ec-a2ad-99ddcb1f772g",
            "99391c7-ead88-49ec-a2ad-99ddcb1f7721",
            "99391c7e_ad88_49ec_a2ad_99ddcb1f7721",
            "９9391c7e-ad88-49ec-a2ad-99ddcb1f7721",
        ] {
            assert!(!is_uuid(text), "{text:?}");
        }
    }
}
