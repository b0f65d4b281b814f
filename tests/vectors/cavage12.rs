//! draft-cavage-http-signatures-12, appendix C. Its key has 1024 bits, which no endpoint takes: what it signed is shown
//! with the primitive alone, and its requests are signed anew with a longer key, over its signing strings as printed.

use std::path::Path;

use countersign::clock::Timestamp;
use countersign::crypto::{Algorithm, Backend, SigningKey};
use countersign::error::Code;
use countersign::keys::{self, read_private};
use countersign::server::Config;
use countersign::server::trial::judge;
use countersign::wire::cavage::CavageSignature;
use countersign::wire::encoding::Encoding;
use serde_json::Value;

use crate::place::read;

#[test]
fn the_key_of_the_appendix_is_too_small_for_an_endpoint() {
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let pem = document["public_pem"].as_str().unwrap();
    let error = keys::file::read(Backend::AwsLc, pem.as_bytes(), None).unwrap_err();
    assert!(error.to_string().contains("2048"), "{error}");
}

/// The primitive alone, by a library that has no floor for a test.
#[test]
fn the_signatures_of_the_appendix_fit_their_signing_strings() {
    use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY};
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let blocks = keys::pem::read(document["public_pem"].as_str().unwrap()).unwrap();
    let key = ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &blocks[0].der).unwrap();
    for case in document["cases"].as_array().unwrap() {
        let input = case["signing_string"].as_str().unwrap();
        let signature = Encoding::Base64.decode(case["signature"].as_str().unwrap(), 1024).unwrap();
        assert!(key.verify_sig(input.as_bytes(), &signature).is_ok(), "{}", case["ref"]);
        let changed = input.replacen("example.com", "example.org", 1) + " ";
        assert!(key.verify_sig(changed.as_bytes(), &signature).is_err(), "{}", case["ref"]);
    }
}

#[test]
fn the_header_of_c1_leaves_its_list_out_and_is_refused() {
    let header = r#"keyId="Test",algorithm="rsa-sha256",signature="SjWJWbWN7i0=""#;
    assert!(CavageSignature::parse(header).is_err());
}

/// 2014-01-05T21:31:40Z, the `Date` of the appendix.
const DATE: Timestamp = Timestamp::from_seconds(1_388_957_500);
/// The one header that is not the appendix's: an endpoint has to know one event from another.
const ID: &str = "x-id: event-1\r\n";

/// A sender with a key of the appendix's name, and an endpoint that demands the digest, as every one does, and the date.
struct Party {
    key: SigningKey,
    config: Config,
    request: String,
    _folder: tempfile::TempDir,
}

impl Party {
    fn new(document: &Value) -> Self {
        let pair = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), pair.public_key_pem()).unwrap();
        let config = config(folder.path());
        let key = read_private(&pair.serialize_pem(), Some(Algorithm::Rs256)).unwrap();
        let request = document["request"].as_str().unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
        Self { key, config, request, _folder: folder }
    }

    /// The appendix's request with a signature over `signing_string` under this list: why it is refused, if it is.
    async fn code(&self, list: Option<&str>, more: &str, signing_string: &str) -> Option<Code> {
        self.changed(list, more, signing_string, |request| request).await
    }

    async fn changed(
        &self,
        list: Option<&str>,
        more: &str,
        signing_string: &str,
        change: impl Fn(String) -> String,
    ) -> Option<Code> {
        let signature = Encoding::Base64.encode(&self.key.sign(signing_string.as_bytes()).unwrap());
        let list = list.map(|list| format!("headers=\"{list}\",")).unwrap_or_default();
        let header = format!(
            "Signature: keyId=\"Test\",algorithm=\"rsa-sha256\",{more}{list}signature=\"{signature}\"\r\n{ID}\r\n{{"
        );
        let raw = change(self.request.replacen("\r\n{", &header, 1));
        assert!(raw.contains("Signature: "), "{raw}");
        let verdict = judge(self.config.endpoint("bank").unwrap(), DATE, raw.as_bytes()).await.unwrap();
        assert_eq!(verdict.rejection.is_none(), verdict.event.is_some());
        verdict.rejection.map(|rejection| rejection.code())
    }
}

fn config(folder: &Path) -> Config {
    let text = "[store]\nurl = \"memory:\"\n[[endpoint]]\nname = \"bank\"\npath = \"/foo\"\nsink = \"none\"\n\
        profile = \"http-signature\"\nkeys = [{ public_key = \"key.pem\", key_id = \"Test\", algorithm = \"RS256\" }]\n\
        signature = { cover = [\"date\", \"digest\"], fresh = { header = \"date\", tolerance = \"5m\" } }\n\
        id = { header = \"x-id\" }\nreplay = \"refuse-same-body\"\n[[sink]]\nname = \"none\"\ntype = \"none\"\n";
    Config::parse(&folder.join("countersign.toml"), text).unwrap_or_else(|problem| panic!("{problem}"))
}

fn signing_string<'d>(document: &'d Value, example: &str) -> &'d str {
    let case =
        document["cases"].as_array().unwrap().iter().find(|case| case["ref"].as_str().unwrap().ends_with(example));
    case.unwrap()["signing_string"].as_str().unwrap()
}

/// The names of a signing string, in its order.
fn names(signing_string: &str) -> String {
    let names = signing_string.lines().map(|line| line.split_once(": ").unwrap().0);
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_requests_of_the_appendix_are_verified_by_the_signing_strings_that_it_prints() {
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let party = Party::new(&document);
    let [c1, c2, c3] = ["C.1", "C.2", "C.3"].map(|example| signing_string(&document, example));
    // The third as its signature was really made; the others with the line that they lack.
    let digest = c3.lines().find(|line| line.starts_with("digest: ")).unwrap();
    for whole in [c3.to_owned(), format!("{c1}\n{digest}"), format!("{c2}\n{digest}")] {
        let list = names(&whole);
        assert_eq!(party.code(Some(&list), "", &whole).await, None, "{list}");
        // Any line that reads otherwise: the rows of canonicalisation, one by one.
        for (was, other) in [
            ("post /foo", "POST /foo"),
            ("?param=value&pet=dog", ""),
            ("?param", "?Param"),
            ("host: ", "Host: "),
            ("host: ", "host:"),
            ("example.com", "example.com "),
            ("\n", "\r\n"),
            ("date: ", "\ndate: "),
            ("SHA-256=", "sha-256="),
            ("GMT", "+0000"),
        ] {
            let changed = whole.replacen(was, other, 1);
            if changed != whole {
                assert_eq!(party.code(Some(&list), "", &changed).await, Some(Code::SignatureMismatch), "{changed}");
            }
        }
        assert_eq!(party.code(Some(&list), "", &format!("{whole}\n")).await, Some(Code::SignatureMismatch));
        // Whitespace around a value is not part of it; all else of the request is.
        let spaced = |request: String| request.replacen("Host: example.com", "Host:  example.com \t", 1);
        assert_eq!(party.changed(Some(&list), "", &whole, spaced).await, None);
        let other = |request: String| request.replacen("21:31:40", "21:31:41", 1);
        assert_eq!(party.changed(Some(&list), "", &whole, other).await, Some(Code::SignatureMismatch));
        let other = |request: String| request.replacen("pet=dog", "pet=cat", 1);
        let signs_target = list.contains("(request-target)");
        assert_eq!(party.changed(Some(&list), "", &whole, other).await.is_some(), signs_target, "{list}");
        let other = |request: String| request.replacen("\"world\"", "\"earth\"", 1);
        assert_eq!(party.changed(Some(&list), "", &whole, other).await, Some(Code::DigestMismatch));
    }
}

#[tokio::test]
async fn the_examples_as_they_are_printed_are_refused() {
    let Some(document) = read("cavage12/cavage12_appendix_c.json") else { return };
    let party = Party::new(&document);
    let [c1, c2, c3] = ["C.1", "C.2", "C.3"].map(|example| signing_string(&document, example));
    // C.1 has no list, whose default changed between drafts.
    assert_eq!(party.code(None, "", c1).await, Some(Code::SignatureMalformed));
    // Neither says a word about the body.
    assert_eq!(party.code(Some(&names(c1)), "", c1).await, Some(Code::CoverInsufficient));
    assert_eq!(party.code(Some(&names(c2)), "", c2).await, Some(Code::CoverInsufficient));
    // C.3 lists times beside an algorithm of the older drafts, which section 2.3 forbids, and its signature leaves them out.
    let list = names(c3).replacen(' ', " (created) (expires) ", 1);
    let times = "created=1388957490,expires=1388957590,";
    assert_eq!(party.code(Some(&list), times, c3).await, Some(Code::SignatureMalformed));
    let first = c3.split_once('\n').unwrap();
    let with_times = format!("{}\n(created): 1388957490\n(expires): 1388957590\n{}", first.0, first.1);
    assert_eq!(party.code(Some(&list), times, &with_times).await, Some(Code::SignatureMalformed));
}
