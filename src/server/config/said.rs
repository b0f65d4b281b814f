//! What the file said, member by member, as digests. The rule: it can be told what changed, and no value can be told from
//! it. A file that a member names belongs to what the member says: another key under the same name is a change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use toml::Value;

use crate::crypto::{Digest, Sha256};

/// Members that name a file which is read at the start.
const FILES: &[&str] = &["certificate", "public_key", "private_key", "jwks", "file", "key", "ca", "client_ca"];
/// Members outside of endpoints and sinks that a running receiver takes over. Whatever is not named here needs a restart.
const CHANGEABLE: &[&str] = &[
    "server.admin_hosts",
    "server.admin_token",
    "server.client_cert",
    "server.forwarded",
    "server.limits",
    "server.max_connections",
    "server.public_url",
    "server.ready",
    "server.tls",
    "server.trusted_proxies",
    "server.untrusted_forwarded",
    "store.retain",
];

/// One configuration, by table and member.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct Said(BTreeMap<String, BTreeMap<String, Sha256>>);

/// How one configuration differs from another. It names tables and members, and nothing that they hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::server) struct Differences {
    tables: BTreeMap<String, Change>,
    restart: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Added,
    Removed,
    Changed(Vec<String>),
}

impl Said {
    /// Of a text that was read as a configuration before.
    pub(super) fn of(text: &str, folder: &Path) -> Self {
        let mut said = Self::default();
        let Ok(file) = text.parse::<toml::Table>() else { return said };
        for (name, value) in &file {
            match value {
                Value::Array(tables) => {
                    for (index, table) in tables.iter().enumerate() {
                        let own = table.get("name").and_then(Value::as_str);
                        let own = own.map_or_else(|| index.to_string(), str::to_owned);
                        said.table(format!("{name} {own:?}"), table, folder);
                    }
                }
                _ => said.table(name.clone(), value, folder),
            }
        }
        said
    }

    fn table(&mut self, name: String, value: &Value, folder: &Path) {
        members("", value, folder, self.0.entry(name).or_default());
    }

    /// What `new` says otherwise.
    pub(in crate::server) fn differences(&self, new: &Self) -> Differences {
        let mut found = Differences::default();
        let names: BTreeSet<&String> = self.0.keys().chain(new.0.keys()).collect();
        let nothing = BTreeMap::new();
        for name in names {
            let (before, after) = (self.0.get(name), new.0.get(name));
            let listed = name.contains('"');
            let change = match (before, after) {
                (None, Some(_)) if listed => Change::Added,
                (Some(_), None) if listed => Change::Removed,
                _ => Change::Changed(changed(before.unwrap_or(&nothing), after.unwrap_or(&nothing))),
            };
            if let Change::Changed(members) = &change {
                if members.is_empty() {
                    continue;
                }
                let fixed = members.iter().map(|member| format!("{name}.{member}"));
                found.restart.extend(fixed.filter(|member| !listed && !is_changeable(member)));
            }
            found.tables.insert(name.clone(), change);
        }
        if self.has_tls() != new.has_tls() {
            found.restart.push("server.tls (on or off)".to_owned());
        }
        found
    }

    fn has_tls(&self) -> bool {
        self.0.get("server").is_some_and(|server| server.keys().any(|member| member.starts_with("tls")))
    }
}

impl Differences {
    /// Members that changed and that a running receiver does not change.
    pub(in crate::server) fn needing_restart(&self) -> &[String] {
        &self.restart
    }

    /// Whether anything is said otherwise about this endpoint that its keys may depend on, or it was not there. A key must be
    /// distrusted also while its sender's address does not answer.
    pub(in crate::server) fn concern_keys_of(&self, name: &str) -> bool {
        match self.tables.get(&format!("endpoint {name:?}")) {
            Some(Change::Changed(members)) => members.iter().any(|member| member != "distrust"),
            other => other.is_some(),
        }
    }

    /// Whether anything is said otherwise about this sink, or it was not there.
    pub(in crate::server) fn concern_sink(&self, name: &str) -> bool {
        self.tables.contains_key(&format!("sink {name:?}"))
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tables.is_empty() {
            return f.write_str("nothing");
        }
        for (index, (name, change)) in self.tables.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            match change {
                Change::Added => write!(f, "{name} added")?,
                Change::Removed => write!(f, "{name} removed")?,
                Change::Changed(members) => write!(f, "{name} changed ({})", members.join(", "))?,
            }
        }
        Ok(())
    }
}

fn is_changeable(member: &str) -> bool {
    let below = |known: &str| member.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    CHANGEABLE.iter().any(|known| below(known))
}

fn changed(before: &BTreeMap<String, Sha256>, after: &BTreeMap<String, Sha256>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

/// The digest of each member; those of a table within the table are told apart.
fn members(name: &str, value: &Value, folder: &Path, into: &mut BTreeMap<String, Sha256>) {
    let below = |member: &str| if name.is_empty() { member.to_owned() } else { format!("{name}.{member}") };
    match value {
        Value::Table(table) => {
            table.iter().for_each(|(member, value)| members(&below(member), value, folder, into));
        }
        _ => {
            let mut text = format!("{value:?}").into_bytes();
            let last = name.rsplit('.').next().unwrap_or_default();
            contents(last, value, folder, &mut text);
            into.insert(name.to_owned(), Digest::sha256_of(&text));
        }
    }
}

/// What stands in the files that a value names, behind what the value is.
fn contents(name: &str, value: &Value, folder: &Path, into: &mut Vec<u8>) {
    match value {
        Value::String(path) if FILES.contains(&name) => {
            let path = folder.join(path);
            // A configuration that names a pipe or a disk was refused before, or is not ours to wait for.
            let content = path.is_file().then(|| std::fs::read(&path).ok()).flatten().unwrap_or_default();
            into.extend_from_slice(&Digest::sha256_of(&content));
        }
        Value::Array(values) => values.iter().for_each(|value| contents(name, value, folder, into)),
        Value::Table(table) => table.iter().for_each(|(name, value)| contents(name, value, folder, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(before: &str, after: &str) -> Differences {
        let folder = Path::new("/nowhere");
        Said::of(before, folder).differences(&Said::of(after, folder))
    }

    #[test]
    fn what_changed_is_named_and_no_value_of_it() {
        let before = "[server]\nlimits = { connections = 5 }\n[[endpoint]]\nname = \"a\"\nsink = \"x\"\n[[endpoint]]\nname = \"b\"";
        let after = "[server]\nlimits = { connections = 77777 }\n[[endpoint]]\nname = \"a\"\nsink = \"secret-value\"\n[[endpoint]]\nname = \"c\"";
        let found = between(before, after);
        let said = found.to_string();
        assert_eq!(
            said,
            "endpoint \"a\" changed (sink); endpoint \"b\" removed; endpoint \"c\" added; server changed (limits.connections)"
        );
        assert!(found.needing_restart().is_empty());
        assert!(found.concern_keys_of("a") && found.concern_keys_of("c") && !found.concern_keys_of("d"));
        assert_eq!(between(before, before).to_string(), "nothing");
        assert!(!format!("{:?}", Said::of(after, Path::new(""))).contains("secret-value"));
    }

    #[test]
    fn what_only_a_restart_changes_is_told_and_so_is_what_nobody_thought_of() {
        for (before, after, member) in [
            ("[server]\nlisten = \"a\"", "[server]\nlisten = \"b\"", "server.listen"),
            ("[server]\nadmin = \"a\"", "[server]", "server.admin"),
            ("[store]\nurl = \"a\"", "[store]\nurl = \"b\"", "store.url"),
            ("", "[store]\nprefix = \"b\"", "store.prefix"),
            ("[server]", "[server]\ntls = { certificate = \"c\" }", "server.tls (on or off)"),
            ("[future]\nword = 1", "[future]\nword = 2", "future.word"),
            ("[server]", "[server]\nadmin_tokens = 1", "server.admin_tokens"),
        ] {
            assert_eq!(between(before, after).needing_restart(), [member], "{after}");
        }
        let other = between("[server]\ntls = { key = \"c\" }", "[server]\ntls = { key = \"d\" }");
        assert!(other.needing_restart().is_empty());
    }

    #[test]
    fn another_content_of_a_named_file_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[endpoint]]\nname = \"a\"\nkeys = [{ secret = { file = \"s\" } }]\nbearer = { file = \"b\" }";
        std::fs::write(folder.path().join("s"), "one").unwrap();
        let before = Said::of(text, folder.path());
        std::fs::write(folder.path().join("s"), "two").unwrap();
        let after = Said::of(text, folder.path());
        assert_eq!(before.differences(&after).to_string(), "endpoint \"a\" changed (keys)");
    }
}
