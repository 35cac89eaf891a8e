//! Who may have to do with a key, before anything is derived: nobody else has a path to it.

use super::id::{AccountId, PrincipalId};
use super::residual::account_test;
use super::statement::Statement;
use super::world::{Key, Party, Principal, World};
use crate::policy::document::PrincipalEntry;
use std::collections::BTreeSet;

impl World {
    /// Everybody who may have to do with some keys, in order.
    pub(crate) fn concerned<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Vec<PrincipalId> {
        let mut concerned = Concerned {
            world: self,
            accounts: BTreeSet::new(),
            principals: self.members.get(&None).into_iter().flatten().copied().collect(),
        };
        keys.for_each(|key| concerned.key(key));
        let Concerned {
            accounts,
            mut principals,
            ..
        } = concerned;
        let members = accounts
            .into_iter()
            .filter_map(|account| self.members.get(&Some(account)));
        principals.extend(members.flatten().copied());
        principals.retain(|&id| self.principal(id).is_some());
        principals.into_iter().collect()
    }
}

struct Concerned<'a> {
    world: &'a World,
    accounts: BTreeSet<AccountId>,
    principals: BTreeSet<PrincipalId>,
}

impl Concerned<'_> {
    fn key(&mut self, key: &Key) {
        let world = self.world;
        self.accounts.insert(key.account);
        for (_, statement) in world.statements_of(&key.policies) {
            self.statement(statement);
        }
        for grant in key.grants.iter().filter_map(|&id| world.grant(id)) {
            self.accounts.extend(grant.issuer);
            for party in [&grant.grantee, &grant.retiring] {
                match party {
                    Party::Account(account) => drop(self.accounts.insert(*account)),
                    party => self.principals.extend(world.meant(party)),
                }
            }
        }
    }

    /// Whom a statement may allow; a deny matters to those only whom some other statement allows.
    fn statement(&mut self, statement: &Statement) {
        if !statement.allows {
            return;
        }
        if statement
            .principals
            .as_ref()
            .is_none_or(|principals| principals.negated)
        {
            return self.everyone(statement);
        }
        for (entry, account) in statement.entries() {
            match entry {
                PrincipalEntry::Aws(text) if text != "*" => match self.world.account_named(account) {
                    Some(account) => drop(self.accounts.insert(account)),
                    None => self.principals.extend(self.world.named(text)),
                },
                PrincipalEntry::Service(_) => {}
                _ => return self.everyone(statement),
            }
        }
    }

    /// The accounts that a statement's conditions admit.
    fn everyone(&mut self, statement: &Statement) {
        let world = self.world;
        let admitted = |members: &Vec<PrincipalId>| {
            let mut members = members.iter().filter_map(|&id| world.principal(id));
            members
                .next()
                .is_some_and(|first: &Principal| account_test(world, statement, first))
        };
        let accounts = world.members.iter().filter(|(_, members)| admitted(members));
        self.accounts.extend(accounts.filter_map(|(account, _)| *account));
    }
}
