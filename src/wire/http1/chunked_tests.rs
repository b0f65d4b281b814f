//! Chunks that have one reading, however they are cut, and chunks that have none or two.

use super::*;

/// Follows the text in pieces of `step` bytes.
fn follow(text: &[u8], step: usize) -> Progress {
    let mut chunked = Chunked::default();
    let mut total = 0;
    for piece in text.chunks(step) {
        let progress = chunked.follow(piece);
        total += progress.bytes;
        if progress.ended || progress.fault.is_some() {
            return Progress { bytes: total, ..progress };
        }
    }
    Progress { bytes: total, ended: false, fault: None }
}

#[test]
fn the_end_is_found_however_the_bytes_are_cut() {
    for text in [
        "0\r\n\r\n",
        "5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n",
        "5;a=b\r\nhello\r\n0 ; last\r\n\r\n",
        "A\r\n0\r\n\r\n6789a\r\n0\r\nVary: *\r\nExpires: 0\r\n\r\n",
    ] {
        for step in 1..=text.len() {
            let long = format!("{text}GET / HTTP/1.1\r\n");
            let found = follow(long.as_bytes(), step);
            assert_eq!(found, Progress { bytes: text.len(), ended: true, fault: None }, "{text:?} {step}");
        }
    }
}

#[test]
fn chunks_that_two_servers_could_read_differently_are_refused() {
    for (text, good, fault) in [
        ("5\nhello\r\n", 1, Fault::Chunk),
        ("5\r\nhello\n", 8, Fault::Chunk),
        ("5\r\nhelloo\r\n", 8, Fault::Chunk),
        ("\r\n", 0, Fault::Chunk),
        (" 5\r\n", 0, Fault::Chunk),
        ("+5\r\n", 0, Fault::Chunk),
        ("0x5\r\n", 1, Fault::Chunk),
        ("5_0\r\n", 1, Fault::Chunk),
        (";a=b\r\n", 0, Fault::Chunk),
        ("5 \r\n", 2, Fault::Chunk),
        ("5 5\r\n", 2, Fault::Chunk),
        ("5;a=\rb\r\n", 5, Fault::Chunk),
        ("5;a=\nb\r\n", 4, Fault::Chunk),
        ("5;a=\0\r\n", 4, Fault::Chunk),
        ("10000000000000001\r\n", 15, Fault::Chunk),
        ("0\r\nDigest: x\r\n\r\n", 9, Fault::Trailer),
        ("0\r\nX-Signature: x\r\n\r\n", 14, Fault::Trailer),
        ("0\r\ncontent-length: 1\r\n\r\n", 17, Fault::Trailer),
        ("0\r\nHOST: 1\r\n\r\n", 7, Fault::Trailer),
        ("0\r\nVary : 1\r\n\r\n", 7, Fault::Chunk),
        ("0\r\nVary: 1\r\n folded\r\n\r\n", 12, Fault::Chunk),
        ("0\r\nVary: 1\n\r\n", 10, Fault::Chunk),
        ("0\r\n\n", 3, Fault::Chunk),
        ("0\r\n\r0", 4, Fault::Chunk),
    ] {
        let expected = Progress { bytes: good, ended: false, fault: Some(fault) };
        for step in 1..=text.len() {
            assert_eq!(follow(text.as_bytes(), step), expected, "{text:?} {step}");
        }
    }
}

#[test]
fn extensions_and_trailers_are_bounded_over_the_whole_body() {
    let many = "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n".repeat(100);
    assert_eq!(follow(many.as_bytes(), 1000).fault, Some(Fault::Chunk));
    let many = format!("0\r\n{}", "vary: a\r\n".repeat(100));
    assert_eq!(follow(many.as_bytes(), 1000).fault, Some(Fault::Trailer));
    let long = format!("0\r\nvary: {}", "a".repeat(5000));
    assert_eq!(follow(long.as_bytes(), 1000).fault, Some(Fault::Trailer));
}

#[test]
fn a_body_in_too_many_pieces_is_refused_and_one_in_small_pieces_is_not() {
    let body = |pieces: usize, piece: &str| {
        let one = format!("{:x}\r\n{piece}\r\n", piece.len());
        format!("{}0\r\n\r\n", one.repeat(pieces))
    };
    for (pieces, piece) in [(1024, "a".to_owned()), (20_000, "a".repeat(64)), (1050, "a".repeat(2))] {
        let text = body(pieces, &piece);
        let end = Progress { bytes: text.len(), ended: true, fault: None };
        assert_eq!(Chunked::default().follow(text.as_bytes()), end, "{pieces}");
    }
    for (pieces, piece) in [(1100, "a".to_owned()), (200_000, "a".repeat(32))] {
        let found = Chunked::default().follow(body(pieces, &piece).as_bytes());
        assert_eq!(found.fault, Some(Fault::Chunk), "{pieces}");
    }
}
