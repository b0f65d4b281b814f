//! What `inbox` needs of a configuration: the store, and whose records somebody delivers. The rule: no secret is read but
//! the store's own, and nothing that is wrong elsewhere in the file keeps an operator from the records.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use toml::Value;

use super::file::StoreTable;
use super::problem::{Problem, Source, text_of};
use super::store::StoreSettings;

/// Where records are kept, and who waits for them.
#[derive(Debug)]
pub struct Kept {
    /// Where they are.
    pub store: StoreSettings,
    delivered: BTreeSet<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    store: StoreTable,
    endpoint: Option<Value>,
    sink: Option<Value>,
}

impl Kept {
    /// Reads it.
    ///
    /// # Errors
    /// A [`Problem`] if the file is no TOML, or something is wrong with the store.
    pub fn load(path: &Path) -> Result<Self, Problem> {
        let text = text_of(path)?;
        let source = Source { file: path, text: &text };
        let file: File = toml::from_str(&text).map_err(|error| source.unreadable(&error))?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let store = StoreSettings::read(&file.store, folder, &mut Vec::new())
            .map_err(|error| source.problem(&source.table("store"), "[store]", &error))?;
        let takes = |sink: &Value| word(sink, "type").is_some_and(|word| word != "none");
        let taking: BTreeSet<&str> = tables(&file.sink).filter(|sink| takes(sink)).filter_map(name).collect();
        let queued =
            tables(&file.endpoint).filter(|endpoint| word(endpoint, "mode").is_none_or(|mode| mode == "queue"));
        let delivered = queued.filter(|endpoint| word(endpoint, "sink").is_some_and(|sink| taking.contains(sink)));
        Ok(Self { store, delivered: delivered.filter_map(name).map(str::to_owned).collect() })
    }

    /// Whether a worker delivers what an endpoint of this name accepted.
    pub fn delivers(&self, name: &str) -> bool {
        self.delivered.contains(name)
    }
}

fn tables(list: &Option<Value>) -> impl Iterator<Item = &Value> {
    list.as_ref().and_then(Value::as_array).into_iter().flatten()
}

fn name(table: &Value) -> Option<&str> {
    word(table, "name")
}

fn word<'a>(table: &'a Value, member: &str) -> Option<&'a str> {
    table.get(member).and_then(Value::as_str)
}
