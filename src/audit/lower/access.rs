//! Cells of one key -> holders: all who have the same access to it and are the same kind of principal.

use super::Audited;
use crate::condition::formula::{Atom, FormulaId, Formulas, Shape};
use crate::engine::{Folded, Pair};
use crate::facts::audited::{HolderKind, Standing, Who};
use crate::facts::id::{AccountId, KeyId, Mask, PrincipalId, Route};
use crate::facts::world::{Key, Kind, Membership, Principal};
use crate::model::action::{Action, ActionSet};
use crate::query::bulk::can_perform;
use ahash::AHashMap;

/// How many principals of a holder are named in a report; the others are counted.
pub(crate) const NAMED: usize = 10;

/// All who have the same access to one key.
#[derive(Debug)]
pub(crate) struct Holder<'e> {
    /// How many they are.
    pub(crate) count: usize,
    /// The first of them, with their cells where it is about access to a key.
    pub(crate) first: Vec<(PrincipalId, Option<&'e Folded>)>,
    /// The key that it is about, if it is.
    pub(crate) key: Option<KeyId>,
}

/// What makes principals one holder.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Alike {
    who: Who,
    access: Access,
}

/// The access of one cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Access {
    certain: Mask,
    possible: Mask,
    by_iam: Mask,
}

impl<'e> Audited<'e> {
    /// Adds the holders of one key.
    pub(super) fn holders(&mut self, id: KeyId, key: &Key) {
        let performed: ActionSet = Action::all().filter(|&action| can_perform(key, action)).collect();
        let performed = performed - ActionSet::SYNCHRONIZE;
        self.facts.performs.push((id, performed));
        let mut cells: AHashMap<*const Folded, Access> = AHashMap::new();
        let mut alike: AHashMap<Alike, Holder<'e>> = AHashMap::new();
        for pair in self.engine.on_key(id) {
            let Some(principal) = self.engine.world.principal(pair.principal) else {
                continue;
            };
            let cell = cells.entry(std::ptr::from_ref(pair.folded));
            let access = *cell.or_insert_with(|| self.access(pair, performed));
            if access.possible.is_empty() {
                continue;
            }
            let who = self.who(pair.principal, principal, key);
            let holder = alike.entry(Alike { who, access }).or_insert_with(|| Holder {
                count: 0,
                first: Vec::new(),
                key: Some(id),
            });
            holder.add(pair.principal, Some(pair.folded));
        }
        let mut alike: Vec<(Alike, Holder<'e>)> = alike.into_iter().collect();
        alike.sort_unstable_by_key(|(alike, _)| *alike);
        for (Alike { who, access }, holder) in alike {
            let services: Vec<PrincipalId> = match who.kind {
                HolderKind::Service => holder.first.iter().map(|&(service, _)| service).collect(),
                _ => Vec::new(),
            };
            let alone = holder.count == 1 && who.kind != HolderKind::Account;
            let number = self.add_holder(holder);
            let facts = &mut self.facts;
            facts.may.push((id, number, who, access.certain, access.possible));
            if !access.by_iam.is_empty() {
                facts.by_iam.push((id, number, access.by_iam));
            }
            if alone {
                facts.single.push((number,));
            }
            for service in services {
                let lets = self.lets(service, id).into_iter();
                let serves = lets.map(|(statement, mask)| (id, number, statement, mask));
                self.facts.serves.extend(serves);
            }
        }
    }

    fn access(&self, pair: Pair<'e>, performed: Mask) -> Access {
        let (mut certain, mut possible) = (ActionSet::EMPTY, ActionSet::EMPTY);
        for &(actions, formula) in &pair.folded.access {
            possible |= actions;
            if is_certain(&self.engine.formulas, formula) {
                certain |= actions;
            }
        }
        let paths = self.engine.paths_of(self.engine.site(pair.principal, pair.key));
        let by_iam = paths.iter().filter(|row| row.route == Route::Delegated);
        let by_iam = by_iam.fold(ActionSet::EMPTY, |all, row| all | row.mask);
        Access {
            certain: certain & performed,
            possible: possible & performed,
            by_iam: by_iam & possible & performed,
        }
    }

    fn who(&self, id: PrincipalId, principal: &Principal, key: &Key) -> Who {
        let service_linked = is_of_aws(principal);
        let kind = match principal.kind {
            Kind::Root => HolderKind::Root,
            Kind::Service => HolderKind::Service,
            Kind::Account => HolderKind::Account,
            Kind::Anyone => HolderKind::Anyone,
            _ if service_linked => HolderKind::ServiceLinked,
            Kind::User | Kind::Role | Kind::Session | Kind::Federated => HolderKind::Person,
        };
        let standing = match principal.kind {
            Kind::Service => Standing::Aws,
            Kind::Anyone => Standing::Outside,
            _ => self.standing(principal.account, key.account),
        };
        Who {
            kind,
            standing,
            account: principal.account.unwrap_or(AccountId::OTHER),
            administrator: self.administrators.contains(&id),
        }
    }

    /// Where an account stands, seen from another (S8.1).
    pub(super) fn standing(&self, account: Option<AccountId>, from: AccountId) -> Standing {
        if account == Some(from) {
            return Standing::Own;
        }
        let known = account.and_then(|id| self.engine.world.account(id));
        if known.is_some_and(|account| self.settings.trusted.contains(&account.id)) {
            return Standing::Inside;
        }
        match self.engine.world.membership(account) {
            Membership::Inside => Standing::Inside,
            Membership::Outside => Standing::Outside,
            Membership::Unknown => Standing::Unknown,
        }
    }
}

impl<'e> Holder<'e> {
    /// Counts a principal, and keeps it if it is among the first.
    pub(super) fn add(&mut self, principal: PrincipalId, folded: Option<&'e Folded>) {
        self.count += 1;
        let at = self.first.partition_point(|(known, _)| *known < principal);
        if at < NAMED {
            self.first.insert(at, (principal, folded));
            self.first.truncate(NAMED);
        }
    }
}

/// Whether a principal acts for AWS and not for the customer.
pub(super) fn is_of_aws(principal: &Principal) -> bool {
    principal.service_linked || is_made_by_aws(&principal.arn)
}

/// Whether a session or role is one that AWS makes for its services: `assumed-role/aws:ec2-infrastructure/i-1`.
pub(super) fn is_made_by_aws(arn: &str) -> bool {
    let resource = arn.splitn(6, ':').nth(5).unwrap_or_default();
    resource.starts_with("assumed-role/aws:") || resource.starts_with("role/aws-service-role/")
}

/// Whether access depends on nothing but what another account, whose IAM is not known, lets its principals do (S3.1.14).
fn is_certain(formulas: &Formulas, formula: FormulaId) -> bool {
    match formulas.shape(formula) {
        Shape::True => true,
        Shape::Atom(Atom::Unknown { rule, .. }) => *rule == "S3.1.14",
        Shape::And(parts) => parts.iter().all(|&part| is_certain(formulas, part)),
        Shape::Or(parts) => parts.iter().any(|&part| is_certain(formulas, part)),
        Shape::False | Shape::Atom(_) | Shape::Not(_) => false,
    }
}
