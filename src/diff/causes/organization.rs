//! Organizations of two snapshots: where accounts are, and which SCPs and RCPs are attached above them.

use super::policies::Of;
use super::{Finder, Touch, Turn, Word, in_new, joined, turn};
use crate::model::organization::Organization;
use crate::model::principal::Policy;
use crate::policy::document::PolicyKind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Finder<'_> {
    pub(super) fn organization(&mut self) {
        let (old, new) = (self.old.organization.as_ref(), self.new.organization.as_ref());
        let none = Organization::default();
        let (before, now) = (old.unwrap_or(&none), new.unwrap_or(&none));
        self.settings(before, now);
        self.places(before, now);
        self.attachments(before, now);
        for (id, a, b) in joined(before.policies.iter(), now.policies.iter()) {
            let targets = [before, now].into_iter().flat_map(|one| targets_of(one, id));
            let targets: BTreeSet<&String> = targets.collect();
            // Attaching and detaching it is a cause of its own.
            let (Some(a), Some(b)) = (a, b) else { continue };
            let touches = self.below(targets.into_iter(), b.kind);
            let words = named(b);
            let of = Of {
                words: &words,
                touches: &touches,
                limits: true,
            };
            self.text(Some(a), Some(b), &of);
        }
    }

    fn settings(&mut self, old: &Organization, new: &Organization) {
        let what = [
            ("the id of the organization", old.id != new.id),
            ("the management account", old.management != new.management),
            ("the use of SCPs", old.scps_enabled != new.scps_enabled),
            ("the use of RCPs", old.rcps_enabled != new.rcps_enabled),
            ("the collected SCPs", old.scps_collected != new.scps_collected),
            ("the collected RCPs", old.rcps_collected != new.rcps_collected),
            (
                "the collected accounts",
                old.accounts_collected != new.accounts_collected,
            ),
        ];
        for (words, _) in what.into_iter().filter(|(_, other)| *other) {
            let words = vec![Word::Text(words)];
            self.note(
                Turn::Changed,
                words,
                in_new(Default::default()),
                vec![Touch::Everybody],
            );
        }
    }

    /// Accounts that are elsewhere, came or went.
    fn places(&mut self, old: &Organization, new: &Organization) {
        let places = |one: &'_ Organization| -> BTreeMap<String, Option<String>> {
            let listed = one.members.iter().map(|id| (id.clone(), None));
            let placed = one
                .parents
                .iter()
                .map(|(id, parent)| (id.clone(), parent.clone()));
            listed.chain(placed).collect()
        };
        let (before, now) = (places(old), places(new));
        for (id, a, b) in joined(before.iter(), now.iter()) {
            if a == b {
                continue;
            }
            let noun = match id.as_str() {
                unit if unit.starts_with("ou-") => "OU",
                root if root.starts_with("r-") => "root",
                _ => "account",
            };
            let mut words = vec![Word::Text(noun), Word::Name(id.clone())];
            match (a.cloned().flatten(), b.cloned().flatten()) {
                (Some(from), Some(to)) => words.extend([
                    Word::Text("moved from"),
                    Word::Name(from),
                    Word::Text("to"),
                    Word::Name(to),
                ]),
                (None, Some(at)) | (Some(at), None) => words.extend([Word::Text("in"), Word::Name(at)]),
                (None, None) => words.push(Word::Text("of the organization")),
            }
            let accounts = [old, new].into_iter().flat_map(|one| accounts_below(one, id));
            let accounts: BTreeSet<String> = accounts.collect();
            let touches = accounts
                .into_iter()
                .flat_map(|id| [Touch::Callers(id.clone()), Touch::KeysOf(id)]);
            let turn = turn(a.is_some(), b.is_some());
            self.note(turn, words, in_new(Default::default()), touches.collect());
        }
    }

    fn attachments(&mut self, old: &Organization, new: &Organization) {
        for (target, a, b) in joined(old.attachments.iter(), new.attachments.iter()) {
            let set = |ids: Option<&'_ Vec<String>>| -> BTreeSet<String> {
                ids.into_iter().flatten().cloned().collect()
            };
            let (before, now) = (set(a), set(b));
            for id in before.symmetric_difference(&now) {
                let turn = turn(before.contains(id), now.contains(id));
                let policy = match turn {
                    Turn::Removed => old.policies.get(id),
                    _ => new.policies.get(id),
                };
                let mut words = vec![Word::Text("attachment of")];
                match policy {
                    Some(policy) => words.extend(named(policy)),
                    None => words.extend([Word::Text("policy"), Word::Name(id.clone())]),
                }
                words.extend([Word::Text("to"), Word::Name(target.clone())]);
                let kind = policy.map_or(PolicyKind::Scp, |policy| policy.kind);
                let touches = self.below(std::iter::once(target), kind);
                let location = policy.map(|policy| policy.document.location).unwrap_or_default();
                let at = match turn {
                    Turn::Removed => super::in_old(location),
                    _ => in_new(location),
                };
                self.note(turn, words, at, touches);
            }
        }
    }

    /// Whom a policy binds that is attached to targets: callers for an SCP, keys for an RCP.
    fn below<'t>(&self, targets: impl Iterator<Item = &'t String>, kind: PolicyKind) -> Vec<Touch> {
        let mut accounts: BTreeSet<String> = BTreeSet::new();
        for target in targets {
            for snapshot in [self.old, self.new] {
                let organization = snapshot.organization.iter();
                accounts.extend(organization.flat_map(|one| accounts_below(one, target)));
            }
        }
        let touch = |id| match kind {
            PolicyKind::Rcp => Touch::KeysOf(id),
            _ => Touch::Callers(id),
        };
        accounts.into_iter().map(touch).collect()
    }
}

fn named(policy: &Arc<Policy>) -> Vec<Word> {
    let noun = match policy.kind {
        PolicyKind::Rcp => "RCP",
        _ => "SCP",
    };
    vec![Word::Text(noun), Word::Name(policy.name.clone())]
}

fn targets_of<'o>(organization: &'o Organization, policy: &'o str) -> impl Iterator<Item = &'o String> {
    let attachments = organization.attachments.iter();
    let having = attachments.filter(move |(_, ids)| ids.iter().any(|id| id == policy));
    having.map(|(target, _)| target)
}

/// The accounts below a root or OU, or the account itself.
fn accounts_below(organization: &Organization, target: &str) -> Vec<String> {
    let placed = organization.parents.keys().chain(&organization.members);
    let accounts = placed.filter(|id| crate::arn::is_account_id(id));
    let below = accounts
        .filter(|id| *id == target || organization.path(id).is_some_and(|path| path.contains(&target)));
    below.cloned().collect()
}
