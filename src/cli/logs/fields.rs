//! The fields of one event, as text. The rule: a value of any type is cut, and only numbers and truth values stand bare.

use std::fmt::{Debug, Write};

use tracing::Event;
use tracing::field::{Field, Visit};

use super::text;

/// Longest value, in bytes. Ids are cut before, at 128; what is ours to say may be longer.
const LONGEST: usize = 1024;

/// What an event says, in the form in which it is written.
#[derive(Debug)]
pub(super) struct Fields {
    is_human: bool,
    /// The words, as they were said.
    pub(super) message: String,
    /// Every other field, with what stands in front of it.
    pub(super) others: String,
}

impl Fields {
    pub(super) fn of(event: &Event<'_>, is_human: bool) -> Self {
        let mut fields = Self { is_human, message: String::new(), others: String::with_capacity(256) };
        event.record(&mut fields);
        fields
    }

    fn text(&mut self, field: &Field, value: &str) {
        let cut = value.get(..value.floor_char_boundary(LONGEST)).unwrap_or_default();
        if cut.len() < value.len() {
            self.whole(field, &format!("{cut}…"));
        } else {
            self.whole(field, value);
        }
    }

    fn whole(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
            return;
        }
        self.name(field);
        if self.is_human { text::human(&mut self.others, value) } else { text::json(&mut self.others, value) }
    }

    fn bare(&mut self, field: &Field, value: impl std::fmt::Display) {
        self.name(field);
        // Writing into memory does not fail.
        let _ = write!(self.others, "{value}");
    }

    fn name(&mut self, field: &Field) {
        if self.is_human {
            self.others.push(' ');
            self.others.push_str(field.name());
            self.others.push('=');
        } else {
            self.others.push(',');
            text::json(&mut self.others, field.name());
            self.others.push(':');
        }
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
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }
}
