//! Profiles without code: encodings, algorithms, templates, and what they leave open.

use std::path::Path;

use countersign::clock::Timestamp;
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::keys::read_private;
use countersign::server::Config;
use countersign::server::trial::judge;
use countersign::wire::encoding::Encoding;

const AT: Timestamp = Timestamp::from_seconds(1_800_000_000);
const BODY: &str = r#"{"id":"e-1","event_type":"payment.settled","amount":90071992547409931.23}"#;
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn config(folder: &Path, settings: &str) -> Config {
    parsed(folder, settings).unwrap_or_else(|problem| panic!("{problem}"))
}

fn parsed(folder: &Path, settings: &str) -> Result<Config, String> {
    std::fs::write(folder.join("secret"), SECRET).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.join("secret"), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let text = format!(
        "[server]\npublic_url = \"https://hooks.example\"\n[store]\nurl = \"memory:\"\n[[endpoint]]\nname = \"bank\"\npath = \"/hooks/bank\"\nsink = \"none\"\n{settings}\n[[sink]]\nname = \"none\"\ntype = \"none\"\n"
    );
    Config::parse(&folder.join("countersign.toml"), &text).map_err(|problem| problem.to_string())
}

async fn code(
    config: &Config,
    headers: &[(&str, String)],
    body: &str,
) -> (Option<&'static str>, Option<serde_json::Value>) {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let raw = format!(
        "POST /hooks/bank?a=1 HTTP/1.1\r\nhost: hooks.example\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let verdict = judge(config.endpoint("bank").unwrap(), AT, raw.as_bytes()).await.unwrap();
    let event = verdict.event.map(|once| serde_json::from_str(&once.cloud_event().to_line().unwrap()).unwrap());
    (verdict.rejection.map(|rejection| rejection.code().as_str()), event)
}

fn mac(message: &str) -> Vec<u8> {
    MacKey::new(Algorithm::Hs256, &Secret::new(SECRET).unwrap()).unwrap().sign(&[message.as_bytes()])
}

#[tokio::test]
async fn an_hmac_over_a_timestamp_and_the_body_in_a_member_of_the_header() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(
        folder.path(),
        r#"profile = "body-signature"
keys = [{ secret = { file = "secret" } }]
signature = { header = "x-tink-signature", encoding = "hex", input = "{member:t}.{body}", member = "v1", fresh = { member = "t", tolerance = "5m" } }
id = { json = "/id" }
type = { json = "/event_type", map = { "payment.settled" = "payment" } }
subject = { json = "/id" }"#,
    );
    let header = |t: i64, signed: i64| format!("t={t},v1={}", Encoding::Hex.encode(&mac(&format!("{signed}.{BODY}"))));
    let now = AT.seconds();
    let (refused, event) = code(&config, &[("x-tink-signature", header(now, now))], BODY).await;
    assert_eq!(refused, None);
    let event = event.unwrap();
    assert_eq!((event["type"].as_str(), event["subject"].as_str()), (Some("openbanking.payment.updated"), Some("e-1")));
    assert_eq!(event["data"]["detail"]["amount"].to_string(), "90071992547409931.23", "no digit of money is lost");
    for (header, expected) in [
        (header(now + 1, now), "signature_mismatch"),
        (header(now - 301, now - 301), "timestamp_stale"),
        (header(now + 61, now + 61), "timestamp_future"),
        (format!("t={now},v1="), "signature_malformed"),
        (format!("t={now}"), "signature_malformed"),
        (format!("v1={}", Encoding::Hex.encode(&mac(&format!("{now}.{BODY}")))), "timestamp_missing"),
        (format!("t={now},v1={}", Encoding::Base64.encode(&mac(&format!("{now}.{BODY}")))), "signature_malformed"),
    ] {
        assert_eq!(code(&config, &[("x-tink-signature", header.clone())], BODY).await.0, Some(expected), "{header}");
    }
}

#[tokio::test]
async fn standard_webhooks_with_several_signatures_of_which_one_fits() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(
        folder.path(),
        r#"profile = "body-signature"
keys = [{ secret = { file = "secret" } }]
signature = { header = "webhook-signature", prefix = "v1,", separator = " ", input = "{header:webhook-id}.{header:webhook-timestamp}.{body}", fresh = { header = "webhook-timestamp", tolerance = "5m" } }
id = { header = "webhook-id" }"#,
    );
    let now = AT.seconds().to_string();
    let good = Encoding::Base64.encode(&mac(&format!("msg_1.{now}.{BODY}")));
    let wrong = Encoding::Base64.encode(&mac("another message"));
    let headers = |id: &str, signature: String| {
        [("webhook-id", id.to_owned()), ("webhook-timestamp", now.clone()), ("webhook-signature", signature)]
    };
    assert_eq!(code(&config, &headers("msg_1", format!("v1,{wrong} v1a,AAAA v1,{good}")), BODY).await.0, None);
    for (id, signature, expected) in [
        ("msg_2", format!("v1,{good}"), "signature_mismatch"),
        ("msg_1", "v1,".to_owned(), "signature_malformed"),
        ("msg_1", format!("v1a,{good}"), "signature_malformed"),
        ("msg_1", [wrong.as_str(); 5].map(|one| format!("v1,{one}")).join(" "), "signature_malformed"),
    ] {
        assert_eq!(code(&config, &headers(id, signature.clone()), BODY).await.0, Some(expected), "{signature}");
    }
}

#[tokio::test]
async fn elliptic_curves_rsa_512_and_pss_in_every_encoding_over_url_method_and_path() {
    let pairs = [
        (Algorithm::Es256, rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()),
        (Algorithm::Es384, rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap()),
        (Algorithm::EdDsa, rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap()),
    ];
    let rsa = || rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let rsa = [(Algorithm::Rs512, rsa()), (Algorithm::Ps256, rsa()), (Algorithm::Ps512, rsa())];
    for (number, (algorithm, pair)) in pairs.into_iter().chain(rsa).enumerate() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), pair.public_key_pem()).unwrap();
        let signer = read_private(&pair.serialize_pem(), Some(algorithm)).unwrap();
        let encoding = [Encoding::Base64, Encoding::Base64Url, Encoding::Hex][number % 3];
        let (input, signed) = [
            ("{url}|{body}", format!("https://hooks.example/hooks/bank?a=1|{BODY}")),
            ("{method}\\n{path}\\n{query}\\n{body}", format!("POST\n/hooks/bank\na=1\n{BODY}")),
            ("{body}", BODY.to_owned()),
        ][number / 2 % 3]
            .clone();
        let config = config(
            folder.path(),
            &format!(
                "profile = \"body-signature\"\nkeys = [{{ public_key = \"key.pem\", algorithm = \"{algorithm}\" }}]\nsignature = {{ header = \"x-signature\", encoding = \"{}\", input = \"{input}\" }}",
                encoding.name()
            ),
        );
        let signature = signer.sign(signed.as_bytes()).unwrap();
        let header = |signature: &[u8]| [("x-signature", encoding.encode(signature))];
        assert_eq!(code(&config, &header(&signature), BODY).await.0, None, "{algorithm} {input}");
        assert_eq!(
            code(&config, &header(&signature), &format!("{BODY} ")).await.0,
            Some("signature_mismatch"),
            "{algorithm}"
        );
        let mut longer = signature.clone();
        longer.push(0);
        assert_eq!(code(&config, &header(&longer), BODY).await.0, Some("signature_mismatch"), "{algorithm}: longer");
        assert_eq!(
            code(&config, &header(&vec![0; signature.len()]), BODY).await.0,
            Some("signature_mismatch"),
            "{algorithm}: zeros"
        );
    }
}

/// RFC 3279 section 2.2.3, and r and s behind each other: which of them a sender writes is said once, and not by a message.
#[tokio::test]
async fn an_ecdsa_signature_in_the_form_that_was_not_chosen_is_refused() {
    use rcgen::SigningKey;
    for (algorithm, curve) in
        [(Algorithm::Es256, &rcgen::PKCS_ECDSA_P256_SHA256), (Algorithm::Es384, &rcgen::PKCS_ECDSA_P384_SHA384)]
    {
        let folder = tempfile::tempdir().unwrap();
        let pair = rcgen::KeyPair::generate_for(curve).unwrap();
        std::fs::write(folder.path().join("key.pem"), pair.public_key_pem()).unwrap();
        let in_der = pair.sign(BODY.as_bytes()).unwrap();
        let in_pairs = read_private(&pair.serialize_pem(), Some(algorithm)).unwrap().sign(BODY.as_bytes()).unwrap();
        let other = pair.sign(b"another message").unwrap();
        let cut = in_der[..in_der.len() - 1].to_vec();
        let longer = [in_der.as_slice(), &[0]].concat();
        let forms = [in_der, in_pairs, other, cut, longer];
        for (encoding, accepted) in [("base64-der", 0), ("base64", 1)] {
            let config = config(
                folder.path(),
                &format!(
                    "profile = \"body-signature\"\nkeys = [{{ public_key = \"key.pem\" }}]\nsignature = {{ header = \"x-signature\", encoding = \"{encoding}\" }}"
                ),
            );
            for (form, signature) in forms.iter().enumerate() {
                let headers = [("x-signature", Encoding::Base64.encode(signature))];
                let expected = (form != accepted).then_some("signature_mismatch");
                assert_eq!(code(&config, &headers, BODY).await.0, expected, "{algorithm} {encoding}: form {form}");
            }
            let headers = [("x-signature", Encoding::Base64.encode(&forms[accepted]))];
            let other_body = code(&config, &headers, &format!("{BODY} ")).await.0;
            assert_eq!(other_body, Some("signature_mismatch"), "{algorithm} {encoding}: another body");
        }
    }
}

#[tokio::test]
async fn an_id_that_is_missing_in_the_document_quarantines_and_one_missing_in_the_header_is_400() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |id: &str| {
        format!(
            "profile = \"body-signature\"\nkeys = [{{ secret = {{ file = \"secret\" }} }}]\nsignature = {{ header = \"x-signature\" }}\nid = {id}"
        )
    };
    let signed = |body: &str| [("x-signature", Encoding::Base64.encode(&mac(body)))];
    let json = config(folder.path(), &settings("{ json = \"/missing\" }"));
    assert_eq!(code(&json, &signed(BODY), BODY).await.0, Some("payload_undecodable"));
    let header = config(folder.path(), &settings("{ header = \"x-id\" }"));
    assert_eq!(code(&header, &signed(BODY), BODY).await.0, Some("request_id_missing"));
    let fingerprint = config(folder.path(), &settings("{ fingerprint = true }"));
    assert_eq!(code(&fingerprint, &signed(BODY), BODY).await.0, None);
}

#[tokio::test]
async fn the_words_of_younify_can_be_chosen_and_only_where_no_profile_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let keys = "keys = [{ secret = { file = \"secret\" }, algorithm = \"HS256\" }]\n";
    let custom = format!(
        "profile = \"body-signature\"\n{keys}signature = {{ header = \"x-signature\" }}\ndialect = \"younify\"\nid = {{ json = \"/id\" }}"
    );
    config(folder.path(), &custom);
    for (text, expected) in [
        (custom.replace("younify", "klingon"), "unknown variant `klingon`"),
        (format!("profile = \"tribe\"\n{keys}dialect = \"younify\""), "expected this to come from profile \"tribe\""),
    ] {
        let text = format!(
            "[[endpoint]]\nname = \"bank\"\npath = \"/hooks\"\nsink = \"none\"\n{text}\n[[sink]]\nname = \"none\"\ntype = \"none\"\n"
        );
        let problem = Config::parse(&folder.path().join("countersign.toml"), &text).expect_err("a problem").to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

/// `id` 12 and `attempt` 1 are signed as `id` 1 and `attempt` 21 would be: another event, under the same signature.
#[test]
fn values_that_could_be_cut_elsewhere_are_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let parse = |input: &str, fresh: &str| {
        let settings = format!(
            "profile = \"body-signature\"\nkeys = [{{ secret = {{ file = \"secret\" }} }}]\nid = {{ header = \"x-id\" }}\n\
             signature = {{ header = \"x-signature\", separator = \",\", input = \"{input}\", fresh = {fresh} }}"
        );
        parsed(folder.path(), &settings)
    };
    for (input, meeting) in [
        ("{header:x-id}{header:x-attempt}.{body}", "{header:x-id} and {header:x-attempt}"),
        ("{body}.{query}{header:x-id}", "{query} and {header:x-id}"),
        ("{url}{header:x-id}.{body}", "{url} and {header:x-id}"),
    ] {
        let problem = parse(input, "\"off\"").unwrap_err();
        assert!(problem.contains(&format!("text between {meeting}")), "{problem}");
    }
    // What comes before a JSON object, or behind it, is told from it.
    for input in ["{header:x-id}{body}", "{method}{path}{body}", "{method}{url}{body}{header:x-time}", "{body}{query}"]
    {
        assert_eq!(parse(input, "\"off\"").err(), None, "{input}");
    }
    // With a digit less or more it is out of the tolerance, and with a zero in front it is not.
    let time = "{ header = \"X-Time\", tolerance = \"5m\" }";
    assert_eq!(parse("{header:x-time}{body}", time).err(), None);
    assert_eq!(parse("{header:x-time}{header:x-id}.{body}", time).err(), None);
    assert!(parse("{header:x-id}{header:x-time}{body}", time).is_err());
}

/// `id` 7.2 and `attempt` 1 are signed as `id` 7 and `attempt` 2.1 are.
#[tokio::test]
async fn a_value_that_holds_the_text_behind_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(
        folder.path(),
        r#"profile = "body-signature"
keys = [{ secret = { file = "secret" } }]
signature = { header = "x-signature", encoding = "hex", input = "{header:x-time}.{header:x-id}.{header:x-attempt}|{body}", fresh = { header = "x-time", tolerance = "5m" } }
id = { header = "x-id" }"#,
    );
    // A time may have the text in it: it has one reading.
    let time = "2027-01-15T08:00:00.500Z";
    let signature = Encoding::Hex.encode(&mac(&format!("{time}.7.2.1|{BODY}")));
    let headers = |id: &str, attempt: &str| {
        let values = [("x-time", time), ("x-id", id), ("x-attempt", attempt), ("x-signature", &signature)];
        values.map(|(name, value)| (name, value.to_owned()))
    };
    assert_eq!(code(&config, &headers("7", "2.1"), BODY).await.0, None);
    assert_eq!(code(&config, &headers("7.2", "1"), BODY).await.0, Some("signature_malformed"));
    assert_eq!(code(&config, &headers("7", "2"), BODY).await.0, Some("signature_mismatch"));
}
