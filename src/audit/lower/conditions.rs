//! The conditions of a statement -> what it tests, and in which manner.

use crate::condition::block::{Context, PreparedCondition};
use crate::condition::key::{Class, KnownKey};
use crate::condition::known::Known;
use crate::condition::operator::{Base, SetPrefix, Test};
use crate::facts::audited::{Manner, Tested};
use crate::facts::context::AnyRequest;
use crate::facts::id::Mask;
use crate::facts::statement::Statement;
use crate::facts::world::{Key, World};
use crate::model::action::{Action, ActionSet};
use crate::policy::document::PolicyKind;

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

/// The actions for which a condition of a statement by ForAllValues passes without its key (S2.5.6), as far as nothing
/// else in the statement asks for the key.
pub(super) fn absent_passes(world: &World, statement: &Statement) -> Mask {
    let all = statement.conditions.iter();
    let passing = all.filter(|one| one.set() == SetPrefix::ForAllValues && !matches!(one.base(), Base::Null));
    let open = passing.filter(|one| {
        let others = statement
            .conditions
            .iter()
            .filter(|other| other.key() == one.key());
        // A request without `aws:TagKeys` touches no tag; AWS documents such conditions.
        one.key().known != Some(KnownKey::TagKeys) && !others.clone().any(needs_its_key)
    });
    let mut mask = ActionSet::EMPTY;
    for condition in open {
        let actions = statement.actions | statement.doubtful;
        mask |= actions
            .into_iter()
            .filter(|&action| may_be_absent(world, condition, action))
            .collect();
    }
    mask
}

/// Whether a condition holds for no request without its key (S2.5.4).
fn needs_its_key(condition: &PreparedCondition) -> bool {
    match condition.base() {
        Base::Null => condition.texts().all(|text| text.eq_ignore_ascii_case("false")),
        Base::Unknown(_) => false,
        Base::Compare { .. } if condition.set() == SetPrefix::ForAllValues || condition.if_exists() => false,
        Base::Compare { negated, .. } => !negated || condition.set() == SetPrefix::ForAnyValue,
    }
}

/// Whether some request for an action has no such key, whoever makes it for whichever key (S6.3).
fn may_be_absent(world: &World, condition: &PreparedCondition, action: Action) -> bool {
    let anyone = world
        .principal_ids
        .get("*")
        .and_then(|ids| world.principal(*ids.first()?));
    let Some(principal) = anyone else {
        return true;
    };
    let any = AnyRequest {
        world,
        principal,
        key: &Key::default(),
        action,
        policy: PolicyKind::Identity,
    };
    match any.known(condition.key()) {
        Known::Is(values) => values.is_empty(),
        Known::Open { absent, .. } => absent,
        _ => true,
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
