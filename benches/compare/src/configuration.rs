//! The configuration that the binary is measured with. The rule: what it says is what the README shows, and what differs from
//! what holds unless said is named here and in RESULTS.md.

use std::fmt::Write as _;

use crate::keys::Keys;
use crate::plan::{Scheme, Workload};

/// One endpoint without code that takes 1 MiB and keeps its events in the inbox. Everything else is as it is unless said, but
/// for the room for bodies: from one address an eighth of it is taken at once, and 64 bodies of 512 KiB need more than that.
pub fn configuration((port, admin): (u16, u16), store: &str, keys: &Keys, workload: &Workload) -> String {
    let algorithm = workload.scheme.algorithm();
    let (file, word) = (keys.file(algorithm, "pem"), algorithm.word());
    let public = format!("{{ public_key = {file:?}, algorithm = \"{word}\" }}");
    let named = format!("{{ key_id = \"compare\", public_key = {file:?}, algorithm = \"{word}\" }}");
    let over_body = r#"{ header = "x-signature", encoding = "base64", input = "{body}" }"#;
    let (mut id, mut more) = ("x-request-id", String::new());
    let (profile, key, signature) = match workload.scheme {
        Scheme::Hmac => {
            id = "x-github-delivery";
            (
                "body-signature",
                format!("{{ secret = {{ file = {file:?} }}, algorithm = \"HS256\" }}"),
                r#"{ header = "x-hub-signature-256", encoding = "hex", prefix = "sha256=", input = "{body}" }"#,
            )
        }
        Scheme::Http => (
            "http-signature",
            named,
            r#"{ cover = ["(request-target)", "host", "date", "digest"], fresh = { header = "date", tolerance = "5m" } }"#,
        ),
        Scheme::Ps256 => ("jose", named, r#"{ form = "body", fresh = "off" }"#),
        Scheme::Jwe => {
            let private = keys.decrypting();
            let _ = write!(more, "decrypt = [{{ private_key = {private:?}, key_id = \"compare\" }}]");
            ("jose", named, r#"{ form = "body", nesting = "jwe(jws)", fresh = "off" }"#)
        }
        Scheme::Rsa2048 | Scheme::Rsa3072 | Scheme::Rsa4096 | Scheme::Es256 => ("body-signature", public, over_body),
    };
    format!(
        r#"[server]
listen = "127.0.0.1:{port}"
admin = "127.0.0.1:{admin}"
limits = {{ in_flight = "512MiB" }}
[store]
url = "{store}"
[[endpoint]]
name = "compare"
path = "/hook"
profile = "{profile}"
keys = [{key}]
signature = {signature}
id = {{ header = "{id}" }}
max_body = "1MiB"
sink = "nowhere"
{more}
[[sink]]
name = "nowhere"
type = "none"
"#
    )
}
