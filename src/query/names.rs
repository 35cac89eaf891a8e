//! Names as people write them: principals, actions and keys (S1.4).

use crate::Error;
use crate::arn::{AliasArn, KeyArn, short_names};
use crate::engine::Engine;
use crate::error::{ambiguous, unknown};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Principal, Resource};
use crate::model::action::Action;
use crate::pattern::glob;

/// An action by its name, with or without `kms:`.
pub(crate) fn action(name: &str) -> Result<Action, Error> {
    Action::parse(name).ok_or_else(|| {
        let suggestions = Action::did_you_mean(name)
            .map(|action| action.to_string())
            .into_iter()
            .collect();
        Error::Name {
            problem: "unknown",
            noun: "action",
            name: name.to_owned(),
            suggestions,
        }
    })
}

impl Engine {
    /// All keys proper.
    pub(crate) fn real_keys(&self) -> impl Iterator<Item = (KeyId, &Key)> {
        let keys = self
            .world
            .keys
            .iter()
            .enumerate()
            .map(|(index, key)| (KeyId::at(index), key));
        keys.filter(|(_, key)| key.kind == Resource::Key)
    }

    /// The principals that rows can be about (S3.1.13), as rows name them.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        let mut names: Vec<&str> = self.world.listed().map(|(_, one)| one.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    /// A key by id, ARN, alias name or alias ARN.
    pub(crate) fn find_key(&self, name: &str) -> Result<KeyId, Error> {
        let found = self.keys_named(name);
        match found.as_slice() {
            [only] => Ok(*only),
            [] => {
                let aliases = self
                    .real_keys()
                    .flat_map(|(_, key)| key.aliases.iter().map(String::as_str));
                let names = self.real_keys().map(|(_, key)| key.arn.as_str()).chain(aliases);
                Err(unknown("key", name, names))
            }
            several => {
                let arns = several
                    .iter()
                    .filter_map(|&id| self.world.key(id))
                    .map(|key| key.arn.clone());
                Err(ambiguous("key", name, arns.collect()))
            }
        }
    }

    /// The keys of which the id, the ARN or an alias fits a glob.
    pub(crate) fn keys_like(&self, pattern: &str) -> impl Iterator<Item = KeyId> {
        let fits = move |key: &Key| {
            let mut names = key.aliases.iter().chain([&key.arn, &key.id]);
            names.any(|name| glob(pattern, name))
        };
        self.real_keys()
            .filter(move |(_, key)| fits(key))
            .map(|(id, _)| id)
    }

    /// The principals, anyone aside, of which the name or a short form of it fits a glob.
    pub(crate) fn principals_like(&self, pattern: &str) -> impl Iterator<Item = PrincipalId> {
        let fits = move |one: &Principal| {
            let short = short_names(&one.name, self.world.account_of(one));
            one.kind != Kind::Anyone && short.chain([one.name.clone()]).any(|name| glob(pattern, &name))
        };
        let all = self.world.listed();
        all.filter(move |(_, one)| fits(one)).map(|(id, _)| id)
    }

    /// All keys a text may mean.
    pub(crate) fn keys_named(&self, name: &str) -> Vec<KeyId> {
        if KeyArn::parse(name).is_some() {
            return self.world.key_ids.get(name).copied().into_iter().collect();
        }
        if let Some(alias) = AliasArn::parse(name) {
            let account = self.world.account_ids.get(alias.account);
            let fits = |key: &Key| {
                Some(&key.account) == account
                    && key.region == alias.region
                    && key.aliases.iter().any(|own| own == alias.name)
            };
            return self
                .real_keys()
                .filter(|(_, key)| fits(key))
                .map(|(id, _)| id)
                .collect();
        }
        let alias = format!("alias/{name}");
        let by_id = |key: &Key| key.id == name || key.aliases.iter().any(|own| own == name);
        let found: Vec<KeyId> = self
            .real_keys()
            .filter(|(_, key)| by_id(key))
            .map(|(id, _)| id)
            .collect();
        if !found.is_empty() {
            return found;
        }
        let short = |key: &Key| key.aliases.contains(&alias);
        self.real_keys()
            .filter(|(_, key)| short(key))
            .map(|(id, _)| id)
            .collect()
    }

    /// Principals of the tables by ARN, `role/name`, `user/name`, `account:ID`, service name or plain name.
    pub(crate) fn find_principals(&self, name: &str) -> Result<Vec<PrincipalId>, Error> {
        if let Some(ids) = self.world.principal_ids.get(name) {
            return Ok(ids.to_vec());
        }
        let matches = |principal: &Principal| {
            short_names(&principal.name, self.world.account_of(principal)).any(|short| short == name)
        };
        let listed = self.world.listed();
        let found: Vec<PrincipalId> = listed
            .filter(|(_, principal)| matches(principal))
            .map(|(id, _)| id)
            .collect();
        let named = |id: &PrincipalId| self.world.principal(*id).map(|principal| principal.name.as_str());
        let first = found.first().and_then(named);
        if first.is_none() {
            return Err(unknown(
                "principal",
                name,
                self.world.listed().map(|(_, principal)| principal.name.as_str()),
            ));
        }
        if found.iter().any(|id| named(id) != first) {
            let names = found.iter().filter_map(named).map(str::to_owned).collect();
            return Err(ambiguous("principal", name, names));
        }
        Ok(found)
    }
}
