//! One request: its cell, evaluated in its context (S4.1).

use super::need::Need;
use super::prepare::Place;
use super::request;
use super::{bulk, reasons};
use crate::Error;
use crate::answer::{Decision, Outcome, Residual};
use crate::cache::{Asker, Reason, Ruling, Whose};
use crate::cells::{Cell, Layers, Values};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::simplify::simplify;
use crate::condition::solve::{Verdict, common, verdict};
use crate::engine::Engine;
use crate::facts::id::{Basis, Route};
use crate::facts::residual::Case;
use crate::facts::stated::Stated;
use crate::facts::view::Extra;
use crate::facts::world::{Key, Kind, Resource};
use crate::model::action::{Action, ActionSet};
use crate::model::request::Request;
use crate::policy::document::PolicyKind;
use std::sync::Arc;

impl Engine {
    /// Decides one request.
    ///
    /// # Errors
    /// The request names something unknown or contradicts itself or the snapshot (S6.10).
    pub fn decide(&self, request: &Request) -> Result<Decision, Error> {
        let needs = self.needs(request)?;
        // For each caller the request may come from, all permissions together.
        let mut callers: Vec<Decision> = Vec::new();
        for need in &needs {
            let decisions = self.permission(request, need)?;
            callers = match callers.len() {
                0 => decisions,
                _ => callers
                    .into_iter()
                    .zip(decisions)
                    .map(|(a, b)| worse(a, b))
                    .collect(),
            };
        }
        // WHY: who made a federated session is not known; only what holds for every user is certain.
        let mut decision = callers.into_iter().reduce(undecided_between).ok_or_else(|| {
            crate::error::unknown(
                "principal",
                &request.principal,
                self.world.listed().map(|(_, one)| one.name.as_str()),
            )
        })?;
        if decision.outcome == Outcome::Allowed && request.new_policy.is_some() {
            decision.lockout = self.lockout_of_caller(request, &needs)?;
        }
        decision.id.clone_from(&request.id);
        Ok(decision)
    }

    /// Decides one permission for every caller the request may come from.
    fn permission(&self, request: &Request, need: &Need<'_>) -> Result<Vec<Decision>, Error> {
        let stated = self.stated(request, need)?;
        let prepared = self.prepared(request, need)?;
        let mut decisions = Vec::with_capacity(1);
        for (asker, place) in prepared.iter() {
            request::check(self, &asker.principal, &need.key, need.action, &stated)?;
            let case = Case {
                view: asker.view(&self.world),
                principal: &asker.principal,
                key: &need.key,
                stated: Some(&stated),
                outcomes: None,
            };
            decisions.push(self.ruled(&case, asker, place, need.action));
        }
        Ok(decisions)
    }

    /// Decides one permission for one caller: as it was, where no request about the same could state otherwise.
    pub(super) fn ruled(&self, case: &Case<'_>, asker: &Asker, place: &Place, action: Action) -> Decision {
        if let Some(rule) = infeasible(case, action) {
            return Ruling::refused("feasibility", rule).decision(case, action);
        }
        let whose = match place {
            Place::Tables(whose) => *whose,
            Place::Own(cell) => return self.evaluate(case, cell, action).decision(case, action),
        };
        if let Some(ruling) = self.cache.ruling(whose, action) {
            return ruling.decision(case, action);
        }
        self.evaluate_at(case, asker, whose, action)
            .decision(case, action)
    }

    /// Evaluates a cell of the tables, and remembers what will be of use again.
    pub(super) fn evaluate_at(
        &self,
        case: &Case<'_>,
        asker: &Asker,
        whose: Whose,
        action: Action,
    ) -> Evaluated {
        let cell = self.cell_of(asker, whose);
        let evaluated = self.evaluate(case, &cell, action);
        match whose {
            _ if evaluated.lasting => self.cache.rule(whose, action, evaluated.ruling),
            Whose::Listed(_) => self.cache.keep(whose, cell),
            Whose::SessionOf(_) | Whose::Refused(_) | Whose::Other(..) => {}
        }
        evaluated
    }

    /// What stands against somebody whom no path leads to a key; `None` if all that lacks is an allow.
    pub(super) fn against(&self, case: &Case<'_>, cell: &Cell, action: Action) -> Option<Ruling> {
        let mut formulas = formulas_for(case);
        let mut values = Values {
            formulas: &mut formulas,
        };
        let layers = cell.layers(case, action, &mut values);
        denied(&layers).or_else(|| limited(&layers))
    }

    /// Which side lacks an allow.
    pub(super) fn lacking(&self, case: &Case<'_>, action: Action) -> Ruling {
        let (layer, rule) = missing(case, action, &mut formulas_for(case));
        Ruling::refused(layer, rule)
    }

    /// Evaluates a cell for one action of one request.
    fn evaluate(&self, case: &Case<'_>, cell: &Cell, action: Action) -> Evaluated {
        let open = case.stated.is_some_and(|stated| stated.open);
        let mut formulas = formulas_for(case);
        let mut layers = cell.layers(
            case,
            action,
            &mut Values {
                formulas: &mut formulas,
            },
        );
        let certain = matches!(layers.value, FormulaId::TRUE | FormulaId::FALSE);
        let mut residual = None;
        if open && !certain {
            let service = case.principal.kind == Kind::Service;
            let given = common(service);
            let made = self.cache.residual(&formulas, layers.value, service, || {
                match verdict(&formulas, layers.value, &given) {
                    decided @ (Verdict::Never | Verdict::Always) => (decided, None),
                    open => {
                        let (simpler, id) = simplify(&formulas, layers.value, &given);
                        (open, Some(Residual::new(Arc::new(simpler), id)))
                    }
                }
            });
            match made.0 {
                Verdict::Never => layers.value = FormulaId::FALSE,
                Verdict::Always => layers.value = FormulaId::TRUE,
                Verdict::Sometimes | Verdict::Undecided => residual = made.1,
            }
        }
        let ruling = ruling(case, action, &layers, &mut formulas);
        let residual = (ruling.outcome == Outcome::Undetermined)
            .then(|| residual.unwrap_or_else(|| Residual::new(Arc::new(formulas), layers.value)));
        Evaluated {
            ruling,
            residual,
            lasting: certain && case.stated.is_some_and(|stated| !stated.consulted.get()),
        }
    }

    pub(super) fn stated(&self, request: &Request, need: &Need<'_>) -> Result<Stated, Error> {
        let mut stated = request::stated(self, request, &need.key, need.action, need.side)?;
        if need.action == Action::CreateKey
            && let Some(region) = stated.values.get("kms:ReplicaRegion").cloned()
        {
            stated.values.insert("aws:RequestedRegion".to_owned(), region);
        }
        if ActionSet::RE_ENCRYPT.contains(need.action)
            && let Some(destination) = &request.destination
        {
            let source = self.key_of(request, &request.resource)?.1;
            let same = source.arn == self.key_of(request, destination)?.1.arn;
            stated
                .values
                .entry("kms:ReEncryptOnSameKey".to_owned())
                .or_insert_with(|| vec![same.to_string()]);
        }
        Ok(stated)
    }

    /// S5.4.3: whether KMS would refuse the new policy because the caller could not change it again.
    fn lockout_of_caller(
        &self,
        request: &Request,
        needs: &[Need<'_>],
    ) -> Result<Option<&'static str>, Error> {
        let (Some(document), Some(need)) = (&request.new_policy, needs.first()) else {
            return Ok(None);
        };
        if need.action != Action::PutKeyPolicy {
            return Ok(None);
        }
        if request.bypass {
            return Ok(Some("bypassed"));
        }
        let mut extra = Extra::default();
        let callers = self.callers(request, &mut extra)?;
        let policy = extra.add(&self.world, PolicyKind::Key, "new key policy", document);
        let ram = need.key.written.iter().filter(|one| one.text.name == "AWS_RAM");
        let kept = ram.map(|one| one.policy);
        extra.replace_key_policies(std::iter::once(policy).chain(kept).collect());
        let stated = Stated {
            open: true,
            ..self.stated(request, need)?
        };
        let (askers, cells) = self.derive_for(callers, need, None, extra);
        let may = askers.iter().zip(&cells).any(|(asker, cell)| {
            let case = Case {
                view: asker.view(&self.world),
                principal: &asker.principal,
                key: &need.key,
                stated: Some(&stated),
                outcomes: None,
            };
            let mut formulas = Formulas::default();
            let mut values = Values {
                formulas: &mut formulas,
            };
            cell.layers(&case, Action::PutKeyPolicy, &mut values).value != FormulaId::FALSE
        });
        Ok(Some(if may { "passes" } else { "refused" }))
    }
}

/// What a cell comes to for one action of one request.
pub(super) struct Evaluated {
    pub(super) ruling: Ruling,
    /// Of undetermined ones: on what it depends.
    pub(super) residual: Option<Residual>,
    /// Whether the request had no say in it.
    lasting: bool,
}

impl Evaluated {
    fn decision(self, case: &Case<'_>, action: Action) -> Decision {
        Decision {
            residual: self.residual,
            ..self.ruling.decision(case, action)
        }
    }
}

impl Ruling {
    pub(super) fn refused(layer: &'static str, rule: &'static str) -> Ruling {
        Ruling {
            outcome: Outcome::ImplicitDeny,
            layer,
            rule,
            reason: Reason::Nothing,
        }
    }

    /// The decision with what it rests on, named as the principal and the key at hand have it.
    pub(super) fn decision(&self, case: &Case<'_>, action: Action) -> Decision {
        let mut decision = Decision {
            id: String::new(),
            outcome: self.outcome,
            layer: self.layer,
            rule: self.rule,
            statements: Vec::new(),
            grant: None,
            residual: None,
            usable: usable(case.key, action),
            lockout: None,
            notes: Vec::new(),
        };
        match &self.reason {
            Reason::Nothing => {}
            Reason::Deny(statement) => decision.statements = reasons::statements(case, *statement),
            Reason::Path(row) => {
                // Of several texts that say the same, the first.
                if let Some(derivation) = reasons::derivations(case, row).into_iter().next() {
                    decision.statements = derivation.statements;
                    decision.grant = derivation.grant;
                }
            }
        }
        decision
    }
}

/// S4.2.1, S1.1: what no policy can make possible.
fn infeasible(case: &Case<'_>, action: Action) -> Option<&'static str> {
    let (principal, key) = (case.principal, case.key);
    if principal.kind == Kind::Service || key.kind == Resource::Nothing {
        return None;
    }
    barred(
        case.in_one_partition(),
        principal.account == Some(key.account),
        action,
    )
}

/// The same for somebody who is no service, on a key.
pub(super) fn barred(in_one_partition: bool, own_account: bool, action: Action) -> Option<&'static str> {
    match in_one_partition {
        false => Some("S1.1"),
        true => (!own_account && !action.is_cross_account()).then_some("S4.2.1"),
    }
}

/// In an open context what is not stated has some value, the same for all who ask (S6.8).
pub(super) fn formulas_for(case: &Case<'_>) -> Formulas {
    if case.stated.is_some_and(|stated| stated.open) {
        Formulas::default()
    } else {
        Formulas::kleene()
    }
}

/// A statement that denies.
fn denied(layers: &Layers) -> Option<Ruling> {
    let (row, _) = layers
        .denies
        .iter()
        .find(|(_, value)| *value == FormulaId::TRUE)?;
    Some(Ruling {
        outcome: Outcome::ExplicitDeny,
        layer: reasons::layer(row.layer),
        rule: "S4.8.1",
        reason: Reason::Deny(row.statement),
    })
}

fn ruling(case: &Case<'_>, action: Action, layers: &Layers, formulas: &mut Formulas) -> Ruling {
    if let Some(denied) = denied(layers) {
        return denied;
    }
    match layers.value {
        FormulaId::TRUE => allowed(layers),
        FormulaId::FALSE => refused(case, action, layers, formulas),
        _ => {
            let open = layers.paths.iter().find(|path| path.limited != FormulaId::FALSE);
            let (layer, rule) = open.map_or(("keyPolicy", "S6.10"), |path| reasons::route(path.row.route));
            Ruling {
                outcome: Outcome::Undetermined,
                layer,
                rule,
                reason: open.map_or(Reason::Nothing, |path| Reason::Path(path.row)),
            }
        }
    }
}

fn allowed(layers: &Layers) -> Ruling {
    let path = layers
        .paths
        .iter()
        .find(|path| path.limited == FormulaId::TRUE)
        .or(layers.paths.first());
    let allowed = |layer, rule, reason| Ruling {
        outcome: Outcome::Allowed,
        layer,
        rule,
        reason,
    };
    let Some(path) = path else {
        return allowed("keyPolicy", "S4.1.1", Reason::Nothing);
    };
    let (_, rule) = reasons::route(path.row.route);
    let layer = match (path.row.by, path.row.with) {
        (Basis::Grant(_), _) => "grant",
        (_, Basis::Statement(_)) => "identity",
        (Basis::Nothing, Basis::Nothing) => "identity",
        _ => "keyPolicy",
    };
    allowed(layer, rule, Reason::Path(path.row))
}

fn none(value: Option<FormulaId>) -> bool {
    value == Some(FormulaId::FALSE)
}

/// A layer of the organization or the network with no allow: these are said first (S4.1.2).
fn limited(layers: &Layers) -> Option<Ruling> {
    if none(layers.limits.scp) {
        return Some(Ruling::refused("scp", "S4.7.1"));
    }
    none(layers.endpoint).then(|| Ruling::refused("vpcEndpoint", "S4.7.4"))
}

/// The first layer with no allow, in the order of S4.1.2.
fn refused(case: &Case<'_>, action: Action, layers: &Layers, formulas: &mut Formulas) -> Ruling {
    if let Some(limited) = limited(layers) {
        return limited;
    }
    let holds = layers
        .paths
        .iter()
        .fold(FormulaId::FALSE, |any, path| formulas.or2(any, path.holds));
    let (layer, rule) = if holds == FormulaId::FALSE {
        missing(case, action, formulas)
    } else if none(layers.limits.boundary) {
        ("boundary", "S4.5.1")
    } else if none(layers.limits.session_required.or(layers.limits.session)) {
        ("session", "S4.5.1")
    } else {
        ("keyPolicy", "S4.1.1")
    };
    Ruling::refused(layer, rule)
}

/// Which side lacks an allow where no path holds.
fn missing(case: &Case<'_>, action: Action, formulas: &mut Formulas) -> (&'static str, &'static str) {
    if case.key.kind != Resource::Key {
        return ("identity", "S4.10.1");
    }
    let own = case.principal.account == Some(case.key.account);
    // In the key's account the gate is what the key policy can open; elsewhere any statement that names the caller.
    let route = if own {
        Route::Delegated
    } else {
        Route::CrossAccount
    };
    let open = case
        .view
        .key_policies(case.key)
        .iter()
        .flat_map(|&policy| case.view.statements_of(policy))
        .any(|id| {
            let allows = case.view.statement(id).is_some_and(|statement| {
                statement.allows && (statement.actions | statement.doubtful).contains(action)
            });
            allows
                && case.named(id, Some(route), formulas) != FormulaId::FALSE
                && case.statement(id, action, false, formulas) != FormulaId::FALSE
        });
    match (open, own) {
        (true, true) => ("identity", "S4.5.1"),
        (true, false) => ("identity", "S4.6.1"),
        (false, true) => ("keyPolicy", "S4.3.3"),
        (false, false) => ("keyPolicy", "S4.6.1"),
    }
}

/// Whether the operation can work on the key, in its state (S4.2.3, S7.3).
pub(super) fn usable(key: &Key, action: Action) -> Option<bool> {
    if key.kind != Resource::Key {
        return None;
    }
    let state = key.state_allows(action);
    if !bulk::can_perform(key, action) || state == Some(false) {
        return Some(false);
    }
    None
}

/// Two permissions, both needed: the one that refuses is shown.
fn worse(a: Decision, b: Decision) -> Decision {
    // What cannot be done across accounts is said first (S4.1.2).
    if a.layer == "feasibility" {
        return a;
    }
    if b.layer == "feasibility" {
        return b;
    }
    let outcome = a.outcome.and(b.outcome);
    let usable = if a.usable == Some(false) {
        a.usable
    } else {
        b.usable
    };
    let shown = if b.outcome == outcome && a.outcome != outcome {
        b
    } else {
        a
    };
    Decision {
        outcome,
        usable,
        ..shown
    }
}

/// One request that may come from either of two callers.
fn undecided_between(a: Decision, b: Decision) -> Decision {
    let denied = |outcome| matches!(outcome, Outcome::ExplicitDeny | Outcome::ImplicitDeny);
    if a.outcome == b.outcome || (denied(a.outcome) && denied(b.outcome)) {
        // Denied either way; explicitly only if every caller is.
        return if a.outcome == Outcome::ExplicitDeny { b } else { a };
    }
    let text = "the user that made the federated session is not stated, and it matters which";
    Decision {
        id: String::new(),
        outcome: Outcome::Undetermined,
        layer: "principal",
        rule: "S3.1.4",
        statements: Vec::new(),
        grant: None,
        residual: None,
        usable: a.usable,
        lockout: None,
        notes: vec![text.to_owned()],
    }
}
