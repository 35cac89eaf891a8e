//! Members of classes that key policies and grants name.

use super::{Classes, Listed};
use crate::arn::PrincipalArn;
use crate::facts::asking::session_prefix;
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::lower::Grants;
use crate::facts::matching::is_party;
use crate::facts::statement::Statement;
use crate::facts::world::{Key, Kind, Party, Resource, World};
use crate::policy::document::PrincipalEntry;
use ahash::AHashMap;

/// Principals by texts that may name them.
struct Names<'a> {
    world: &'a World,
    by_unique_id: AHashMap<&'a str, Vec<PrincipalId>>,
    /// Sessions by their role, federated users by their user.
    by_origin: AHashMap<&'a str, Vec<PrincipalId>>,
    services: Vec<PrincipalId>,
}

impl<'a> Names<'a> {
    fn of(world: &'a World) -> Names<'a> {
        let mut names = Names {
            world,
            by_unique_id: AHashMap::new(),
            by_origin: AHashMap::new(),
            services: Vec::new(),
        };
        for (index, principal) in world.principals.iter().enumerate() {
            let id = PrincipalId::at(index);
            if !principal.unique_id.is_empty() && matches!(principal.kind, Kind::User | Kind::Role) {
                let of_id = names.by_unique_id.entry(&principal.unique_id);
                of_id.or_default().push(id);
            }
            if let Some(origin) = &principal.origin {
                names.by_origin.entry(origin).or_default().push(id);
            }
            if principal.kind == Kind::Service {
                names.services.push(id);
            }
        }
        names
    }

    fn called(&self, text: &str) -> Vec<PrincipalId> {
        let mut found: Vec<PrincipalId> = Vec::new();
        found.extend(self.world.principal_ids.get(text).into_iter().flatten());
        found.extend(self.by_unique_id.get(text).into_iter().flatten());
        found.extend(self.by_origin.get(text).into_iter().flatten());
        if let Some(PrincipalArn::Session {
            partition,
            account,
            role,
            ..
        }) = PrincipalArn::parse(text)
        {
            let prefix = session_prefix(partition, account, role);
            found.extend(self.world.roles_by_session.get(&prefix));
        }
        found
    }

    /// Everybody whom the grants on a key name.
    fn granted(&self, key: &Key) -> Vec<PrincipalId> {
        let grants = key.grants.iter().filter_map(|&id| self.world.grant(id));
        let parties = grants.flat_map(|grant| [&grant.grantee, &grant.retiring]);
        let mut found = Vec::new();
        for party in parties {
            let candidates = match party {
                Party::Nobody | Party::Account(_) => Vec::new(),
                Party::Service(_) => self.services.clone(),
                Party::Role(arn) | Party::Named(arn) => self.called(arn),
            };
            let is = |id: &PrincipalId| {
                let principal = self.world.principal(*id);
                principal.is_some_and(|principal| is_party(party, principal).is_some())
            };
            found.extend(candidates.into_iter().filter(is));
        }
        found
    }

    /// Everybody whom the principal elements of a key's policies list, in statements that count.
    fn in_policies(&self, key: &Key, counts: fn(&Statement) -> bool) -> Vec<PrincipalId> {
        let policies = key.policies.iter().filter_map(|&id| self.world.policy(id));
        let statements = policies
            .flat_map(|policy| &policy.statements)
            .filter_map(|&id| self.world.statement(id))
            .filter(|statement| counts(statement));
        let entries = statements
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(|principals| &principals.entries);
        let texts = entries.filter_map(|entry| match entry {
            PrincipalEntry::Aws(text) => Some(text.as_str()),
            _ => None,
        });
        texts.flat_map(|text| self.called(text)).collect()
    }
}

impl Classes {
    /// Notes whom policies and grants name.
    pub(super) fn name(&mut self, world: &World) {
        let names = Names::of(world);
        let sorted = |mut listed: Vec<PrincipalId>| {
            listed.sort_unstable();
            listed.dedup();
            listed
        };
        let (mut all_named, mut all_granted, mut all_denied) = (Vec::new(), Vec::new(), Vec::new());
        for (index, key) in world.keys.iter().enumerate() {
            let id = KeyId::at(index);
            let (mut named, mut granted, mut denied) = (Vec::new(), Vec::new(), Vec::new());
            if key.kind == Resource::Key {
                granted = names.granted(key);
                if self.first_key(id) == id {
                    named = names.in_policies(key, |_| true);
                    denied = names.in_policies(key, |statement| statement.denies);
                    // A key that is alone in its class is looked at with its grants.
                    if self.grants_at(id) == Grants::All {
                        named.append(&mut granted);
                    }
                    named.retain(|&principal| !self.is_single(principal));
                }
            }
            all_named.push(sorted(named));
            all_granted.push(sorted(granted));
            all_denied.push(sorted(denied));
        }
        self.named = Listed(all_named);
        self.granted = Listed(all_granted);
        self.denied = Listed(all_denied);
    }
}
