//! Grants of one key -> whom they name, what they say, and what comes of them.

use super::Audited;
use super::access::is_made_by_aws;
use super::statements::is_orphan;
use crate::arn::PrincipalArn;
use crate::facts::asking::session_prefix;
use crate::facts::audited::{GranteeSort, Standing};
use crate::facts::id::{AccountId, GrantId, KeyId, Mask, PrincipalId};
use crate::facts::world::{Grant, Key, Party};
use crate::model::key::{Constraints, Grant as Printed};
use ahash::AHashMap;

/// What two grants must have in common to be duplicates (A16).
type Says<'a> = (&'a Party, Mask, &'a Constraints, &'a str);

/// What somebody may do on a key, for certain and perhaps.
pub(super) type Gains = AHashMap<PrincipalId, (Mask, Mask)>;

impl Audited<'_> {
    /// Those whose access shows what comes of the grants of a key; nothing is known of them yet.
    pub(super) fn grantees(&self, key: &Key) -> Gains {
        let world = &self.engine.world;
        let grants = key.grants.iter().filter_map(|&id| world.grant(id));
        let ids = grants.flat_map(|grant| self.receivers(grant));
        ids.map(|id| (id, (Mask::EMPTY, Mask::EMPTY))).collect()
    }

    /// Adds the grants of a key; `gained` says what their grantees may do on it.
    pub(super) fn grants(&mut self, id: KeyId, key: &Key, gained: &Gains) {
        let world = &self.engine.world;
        let printed = self.premises.printed.get(key.arn.as_str());
        let printed: AHashMap<&str, &Printed> = printed
            .into_iter()
            .flat_map(|key| &key.grants)
            .map(|grant| (grant.id.as_str(), grant))
            .collect();
        let mut said: AHashMap<Says<'_>, GrantId> = AHashMap::new();
        for (number, grant) in key.grants.iter().filter_map(|&id| Some((id, world.grant(id)?))) {
            let printed = printed.get(grant.id.as_str()).copied();
            let (sort, account) = self.grantee_of(grant, printed);
            let standing = match (&grant.grantee, account) {
                (Party::Service(_), _) | (_, None) => Standing::Aws,
                (_, account) => self.standing(account, key.account),
            };
            let (certain, possible) = self.comes_to(grant, gained);
            let facts = &mut self.facts;
            facts.grant.push((id, number, grant.operations));
            facts.grantee.push((number, sort, standing));
            if !possible.is_empty() {
                facts.grantee_may.push((number, certain, possible));
            }
            if grant.constraints != Constraints::default() {
                facts.constrained.push((number,));
            }
            if printed.is_some_and(|grant| grant.retiring.is_some() || grant.retiring_service.is_some()) {
                facts.has_retiring.push((number,));
            }
            let retiring = printed.and_then(|grant| grant.retiring.as_deref());
            if retiring.is_some_and(|text| is_orphan(world, text)) {
                facts.retiring_orphan.push((number,));
            }
            let says = (
                &grant.grantee,
                grant.operations,
                &grant.constraints,
                grant.name.as_str(),
            );
            match said.get(&says) {
                Some(&first) if sort != GranteeSort::Orphan => facts.same_grant.push((first, number)),
                _ => drop(said.entry(says).or_insert(number)),
            }
        }
    }

    /// What its grantees may do, of what a grant lists.
    fn comes_to(&self, grant: &Grant, gained: &Gains) -> (Mask, Mask) {
        let nothing = (Mask::EMPTY, Mask::EMPTY);
        let each = self.receivers(grant).filter_map(|id| gained.get(&id));
        let (certain, possible) = each.fold(nothing, |all, one| (all.0 | one.0, all.1 | one.1));
        (certain & grant.operations, possible & grant.operations)
    }

    /// The principals that a grant is for; of an account its members.
    fn receivers<'g>(&'g self, grant: &'g Grant) -> impl Iterator<Item = PrincipalId> + 'g {
        let world = &self.engine.world;
        let account = match grant.grantee {
            Party::Account(account) => world.members.get(&Some(account)),
            _ => None,
        };
        let members = account.into_iter().flatten().copied();
        world.meant(&grant.grantee).chain(members)
    }

    /// Whether a session is of a role that its account does not have (S4.9.2).
    fn is_of_no_role(&self, arn: &str) -> bool {
        let world = &self.engine.world;
        let Some(PrincipalArn::Session {
            partition,
            account,
            role,
            ..
        }) = PrincipalArn::parse(arn)
        else {
            return false;
        };
        let whole = world.account_ids.get(account).and_then(|&id| world.account(id));
        let roles = world
            .roles_by_session
            .get(&session_prefix(partition, account, role));
        whole.is_some_and(|account| account.iam_whole) && roles.is_none_or(|roles| roles.is_empty())
    }

    /// What the grantee is, and its account.
    fn grantee_of(&self, grant: &Grant, printed: Option<&Printed>) -> (GranteeSort, Option<AccountId>) {
        let world = &self.engine.world;
        match &grant.grantee {
            Party::Service(_) => (GranteeSort::Service, None),
            &Party::Account(account) => (GranteeSort::Account, Some(account)),
            Party::Nobody => {
                let text = printed.and_then(|grant| grant.grantee.as_deref());
                let meant = text.and_then(|text| world.otherwise_named.get(text)?.first());
                let account = meant.and_then(|&id| world.principal(id)?.account);
                match text.is_none_or(|text| is_orphan(world, text)) {
                    true => (GranteeSort::Orphan, None),
                    false => (GranteeSort::Principal, account),
                }
            }
            Party::Named(arn) | Party::Role(arn) => {
                let account = crate::arn::account_of(arn).and_then(|id| world.account_ids.get(id));
                let sort = match () {
                    () if is_made_by_aws(arn) => GranteeSort::Service,
                    () if is_orphan(world, arn) || self.is_of_no_role(arn) => GranteeSort::Orphan,
                    () => GranteeSort::Principal,
                };
                (sort, Some(account.copied().unwrap_or(AccountId::OTHER)))
            }
        }
    }
}
