//! How often a copy or a conflict was answered. The rule: a count costs nobody a flush. It goes along with what is written
//! anyway, or by itself without one: losing power may cost the last counts, and never an event.

use std::cell::Cell;

use rusqlite::Connection;

const ADD: &str = "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = value + ?2";

/// Counts that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Told {
    duplicates: Cell<i64>,
    conflicts: Cell<i64>,
}

impl Told {
    pub(super) fn duplicate(&self) {
        add(&self.duplicates, 1);
    }

    pub(super) fn conflict(&self) {
        add(&self.conflicts, 1);
    }

    /// Takes over the counts of another.
    pub(super) fn join(&self, other: &Self) {
        add(&self.duplicates, other.duplicates.take());
        add(&self.conflicts, other.conflicts.take());
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.duplicates.get() == 0 && self.conflicts.get() == 0
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        for (name, count) in [("duplicates", self.duplicates.get()), ("conflicts", self.conflicts.get())] {
            if count > 0 {
                connection.prepare_cached(ADD)?.execute((name, count))?;
            }
        }
        Ok(())
    }
}

fn add(count: &Cell<i64>, more: i64) {
    count.set(count.get().saturating_add(more));
}
