//! Comparing values (S2.5.3): one value of a policy and one of a request into yes or no.
//!
//! A policy value is read once, as [`Prepared`], and then compared with many request values. A value that the operator
//! cannot read matches nothing, on either side; whether a policy holds such a value is [`Prepared::is_valid`]. Negated
//! operators, sets of values and absent keys are none of this module's business.
//!
//! ```
//! use keywho::condition::operator::Test;
//! use keywho::condition::value::Prepared;
//!
//! let range = Prepared::read(Test::IpAddress, "203.0.113.0/24");
//! assert!(range.matches("203.0.113.7") && !range.matches("2001:db8::1"));
//! ```

use super::operator::{Family, Test};
use crate::arn::ArnPattern;
use crate::pattern::{Pattern, Token, tokens, written};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::net::IpAddr;

/// A policy value, ready to be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Exact(String),
    IgnoreCase(String),
    Like(Pattern),
    Arn(Box<ArnPattern>),
    Number(Order, Decimal),
    Time(Order, Decimal),
    Bool(bool),
    Bytes(Vec<u8>),
    Net(IpNet),
    /// The operator cannot read the value.
    Unreadable,
}

/// How the request's value has to stand to the policy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Order::Equal => ordering.is_eq(),
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Prepared {
    /// Reads a policy value after substitution. Where the operator has no wildcards, `*` and `?` are themselves.
    #[must_use]
    pub fn new(test: Test, value: &[Token]) -> Prepared {
        let form = match test {
            Test::StringEquals => Form::Exact(written(value)),
            Test::StringEqualsIgnoreCase => Form::IgnoreCase(fold_case(&written(value))),
            Test::StringLike => Form::Like(Pattern::new(value)),
            Test::ArnLike => {
                let pattern = ArnPattern::new(value);
                if pattern.is_arn_shaped() {
                    Form::Arn(Box::new(pattern))
                } else {
                    Form::Unreadable
                }
            }
            other => Form::of_text(other, &written(value)).unwrap_or(Form::Unreadable),
        };
        Prepared(form)
    }

    /// Reads a policy value without variables, in which every `*` and `?` is a wildcard if the operator has any.
    #[must_use]
    pub fn read(test: Test, value: &str) -> Prepared {
        Prepared::new(test, &tokens(value))
    }

    /// Whether the operator can read the value; if not, it matches nothing (S2.5.9).
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.0 != Form::Unreadable
    }

    /// Whether a value of the request matches it.
    #[must_use]
    pub fn matches(&self, context: &str) -> bool {
        match &self.0 {
            Form::Exact(value) => value == context,
            Form::IgnoreCase(value) => *value == fold_case(context),
            Form::Like(pattern) => pattern.matches(context),
            Form::Arn(pattern) => pattern.is_like(context),
            Form::Number(order, value) => {
                number(context).is_some_and(|number| order.holds(number.cmp(value)))
            }
            Form::Time(order, value) => seconds(context).is_some_and(|time| order.holds(time.cmp(value))),
            Form::Bool(value) => boolean(context) == Some(*value),
            Form::Bytes(value) => STANDARD.decode(context).is_ok_and(|bytes| bytes == *value),
            Form::Net(net) => context
                .parse::<IpAddr>()
                .is_ok_and(|address| net.contains(&address)),
            Form::Unreadable => false,
        }
    }

    /// The only text that matches, if there is just one way to write it.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match &self.0 {
            Form::Exact(value) => Some(value),
            Form::Like(pattern) => pattern.exact(),
            Form::Arn(pattern) => pattern.exact(),
            Form::Bool(value) => Some(if *value { "true" } else { "false" }),
            _ => None,
        }
    }
}

impl Form {
    fn of_text(test: Test, text: &str) -> Option<Form> {
        Some(match test.family() {
            Family::Numeric => Form::Number(order(test), number(text)?),
            Family::Date => Form::Time(order(test), seconds(text)?),
            Family::Bool => Form::Bool(boolean(text)?),
            Family::Binary => Form::Bytes(STANDARD.decode(text).ok()?),
            Family::Ip => Form::Net(net(text)?),
            Family::String | Family::Arn => return None,
        })
    }
}

/// Compares a value of the request with one of a policy: [`Prepared::matches`] without preparation.
#[must_use]
pub fn compare(test: Test, context: &str, value: &[Token]) -> bool {
    Prepared::new(test, value).matches(context)
}

fn order(test: Test) -> Order {
    match test {
        Test::NumericLessThan | Test::DateLessThan => Order::Less,
        Test::NumericLessThanEquals | Test::DateLessThanEquals => Order::LessOrEqual,
        Test::NumericGreaterThan | Test::DateGreaterThan => Order::Greater,
        Test::NumericGreaterThanEquals | Test::DateGreaterThanEquals => Order::GreaterOrEqual,
        _ => Order::Equal,
    }
}

/// The form in which texts that differ only by case are equal.
fn fold_case(text: &str) -> String {
    text.to_lowercase()
}

/// Reads `true` or `false`, ignoring case.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else {
        text.eq_ignore_ascii_case("false").then_some(false)
    }
}

/// Reads a decimal number, with an exponent or without.
#[must_use]
pub fn number(text: &str) -> Option<Decimal> {
    // WHY: the library also reads `1_000`, which is no number in a policy.
    let is_part = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(is_part) || !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()
    } else {
        text.parse().ok()
    }
}

/// Reads a point in time as seconds since 1970: a number of them, or ISO 8601 with a date, and if there is a time, an
/// offset or `Z`. Without offset it is UTC. A bare number is always seconds, never a year.
#[must_use]
pub fn seconds(text: &str) -> Option<Decimal> {
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let time = timestamp(text)?;
    Decimal::try_from_i128_with_scale(time.as_nanosecond(), 9).ok()
}

fn timestamp(text: &str) -> Option<Timestamp> {
    // WHY: the library is more liberal than ISO 8601: it reads a blank between date and time, and zone names.
    if text.contains([' ', '[', '_']) {
        return None;
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local = match text.parse::<Date>() {
        Ok(_) if text.contains(['T', 't']) => text.parse::<DateTime>().ok()?,
        Ok(date) => date.at(0, 0, 0, 0),
        // The W3C profile of ISO 8601 also has months: `2026-11`.
        Err(_) if text.len() == 7 => format!("{text}-01").parse::<Date>().ok()?.at(0, 0, 0, 0),
        Err(_) => return None,
    };
    Offset::UTC.to_timestamp(local).ok()
}

/// Reads a range of addresses, or one address as the range of it alone.
#[must_use]
pub fn net(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(test: Test, context: &str, value: &str) -> bool {
        compare(test, context, &tokens(value))
    }

    fn valid(test: Test, value: &str) -> bool {
        Prepared::read(test, value).is_valid()
    }

    #[test]
    fn strings() {
        assert!(matches(Test::StringEquals, "a*", "a*"));
        assert!(!matches(Test::StringEquals, "ab", "a*"));
        assert!(!matches(Test::StringEquals, "App", "app"));
        assert!(matches(Test::StringEqualsIgnoreCase, "ÄPP", "äpp"));
        assert!(!matches(Test::StringEqualsIgnoreCase, "app1", "a*"));
        assert!(matches(Test::StringLike, "alias/app", "alias/*"));
        assert!(!matches(Test::StringLike, "ALIAS/app", "alias/*"));
        assert!(matches(Test::StringLike, "", "*"));
        assert!(compare(Test::StringLike, "a*", &crate::pattern::literal("a*")));
        assert!(!compare(Test::StringLike, "ab", &crate::pattern::literal("a*")));
        assert!(valid(Test::StringEquals, ""));
    }

    #[test]
    fn numbers() {
        assert!(matches(Test::NumericEquals, "30", "30.0"));
        assert!(matches(Test::NumericEquals, "1.5e3", "1500"));
        assert!(matches(Test::NumericLessThan, "29.999", "30"));
        assert!(!matches(Test::NumericLessThan, "30", "30"));
        assert!(matches(Test::NumericLessThanEquals, "30", "30"));
        assert!(matches(Test::NumericGreaterThan, "-1", "-2"));
        assert!(matches(Test::NumericGreaterThanEquals, "0.1", "0.10"));
        assert!(matches(Test::NumericLessThan, "10", "9007199254740993"));
        assert!(!matches(
            Test::NumericEquals,
            "9007199254740992",
            "9007199254740993"
        ));
        for wrong in [
            "", "ten", "1_000", "0x10", " 1", "1 ", "--1", "1e", "e", ".", "NaN", "inf", "1,5", "*",
        ] {
            assert!(!valid(Test::NumericEquals, wrong), "{wrong}");
            assert!(!matches(Test::NumericEquals, wrong, "1"), "{wrong}");
        }
    }

    #[test]
    fn dates() {
        let same = |a, b| assert!(matches(Test::DateEquals, a, b), "{a} is {b}");
        same("2019-01-01T00:00:00Z", "2019-01-01");
        same("2019-01-01T00:00:00Z", "1546300800");
        same("1546300800.5", "2019-01-01T00:00:00.500Z");
        same("2019-01-01T00:00:00+01:00", "2018-12-31T23:00:00Z");
        same("2019-01-01T00:00Z", "2019-01-01T00:00:00");
        same("2019-01", "2019-01-01");
        assert!(matches(
            Test::DateLessThan,
            "2019-01-01T00:00:00Z",
            "2019-01-01T00:00:01Z"
        ));
        assert!(matches(
            Test::DateGreaterThanEquals,
            "1546300800",
            "2019-01-01T00:00:00Z"
        ));
        assert!(!matches(Test::DateGreaterThan, "2019-01-01", "2019-01-01"));
        assert!(matches(Test::DateLessThanEquals, "1969-12-31T23:59:59Z", "0"));
        for wrong in [
            "",
            "yesterday",
            "2019-13-01",
            "2019-01-*",
            "2019-02-30",
            "2019-01-01 00:00:00Z",
            "01/02/2019",
        ] {
            assert!(!valid(Test::DateEquals, wrong), "{wrong}");
        }
    }

    #[test]
    fn booleans() {
        assert!(matches(Test::Bool, "True", "true"));
        assert!(matches(Test::Bool, "false", "FALSE"));
        assert!(!matches(Test::Bool, "true", "false"));
        assert!(!matches(Test::Bool, "yes", "true"));
        assert!(!valid(Test::Bool, "1") && !valid(Test::Bool, "") && !valid(Test::Bool, "*"));
    }

    #[test]
    fn bytes() {
        assert!(matches(Test::BinaryEquals, "QmluYXJ5", "QmluYXJ5"));
        assert!(!matches(Test::BinaryEquals, "QmluYXJ5", "QmluYXJ6"));
        assert!(!matches(Test::BinaryEquals, "?", "?"));
        assert!(!valid(Test::BinaryEquals, "a"));
    }

    #[test]
    fn addresses() {
        assert!(matches(Test::IpAddress, "203.0.113.255", "203.0.113.0/24"));
        assert!(!matches(Test::IpAddress, "203.0.114.0", "203.0.113.0/24"));
        assert!(matches(Test::IpAddress, "203.0.113.9", "203.0.113.7/24"));
        assert!(matches(Test::IpAddress, "10.0.0.1", "10.0.0.1"));
        assert!(!matches(Test::IpAddress, "10.0.0.2", "10.0.0.1"));
        assert!(matches(Test::IpAddress, "2001:DB8::5", "2001:db8::/32"));
        assert!(matches(Test::IpAddress, "::1", "0:0:0:0:0:0:0:1"));
        assert!(!matches(Test::IpAddress, "10.0.0.1", "::/0"));
        assert!(!matches(Test::IpAddress, "::1", "0.0.0.0/0"));
        assert!(!matches(Test::IpAddress, "::ffff:10.0.0.1", "10.0.0.0/8"));
        for wrong in ["", "10.0.0.0/33", "10.0.0", "example.com", "10.0.0.*", "AMAZON"] {
            assert!(!valid(Test::IpAddress, wrong), "{wrong}");
        }
        assert!(!matches(Test::IpAddress, "10.0.0.0/8", "10.0.0.0/8"));
    }

    #[test]
    fn arns() {
        let role = "arn:aws:iam::111122223333:role/R";
        assert!(matches(Test::ArnLike, role, "arn:aws:iam::*:role/R"));
        assert!(matches(Test::ArnLike, role, "*"));
        assert!(!matches(Test::ArnLike, role, "arn:aws:iam::111122223333"));
        assert!(!valid(Test::ArnLike, "arn:aws:iam::*") && !valid(Test::ArnLike, "R"));
        assert!(valid(Test::ArnLike, "arn:*:*:*:*:*"));
    }

    #[test]
    fn the_only_matching_text() {
        assert_eq!(Prepared::read(Test::StringLike, "a").exact(), Some("a"));
        assert_eq!(Prepared::read(Test::StringLike, "a*").exact(), None);
        assert_eq!(Prepared::read(Test::StringEquals, "a*").exact(), Some("a*"));
        assert_eq!(Prepared::read(Test::Bool, "TRUE").exact(), Some("true"));
        assert_eq!(Prepared::read(Test::NumericEquals, "1").exact(), None);
    }
}
