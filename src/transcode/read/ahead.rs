//! Where large objects and arrays end, noted while an object is looked over in
//! search of `@type`. In messages nested in one another that all have it last, each
//! level is looked over, and would step over all that is below once more; with the
//! notes the whole is stepped over once.

/// Of so many bytes an object or array is large. What is smaller is stepped over
/// again, so that there are few notes and short ones are not sought among them.
const LARGE: usize = 512;

/// What is known from looking ahead.
#[derive(Default)]
pub(super) struct Ahead {
    /// Whether an object is being looked over now.
    pub(super) looking: bool,
    /// Where large objects and arrays start and end, ascending by start.
    notes: Vec<(usize, usize)>,
    /// How far all is known.
    until: usize,
}

/// A note that waits for its end.
pub(super) struct Open(usize);

impl Ahead {
    /// The end of what starts here, if it is noted.
    pub(super) fn end_of(&self, start: usize) -> Option<usize> {
        if !self.looking || start >= self.until {
            return None;
        }
        let at = self
            .notes
            .binary_search_by_key(&start, |note| note.0)
            .ok()?;
        Some(self.notes[at].1)
    }

    /// Begins a note, unless it would be of no use.
    pub(super) fn open(&mut self, start: usize) -> Option<Open> {
        if !self.looking || start < self.until {
            return None;
        }
        self.notes.push((start, start));
        Some(Open(self.notes.len() - 1))
    }

    /// Ends a note.
    pub(super) fn close(&mut self, Open(at): Open, end: usize) {
        match end - self.notes[at].0 < LARGE {
            // What has been noted since is inside of it, and smaller still.
            true => self.notes.truncate(at),
            false => self.notes[at].1 = end,
        }
    }

    /// Says that an object has been looked over, as far as to `end`.
    pub(super) fn done(&mut self, end: usize) {
        self.looking = false;
        self.until = self.until.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_ones_are_noted_and_small_ones_are_not() {
        let mut ahead = Ahead {
            looking: true,
            ..Ahead::default()
        };
        let outer = ahead.open(10);
        let large = ahead.open(20);
        let inside = ahead.open(30);
        ahead.close(inside.expect("nothing is known yet"), 30 + LARGE - 1);
        ahead.close(large.expect("nothing is known yet"), 20 + LARGE);
        ahead.close(outer.expect("nothing is known yet"), 2000);
        assert_eq!(ahead.end_of(10), None, "not before all is known");
        ahead.done(2000);
        assert_eq!(ahead.end_of(10), None, "not while values are read");
        ahead.looking = true;
        assert_eq!(ahead.end_of(10), Some(2000));
        assert_eq!(ahead.end_of(20), Some(20 + LARGE));
        assert_eq!(ahead.end_of(30), None);
        assert!(ahead.open(30).is_none() && ahead.open(2000).is_some());
    }
}
