//! What others wrote, in a genuine event: the files of JSONTestSuite and the Big List of Naughty Strings. What every
//! reader understands alike reaches the handler as it was sent; the rest is kept, and reaches nobody.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use countersign::clock::{FixedClock, Timestamp};
use countersign::crypto::{Algorithm, MacKey, Secret};
use countersign::dispatch::Dispatch;
use countersign::endpoint::Outcome;
use countersign::error::Code;
use countersign::event::PaymentDetail;
use countersign::keys::{Key, KeySet};
use countersign::once::Once;
use countersign::profile::{BodySignature, Identification, Input, JsonPointer, OtherDecoder, Profile};
use countersign::store::{MemoryStore, Store};
use countersign::wire::encoding::Encoding;
use countersign::wire::json;
use countersign::{Endpoint, Event};
use http::HeaderValue;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::place::{folder, read};

const SECRET: &str = "everybody knows these 32 letters";

/// Files that the suite wants taken. Two readers would see two values of one name: which of them was meant?
const REPEATED: [&str; 2] = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

/// Files that a reader may take or refuse: these are numbers by the grammar, and their digits are kept as they are.
const NUMBERS: [&str; 10] = [
    "i_number_double_huge_neg_exp.json",
    "i_number_huge_exp.json",
    "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",
    "i_number_real_neg_overflow.json",
    "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",
    "i_number_too_big_neg_int.json",
    "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
];

/// Likewise: half a character by an escape. One reader keeps it, another puts a question mark there.
const HALVES: [&str; 10] = [
    "i_object_key_lone_2nd_surrogate.json",
    "i_string_1st_surrogate_but_2nd_missing.json",
    "i_string_1st_valid_surrogate_2nd_invalid.json",
    "i_string_incomplete_surrogate_and_escape_valid.json",
    "i_string_incomplete_surrogate_pair.json",
    "i_string_incomplete_surrogates_escape_valid.json",
    "i_string_invalid_lonely_surrogate.json",
    "i_string_invalid_surrogate.json",
    "i_string_inverted_surrogates_U+1D11E.json",
    "i_string_lone_second_surrogate.json",
];

/// Likewise: no UTF-8, which RFC 8259 section 8.1 demands between strangers.
const NO_UTF8: [&str; 11] = [
    "i_string_UTF-16LE_with_BOM.json",
    "i_string_UTF-8_invalid_sequence.json",
    "i_string_UTF8_surrogate_U+D800.json",
    "i_string_invalid_utf-8.json",
    "i_string_iso_latin_1.json",
    "i_string_lone_utf8_continuation_byte.json",
    "i_string_not_in_unicode_range.json",
    "i_string_overlong_sequence_2_bytes.json",
    "i_string_overlong_sequence_6_bytes.json",
    "i_string_overlong_sequence_6_bytes_null.json",
    "i_string_truncated-utf-8.json",
];

/// Likewise: text of another coding that happens to be UTF-8, with zeros between, depth, and a mark before the text.
const OTHERS: [&str; 4] = [
    "i_string_utf16BE_no_BOM.json",
    "i_string_utf16LE_no_BOM.json",
    "i_structure_500_nested_arrays.json",
    "i_structure_UTF-8_BOM_empty_object.json",
];

fn is_taken(file: &str) -> bool {
    match file.split_at(2).0 {
        "y_" => !REPEATED.contains(&file),
        "n_" => false,
        "i_" if NUMBERS.contains(&file) => true,
        "i_" if [&HALVES[..], &NO_UTF8, &OTHERS].iter().any(|list| list.contains(&file)) => false,
        _ => panic!("{file}: no policy"),
    }
}

/// An endpoint whose sender signs whatever is asked of him.
struct Receiver {
    endpoint: Endpoint,
    store: Arc<MemoryStore>,
    key: MacKey,
    /// What the handler was given: the content, and the line of a sink.
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug)]
struct Seen {
    content: Bytes,
    request_id: Option<String>,
    line: String,
}

impl Receiver {
    fn new(identification: Identification) -> Self {
        let clock = Arc::new(FixedClock::at(Timestamp::from_seconds(1_800_000_000)));
        let store = Arc::new(MemoryStore::new(clock.clone()));
        let secret = Secret::new(SECRET).unwrap();
        let mut scheme = BodySignature::over_body("x-signature");
        if let Identification::Header { name, .. } = &identification {
            scheme.input = Input::parse(&format!("{{header:{name}}}.{{body}}")).unwrap();
        }
        let subject = JsonPointer::new("/id");
        let profile = Profile::body_signature(scheme, identification).accepting_messages_of_any_age();
        let profile = profile.with_decoder(Arc::new(OtherDecoder { types: None, subject }));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sees = seen.clone();
        let handler = Dispatch::new().otherwise(move |event: Once| {
            let sees = sees.clone();
            async move {
                let line = event.cloud_event().to_line().unwrap();
                let request_id = event.request_id().map(str::to_owned);
                sees.lock().unwrap().push(Seen { content: event.event().content().clone(), request_id, line });
            }
        });
        let endpoint = Endpoint::builder("bank", profile)
            .path("/hooks")
            .keys(KeySet::new(vec![Key::secret(Algorithm::Hs256, &secret).unwrap()]).unwrap())
            .clock(clock)
            .inline(store.clone(), handler)
            .build()
            .unwrap();
        Self { endpoint, store, key: MacKey::new(Algorithm::Hs256, &secret).unwrap(), seen }
    }

    /// Sends a body that is signed with its id, if it has one beside it.
    async fn send(&self, id: Option<&HeaderValue>, body: &[u8]) -> Outcome {
        let signature = match id {
            Some(id) => self.key.sign(&[id.as_bytes().trim_ascii(), b".", body]),
            None => self.key.sign(&[body]),
        };
        let mut request = http::Request::post("/hooks")
            .header("host", "hooks.example")
            .header("x-signature", Encoding::Base64.encode(&signature))
            .body(Full::new(Bytes::copy_from_slice(body)))
            .unwrap();
        if let Some(id) = id {
            request.headers_mut().insert("x-id", id.clone());
        }
        let response = tower::ServiceExt::oneshot(self.endpoint.clone(), request).await.unwrap();
        *response.extensions().get::<Outcome>().unwrap()
    }

    fn taken(&self) -> Option<Seen> {
        self.seen.lock().unwrap().pop()
    }
}

#[tokio::test]
async fn each_file_of_jsontestsuite_reaches_the_handler_unchanged_or_reaches_nobody() {
    let Some(vectors) = folder("jsontestsuite") else { return };
    let mut count = [0; 3];
    for file in std::fs::read_dir(vectors.join("jsontestsuite/test_parsing")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let body = std::fs::read(&path).unwrap();
        count["yni".find(&name[..1]).unwrap()] += 1;
        let receiver = Receiver::new(Identification::Fingerprint);
        let outcome = receiver.send(None, &body).await;
        let (stats, seen) = (receiver.store.stats().await.unwrap(), receiver.taken());
        assert_eq!(json::check(&body).is_ok(), is_taken(name), "{name}");
        if !is_taken(name) {
            assert_eq!((outcome, stats.quarantined), (Outcome::Quarantined, 1), "{name}");
            assert!(seen.is_none(), "{name} reached the handler");
            continue;
        }
        assert_eq!((outcome, stats.quarantined), (Outcome::Accepted, 0), "{name}");
        let seen = seen.unwrap_or_else(|| panic!("{name} reached nobody"));
        assert_eq!(seen.content, body, "{name}");
        // A sink gets every digit and every escape as it was written.
        let detail = [b"\"detail\":", &json::compact(&body)[..]].concat();
        assert!(seen.line.contains(std::str::from_utf8(&detail).unwrap()), "{name}: {}", seen.line);
        assert!(!seen.line.contains('\n'), "{name}");
        // A typed document takes it too, where it stands as a member that the schema does not know.
        let start = &br#"{"CommonPaymentData":{"PaymentId":"p-1","PaymentStatus":"Open"},"x":"#[..];
        let typed = Bytes::from([start, &body, b"}"].concat());
        let event = Profile::worldline().decode("status", &typed).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(*event.content(), typed, "{name}");
    }
    assert_eq!(count, [95, 188, 35], "files that have to be taken, to be refused, and that may be either");
}

/// The strings, each once.
fn strings() -> Option<BTreeSet<String>> {
    let list = read("blns/blns.json")?;
    let list = list.as_array().unwrap();
    let strings: BTreeSet<_> = list.iter().map(|string| string.as_str().unwrap().to_owned()).collect();
    assert_eq!((list.len(), strings.len()), (515, 511));
    Some(strings)
}

/// A document as one library writes it, and as one that escapes every character.
fn spellings(document: &Value) -> [String; 2] {
    let plain = document.to_string();
    let escape = |unit: u16| format!("\\u{unit:04x}");
    let escaped = |text: &str| format!("\"{}\"", text.encode_utf16().map(escape).collect::<String>());
    let members = document.as_object().unwrap().iter().map(|(name, value)| match value {
        Value::String(text) => format!("{}:{}", escaped(name), escaped(text)),
        other => format!("{}:{other}", escaped(name)),
    });
    [plain, format!("{{{}}}", members.collect::<Vec<_>>().join(","))]
}

#[tokio::test]
async fn a_naughty_string_is_an_id_of_its_own_in_a_document_however_it_is_spelled() {
    let Some(strings) = strings() else { return };
    for spelling in 0..2 {
        let receiver = Receiver::new(Identification::Json(JsonPointer::new("/id").unwrap()));
        for id in &strings {
            let body = &spellings(&json!({ "id": id }))[spelling];
            let outcome = receiver.send(None, body.as_bytes()).await;
            if id.is_empty() {
                assert_eq!(outcome, Outcome::Quarantined, "an event without a name");
                continue;
            }
            assert_eq!(outcome, Outcome::Accepted, "{id:?}");
            let seen = receiver.taken().unwrap();
            assert_eq!(seen.content, body, "{id:?}");
            let event: Value = serde_json::from_str(&seen.line).unwrap();
            assert_eq!((event["subject"].as_str(), event["data"]["detail"]["id"].as_str()), (Some(&**id), Some(&**id)));
            assert_eq!(receiver.send(None, body.as_bytes()).await, Outcome::Duplicate, "{id:?}");
        }
        let stats = receiver.store.stats().await.unwrap();
        assert_eq!((stats.identities, stats.quarantined), (511, 1), "none was taken for another");
    }
}

#[tokio::test]
async fn a_naughty_string_is_an_id_in_a_header_if_it_is_one_visible_word_and_refused_if_not() {
    let Some(strings) = strings() else { return };
    let receiver = Receiver::new(Identification::header("x-id"));
    let mut count = [0; 3];
    for id in &strings {
        // What no server of HTTP hands over.
        let Ok(value) = HeaderValue::from_bytes(id.as_bytes()) else {
            count[2] += 1;
            continue;
        };
        let outcome = receiver.send(Some(&value), b"{}").await;
        // Whitespace around a value is not part of it (RFC 9110 section 5.5).
        let word = id.trim_matches([' ', '\t']);
        if !word.is_empty() && word.len() <= 255 && word.bytes().all(|byte| byte.is_ascii_graphic()) {
            count[0] += 1;
            assert_eq!(outcome, Outcome::Accepted, "{id:?}");
            assert_eq!(receiver.taken().unwrap().request_id.as_deref(), Some(word));
            assert_eq!(receiver.send(Some(&value), b"{}").await, Outcome::Duplicate, "{id:?}");
        } else {
            count[1] += 1;
            let code = if word.is_empty() { Code::RequestIdMissing } else { Code::RequestIdMalformed };
            assert_eq!(outcome, Outcome::Refused(code), "{id:?}");
        }
        assert!(receiver.taken().is_none());
    }
    assert_eq!(count, [202, 304, 5], "taken, refused, and never handed over");
    assert_eq!(receiver.store.stats().await.unwrap().identities, count[0]);
}

#[tokio::test]
async fn a_naughty_string_as_a_value_or_a_name_leaves_a_genuine_event_whole() {
    let Some(strings) = strings() else { return };
    let receiver = Receiver::new(Identification::Fingerprint);
    for text in &strings {
        for body in spellings(&json!({ "other": text, format!(" {text}"): 1 })) {
            assert_eq!(receiver.send(None, body.as_bytes()).await, Outcome::Accepted, "{text:?}");
            let seen = receiver.taken().unwrap();
            assert_eq!(seen.content, body, "{text:?}");
            let line: Value = serde_json::from_str(&seen.line).unwrap();
            assert_eq!(line["data"]["detail"], json!({ "other": text, format!(" {text}"): 1 }));
        }
        let common = json!({ "PaymentId": "p-1", "PaymentStatus": "Open", "PsuMessage": text, "x": { "y": text } });
        let document = json!({ "CommonPaymentData": common, "z": [text] });
        let event = Profile::worldline().decode("status", &Bytes::from(document.to_string())).unwrap();
        let Event::Payment(payment) = event else { panic!("expected a payment, but found {event:?}") };
        assert_eq!((&*payment.payment_id, &*payment.provider_status), ("p-1", "Open"), "{text:?}");
        let PaymentDetail::Worldline(detail) = &payment.detail else { panic!("expected Worldline's document") };
        assert_eq!(detail.common_payment_data.psu_message.as_deref(), Some(&**text));
        assert_eq!(serde_json::to_value(detail).unwrap(), document, "{text:?}");
    }
}
