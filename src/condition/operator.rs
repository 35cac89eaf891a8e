//! Condition operators (S2.5.3): parsing their names and comparing one context value with one policy value.

/// An operator name taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Operator {
    /// `ForAllValues:` or `ForAnyValue:`, if written.
    pub set: SetPrefix,
    /// The base comparison.
    pub base: Base,
    /// Written with the suffix `IfExists`.
    pub if_exists: bool,
}

/// Set prefix of an operator (S2.5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetPrefix {
    /// None.
    Single,
    /// `ForAllValues:`
    ForAllValues,
    /// `ForAnyValue:`
    ForAnyValue,
}

/// The comparison without prefix and suffix.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Base {
    /// `StringEquals` and the like: a comparison, possibly negated (`StringNotEquals`).
    Compare {
        /// How values compare.
        test: Test,
        /// The `Not` form: no listed value may match.
        negated: bool,
    },
    /// `Null`
    Null,
    /// An operator that does not exist: always unknown (S2.1.10). The name as written.
    Unknown(String),
}

/// A comparison of a context value with a policy value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Test {
    /// StringEquals
    StringEquals,
    /// StringEqualsIgnoreCase
    StringEqualsIgnoreCase,
    /// StringLike
    StringLike,
    /// NumericEquals
    NumericEquals,
    /// NumericLessThan
    NumericLessThan,
    /// NumericLessThanEquals
    NumericLessThanEquals,
    /// NumericGreaterThan
    NumericGreaterThan,
    /// NumericGreaterThanEquals
    NumericGreaterThanEquals,
    /// DateEquals
    DateEquals,
    /// DateLessThan
    DateLessThan,
    /// DateLessThanEquals
    DateLessThanEquals,
    /// DateGreaterThan
    DateGreaterThan,
    /// DateGreaterThanEquals
    DateGreaterThanEquals,
    /// Bool
    Bool,
    /// BinaryEquals
    BinaryEquals,
    /// IpAddress
    IpAddress,
    /// ArnEquals and ArnLike, which are the same
    ArnLike,
}
