//! Action and resource elements on the cast: which actions a statement covers, and which keys.
//!
//! A line is the kind of policy, the effect, and the elements by ` ; `: `Action a | b`, `NotAction`, `Resource`,
//! `NotResource`. `opaque WHY` stands for something in the statement that is not understood.

use super::cast::{key, policy_kind, principal, world};
use super::conditions::list;
use super::principals::{about_everything, effect};
use super::{check_cases, table_lines};
use crate::condition::formula::Formulas;
use crate::facts::id::{PolicyId, StatementId};
use crate::facts::residual::Case;
use crate::facts::statement::{Cover, Statement};
use crate::facts::text::{Column as _, Names};
use crate::facts::view::View;
use crate::model::action::ActionSet;
use crate::policy::document::{self, Patterns};

/// The keys that statements are tried on, with whom variables stand for.
const TARGETS: &[&str] = &["k", "alias", "nothing"];
const CALLERS: &[&str] = &["alice", "app"];

fn written(line: &str) -> (document::Statement, Statement) {
    let (head, elements) = line.split_once(' ').expect("kind and effect");
    let (effect_text, elements) = elements.split_once(' ').expect("effect and elements");
    let mut statement = about_everything(effect(effect_text), None);
    statement.actions = None;
    statement.resources = None;
    for element in elements.split(" ; ") {
        let (name, rest) = element.trim().split_once(' ').expect("element and patterns");
        let patterns = Patterns {
            negated: name.starts_with("Not"),
            patterns: list(rest),
        };
        match name {
            "Action" | "NotAction" => statement.actions = Some(patterns),
            "Resource" | "NotResource" => statement.resources = Some(patterns),
            "opaque" => statement.opaque = Some(rest.to_owned()),
            _ => panic!("`{name}` is no element"),
        }
    }
    let compiled = Statement::new(PolicyId(0), policy_kind(head), "p", true, &statement);
    (statement, compiled)
}

/// What a statement says about a key, its actions aside: yes, no, or a residual for each caller.
fn covers(statement: &Statement, target: &str) -> Vec<String> {
    let target_key = key(target);
    match statement.covers(&target_key, "111122223333") {
        Cover::Yes if statement.opaque.is_none() => vec![format!("  {target}: covered")],
        Cover::No => vec![format!("  {target}: not covered")],
        Cover::Doubt(rule) => vec![format!("  {target}: open by {rule}")],
        Cover::Yes | Cover::Variables => {
            let mut world = world();
            world.statements.push(statement.clone());
            let action = statement.actions.first().expect("an action");
            let residual = |who: &&str| {
                let principal = principal(who);
                let case = Case {
                    view: View::of(&world),
                    principal: &principal,
                    key: &target_key,
                    stated: None,
                    outcomes: None,
                };
                let mut formulas = Formulas::default();
                let says = case.statement(StatementId(0), action, statement.denies, &mut formulas);
                format!(
                    "  {target} by {who}: {}",
                    crate::condition::words::text(&formulas, says)
                )
            };
            CALLERS.iter().map(residual).collect()
        }
    }
}

#[test]
fn statements_on_their_cases() {
    check_cases("statements", "statements.txt", |text| {
        let mut results = Vec::new();
        for line in table_lines(text) {
            results.push(line.to_owned());
            let (_, statement) = written(line);
            let show = |set: ActionSet| set.show(&Names::default());
            results.push(format!("  actions: {}", show(statement.actions)));
            if !statement.doubtful.is_empty() {
                results.push(format!("  actions in doubt: {}", show(statement.doubtful)));
            }
            if !(statement.actions | statement.doubtful).is_empty() {
                results.extend(TARGETS.iter().flat_map(|target| covers(&statement, target)));
            }
        }
        Ok(results.join("\n"))
    });
}
