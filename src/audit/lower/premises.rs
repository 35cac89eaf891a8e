//! What the rules of findings need of a whole snapshot: gathered once for all keys.

use super::conditions::tests;
use super::tags::{self, Tagging};
use super::takeover::Takeovers;
use crate::condition::block::PreparedCondition;
use crate::engine::Engine;
use crate::facts::audited::Tested;
use crate::facts::id::{AccountId, PrincipalId};
use crate::model::key::Key;
use crate::model::snapshot::Snapshot;
use ahash::{AHashMap, AHashSet};

/// What is looked at of a whole snapshot.
pub(in crate::audit) struct Premises<'e> {
    /// Keys as they were printed, by ARN.
    pub(in crate::audit) printed: AHashMap<&'e str, &'e Key>,
    /// Statements that test tags or aliases of keys, by the account of those for whom they hold.
    pub(super) tagging: AHashMap<AccountId, Vec<Tagging>>,
    /// Who can act as whom by IAM.
    pub(in crate::audit) takeovers: Takeovers,
    /// Principals whose access to each key is asked for one by one.
    pub(super) watched: AHashSet<PrincipalId>,
}

impl<'e> Premises<'e> {
    /// Looks at a snapshot and what was compiled from it.
    pub(in crate::audit) fn of(engine: &'e Engine, snapshot: &'e Snapshot) -> Self {
        let keys = snapshot.keys.iter();
        let (tagging, takeovers) = rayon::join(
            || tags::by_account(&engine.world),
            || Takeovers::of(&engine.world, snapshot),
        );
        let mut watched = tags::holders(&tagging);
        watched.extend(takeovers.concerned());
        Premises {
            tagging,
            takeovers,
            watched,
            printed: keys.map(|key| (key.arn.as_str(), key)).collect(),
        }
    }
}

/// Whether a condition tests tags or aliases of a key.
pub(super) fn is_about_tags(condition: &PreparedCondition) -> bool {
    matches!(tests(condition).0, Tested::ResourceTag | Tested::ResourceAliases)
}
