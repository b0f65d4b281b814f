//! The request files of gunicorn's tests, read in place, with a written expectation for each: what they call valid is
//! often a leniency, and hardly any of them names a host.

use countersign::error::Code::{self, *};

use crate::parties::{Seen, probe, statuses};
use crate::place;

/// Accepted: method, the beginning of the target, body (`*`: some). What they call invalid here is so by a setting of
/// gunicorn: fewer or shorter headers, letters of methods, headers of proxies.
const ACCEPTED: &[(&str, &str, &str, &str)] = &[
    ("invalid/003c.http", "-bl", "/foo", ""),
    ("invalid/007.http", "PUT", "/stuff/here?foo=bar", "{\"nom\": \"nom\"}"),
    ("invalid/011.http", "GET", "/test", ""),
    ("invalid/017.http", "GET", "/test", ""),
    ("invalid/019.http", "GET", "/test", ""),
    ("invalid/limit_header_default_01.http", "GET", "/", ""),
    ("valid/001.http", "PUT", "/stuff/here?foo=bar", "{\"nom\": \"nom\"}"),
    ("valid/003.http", "GET", "/favicon.ico", ""),
    ("valid/007.http", "GET", "/get_one_header_no_body", ""),
    ("valid/011.http", "POST", "/two_chunks_mult_zero_end", "hello world"),
    ("valid/013.http", "POST", "/chunked_w_extensions", "hello world"),
    ("valid/015.http", "GET", "/test", ""),
    ("valid/018.http", "GET", "/first", ""),
    ("valid/020.http", "GET", "/first", "GET /second HTTP/1.1\r\n\r\n"),
    ("valid/022.http", "GET", "/first", ""),
    ("valid/024.http", "PUT", "/q=08aP8931Ltyl9nqyJvjMaRCOgDV3uONtAdHAB", "*"),
    ("valid/031.http", "-BLARGH", "/foo", ""),
    ("valid/031compat2.http", "-blargh", "/foo", ""),
    ("valid/100.http", "GET", "///keeping_slashes", ""),
    ("valid/pp_03.http", "GET", "/no/proxy/header", ""),
    ("valid/rfc9110_body_framing_get_cl_zero_01.http", "GET", "/foo", ""),
    ("valid/rfc9110_field_name_special_chars_01.http", "GET", "/foo", ""),
    ("valid/rfc9110_field_value_obs_text_01.http", "GET", "/foo", ""),
    ("valid/rfc9112_chunked_size_leading_zeros_01.http", "POST", "/upload", "hello"),
];

/// Refused, and why; a pipelined second request counts.
const REFUSED: &[(&str, Code)] = &[
    ("invalid/001.http", RequestMalformed),
    ("invalid/003.http", RequestMalformed),
    ("invalid/005.http", RequestMalformed),
    ("invalid/009.http", HeadTooLarge),
    ("invalid/013.http", RequestMalformed),
    ("invalid/015.http", FramingAmbiguous),
    ("invalid/021.http", FramingAmbiguous),
    ("invalid/023.http", FramingAmbiguous),
    ("invalid/040.http", RequestMalformed),
    ("invalid/042.http", RequestMalformed),
    ("invalid/chunked_02.http", FramingAmbiguous),
    ("invalid/chunked_04.http", TransferCodingUnknown),
    ("invalid/chunked_06.http", FramingAmbiguous),
    ("invalid/chunked_08.http", FramingAmbiguous),
    ("invalid/chunked_10.http", ChunkMalformed),
    ("invalid/chunked_12.http", ChunkMalformed),
    ("invalid/chunked_14.http", ChunkMalformed),
    ("invalid/nonascii_02.http", RequestMalformed),
    ("invalid/nonascii_04.http", RequestMalformed),
    ("invalid/pp_01.http", RequestMalformed),
    ("invalid/pp_03.http", RequestMalformed),
    ("invalid/prefix_02.http", RequestMalformed),
    ("invalid/prefix_04.http", FramingAmbiguous),
    ("invalid/prefix_06.http", RequestMalformed),
    ("invalid/rfc9110_field_value_ctl_del_01.http", RequestMalformed),
    ("invalid/rfc9110_trailer_forbidden_host_01.http", TrailerRefused),
    ("invalid/rfc9112_chunked_missing_final_crlf_01.http", BodyUnreadable),
    ("invalid/rfc9112_chunked_size_plus_sign_01.http", ChunkMalformed),
    ("invalid/rfc9112_smuggle_cl_te_chunked_01.http", FramingAmbiguous),
    ("invalid/rfc9112_target_authority_non_connect_01.http", RequestMalformed),
    ("invalid/version_01.http", RequestMalformed),
    ("valid/005.http", RequestMalformed),
    ("valid/009.http", RequestMalformed),
    ("valid/018.http", RequestMalformed),
    ("valid/022.http", RequestMalformed),
    ("valid/025_line.http", TransferCodingUnknown),
    ("valid/027.http", RequestMalformed),
    ("valid/029.http", TransferCodingUnknown),
    ("valid/040_compat.http", RequestMalformed),
    ("valid/compat_obs_fold_huge.http", RequestMalformed),
    ("valid/pp_01.http", RequestMalformed),
    ("valid/pp_05.http", RequestMalformed),
    ("valid/rfc9112_smuggle_gzip_chunked_01.http", TransferCodingUnknown),
    ("valid/rfc9112_target_absolute_01.http", RequestMalformed),
    ("valid/rfc9112_target_absolute_ipv6_01.http", RequestMalformed),
    ("valid/rfc9112_target_asterisk_options_01.http", RequestMalformed),
    ("valid/rfc9112_target_authority_ipv6_01.http", RequestMalformed),
];

/// The bytes of a file: line ends are written literally, and the real ones are dropped.
fn bytes(raw: &[u8]) -> Vec<u8> {
    let mut text: Vec<u8> = raw.iter().copied().filter(|byte| *byte != b'\n' && *byte != b'\r').collect();
    for (written, meant) in [(&b"\\r"[..], b'\r'), (b"\\n", b'\n'), (b"\\t", b'\t'), (b"\\0", 0)] {
        text = replace(&text, written, meant);
    }
    let mut out = Vec::new();
    let mut rest = &text[..];
    while let Some((byte, after)) = rest.split_first() {
        let hex = rest.strip_prefix(b"\\x").and_then(|hex| std::str::from_utf8(hex.get(..2)?).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(meant) => {
                out.push(meant);
                rest = &rest[4..];
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

fn replace(text: &[u8], written: &[u8], meant: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        match rest.strip_prefix(written) {
            Some(after) => {
                out.push(meant);
                rest = after;
            }
            None => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// Hardly any file names a host, and would be refused for that alone: one is put in, so that each shows what it is about.
fn with_host(raw: Vec<u8>) -> Vec<u8> {
    let lower = raw.to_ascii_lowercase();
    let end = raw.windows(2).position(|two| two == b"\r\n");
    let Some(end) = end.filter(|_| !lower.windows(7).any(|seven| seven == b"\r\nhost:")) else { return raw };
    [&raw[..end], b"\r\nHost: x", &raw[end..]].concat()
}

#[tokio::test(start_paused = true)]
async fn each_file_of_gunicorn_is_accepted_with_its_parts_or_refused() {
    let Some(folder) = place::folder("gunicorn-http") else { return };
    let mut known = Vec::new();
    for kind in ["valid", "invalid"] {
        for entry in std::fs::read_dir(folder.join("gunicorn-http").join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{kind}/{}", path.file_name().unwrap().to_str().unwrap());
            let raw = with_host(bytes(&std::fs::read(&path).unwrap()));
            let (seen, answer) = probe(&[&raw], 64 * 1024).await;
            let found = seen.iter().find_map(|seen| match seen {
                Seen::Refused(code) | Seen::Request { body: Err(code), .. } => Some(*code),
                Seen::Request { .. } => None,
            });
            let parts = seen.iter().find_map(|seen| match seen {
                Seen::Request { method, target, body: Ok(body) } => {
                    Some((method, target, String::from_utf8_lossy(body)))
                }
                _ => None,
            });
            let refused = REFUSED.iter().find(|row| row.0 == name).map(|row| row.1);
            let accepted = ACCEPTED.iter().find(|row| row.0 == name);
            if refused.is_none() && accepted.is_none() {
                panic!("{name}: expected a written expectation, but found none; it was {seen:?}");
            }
            assert_eq!(found, refused, "{name}: {seen:?}");
            assert_eq!(parts.is_some(), accepted.is_some(), "{name}: {seen:?}");
            if let (Some((method, target, body)), Some(row)) = (parts, accepted) {
                assert!(
                    method == row.1 && target.starts_with(row.2) && (body == row.3 || row.3 == "*"),
                    "{name}: {seen:?}"
                );
            }
            if let Some(code) = refused {
                assert_eq!(statuses(&answer).last(), Some(&code.status()), "{name}");
                assert!(answer.contains("connection: close"), "{name}");
            }
            known.push(name);
        }
    }
    let written = ACCEPTED.iter().map(|row| row.0).chain(REFUSED.iter().map(|row| row.0));
    for name in written {
        assert!(known.iter().any(|file| file == name), "expected {name}, but found no such file");
    }
}
