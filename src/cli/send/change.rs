//! One member of a document is another than in the sample.

use serde_json::{Map, Value};

/// JSON, or else a text as it stands.
pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Replaces one member, making the objects on the way to it.
pub(super) fn replace(document: Option<&mut Value>, change: &str) -> Result<(), String> {
    let wrong = || {
        format!("--set: expected PATH=VALUE with a PATH such as CommonPaymentData.PaymentStatus, but found {change:?}")
    };
    let (path, text) = change.split_once('=').ok_or_else(wrong)?;
    let mut place = document.ok_or_else(|| "--set: expected an event with a body, but found one without".to_owned())?;
    for name in path.split('.') {
        if let (Some(items), Ok(index)) = (place.as_array_mut().map(|_| ()), name.parse::<usize>()) {
            let () = items;
            place = place.get_mut(index).ok_or_else(wrong)?;
            continue;
        }
        let members = place.as_object_mut().ok_or_else(wrong)?;
        place = members.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    *place = value(text);
    Ok(())
}
