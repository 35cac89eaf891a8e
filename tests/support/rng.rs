//! A tiny seeded random number generator (splitmix64): the same seed gives the same worlds and requests everywhere.

/// The generator.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Rng {
        Rng { state: seed.wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(0x1234_5678_9abc_def1) }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not zero.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// One of them, if there is any.
    pub fn pick_if_any<'t, T>(&mut self, from: &'t [T]) -> Option<&'t T> {
        if from.is_empty() { None } else { Some(self.pick(from)) }
    }

    /// One of them, each as likely as its weight.
    pub fn weighted<'t, T>(&mut self, from: &'t [(usize, T)]) -> &'t T {
        let mut at = self.below(from.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in from {
            if at < *weight {
                return value;
            }
            at -= weight;
        }
        &from[0].1
    }

    /// `n` different ones of them (or all, if there are fewer), in their order.
    pub fn some<T: Clone>(&mut self, n: usize, from: &[T]) -> Vec<T> {
        let mut left: Vec<usize> = (0..from.len()).collect();
        while left.len() > n {
            left.remove(self.below(left.len()));
        }
        left.into_iter().map(|i| from[i].clone()).collect()
    }

    /// Text of `n` characters of the alphabet.
    pub fn text(&mut self, n: usize, alphabet: &str) -> String {
        let characters: Vec<char> = alphabet.chars().collect();
        (0..n).map(|_| *self.pick(&characters)).collect()
    }

    /// Lower-case hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        self.text(n, "0123456789abcdef")
    }

    /// Twelve digits.
    pub fn account(&mut self) -> String {
        format!("{}{}", self.between(1, 9), self.text(11, "0123456789"))
    }

    /// A unique id such as `AROA..`.
    pub fn unique_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    }
}
