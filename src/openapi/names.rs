//! Names in the document: the shortest ends of full names that stand for one
//! element each.

use std::collections::{HashMap, HashSet};

/// Shortens full names, each given with the length of its package. A name begins
/// with what follows the package, and takes in as much of the package as it needs
/// to be the only one; of names that clash none stays short, so that it does not
/// depend on the order who does. What is in `taken` is left alone.
pub(super) fn shorten<'a>(
    names: impl IntoIterator<Item = (&'a str, usize)>,
    taken: &[&str],
) -> HashMap<String, String> {
    let mut open: Vec<(&str, usize)> = names
        .into_iter()
        .map(|(full, package)| match package {
            0 => (full, 0),
            package => (full, package + 1),
        })
        .collect();
    open.sort_unstable();
    open.dedup();
    loop {
        let mut count: HashMap<&str, usize> = taken.iter().map(|name| (*name, 1)).collect();
        for (full, start) in &open {
            *count.entry(&full[*start..]).or_default() += 1;
        }
        let mut changed = false;
        for (full, start) in &mut open {
            if count[&full[*start..]] > 1 && *start > 0 {
                *start = full[..*start - 1].rfind('.').map_or(0, |dot| dot + 1);
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let named = open
        .into_iter()
        .map(|(full, start)| (full.to_owned(), full[start..].to_owned()));
    named.collect()
}

/// Names that must not repeat.
#[derive(Debug, Default)]
pub(super) struct Unique(HashSet<String>);

impl Unique {
    /// The name, or with the first number behind it that makes it new.
    pub(super) fn claim(&mut self, name: String) -> String {
        let mut claimed = name.clone();
        let mut number = 1;
        while !self.0.insert(claimed.clone()) {
            claimed = format!("{name}_{number}");
            number += 1;
        }
        claimed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_they_can_be() {
        let names = [
            ("lib.v1.Book", 6),
            ("lib.v1.Shelf", 6),
            ("lib.v2.Book", 6),
            ("old.v1.Book", 6),
            ("lib.v1.Shelf.Kind", 6),
            ("Bare", 0),
            ("lib.v1.Status", 6),
        ];
        let short = shorten(names, &["Status"]);
        for (full, expected) in [
            ("lib.v1.Book", "lib.v1.Book"),
            ("lib.v1.Shelf", "Shelf"),
            ("lib.v2.Book", "v2.Book"),
            ("old.v1.Book", "old.v1.Book"),
            ("lib.v1.Shelf.Kind", "Shelf.Kind"),
            ("Bare", "Bare"),
            ("lib.v1.Status", "v1.Status"),
        ] {
            assert_eq!(short[full], expected);
        }
    }

    #[test]
    fn claimed_names_are_numbered() {
        let mut unique = Unique::default();
        let claimed = ["a", "a", "a_1", "a"].map(|name| unique.claim(name.to_owned()));
        assert_eq!(claimed, ["a", "a_1", "a_1_1", "a_2"]);
    }
}
