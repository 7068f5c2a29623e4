//! Random choices that a seed repeats.

/// Chooses by a seed: splitmix64, which is small, fast and random enough for faults.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        let choices = u128::from(most.saturating_sub(least)) + 1;
        // The high half of the product is below `choices`.
        least + ((u128::from(self.any()) * choices) >> 64) as u64
    }

    /// Returns a number from 0 to below `end`, which is more than 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.between(0, end.saturating_sub(1))
    }

    /// Returns a number from 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.any() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns `true` this often: a share from 0 to 1.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_choices() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.between(3, 5)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
        assert!((3..=5).all(|number| throws(7).contains(&number)));
        assert!(throws(7).iter().all(|number| (3..=5).contains(number)));
    }

    #[test]
    fn chances_are_what_they_are_called() {
        let mut dice = Dice::new(1);
        assert!((0..100).all(|_| dice.chance(1.0)));
        assert!((0..100).all(|_| !dice.chance(0.0)));
        let often = (0..1000).filter(|_| dice.chance(0.25)).count();
        assert!((200..300).contains(&often), "{often} of 1000");
        assert_eq!(Dice::new(1).between(9, 9), 9);
        Dice::new(1).between(0, u64::MAX);
        assert!((0..100).all(|seed| Dice::new(seed).below(2) < 2));
    }
}
