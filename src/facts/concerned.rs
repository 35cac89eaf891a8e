//! Who may have to do with a key, before anything is derived: nobody else has a path to it.

use super::id::{AccountId, KeyId, PrincipalId};
use super::residual::account_test;
use super::statement::Statement;
use super::world::{Key, Party, Principal, World};
use crate::arn::account_of;
use crate::policy::document::PrincipalEntry;
use std::collections::BTreeSet;

/// Whom a key, one of its statements, or a grant on it is for.
enum Meant<'a> {
    Account(AccountId),
    /// A principal, by a text.
    Named(&'a str),
    /// The grantee or retiring principal of a grant.
    Party(&'a Party),
    /// Everyone whom the conditions of a statement admit.
    Everyone(&'a Statement),
}

impl World {
    /// Everybody who may have to do with some keys, in order.
    pub(crate) fn concerned<'a>(&self, keys: impl Iterator<Item = &'a Key>) -> Vec<PrincipalId> {
        let mut accounts: BTreeSet<AccountId> = BTreeSet::new();
        let mut principals: BTreeSet<PrincipalId> =
            self.members.get(&None).into_iter().flatten().copied().collect();
        for key in keys {
            self.each_meant(key, &mut |meant| match meant {
                Meant::Account(account) => drop(accounts.insert(account)),
                Meant::Named(text) => principals.extend(self.named(text)),
                Meant::Party(party) => principals.extend(self.meant(party)),
                Meant::Everyone(statement) => {
                    let known = self.members.keys().copied().flatten();
                    accounts.extend(known.filter(|&account| self.admits(statement, account)));
                }
            });
        }
        let members = accounts
            .into_iter()
            .filter_map(|account| self.members.get(&Some(account)));
        principals.extend(members.flatten().copied());
        principals.retain(|&id| self.principal(id).is_some());
        principals.into_iter().collect()
    }

    /// The keys that some principals may have to do with, in order; more than those, if in doubt.
    pub(crate) fn concerning(&self, principals: &BTreeSet<PrincipalId>) -> Vec<KeyId> {
        let ids = || (0..self.keys.len()).map(KeyId::at);
        let of = principals.iter().filter_map(|&id| self.principal(id));
        let Some(accounts) = of.map(|one| one.account).collect::<Option<BTreeSet<AccountId>>>() else {
            // Services belong to no account.
            return ids().collect();
        };
        let names = |text: &str| {
            let account = account_of(text).and_then(|id| self.account_ids.get(id));
            // What is not an ARN may name somebody of any account.
            account.is_none_or(|account| accounts.contains(account))
        };
        let concerns = |key: &Key| {
            let mut found = false;
            self.each_meant(key, &mut |meant| {
                found = found
                    || match meant {
                        Meant::Account(account) => accounts.contains(&account),
                        Meant::Named(text) => names(text),
                        Meant::Party(Party::Role(text) | Party::Named(text)) => names(text),
                        Meant::Party(_) => false,
                        Meant::Everyone(statement) => {
                            accounts.iter().any(|&account| self.admits(statement, account))
                        }
                    };
            });
            found
        };
        ids().filter(|&id| self.key(id).is_some_and(concerns)).collect()
    }

    /// Whom a key is for, its policies and the grants on it; a deny matters to those only whom some other statement allows.
    fn each_meant<'a>(&'a self, key: &'a Key, visit: &mut dyn FnMut(Meant<'a>)) {
        visit(Meant::Account(key.account));
        for (_, statement) in self.statements_of(&key.policies) {
            if statement.allows {
                self.each_meant_by(statement, visit);
            }
        }
        for grant in key.grants.iter().filter_map(|&id| self.grant(id)) {
            grant.issuer.map(Meant::Account).into_iter().for_each(&mut *visit);
            for party in [&grant.grantee, &grant.retiring] {
                visit(match party {
                    Party::Account(account) => Meant::Account(*account),
                    party => Meant::Party(party),
                });
            }
        }
    }

    fn each_meant_by<'a>(&'a self, statement: &'a Statement, visit: &mut dyn FnMut(Meant<'a>)) {
        let listed = statement.principals.as_ref();
        if listed.is_none_or(|principals| principals.negated) {
            return visit(Meant::Everyone(statement));
        }
        for (entry, account) in statement.entries() {
            match entry {
                PrincipalEntry::Aws(text) if text != "*" => visit(match self.account_named(account) {
                    Some(account) => Meant::Account(account),
                    None => Meant::Named(text),
                }),
                PrincipalEntry::Service(_) => {}
                _ => return visit(Meant::Everyone(statement)),
            }
        }
    }

    /// Whether the conditions of a statement admit somebody of an account.
    fn admits(&self, statement: &Statement, account: AccountId) -> bool {
        let members = self.members.get(&Some(account)).into_iter().flatten();
        let mut members = members.filter_map(|&id| self.principal(id));
        members
            .next()
            .is_some_and(|first: &Principal| account_test(self, statement, first))
    }
}
