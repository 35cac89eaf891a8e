//! Cells of one key -> holders: all who have the same access to it and are the same kind of principal.

use super::Audited;
use crate::condition::formula::{Atom, FormulaId, Formulas, Shape};
use crate::engine::{Folded, Pair};
use crate::facts::audited::{HolderId, HolderKind, Standing, Who};
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
    /// The first of them, with their cells.
    pub(crate) first: Vec<(PrincipalId, &'e Folded)>,
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
            });
            holder.add(pair);
        }
        let mut alike: Vec<(Alike, Holder<'e>)> = alike.into_iter().collect();
        alike.sort_unstable_by_key(|(alike, _)| *alike);
        for (Alike { who, access }, holder) in alike {
            let number = HolderId(u32::try_from(self.holders.len()).unwrap_or(u32::MAX));
            let facts = &mut self.facts;
            facts.may.push((id, number, who, access.certain, access.possible));
            if !access.by_iam.is_empty() {
                facts.by_iam.push((id, number, access.by_iam));
            }
            if holder.count == 1 && who.kind != HolderKind::Account {
                facts.single.push((number,));
            }
            if who.kind == HolderKind::Service {
                for &(service, _) in &holder.first {
                    let lets = self.lets(service, id).into_iter();
                    let serves = lets.map(|(statement, mask)| (id, number, statement, mask));
                    self.facts.serves.extend(serves);
                }
            }
            self.holders.push(holder);
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
        let service_linked = principal.service_linked || is_made_by_aws(&principal.arn);
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
    fn add(&mut self, pair: Pair<'e>) {
        self.count += 1;
        let at = self.first.partition_point(|(known, _)| *known < pair.principal);
        if at < NAMED {
            self.first.insert(at, (pair.principal, pair.folded));
            self.first.truncate(NAMED);
        }
    }
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
