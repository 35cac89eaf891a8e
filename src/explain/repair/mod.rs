//! What would allow a refused request: the smallest edits, each one made and tried.
//!
//! Candidates come from what stands in the way and from near misses; [`Engine::with_change`] makes the edit and
//! [`Engine::decide`] says whether it helps. Nothing is proposed that does not.

mod blockers;
mod edits;
mod gains;
mod sides;

use super::Explanation;
use super::findings::Findings;
use crate::engine::Engine;
use crate::model::change::Change;
use crate::{Error, Outcome, Residual};
use blockers::Blocker;
use edits::Proposal;
use serde_json::Value;

/// How many sets of edits are tried, and how many edits a set may have.
const TRIES: usize = 48;
const EDITS: usize = 3;
/// How many repairs are listed.
const FOUND: usize = 6;

/// The repairs that were found, safest first.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Repairs {
    /// Each of them allows the request.
    pub found: Vec<Repair>,
    /// Why there is none.
    pub none: Option<String>,
}

/// Edits that together allow a request.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The edits, in words and as JSON.
    pub edits: Vec<Edit>,
    /// The same, to be made with [`Engine::with_change`] one after the other.
    pub changes: Vec<Change>,
    /// What else they allow.
    pub gains: Gains,
    /// Of requests that leave something open: under which condition they allow it.
    pub condition: Option<Residual>,
}

/// An edit of one statement or grant.
#[derive(Clone, Debug)]
pub struct Edit {
    /// In words.
    pub what: String,
    /// The policy, or the key that gets a grant.
    pub policy: String,
    /// Where the statement stands; empty for what is new.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The statement as it is.
    pub before: Option<Value>,
    /// The statement or grant as it would be; nothing if it goes.
    pub after: Option<Value>,
}

/// What else an edit allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gains {
    /// Whether principals of accounts outside of the snapshot are among those who gain.
    pub strangers: bool,
    /// Whether there may be more than what was counted.
    pub at_least: bool,
    /// Rows of the relation (principal, key and action) that were not there, without the one asked for.
    pub rows: usize,
    /// Other rows that hold under fewer conditions than before.
    pub wider: usize,
    /// Whether the principal that was asked about then has the access whatever its requests state.
    pub always: bool,
}

impl Engine {
    /// The smallest edits that would allow a refused request, safest first. Those that allow least else are safest.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn repairs(&self, explanation: &Explanation) -> Result<Repairs, Error> {
        let request = &explanation.request;
        if !matches!(
            explanation.decision.outcome,
            Outcome::ExplicitDeny | Outcome::ImplicitDeny
        ) {
            return Ok(Repairs::default());
        }
        let mut blockers: Vec<Blocker> = Vec::new();
        self.permissions(request, |permission| {
            blockers.extend(Findings::of(permission).blockers());
        })?;
        if let Some(stuck) = blockers.iter().find(|blocker| blocker.options.is_empty()) {
            return Ok(Repairs {
                found: Vec::new(),
                none: Some(stuck.why.clone()),
            });
        }
        let (mut found, open) = self.tried(explanation, sets(&blockers));
        found.sort_by_key(|(breadth, repair)| (repair.gains, *breadth));
        found.truncate(FOUND);
        let none = found.is_empty().then(|| match open {
            Some(open) => format!(
                "with the edits that were tried it would still depend on this: {}",
                open.text()
            ),
            None => "none of the edits that were tried allows it".to_owned(),
        });
        Ok(Repairs {
            found: found.into_iter().map(|(_, repair)| repair).collect(),
            none,
        })
    }

    /// The sets of edits that work, of those with fewest edits, each with its breadth; and on what the first depends that
    /// leaves the request undecided. `sets` are sorted by how many they have.
    fn tried(
        &self,
        explanation: &Explanation,
        sets: Vec<Vec<Proposal>>,
    ) -> (Vec<(usize, Repair)>, Option<Residual>) {
        let request = &explanation.request;
        let mut found: Vec<(usize, Repair)> = Vec::new();
        let mut undecided = None;
        for set in sets.into_iter().take(TRIES) {
            if found
                .first()
                .is_some_and(|(_, first)| first.edits.len() < set.len())
            {
                break;
            }
            let changes = edits::changes(&set);
            let Some(changed) = self.after(&changes) else {
                continue;
            };
            let Ok(decision) = changed.decide(request) else {
                continue;
            };
            let open = decision.outcome == Outcome::Undetermined;
            if decision.outcome == Outcome::Allowed || request.open_context && open {
                let repair = Repair {
                    gains: gains::gains(self, &changed, &set, &explanation.permissions),
                    edits: set.iter().map(|proposal| proposal.edit(self)).collect(),
                    changes,
                    condition: decision.residual,
                };
                found.push((set.iter().map(Proposal::breadth).sum(), repair));
            } else if open && undecided.is_none() {
                undecided = decision.residual;
            }
        }
        (found, undecided)
    }

    /// The engine after some edits, if all of them can be made.
    fn after(&self, changes: &[Change]) -> Option<Engine> {
        let (first, others) = changes.split_first()?;
        let mut engine = self.with_change(first).ok()?;
        for change in others {
            engine = engine.with_change(change).ok()?;
        }
        Some(engine)
    }
}

/// Every way to take one option of each blocker, the fewest edits first.
fn sets(blockers: &[Blocker]) -> Vec<Vec<Proposal>> {
    let mut sets: Vec<Vec<Proposal>> = vec![Vec::new()];
    for blocker in blockers {
        let mut next = Vec::new();
        for set in &sets {
            for option in &blocker.options {
                let mut with = set.clone();
                for proposal in option {
                    if !with.iter().any(|known| known.is_same(proposal)) {
                        with.push(proposal.clone());
                    }
                }
                if with.len() <= EDITS {
                    next.push(with);
                }
            }
        }
        next.sort_by_key(Vec::len);
        next.truncate(TRIES * EDITS);
        sets = next;
    }
    sets.retain(|set| !set.is_empty());
    sets.sort_by_key(Vec::len);
    sets
}
