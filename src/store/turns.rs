//! Who is handed out first where more is due than is asked for. The rule: what was tried before lets the others go first,
//! and an eighth of each handful, one at least, is its own all the same, so that neither waits for ever. Only who asks for one
//! alone, to find out whether a sink is well, gets none that was tried as long as there is another.

use super::LARGEST_LEASE;

/// At most `limit` of the records that are due, each known by whether it was tried and its position, in the order of
/// acceptance. `script/due.lua` chooses the same.
pub(super) fn chosen<P: Ord + Copy>(due: impl IntoIterator<Item = (bool, P)>, limit: usize) -> Vec<(bool, P)> {
    let mut due: Vec<(bool, P)> = due.into_iter().collect();
    due.sort_unstable();
    due.dedup();
    let fresh = due.partition_point(|(is_tried, _)| !is_tried);
    let share = (limit / 8).max(usize::from(limit > 1));
    let tried = due.len().saturating_sub(fresh).min(limit.saturating_sub(fresh).max(share));
    let of_fresh = due.iter().take(fresh.min(limit.saturating_sub(tried)));
    let mut chosen: Vec<_> = of_fresh.chain(due.iter().skip(fresh).take(tried)).copied().collect();
    chosen.sort_unstable_by_key(|(_, position)| *position);
    chosen
}

/// How many bytes of one lease are taken. What was tried stands first, as it came first: of the bytes, too, an eighth is its
/// own, one record at least, as long as there is another one. `script/take.lua` does the same.
pub(super) struct Room {
    taken: usize,
    by_tried: usize,
    is_shared: bool,
}

impl Room {
    /// For what [`chosen`] answered.
    pub(super) fn of<P>(chosen: &[(bool, P)]) -> Self {
        Self { taken: 0, by_tried: 0, is_shared: chosen.iter().any(|(is_tried, _)| !is_tried) }
    }

    /// Whether there is room for one more.
    pub(super) fn is_left(&self, is_tried: bool) -> bool {
        let has_enough = is_tried && self.is_shared && self.by_tried >= LARGEST_LEASE / 8;
        self.taken < LARGEST_LEASE && !has_enough
    }

    pub(super) fn take(&mut self, is_tried: bool, bytes: usize) {
        self.taken = self.taken.saturating_add(bytes);
        self.by_tried = self.by_tried.saturating_add(if is_tried { bytes } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    fn chosen(due: impl IntoIterator<Item = (bool, u32)>, limit: usize) -> Vec<u32> {
        super::chosen(due, limit).into_iter().map(|(_, position)| position).collect()
    }

    #[test]
    fn what_was_tried_lets_others_go_first_and_is_never_left_out_for_good() {
        let due = |tried: std::ops::Range<u32>, fresh: std::ops::Range<u32>| {
            tried.map(|position| (true, position)).chain(fresh.map(|position| (false, position)))
        };
        assert_eq!(chosen(due(0..4, 4..6), 1), [4]);
        assert_eq!(chosen(due(0..4, 4..6), 3), [0, 4, 5]);
        assert_eq!(chosen(due(0..4, 4..6), 10), [0, 1, 2, 3, 4, 5]);
        assert_eq!(chosen(due(0..4, 4..40), 2), [0, 4]);
        assert_eq!(chosen(due(0..4, 4..40), 7).iter().filter(|position| **position < 4).count(), 1);
        assert_eq!(chosen(due(0..4, 4..40), 16).iter().filter(|position| **position < 4).count(), 2);
        assert_eq!(chosen(due(0..40, 40..40), 2), [0, 1]);
        assert!(chosen(due(0..4, 4..6), 0).is_empty());
    }
}
