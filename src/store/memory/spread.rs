//! A map by digest that grows in small steps. The rule: no call moves more than a small part of what is remembered, as one
//! table for a million names would, while everybody waits.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::store::{EventId, Identity};

/// As many maps, but for the last one.
const PARTS: usize = 255;

/// A key whose beginning is as good as random.
pub(super) trait Beginning: Eq + Hash {
    /// Its first eight bits.
    fn beginning(&self) -> u8;
}

impl Beginning for Identity {
    fn beginning(&self) -> u8 {
        let [first, ..] = self.as_bytes();
        *first
    }
}

impl Beginning for EventId {
    fn beginning(&self) -> u8 {
        // Hexadecimal digits, so that the letters begin at 0x61.
        let value = |digit: u8| (digit & 0x0f).wrapping_add((digit >> 6).wrapping_mul(9));
        let mut digits = self.as_str().bytes().map(value);
        let (high, low) = (digits.next().unwrap_or_default(), digits.next().unwrap_or_default());
        (high << 4) | (low & 0x0f)
    }
}

/// Many maps, each for the keys of one beginning.
pub(super) struct Spread<K, V> {
    parts: Vec<HashMap<K, V>>,
    last: HashMap<K, V>,
}

impl<K, V> Default for Spread<K, V> {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| HashMap::new()).collect(), last: HashMap::new() }
    }
}

impl<K: Beginning, V> Spread<K, V> {
    fn part(&self, key: &K) -> &HashMap<K, V> {
        self.parts.get(usize::from(key.beginning())).unwrap_or(&self.last)
    }

    fn part_mut(&mut self, key: &K) -> &mut HashMap<K, V> {
        self.parts.get_mut(usize::from(key.beginning())).unwrap_or(&mut self.last)
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.part(key).get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.part_mut(key).get_mut(key)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.part(key).contains_key(key)
    }

    pub(super) fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        self.part_mut(&key).entry(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.part_mut(&key).insert(key, value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.part_mut(key).remove(key)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.parts.iter_mut().for_each(|part| part.retain(&mut keep));
        self.last.retain(keep);
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(HashMap::len).fold(self.last.len(), usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_beginning_are_found_and_none_crowds_a_part() {
        let (mut names, mut ids) = (Spread::default(), Spread::default());
        for first in 0..=u8::MAX {
            let mut bytes = [7; 32];
            bytes[0] = first;
            let identity = Identity::from_bytes(bytes);
            assert_eq!((identity.beginning(), identity.event_id().beginning()), (first, first));
            assert!(names.insert(identity, first).is_none() && ids.insert(identity.event_id(), first).is_none());
            assert_eq!((names.get(&identity), ids.get(&identity.event_id())), (Some(&first), Some(&first)));
        }
        assert_eq!((names.len(), ids.len()), (256, 256));
        assert!(names.parts.iter().chain([&names.last]).all(|part| part.len() == 1));
        names.retain(|_, first| *first == 255);
        assert_eq!(names.len(), 1);
    }
}
