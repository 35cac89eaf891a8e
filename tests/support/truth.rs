//! Kleene's three truth values (S0.4): what every part of the reference evaluator answers.

/// Holds, does not hold, or depends on something the snapshot or the rules leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Holds.
    T,
    /// Does not hold.
    F,
    /// Unknown.
    U,
}

use Truth::{F, T, U};

impl Truth {
    /// `T and U = U`, `F and U = F`.
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (F, _) | (_, F) => F,
            (T, T) => T,
            _ => U,
        }
    }

    /// `T or U = T`, `F or U = U`.
    pub fn or(self, other: Truth) -> Truth {
        match (self, other) {
            (T, _) | (_, T) => T,
            (F, F) => F,
            _ => U,
        }
    }

    /// `not U = U`.
    pub fn not(self) -> Truth {
        match self {
            T => F,
            F => T,
            U => U,
        }
    }

    /// For the `[ambiguous]` readings "U if it would match": whatever is possible becomes U.
    pub fn at_most_unknown(self) -> Truth {
        self.and(U)
    }

    /// For the `[ambiguous]` readings "U if it does not allow": whatever is not certain becomes U.
    pub fn at_least_unknown(self) -> Truth {
        self.or(U)
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { T } else { F }
    }
}

/// Kleene OR over a list; of nothing: F. Reads no further than the first T.
pub fn any(values: impl IntoIterator<Item = Truth>) -> Truth {
    let mut sum = F;
    for value in values {
        sum = sum.or(value);
        if sum == T {
            break;
        }
    }
    sum
}

/// Kleene AND over a list; of nothing: T. Reads no further than the first F.
pub fn all(values: impl IntoIterator<Item = Truth>) -> Truth {
    let mut product = T;
    for value in values {
        product = product.and(value);
        if product == F {
            break;
        }
    }
    product
}
