//! The fields of one event, as text. The rule: a value of any type is cut, and only numbers and truth values stand bare.

use std::fmt::Debug;

use tracing::Event;
use tracing::field::{Field, Visit};

/// Longest value, in bytes. Ids are cut before, at 128; what is ours to say may be longer.
const LONGEST: usize = 1024;

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) message: String,
    pub(super) others: Vec<(&'static str, Value)>,
}

#[derive(Debug)]
pub(super) enum Value {
    /// It needs no quotes.
    Bare(String),
    Text(String),
}

impl Fields {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    fn text(&mut self, field: &Field, value: &str) {
        let cut = value.get(..value.floor_char_boundary(LONGEST)).unwrap_or_default();
        let value = if cut.len() < value.len() { format!("{cut}…") } else { cut.to_owned() };
        if field.name() == "message" {
            self.message = value;
        } else {
            self.others.push((field.name(), Value::Text(value)));
        }
    }

    fn bare(&mut self, field: &Field, value: &dyn ToString) {
        self.others.push((field.name(), Value::Bare(value.to_string())));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, &value);
    }
}
