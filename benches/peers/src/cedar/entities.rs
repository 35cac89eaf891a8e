//! Roles, keys and levels of the organization as Cedar entities, and the context of a request.

use super::policies::group;
use crate::organization::{Key, Organization, Role};
use crate::question::Question;
use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use keywho::model::action::{Action, ActionSet};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

pub(crate) fn uid(kind: &str, name: &str) -> EntityUid {
    let kind = EntityTypeName::from_str(kind).expect("a type's name");
    EntityUid::from_type_name_and_id(kind, EntityId::new(name))
}

pub(crate) fn action_uid(action: Action) -> EntityUid {
    uid("Action", &action.to_string())
}

/// `sets`: the sets of actions that policies are about.
pub(crate) fn entities(organization: &Organization, sets: &BTreeSet<ActionSet>) -> Entities {
    let actions = Action::all().map(|one| action(one, sets));
    let levels = organization
        .parents
        .iter()
        .map(|(inside, level)| entity("Level", inside, [], [uid("Level", level)]));
    let roles = organization.roles.iter().map(|one| role(organization, one));
    let keys = organization.keys.iter().map(key);
    Entities::from_entities(actions.chain(levels).chain(roles).chain(keys), None).expect("entities agree")
}

/// An action is inside every set that has it.
fn action(action: Action, sets: &BTreeSet<ActionSet>) -> Entity {
    let groups = sets.iter().filter(|set| set.contains(action));
    let parents = groups.map(|set| uid("Action", &group(*set)));
    entity("Action", &action.to_string(), [], parents)
}

type Attribute = (&'static str, RestrictedExpression);

fn entity<const N: usize>(
    kind: &str,
    name: &str,
    attributes: [Attribute; N],
    parents: impl IntoIterator<Item = EntityUid>,
) -> Entity {
    tagged(kind, name, attributes, parents, BTreeMap::new())
}

fn tagged<const N: usize>(
    kind: &str,
    name: &str,
    attributes: [Attribute; N],
    parents: impl IntoIterator<Item = EntityUid>,
    tags: BTreeMap<&str, ActionSet>,
) -> Entity {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    let tags = tags
        .into_iter()
        .map(|(name, actions)| (name.to_owned(), set(actions)));
    Entity::new_with_tags(uid(kind, name), attributes, parents, tags).expect("attributes are values")
}

fn set(actions: ActionSet) -> RestrictedExpression {
    let uids = actions.iter().map(action_uid);
    RestrictedExpression::new_set(uids.map(RestrictedExpression::new_entity_uid))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn record(pairs: &BTreeMap<String, String>) -> RestrictedExpression {
    let fields = pairs.iter().map(|(name, value)| (name.clone(), text(value)));
    RestrictedExpression::new_record(fields).expect("names differ")
}

/// A role is inside its account and the policies it holds.
fn role(organization: &Organization, role: &Role) -> Entity {
    let attributes = [
        ("arn", text(&role.arn)),
        ("account", text(&role.account)),
        ("organization", text(&organization.id)),
        ("tags", record(&role.tags)),
        (
            "serviceLinked",
            RestrictedExpression::new_bool(role.service_linked),
        ),
        ("isAwsService", RestrictedExpression::new_bool(false)),
    ];
    let held = role.attached.iter().map(|arn| uid("Policy", arn));
    let parents = held
        .chain(role.boundary.iter().map(|arn| uid("Boundary", arn)))
        .chain([uid("Level", &role.account)]);
    entity("Role", &role.arn, attributes, parents)
}

fn key(key: &Key) -> Entity {
    let attributes = [
        ("arn", text(&key.arn)),
        ("account", text(&key.account)),
        ("region", text(&key.region)),
        ("alias", text(&key.alias)),
        ("tags", record(&key.tags)),
        ("awsManaged", RestrictedExpression::new_bool(key.aws_managed)),
    ];
    let level = [uid("Level", &key.account)];
    tagged("Key", &key.arn, attributes, level, left_to_iam(key))
}

/// S4.3, S4.6.1: which actions the key policy leaves to the IAM policies of an account, or of a role of another one.
fn left_to_iam(key: &Key) -> BTreeMap<&str, ActionSet> {
    let own = format!("arn:aws:iam::{}:role/", key.account);
    let mut left = BTreeMap::new();
    for statement in key.policy.iter().filter(|said| said.allows) {
        for name in statement.principals.iter().filter(|name| *name != "*") {
            let to = match name.strip_suffix(":root") {
                Some(account) => account.rsplit(':').next().expect("an ARN names its account"),
                None if name.starts_with(&own) => continue,
                None => name.as_str(),
            };
            assert!(
                statement.condition.is_empty(),
                "a tag has no conditions: {}",
                key.arn
            );
            *left.entry(to).or_insert(ActionSet::EMPTY) |= statement.actions;
        }
    }
    left
}

/// What is stated of a request, as far as the action and the key have it.
pub(crate) fn context(question: &Question, on: &Key) -> Context {
    let mut pairs = BTreeMap::new();
    let mut fields = Vec::new();
    for (key, values) in question.stated(on) {
        let [value] = values.as_slice() else {
            continue;
        };
        match key.as_str() {
            "aws:SourceIp" => fields.push(("sourceIp", RestrictedExpression::new_ip(value))),
            "kms:ViaService" => fields.push(("viaService", text(value))),
            "aws:MultiFactorAuthPresent" => fields.push((
                "multiFactorAuthPresent",
                RestrictedExpression::new_bool(value == "true"),
            )),
            other => {
                let pair = other.strip_prefix("kms:EncryptionContext:");
                pairs.insert(pair.expect("a key that is translated").to_owned(), value.clone());
            }
        }
    }
    if !pairs.is_empty() {
        fields.push(("encryptionContext", record(&pairs)));
    }
    Context::from_pairs(fields.into_iter().map(|(name, value)| (name.to_owned(), value)))
        .expect("a context of values")
}
