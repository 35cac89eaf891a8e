//! How formulas stand to each other, against requests tried one by one.

use super::{Dice, KEYS, Key, holds, requests};
use crate::condition::formula::{FormulaId, Formulas, Range};
use crate::condition::operator::Test;
use crate::condition::solve::RequestContext;
use crate::condition::solve::relation::{Relation, relation};
use crate::condition::subject::{Operand, Subject};
use crate::pattern::tokens;

/// How a formula stands to another, by trying every request.
fn tried(formulas: &Formulas, earlier: FormulaId, later: FormulaId, requests: &[RequestContext]) -> Relation {
    let some = |of: FormulaId, other: FormulaId| {
        requests
            .iter()
            .any(|request| holds(formulas, of, request) && !holds(formulas, other, request))
    };
    match (some(earlier, later), some(later, earlier)) {
        (true, true) => Relation::Apart,
        (false, true) => Relation::Weaker,
        (true, false) => Relation::Stronger,
        (false, false) => Relation::Same,
    }
}

/// Weaker, stronger, the same or neither: as enumeration finds, on every family of operators.
#[test]
fn one_formula_stands_to_another_as_enumeration_finds() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    let mut seen = [0_usize; 4];
    for round in 0..4_000 {
        let keys: Vec<&Key> = KEYS.iter().filter(|_| dice.below(2) == 0).take(3).collect();
        if keys.is_empty() {
            continue;
        }
        let mut formulas = Formulas::default();
        let earlier = dice.formula(&mut formulas, &keys, 2);
        let other = dice.formula(&mut formulas, &keys, 2);
        // What policies become: another condition besides, one less, an exception, or something else.
        let later = match round % 4 {
            0 => formulas.and2(earlier, other),
            1 => formulas.or2(earlier, other),
            2 => {
                let not = formulas.not(other);
                let (with, without) = (formulas.and2(earlier, other), formulas.and2(earlier, not));
                formulas.or2(with, without)
            }
            _ => other,
        };
        let requests = requests(&keys);
        let expected = tried(&formulas, earlier, later, &requests);
        let found = relation(&formulas, earlier, later, &RequestContext::new());
        assert_eq!(
            found,
            expected,
            "{} -> {}",
            crate::condition::words::text(&formulas, earlier),
            crate::condition::words::text(&formulas, later),
        );
        let turned = match found {
            Relation::Weaker => Relation::Stronger,
            Relation::Stronger => Relation::Weaker,
            same => same,
        };
        assert_eq!(
            relation(&formulas, later, earlier, &RequestContext::new()),
            turned
        );
        let at = [
            Relation::Same,
            Relation::Weaker,
            Relation::Stronger,
            Relation::Apart,
        ];
        seen[at.iter().position(|one| *one == expected).unwrap()] += 1;
    }
    assert!(seen.iter().all(|count| *count > 150), "{seen:?}");
}

/// One comparison of each family of operators against another: what a review of a single value needs.
#[test]
fn single_comparisons_stand_to_each_other_as_their_values_do() {
    use Relation::{Apart, Same, Stronger, Weaker};
    let cases = [
        (
            "kms:ViaService",
            Test::StringEquals,
            "s3.us-east-1.amazonaws.com",
            Test::StringLike,
            "s3.*",
            Weaker,
        ),
        (
            "kms:ViaService",
            Test::StringLike,
            "s3.*",
            Test::StringLike,
            "*.amazonaws.com",
            Apart,
        ),
        (
            "kms:ViaService",
            Test::StringLike,
            "s?.*",
            Test::StringLike,
            "s3.*",
            Stronger,
        ),
        (
            "aws:PrincipalTag/team",
            Test::StringEquals,
            "Red",
            Test::StringEqualsIgnoreCase,
            "red",
            Weaker,
        ),
        (
            "aws:SourceIp",
            Test::IpAddress,
            "203.0.113.0/24",
            Test::IpAddress,
            "203.0.113.0/25",
            Stronger,
        ),
        (
            "aws:SourceIp",
            Test::IpAddress,
            "203.0.113.0/24",
            Test::IpAddress,
            "203.0.112.0/23",
            Weaker,
        ),
        (
            "aws:SourceIp",
            Test::IpAddress,
            "203.0.113.0/24",
            Test::IpAddress,
            "198.51.100.0/24",
            Apart,
        ),
        (
            "aws:SourceIp",
            Test::IpAddress,
            "203.0.113.7",
            Test::IpAddress,
            "203.0.113.7/32",
            Same,
        ),
        (
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            Test::NumericLessThan,
            "7",
            Test::NumericLessThanEquals,
            "7",
            Weaker,
        ),
        (
            "kms:ScheduleKeyDeletionPendingWindowInDays",
            Test::NumericEquals,
            "7",
            Test::NumericEquals,
            "7.0",
            Same,
        ),
        (
            "aws:CurrentTime",
            Test::DateLessThan,
            "2026-01-01T00:00:00Z",
            Test::DateLessThan,
            "2027-01-01T00:00:00Z",
            Weaker,
        ),
        (
            "aws:CurrentTime",
            Test::DateGreaterThan,
            "2026-01-01T00:00:00Z",
            Test::DateGreaterThan,
            "2026-01-01T01:00:00+01:00",
            Same,
        ),
        (
            "kms:RecipientAttestation:ImageSha384",
            Test::StringEqualsIgnoreCase,
            "AB",
            Test::StringEqualsIgnoreCase,
            "ab",
            Same,
        ),
        (
            "aws:SourceArn",
            Test::ArnLike,
            "arn:aws:s3:::bucket",
            Test::ArnLike,
            "arn:aws:s3:::*",
            Weaker,
        ),
        (
            "aws:SourceArn",
            Test::ArnLike,
            "arn:aws:s3:::a*",
            Test::ArnLike,
            "arn:aws:s3:::*a",
            Apart,
        ),
    ];
    for (key, test, value, later_test, later_value, expected) in cases {
        let mut formulas = Formulas::default();
        let subject = formulas.subject(Subject::free(key));
        let mut one = |test: Test, value: &str| {
            let operand = Operand::Fixed(tokens(value).into());
            formulas.test(subject, Range::Some, test, vec![operand])
        };
        let (earlier, later) = (one(test, value), one(later_test, later_value));
        let found = relation(&formulas, earlier, later, &RequestContext::new());
        assert_eq!(
            found, expected,
            "{key} {test:?} {value} -> {later_test:?} {later_value}"
        );
    }
}

/// What nobody knows is one question with one answer, but it stays unknown (S0.4, S6.8).
#[test]
fn what_is_not_known_is_the_same_on_both_sides() {
    let mut formulas = Formulas::default();
    let unknown = formulas.unknown("A40", "the key policy allows it");
    let subject = formulas.subject(Subject::free("kms:ViaService"));
    let (a, b) = (
        formulas.equals(subject, "s3.us-east-1.amazonaws.com"),
        formulas.equals(subject, "ec2.us-east-1.amazonaws.com"),
    );
    let either = formulas.or2(a, b);
    let together = formulas.and2(unknown, either);
    let (with_a, with_b) = (formulas.and2(unknown, a), formulas.and2(unknown, b));
    let apart = formulas.or2(with_a, with_b);
    let not_known = formulas.not(unknown);
    let either_way = formulas.or2(unknown, not_known);
    let nothing = RequestContext::new();
    let is = |earlier, later| relation(&formulas, earlier, later, &nothing);
    assert_eq!(is(together, apart), Relation::Same);
    assert_eq!(is(together, with_a), Relation::Stronger);
    assert_eq!(is(with_a, with_b), Relation::Apart);
    assert_eq!(is(either_way, FormulaId::TRUE), Relation::Weaker);
    assert_eq!(is(unknown, FormulaId::TRUE), Relation::Weaker);
    assert_eq!(is(unknown, FormulaId::FALSE), Relation::Stronger);
}
