//! Cells of one key -> holders: all who have the same access to it and are the same kind of principal.

use super::Audited;
use super::grants::Gains;
use super::premises::OfPrincipal;
use crate::condition::formula::{Atom, FormulaId, Formulas, Shape};
use crate::engine::{Folded, Pair};
use crate::facts::audited::{HolderKind, PostId, Standing, Sure, Who};
use crate::facts::id::{AccountId, KeyId, Mask, PrincipalId, Route, StatementId};
use crate::facts::world::{Key, Membership, Principal};
use crate::model::action::{Action, ActionSet};
use crate::query::bulk::performed;
use crate::rules::findings::denies::watched;
use crate::rules::findings::takeovers::uses;
use ahash::{AHashMap, AHashSet};
use std::sync::Arc;

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
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Alike {
    who: Who,
    access: Access,
}

/// The access of one cell.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Access {
    certain: Mask,
    possible: Mask,
    /// What only something may give that is not in the snapshot.
    unknown: Mask,
    by_iam: Mask,
    /// Whether it may create grants as it likes.
    grants: Option<Sure>,
    /// What statements certainly deny, as far as rules ask for it.
    denied: Arc<[(StatementId, Mask)]>,
}

/// The holders of one key, on the way through all who have some access.
#[derive(Default)]
struct Sorts<'e> {
    alike: Vec<(Alike, Holder<'e>)>,
    known: AHashMap<Alike, usize>,
    /// WHY: thousands of principals share few cells, and sorting them in is what takes time.
    sorted: AHashMap<(*const Folded, Who), usize>,
    /// The one before: those of a cell come one after the other.
    last: Option<(*const Folded, Who, usize)>,
}

impl<'e> Sorts<'e> {
    /// The holder that a principal belongs to, by its cell and by who it is.
    fn of(
        &mut self,
        folded: &'e Folded,
        who: Who,
        key: KeyId,
        access: impl FnOnce() -> Access,
    ) -> Option<&mut (Alike, Holder<'e>)> {
        let cell = std::ptr::from_ref(folded);
        let before = self.last.filter(|(last, same, _)| *last == cell && *same == who);
        let known = before.map(|(.., number)| number);
        let number = match known.or_else(|| self.sorted.get(&(cell, who)).copied()) {
            Some(number) => number,
            None => {
                let new = Alike {
                    who,
                    access: access(),
                };
                let next = self.alike.len();
                let number = *self.known.entry(new.clone()).or_insert(next);
                if number == next {
                    self.alike.push((new, Holder::nobody(Some(key))));
                }
                self.sorted.insert((cell, who), number);
                number
            }
        };
        self.last = Some((cell, who, number));
        self.alike.get_mut(number)
    }
}

impl<'e> Audited<'e> {
    /// Adds the holders of one key; `gains` is told of those who are in it.
    pub(super) fn holders(&mut self, id: KeyId, key: &Key, gains: &mut Gains) {
        let performed = performed(key);
        self.facts.performs.push((id, performed));
        let mut sorts = Sorts::default();
        let mut users: AHashSet<PrincipalId> = AHashSet::new();
        let mut posts: AHashSet<(PostId, Mask, Mask)> = AHashSet::new();
        let mut unknown = ActionSet::EMPTY;
        let engine = self.engine;
        for pair in engine.on_key(id) {
            let Some(&of) = self.premises.of_principal(pair.principal) else {
                continue;
            };
            let who = self.who(&of, key);
            let access = || self.access_at(pair, performed);
            let Some((alike, holder)) = sorts.of(pair.folded, who, id, access) else {
                continue;
            };
            holder.add(pair);
            let Access {
                certain, possible, ..
            } = alike.access;
            unknown |= alike.access.unknown;
            if of.watched || gains.contains_key(&pair.principal) {
                gains.insert(pair.principal, (certain, possible));
            }
            if let Some(post) = of.post.filter(|_| !possible.is_empty()) {
                posts.insert((post, certain, possible));
                if of.moves && uses(possible) {
                    users.insert(pair.principal);
                }
            }
        }
        self.users.insert(id, users);
        let posts = posts.into_iter();
        let posts = posts.map(|(post, certain, possible)| (id, post, certain, possible));
        self.facts.post_may.extend(posts);
        let mut alike = sorts.alike;
        self.facts.unknown.push((id, unknown));
        alike.retain(|(alike, _)| !alike.access.possible.is_empty());
        alike.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for (alike, holder) in alike {
            self.hold(id, &alike, holder);
        }
    }

    /// The access of the cell of a pair; keys that are alike share cells.
    fn access_at(&mut self, pair: Pair<'e>, performed: Mask) -> Access {
        let at = (std::ptr::from_ref(pair.folded).addr(), performed);
        if let Some(known) = self.cells.get(&at) {
            return known.clone();
        }
        let access = self.access(pair, performed);
        self.cells.insert(at, access.clone());
        access
    }

    fn hold(&mut self, id: KeyId, Alike { who, access }: &Alike, holder: Holder<'e>) {
        let services: Vec<PrincipalId> = match who.kind {
            HolderKind::Service => holder.first.iter().map(|&(service, _)| service).collect(),
            _ => Vec::new(),
        };
        let several = who.kind == HolderKind::Account;
        let count = holder.count + usize::from(several);
        let number = self.add_holder(holder);
        let facts = &mut self.facts;
        facts
            .may
            .push((id, number, *who, access.certain, access.possible));
        if !access.by_iam.is_empty() {
            facts.by_iam.push((id, number, access.by_iam));
        }
        if let Some(sure) = access.grants {
            facts.grants_freely.push((id, number, sure));
        }
        let denied = access.denied.iter();
        facts
            .denied
            .extend(denied.map(|&(statement, mask)| (id, number, statement, mask)));
        facts.counted.push((number, count));
        for &(statement, _) in access.denied.iter() {
            if let Some(of) = self.engine.world.statement(statement) {
                self.statement(statement, of);
            }
        }
        for service in services {
            let lets = self.lets(service, id).into_iter();
            let serves = lets.map(|(statement, mask)| (id, number, statement, mask));
            self.facts.serves.extend(serves);
        }
    }

    fn access(&self, pair: Pair<'e>, performed: Mask) -> Access {
        let (mut certain, mut possible, mut unknown) = (ActionSet::EMPTY, ActionSet::EMPTY, ActionSet::EMPTY);
        let mut grants = None;
        let foreign = self.is_foreign(pair);
        for &(actions, formula) in &pair.folded.access {
            if !is_known(&self.engine.formulas, formula) {
                unknown |= actions;
                continue;
            }
            possible |= actions;
            let sure = is_certain(&self.engine.formulas, formula, foreign);
            if sure {
                certain |= actions;
            }
            if actions.contains(Action::CreateGrant) && is_free(&self.engine.formulas, formula) {
                grants = Some(if sure { Sure::Certain } else { Sure::Perhaps });
            }
        }
        let paths = self.engine.paths_of(self.engine.site(pair.principal, pair.key));
        let by_iam = paths.iter().filter(|row| row.route == Route::Delegated);
        let by_iam = by_iam.fold(ActionSet::EMPTY, |all, row| all | row.mask);
        Access {
            certain: certain & performed,
            possible: possible & performed,
            unknown: (unknown & performed) - possible,
            by_iam: by_iam & possible & performed,
            grants,
            denied: self.denied(pair, possible & performed, performed),
        }
    }

    /// Whether somebody is of another account than a key.
    pub(super) fn is_foreign(&self, pair: Pair<'_>) -> bool {
        let world = &self.engine.world;
        let account = world.principal(pair.principal).map(|one| one.account);
        account != world.key(pair.key).map(|key| Some(key.account))
    }

    /// What statements certainly deny, of what rules ask for.
    fn denied(&self, pair: Pair<'e>, possible: Mask, performed: Mask) -> Arc<[(StatementId, Mask)]> {
        let watched = (watched(possible) & performed) - possible;
        let world = &self.engine.world;
        let (Some(principal), Some(key)) = (world.principal(pair.principal), world.key(pair.key)) else {
            return Arc::default();
        };
        if watched.is_empty() {
            return Arc::default();
        }
        let cell = self.engine.cell(self.engine.site(pair.principal, pair.key));
        let case = self.engine.case(principal, key);
        let mut formulas = Formulas::default();
        let mut found: Vec<(StatementId, Mask)> = Vec::new();
        for row in &cell.denies {
            let certainly: ActionSet = (row.mask & watched)
                .iter()
                .filter(|&action| {
                    let named = case.named(row.statement, None, &mut formulas);
                    let says = case.statement(row.statement, action, true, &mut formulas);
                    formulas.and2(named, says) == FormulaId::TRUE
                })
                .collect();
            if !certainly.is_empty() {
                found.push((row.statement, certainly));
            }
        }
        found.sort_unstable();
        found.into()
    }

    pub(super) fn who(&self, of: &OfPrincipal, key: &Key) -> Who {
        let standing = match of.kind {
            HolderKind::Service => Standing::Aws,
            HolderKind::Anyone => Standing::Outside,
            _ => self.standing(of.account, key.account),
        };
        Who {
            kind: of.kind,
            standing,
            account: of.account.unwrap_or(AccountId::OTHER),
            administrator: of.administrator,
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
    pub(super) fn nobody(key: Option<KeyId>) -> Self {
        let first = Vec::new();
        Holder { count: 0, first, key }
    }

    /// Counts a principal, and keeps it if it is among the first.
    pub(super) fn add(&mut self, pair: Pair<'e>) {
        self.count(pair.principal, Some(pair.folded));
    }

    /// The same for one whose access is not looked at.
    pub(super) fn count(&mut self, principal: PrincipalId, folded: Option<&'e Folded>) {
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

/// Whether access is certain. `foreign`: of another account's principals it is, too, if it depends on nothing but what
/// that account, whose IAM is not known, lets them do (S3.1.14); the key's own account decides for itself.
pub(super) fn is_certain(formulas: &Formulas, formula: FormulaId, foreign: bool) -> bool {
    let certain = |part: &FormulaId| is_certain(formulas, *part, foreign);
    match formulas.shape(formula) {
        Shape::True => true,
        Shape::Atom(Atom::Unknown { rule, .. }) => foreign && *rule == "S3.1.14",
        Shape::And(parts) => parts.iter().all(certain),
        Shape::Or(parts) => parts.iter().any(certain),
        Shape::False | Shape::Atom(_) | Shape::Not(_) => false,
    }
}

/// Whether a formula may hold by a way on which nothing that limits a grant is tested.
///
/// Through a grant that lists CreateGrant its holder passes on no more than the grant has (S4.9.7).
fn is_free(formulas: &Formulas, formula: FormulaId) -> bool {
    let limits = |atom: &Atom| match atom {
        Atom::Unknown { rule, .. } => *rule == "S4.9.7",
        Atom::Ambiguous { .. } => false,
        Atom::Absent { subject } | Atom::Test { subject, .. } => {
            let subject = formulas.subject_of(*subject);
            subject.is_some_and(|subject| LIMIT_GRANTS.contains(&subject.name.as_str()))
        }
    };
    may_hold(formulas, formula, true, &|atom, _| !limits(atom))
}

/// Whether a formula may hold by what is in the snapshot: what is missing is told by itself (A40).
fn is_known(formulas: &Formulas, formula: FormulaId) -> bool {
    let missing = |atom: &Atom| matches!(atom, Atom::Unknown { rule: "A40", .. });
    may_hold(formulas, formula, true, &|atom, wanted| {
        !(wanted && missing(atom))
    })
}

/// Whether a formula may hold (`wanted`) or not hold, where `open` tells which atoms may; each atom by itself.
fn may_hold(
    formulas: &Formulas,
    formula: FormulaId,
    wanted: bool,
    open: &dyn Fn(&Atom, bool) -> bool,
) -> bool {
    let may = |part: &FormulaId| may_hold(formulas, *part, wanted, open);
    match formulas.shape(formula) {
        Shape::True => wanted,
        Shape::False => !wanted,
        Shape::Atom(atom) => open(atom, wanted),
        Shape::Not(part) => may_hold(formulas, part, !wanted, open),
        Shape::And(parts) if wanted => parts.iter().all(may),
        Shape::Or(parts) if !wanted => parts.iter().all(may),
        Shape::And(parts) | Shape::Or(parts) => parts.iter().any(may),
    }
}

/// Condition keys that limit which grants can be created (A23).
const LIMIT_GRANTS: [&str; 4] = [
    "kms:GrantIsForAWSResource",
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:GrantOperations",
];
