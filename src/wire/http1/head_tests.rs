//! Heads that have one reading, and heads that have none or two.

use super::*;

fn head(line: &str, fields: &str) -> Result<Framing, Fault> {
    check(format!("{line}\r\n{fields}\r\n").as_bytes())
}

#[test]
fn a_head_of_rfc_9112_tells_the_length_of_its_body() {
    let post = "POST /a?b=%41&c HTTP/1.1";
    assert_eq!(head(post, "Host: x\r\n"), Ok(Framing::Length(0)));
    assert_eq!(head(post, "host:\t bank.example:8400 \r\nContent-Length: 007\r\n"), Ok(Framing::Length(7)));
    assert_eq!(head(post, "Host: [::1]:1\r\nTRANSFER-encoding: \tChunked \r\n"), Ok(Framing::Chunked));
    assert_eq!(head("GET / HTTP/1.0", "Host: x\r\nX-A:\r\nx.y|z: caf\u{e9}\r\n"), Ok(Framing::Length(0)));
}

#[test]
fn a_head_that_two_servers_could_read_differently_is_refused() {
    let post = "POST / HTTP/1.1";
    let host = "Host: x\r\n";
    for (fields, fault) in [
        ("", Fault::Host),
        ("Host:\r\n", Fault::Host),
        ("Host: a\r\nHost: a\r\n", Fault::Host),
        ("Host: a, b\r\n", Fault::Host),
        ("Host: a b\r\n", Fault::Host),
        ("Host: user@a\r\n", Fault::Host),
        ("Host: a/b\r\n", Fault::Host),
        ("Content-Length: 1\r\nContent-Length: 1\r\n", Fault::Length),
        ("Content-Length: 1, 1\r\n", Fault::Length),
        ("Content-Length: +1\r\n", Fault::Length),
        ("Content-Length: -1\r\n", Fault::Length),
        ("Content-Length: 0x1\r\n", Fault::Length),
        ("Content-Length: 1 1\r\n", Fault::Length),
        ("Content-Length: 0_1\r\n", Fault::Length),
        ("Content-Length:\r\n", Fault::Length),
        ("Content-Length: 18446744073709551616\r\n", Fault::Length),
        ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", Fault::Length),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", Fault::Length),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Fault::Coding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", Fault::Coding),
        ("Transfer-Encoding: chunked, chunked\r\n", Fault::Coding),
        ("Transfer-Encoding: chunked, identity\r\n", Fault::Coding),
        ("Transfer-Encoding: chunked,\r\n", Fault::Coding),
        ("Transfer-Encoding: \"chunked\"\r\n", Fault::Coding),
        ("Transfer-Encoding: chunked;q=1\r\n", Fault::Coding),
        ("Transfer-Encoding:\r\n", Fault::Coding),
        ("Transfer-Encoding: gzip, chunked\r\n", Fault::CodingUnknown),
        ("Transfer-Encoding: xchunked\r\n", Fault::CodingUnknown),
        ("Transfer-Encoding: identity\r\n", Fault::CodingUnknown),
        ("X-A : 1\r\n", Fault::Field),
        ("Content_Length: 1\r\n", Fault::Field),
        (" X-A: 1\r\n", Fault::Field),
        ("X-A: 1\r\n folded: 2\r\n", Fault::Field),
        ("X-A: 1\r\n\tfolded\r\n", Fault::Field),
        ("no colon\r\n", Fault::Field),
        (": 1\r\n", Fault::Field),
        ("@method: POST\r\n", Fault::Field),
        ("X-\u{e9}: 1\r\n", Fault::Field),
        ("X-A: \0\r\n", Fault::Field),
        ("X-A: a\x7f\r\n", Fault::Field),
        ("X-A: a\rb\r\n", Fault::Field),
        ("X-A: a\nX-B: b\r\n", Fault::LineEnd),
        ("\r\nX-B: b\r\n", Fault::Field),
    ] {
        let fields = if fault == Fault::Host { fields.to_owned() } else { format!("{host}{fields}") };
        assert_eq!(head(post, &fields), Err(fault), "{fields:?}");
    }
    assert_eq!(head("POST / HTTP/1.0", "Host: x\r\nTransfer-Encoding: chunked\r\n"), Err(Fault::Coding));
}

#[test]
fn a_request_line_has_three_words_and_an_origin_form() {
    for (line, fault) in [
        ("", Fault::RequestLine),
        ("GET /", Fault::RequestLine),
        ("GET  / HTTP/1.1", Fault::RequestLine),
        ("GET / HTTP/1.1 ", Fault::RequestLine),
        ("GET /a b HTTP/1.1", Fault::RequestLine),
        ("G(T / HTTP/1.1", Fault::RequestLine),
        ("GET / http/1.1", Fault::RequestLine),
        ("GET / HTTP/1.11", Fault::RequestLine),
        ("GET / HTTP/1,1", Fault::RequestLine),
        ("GET / HTTP/1.2", Fault::Version),
        ("GET / HTTP/0.9", Fault::Version),
        ("PRI * HTTP/2.0", Fault::Version),
        ("OPTIONS * HTTP/1.1", Fault::Target),
        ("CONNECT a:443 HTTP/1.1", Fault::Target),
        ("GET http://a/ HTTP/1.1", Fault::Target),
        ("GET a HTTP/1.1", Fault::Target),
        ("GET /#a HTTP/1.1", Fault::Target),
        ("GET /a\\b HTTP/1.1", Fault::Target),
        ("GET /%4 HTTP/1.1", Fault::Target),
        ("GET /%zz HTTP/1.1", Fault::Target),
        ("GET /\u{e9} HTTP/1.1", Fault::Target),
        ("GET /a\tb HTTP/1.1", Fault::Target),
    ] {
        assert_eq!(head(line, "Host: x\r\n"), Err(fault), "{line}");
    }
}

#[test]
fn a_target_is_known_as_soon_as_its_line_is_whole() {
    assert_eq!(target(b"POST /a?b HTTP/1.1\r\nbad"), Some(&b"/a?b"[..]));
    for head in
        [&b"POST /a HTTP/1.1"[..], b"POST a HTTP/1.1\r\n", b"POST /a HTTP/2.0\r\n", b"POST /a\x01 HTTP/1.1\r\n", b""]
    {
        assert_eq!(target(head), None, "{head:?}");
    }
}

#[test]
fn sixty_four_fields_are_taken_and_not_one_more() {
    let fields = |count: usize| format!("Host: x\r\n{}", "X-A: 1\r\n".repeat(count));
    assert!(head("GET / HTTP/1.1", &fields(63)).is_ok());
    assert_eq!(head("GET / HTTP/1.1", &fields(64)), Err(Fault::HeadTooLarge));
}
