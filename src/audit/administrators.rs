//! Settings and identity policies -> who is an administrator.

use super::Settings;
use crate::Error;
use crate::engine::Engine;
use crate::error::unknown;
use crate::facts::id::PrincipalId;
use crate::facts::world::Written;
use crate::policy::document::{Effect, Patterns, Statement};
use ahash::{AHashMap, AHashSet};

/// Those whom the settings declare; where they declare nobody, those whose identity policies allow everything.
pub(super) fn of(engine: &Engine, settings: &Settings) -> Result<AHashSet<PrincipalId>, Error> {
    if settings.administrators.is_empty() {
        return Ok(by_policy(engine));
    }
    let mut found = AHashSet::new();
    for wanted in &settings.administrators {
        let before = found.len();
        found.extend(engine.principals_like(wanted));
        if found.len() == before && !wanted.contains(['*', '?']) {
            let known = engine.world.listed().map(|(_, one)| one.name.as_str());
            return Err(unknown("administrator", wanted, known));
        }
    }
    Ok(found)
}

fn by_policy(engine: &Engine) -> AHashSet<PrincipalId> {
    let mut known: AHashMap<usize, bool> = AHashMap::new();
    let mut allows_everything = |written: &Written| {
        let text = std::sync::Arc::as_ptr(&written.text).addr();
        let statements = &written.text.document.statements;
        *known
            .entry(text)
            .or_insert_with(|| statements.iter().any(is_everything))
    };
    let all = engine.world.listed();
    let found = all.filter(|(_, one)| {
        let held = one
            .written
            .iter()
            .filter(|written| one.policies.contains(&written.policy));
        held.into_iter().any(&mut allows_everything)
    });
    found.map(|(id, _)| id).collect()
}

/// Whether a statement allows every action of every service on everything, without condition.
fn is_everything(statement: &Statement) -> bool {
    let all = |patterns: &Option<Patterns>, every: &[&str]| {
        let patterns = patterns.as_ref().filter(|patterns| !patterns.negated);
        patterns.is_some_and(|patterns| patterns.patterns.iter().any(|one| every.contains(&one.as_str())))
    };
    statement.effect == Some(Effect::Allow)
        && statement.opaque.is_none()
        && statement.conditions.is_empty()
        && all(&statement.actions, &["*", "*:*"])
        && all(&statement.resources, &["*"])
}
