//! Escapes. The rule: what is written is visible; everything else stands as its number.

/// For people, bare if it is one word.
pub(super) fn human(value: &str) -> String {
    let is_word =
        |one: char| one.is_ascii_alphanumeric() || matches!(one, '-' | '_' | '.' | ':' | '/' | '+' | '@' | ',');
    if !value.is_empty() && value.chars().all(is_word) {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for one in value.chars() {
        if matches!(one, '"' | '\\') {
            text.push('\\');
            text.push(one);
        } else {
            push(&mut text, one);
        }
    }
    text.push('"');
    text
}

/// For people, the words of a message.
pub(super) fn plain(value: &str) -> String {
    let mut text = String::new();
    value.chars().for_each(|one| push(&mut text, one));
    text
}

/// A string of JSON.
pub(super) fn json(value: &str) -> String {
    let mut text = String::from("\"");
    for one in value.chars() {
        match one {
            '"' | '\\' => {
                text.push('\\');
                text.push(one);
            }
            _ if is_visible(one) => text.push(one),
            _ => {
                let mut units = [0; 2];
                for unit in one.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text.push('"');
    text
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
