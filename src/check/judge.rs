//! One assertion, held against the relation.

use super::{Assertion, Assertions, Checked, Demand, Verdict, Violation, require, select};
use crate::Error;
use crate::answer::Access;
use crate::condition::formula::{Atom, FormulaId, Formulas, Shape};
use crate::condition::solve::{self, common, verdict};
use crate::engine::{Engine, Pair};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Principal};
use crate::model::action::{Action, ActionSet};
use crate::query::bulk::performed;
use ahash::{AHashMap, AHashSet};

/// How many violations of one assertion are shown; the others are counted.
const SHOWN: usize = 20;

impl Engine {
    /// Holds assertions against the whole relation.
    ///
    /// # Errors
    /// An assertion names a principal or a key that the snapshot does not have: with its line.
    pub fn check<'a>(&self, assertions: &'a Assertions) -> Result<Vec<Checked<'a>>, Error> {
        assertions.list.iter().map(|one| self.check_one(one)).collect()
    }

    fn check_one<'a>(&self, assertion: &'a Assertion) -> Result<Checked<'a>, Error> {
        let keys = select::keys(self, assertion)?;
        let mut judge = Judge {
            engine: self,
            assertion,
            looked_at: 0,
            found: Vec::new(),
            holds: AHashMap::new(),
        };
        let mut note = keys.is_empty().then(|| "no key fits".to_owned());
        match &assertion.demand {
            _ if assertion.expired => {}
            Demand::Only(selectors) => {
                let wanted = select::principals(self, selectors)?;
                judge.every_row(&keys, |id| !wanted.contains(&id), "is not among those who may");
            }
            Demand::None(selectors) => {
                let unwanted = select::principals(self, selectors)?;
                judge.every_row(&keys, |id| unwanted.contains(&id), "is among those who may not");
            }
            Demand::Anyone => judge.every_row(&keys, |_| false, ""),
            Demand::AtLeast(selectors) => {
                let wanted = select::principals(self, selectors)?;
                if wanted.is_empty() {
                    note = Some("no principal fits".to_owned());
                }
                judge.each_has(&keys, &wanted);
            }
            Demand::AtLeastSoMany(number) => judge.so_many_have(&keys, *number),
            Demand::SameAs(name) => {
                let other = select::key(self, name)?;
                judge.same_as(&keys, other);
            }
        }
        Ok(judge.checked(note))
    }
}

struct Judge<'e, 'a> {
    engine: &'e Engine,
    assertion: &'a Assertion,
    looked_at: usize,
    found: Vec<Found<'e>>,
    /// What was found out about the condition of rows: what it lacks of what the assertion requires.
    holds: AHashMap<(FormulaId, bool, bool), Option<String>>,
}

/// A violation before it is named.
struct Found<'e> {
    pair: Option<Pair<'e>>,
    /// Whose access lacks, where there is no pair.
    principal: Option<PrincipalId>,
    key: KeyId,
    actions: ActionSet,
    formula: Option<FormulaId>,
    why: String,
    uncertain: bool,
}

impl<'e, 'a> Judge<'e, 'a> {
    /// The actions the assertion is about that a key can perform (S5.5.2).
    fn wanted(&self, key: &Key) -> ActionSet {
        self.assertion.actions & performed(key) & key.actions
    }

    /// Looks at every row of some keys: `barred` tells whose access breaks the assertion as such.
    fn every_row(&mut self, keys: &[KeyId], barred: impl Fn(PrincipalId) -> bool, why: &str) {
        for &id in keys {
            let Some(key) = self.engine.world.key(id) else {
                continue;
            };
            let wanted = self.wanted(key);
            for pair in self.engine.on_key(id) {
                self.looked_at += 1;
                let barred = barred(pair.principal);
                for &(actions, formula) in &pair.folded.access {
                    let actions = actions & wanted;
                    let counts = formula == FormulaId::TRUE || self.assertion.conditional_counts;
                    if actions.is_empty() || !counts {
                        continue;
                    }
                    match barred {
                        true => self.add(pair, actions, formula, why.to_owned()),
                        false => self.required(pair, actions, formula),
                    }
                }
            }
        }
    }

    /// Looks at what the assertion requires of the requests of a row.
    fn required(&mut self, pair: Pair<'e>, actions: ActionSet, formula: FormulaId) {
        if self.assertion.only_through.is_empty() && self.assertion.only_with_encryption_context.is_empty() {
            return;
        }
        let service = self.is_service(pair.principal);
        let with_context = actions & ActionSet::ENCRYPTION_CONTEXT;
        for (part, has_context) in [(with_context, true), (actions - with_context, false)] {
            if part.is_empty() {
                continue;
            }
            let at = (formula, service, has_context);
            let (engine, assertion) = (self.engine, self.assertion);
            let lacks = self.holds.entry(at);
            let lacks =
                lacks.or_insert_with(|| require::lacking(engine, assertion, formula, service, has_context));
            if let Some(why) = lacks.clone() {
                self.add(pair, part, formula, why);
            }
        }
    }

    fn add(&mut self, pair: Pair<'e>, actions: ActionSet, formula: FormulaId, why: String) {
        let service = self.is_service(pair.principal);
        self.found.push(Found {
            pair: Some(pair),
            principal: Some(pair.principal),
            key: pair.key,
            actions,
            formula: Some(formula),
            why,
            uncertain: self.is_uncertain_breach(formula, service),
        });
    }

    fn lack(
        &mut self,
        principal: Option<PrincipalId>,
        key: KeyId,
        actions: ActionSet,
        why: String,
        uncertain: bool,
    ) {
        self.found.push(Found {
            pair: None,
            principal,
            key,
            actions,
            formula: None,
            why,
            uncertain,
        });
    }

    fn is_service(&self, id: PrincipalId) -> bool {
        self.engine
            .world
            .principal(id)
            .is_some_and(|one| one.kind == Kind::Service)
    }

    /// Whether nobody knows if a row is there (S0.8).
    fn is_uncertain(&self, formula: FormulaId, service: bool) -> bool {
        match self.engine.access(formula, service) {
            Access::Always => false,
            Access::Conditional { condition, .. } => {
                condition.is_for_want_of_data() || condition.is_undecided()
            }
        }
    }

    /// Whether nobody knows if a row is there that should not be. What the administrators of another account can let its
    /// principals do is access (S0.5, S3.1.14).
    fn is_uncertain_breach(&self, formula: FormulaId, service: bool) -> bool {
        let mut formulas = Formulas::default();
        let all = &self.engine.formulas;
        let granted = formulas.map(all, formula, &mut |own, atom| match atom {
            Atom::Unknown { rule: "S3.1.14", .. } => FormulaId::TRUE,
            other => own.import_atom(all, other),
        });
        let is_unknown = |atom| matches!(formulas.shape(atom), Shape::Atom(Atom::Unknown { .. }));
        formulas.atoms(granted).into_iter().any(is_unknown)
            || granted != FormulaId::TRUE && self.engine.access(formula, service).is_undecided()
    }

    /// What a principal has on a key: for certain or counted as such, and perhaps.
    fn has(&self, principal: PrincipalId, key: KeyId) -> (ActionSet, ActionSet) {
        let (mut has, mut perhaps) = (ActionSet::EMPTY, ActionSet::EMPTY);
        let folded = self.engine.folded(principal, key);
        for &(actions, formula) in folded.into_iter().flat_map(|folded| &folded.access) {
            perhaps |= actions;
            let uncertain = || self.is_uncertain(formula, self.is_service(principal));
            if formula == FormulaId::TRUE || self.assertion.conditional_counts && !uncertain() {
                has |= actions;
            }
        }
        (has, perhaps)
    }

    /// Each of some principals can do everything on every key.
    fn each_has(&mut self, keys: &[KeyId], principals: &AHashSet<PrincipalId>) {
        let mut principals: Vec<PrincipalId> = principals.iter().copied().collect();
        principals.sort_unstable();
        for &id in keys {
            let Some(key) = self.engine.world.key(id) else {
                continue;
            };
            let wanted = self.wanted(key);
            for &principal in &principals {
                self.looked_at += 1;
                let (has, perhaps) = self.has(principal, id);
                let lacks = wanted - has;
                for (part, uncertain) in [(lacks - perhaps, false), (lacks & perhaps, true)] {
                    if part.is_empty() {
                        continue;
                    }
                    let why = match uncertain {
                        true => "has it under a condition only",
                        false => "does not have it",
                    };
                    let uncertain = uncertain && self.waits_for_data(principal, id, part);
                    self.lack(Some(principal), id, part, why.to_owned(), uncertain);
                }
            }
        }
    }

    /// Whether access to some actions depends on nothing but what is not known.
    fn waits_for_data(&self, principal: PrincipalId, key: KeyId, actions: ActionSet) -> bool {
        let folded = self.engine.folded(principal, key);
        let mut formulas = folded.into_iter().flat_map(|folded| &folded.access);
        formulas.any(|&(some, formula)| {
            some.intersects(actions) && self.is_uncertain(formula, self.is_service(principal))
        })
    }

    /// So many principals can do everything on every key.
    fn so_many_have(&mut self, keys: &[KeyId], number: usize) {
        let counts = |one: &Principal| {
            matches!(
                one.kind,
                Kind::User | Kind::Role | Kind::Session | Kind::Federated
            )
        };
        for &id in keys {
            let Some(key) = self.engine.world.key(id) else {
                continue;
            };
            let wanted = self.wanted(key);
            for action in wanted {
                let (mut certain, mut perhaps) = (0_usize, 0_usize);
                for pair in self.engine.on_key(id) {
                    let counted = self.engine.world.principal(pair.principal).is_some_and(counts);
                    let access = pair
                        .folded
                        .access
                        .iter()
                        .find(|(actions, _)| actions.contains(action));
                    let Some((_, formula)) = access.filter(|_| counted) else {
                        continue;
                    };
                    self.looked_at += 1;
                    match *formula == FormulaId::TRUE || self.assertion.conditional_counts {
                        true => certain += 1,
                        false => perhaps += 1,
                    }
                }
                if certain < number {
                    let why =
                        format!("{certain} can, and {perhaps} under conditions; there should be {number}");
                    self.lack(None, id, ActionSet::from(action), why, false);
                }
            }
        }
    }

    /// Whoever has access has the same on another key.
    fn same_as(&mut self, keys: &[KeyId], other: KeyId) {
        let Some(other_key) = self.engine.world.key(other) else {
            return;
        };
        let (there, possible) = (self.access_on(other), self.wanted(other_key));
        for &id in keys.iter().filter(|id| **id != other) {
            let Some(key) = self.engine.world.key(id) else {
                continue;
            };
            let wanted = self.wanted(key) & possible;
            let here = self.access_on(id);
            let mut all: Vec<PrincipalId> = here.keys().chain(there.keys()).copied().collect();
            all.sort_unstable();
            all.dedup();
            for principal in all {
                self.looked_at += 1;
                self.compare(
                    principal,
                    id,
                    here.get(&principal),
                    there.get(&principal),
                    wanted,
                    &other_key.arn,
                );
            }
        }
    }

    fn access_on(&self, key: KeyId) -> AHashMap<PrincipalId, Pair<'e>> {
        self.engine
            .on_key(key)
            .map(|pair| (pair.principal, pair))
            .collect()
    }

    fn compare(
        &mut self,
        principal: PrincipalId,
        key: KeyId,
        here: Option<&Pair<'e>>,
        there: Option<&Pair<'e>>,
        wanted: ActionSet,
        other: &str,
    ) {
        let formula = |pair: Option<&Pair<'e>>, action: Action| {
            let mut access = pair.into_iter().flat_map(|pair| &pair.folded.access);
            access
                .find(|(actions, _)| actions.contains(action))
                .map(|(_, formula)| *formula)
        };
        let service = self.is_service(principal);
        let mut differing: Vec<(Option<FormulaId>, &str, ActionSet)> = Vec::new();
        for action in wanted {
            let (own, others) = (formula(here, action), formula(there, action));
            let why = match (own, others) {
                (Some(_), None) => "has it here and not there",
                (None, Some(_)) => "has it there and not here",
                (Some(a), Some(b)) if !self.equivalent(a, b, service) => {
                    "has it under another condition there"
                }
                _ => continue,
            };
            match differing
                .iter_mut()
                .find(|known| (known.0, known.1) == (own, why))
            {
                Some((_, _, actions)) => actions.insert(action),
                None => differing.push((own, why, ActionSet::from(action))),
            }
        }
        for (own, why, actions) in differing {
            let why = format!("{why}: {other}");
            match (here, own) {
                (Some(pair), Some(formula)) => self.add(*pair, actions, formula, why),
                _ => {
                    let uncertain = there.is_some_and(|pair| {
                        pair.folded.access.iter().any(|(some, formula)| {
                            some.intersects(actions) && self.is_uncertain(*formula, service)
                        })
                    });
                    self.lack(Some(principal), key, actions, why, uncertain);
                }
            }
        }
    }

    /// Whether two conditions hold for the same requests.
    fn equivalent(&self, a: FormulaId, b: FormulaId, service: bool) -> bool {
        if a == b {
            return true;
        }
        let mut formulas = Formulas::default();
        let (a, b) = (
            formulas.import(&self.engine.formulas, a),
            formulas.import(&self.engine.formulas, b),
        );
        let (not_a, not_b) = (formulas.not(a), formulas.not(b));
        let (only_a, only_b) = (formulas.and2(a, not_b), formulas.and2(b, not_a));
        let differ = formulas.or2(only_a, only_b);
        verdict(&formulas, differ, &common(service)) == solve::Verdict::Never
    }

    /// What came out, with the first violations named: certain ones first.
    fn checked(mut self, note: Option<String>) -> Checked<'a> {
        let world = &self.engine.world;
        let name = |found: &Found<'_>| {
            let key = world.key(found.key).map(|key| key.arn.as_str());
            let principal = found.principal.and_then(|id| world.principal(id));
            (
                found.uncertain,
                key,
                principal.map(|one| one.name.as_str()),
                found.actions.bits(),
            )
        };
        self.found.sort_by(|a, b| name(a).cmp(&name(b)));
        let uncertain = self.found.iter().filter(|found| found.uncertain).count();
        let verdict = match self.found.len() {
            _ if self.assertion.expired => Verdict::Expired,
            0 => Verdict::Passed,
            total if total == uncertain => Verdict::Undecided,
            _ => Verdict::Failed,
        };
        Checked {
            assertion: self.assertion,
            verdict,
            looked_at: self.looked_at,
            violations: self
                .found
                .iter()
                .take(SHOWN)
                .map(|found| self.violation(found))
                .collect(),
            total: self.found.len(),
            uncertain,
            note,
        }
    }

    fn violation(&self, found: &Found<'_>) -> Violation {
        let world = &self.engine.world;
        let principal = found.principal.and_then(|id| world.principal(id));
        let service = principal.is_some_and(|one| one.kind == Kind::Service);
        let via = found.pair.zip(found.actions.first()).map(|(pair, action)| {
            let ways = self.engine.ways(pair, ActionSet::from(action));
            self.engine.via(pair, &ways, action)
        });
        Violation {
            principal: principal.map(|one| one.name.clone()),
            key: world
                .key(found.key)
                .map(|key| key.arn.clone())
                .unwrap_or_default(),
            actions: found.actions,
            access: found.formula.map(|formula| self.engine.access(formula, service)),
            via: via.unwrap_or_default().into(),
            why: found.why.clone(),
            uncertain: found.uncertain,
        }
    }
}
