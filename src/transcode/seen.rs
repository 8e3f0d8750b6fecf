//! Sets for "has this been here before": fields of one message, keys of one map.
//! Small ones live on the stack.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// Positions of a message's fields or oneofs.
#[derive(Default)]
pub(super) struct Seen {
    /// The first 64, which are all there are in most messages.
    first: u64,
    rest: Rest,
}

/// Positions from 64 on. Room is made by need, not by the message's size, so that
/// the beginning of each message is cheap.
enum Rest {
    Few([u64; 3]),
    Many(Vec<u64>),
}

impl Seen {
    /// Adds a position; whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, at: usize) -> bool {
        let bit = 1 << (at % 64);
        let word = match at < 64 {
            true => &mut self.first,
            false => self.rest.word(at / 64 - 1),
        };
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}

impl Default for Rest {
    fn default() -> Rest {
        Rest::Few([0; 3])
    }
}

impl Rest {
    #[inline(never)]
    fn word(&mut self, at: usize) -> &mut u64 {
        if let Rest::Few(words) = self
            && at >= words.len()
        {
            *self = Rest::Many(words.to_vec());
        }
        match self {
            Rest::Few(words) => &mut words[at],
            Rest::Many(words) => {
                words.resize(words.len().max(at + 1), 0);
                &mut words[at]
            }
        }
    }
}

/// How many map keys are compared one by one before a table is made.
const FEW_KEYS: usize = 8;

/// Keys of one map, each a range of the buffer that holds them all.
///
/// The table is hashed with random keys, so its time does not depend on the
/// choice of the names.
pub(super) struct SeenKeys {
    few: [(usize, usize); FEW_KEYS],
    len: usize,
    many: Option<Box<Table>>,
}

struct Table {
    hasher: RandomState,
    keys: Vec<(usize, usize)>,
    /// Of each key the hash, in the upper half, and its position in `keys` plus one;
    /// zero is free.
    slots: Vec<u64>,
    /// The slot that was filled last.
    last: usize,
}

impl SeenKeys {
    #[inline]
    pub(super) fn new() -> SeenKeys {
        SeenKeys {
            few: [(0, 0); FEW_KEYS],
            len: 0,
            many: None,
        }
    }

    /// Adds the key at `range` of `buffer`; whether it is new.
    pub(super) fn insert(&mut self, buffer: &[u8], range: Range<usize>) -> bool {
        let key = &buffer[range.clone()];
        if let Some(table) = &mut self.many {
            return table.insert(buffer, range);
        }
        if self.few[..self.len]
            .iter()
            .any(|&(start, end)| &buffer[start..end] == key)
        {
            return false;
        }
        if self.len < FEW_KEYS {
            self.few[self.len] = (range.start, range.end);
            self.len += 1;
            return true;
        }
        let mut table = Table::new();
        for &(start, end) in &self.few {
            table.insert(buffer, start..end);
        }
        table.insert(buffer, range);
        self.many = Some(Box::new(table));
        true
    }

    /// Says that the key that was added last now stands `by` bytes further on, as
    /// it does when the length before it takes more than the byte left for it.
    #[inline]
    pub(super) fn move_last(&mut self, by: usize) {
        let last = match &mut self.many {
            Some(table) => table.keys.last_mut(),
            None => self.few[..self.len].last_mut(),
        };
        if let Some((start, end)) = last {
            *start += by;
            *end += by;
        }
    }

    /// Takes the key that was added last out again.
    pub(super) fn forget_last(&mut self) {
        match &mut self.many {
            // Nothing was placed after it, so nothing is found by way of its slot.
            Some(table) => {
                table.keys.pop();
                table.slots[table.last] = 0;
            }
            None => self.len = self.len.saturating_sub(1),
        }
    }
}

impl Table {
    fn new() -> Table {
        let slots = vec![0; FEW_KEYS * 4];
        Table {
            hasher: RandomState::new(),
            keys: Vec::new(),
            slots,
            last: 0,
        }
    }

    fn insert(&mut self, buffer: &[u8], range: Range<usize>) -> bool {
        if self.keys.len() >= self.slots.len() / 4 * 3 {
            self.grow();
        }
        let key = &buffer[range.clone()];
        let hash = self.hasher.hash_one(key) >> 32;
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while self.slots[slot] != 0 {
            // The keys are far away; nearly always they are not looked at.
            if self.slots[slot] >> 32 == hash {
                let (start, end) = self.keys[self.slots[slot] as u32 as usize - 1];
                if &buffer[start..end] == key {
                    return false;
                }
            }
            slot = (slot + 1) & mask;
        }
        self.keys.push((range.start, range.end));
        self.slots[slot] = hash << 32 | self.keys.len() as u64;
        self.last = slot;
        true
    }

    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let former = std::mem::replace(&mut self.slots, vec![0; mask + 1]);
        for entry in former.into_iter().filter(|entry| *entry != 0) {
            let mut slot = (entry >> 32) as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = entry;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_new_once_however_many_there_are() {
        let keys: Vec<String> = (0..5000).map(|i| format!("key{i}")).collect();
        let (mut buffer, mut ranges) = (Vec::new(), Vec::new());
        for key in keys.iter().chain(&keys) {
            let start = buffer.len();
            buffer.extend_from_slice(key.as_bytes());
            ranges.push(start..buffer.len());
        }
        let mut seen = SeenKeys::new();
        for (i, range) in ranges.into_iter().enumerate() {
            assert_eq!(seen.insert(&buffer, range), i < 5000, "{i}");
        }
    }

    #[test]
    fn positions_beyond_the_first_word_are_kept_apart() {
        let mut seen = Seen::default();
        assert!(seen.insert(3) && seen.insert(67) && seen.insert(131));
        assert!(!seen.insert(67));
        assert!(seen.insert(255) && !seen.insert(131) && !seen.insert(255));
        assert!(seen.insert(256) && seen.insert(9000) && seen.insert(320));
        assert!(
            (0..9001).all(|at| seen.insert(at) != [3, 67, 131, 255, 256, 320, 9000].contains(&at))
        );
        let mut seen = Seen::default();
        assert!(seen.insert(1000) && !seen.insert(1000) && seen.insert(999));
    }
}
