//! The conditions of a statement -> what it tests, and in which manner.

use crate::condition::block::PreparedCondition;
use crate::condition::key::{Class, KnownKey};
use crate::condition::operator::{Base, SetPrefix, Test};
use crate::facts::audited::{Manner, Tested};

/// What one condition tests, and how.
pub(super) fn tests(condition: &PreparedCondition) -> (Tested, Manner) {
    let tested = tested(condition);
    (tested, manner(tested, condition))
}

fn tested(condition: &PreparedCondition) -> Tested {
    use KnownKey as K;
    let Some(known) = condition.key().known else {
        return Tested::Other;
    };
    match known {
        K::CallerAccount | K::PrincipalAccount => Tested::CallerAccount,
        K::PrincipalOrgID | K::PrincipalOrgPaths => Tested::CallerOrganization,
        K::PrincipalArn | K::UserId => Tested::CallerArn,
        K::PrincipalIsAWSService | K::PrincipalServiceName | K::PrincipalServiceNamesList => {
            Tested::CallerIsService
        }
        K::ViaAWSService | K::CalledVia | K::CalledViaFirst | K::CalledViaLast => Tested::ThroughService,
        K::ViaService => Tested::ViaService,
        K::SourceAccount => Tested::SourceAccount,
        K::SourceArn => Tested::SourceArn,
        K::SourceOrgID | K::SourceOrgPaths => Tested::SourceOrganization,
        K::SourceVpce | K::VpceAccount | K::VpceOrgID | K::VpceOrgPaths => Tested::Endpoint,
        K::SourceIp | K::VpcSourceIp | K::SourceVpc | K::SourceVpcArn => Tested::Network,
        K::UserAgent | K::Referer => Tested::Forgeable,
        K::EncryptionContext if condition.texts().all(names_account) => Tested::ContextOfAccount,
        K::EncryptionContext | K::EncryptionContextKeys => Tested::EncryptionContext,
        K::ResourceTag => Tested::ResourceTag,
        K::ResourceAliases => Tested::ResourceAliases,
        K::ResourceAccount | K::ResourceOrgID | K::ResourceOrgPaths => Tested::ResourceOrganization,
        K::BypassPolicyLockoutSafetyCheck => Tested::LockoutBypass,
        K::GrantIsForAWSResource => Tested::GrantForService,
        K::GranteePrincipal | K::GranteeServicePrincipal => Tested::Grantee,
        K::GrantOperations => Tested::GrantOperations,
        K::TrailingDaysWithoutKeyUsage | K::ScheduleKeyDeletionPendingWindowInDays => Tested::DeletionGuard,
        other if other.class() == Class::Principal => Tested::Caller,
        _ => Tested::Other,
    }
}

/// Whether a text names an account: its 12 digits stand between other characters than digits.
fn names_account(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 12)
}

fn manner(tested: Tested, condition: &PreparedCondition) -> Manner {
    let (test, negated) = match condition.base() {
        Base::Null if condition.texts().any(|text| text.eq_ignore_ascii_case("true")) => {
            return Manner::MustBeAbsent;
        }
        Base::Null => return Manner::MustBePresent,
        Base::Unknown(_) => return Manner::Compared,
        Base::Compare { test, negated } => (*test, *negated),
    };
    match () {
        () if negated => Manner::Negated,
        () if condition.set() == SetPrefix::ForAllValues => Manner::ForAllValues,
        () if condition.if_exists() => Manner::IfExists,
        () if condition.has_variables() => Manner::Variable,
        () => by_values(tested, test, condition),
    }
}

fn by_values(tested: Tested, test: Test, condition: &PreparedCondition) -> Manner {
    let has_wildcard = |text: &str| text.contains(['*', '?']);
    let open: &dyn Fn(&str) -> bool = match (test, tested) {
        (Test::StringEquals | Test::StringEqualsIgnoreCase | Test::Bool | Test::BinaryEquals, _) => {
            &|_| false
        }
        (Test::StringLike | Test::ArnLike, Tested::CallerArn | Tested::SourceArn) => &any_account,
        // `o-1/*`: everything under one organization.
        (Test::StringLike, Tested::CallerOrganization | Tested::SourceOrganization | Tested::Endpoint) => {
            &|text| text.split('/').next().is_none_or(has_wildcard)
        }
        (Test::StringLike | Test::ArnLike, _) => &has_wildcard,
        _ => return Manner::Compared,
    };
    match condition.texts().any(open) {
        true => Manner::Wildcard,
        false => Manner::Fixed,
    }
}

/// Whether an ARN pattern leaves the account open. ARNs of buckets have none; then the name must not.
fn any_account(pattern: &str) -> bool {
    let mut parts = pattern.splitn(6, ':').skip(4);
    match (parts.next(), parts.next()) {
        (Some(""), Some(resource)) => {
            let name = resource.split('/').next().unwrap_or_default();
            name.contains(['*', '?'])
        }
        (Some(account), Some(_)) => account.contains(['*', '?']),
        // Ids of users and roles: `AROA..:*`.
        _ => pattern.split(':').next().is_none_or(|id| id.contains(['*', '?'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::operator::Operator;
    use crate::policy::document::Condition;

    fn of(operator: &str, key: &str, values: &[&str]) -> (Tested, Manner) {
        let condition = Condition {
            operator: Operator::parse(operator),
            key: key.to_owned(),
            values: values.iter().map(|&text| text.to_owned()).collect(),
        };
        tests(&PreparedCondition::new(&condition, true))
    }

    #[test]
    fn fixed_values_are_told_from_those_that_leave_the_caller_open() {
        let fixed = [
            ("StringEquals", "kms:CallerAccount", "111122223333"),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/r-1/*"),
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/*"),
            ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::bucket"),
        ];
        for (operator, key, value) in fixed {
            assert_eq!(of(operator, key, &[value]).1, Manner::Fixed, "{key} {value}");
        }
        let open = [
            ("StringLike", "kms:CallerAccount", "1111*", Manner::Wildcard),
            (
                "ForAnyValue:StringLike",
                "aws:PrincipalOrgPaths",
                "o-*/r-1/*",
                Manner::Wildcard,
            ),
            (
                "ArnLike",
                "aws:PrincipalArn",
                "arn:aws:iam::*:role/app",
                Manner::Wildcard,
            ),
            ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", Manner::Wildcard),
            (
                "StringEqualsIfExists",
                "aws:PrincipalOrgID",
                "o-1",
                Manner::IfExists,
            ),
            ("StringNotEquals", "aws:PrincipalOrgID", "o-1", Manner::Negated),
            (
                "ForAllValues:StringEquals",
                "aws:PrincipalOrgPaths",
                "o-1/",
                Manner::ForAllValues,
            ),
            (
                "StringEquals",
                "aws:PrincipalAccount",
                "${aws:ResourceAccount}",
                Manner::Variable,
            ),
            ("Null", "aws:PrincipalOrgID", "false", Manner::MustBePresent),
            ("IpAddress", "aws:SourceIp", "203.0.113.0/24", Manner::Compared),
        ];
        for (operator, key, value, manner) in open {
            assert_eq!(of(operator, key, &[value]).1, manner, "{operator} {key} {value}");
        }
    }

    #[test]
    fn a_pair_of_the_encryption_context_may_name_an_account() {
        let key = "kms:EncryptionContext:aws:cloudtrail:arn";
        let arn = "arn:aws:cloudtrail:*:111122223333:trail/*";
        assert_eq!(
            of("StringLike", key, &[arn]),
            (Tested::ContextOfAccount, Manner::Wildcard)
        );
        assert_eq!(
            of("StringEquals", key, &["payments"]).0,
            Tested::EncryptionContext
        );
    }
}
