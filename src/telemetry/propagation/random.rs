//! Random numbers for ids: a small generator per thread, so that a new root
//! costs nanoseconds and no lock. Unpredictability is not promised; trace ids
//! are not secrets.

use std::cell::Cell;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

thread_local! {
    static STATE: Cell<[u64; 2]> = Cell::new(seed());
}

/// The next 64 bits of this thread's xoroshiro128++ generator.
pub(super) fn next_u64() -> u64 {
    STATE.with(|state| {
        let [s0, mut s1] = state.get();
        let value = s0.wrapping_add(s1).rotate_left(17).wrapping_add(s0);
        s1 ^= s0;
        state.set([s0.rotate_left(49) ^ s1 ^ (s1 << 21), s1.rotate_left(28)]);
        value
    })
}

/// The next 128 bits.
pub(super) fn next_u128() -> u128 {
    u128::from(next_u64()) << 64 | u128::from(next_u64())
}

/// `RandomState` is keyed by the operating system, differently for each
/// instance, which is all the entropy that the standard library offers.
fn seed() -> [u64; 2] {
    let draw = || RandomState::new().build_hasher().finish();
    match [draw(), draw()] {
        // The one state from which the generator never leaves.
        [0, 0] => [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9],
        seed => seed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn threads_draw_different_numbers() {
        let mut seen = HashSet::new();
        for _ in 0..8 {
            let drawn: Vec<u64> = std::thread::spawn(|| (0..64).map(|_| next_u64()).collect())
                .join()
                .expect("the thread only draws");
            seen.extend(drawn);
        }
        assert_eq!(seen.len(), 8 * 64);
    }

    #[test]
    fn every_bit_is_used() {
        let draws: Vec<u128> = (0..1000).map(|_| next_u128()).collect();
        for bit in 0..128 {
            let set = draws.iter().filter(|draw| *draw >> bit & 1 == 1).count();
            // 7 standard deviations either side of one half.
            assert!((390..=610).contains(&set), "bit {bit} was set {set} times");
        }
    }
}
