//! A fixed table from names to positions, made for a handful of short keys:
//! one multiplication to hash, one comparison to confirm. What the positions
//! mean is left to the owner.

/// Open addressing over at least twice as many slots as names.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    entries: Box<[(Box<str>, u32)]>,
    /// Positions in `entries` plus one; zero is free.
    slots: Box<[u32]>,
    seed: u64,
}

impl NameTable {
    /// Builds the table; of two equal names the first one stays.
    pub(super) fn new<'a>(names: impl IntoIterator<Item = (&'a str, usize)>) -> NameTable {
        let mut known = std::collections::HashSet::new();
        let entries: Box<[(Box<str>, u32)]> = names
            .into_iter()
            .filter(|(name, _)| known.insert(*name))
            .map(|(name, at)| (name.into(), at as u32))
            .collect();
        // A few tries usually find a seed with no collision at all.
        (0..16u64)
            .map(|seed| NameTable::fill(&entries, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .min_by_key(|(_, collisions)| *collisions)
            .map(|(slots, _)| slots)
            .map(|(slots, seed)| NameTable {
                entries,
                slots,
                seed,
            })
            .unwrap_or_default()
    }

    #[allow(clippy::type_complexity)]
    fn fill(entries: &[(Box<str>, u32)], seed: u64) -> ((Box<[u32]>, u64), usize) {
        let size = (entries.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![0u32; size].into_boxed_slice();
        let mut collisions = 0;
        for (index, (name, _)) in entries.iter().enumerate() {
            let mut slot = hash(seed, name.as_bytes()) & (size - 1);
            while slots[slot] != 0 {
                collisions += 1;
                slot = (slot + 1) & (size - 1);
            }
            slots[slot] = index as u32 + 1;
        }
        ((slots, seed), collisions)
    }

    /// The position given for `name`.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(self.seed, name) & mask;
        loop {
            let (found, at) = match self.slots[slot & mask] {
                0 => return None,
                index => &self.entries[index as usize - 1],
            };
            if found.as_bytes() == name {
                return Some(*at as usize);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Every name, in the order given.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| &**name)
    }
}

/// Looks at the length and at most 16 bytes; the comparison settles the rest.
#[inline]
fn hash(seed: u64, name: &[u8]) -> usize {
    let len = name.len();
    let (head, tail) = if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
    } else if let (Some(head), Some(tail)) = (name.first_chunk(), name.last_chunk()) {
        (
            u64::from(u32::from_le_bytes(*head)),
            u64::from(u32::from_le_bytes(*tail)),
        )
    } else if len > 0 {
        (
            u64::from(name[0]),
            u64::from(name[len / 2]) << 8 | u64::from(name[len - 1]),
        )
    } else {
        (0, 0)
    };
    let mixed = (head ^ seed).wrapping_mul(0x9fb2_1c65_1e98_df25)
        ^ (tail.rotate_left(23) ^ len as u64).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed ^ mixed >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::NameTable;

    #[test]
    fn finds_every_name_and_nothing_else() {
        let names: Vec<String> = (0..500)
            .map(|i| format!("{}field_{i}", "x".repeat(i % 40)))
            .collect();
        let table = NameTable::new(names.iter().enumerate().map(|(i, name)| (name.as_str(), i)));
        for (i, name) in names.iter().enumerate() {
            assert_eq!(table.find(name.as_bytes()), Some(i));
            assert_eq!(table.find(format!("{name}_").as_bytes()), None);
        }
        assert_eq!(table.find(b""), None);
        assert_eq!(NameTable::default().find(b"a"), None);
    }

    #[test]
    fn the_first_of_two_equal_names_stays() {
        let table = NameTable::new([("a", 1), ("", 2), ("a", 3)]);
        assert_eq!(table.find(b"a"), Some(1));
        assert_eq!(table.find(b""), Some(2));
    }
}
