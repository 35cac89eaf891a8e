//! Members of classes that key policies and grants name.

use super::{Classes, Listed};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::index::Index;
use crate::facts::lower::Grants;
use crate::facts::statement::Statement;
use crate::facts::world::{Key, Resource, World};
use crate::policy::document::PrincipalEntry;

/// Everybody whom the grants on a key name.
fn granted(world: &World, index: &Index<'_>, key: &Key) -> Vec<usize> {
    let grants = key.grants.iter().filter_map(|&id| world.grant(id));
    let parties = grants.flat_map(|grant| [&grant.grantee, &grant.retiring]);
    parties.flat_map(|party| index.party(party)).collect()
}

/// Everybody whom the principal elements of a key's policies list, in statements that count.
fn in_policies(world: &World, index: &Index<'_>, key: &Key, counts: fn(&Statement) -> bool) -> Vec<usize> {
    let policies = key.policies.iter().filter_map(|&id| world.policy(id));
    let statements = policies
        .flat_map(|policy| &policy.statements)
        .filter_map(|&id| world.statement(id))
        .filter(|statement| counts(statement));
    let entries = statements
        .filter_map(|statement| statement.principals.as_ref())
        .flat_map(|principals| &principals.entries);
    let texts = entries.filter_map(|entry| match entry {
        PrincipalEntry::Aws(text) => Some(text.as_str()),
        _ => None,
    });
    texts.flat_map(|text| index.named(text)).collect()
}

/// The principals at some positions of the world's list.
fn listed(positions: Vec<usize>) -> Vec<PrincipalId> {
    let mut listed: Vec<PrincipalId> = positions.into_iter().map(PrincipalId::at).collect();
    listed.sort_unstable();
    listed.dedup();
    listed
}

/// Everybody whom statements of the policies of keys that deny name.
pub(super) fn denied(world: &World) -> Listed {
    let index = Index::new(world.principals.iter());
    let of = |key| listed(in_policies(world, &index, key, |statement| statement.denies));
    Listed(world.keys.iter().map(of).collect())
}

impl Classes {
    /// Notes whom policies and grants name.
    pub(super) fn name(&mut self, world: &World) {
        let index = Index::new(world.principals.iter());
        let (mut all_named, mut all_granted) = (Vec::new(), Vec::new());
        for (position, key) in world.keys.iter().enumerate() {
            let id = KeyId::at(position);
            let (mut named, mut by_grants) = (Vec::new(), Vec::new());
            if key.kind == Resource::Key {
                by_grants = granted(world, &index, key);
                if self.first_key(id) == id {
                    named = in_policies(world, &index, key, |_| true);
                    // A key that is alone in its class is looked at with its grants.
                    if self.grants_at(id) == Grants::All {
                        named.append(&mut by_grants);
                    }
                    named.retain(|&principal| !self.is_single(PrincipalId::at(principal)));
                }
            }
            all_named.push(listed(named));
            all_granted.push(listed(by_grants));
        }
        self.named = Listed(all_named);
        self.granted = Listed(all_granted);
    }
}
