//! What the rules say of one permission, with the value of each element of its statements.

use super::Verdict;
use crate::Residual;
use crate::cells::Layers;
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::simplify::simplify;
use crate::condition::solve::{self, common, verdict};
use crate::facts::id::{Element, GrantId, Layer, LevelId, StatementId, Voice};
use crate::facts::residual::Case;
use crate::facts::why::{Elements, lower_elements};
use crate::facts::world::Kind;
use crate::query::why::Permission;
use crate::rules::near::{self, Nearness, Stand};
use std::sync::Arc;

/// Conditions of more comparisons are shown as they come.
const SHORT: usize = 16;

/// What the rules derived about one permission, and what they were given.
pub(super) struct Findings<'p> {
    pub(super) permission: &'p Permission<'p>,
    pub(super) formulas: Formulas,
    /// The value of every layer that decides.
    pub(super) layers: Layers,
    /// What comes near.
    pub(super) near: Nearness,
    pub(super) elements: Elements,
}

impl<'p> Findings<'p> {
    pub(super) fn of(permission: &'p Permission<'p>) -> Self {
        let (layers, mut formulas) = permission.layers();
        let (facts, elements) = lower_elements(
            permission.case,
            permission.action,
            permission.endpoint,
            &mut formulas,
        );
        Findings {
            permission,
            formulas,
            layers,
            near: near::run(&facts),
            elements,
        }
    }

    pub(super) fn case(&self) -> &'p Case<'p> {
        self.permission.case
    }

    fn is_open(&self) -> bool {
        self.case().stated.is_some_and(|stated| stated.open)
    }

    /// What a value comes to, as something that allows.
    pub(super) fn weigh(&self, value: FormulaId) -> Verdict {
        let decided = match value {
            FormulaId::TRUE => solve::Verdict::Always,
            FormulaId::FALSE => solve::Verdict::Never,
            open if self.is_open() => verdict(&self.formulas, open, &self.given()),
            _ => solve::Verdict::Sometimes,
        };
        match decided {
            solve::Verdict::Always => Verdict::Allows,
            solve::Verdict::Never => Verdict::Silent,
            solve::Verdict::Sometimes | solve::Verdict::Undecided => Verdict::Depends,
        }
    }

    /// The same of something that denies.
    pub(super) fn weigh_deny(&self, value: FormulaId) -> Verdict {
        match self.weigh(value) {
            Verdict::Allows => Verdict::Denies,
            other => other,
        }
    }

    fn given(&self) -> crate::RequestContext {
        common(self.case().principal.kind == Kind::Service)
    }

    /// What a value depends on, if it does.
    pub(super) fn residual(&self, value: FormulaId) -> Option<Residual> {
        if self.weigh(value) != Verdict::Depends {
            return None;
        }
        // WHY: the shortest form of a long condition takes longer to find than all the rest, and nobody reads it whole.
        let short = self.is_open() && self.formulas.atoms(value).len() <= SHORT;
        let (own, id) = if short {
            simplify(&self.formulas, value, &self.given())
        } else {
            let mut own = match self.is_open() {
                true => Formulas::default(),
                false => Formulas::kleene(),
            };
            let id = own.import(&self.formulas, value);
            (own, id)
        };
        Some(Residual::new(Arc::new(own), id))
    }

    /// What a statement comes to, all elements together.
    pub(super) fn statement(&mut self, id: StatementId) -> FormulaId {
        let each = self.elements.statements.get(&id).into_iter().flatten();
        let each: Vec<FormulaId> = each.map(|(_, value)| *value).collect();
        self.formulas.and(each)
    }

    /// The statements of a layer, at a level of it, that allow as far as their conditions hold.
    pub(super) fn speaking(&self, layer: Layer, level: Option<LevelId>) -> Vec<StatementId> {
        let here = |stand: &&Stand| stand.layer == layer && stand.level == level;
        let stands = self.near.speaks.iter().filter(here);
        stands.map(|stand| stand.statement).collect()
    }

    /// What those come to together.
    pub(super) fn any(&mut self, statements: &[StatementId]) -> FormulaId {
        let each: Vec<FormulaId> = statements.iter().map(|&id| self.statement(id)).collect();
        self.formulas.or(each)
    }

    /// The near misses of a layer, at a level of it, those first that say something of the request.
    pub(super) fn near(&self, layer: Layer, level: Option<LevelId>) -> Vec<(StatementId, Element)> {
        let here = self
            .near
            .near
            .iter()
            .filter(|(stand, _)| stand.layer == layer && stand.level == level);
        let mut found: Vec<_> = here.map(|&(stand, element)| (stand.statement, element)).collect();
        found.sort_by_key(|&(id, element)| (rank(element), id));
        found
    }

    /// Near misses of grants, the same way.
    pub(super) fn near_grants(&self) -> Vec<(GrantId, Element)> {
        let mut found = self.near.grants.clone();
        found.sort_by_key(|&(id, element)| (rank(element), id));
        found
    }

    /// How a statement of the key's policy counts for the caller; `None`: it does not name it.
    pub(super) fn voice(&self, id: StatementId) -> Option<Voice> {
        let mut voices = self.near.counts.iter().filter(|(statement, _)| *statement == id);
        voices.next().map(|(_, voice)| *voice)
    }

    /// SCPs: the levels above the caller's account, from the root down.
    pub(super) fn levels(&self) -> Vec<LevelId> {
        let case = self.case();
        let account = case.principal.account.and_then(|id| case.view.world.account(id));
        account.map(|account| account.levels.clone()).unwrap_or_default()
    }
}

/// What is nearest: a condition that does not hold says more of a request than a statement for somebody else.
fn rank(element: Element) -> u8 {
    match element {
        Element::Condition(_) | Element::Constraints | Element::Effect => 0,
        Element::Action | Element::Operations => 1,
        Element::Resource => 2,
        Element::Principal | Element::Grantee => 3,
    }
}
