//! Patterns over ARNs: a pattern and an ARN into yes, no or doubt (S2.4, ARN operators of S2.5.3).
//!
//! Two readings of a Resource pattern are computed. *Part by part*: each of the first five parts is a glob of its own,
//! the sixth is one string; parts that are not written are `*` (S2.4.3). *Whole*: the text, as written or so completed,
//! is one glob. Part by part is the rule (S2.4.2). Where only the whole reading matches, as for `arn:aws:kms:*:key/*`,
//! whose account part is missing, the documentation leaves it open: doubt (S2.4.4). So S2.4.3 decides for short
//! patterns that match when completed, and S2.4.4 only for those that do not.

use super::name::Arn;
use crate::pattern::{Pattern, Token, match_tokens, matches_everything, tokens};
use crate::policy::document::PolicyKind;

/// Whether a pattern matches, where the documentation may leave it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// It does not.
    No,
    /// It may; the rule that says so.
    Doubt(&'static str),
    /// It does.
    Yes,
}

impl Match {
    /// Whether it matches for certain.
    #[must_use]
    pub fn is_yes(self) -> bool {
        self == Match::Yes
    }

    /// Whether it certainly does not match.
    #[must_use]
    pub fn is_no(self) -> bool {
        self == Match::No
    }

    /// One of the two matches; of two doubts the first is kept.
    #[must_use]
    pub fn or(self, other: Match) -> Match {
        match (self, other) {
            (Match::Yes, _) | (_, Match::Yes) => Match::Yes,
            (Match::Doubt(rule), _) | (_, Match::Doubt(rule)) => Match::Doubt(rule),
            (Match::No, Match::No) => Match::No,
        }
    }
}

impl std::ops::Not for Match {
    type Output = Match;

    /// What matches no longer does, and the other way round (S2.4.7).
    fn not(self) -> Match {
        match self {
            Match::Yes => Match::No,
            Match::No => Match::Yes,
            doubt @ Match::Doubt(_) => doubt,
        }
    }
}

impl From<bool> for Match {
    fn from(matches: bool) -> Match {
        if matches { Match::Yes } else { Match::No }
    }
}

/// A pattern of a Resource element, or of an ARN condition, prepared for many ARNs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArnPattern {
    /// All six parts, those not written as `*`.
    parts: [Pattern; 6],
    /// How many of them were written, at most six.
    written: usize,
    /// The service part was written with a wildcard.
    wild_service: bool,
    /// The pattern as written.
    whole: Pattern,
    /// The pattern with `:*` for each part not written; `None` if all are.
    completed: Option<Box<[Token]>>,
}

/// The six parts of an ARN pattern, or fewer if it is short; the last one may hold colons itself (S1.1).
pub(crate) fn pattern_parts(pattern: &[Token]) -> impl Iterator<Item = &[Token]> {
    pattern.splitn(6, |token| *token == Token::Char(':'))
}

impl ArnPattern {
    /// Prepares a pattern. Characters substituted for policy variables are [`Token::Char`] and so match themselves.
    #[must_use]
    pub fn new(pattern: &[Token]) -> ArnPattern {
        let written: Vec<&[Token]> = pattern_parts(pattern).collect();
        let part = |i: usize| written.get(i).copied().unwrap_or(&[Token::Many]);
        let missing = 6 - written.len();
        let completed = (missing > 0).then(|| {
            let mut all = pattern.to_vec();
            all.extend([Token::Char(':'), Token::Many].repeat(missing));
            all.into_boxed_slice()
        });
        ArnPattern {
            parts: std::array::from_fn(|i| Pattern::new(part(i))),
            written: written.len(),
            wild_service: written
                .get(2)
                .is_some_and(|part| crate::pattern::has_wildcard(part)),
            whole: Pattern::new(pattern),
            completed,
        }
    }

    /// Prepares a pattern in which every `*` and `?` is a wildcard.
    #[must_use]
    pub fn read(pattern: &str) -> ArnPattern {
        ArnPattern::new(&tokens(pattern))
    }

    /// Whether the pattern is a lone `*`.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.whole.matches_everything()
    }

    /// Whether fewer than six parts are written, and it is not a lone `*` (S2.4.3).
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.written < 6 && !self.is_everything()
    }

    /// Whether it has the form an ARN operator can match: six parts, or a lone `*` (S2.5.3).
    #[must_use]
    pub fn is_arn_shaped(&self) -> bool {
        !self.is_short()
    }

    /// The only ARN the pattern matches, if it has no wildcard.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        self.whole.exact()
    }

    /// Whether a Resource element with this pattern covers the key or alias with this ARN (S2.4.1-S2.4.5).
    ///
    /// A bare key id or alias name covers nothing: it has one part, and no ARN is equal to it. An alias ARN is not a
    /// key ARN either.
    #[must_use]
    pub fn covers(&self, arn: &str, kind: PolicyKind) -> Match {
        if self.is_everything() {
            return Match::Yes;
        }
        if self.parts_match(arn) {
            return if self.wild_service {
                Match::Doubt("S2.4.2")
            } else if self.is_short() && !completes_patterns(kind) {
                Match::Doubt("S2.4.3")
            } else {
                Match::Yes
            };
        }
        let as_one_string = self.whole.matches(arn)
            || self
                .completed
                .as_deref()
                .is_some_and(|completed| match_tokens(completed, arn));
        if as_one_string {
            Match::Doubt("S2.4.4")
        } else {
            Match::No
        }
    }

    /// Whether a Resource element with this pattern covers an operation that has no resource (S2.4.8).
    ///
    /// Only `*` certainly does. A pattern of everything in an account is in doubt, if `account` is that account or not
    /// given: older documentation accepts it.
    #[must_use]
    pub fn covers_nothing_in(&self, account: Option<&str>) -> Match {
        if self.is_everything() {
            return Match::Yes;
        }
        let [arn, partition, service, _, owner, resource] = &self.parts;
        let wide = arn.matches("arn")
            && service.matches("kms")
            && partition
                .exact()
                .is_none_or(|partition| partition.starts_with("aws"))
            && account.is_none_or(|account| owner.matches(account))
            && resource.matches_everything();
        if wide { Match::Doubt("S2.4.8") } else { Match::No }
    }

    /// Whether an ARN operator with this value matches a context value (S2.5.3): six parts each, or a lone `*`.
    ///
    /// A context value that is no ARN matches nothing, not even `*`.
    #[must_use]
    pub fn is_like(&self, value: &str) -> bool {
        Arn::parse(value).is_some()
            && (self.is_everything() || (self.written == 6 && self.parts_match(value)))
    }

    fn parts_match(&self, arn: &str) -> bool {
        let mut written = arn.splitn(6, ':');
        self.parts
            .iter()
            .all(|part| written.next().is_some_and(|text| part.matches(text)))
    }
}

/// Identity policies and boundaries read a missing part as `*` (S2.4.3).
fn completes_patterns(kind: PolicyKind) -> bool {
    matches!(kind, PolicyKind::Identity | PolicyKind::Boundary)
}

/// Whether a Resource pattern covers the key or alias with this ARN: [`ArnPattern::covers`] without preparation.
#[must_use]
pub fn resource_match(pattern: &[Token], arn: &str, kind: PolicyKind) -> Match {
    if matches_everything(pattern) {
        return Match::Yes;
    }
    ArnPattern::new(pattern).covers(arn, kind)
}

/// Whether a Resource pattern covers an operation that has no resource: [`ArnPattern::covers_nothing_in`].
#[must_use]
pub fn resourceless_match(pattern: &[Token]) -> Match {
    ArnPattern::new(pattern).covers_nothing_in(None)
}

/// Whether an ARN operator matches: [`ArnPattern::is_like`] without preparation.
#[must_use]
pub fn arn_like(pattern: &[Token], value: &str) -> bool {
    ArnPattern::new(pattern).is_like(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::glob;
    use PolicyKind::{Boundary, Identity, Key, Rcp, Scp, Session};

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const ALIAS: &str = "arn:aws:kms:us-east-1:111122223333:alias/app/a:b";

    fn on_key(pattern: &str, kind: PolicyKind) -> Match {
        resource_match(&tokens(pattern), KEY, kind)
    }

    fn on_arn(pattern: &str, arn: &str, kind: PolicyKind) -> Match {
        resource_match(&tokens(pattern), arn, kind)
    }

    #[test]
    fn full_patterns_match_part_by_part() {
        for yes in [
            "*",
            KEY,
            "arn:aws:kms:us-east-1:111122223333:key/*",
            "arn:*:kms:*:*:key/*",
            "arn:aws:kms:*:*:*",
            "arn:aws:kms:us-????-1:1111*:key/1234*",
            "arn:aws:kms:*:111122223333:key/????????-*",
        ] {
            for kind in [Identity, Boundary, Key, Scp, Rcp, Session] {
                assert_eq!(on_key(yes, kind), Match::Yes, "{yes}");
            }
        }
        for no in [
            "",
            "arn:aws:kms:us-west-2:111122223333:key/*",
            "arn:aws:kms:us-east-1:999999999999:key/*",
            "arn:aws:kms:us-east-1:111122223333:alias/*",
            "arn:aws-cn:kms:*:*:key/*",
            "arn:aws:kms:US-EAST-1:111122223333:key/*",
            "arn:aws:s3:::*",
            "arn:aws:kms::111122223333:key/*",
            "1234abcd-12ab-34cd-56ef-1234567890ab",
            "key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "alias/app",
        ] {
            assert_eq!(on_key(no, Identity), Match::No, "{no}");
            assert_eq!(on_key(no, Key), Match::No, "{no}");
        }
    }

    #[test]
    fn the_sixth_part_is_one_string() {
        let on_alias = |pattern: &str| resource_match(&tokens(pattern), ALIAS, Identity);
        assert_eq!(on_alias("arn:aws:kms:us-east-1:111122223333:alias/*"), Match::Yes);
        assert_eq!(
            on_alias("arn:aws:kms:us-east-1:111122223333:alias/app/a:b"),
            Match::Yes
        );
        assert_eq!(on_alias("arn:aws:kms:us-east-1:111122223333:*:b"), Match::Yes);
        assert_eq!(on_alias("arn:aws:kms:us-east-1:111122223333:key/*"), Match::No);
        // The account's `*` would have to run into the sixth part.
        assert_eq!(on_alias("arn:aws:kms:us-east-1:*:b"), Match::Doubt("S2.4.4"));
    }

    #[test]
    fn a_wildcard_service_is_doubtful() {
        assert_eq!(
            on_key("arn:aws:*:us-east-1:111122223333:key/*", Identity),
            Match::Doubt("S2.4.2")
        );
        assert_eq!(on_key("arn:aws:km?:*:*:*", Key), Match::Doubt("S2.4.2"));
        assert_eq!(on_key("arn:aws:s*:*:*:*", Key), Match::No);
        assert_eq!(on_key("arn:aws:*", Identity), Match::Doubt("S2.4.2"));
    }

    #[test]
    fn short_patterns_are_completed_in_iam_policies() {
        for short in [
            "arn:aws:kms",
            "arn:aws:kms:us-east-1",
            "arn:aws",
            "arn:*",
            "arn:aws:kms:*",
            "arn:aws:kms:*:*",
        ] {
            assert_eq!(on_key(short, Identity), Match::Yes, "{short}");
            assert_eq!(on_key(short, Boundary), Match::Yes, "{short}");
            assert_eq!(on_key(short, Key), Match::Doubt("S2.4.3"), "{short}");
            assert_eq!(on_key(short, Scp), Match::Doubt("S2.4.3"), "{short}");
        }
        for other in ["arn:aws:s3", "arn:aws:kms:us-west-2", "arn:aws-cn"] {
            assert_eq!(on_key(other, Identity), Match::No, "{other}");
            assert_eq!(on_key(other, Key), Match::No, "{other}");
        }
        // A part is completed, not the text: this is no beginning of a Region.
        assert_eq!(on_key("arn:aws:kms:us-e", Identity), Match::No);
    }

    #[test]
    fn odd_patterns_are_doubtful_where_the_readings_differ() {
        for odd in [
            "arn:aws:kms:*:key/*",
            "arn:aws:*:key/*",
            "*:key/*",
            "*key*",
            "arn:*:key/1234*",
        ] {
            assert_eq!(on_key(odd, Identity), Match::Doubt("S2.4.4"), "{odd}");
            assert_eq!(on_key(odd, Key), Match::Doubt("S2.4.4"), "{odd}");
        }
        assert_eq!(on_key("arn:aws:kms:*:alias/*", Identity), Match::No);
        assert_eq!(on_key("arn:aws:kms:us-west-2:key/*", Identity), Match::No);
    }

    #[test]
    fn substituted_characters_are_literal() {
        let mut pattern = tokens("arn:aws:kms:us-east-1:111122223333:key/");
        pattern.push(Token::Char('*'));
        assert_eq!(resource_match(&pattern, KEY, Identity), Match::No);
        let star = [Token::Char('*')];
        assert_eq!(resource_match(&star, KEY, Identity), Match::No);
    }

    #[test]
    fn operations_without_resource_need_a_star() {
        let on_nothing = |pattern: &str| resourceless_match(&tokens(pattern));
        assert_eq!(on_nothing("*"), Match::Yes);
        assert_eq!(on_nothing("arn:aws:kms:*:111122223333:key/*"), Match::No);
        assert_eq!(
            on_nothing("arn:aws:kms:us-east-1:111122223333:*"),
            Match::Doubt("S2.4.8")
        );
        assert_eq!(on_nothing("arn:aws:kms"), Match::Doubt("S2.4.8"));
        assert_eq!(on_nothing("arn:aws:s3:::*"), Match::No);
        assert_eq!(on_nothing(KEY), Match::No);
        let other = ArnPattern::read("arn:aws:kms:us-east-1:999999999999:*");
        assert_eq!(other.covers_nothing_in(Some("111122223333")), Match::No);
        assert_eq!(
            other.covers_nothing_in(Some("999999999999")),
            Match::Doubt("S2.4.8")
        );
    }

    #[test]
    fn arn_operators_compare_six_parts() {
        let like = |pattern: &str, value: &str| arn_like(&tokens(pattern), value);
        let role = "arn:aws:iam::111122223333:role/team/R";
        assert!(like(role, role));
        assert!(like("arn:aws:iam::*:role/*", role));
        assert!(like("arn:*:iam:*:1111????3333:role/team/?", role));
        assert!(like("*", role));
        assert!(!like("*", "no-arn"));
        assert!(!like("arn:aws:iam::*", role));
        assert!(!like("arn:aws:iam::111122223333:role/team/r", role));
        assert!(!like("arn:aws:*:role/*", role));
        assert!(!like("arn:aws:iam::111122223333:role/*", "R"));
    }

    #[test]
    fn the_readings_bound_the_answer() {
        let mut state = 7_u64;
        let mut next = |bound: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % bound
        };
        let pieces = [
            "*", "?", "arn", "aws", "kms", "r-1", "1111", "key/a", "ke*", "a", "",
        ];
        let arn = "arn:aws:kms:r-1:1111:key/a";
        for _ in 0..50_000 {
            let parts: Vec<&str> = (0..=next(7)).map(|_| pieces[next(pieces.len())]).collect();
            let pattern = parts.join(":");
            let mut completed = parts.clone();
            completed.resize(parts.len().max(6), "*");
            let (first, sixth) = completed.split_at(5);
            let by_part = first
                .iter()
                .zip(arn.split(':'))
                .all(|(part, text)| glob(part, text))
                && glob(&sixth.join(":"), "key/a");
            let whole = glob(&pattern, arn) || glob(&completed.join(":"), arn);
            let found = on_arn(&pattern, arn, Identity);
            assert_eq!(found.is_no(), !by_part && !whole, "{pattern}");
            assert_eq!(
                found == Match::Doubt("S2.4.4"),
                !by_part && whole && pattern != "*",
                "{pattern}"
            );
            if by_part && !parts.get(2).is_some_and(|part| part.contains(['*', '?'])) {
                assert_eq!(found, Match::Yes, "{pattern}");
            }
        }
    }

    #[test]
    fn three_valued_logic() {
        let doubt = Match::Doubt("S2.4.4");
        assert_eq!(Match::No.or(doubt), doubt);
        assert_eq!(doubt.or(Match::Yes), Match::Yes);
        assert_eq!(!doubt, doubt);
        assert_eq!(!Match::Yes, Match::No);
        assert_eq!(Match::from(true), Match::Yes);
    }
}
