//! Accounts of two snapshots: users, groups and roles with their policies, boundaries, tags and groups.

use super::policies::Of;
use super::{At, Basis, Finder, Touch, Turn, Word, in_new, in_old, joined, turn};
use crate::model::Collected;
use crate::model::principal::{Account, Group, Permissions, Policy, Role, User};
use crate::model::snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The holders of some managed policies, by ARN.
type Holders = BTreeMap<String, BTreeSet<String>>;

impl<'s> Finder<'s> {
    pub(super) fn accounts(&mut self) {
        let (old, new) = (self.old, self.new);
        for (id, before, now) in joined(old.accounts.iter(), new.accounts.iter()) {
            let collected = |account: Option<&Account>| account.map_or(Collected::Missing, |one| one.iam);
            if collected(before) != collected(now) {
                let words = vec![Word::Text("the collected IAM of account"), Word::Name(id.clone())];
                let there = |account: Option<&Account>| collected(account) != Collected::Missing;
                let turn = turn(there(before), there(now));
                let touches = vec![Touch::Callers(id.clone())];
                self.note(turn, words, in_new(Default::default()), touches);
            }
            if let (Some(before), Some(now)) = (before, now) {
                self.account(before, now);
            }
        }
    }

    fn account(&mut self, old: &Account, new: &Account) {
        for (_, before, now) in joined(old.users.iter(), new.users.iter()) {
            match (before, now) {
                (Some(before), Some(now)) => self.user(before, now, old, new),
                (Some(gone), None) => {
                    let renamed = renamed(&gone.unique_id, new.users.values(), |one| {
                        (&one.unique_id, &one.arn)
                    });
                    self.gone(&gone.arn, in_old(gone.location), renamed);
                }
                (None, Some(added)) => {
                    let known = renamed(&added.unique_id, old.users.values(), |one| {
                        (&one.unique_id, &one.arn)
                    });
                    self.added(&added.arn, in_new(added.location), known.is_some());
                }
                (None, None) => {}
            }
        }
        for (_, before, now) in joined(old.roles.iter(), new.roles.iter()) {
            match (before, now) {
                (Some(before), Some(now)) => self.role(before, now),
                (Some(gone), None) => {
                    let renamed = renamed(&gone.unique_id, new.roles.values(), |one| {
                        (&one.unique_id, &one.arn)
                    });
                    self.gone(&gone.arn, in_old(gone.location), renamed);
                }
                (None, Some(added)) => {
                    let known = renamed(&added.unique_id, old.roles.values(), |one| {
                        (&one.unique_id, &one.arn)
                    });
                    self.added(&added.arn, in_new(added.location), known.is_some());
                }
                (None, None) => {}
            }
        }
        self.groups(old, new);
    }

    fn gone(&mut self, arn: &str, at: At, renamed: Option<&String>) {
        let touch = Touch::Principal(arn.to_owned());
        let name = Word::Principal(arn.to_owned());
        match renamed {
            None => self.note(Turn::Removed, vec![name], at, vec![touch]),
            Some(now) => {
                let touches = vec![touch, Touch::Principal(now.clone())];
                let words = vec![
                    Word::Text("the name of"),
                    name,
                    Word::Text("to"),
                    Word::Principal(now.clone()),
                ];
                self.note(Turn::Changed, words, at, touches)
            }
        };
    }

    fn added(&mut self, arn: &str, at: At, is_renamed: bool) {
        if !is_renamed {
            let touch = Touch::Principal(arn.to_owned());
            self.note(
                Turn::Added,
                vec![Word::Principal(arn.to_owned())],
                at,
                vec![touch],
            );
        }
    }

    fn user(&mut self, old: &User, new: &User, of_old: &Account, of_new: &Account) {
        self.identity(&old.unique_id, &new.unique_id, &new.arn, in_new(new.location));
        self.permissions(&old.permissions, &new.permissions, &new.arn, in_new(new.location));
        if old.groups == new.groups {
            return;
        }
        let groups = |user: &'_ User| -> BTreeMap<String, ()> {
            user.groups.iter().map(|group| (group.clone(), ())).collect()
        };
        let (before, now) = (groups(old), groups(new));
        for (group, a, b) in joined(before.iter(), now.iter()) {
            if a.is_some() && b.is_some() {
                continue;
            }
            let words = vec![
                Word::Text("membership of"),
                Word::Principal(new.arn.clone()),
                Word::Text("in group"),
                Word::Name(group.clone()),
            ];
            let touches = vec![Touch::Principal(new.arn.clone())];
            let turn = turn(a.is_some(), b.is_some());
            let at = if b.is_some() {
                in_new(new.location)
            } else {
                in_old(old.location)
            };
            self.note(turn, words, at, touches);
            let account = if b.is_some() { of_new } else { of_old };
            if let Some(group) = account.groups.get(group) {
                self.rests_on(turn, &group.permissions, account);
            }
        }
    }

    /// Says which policies the last cause brought or took; it concerns nothing else unless one of them denies.
    fn rests_on(&mut self, turn: Turn, held: &Permissions, account: &Account) {
        let attached = held.attached.iter().map(|arn| (arn, account.managed.get(arn)));
        let inline = held.inline.iter().map(|one| (&one.name, Some(one)));
        let policies: Vec<(&String, Option<&Arc<Policy>>)> = attached.chain(inline).collect();
        let Some(found) = self.found.last_mut() else {
            return;
        };
        let bases = policies.iter().map(|(name, _)| Basis::Statement {
            policy: (*name).clone(),
            index: None,
        });
        match turn {
            Turn::Added => found.is.extend(bases),
            _ => found.was.extend(bases),
        }
        found.elsewhere = policies
            .iter()
            .any(|(_, policy)| policy.is_none_or(|policy| denies(policy)));
        if !found.elsewhere {
            found.gives = Some(turn == Turn::Added);
        }
    }

    fn role(&mut self, old: &Role, new: &Role) {
        self.identity(&old.unique_id, &new.unique_id, &new.arn, in_new(new.location));
        self.permissions(&old.permissions, &new.permissions, &new.arn, in_new(new.location));
        if same_text(old.trust.as_ref(), new.trust.as_ref()) {
            return;
        }
        let words = [
            Word::Text("the trust policy of"),
            Word::Principal(new.arn.clone()),
        ];
        let of = Of {
            words: &words,
            touches: &[Touch::Principal(new.arn.clone())],
            limits: true,
        };
        self.text(old.trust.as_ref(), new.trust.as_ref(), &of);
    }

    fn identity(&mut self, old: &str, new: &str, arn: &str, at: At) {
        if old != new && !old.is_empty() && !new.is_empty() {
            let words = vec![
                Word::Principal(arn.to_owned()),
                Word::Text("(deleted and made again: unique id"),
                Word::Name(old.to_owned()),
                Word::Text("is now"),
                Word::Name(new.to_owned()),
                Word::Text(")"),
            ];
            self.note(Turn::Changed, words, at, vec![Touch::Principal(arn.to_owned())]);
        }
    }

    fn permissions(&mut self, old: &Permissions, new: &Permissions, arn: &str, at: At) {
        let same_inline = same_texts(&old.inline, &new.inline);
        let same_rest =
            (&old.attached, &old.boundary, &old.tags) == (&new.attached, &new.boundary, &new.tags);
        if same_inline && same_rest {
            return;
        }
        let touches = [Touch::Principal(arn.to_owned())];
        self.held(old, new, arn, &touches, at);
        let name = Word::Principal(arn.to_owned());
        let [touch] = &touches;
        self.values(
            old.tags.iter(),
            new.tags.iter(),
            std::slice::from_ref(&name),
            at,
            touch,
        );
        if old.boundary != new.boundary {
            let mut words = vec![Word::Text("permissions boundary of"), name];
            if let Some(boundary) = new.boundary.as_ref().or(old.boundary.as_ref()) {
                words.extend([Word::Text("which is"), Word::Name(boundary.clone())]);
            }
            let turn = turn(old.boundary.is_some(), new.boundary.is_some());
            self.note(turn, words, at, touches.to_vec());
        }
    }

    /// Inline and attached policies of a user, group or role.
    fn held(&mut self, old: &Permissions, new: &Permissions, arn: &str, touches: &[Touch], at: At) {
        let by_name = |held: &'_ Permissions| -> BTreeMap<String, Arc<Policy>> {
            let inline = held.inline.iter();
            inline.map(|one| (one.name.clone(), Arc::clone(one))).collect()
        };
        if !(old.inline.is_empty() && new.inline.is_empty()) {
            let (before, now) = (by_name(old), by_name(new));
            for (name, a, b) in joined(before.iter(), now.iter()) {
                let words = [
                    Word::Text("inline policy"),
                    Word::Name(name.clone()),
                    Word::Text("of"),
                    Word::Principal(arn.to_owned()),
                ];
                let of = Of {
                    words: &words,
                    touches,
                    limits: false,
                };
                self.text(a, b, &of);
            }
        }
        if old.attached == new.attached {
            return;
        }
        let set = |held: &'_ Permissions| -> BTreeSet<String> { held.attached.iter().cloned().collect() };
        let (before, now) = (set(old), set(new));
        for policy in before.symmetric_difference(&now) {
            let turn = turn(before.contains(policy), now.contains(policy));
            let (snapshot, at) = match turn {
                Turn::Removed => (self.old, in_old(Default::default())),
                _ => (self.new, at),
            };
            let text = crate::arn::account_of(arn)
                .and_then(|id| snapshot.accounts.get(id))
                .and_then(|account| account.managed.get(policy));
            let words = vec![
                Word::Text("attachment of policy"),
                Word::Name(policy.clone()),
                Word::Text("to"),
                Word::Principal(arn.to_owned()),
            ];
            self.note(turn, words, at, touches.to_vec());
            let Some(found) = self.found.last_mut() else {
                continue;
            };
            found.elsewhere = text.is_none_or(|text| denies(text));
            if !found.elsewhere {
                found.gives = Some(turn == Turn::Added);
            }
            let basis = Basis::Statement {
                policy: policy.clone(),
                index: None,
            };
            match turn {
                Turn::Removed => found.was.push(basis),
                _ => found.is.push(basis),
            }
        }
    }

    fn groups(&mut self, old: &Account, new: &Account) {
        let nobody = Permissions::default();
        for (name, before, now) in joined(old.groups.iter(), new.groups.iter()) {
            let Some(group) = now.or(before) else { continue };
            let held = |group: Option<&'_ Group>| {
                group.map_or_else(|| nobody.clone(), |one| one.permissions.clone())
            };
            let (a, b) = (held(before), held(now));
            if same_texts(&a.inline, &b.inline) && a.attached == b.attached {
                continue;
            }
            let members = old.users.values().chain(new.users.values());
            let members = members.filter(|user| user.groups.contains(name));
            let members: BTreeSet<&String> = members.map(|user| &user.arn).collect();
            let touches: Vec<Touch> = members
                .into_iter()
                .map(|arn| Touch::Principal(arn.clone()))
                .collect();
            self.held(&a, &b, &group.arn, &touches, in_new(group.location));
        }
    }

    /// Managed policies whose text is another.
    pub(super) fn managed(&mut self) {
        let (before, now) = (texts(self.old), texts(self.new));
        let of = |texts: &BTreeMap<&'s String, &'s Arc<Policy>>| -> Vec<(&'s String, &'s Arc<Policy>)> {
            texts.iter().map(|(arn, policy)| (*arn, *policy)).collect()
        };
        let pairs = joined(of(&before).into_iter(), of(&now).into_iter());
        let others: Vec<_> = pairs
            .into_iter()
            .filter(|(_, a, b)| {
                !a.zip(*b)
                    .is_some_and(|(a, b)| Arc::ptr_eq(a, b) || a.document == b.document)
            })
            .collect();
        if others.is_empty() {
            return;
        }
        let wanted: BTreeSet<&String> = others.iter().map(|(arn, ..)| *arn).collect();
        let mut holders = Holders::new();
        for snapshot in [self.old, self.new] {
            hold(snapshot, &wanted, &mut holders);
        }
        for (arn, a, b) in others {
            // A policy that nobody holds is nobody's access.
            let Some(holders) = holders.get(arn) else { continue };
            let touches: Vec<Touch> = holders.iter().map(|arn| Touch::Principal(arn.clone())).collect();
            let words = [Word::Text("managed policy"), Word::Name(arn.clone())];
            let of = Of {
                words: &words,
                touches: &touches,
                limits: false,
            };
            let first = self.found.len();
            self.text(a, b, &of);
            // Where it is a boundary, no reason of access names it.
            let bounds = |snapshot: &Snapshot| is_boundary(snapshot, arn);
            if bounds(self.old) || bounds(self.new) {
                for found in self.found.iter_mut().skip(first) {
                    found.elsewhere = true;
                }
            }
        }
    }
}

/// All managed policies; of those that several accounts list, one text.
fn texts(snapshot: &Snapshot) -> BTreeMap<&String, &Arc<Policy>> {
    let accounts = snapshot.accounts.values();
    accounts.flat_map(|account| &account.managed).collect()
}

/// Whether two policies say the same at the same place: most do, and need no closer look.
fn same_text(a: Option<&Arc<Policy>>, b: Option<&Arc<Policy>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.name == b.name && a.document == b.document,
        (None, None) => true,
        _ => false,
    }
}

fn same_texts(a: &[Arc<Policy>], b: &[Arc<Policy>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_text(Some(a), Some(b)))
}

fn denies(policy: &Policy) -> bool {
    let allows =
        |one: &crate::policy::document::Statement| one.effect == Some(crate::policy::document::Effect::Allow);
    policy.document.opaque.is_some() || !policy.document.statements.iter().all(allows)
}

/// The new ARN of somebody, found by unique id.
fn renamed<'p, P: 'p>(
    id: &str,
    mut among: impl Iterator<Item = &'p P>,
    of: impl Fn(&'p P) -> (&'p String, &'p String),
) -> Option<&'p String> {
    if id.is_empty() {
        return None;
    }
    among.find(|one| of(one).0 == id).map(|one| of(one).1)
}

/// Adds who holds some managed policies, by themselves, by a group, or as a boundary.
fn hold(snapshot: &Snapshot, wanted: &BTreeSet<&String>, holders: &mut Holders) {
    let mut add = |policy: &String, arn: &String| {
        if wanted.contains(policy) {
            holders.entry(policy.clone()).or_default().insert(arn.clone());
        }
    };
    for account in snapshot.accounts.values() {
        let users = account.users.values().map(|user| (&user.arn, &user.permissions));
        let roles = account.roles.values().map(|role| (&role.arn, &role.permissions));
        for (arn, held) in users.chain(roles) {
            let policies = held.attached.iter().chain(&held.boundary);
            policies.for_each(|policy| add(policy, arn));
        }
        for user in account.users.values() {
            let groups = user.groups.iter().filter_map(|name| account.groups.get(name));
            let policies = groups.flat_map(|group| &group.permissions.attached);
            policies.for_each(|policy| add(policy, &user.arn));
        }
    }
}

fn is_boundary(snapshot: &Snapshot, arn: &str) -> bool {
    let accounts = snapshot.accounts.values();
    let mut held = accounts.flat_map(crate::model::names::principals);
    held.any(|(_, _, held)| held.boundary.as_deref() == Some(arn))
}
