//! A compiled snapshot -> findings: what an auditor should look at, with the evidence.
//!
//! What a finding is, is said by the rules under `rules/findings`; here facts are made for them, and what they find is
//! named. Keys that are alike are looked at once and reported one by one.

mod administrators;
mod gaps;
mod lower;
pub mod settings;
mod tell;
mod words;

use crate::Error;
use crate::answer::{GrantRef, StatementRef};
use crate::engine::Engine;
use crate::model::action::ActionSet;
use crate::model::finding::Severity;
use crate::model::snapshot::Snapshot;
use crate::rules::findings::catalogue::Check;
pub use crate::rules::findings::catalogue::Rule;
use lower::Premises;
pub use settings::{Acceptance, Settings};
use std::sync::Arc;

/// Something that an auditor should look at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The rule of the catalogue.
    pub rule: &'static Rule,
    /// How much it matters here: one step less than the rule says where it is not certain (semantics, section 8).
    pub severity: Severity,
    /// Whether it holds whatever requests state and whatever is not known.
    pub certain: bool,
    /// What was found, in one sentence.
    pub message: String,
    /// ARN of the key it is about.
    pub key: Option<String>,
    /// Id of the account it is about: that of the key, or of the policy.
    pub account: Option<String>,
    /// The other account, or the other key, that it is about.
    pub other: Option<String>,
    /// Who has the access that it is about: the first few.
    pub principals: Arc<[Holding]>,
    /// How many have.
    pub principals_total: usize,
    /// The statements it rests on.
    pub statements: Vec<StatementRef>,
    /// The grants it rests on.
    pub grants: Vec<GrantRef>,
    /// The file to look at first, relative to the snapshot; empty if there is none.
    pub file: String,
    /// The line there, from 1; 0 if there is none.
    pub line: u32,
    /// What tells this finding from all others of the same snapshot, and stays the same in the next one.
    pub fingerprint: String,
    /// Why it is accepted, if it is.
    pub accepted: Option<Arc<Acceptance>>,
}

/// Somebody with access that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// As rows name it.
    pub principal: String,
    /// The actions that the finding is about.
    pub actions: ActionSet,
    /// Under which condition, of those that are not possible for every request.
    pub condition: Option<String>,
}

/// All findings of a snapshot.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Audit {
    /// Worst first, then by rule and by what they are about.
    pub findings: Vec<Finding>,
    /// Acceptances that no finding needs any more, or whose time is over.
    pub idle: Vec<Arc<Acceptance>>,
}

/// All rules, in order of their ids.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    Check::ALL.iter().map(|check| check.rule())
}

impl Engine {
    /// Runs every rule of the catalogue. `snapshot` is what this engine was compiled from; `settings` say whom to trust.
    ///
    /// # Errors
    /// The settings name a principal that the snapshot does not have.
    pub fn audit(&self, snapshot: &Snapshot, settings: &Settings) -> Result<Audit, Error> {
        let administrators = administrators::of(self, settings)?;
        let premises = Premises::of(self, snapshot, &administrators);
        let (mut findings, of_each) = rayon::join(
            || tell::of_keys(self, settings, &premises),
            || tell::of_each(self, settings, &premises),
        );
        findings.extend(of_each);
        findings.extend(gaps::of_snapshot(self, snapshot));
        let idle = settings.accept(&mut findings, |arn| self.names_of_key(arn));
        findings.sort_by(|a, b| {
            let order = |finding: &Finding| (std::cmp::Reverse(finding.severity), number(finding.rule));
            let about = order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key));
            about
                .then_with(|| a.account.cmp(&b.account))
                .then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        Ok(Audit { findings, idle })
    }
}

impl Engine {
    /// What people call a key: its ARN, id and aliases.
    fn names_of_key(&self, arn: &str) -> Vec<String> {
        let key = self.world.key_ids.get(arn).and_then(|&id| self.world.key(id));
        let names = key
            .into_iter()
            .flat_map(|key| [&key.arn, &key.id].into_iter().chain(&key.aliases));
        names.cloned().collect()
    }
}

/// `A9` before `A10`.
fn number(rule: &Rule) -> u32 {
    rule.id.trim_start_matches('A').parse().unwrap_or(u32::MAX)
}
