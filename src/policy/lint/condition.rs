//! One condition after the other -> remarks on its key, its set operator and its values (S2.5, S6, A25, A35, A36).
//!
//! What only several conditions together make impossible is found in [`never`](super::never).

use super::possible::{Value, form, is_possible, listed};
use super::variable::has_placeholder;
use super::{Linter, nearest, quote, quote_all};
use crate::condition::key::{Class, KnownKey, Support, canonical_name, did_you_mean, lookup};
use crate::condition::operator::{Base, Family, SetPrefix, Test};
use crate::diag::Code;
use crate::model::action::ActionSet;
use crate::policy::document::{Condition, Effect, PolicyKind};
use std::collections::BTreeSet;

/// What a condition is for a request in which its key is absent (S2.5.4, S2.5.6); `None` if that is not known.
pub(super) fn when_absent(condition: &Condition) -> Option<bool> {
    let operator = &condition.operator;
    match &operator.base {
        Base::Unknown(_) => None,
        Base::Null => Some(
            condition
                .values
                .iter()
                .any(|value| value.eq_ignore_ascii_case("true")),
        ),
        Base::Compare { .. } if operator.if_exists => Some(true),
        Base::Compare { negated, .. } => Some(match operator.set {
            SetPrefix::Single => *negated,
            SetPrefix::ForAllValues => true,
            SetPrefix::ForAnyValue => false,
        }),
    }
}

/// A condition that compares, and what a value means that matches nothing.
struct Compared<'a> {
    condition: &'a Condition,
    test: Test,
    negated: bool,
    outcome: String,
}

impl Linter<'_> {
    /// Looks at the condition block.
    pub(super) fn conditions(&mut self) {
        let asks = self
            .statement
            .conditions
            .iter()
            .filter(|condition| when_absent(condition) == Some(false));
        let asked_for: BTreeSet<String> = asks.map(|condition| canonical_name(&condition.key)).collect();
        let mut dead = false;
        for condition in &self.statement.conditions {
            if matches!(condition.operator.base, Base::Unknown(_)) {
                continue;
            }
            if let Some((key, _)) = lookup(&condition.key) {
                let asked_for = asked_for.contains(&canonical_name(&condition.key));
                self.set_operator(condition, key, asked_for);
            }
            dead |= self.condition(condition);
        }
        if !dead {
            self.contradictions();
        }
    }

    /// Looks at one condition; tells whether it was reported as one that never holds.
    fn condition(&mut self, condition: &Condition) -> bool {
        let Some((key, _)) = lookup(&condition.key) else {
            self.unknown_key(condition);
            return self.values(condition, None);
        };
        if self.kind == PolicyKind::Key && !key.is_documented_in_key_policies() {
            self.tag_in_key_policy(condition);
        } else if self.is_unsupported(key) {
            return self.unsupported(condition, key);
        } else if when_absent(condition) == Some(false)
            && let Some(reason) = self.absent_for_principals(key)
        {
            let message = format!("{} is never present: {reason}", quote(&condition.key));
            let found = self.remark(Code::NeverTrue, message);
            let found = found.effect(format!("{} (S3.2, A29)", self.nothing()));
            self.report(found.help("remove the condition, or name the principals it is meant for"));
            return true;
        }
        self.values(condition, Some(key))
    }

    fn unknown_key(&mut self, condition: &Condition) {
        let name = condition.key.as_str();
        if !self.is_for_kms(name) || has_placeholder(name) {
            return;
        }
        let found = self
            .remark(
                Code::UnknownConditionKey,
                format!("unknown condition key {}", quote(name)),
            )
            .effect("whether the condition holds is reported as unknown (S6.11, A35)");
        let stem = KnownKey::all().find(|key| {
            let stem = key.stem();
            key.is_family()
                && stem.len() == name.len() + 1
                && stem.to_lowercase().starts_with(&name.to_lowercase())
        });
        let service = name.split_once(':').map_or("", |(service, _)| service);
        self.report(if name.contains("${") {
            found.help("variables have no place in the name of a key (S2.7.1)")
        } else if let Some(family) = stem {
            found.help(format!("the name goes on: `{}...`", family.stem()))
        } else if let Some(near) = did_you_mean(name) {
            found.help(format!("did you mean `{near}`?"))
        } else if !["aws", "kms", ""].contains(&service.to_ascii_lowercase().as_str()) {
            found.help(format!("keys of {} are not in requests to KMS", quote(service)))
        } else {
            found
        });
    }

    /// S6.3a: whether none of the statement's actions has the key.
    fn is_unsupported(&self, key: KnownKey) -> bool {
        let none = self
            .actions
            .iter()
            .all(|action| key.support(action) == Support::No);
        // Of several services, another one may have the key.
        none && (self.kms_alone || key.is_kms())
    }

    fn unsupported(&mut self, condition: &Condition, key: KnownKey) -> bool {
        let never = when_absent(condition) == Some(false);
        let effect = if never {
            format!(
                "the condition never holds: {} (S2.5.4, S6.3, A35)",
                self.nothing()
            )
        } else {
            "the condition always holds (S2.5.4, S6.3, A35)".to_owned()
        };
        let message = format!(
            "no action of the statement has the condition key {}",
            quote(&condition.key)
        );
        let found = self.remark(Code::UnsupportedConditionKey, message).effect(effect);
        let actions: Vec<String> = key.actions().iter().map(|action| action.to_string()).collect();
        self.report(found.help(format!("it is in requests for {}", quote_all(&actions))));
        never
    }

    /// S6.4
    fn tag_in_key_policy(&mut self, condition: &Condition) {
        let message = format!(
            "{} in a key policy is documented as not supported",
            quote(&condition.key)
        );
        let found = self
            .remark(Code::TagInKeyPolicy, message)
            .effect("whether the condition holds is reported as unknown (S6.4, A36)");
        self.report(found.help("test it in identity policies, which the key policy has to let decide"));
    }

    /// Why no principal of the statement can have the key in its requests (S3.2), if that is certain.
    pub(super) fn absent_for_principals(&self, key: KnownKey) -> Option<&'static str> {
        let for_services = key.class() == Class::ServiceCall
            || matches!(
                key,
                KnownKey::PrincipalServiceName | KnownKey::PrincipalServiceNamesList
            );
        let iam = "only direct calls of AWS services have it";
        match self.kind {
            PolicyKind::Key | PolicyKind::Endpoint => {}
            PolicyKind::Rcp | PolicyKind::Trust => return None,
            _ => return (for_services && self.kms_alone).then_some(iam),
        }
        let never_for_services = key.class() == Class::Session
            || matches!(
                key,
                KnownKey::PrincipalOrgID
                    | KnownKey::PrincipalOrgPaths
                    | KnownKey::PrincipalTag
                    | KnownKey::Username
            );
        if for_services && self.callers.iam {
            Some(iam)
        } else if key == KnownKey::Username && self.callers.roles {
            Some("roles have no user name")
        } else if never_for_services && self.callers.services {
            Some("direct calls of AWS services do not have it")
        } else {
            None
        }
    }

    /// S2.5.6, S2.5.7
    fn set_operator(&mut self, condition: &Condition, key: KnownKey, asked_for: bool) {
        let operator = &condition.operator;
        let Base::Compare { negated, .. } = operator.base else {
            return;
        };
        let shown = quote(&condition.key);
        let found = |message: String| self.remark(Code::SetOperator, message);
        let found = match (operator.set, key.is_multi_valued()) {
            (SetPrefix::Single, true) => found(format!(
                "{shown} has several values, and `{operator}` no set operator"
            ))
            .effect("for a request with several values the outcome is reported as unknown (S2.5.7, A35)")
            .help(format!(
                "write `ForAnyValue:{operator}` or `ForAllValues:{operator}`"
            )),
            (SetPrefix::ForAllValues, false) => {
                let refused = matches!(key, KnownKey::EncryptionContext | KnownKey::RequestTag);
                let refused = if refused {
                    "; KMS refuses to save it (S2.1.7)"
                } else {
                    ""
                };
                found(format!("`ForAllValues` on {shown}, which has one value"))
                    .effect(format!(
                        "a request without the key satisfies it (S2.5.7, A25){refused}"
                    ))
                    .help("leave out `ForAllValues:`")
            }
            (SetPrefix::ForAnyValue, false) => {
                let effect = if negated {
                    "a request without the key does not satisfy it, as it would without `ForAnyValue` (S2.5.6, A35)"
                } else {
                    "none: the key is a set of at most one value (S2.5.7, A35)"
                };
                found(format!("`ForAnyValue` on {shown}, which has one value"))
                    .effect(effect)
                    .help("leave out `ForAnyValue:`")
            }
            (SetPrefix::ForAllValues, true)
                if self.statement.effect == Some(Effect::Allow) && !asked_for && self.may_be_missing(key) =>
            {
                found(format!(
                    "`ForAllValues` on {shown} in an `Allow`, and nothing asks for the key"
                ))
                .effect("a request without the key satisfies it (S2.5.6, A25)")
                .help(format!("add `\"Null\": {{\"{}\": \"false\"}}`", condition.key))
            }
            _ => return,
        };
        self.report(found);
    }

    /// Whether a request for the statement's actions may lack a key that some of them support.
    fn may_be_missing(&self, key: KnownKey) -> bool {
        match key {
            KnownKey::GrantOperations => false,
            KnownKey::TagKeys => !self.actions.is_subset(ActionSet::TAG),
            _ => true,
        }
    }

    /// Looks at the values; tells whether the condition was reported as one that never holds.
    fn values(&mut self, condition: &Condition, key: Option<KnownKey>) -> bool {
        if key.is_none() && !self.is_for_kms(&condition.key) {
            return false;
        }
        let Base::Compare { test, negated } = condition.operator.base else {
            return self.null_values(condition);
        };
        let values: Vec<Value<'_>> = condition
            .values
            .iter()
            .map(|text| Value::read(test, text, self.variables))
            .collect();
        let possible = |value: &&Value<'_>| {
            !value.is_invalid() && key.is_none_or(|key| is_possible(key, self.actions, test, value))
        };
        let never =
            !negated && when_absent(condition) == Some(false) && !values.iter().any(|value| possible(&value));
        let outcome = match (never, negated) {
            (true, _) => format!("the condition never holds: {}", self.nothing()),
            (false, true) => "it excludes nothing".to_owned(),
            (false, false) => "it never matches".to_owned(),
        };
        let compared = Compared {
            condition,
            test,
            negated,
            outcome,
        };
        let (possible, other): (Vec<&Value<'_>>, Vec<&Value<'_>>) = values.iter().partition(possible);
        let (odd, other): (Vec<&Value<'_>>, Vec<&Value<'_>>) = other
            .into_iter()
            .partition(|value| value.is_invalid() || value.literal_wildcard);
        for value in odd {
            if value.is_invalid() {
                self.invalid_value(&compared, value);
            } else {
                self.literal_wildcard(&compared, value, false);
            }
        }
        for value in possible.iter().filter(|value| value.literal_wildcard) {
            self.literal_wildcard(&compared, value, true);
        }
        if let Some(key) = key {
            self.impossible(&compared, key, never, &other);
        }
        never
    }

    /// Reports values that the key never has.
    fn impossible(&mut self, compared: &Compared<'_>, key: KnownKey, never: bool, values: &[&Value<'_>]) {
        let Some(first) = values.first() else {
            return;
        };
        let code = if never {
            Code::NeverTrue
        } else {
            Code::InvalidConditionValue
        };
        let like = if first.wide.iter().any(|token| token.is_wildcard()) {
            "never like"
        } else {
            "never"
        };
        let texts: Vec<&str> = values.iter().map(|value| value.text).collect();
        let message = format!(
            "{} is {like} {}",
            quote(&compared.condition.key),
            quote_all(&texts)
        );
        let rule = if never { "S2.5.9, A29" } else { "S2.5.9" };
        let mut found = self
            .remark(code, message)
            .effect(format!("{} ({rule})", compared.outcome));
        found.help = self.values_of(key, compared.test, first);
        self.report(found);
    }

    /// What to write instead of a value that the key never has.
    fn values_of(&self, key: KnownKey, test: Test, value: &Value<'_>) -> Option<String> {
        if let Some(list) = listed(key, self.actions) {
            return Some(match nearest(value.text, &list) {
                Some(near) if near != value.text => format!("did you mean `{near}`?"),
                _ => format!("its values are {}", quote_all(&list)),
            });
        }
        let family = test.family();
        let readable = matches!(family, Family::String | Family::Arn);
        match form(key) {
            Some((_, words)) if readable => Some(words.to_owned()),
            Some((_, words)) => Some(format!("`{}` does not compare them; {words}", test.name(false))),
            None => Some(format!("`{}` cannot read its values", test.name(false))),
        }
    }

    /// Looks at the values of `Null`; tells whether none of them can hold.
    fn null_values(&mut self, condition: &Condition) -> bool {
        let is_flag =
            |value: &&String| value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false");
        let never = !condition.values.iter().any(|value| is_flag(&value));
        let effect = match never {
            true => format!("the condition never holds: {} (S2.5.3)", self.nothing()),
            false => "it never matches (S2.5.3)".to_owned(),
        };
        for value in condition.values.iter().filter(|value| !is_flag(value)) {
            let message = format!("`Null` of {} is {}", quote(&condition.key), quote(value));
            let found = self.remark(Code::InvalidConditionValue, message);
            let found = found.effect(effect.as_str());
            self.report(found.help("write `\"true\"` for an absent key, `\"false\"` for a present one"));
        }
        never
    }

    fn invalid_value(&mut self, compared: &Compared<'_>, value: &Value<'_>) {
        let test = compared.test;
        let message = format!(
            "`{}` cannot read {}, a value of {}",
            test.name(compared.negated),
            quote(value.text),
            quote(&compared.condition.key)
        );
        let help = match test.family() {
            _ if value.text.contains("${") && !test.substitutes_variables() => {
                "variables are substituted for String and ARN operators only (S2.7.1)"
            }
            Family::Arn => "write six parts, `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`, or use `StringLike`",
            Family::Ip => "write an address or a range such as `203.0.113.0/24`",
            Family::Bool => "write `true` or `false`",
            Family::Date => "write a time such as `2026-11-01T00:00:00Z`",
            Family::Numeric => "write a decimal number",
            Family::Binary => "write base64",
            Family::String => "write a text",
        };
        let found = self.remark(Code::InvalidConditionValue, message);
        self.report(found.effect(format!("{} (S2.5.3)", compared.outcome)).help(help));
    }

    fn literal_wildcard(&mut self, compared: &Compared<'_>, value: &Value<'_>, possible: bool) {
        let negated = compared.negated;
        let (name, like) = (compared.test.name(negated), Test::StringLike.name(negated));
        let message = format!(
            "`{name}` takes the wildcard in {}, a value of {}, literally",
            quote(value.text),
            quote(&compared.condition.key)
        );
        let effect = match (possible, negated) {
            (false, _) => compared.outcome.as_str(),
            (true, true) => "it excludes nothing but this very text",
            (true, false) => "it matches nothing but this very text",
        };
        let found = self.remark(Code::LiteralWildcard, message);
        let found = found.effect(format!("{effect} (S2.5.3, A35)"));
        self.report(found.help(format!("use `{like}`")));
    }
}
