//! One request held against every statement and grant that its layers have, element by element.
//!
//! Elsewhere a statement counts as a whole. Here it is told apart which of its elements the request does not meet, so that
//! rules can find those that fail in one alone.

use super::classes::Part;
use super::id::{Element, GrantId, KeyId, PolicyId, PrincipalId, Route, StatementId};
use super::lower::{Cast, Scope, lower};
use super::matching::{is_party, names};
use super::relations::Facts;
use super::residual::Case;
use super::statement::Statement;
use super::world::{Grant, Key, Party, Resource};
use crate::condition::formula::{FormulaId, Formulas};
use crate::model::action::{Action, ActionSet};
use crate::policy::document::{Patterns, PolicyKind};
use ahash::AHashMap;

/// How many grants to others are looked at: whoever reads the answer reads no more.
const OTHERS: usize = 100;

/// The elements of statements and grants, with what each comes to.
#[derive(Debug, Default)]
pub(crate) struct Elements {
    pub(crate) statements: AHashMap<StatementId, Vec<(Element, FormulaId)>>,
    pub(crate) grants: AHashMap<GrantId, Vec<(Element, FormulaId)>>,
    /// How many grants to others were not looked at.
    pub(crate) left_out: usize,
}

/// The facts about one request, and what each element comes to.
pub(crate) fn lower_elements(
    case: &Case<'_>,
    action: Action,
    endpoint: Option<PolicyId>,
    formulas: &mut Formulas,
) -> (Facts, Elements) {
    let (principal, key) = (PrincipalId(0), KeyId(0));
    // Who and what it is about; its statements are looked at below.
    let bare = Key {
        policies: Vec::new(),
        written: Vec::new(),
        grants: Vec::new(),
        ..case.key.clone()
    };
    let mut facts = lower(&Scope {
        cast: &Cast::new(case.view, vec![(principal, case.principal)]),
        keys: &[(key, &bare)],
        part: Part::Single,
        endpoint,
        all_denies: true,
    });
    facts.asked.push((principal, key, ActionSet::from(action)));
    for &policy in case.view.key_policies(case.key) {
        facts.stands_on.push((policy, key));
    }
    let mut elements = Elements::default();
    let policies = policies(&facts);
    let left_out = left_out(case, &policies);
    let own = policies
        .iter()
        .flat_map(|&policy| case.view.statements_of(policy).map(move |id| (policy, id)));
    for (policy, id) in own.chain(left_out) {
        facts.has.push((policy, id));
        if let Some(statement) = case.view.statement(id) {
            statement_facts(case, action, (id, statement), &mut facts, &mut elements, formulas);
        }
    }
    if case.key.kind == Resource::Key && ActionSet::GRANT_OPERATIONS.contains(action) {
        grant_facts(case, action, &mut facts, &mut elements, formulas);
    }
    (facts, elements)
}

/// The statements of the caller's and the key's policies that count for nothing, and may have been meant to: those that name
/// KMS or no action at all, and all of a boundary.
fn left_out(case: &Case<'_>, policies: &[PolicyId]) -> Vec<(PolicyId, StatementId)> {
    let written = case.key.written.iter().chain(&case.principal.written);
    let written = written.filter(|one| policies.contains(&one.policy));
    let mut found = Vec::new();
    for one in written {
        let bounds = Some(one.policy) == case.principal.boundary;
        for (&id, statement) in one.statements.iter().zip(&one.text.document.statements) {
            if bounds || statement.actions.as_ref().is_none_or(names_kms) {
                found.push((one.policy, id));
            }
        }
    }
    found
}

fn names_kms(actions: &Patterns) -> bool {
    let mut patterns = actions.patterns.iter();
    patterns.any(|text| {
        text.get(..4)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("kms:"))
    })
}

/// Every policy that some layer has, each once.
fn policies(facts: &Facts) -> Vec<PolicyId> {
    let held = facts.holds.iter().chain(&facts.bounded).chain(&facts.limited);
    let mut all: Vec<PolicyId> = held.map(|&(_, policy)| policy).collect();
    all.extend(facts.stands_on.iter().map(|&(policy, _)| policy));
    all.extend(facts.scp_attached.iter().map(|&(_, policy)| policy));
    all.extend(facts.rcp_reaches.iter().map(|&(_, policy)| policy));
    all.extend(facts.endpoint.iter().map(|&(policy,)| policy));
    all.sort_unstable();
    all.dedup();
    all
}

fn statement_facts(
    case: &Case<'_>,
    action: Action,
    (id, statement): (StatementId, &Statement),
    facts: &mut Facts,
    elements: &mut Elements,
    formulas: &mut Formulas,
) {
    if elements.statements.contains_key(&id) {
        return;
    }
    let values = statement_elements(case, action, id, statement, formulas);
    if statement.allows {
        facts.may_allow.push((id,));
    }
    if matches!(statement.kind, PolicyKind::Key | PolicyKind::Endpoint) {
        let named = names(case.view, statement, case.principal);
        facts.named_as.extend(named.iter().map(|named| (id, named.kind)));
    }
    let failing = values.iter().filter(|(_, value)| *value == FormulaId::FALSE);
    facts.fails.extend(failing.map(|&(element, _)| (id, element)));
    elements.statements.insert(id, values);
}

fn statement_elements(
    case: &Case<'_>,
    action: Action,
    id: StatementId,
    statement: &Statement,
    formulas: &mut Formulas,
) -> Vec<(Element, FormulaId)> {
    let mut values = Vec::new();
    if let Some(opaque) = &statement.opaque {
        let allows = formulas.unknown(opaque.rule, format!("{} allows it", opaque.about));
        values.push((Element::Effect, allows));
    }
    if matches!(statement.kind, PolicyKind::Key | PolicyKind::Endpoint) {
        values.push((Element::Principal, case.named(id, None, formulas)));
    }
    let acts = if statement.doubtful.contains(action) {
        formulas.ambiguous(
            "S2.3.1",
            format!("an action pattern with a wildcard prefix means {action}"),
        )
    } else {
        FormulaId::constant(statement.actions.contains(action) || statement.named.contains(action))
    };
    values.push((Element::Action, acts));
    let (covered, conditions) = case.apart(statement, action, formulas);
    values.push((Element::Resource, covered));
    let at = |position: usize| Element::Condition(u32::try_from(position).unwrap_or(u32::MAX));
    values.extend(
        conditions
            .into_iter()
            .enumerate()
            .map(|(n, value)| (at(n), value)),
    );
    values
}

fn grant_facts(
    case: &Case<'_>,
    action: Action,
    facts: &mut Facts,
    elements: &mut Elements,
    formulas: &mut Formulas,
) {
    let mut others = 0;
    for &id in &case.key.grants {
        let Some(grant) = case.view.world.grant(id) else {
            continue;
        };
        // S4.9.8: a request to retire a grant is about that grant.
        if case.grant_meant(Route::RetiringGrantee, id).is_none() {
            continue;
        }
        let grantee = grantee(case, grant, formulas);
        if grantee == FormulaId::FALSE {
            others += 1;
            if others > OTHERS {
                elements.left_out += 1;
                continue;
            }
        }
        let values = vec![
            (Element::Grantee, grantee),
            (
                Element::Operations,
                FormulaId::constant(grant.operations.contains(action)),
            ),
            // S4.9.4: they do not apply to RetireGrant.
            (
                Element::Constraints,
                match action {
                    Action::RetireGrant => FormulaId::TRUE,
                    _ => case.constraints(id, action, formulas),
                },
            ),
        ];
        if let Party::Account(account) = grant.grantee {
            facts.grantee_account.push((id, account));
        }
        let failing = values.iter().filter(|(_, value)| *value == FormulaId::FALSE);
        facts
            .grant_fails
            .extend(failing.map(|&(element, _)| (id, element)));
        elements.grants.insert(id, values);
    }
}

/// Whether the caller is whom a grant is for, or belongs to the account it is for (S4.9.2).
fn grantee(case: &Case<'_>, grant: &Grant, formulas: &mut Formulas) -> FormulaId {
    match is_party(&grant.grantee, case.principal) {
        Some(reserve) => case.reserved(&reserve, formulas),
        None => FormulaId::constant(
            matches!(grant.grantee, Party::Account(account) if case.principal.account == Some(account)),
        ),
    }
}
