//! Escapes. The rule: what is written is visible; everything else stands as its number.

use std::fmt::Write;

/// For people, bare if it is one word.
pub(super) fn human(text: &mut String, value: &str) {
    let is_word =
        |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | ':' | '/' | '+' | '@' | ',');
    if !value.is_empty() && value.chars().all(is_word) {
        return text.push_str(value);
    }
    text.push('"');
    for one in value.chars() {
        if matches!(one, '"' | '\\') {
            text.push('\\');
            text.push(one);
        } else {
            push(text, one);
        }
    }
    text.push('"');
}

/// For people, the words of a message.
pub(super) fn plain(text: &mut String, value: &str) {
    value.chars().for_each(|one| push(text, one));
}

/// A string of JSON.
pub(super) fn json(text: &mut String, value: &str) {
    text.push('"');
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        // Nearly every value.
        text.push_str(value);
    } else {
        value.chars().for_each(|one| push_json(text, one));
    }
    text.push('"');
}

fn push_json(text: &mut String, one: char) {
    match one {
        '"' | '\\' => {
            text.push('\\');
            text.push(one);
        }
        _ if is_visible(one) => text.push(one),
        _ => {
            let mut units = [0; 2];
            for unit in one.encode_utf16(&mut units) {
                // Writing into memory does not fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
}

fn push(text: &mut String, one: char) {
    if is_visible(one) { text.push(one) } else { text.extend(one.escape_unicode()) }
}

/// Whether it shows, and neither moves nor turns what stands around it.
fn is_visible(one: char) -> bool {
    match one {
        ' '..='~' => true,
        _ if one.is_ascii() => false,
        _ => one.escape_debug().count() == 1,
    }
}
