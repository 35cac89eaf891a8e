//! Cells: what is known of one principal and one key, gathered from the rules and put together per action.

use crate::condition::formula::{FormulaId, Formulas};
use crate::facts::id::{Basis, KeyId, Layer, LevelId, PrincipalId, StatementId};
use crate::facts::residual::Case;
use crate::facts::world::{Account, Kind};
use crate::model::action::{Action, ActionSet};
use crate::rules::decision::{Limits, Logic, decision, path};
use crate::rules::{LevelRow, LimitRow, PathRow};

/// What the rules derived about one pair.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub(crate) paths: Vec<PathRow>,
    pub(crate) denies: Vec<LimitRow>,
    /// Allows of boundary, session and endpoint policies.
    pub(crate) allows: Vec<LimitRow>,
    /// Allows of SCPs by level.
    pub(crate) levels: Vec<LevelRow>,
    /// Layers that limit the principal.
    pub(crate) under: Vec<Layer>,
}

/// The value of every layer for one action.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    /// Each path of the cell that may hold, with what it says and what it comes to within its limits.
    pub(crate) paths: Vec<PathValue>,
    /// Each deny that may hold.
    pub(crate) denies: Vec<(LimitRow, FormulaId)>,
    pub(crate) limits: Limits<FormulaId>,
    pub(crate) endpoint: Option<FormulaId>,
    /// The decision (S4.1.1).
    pub(crate) value: FormulaId,
}

/// A path and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PathValue {
    pub(crate) row: PathRow,
    /// What its statements or grant say.
    pub(crate) holds: FormulaId,
    /// The same within boundary, session policies and SCPs.
    pub(crate) limited: FormulaId,
}

impl Logic for Formulas {
    type Value = FormulaId;

    fn yes(&mut self) -> FormulaId {
        FormulaId::TRUE
    }

    fn ambiguous(&mut self, rule: &'static str, about: &'static str) -> FormulaId {
        Formulas::ambiguous(self, rule, about)
    }

    fn and(&mut self, a: FormulaId, b: FormulaId) -> FormulaId {
        self.and2(a, b)
    }

    fn or(&mut self, a: FormulaId, b: FormulaId) -> FormulaId {
        self.or2(a, b)
    }

    fn not(&mut self, a: FormulaId) -> FormulaId {
        Formulas::not(self, a)
    }
}

impl Cell {
    /// All layers for one action. `say` gives the value of a statement of a policy, or of what a path rests on.
    pub(crate) fn layers(&self, case: &Case<'_>, action: Action, values: &mut Values<'_>) -> Layers {
        let limits = self.limits(case, action, values);
        let mut paths = Vec::new();
        let mut any = FormulaId::FALSE;
        for row in self.paths.iter().filter(|row| row.mask.contains(action)) {
            let by = values.basis(case, row.by, row.route, action);
            let with = values.basis(case, row.with, row.route, action);
            let holds = values.formulas.and2(by, with);
            if holds == FormulaId::FALSE {
                continue;
            }
            let limited = path(values.formulas, row.route, holds, &limits);
            any = values.formulas.or2(any, limited);
            paths.push(PathValue {
                row: *row,
                holds,
                limited,
            });
        }
        let mut denies = Vec::new();
        let mut denied = FormulaId::FALSE;
        for row in self.denies.iter().filter(|row| row.mask.contains(action)) {
            let value = values.limit(case, row.statement, action, true);
            if value != FormulaId::FALSE {
                denied = values.formulas.or2(denied, value);
                denies.push((*row, value));
            }
        }
        let endpoint = self.layer(case, Layer::Endpoint, action, values);
        let value = decision(values.formulas, denied, endpoint, any);
        Layers {
            paths,
            denies,
            limits,
            endpoint,
            value,
        }
    }

    fn limits(&self, case: &Case<'_>, action: Action, values: &mut Values<'_>) -> Limits<FormulaId> {
        let session = self.layer(case, Layer::Session, action, values);
        let session_required = match (case.principal.kind, session) {
            (Kind::Federated, None) => Some(match case.stated {
                // S3.1.4: none was passed.
                Some(stated) if !stated.open => FormulaId::FALSE,
                _ => values
                    .formulas
                    .unknown("S3.1.4", "a session policy that allows it was passed"),
            }),
            _ => None,
        };
        Limits {
            boundary: self.layer(case, Layer::Boundary, action, values),
            session,
            session_required,
            scp: self
                .under
                .contains(&Layer::Scp)
                .then(|| self.scp(case, action, values)),
        }
    }

    /// Whether some statement of a limiting layer allows; `None` if there is no such layer.
    fn layer(
        &self,
        case: &Case<'_>,
        layer: Layer,
        action: Action,
        values: &mut Values<'_>,
    ) -> Option<FormulaId> {
        if !self.under.contains(&layer) {
            return None;
        }
        let mut any = FormulaId::FALSE;
        for row in self
            .allows
            .iter()
            .filter(|row| row.layer == layer && row.mask.contains(action))
        {
            let value = values.limit(case, row.statement, action, false);
            any = values.formulas.or2(any, value);
        }
        Some(any)
    }

    /// Whether every level allows (S4.7.1).
    fn scp(&self, case: &Case<'_>, action: Action, values: &mut Values<'_>) -> FormulaId {
        let account: Option<&Account> = case.principal.account.and_then(|id| case.view.world.account(id));
        let mut all = FormulaId::TRUE;
        for &level in account.into_iter().flat_map(|account| &account.levels) {
            let value = self.level(case, level, action, values);
            all = values.formulas.and2(all, value);
        }
        all
    }

    fn level(&self, case: &Case<'_>, level: LevelId, action: Action, values: &mut Values<'_>) -> FormulaId {
        let mut any = FormulaId::FALSE;
        for row in self
            .levels
            .iter()
            .filter(|row| row.level == level && row.mask.contains(action))
        {
            let value = values.limit(case, row.statement, action, false);
            any = values.formulas.or2(any, value);
            if any == FormulaId::TRUE {
                break;
            }
        }
        any
    }

    /// Every action some path reaches.
    pub(crate) fn reach(&self) -> ActionSet {
        self.paths
            .iter()
            .fold(ActionSet::EMPTY, |all, row| all | row.mask)
    }

    /// Sets of actions that no row and no statement of the cell tells apart.
    pub(crate) fn partition(&self, case: &Case<'_>) -> Vec<ActionSet> {
        let mut parts = vec![self.reach() & case.key.actions];
        let mut split = |mask: ActionSet| {
            for index in 0..parts.len() {
                let Some(part) = parts.get_mut(index) else {
                    continue;
                };
                let (inside, outside) = (*part & mask, *part - mask);
                if !inside.is_empty() && !outside.is_empty() {
                    *part = inside;
                    parts.push(outside);
                }
            }
        };
        let mut statements: Vec<StatementId> = Vec::new();
        for row in &self.paths {
            split(row.mask);
            for basis in [row.by, row.with] {
                match basis {
                    Basis::Statement(id) => statements.push(id),
                    Basis::Grant(_) => {
                        split(ActionSet::ENCRYPTION_CONTEXT);
                        split(ActionSet::CREATE_GRANT);
                        split(ActionSet::RETIRE_GRANT);
                    }
                    Basis::Nothing => {}
                }
            }
        }
        for row in self.denies.iter().chain(&self.allows) {
            split(row.mask);
            statements.push(row.statement);
        }
        for row in &self.levels {
            split(row.mask);
            statements.push(row.statement);
        }
        statements.sort_unstable();
        statements.dedup();
        for statement in statements.into_iter().filter_map(|id| case.view.statement(id)) {
            split(statement.doubtful);
            for &group in &statement.groups {
                split(group);
            }
        }
        parts.retain(|part| !part.is_empty());
        parts.sort_unstable_by_key(|part| part.bits());
        parts
    }
}

/// Values of statements, computed once per cell and part.
pub(crate) struct Values<'f> {
    pub(crate) formulas: &'f mut Formulas,
}

impl Values<'_> {
    fn basis(
        &mut self,
        case: &Case<'_>,
        basis: Basis,
        route: crate::facts::id::Route,
        action: Action,
    ) -> FormulaId {
        case.basis(basis, route, action, self.formulas)
    }

    /// A statement that limits or denies.
    fn limit(&mut self, case: &Case<'_>, statement: StatementId, action: Action, denies: bool) -> FormulaId {
        let named = case.named(statement, None, self.formulas);
        if named == FormulaId::FALSE {
            return named;
        }
        let says = case.statement(statement, action, denies, self.formulas);
        self.formulas.and2(named, says)
    }
}

/// The rules' output for many pairs, ready to be cut into cells.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    pub(crate) paths: Vec<PathRow>,
    pub(crate) denies: Vec<LimitRow>,
    pub(crate) allows: Vec<LimitRow>,
    pub(crate) levels: Vec<LevelRow>,
    pub(crate) under: Vec<(PrincipalId, Layer)>,
}

/// Runs all rules. `pairs`: also look at denies and limits of these, whether or not a path reaches them.
pub(crate) fn derive(facts: &crate::facts::relations::Facts, pairs: &[(PrincipalId, KeyId)]) -> Derived {
    use crate::rules::{grants, paths};
    let (mut rows, by_grants) = both(facts, || paths::run(facts), || grants::run(facts));
    rows.extend(by_grants);
    rows.sort_unstable_by_key(|row| {
        (
            row.key,
            row.principal,
            row.route,
            row.by,
            row.with,
            row.mask.bits(),
        )
    });
    let mut touched: Vec<(PrincipalId, KeyId)> = rows.iter().map(|row| (row.principal, row.key)).collect();
    touched.extend_from_slice(pairs);
    touched.sort_unstable();
    touched.dedup();
    Derived {
        paths: rows,
        ..derive_limits(facts, &touched)
    }
}

/// Runs two programs, side by side where there is enough to do.
fn both<A: Send, B: Send>(
    facts: &crate::facts::relations::Facts,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    const MANY: usize = 10_000;
    match facts.len() < MANY {
        true => (a(), b()),
        false => rayon::join(a, b),
    }
}

/// Runs the rules of denies and limits only, for pairs that no path touches.
pub(crate) fn derive_limits(
    facts: &crate::facts::relations::Facts,
    pairs: &[(PrincipalId, KeyId)],
) -> Derived {
    use crate::rules::{denies, guardrails};
    let (limits, mut denies) = both(
        facts,
        || guardrails::run(facts, pairs),
        || denies::run(facts, pairs),
    );
    let (mut allows, mut levels, mut under) = (limits.allows, limits.levels, limits.under);
    denies.sort_unstable_by_key(|row| (row.key, row.principal, row.layer, row.statement));
    allows.sort_unstable_by_key(|row| (row.key, row.principal, row.layer, row.statement));
    levels.sort_unstable_by_key(|row| (row.key, row.account, row.level, row.statement));
    under.sort_unstable();
    Derived {
        paths: Vec::new(),
        denies,
        allows,
        levels,
        under,
    }
}

/// The rows of a sorted table that belong to one cell.
fn run_of<T>(rows: &[T], key: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    use std::cmp::Ordering;
    let start = rows.partition_point(|row| key(row) == Ordering::Less);
    let rest = rows.get(start..).unwrap_or_default();
    let end = rest.partition_point(|row| key(row) == Ordering::Equal);
    rest.get(..end).unwrap_or_default()
}

impl Derived {
    /// How many rows the rules derived.
    pub(crate) fn len(&self) -> usize {
        let (limits, levels) = (
            self.denies.len() + self.allows.len(),
            self.levels.len() + self.under.len(),
        );
        self.paths.len() + limits + levels
    }

    /// Whether some path leads a principal to a key.
    pub(crate) fn has_path(&self, principal: PrincipalId, key: KeyId) -> bool {
        let at = (key, principal);
        let start = self.paths.partition_point(|row| (row.key, row.principal) < at);
        self.paths
            .get(start)
            .is_some_and(|row| (row.key, row.principal) == at)
    }

    /// The cell of one pair; `account` is the principal's.
    pub(crate) fn cell(
        &self,
        principal: PrincipalId,
        key: KeyId,
        account: Option<crate::facts::id::AccountId>,
    ) -> Cell {
        let at = (key, principal);
        let levels = account.map_or(&[][..], |account| {
            run_of(&self.levels, |row| (row.key, row.account).cmp(&(key, account)))
        });
        Cell {
            paths: run_of(&self.paths, |row| (row.key, row.principal).cmp(&at)).to_vec(),
            denies: run_of(&self.denies, |row| (row.key, row.principal).cmp(&at)).to_vec(),
            allows: run_of(&self.allows, |row| (row.key, row.principal).cmp(&at)).to_vec(),
            levels: levels.to_vec(),
            under: run_of(&self.under, |row| row.0.cmp(&principal))
                .iter()
                .map(|row| row.1)
                .collect(),
        }
    }
}
