//! Cells: what is known of one principal and one key, gathered from the rules and put together per action.

mod derived;

use crate::condition::formula::{FormulaId, Formulas};
use crate::facts::id::{Basis, Layer, LevelId, StatementId};
use crate::facts::residual::Case;
use crate::facts::world::{Account, Kind};
use crate::model::action::{Action, ActionSet};
use crate::rules::decision::{Limits, Logic, decision, path};
use crate::rules::{LevelRow, LimitRow, PathRow};
pub(crate) use derived::{Derived, derive, derive_each, derive_limits};

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
                Some(stated) if !stated.consult().open => FormulaId::FALSE,
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
