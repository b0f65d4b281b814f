//! Texts that look like PEM.
//!
//! The rule: what one reader takes for a block and another for a comment is refused.

use super::*;
use crate::keys::fixtures::pem;

fn refused(text: &str) -> String {
    match read(text) {
        Ok(blocks) => panic!("{blocks:?} from {text:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn two_blocks_with_comments_are_both_read() {
    let text = format!("# mine\n{}\n\nsubject=CN=x\n{}---\n", pem("CERTIFICATE", b"one"), pem("PUBLIC KEY", b"two"));
    let blocks = read(&text).unwrap();
    assert_eq!(blocks.iter().map(|block| block.label.as_str()).collect::<Vec<_>>(), ["CERTIFICATE", "PUBLIC KEY"]);
    assert_eq!(blocks[1].der, b"two");
    assert_eq!(read(&text.replace('\n', "\r\n")).unwrap(), blocks);
    assert_eq!(read(text.strip_suffix("---\n").unwrap().trim_end()).unwrap(), blocks);
}

#[test]
fn a_text_without_a_block_is_refused() {
    for text in ["", "hello", "-----BEGIN", "ssh-rsa AAAA", "----- BEGIN X-----\n", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"]
    {
        assert_eq!(refused(text), "expected a pem block, but found none");
    }
}

#[test]
fn a_block_without_its_end_is_refused() {
    let whole = pem("PUBLIC KEY", &[7; 100]);
    for length in 12..whole.trim_end().len() {
        refused(&whole[..length]);
    }
}

#[test]
fn a_block_that_another_starts_in_is_refused() {
    let one = pem("PUBLIC KEY", b"one");
    let begun = one.split("-----END").next().unwrap();
    refused(&format!("{begun}{one}"));
    refused(&format!("{one}{begun}"));
}

#[test]
fn an_indented_block_is_not_passed_over() {
    let one = pem("PUBLIC KEY", b"one");
    let indented = one.replace("-----BEGIN", "  -----BEGIN");
    assert!(refused(&format!("{one}{indented}")).contains("to begin with its line"));
}

#[test]
fn an_end_without_a_begin_is_refused() {
    refused("-----END PUBLIC KEY-----\n");
}

#[test]
fn a_block_with_two_labels_is_refused() {
    refused(&pem("PUBLIC KEY", b"one").replace("END PUBLIC", "END PRIVATE"));
}

#[test]
fn a_block_with_headers_is_refused() {
    let head = "-----BEGIN PUBLIC KEY-----\n";
    refused(&pem("PUBLIC KEY", b"one").replace(head, &format!("{head}Proc-Type: 4,ENCRYPTED\n\n")));
}

#[test]
fn garbage_between_the_boundaries_is_refused() {
    for body in
        ["", "!!!!", "b25", "b25=", "b25l=", "b25 l", "b25l\n\nb25l", "b25m\nb25l", "b25l\u{a0}", "-----", "b2\0l"]
    {
        refused(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"));
    }
}

#[test]
fn base64_with_bits_after_the_end_is_refused() {
    let text = pem("PUBLIC KEY", b"o");
    assert!(text.contains("bw=="));
    refused(&text.replace("bw==", "bx=="));
}

#[test]
fn the_number_of_blocks_and_bytes_is_bounded() {
    let one = pem("PUBLIC KEY", b"one");
    assert_eq!(read(&one.repeat(64)).unwrap().len(), 64);
    assert_eq!(refused(&one.repeat(65)), "expected at most 64 pem blocks, but found more");
    let space = "\n".repeat(1024 * 1024 - one.len());
    assert!(read(&format!("{space}{one}")).is_ok());
    refused(&format!("{space}\n{one}"));
}

#[test]
fn a_block_does_not_print_its_bytes() {
    let blocks = read(&pem("PRIVATE KEY", &[77; 9])).unwrap();
    assert_eq!(format!("{blocks:?}"), "[PemBlock(\"PRIVATE KEY\", 9 bytes)]");
}
