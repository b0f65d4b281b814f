//! The gate and hyper agree: whatever the bytes, and however they are cut, the service sees exactly the requests and the
//! bodies that a slow reading of RFC 9112 finds, up to the first fault.

use proptest::prelude::*;

use crate::parties::{Seen, probe};

/// One request: how it is sent, and what has to be seen of it.
fn request() -> impl Strategy<Value = (Vec<u8>, Seen)> {
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    let sizes = proptest::collection::vec(1usize..80, 1..8);
    (body, sizes, any::<bool>(), "[a-z]{1,8}", 0usize..3).prop_map(|(body, sizes, chunked, name, padding)| {
        let padding = "X-Padding: GET / HTTP/1.1\r\n".repeat(padding);
        let mut raw = format!("PUT /{name}?q HTTP/1.1\r\nHost: x\r\n{padding}").into_bytes();
        if chunked {
            raw.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            let mut rest = &body[..];
            let mut sizes = sizes.iter().cycle();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                raw.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
                raw.extend_from_slice(chunk);
                raw.extend_from_slice(b"\r\n");
                rest = after;
            }
            raw.extend_from_slice(b"0\r\nVary: *\r\n\r\n");
        } else {
            raw.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
            raw.extend_from_slice(&body);
        }
        (raw, Seen::Request { method: "PUT".to_owned(), target: format!("/{name}?q"), body: Ok(body) })
    })
}

fn run(raw: &[u8], cuts: &[usize], pipe: usize) -> Vec<Seen> {
    let mut pieces = Vec::new();
    let mut rest = raw;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min(*cut));
        pieces.push(piece);
        rest = after;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(probe(&pieces, pipe)).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn pipelined_requests_are_seen_as_they_were_sent_however_they_are_cut(
        requests in proptest::collection::vec(request(), 1..6),
        cuts in proptest::collection::vec(1usize..400, 1..20),
        pipe in prop_oneof![Just(1usize), Just(7), Just(100), Just(65_536)],
    ) {
        let raw: Vec<u8> = requests.iter().flat_map(|(raw, _)| raw.clone()).collect();
        let expected: Vec<Seen> = requests.into_iter().map(|(_, seen)| seen).collect();
        prop_assert_eq!(run(&raw, &cuts, pipe), expected);
    }

    #[test]
    fn a_changed_byte_changes_the_verdict_or_the_request_but_never_the_count_behind_our_back(
        requests in proptest::collection::vec(request(), 1..4),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b' '), Just(b':'), Just(b'0')],
        cuts in proptest::collection::vec(1usize..200, 1..8),
    ) {
        let mut raw: Vec<u8> = requests.iter().flat_map(|(raw, _)| raw.clone()).collect();
        let index = at.index(raw.len());
        raw[index] = byte;
        // However it is cut, it is read in one way; hyper itself refuses nothing that came through.
        let whole = run(&raw, &[raw.len()], 65_536);
        prop_assert_eq!(&whole, &run(&raw, &cuts, 65_536));
        prop_assert_eq!(&whole, &run(&raw, &[1], 1));
        let refusals = whole.iter().filter(|seen| matches!(seen, Seen::Refused(_))).count();
        prop_assert!(refusals <= 1 && (refusals == 0 || matches!(whole.last(), Some(Seen::Refused(_)))));
        prop_assert!(whole.len() <= requests.len() + 1);
    }
}
