//! One request -> the permissions it needs, each an action on a key (S4.12, S5.4).

use super::names;
use super::request::Side;
use crate::Error;
use crate::arn::{Arn, KeyArn};
use crate::engine::Engine;
use crate::facts::id::KeyId;
use crate::facts::world::{Key, Resource};
use crate::model::action::{Action, ActionSet};
use crate::model::request::Request;
use std::borrow::Cow;

/// One permission that a request needs.
pub(super) struct Need<'a> {
    pub(super) action: Action,
    pub(super) key: Cow<'a, Key>,
    /// Its id, for a key of the tables.
    pub(super) id: Option<KeyId>,
    pub(super) side: Side,
}

impl Engine {
    /// Every permission the request needs (S4.12, S5.4).
    pub(super) fn needs<'a>(&'a self, request: &'a Request) -> Result<Vec<Need<'a>>, Error> {
        let bare_name = request
            .action
            .split_once(':')
            .map_or(request.action.as_str(), |(_, name)| name);
        if bare_name.eq_ignore_ascii_case("ReEncrypt") {
            let Some(destination) = &request.destination else {
                return Err(Error::Request(
                    "`kms:ReEncrypt` needs `destination` (S4.12.1)".to_owned(),
                ));
            };
            let mut from = self.need(request, Action::ReEncryptFrom, &request.resource)?;
            let mut to = self.need(request, Action::ReEncryptTo, destination)?;
            to.side = Side::Destination;
            from.side = Side::Source;
            return Ok(vec![from, to]);
        }
        let action = names::action(&request.action)?;
        let mut needs = vec![self.need(request, action, &request.resource)?];
        if ActionSet::ALIAS.contains(action) {
            if let Some(alias) = &request.alias {
                needs.extend(self.alias_side(action, alias, &needs));
            }
            if let Some(previous) = &request.previous_key {
                needs.push(self.need(request, action, previous)?);
            }
        }
        let stated = |name: &str| {
            request
                .context
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, v)| v)
        };
        if action == Action::ReplicateKey && stated("kms:ReplicaRegion").is_some() {
            needs.push(self.need(request, Action::CreateKey, "*")?);
        }
        if let (Action::UpdatePrimaryRegion, Some(region)) =
            (action, stated("kms:PrimaryRegion").and_then(|v| v.first()))
        {
            needs.extend(self.replica(&needs, region));
        }
        Ok(needs)
    }

    fn need<'a>(&'a self, request: &Request, action: Action, resource: &str) -> Result<Need<'a>, Error> {
        let (id, key) = if ActionSet::WITHOUT_RESOURCE.contains(action) {
            self.keyless(request, action)
        } else {
            self.key_of(request, resource)?
        };
        Ok(Need {
            action,
            key,
            id,
            side: Side::Source,
        })
    }

    /// What stands for the resource of an action without one: that of the caller's account.
    /// The Region, where the request states it, is that of the endpoint called.
    fn keyless(&self, request: &Request, action: Action) -> (Option<KeyId>, Cow<'_, Key>) {
        let (id, key) = self.keyless_in_any(&request.principal);
        let name = if request.action.ends_with(action.name()) {
            "aws:RequestedRegion"
        } else {
            "kms:ReplicaRegion"
        };
        let mut stated = request
            .context
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        match stated.next().and_then(|(_, values)| values.first()) {
            Some(region) => (
                None,
                Cow::Owned(Key {
                    region: region.clone(),
                    ..key.into_owned()
                }),
            ),
            None => (id, key),
        }
    }

    fn keyless_in_any(&self, principal: &str) -> (Option<KeyId>, Cow<'_, Key>) {
        let account =
            crate::arn::account_of(principal).and_then(|id| self.world.account_ids.get(id).copied());
        let mut keys = self.world.keys.iter().enumerate();
        match keys.find(|(_, key)| key.kind == Resource::Nothing && Some(key.account) == account) {
            Some((index, key)) => (Some(KeyId::at(index)), Cow::Borrowed(key)),
            None => {
                let key = Key {
                    arn: "*".to_owned(),
                    account: account.unwrap_or_default(),
                    kind: Resource::Nothing,
                    aliases_known: true,
                    tags_known: true,
                    actions: ActionSet::WITHOUT_RESOURCE,
                    ..Key::default()
                };
                (None, Cow::Owned(key))
            }
        }
    }

    /// The key a request names (S1.4). Key id and alias name mean the caller's account.
    pub(crate) fn key_of(
        &self,
        request: &Request,
        resource: &str,
    ) -> Result<(Option<KeyId>, Cow<'_, Key>), Error> {
        if let Some(&id) = self.world.key_ids.get(resource)
            && let Some(key) = self.world.key(id)
        {
            return Ok((Some(id), Cow::Borrowed(key)));
        }
        let mut found = self.keys_named(resource);
        if Arn::parse(resource).is_none() {
            if let Some(account) = crate::arn::account_of(&request.principal) {
                let account = self.world.account_ids.get(account).copied();
                found.retain(|&id| self.world.key(id).map(|key| key.account) == account);
            }
            let region = request
                .context
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("aws:RequestedRegion"));
            if let Some(region) = region.and_then(|(_, values)| values.first()) {
                found.retain(|&id| self.world.key(id).is_some_and(|key| key.region == *region));
            }
        }
        match found.as_slice() {
            [only] => {
                let key = self.world.key(*only).map(Cow::Borrowed);
                key.map(|key| (Some(*only), key))
                    .ok_or_else(|| Error::Request("no such key".to_owned()))
            }
            [] => match KeyArn::parse(resource) {
                Some(arn) => Ok((None, Cow::Owned(self.unseen_key(resource, &arn)))),
                None => Err(self.find_key(resource).err().unwrap_or_else(|| {
                    let text =
                        "a key id or alias name means a key of the caller's account; give the ARN (S1.4)";
                    Error::Request(format!("`{resource}` is a key of another account: {text}"))
                })),
            },
            _ => self
                .find_key(resource)
                .map(|id| (Some(id), Cow::Owned(Key::default()))),
        }
    }

    /// A key that is not in the snapshot: everything about it is unknown.
    fn unseen_key(&self, arn: &str, parts: &KeyArn<'_>) -> Key {
        let mut key = Key {
            arn: arn.to_owned(),
            id: parts.id.to_owned(),
            account: self
                .world
                .account_ids
                .get(parts.account)
                .copied()
                .unwrap_or_default(),
            region: parts.region.to_owned(),
            multi_region: Some(crate::arn::is_multi_region_id(parts.id)),
            actions: ActionSet::ON_KEYS,
            ..Key::default()
        };
        key.cannot = key.find_cannot();
        key
    }

    /// S5.4.1: the alias side of an alias operation, decided by identity policies of the alias's account.
    fn alias_side<'a>(&'a self, action: Action, alias: &str, needs: &[Need<'a>]) -> Option<Need<'a>> {
        let key = &needs.first()?.key;
        let parts = Arn::parse(&key.arn)?;
        let arn = match Arn::parse(alias) {
            Some(_) => alias.to_owned(),
            None => format!(
                "arn:{}:kms:{}:{}:{alias}",
                parts.partition, key.region, parts.account
            ),
        };
        let alias = Key {
            arn,
            account: key.account,
            region: key.region.clone(),
            kind: Resource::Alias,
            aliases_known: true,
            tags_known: true,
            actions: ActionSet::ALIAS,
            ..Key::default()
        };
        Some(Need {
            action,
            key: Cow::Owned(alias),
            id: None,
            side: Side::Source,
        })
    }

    /// S5.4.5: the replica that becomes primary, if the snapshot has it.
    fn replica<'a>(&'a self, needs: &[Need<'a>], region: &str) -> Option<Need<'a>> {
        let primary = &needs.first()?.key;
        let (id, key) = self.real_keys().find(|(_, key)| {
            key.id == primary.id && key.account == primary.account && key.region == region
        })?;
        let key = Cow::Borrowed(key);
        Some(Need {
            action: Action::UpdatePrimaryRegion,
            key,
            id: Some(id),
            side: Side::Source,
        })
    }
}
