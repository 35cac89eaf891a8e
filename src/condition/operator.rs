//! Condition operators (S2.5.3): their names into set prefix, comparison and suffix.
//!
//! How two values compare stands in [`value`](super::value); what an absent key means, in the evaluation (S2.5.4).
//!
//! ```
//! use keywho::condition::operator::{Base, Operator, SetPrefix, Test};
//!
//! let operator = Operator::parse("ForAnyValue:StringNotLikeIfExists");
//! assert_eq!(operator.set, SetPrefix::ForAnyValue);
//! assert_eq!(operator.base, Base::Compare { test: Test::StringLike, negated: true });
//! assert!(operator.if_exists);
//! assert_eq!(operator.to_string(), "ForAnyValue:StringNotLikeIfExists");
//! ```

use std::fmt;

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

/// Kinds of comparison, which decide what values are valid and whether variables are substituted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// String operators.
    String,
    /// Numeric operators.
    Numeric,
    /// Date operators.
    Date,
    /// Bool.
    Bool,
    /// BinaryEquals.
    Binary,
    /// IpAddress and NotIpAddress.
    Ip,
    /// ARN operators.
    Arn,
}

/// Names of comparisons: positive, negated. The first line of a comparison is the one that is printed.
const NAMES: &[(&str, Option<&str>, Test)] = &[
    ("StringEquals", Some("StringNotEquals"), Test::StringEquals),
    (
        "StringEqualsIgnoreCase",
        Some("StringNotEqualsIgnoreCase"),
        Test::StringEqualsIgnoreCase,
    ),
    ("StringLike", Some("StringNotLike"), Test::StringLike),
    ("NumericEquals", Some("NumericNotEquals"), Test::NumericEquals),
    ("NumericLessThan", None, Test::NumericLessThan),
    ("NumericLessThanEquals", None, Test::NumericLessThanEquals),
    ("NumericGreaterThan", None, Test::NumericGreaterThan),
    ("NumericGreaterThanEquals", None, Test::NumericGreaterThanEquals),
    ("DateEquals", Some("DateNotEquals"), Test::DateEquals),
    ("DateLessThan", None, Test::DateLessThan),
    ("DateLessThanEquals", None, Test::DateLessThanEquals),
    ("DateGreaterThan", None, Test::DateGreaterThan),
    ("DateGreaterThanEquals", None, Test::DateGreaterThanEquals),
    ("Bool", None, Test::Bool),
    ("BinaryEquals", None, Test::BinaryEquals),
    ("IpAddress", Some("NotIpAddress"), Test::IpAddress),
    ("ArnLike", Some("ArnNotLike"), Test::ArnLike),
    ("ArnEquals", Some("ArnNotEquals"), Test::ArnLike),
];

const IF_EXISTS: &str = "IfExists";

impl Operator {
    /// Takes a name apart. A name that is no operator gives [`Base::Unknown`] with the whole name as written: it may be
    /// one of a later day, so it is never dropped (S2.1.10).
    #[must_use]
    pub fn parse(name: &str) -> Operator {
        let (set, rest) = SetPrefix::split(name);
        let (base, if_exists) = match rest.strip_suffix(IF_EXISTS) {
            Some(base) => (base, true),
            None => (rest, false),
        };
        if base == "Null" && !if_exists {
            return Operator {
                set,
                base: Base::Null,
                if_exists,
            };
        }
        match comparison(base) {
            Some((test, negated)) => Operator {
                set,
                base: Base::Compare { test, negated },
                if_exists,
            },
            None => Operator {
                set: SetPrefix::Single,
                base: Base::Unknown(name.to_owned()),
                if_exists: false,
            },
        }
    }

    /// Whether it is a negated comparison, which an absent key satisfies (S2.5.4).
    #[must_use]
    pub fn is_negated(&self) -> bool {
        matches!(self.base, Base::Compare { negated: true, .. })
    }

    /// The comparison, unless it is `Null` or unknown.
    #[must_use]
    pub fn test(&self) -> Option<Test> {
        match self.base {
            Base::Compare { test, .. } => Some(test),
            Base::Null | Base::Unknown(_) => None,
        }
    }

    /// Whether policy variables are substituted in its values (S2.7.1).
    #[must_use]
    pub fn substitutes_variables(&self) -> bool {
        self.test().is_some_and(Test::substitutes_variables)
    }

    /// The operator with the nearest name, if any is near; prefix and suffix are kept.
    #[must_use]
    pub fn did_you_mean(name: &str) -> Option<String> {
        let lower = |text: &str| text.to_ascii_lowercase();
        let (prefix, rest) = name
            .rsplit_once(':')
            .map_or(("", name), |(prefix, rest)| (prefix, rest));
        let set = [SetPrefix::ForAllValues, SetPrefix::ForAnyValue]
            .into_iter()
            .find(|set| strsim::jaro_winkler(&lower(set.written()), &lower(prefix)) >= 0.95)
            .unwrap_or(SetPrefix::Single);
        let cut = rest.len().saturating_sub(IF_EXISTS.len());
        let (base, suffix) = match rest.split_at_checked(cut) {
            Some((base, suffix)) if suffix.eq_ignore_ascii_case(IF_EXISTS) => (base, IF_EXISTS),
            _ => (rest, ""),
        };
        NAMES
            .iter()
            .flat_map(|(positive, negated, _)| [Some(*positive), *negated])
            .chain([Some("Null").filter(|_| suffix.is_empty())])
            .flatten()
            .map(|known| (strsim::jaro_winkler(&lower(base), &lower(known)), known))
            .filter(|&(likeness, _)| likeness >= 0.9)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
            .map(|(_, known)| format!("{}{known}{suffix}", set.written()))
    }
}

impl SetPrefix {
    /// The prefix with its colon; empty for none.
    #[must_use]
    pub const fn written(self) -> &'static str {
        match self {
            SetPrefix::Single => "",
            SetPrefix::ForAllValues => "ForAllValues:",
            SetPrefix::ForAnyValue => "ForAnyValue:",
        }
    }

    fn split(name: &str) -> (SetPrefix, &str) {
        for set in [SetPrefix::ForAllValues, SetPrefix::ForAnyValue] {
            if let Some(rest) = name.strip_prefix(set.written()) {
                return (set, rest);
            }
        }
        (SetPrefix::Single, name)
    }
}

fn comparison(name: &str) -> Option<(Test, bool)> {
    NAMES.iter().find_map(|&(positive, negated, test)| {
        if positive == name {
            Some((test, false))
        } else {
            (negated == Some(name)).then_some((test, true))
        }
    })
}

impl fmt::Display for Operator {
    /// The name again; of ArnEquals and ArnLike, which are the same, the latter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.set.written())?;
        match &self.base {
            Base::Compare { test, negated } => f.write_str(test.name(*negated))?,
            Base::Null => f.write_str("Null")?,
            Base::Unknown(name) => f.write_str(name)?,
        }
        f.write_str(if self.if_exists { IF_EXISTS } else { "" })
    }
}

impl Test {
    /// Name of the operator. A comparison that has no negated form is named as the positive one.
    #[must_use]
    pub fn name(self, negated: bool) -> &'static str {
        NAMES
            .iter()
            .find(|(_, _, test)| *test == self)
            .map_or("", |&(positive, not, _)| {
                not.filter(|_| negated).unwrap_or(positive)
            })
    }

    /// The kind of comparison.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike => Family::String,
            Test::NumericEquals
            | Test::NumericLessThan
            | Test::NumericLessThanEquals
            | Test::NumericGreaterThan
            | Test::NumericGreaterThanEquals => Family::Numeric,
            Test::DateEquals
            | Test::DateLessThan
            | Test::DateLessThanEquals
            | Test::DateGreaterThan
            | Test::DateGreaterThanEquals => Family::Date,
            Test::Bool => Family::Bool,
            Test::BinaryEquals => Family::Binary,
            Test::IpAddress => Family::Ip,
            Test::ArnLike => Family::Arn,
        }
    }

    /// Whether `*` and `?` in a policy value are wildcards.
    #[must_use]
    pub const fn has_wildcards(self) -> bool {
        matches!(self, Test::StringLike | Test::ArnLike)
    }

    /// Whether policy variables are substituted in policy values (S2.7.1). For Bool the documentation says both.
    #[must_use]
    pub const fn substitutes_variables(self) -> bool {
        matches!(self.family(), Family::String | Family::Arn | Family::Bool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_printed_back() {
        for &(positive, negated, test) in NAMES {
            for set in [SetPrefix::Single, SetPrefix::ForAllValues, SetPrefix::ForAnyValue] {
                for if_exists in [false, true] {
                    for (name, not) in [(Some(positive), false), (negated, true)] {
                        let Some(name) = name else { continue };
                        let suffix = if if_exists { IF_EXISTS } else { "" };
                        let written = format!("{}{name}{suffix}", set.written());
                        let operator = Operator::parse(&written);
                        let base = Base::Compare { test, negated: not };
                        assert_eq!(operator, Operator { set, base, if_exists }, "{written}");
                        assert_eq!(operator.is_negated(), not);
                        let printed = operator
                            .to_string()
                            .replace("ArnLike", "ArnEquals")
                            .replace("ArnNotLike", "ArnNotEquals");
                        assert_eq!(
                            printed,
                            written
                                .replace("ArnLike", "ArnEquals")
                                .replace("ArnNotLike", "ArnNotEquals")
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn null_takes_no_if_exists() {
        assert_eq!(Operator::parse("Null").base, Base::Null);
        assert_eq!(
            Operator::parse("ForAnyValue:Null").to_string(),
            "ForAnyValue:Null"
        );
        assert_eq!(
            Operator::parse("NullIfExists").base,
            Base::Unknown("NullIfExists".to_owned())
        );
    }

    #[test]
    fn what_is_no_operator_is_kept_as_written() {
        for name in [
            "",
            "StringLikes",
            "stringequals",
            "ForSomeValues:StringLike",
            "BoolNot",
            "NumericNotLessThan",
            "IfExists",
        ] {
            let operator = Operator::parse(name);
            assert_eq!(operator.base, Base::Unknown(name.to_owned()));
            assert_eq!(operator.to_string(), name);
            assert_eq!(operator.test(), None);
        }
        let near = |name| Operator::did_you_mean(name);
        assert_eq!(near("StringLikes").as_deref(), Some("StringLike"));
        assert_eq!(
            near("foranyvalue:stringequalsifexists").as_deref(),
            Some("ForAnyValue:StringEqualsIfExists")
        );
        assert_eq!(near("bool").as_deref(), Some("Bool"));
        assert_eq!(near("null").as_deref(), Some("Null"));
        assert_eq!(near("Zebra"), None);
        assert_eq!(near("é"), None);
    }

    #[test]
    fn variables_are_for_strings_arns_and_bool() {
        let substitutes = |name| Operator::parse(name).substitutes_variables();
        assert!(substitutes("StringNotLike") && substitutes("ArnEquals") && substitutes("Bool"));
        assert!(!substitutes("NumericEquals") && !substitutes("IpAddress") && !substitutes("Null"));
        assert!(Test::ArnLike.has_wildcards() && !Test::StringEquals.has_wildcards());
    }
}
