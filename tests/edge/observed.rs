//! Requests that plain hyper and axum were observed to let through, or to hide what was wrong with them: one expected
//! answer each. A second request follows each of them, which must not be seen behind a refusal.

use countersign::error::Code::{self, *};

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::parties::{Codes, SIGNED, endpoint, serve_endpoint, statuses, talk};

/// What passes the edge: the signature decides.
const PASSED: Code = SignatureMismatch;

/// Name as in the observed file, request line, fields but for the signature, body, and what the endpoint says.
pub type Row = (&'static str, &'static str, &'static [u8], &'static [u8], Code);

const POST: &str = "POST /a HTTP/1.1";
const CHUNK: &[u8] = b"1\r\nA\r\n0\r\n\r\n";

pub const TABLE: &[Row] = &[
    (
        "CL then TE + pipelined 2nd",
        POST,
        b"Host: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        CHUNK,
        FramingAmbiguous,
    ),
    ("TE then CL", POST, b"Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", CHUNK, FramingAmbiguous),
    ("two equal CL", POST, b"Host: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n", b"A", FramingAmbiguous),
    ("two different CL", POST, b"Host: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n", b"A", FramingAmbiguous),
    ("CL list 1, 1", POST, b"Host: x\r\nContent-Length: 1, 1\r\n", b"A", FramingAmbiguous),
    ("CL +1", POST, b"Host: x\r\nContent-Length: +1\r\n", b"A", FramingAmbiguous),
    ("TE: xchunked", POST, b"Host: x\r\nTransfer-Encoding: xchunked\r\n", CHUNK, TransferCodingUnknown),
    ("TE: chunked, identity", POST, b"Host: x\r\nTransfer-Encoding: chunked, identity\r\n", CHUNK, FramingAmbiguous),
    ("TE: gzip, chunked", POST, b"Host: x\r\nTransfer-Encoding: gzip, chunked\r\n", CHUNK, TransferCodingUnknown),
    (
        "TE dup: chunked + chunked",
        POST,
        b"Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        CHUNK,
        FramingAmbiguous,
    ),
    ("TE on HTTP/1.0", "POST /a HTTP/1.0", b"Host: x\r\nTransfer-Encoding: chunked\r\n", CHUNK, FramingAmbiguous),
    ("bare LF head", "POST /a HTTP/1.1\nHost: y", b"Host: x\r\n", b"", RequestMalformed),
    ("bare LF in chunk size", POST, b"Host: x\r\nTransfer-Encoding: chunked\r\n", b"1\nA\r\n0\r\n\r\n", ChunkMalformed),
    ("bare CR in header value", POST, b"Host: x\r\nX-A: a\rb\r\n", b"", RequestMalformed),
    ("space before colon", POST, b"Host: x\r\nX-A : a\r\n", b"", RequestMalformed),
    ("obs-fold", POST, b"Host: x\r\nX-A: a\r\n b\r\n", b"", RequestMalformed),
    ("no Host", POST, b"Content-Length: 0\r\n", b"", RequestMalformed),
    ("two Host", POST, b"Host: a\r\nHost: b\r\n", b"", RequestMalformed),
    (
        "absolute-form + other Host",
        "POST http://evil.example/a?x=%2e HTTP/1.1",
        b"Host: good\r\n",
        b"",
        RequestMalformed,
    ),
    ("path tricks kept?", "POST /a/../b//c/%2e%2e/d;x?y=%41+%20 HTTP/1.1", b"Host: x\r\n", b"", PathUnknown),
    (
        "dup X-Signature + X-Request-ID",
        POST,
        b"Host: x\r\nX-Signature: b\r\nx_signature: u\r\nX-Request-ID: 1\r\nX-Request-ID: 2\r\n",
        b"",
        RequestMalformed,
    ),
    ("@method header", POST, b"Host: x\r\n@method: POST\r\n", b"", RequestMalformed),
    ("non-ascii header value", POST, b"Host: x\r\nX-A: \xff\xfe\r\n", b"", PASSED),
    ("NUL header value", POST, b"Host: x\r\nX-A: \0\r\n", b"", RequestMalformed),
    (
        "chunk size 2^64+1",
        POST,
        b"Host: x\r\nTransfer-Encoding: chunked\r\n",
        b"10000000000000001\r\nA\r\n0\r\n\r\n",
        ChunkMalformed,
    ),
    ("empty chunk size", POST, b"Host: x\r\nTransfer-Encoding: chunked\r\n", b"\r\nA\r\n0\r\n\r\n", ChunkMalformed),
    (
        "trailer with digest",
        POST,
        b"Host: x\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n",
        b"1\r\nA\r\n0\r\nDigest: SHA-256=x\r\n\r\n",
        TrailerRefused,
    ),
    (
        "Expect: y 100-continue",
        POST,
        b"Host: x\r\nExpect: y 100-continue\r\nContent-Length: 1\r\n",
        b"A",
        ExpectationUnknown,
    ),
    (
        "GET with body, pipelined",
        "GET /a HTTP/1.1",
        b"Host: x\r\nContent-Length: 34\r\n",
        b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r",
        MethodNotAllowed,
    ),
    ("HTTP/2 preface on same port", "PRI * HTTP/2.0\r\n\r\nSM\r\n", b"", b"", VersionUnsupported),
    // Beside the file: what hyper and axum take, or take for granted.
    ("a fragment", "POST /a#b HTTP/1.1", b"Host: x\r\n", b"", RequestMalformed),
    ("a comma between two hosts", POST, b"Host: a, b\r\n", b"", RequestMalformed),
    ("an empty line first", "\r\nPOST /a HTTP/1.1", b"Host: x\r\n", b"", RequestMalformed),
    ("HTTP/1.0 without a host", "POST /a HTTP/1.0", b"", b"", RequestMalformed),
    ("gzip", POST, b"Host: x\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n", b"A", ContentTypeUnsupported),
    ("a signature twice", POST, b"Host: x\r\nX-Signature: b\r\n", b"", HeaderRepeated),
    ("an upgrade", POST, b"Host: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n", b"", RequestMalformed),
    ("10 GiB announced", POST, b"Host: x\r\nContent-Length: 10737418240\r\n", b"A", BodyTooLarge),
    ("10 GiB in one chunk", POST, b"Host: x\r\nTransfer-Encoding: chunked\r\n", b"280000000\r\nA", BodyUnreadable),
    ("an extension without an end", POST, b"Host: x\r\nTransfer-Encoding: chunked\r\n", &[b';'; 3000], ChunkMalformed),
    ("TLS on the plain port", "\x16\x03\x01\x02", b"", b"", RequestMalformed),
    ("a good one", POST, b"Host: x\r\nContent-Length: 1\r\n", b"A", PASSED),
    (
        "a good one in chunks",
        POST,
        b"Host: x\r\nTransfer-Encoding: chunked\r\n",
        b"1;a=b\r\nA\r\n0\r\nVary: *\r\n\r\n",
        PASSED,
    ),
];

pub fn request(line: &str, fields: &[u8], body: &[u8]) -> Vec<u8> {
    [line.as_bytes(), b"\r\n", SIGNED.as_bytes(), fields, b"\r\n", body].concat()
}

#[tokio::test(start_paused = true)]
async fn each_observed_leniency_has_its_refusal_and_hides_nothing_behind_it() {
    let second = request("POST /second HTTP/1.1", b"Host: x\r\n", b"");
    let mut bodies = std::collections::BTreeSet::new();
    for (name, line, fields, body, code) in TABLE {
        let raw = request(line, fields, body);
        let (codes, answer) = endpoint(&[raw, second.clone()].concat()).await;
        let code = *code;
        // A connection goes on only behind what was understood to its end.
        let expected = if code == PASSED || code == HeaderRepeated { vec![code, PathUnknown] } else { vec![code] };
        assert_eq!(codes, expected, "{name}: {answer}");
        assert_eq!(statuses(&answer), expected.iter().map(|code| code.status()).collect::<Vec<_>>(), "{name}");
        assert!(answer.contains("connection: close"), "{name}");
        if code.status() == 400 {
            bodies.insert(answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned());
        }
    }
    assert_eq!(bodies.len(), 1, "one constant body: {bodies:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_of_more_fields_or_bytes_than_the_cap_is_refused() {
    let many = format!("Host: x\r\n{}", "X-A: 1\r\n".repeat(100));
    let long = format!("Host: x\r\nX-A: {}\r\n", "a".repeat(70_000));
    for fields in [many, long] {
        let (codes, answer) = endpoint(&request(POST, fields.as_bytes(), b"")).await;
        assert_eq!(codes, [HeadTooLarge]);
        assert_eq!(statuses(&answer), [431]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_largest_head_that_passes_is_not_too_large_for_hyper() {
    let few = request(POST, b"Host: x\r\n", b"").len();
    let padding = |length: usize| format!("Host: x\r\nX-A: {}\r\n", "a".repeat(length));
    let rest = countersign::wire::http1::LARGEST_HEAD - few - "X-A: \r\n".len();
    let many = format!("Host: x\r\n{}", "X-A: 1\r\n".repeat(62));
    for (fields, code) in [(padding(rest), PASSED), (padding(rest + 1), HeadTooLarge), (many, PASSED)] {
        assert_eq!(endpoint(&request(POST, fields.as_bytes(), b"")).await.0, [code]);
    }
    let target = format!("POST /a?{} HTTP/1.1", "b".repeat(countersign::wire::http1::LARGEST_HEAD - few - 1));
    assert_eq!(endpoint(&request(&target, b"Host: x\r\n", b"")).await.0, [PASSED]);
}

#[tokio::test(start_paused = true)]
async fn no_100_continue_is_sent_for_a_head_that_is_refused_and_one_for_a_head_that_is_not() {
    let head = |signed: &str| {
        format!("POST /a HTTP/1.1\r\nHost: x\r\n{signed}Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    };
    let (codes, answer) = endpoint(head("").as_bytes()).await;
    assert_eq!((codes, statuses(&answer)), (vec![SignatureMissing], vec![401]));
    // The body waits for the word.
    let (mut near, far) = tokio::io::duplex(64 * 1024);
    let codes = Codes::default();
    let served = serve_endpoint(far, Arc::clone(&codes));
    let sent = async {
        near.write_all(head(SIGNED).as_bytes()).await.unwrap();
        let mut word = [0; 25];
        near.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"HTTP/1.1 100 Continue\r\n\r\n");
        talk(&mut near, &[b"A"]).await
    };
    let (_, answer) = tokio::join!(served, sent);
    assert_eq!((&**codes.lock().unwrap(), statuses(&answer)), (&[PASSED][..], vec![401]));
}

/// What is swallowed behind a body that nobody read was sent in vain: whoever shares a connection has to know.
#[tokio::test(start_paused = true)]
async fn an_answer_before_the_body_was_read_says_that_the_connection_ends() {
    for head in ["Content-Length: 20000\r\n", "Expect: 100-continue\r\nContent-Length: 1\r\n"] {
        let (codes, answer) = endpoint(format!("POST /a HTTP/1.1\r\nHost: x\r\n{head}\r\n").as_bytes()).await;
        assert_eq!(codes, [SignatureMissing]);
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    let (_, answer) = endpoint(&request(POST, b"Host: x\r\nContent-Length: 1\r\n", b"A")).await;
    assert!(answer.contains(" 401 ") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_head_request_has_an_answer_without_content() {
    let (codes, answer) = endpoint(b"HEAD /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n").await;
    assert_eq!((codes, statuses(&answer)), (vec![RequestMalformed], vec![400]));
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

/// The head is larger than what is kept of it, and its first line than any URI of hyper's.
#[tokio::test(start_paused = true)]
async fn a_first_line_without_end_is_refused_by_us_and_not_by_hyper() {
    let target = format!("G /{} HTTP/1.1", "b".repeat(65_999));
    let whole = request(&target, b"Host: x\r\n", b"");
    let (first, rest) = whole.split_at(1000);
    let (seen, answer) = crate::parties::probe(&[first, rest], 128 * 1024).await;
    assert!(matches!(seen[..], [crate::parties::Seen::Refused(HeadTooLarge)]), "{seen:?}");
    assert_eq!(statuses(&answer), [431]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_breaks_off_is_refused() {
    for (raw, codes) in [
        (&b"POST /a HTTP/1.1\r\nHost: x\r\nConte"[..], &[RequestMalformed][..]),
        (b"", &[]),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nX-Signature: AAAA\r\nContent-Length: 5\r\n\r\nA", &[BodyUnreadable]),
    ] {
        assert_eq!(endpoint(raw).await.0, codes, "{raw:?}");
    }
}

#[test]
fn the_table_has_every_row_of_the_observed_file() {
    let Some(text) = crate::place::text("generated/hyper_1.12_axum_0.8.9_observed.txt") else { return };
    // These have tests of their own, above and in `deadlines`.
    let elsewhere = ["Expect: 100-continue w/o body sent", "101 headers", "short body then FIN? (CL 5, 1 byte)"];
    for line in text.lines().filter(|line| line.contains("-> ")) {
        let name = line.split("->").next().unwrap().trim();
        let known = elsewhere.contains(&name) || TABLE.iter().any(|row| row.0 == name);
        assert!(known, "expected a row for {name:?}, but found none");
    }
}
