//! Raw attacks on HTTP signatures, body signatures and digests, judged by the code that serves.

use std::path::Path;

use countersign::clock::Timestamp;
use countersign::error::Code;
use countersign::server::Config;
use countersign::server::trial::{Verdict, judge};
use countersign::wire::digest::DigestHeader;
use countersign::wire::encoding::Encoding;
use serde_json::Value;

use crate::place::read;

/// RFC 7515 appendix A.2.
const KEY: &str = r#"{"kty":"RSA","kid":"bank-rsa-1","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
const CLOCK: Timestamp = Timestamp::from_seconds(1_800_000_000);
const CAVAGE: &str = r#"
profile = "http-signature"
signature = { cover = ["(request-target)", "host", "date", "digest", "x-request-id"], fresh = { header = "date", tolerance = "300s" } }
id = { header = "x-request-id" }"#;
const BODY: &str = r#"
profile = "body-signature"
signature = { header = "x-signature" }
id = { header = "x-request-id" }
replay = "refuse-same-body""#;

/// What is answered to each row. Where the file leaves it to a policy, this is ours.
const ROWS: &[(&str, Option<Code>)] = &[
    ("OK-1", None),
    ("H01-1", Some(Code::CoverInsufficient)),
    ("H01-3", Some(Code::CoverInsufficient)),
    ("H01-5", Some(Code::SignatureMalformed)),
    ("H01-7", Some(Code::CoveredHeaderMissing)),
    ("H02-1", Some(Code::DigestMismatch)),
    ("H03-1", Some(Code::SignatureMismatch)),
    ("H04-1", Some(Code::HeaderRepeated)),
    ("H04-3", Some(Code::HeaderRepeated)),
    ("H04-5", Some(Code::HeaderRepeated)),
    ("H04-7", Some(Code::SignatureMalformed)),
    ("H04-9", Some(Code::SignatureMalformed)),
    ("H04-11", Some(Code::SignatureMalformed)),
    ("H04-13", Some(Code::SignatureMalformed)),
    ("H04-15", Some(Code::SignatureMalformed)),
    ("H04-17", Some(Code::KeyUnknown)),
    ("H05-1", Some(Code::TimestampFuture)),
    ("H05-3", Some(Code::TimestampStale)),
    ("H05-5", Some(Code::SignatureMalformed)),
    ("H05-7", Some(Code::SignatureMalformed)),
    // Its time is ahead of the clock too: below it is judged where it is not.
    ("H05-9", Some(Code::TimestampFuture)),
    ("H05-11", Some(Code::SignatureMalformed)),
    ("H05-13", Some(Code::TimestampMalformed)),
    ("H06-1", Some(Code::KeyUnknown)),
    ("H06-3", Some(Code::KeyUnknown)),
    ("H06-5", Some(Code::KeyUnknown)),
    ("H06-7", Some(Code::SignatureMalformed)),
    ("H06-9", Some(Code::SignatureMalformed)),
    ("H06-11", Some(Code::KeyUnknown)),
    ("H07-1", Some(Code::AlgorithmRefused)),
    ("H07-3", Some(Code::AlgorithmRefused)),
    ("H07-5", Some(Code::AlgorithmRefused)),
    ("H07-7", Some(Code::AlgorithmRefused)),
    ("H07-9", None),
    // `hs2019` says nothing; the key is registered for SHA-256, so a SHA-512 signature does not fit.
    ("H07-11", Some(Code::SignatureMismatch)),
    // An id is one word.
    ("H08-1", Some(Code::RequestIdMalformed)),
    ("H08-3", Some(Code::SignatureMismatch)),
    // Names in the list are lower case; a sender that writes others is refused, loudly.
    ("H08-5", Some(Code::SignatureMalformed)),
    ("H08-7", Some(Code::SignatureMismatch)),
    ("H09-1", Some(Code::PathUnknown)),
    ("H09-3", Some(Code::SignatureMismatch)),
    ("H09-5", Some(Code::RequestMalformed)),
    ("H09-7", Some(Code::SignatureMismatch)),
    ("H09-9", None),
    ("OK-3", None),
    ("X01-1", Some(Code::SignatureMalformed)),
    ("X01-3", Some(Code::SignatureMismatch)),
    ("X01-5", Some(Code::SignatureMismatch)),
    ("X01-7", Some(Code::SignatureMismatch)),
    ("X01-9", Some(Code::SignatureMalformed)),
    ("X01-11", Some(Code::SignatureMalformed)),
    ("X01-13", Some(Code::SignatureMalformed)),
    ("X01-15", Some(Code::SignatureMismatch)),
    ("X01-17", Some(Code::SignatureMismatch)),
    ("X01-19", Some(Code::HeaderRepeated)),
    // The first of it: that it is a duplicate of OK-3 is shown below.
    ("X02-1", None),
    ("B01-1", Some(Code::SignatureMismatch)),
    ("B01-3", Some(Code::SignatureMismatch)),
    ("B01-5", Some(Code::ContentTypeUnsupported)),
    ("B09-1", Some(Code::PayloadUndecodable)),
];

fn config(folder: &Path, algorithm: &str, settings: &str) -> Config {
    std::fs::write(folder.join("key.json"), KEY).unwrap();
    let text = format!(
        "[store]\nurl = \"memory:\"\n[[endpoint]]\nname = \"bank-a\"\npath = \"/hooks/bank-a\"\nsink = \"none\"\n\
         keys = [{{ jwks = \"key.json\", algorithm = \"{algorithm}\" }}]{settings}\n[[sink]]\nname = \"none\"\ntype = \"none\"\n"
    );
    Config::parse(&folder.join("countersign.toml"), &text).unwrap_or_else(|problem| panic!("{problem}"))
}

async fn verdict(config: &Config, at: Timestamp, raw: &[u8]) -> Verdict {
    judge(config.endpoint("bank-a").unwrap(), at, raw).await.unwrap()
}

fn raw(case: &Value) -> Vec<u8> {
    Encoding::Base64.decode(case["raw_b64"].as_str().unwrap(), 1 << 20).unwrap()
}

fn is_rfc_9421(raw: &[u8]) -> bool {
    String::from_utf8_lossy(raw).to_ascii_lowercase().contains("\r\nsignature-input:")
}

fn answered(verdict: &Verdict) -> Option<Code> {
    verdict.rejection.as_ref().map(|rejection| rejection.code())
}

#[tokio::test]
async fn every_row_of_draft_cavage_and_of_body_signatures_is_answered_right() {
    let Some(document) = read("generated/http_attacks.json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (cavage, body) = (config(folder.path(), "RS256", CAVAGE), config(folder.path(), "RS256", BODY));
    let mut rows = ROWS.iter();
    let mut count = [0, 0];
    for case in document["cases"].as_array().unwrap() {
        let raw = raw(case);
        let head = String::from_utf8_lossy(&raw).to_ascii_lowercase();
        if is_rfc_9421(&raw) {
            // Below.
            continue;
        }
        let kind = usize::from(head.contains("\r\nx-signature:"));
        count[kind] += 1;
        let (id, code) = rows.next().expect("a row of ours");
        assert_eq!(case["id"], *id, "in the order of the file");
        match case["expected"].as_str().unwrap() {
            "accept" => assert_eq!(*code, None, "{id}"),
            "reject" => assert!(code.is_some(), "{id}"),
            // A policy, and so ours to say.
            _ => {}
        }
        let verdict = verdict(if kind == 0 { &cavage } else { &body }, CLOCK, &raw).await;
        assert_eq!(answered(&verdict), *code, "{id} {}: {:?}", case["name"], verdict.rejection);
        assert_eq!(code.is_none(), verdict.event.is_some(), "{id}");
    }
    assert_eq!(rows.next(), None, "every row of ours is one of the file");
    assert_eq!(count, [44, 16], "every row was run");
}

/// RFC 9421 is not read yet: its `Signature` is none of draft-cavage, and where another header is asked for, there is none.
/// The good ones are refused with the others.
#[tokio::test]
async fn no_signature_of_rfc_9421_passes_for_another() {
    let Some(document) = read("generated/http_attacks.json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (cavage, body) = (config(folder.path(), "RS256", CAVAGE), config(folder.path(), "RS256", BODY));
    let mut count = 0;
    for case in document["cases"].as_array().unwrap().iter().filter(|case| is_rfc_9421(&raw(case))) {
        count += 1;
        let expected = match case["id"].as_str().unwrap() {
            // `@path` is no name of a header: no signature is looked at.
            "H13-1" => [Code::RequestMalformed; 2],
            _ => [Code::SignatureMalformed, Code::SignatureMissing],
        };
        for (config, code) in [&cavage, &body].into_iter().zip(expected) {
            let verdict = verdict(config, CLOCK, &raw(case)).await;
            assert_eq!(answered(&verdict), Some(code), "{} {}", case["id"], case["name"]);
            assert_eq!((verdict.status, verdict.event.is_some()), (code.status(), false), "{}", case["id"]);
        }
    }
    assert_eq!(count, 21, "every row was run");
}

/// They are signed with SHA-512: a key of SHA-256 would refuse them whatever became of their times. This one fits.
#[tokio::test]
async fn the_rows_about_time_are_refused_for_the_time_although_the_signature_fits() {
    let Some(document) = read("generated/http_attacks.json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let [brief, long] = ["300s", "2h"].map(|limit| config(folder.path(), "RS512", &CAVAGE.replace("300s", limit)));
    let find = |id: &str| raw(document["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap());
    assert_eq!(answered(&verdict(&brief, CLOCK, &find("H07-11")).await), None, "a good one");
    let about_time: Vec<_> = ROWS.iter().filter(|(id, _)| id.starts_with("H05-")).collect();
    assert_eq!(about_time.len(), 7);
    for (id, code) in about_time {
        assert_eq!(answered(&verdict(&brief, CLOCK, &find(id)).await), *code, "{id}");
    }
    // The same bytes at another moment: nothing else was wrong with them, or nothing else is left to refuse them for.
    for (config, id, seconds, code) in [
        (&long, "H05-1", 3539, Some(Code::TimestampFuture)),
        (&long, "H05-1", 3540, None),
        (&brief, "H05-3", -1, None),
        (&brief, "H05-9", 100, Some(Code::SignatureMismatch)),
    ] {
        let at = Timestamp::from_seconds(CLOCK.seconds() + seconds);
        assert_eq!(answered(&verdict(config, at, &find(id)).await), code, "{id} after {seconds} s");
    }
}

#[tokio::test]
async fn the_same_body_under_a_new_unsigned_id_is_the_same_event() {
    use countersign::store::{MemoryStore, Store};
    let Some(document) = read("generated/http_attacks.json") else { return };
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "RS256", BODY);
    let clock = std::sync::Arc::new(countersign::clock::FixedClock::at(CLOCK));
    let store = std::sync::Arc::new(MemoryStore::new(clock.clone()));
    let endpoint = config.endpoint("bank-a").unwrap().builder(clock).queue(store.clone()).build().unwrap();
    for id in ["OK-3", "X02-1"] {
        let case = document["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap();
        let text = String::from_utf8(raw(case)).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let target = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
        let mut request = http::Request::post(target);
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let request = request.body(http_body_util::Full::new(bytes::Bytes::from(body.to_owned()))).unwrap();
        let response = tower::ServiceExt::oneshot(endpoint.clone(), request).await.unwrap();
        let word = response.headers()["countersign-result"].to_str().unwrap().to_owned();
        assert_eq!(
            (response.status().as_u16(), &*word),
            (200, if id == "OK-3" { "accepted" } else { "duplicate" }),
            "{id}"
        );
    }
    assert_eq!(store.stats().await.unwrap().ready, 1);
}

#[test]
fn every_row_of_the_digest_header_is_answered_right() {
    let Some(document) = read("generated/http_attacks.json") else { return };
    let body = Encoding::Base64.decode(document["digest_body_b64"].as_str().unwrap(), 1 << 20).unwrap();
    let sha256 = countersign::crypto::Digest::sha256_of(&body);
    let sha512 = countersign::crypto::Digest::of(countersign::crypto::Hash::Sha512, &[&body]);
    let rows = document["digest_header"].as_array().unwrap();
    for row in rows {
        let accepted = DigestHeader::parse(row["value"].as_str().unwrap()).is_ok_and(|header| {
            header.sha256().is_none_or(|value| *value == sha256)
                && header.sha512().is_none_or(|value| value[..] == *sha512.bytes())
        });
        // Ours where it is a policy: an unknown algorithm beside a right one refuses the header.
        let expected = row["expected"] == "accept";
        assert_eq!(accepted, expected, "{}", row["name"]);
    }
    assert_eq!(rows.len(), 18);
}

/// RFC 9530 is not read yet: no row may get through as a `Digest`.
#[test]
fn no_content_digest_passes_for_a_digest() {
    let Some(document) = read("generated/http_attacks.json") else { return };
    for row in document["content_digest_header"].as_array().unwrap() {
        assert!(DigestHeader::parse(row["value"].as_str().unwrap()).is_err(), "{}", row["name"]);
    }
}
