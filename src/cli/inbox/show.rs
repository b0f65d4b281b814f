//! `inbox show`: one record in full, with the proof of where it came from.

use serde_json::json;

use super::{document, event_id, failed};
use crate::cli::table::plain;
use crate::cli::{Ended, print};
use crate::server::Looking;
use crate::store::Shown;
use crate::wire::encoding::Encoding;

pub(super) async fn show(store: &Looking, id: &str, json: bool) -> Result<(), Ended> {
    let id = event_id(id)?;
    let shown = store.show(&id).await.map_err(failed)?;
    let Some(Shown { entry, provenance, content, fingerprint, intact }) = shown else {
        return Err(Ended::Failed(format!("expected a retained record, but found none with id {id}")));
    };
    let fingerprint = Encoding::Hex.encode(&fingerprint);
    let algorithm = provenance.algorithm.map_or("bearer", |algorithm| algorithm.name());
    let text = String::from_utf8(content.to_vec());
    if json {
        let mut document = document(&entry);
        if let Some(members) = document.as_object_mut() {
            members.insert("provider".to_owned(), json!(&*provenance.profile));
            members.insert("algorithm".to_owned(), json!(algorithm));
            members.insert("signedat".to_owned(), json!(provenance.signed_at.map(|at| at.to_string())));
            members.insert("covered".to_owned(), json!(&*provenance.covered));
            members.insert("fingerprint".to_owned(), json!(fingerprint));
            members.insert("intact".to_owned(), json!(intact));
            members.insert("reason".to_owned(), json!(entry.reason));
            let (name, value) = match text {
                Ok(text) => ("content", text),
                Err(_) => ("content_base64", Encoding::Base64.encode(&content)),
            };
            members.insert(name.to_owned(), json!(value));
        }
        return print(&document.to_string());
    }
    let rows = [
        ("id", entry.id.to_string()),
        ("state", entry.state.to_string()),
        ("attempts", entry.attempts.to_string()),
        ("reason", plain(entry.reason.as_deref().unwrap_or("none"))),
        ("endpoint", format!("{} ({})", entry.endpoint, provenance.profile)),
        ("type", entry.event_type.clone()),
        ("subject", plain(entry.subject.as_deref().unwrap_or("none"))),
        ("request id", plain(entry.request_id.as_deref().unwrap_or("none"))),
        ("received", entry.received_at.to_string()),
        ("signed", provenance.signed_at.map_or("no signed time".to_owned(), |at| at.to_string())),
        ("key", format!("{algorithm} {}", plain(&provenance.key_id))),
        ("covers", provenance.covered.join(", ")),
        ("fingerprint", fingerprint),
        ("seal", if intact { "intact" } else { "BROKEN: this is not what was accepted" }.to_owned()),
    ];
    for (name, value) in rows {
        print(&format!("{name:<12} {value}"))?;
    }
    print(&text.map_or_else(|_| format!("content: {} bytes that are no text", content.len()), |text| plain(&text)))
}
