//! What the rules of findings need of a whole snapshot: gathered once for all keys.

use super::conditions::tests;
use crate::engine::Engine;
use crate::facts::audited::Tested;
use crate::model::key::Key;
use crate::model::snapshot::Snapshot;
use ahash::AHashMap;

/// What is looked at of a whole snapshot.
pub(in crate::audit) struct Premises<'e> {
    /// Keys as they were printed, by ARN.
    pub(in crate::audit) printed: AHashMap<&'e str, &'e Key>,
    /// Whether some statement that denies tests tags or aliases of keys.
    pub(super) tags_deny: bool,
}

impl<'e> Premises<'e> {
    /// Looks at a snapshot and what was compiled from it.
    pub(in crate::audit) fn of(engine: &'e Engine, snapshot: &'e Snapshot) -> Self {
        let keys = snapshot.keys.iter();
        let statements = engine.world.statements.iter();
        let mut denies = statements.filter(|statement| statement.denies);
        Premises {
            printed: keys.map(|key| (key.arn.as_str(), key)).collect(),
            tags_deny: denies.any(|statement| statement.conditions.iter().any(is_about_tags)),
        }
    }
}

/// Whether a condition tests tags or aliases of a key.
pub(super) fn is_about_tags(condition: &crate::condition::block::PreparedCondition) -> bool {
    matches!(tests(condition).0, Tested::ResourceTag | Tested::ResourceAliases)
}
