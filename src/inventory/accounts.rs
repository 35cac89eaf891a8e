//! Pages of account authorization details -> accounts with their principals and managed policies.

use super::entities::{Entities, Entity};
use super::iam::{IamPage, ManagedPolicy};
use super::pages::{Failures, Pages};
use super::recognize::Page;
use crate::arn::{Arn, account_of};
use crate::diag::{Code, Diagnostic};
use crate::model::Collected;
use crate::model::principal::{Account, Permissions, Policy};
use crate::model::snapshot::Gap;
use crate::source::Location;
use rayon::prelude::*;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Accounts while they are put together.
#[derive(Default)]
pub(super) struct Accounts {
    accounts: BTreeMap<String, Account>,
    pages: BTreeMap<String, Pages>,
}

/// A remark about a thing that was read before and differs from what it was then.
pub(super) fn conflict(what: &str, name: &str, location: Location) -> Diagnostic {
    Diagnostic::new(
        Code::ConflictingData,
        location,
        format!("another {what} `{name}` that differs from the first"),
    )
    .effect("the first is used")
    .help("keep the answers of one point in time in a snapshot")
}

/// Adds a thing by name. The same thing read twice is no news unless the two differ.
pub(super) fn merge<T>(
    map: &mut BTreeMap<String, T>,
    name: String,
    location: Location,
    new: T,
    same: impl Fn(&T, &T) -> bool,
    noun: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    match map.entry(name) {
        Entry::Vacant(entry) => drop(entry.insert(new)),
        Entry::Occupied(entry) if same(entry.get(), &new) => {}
        Entry::Occupied(entry) => diagnostics.push(conflict(noun, entry.key(), location)),
    }
}

/// Whether two policies say the same, wherever they stand.
pub(super) fn same_policy(a: &Policy, b: &Policy) -> bool {
    let (x, y) = (&a.document, &b.document);
    let same_frame = a.name == b.name && (x.variables, &x.opaque) == (y.variables, &y.opaque);
    same_frame
        && x.statements.len() == y.statements.len()
        && x.statements.iter().zip(&y.statements).all(|(s, t)| {
            (s.effect, &s.principals, &s.actions, &s.resources)
                == (t.effect, &t.principals, &t.actions, &t.resources)
                && (&s.conditions, &s.opaque) == (&t.conditions, &t.opaque)
        })
}

pub(super) fn same_permissions(a: &Permissions, b: &Permissions) -> bool {
    (&a.attached, &a.boundary, &a.tags) == (&b.attached, &b.boundary, &b.tags)
        && a.inline.len() == b.inline.len()
        && a.inline.iter().zip(&b.inline).all(|(x, y)| same_policy(x, y))
}

/// Completes an ARN that was made up from path and name.
fn complete(arn: &mut String, partition: &str, account: &str) {
    if Arn::parse(arn).is_none() {
        *arn = format!("arn:{partition}:iam::{account}:{arn}");
    }
}

/// What adding a page needs to know of it, and what is noted meanwhile.
struct Adding<'p> {
    /// The account that the page is about.
    owner: &'p str,
    partition: &'p str,
    /// The accounts that something was added to.
    owners: BTreeSet<String>,
    diagnostics: &'p mut Vec<Diagnostic>,
}

fn add<T: Entity>(known: &mut BTreeMap<String, T>, entity: T, diagnostics: &mut Vec<Diagnostic>) {
    let (name, location) = (entity.name().clone(), entity.location());
    merge(known, name, location, entity, T::same, T::NOUN, diagnostics);
}

impl Accounts {
    /// The account of an id, made if it is new.
    pub(super) fn account(&mut self, id: &str, partition: Option<&str>) -> &mut Account {
        let account = self.accounts.entry(id.to_owned()).or_insert_with(|| Account {
            id: id.to_owned(),
            ..Account::default()
        });
        if let Some(partition) = partition.filter(|_| account.partition.is_empty()) {
            account.partition = partition.to_owned();
        }
        account
    }

    /// Notes that there is an account.
    pub(super) fn note(&mut self, id: &str) {
        if !self.accounts.contains_key(id) {
            self.account(id, None);
        }
    }

    /// Adds a page. `fallback` is the account that the file's path or its other pages name.
    pub(super) fn page(
        &mut self,
        page: IamPage,
        of: &Page,
        fallback: Option<&str>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(owner) = page.account.as_deref().or(fallback) else {
            let found = Diagnostic::new(
                Code::UnknownOwner,
                page.location,
                "IAM data that does not say of which account",
            )
            .effect("it was not read; the account's principals are missing from the answers")
            .help("store it as `accounts/ACCOUNT/iam-get-account-authorization-details.json`");
            diagnostics.push(found);
            return;
        };
        let partition = page.partition.clone().unwrap_or_else(|| "aws".to_owned());
        let mut adding = Adding {
            owner,
            partition: &partition,
            owners: BTreeSet::from([owner.to_owned()]),
            diagnostics,
        };
        self.entities(page.users, &mut adding);
        self.entities(page.groups, &mut adding);
        self.entities(page.roles, &mut adding);
        let owners = adding.owners;
        for id in &owners {
            self.account(id, Some(&partition));
            self.pages.entry(id.clone()).or_default().add(of);
        }
        let owner = owner.to_owned();
        self.managed(page.managed, &owner, diagnostics);
    }

    /// Adds the users, groups or roles of a page.
    fn entities<T: Entity>(&mut self, read: Entities<T>, adding: &mut Adding<'_>) {
        let (owner, partition) = (adding.owner, adding.partition);
        match read {
            Entities::Listed(read) => {
                for mut entity in read {
                    complete(entity.arn_mut(), partition, owner);
                    let id = account_of(entity.arn()).unwrap_or(owner).to_owned();
                    add(
                        T::of(self.account(&id, Some(partition))),
                        entity,
                        adding.diagnostics,
                    );
                    adding.owners.insert(id);
                }
            }
            Entities::Named(read) if read.is_empty() => {}
            Entities::Named(read) => {
                let known = T::of(self.account(owner, Some(partition)));
                if known.is_empty() {
                    *known = read;
                } else {
                    read.into_values()
                        .for_each(|entity| add(known, entity, adding.diagnostics));
                }
            }
        }
    }

    fn managed(&mut self, policies: Vec<ManagedPolicy>, owner: &str, diagnostics: &mut Vec<Diagnostic>) {
        let managed = &mut self.account(owner, None).managed;
        for ManagedPolicy {
            arn,
            policy,
            location,
        } in policies
        {
            let Some(policy) = policy else {
                let found = Diagnostic::new(
                    Code::MissingData,
                    location,
                    format!("policy `{arn}` has no default version"),
                );
                diagnostics.push(found.effect("what it allows or denies is reported as unknown"));
                continue;
            };
            let same = |a: &Arc<Policy>, b: &Arc<Policy>| same_policy(a, b);
            merge(managed, arn, location, policy, same, "policy", diagnostics);
        }
    }

    /// Finishes the accounts: what is attached but has no text, which groups are missing, what was not collected.
    pub(super) fn finish(
        mut self,
        failures: &Failures,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) -> BTreeMap<String, Account> {
        let aws_managed: HashMap<String, Arc<Policy>> = self
            .accounts
            .values()
            .flat_map(|account| &account.managed)
            .filter(|(arn, _)| is_aws_managed(arn))
            .map(|(arn, policy)| (arn.clone(), Arc::clone(policy)))
            .collect();
        let pages = &self.pages;
        let (remarks, missing): (Vec<_>, Vec<_>) = self
            .accounts
            .par_iter_mut()
            .map(|(id, account)| {
                let (mut diagnostics, mut gaps) = (Vec::new(), Vec::new());
                if account.partition.is_empty() {
                    account.partition = "aws".to_owned();
                }
                let pages = pages.get(id).cloned().unwrap_or_default();
                account.iam = pages.collected();
                diagnostics.extend(pages.remark(&format!("IAM of account {id}")));
                let effect =
                    "which IAM permissions its principals hold is unknown; they are reported as possible";
                gaps.extend(pages.gap("IAM of account", id, effect, failures.of_account(id, None, "iam")));
                complete_policies(account, &aws_managed, &mut diagnostics, &mut gaps);
                missing_groups(account, &mut diagnostics, &mut gaps);
                (diagnostics, gaps)
            })
            .unzip();
        diagnostics.extend(remarks.into_iter().flatten());
        gaps.extend(missing.into_iter().flatten());
        self.accounts
    }
}

fn is_aws_managed(arn: &str) -> bool {
    Arn::parse(arn).is_some_and(|arn| arn.account == "aws")
}

/// Looks for the text of every attached policy and boundary.
fn complete_policies(
    account: &mut Account,
    aws_managed: &HashMap<String, Arc<Policy>>,
    diagnostics: &mut Vec<Diagnostic>,
    gaps: &mut Vec<Gap>,
) {
    let users = account
        .users
        .values()
        .map(|user| (&user.permissions, user.location));
    let groups = account
        .groups
        .values()
        .map(|group| (&group.permissions, group.location));
    let roles = account
        .roles
        .values()
        .map(|role| (&role.permissions, role.location));
    let mut missing: BTreeMap<String, Location> = BTreeMap::new();
    for (permissions, location) in users.chain(groups).chain(roles) {
        for arn in permissions.attached.iter().chain(&permissions.boundary) {
            if !account.managed.contains_key(arn) {
                missing.entry(arn.clone()).or_insert(location);
            }
        }
    }
    for (arn, location) in missing {
        let effect = if let Some(policy) = aws_managed.get(&arn) {
            account.managed.insert(arn.clone(), Arc::clone(policy));
            "AWS keeps one text of it for all accounts: the one read for another account is used"
        } else {
            let message = format!("policy `{arn}` is attached but its text is not in the snapshot");
            let found = Diagnostic::new(Code::DanglingReference, location, message)
                .effect("what it allows or denies its holders is reported as unknown")
                .help("collect `iam get-account-authorization-details` without `--filter`");
            diagnostics.push(found);
            "what it allows or denies its holders is reported as unknown"
        };
        let (of, effect) = (format!("{arn} in {}", account.id), effect.to_owned());
        gaps.push(Gap {
            what: "managed policy",
            of,
            how: "missing",
            effect,
            location,
        });
    }
}

/// A group that is named but not there: its members may hold anything that it holds.
fn missing_groups(account: &Account, diagnostics: &mut Vec<Diagnostic>, gaps: &mut Vec<Gap>) {
    let mut reported = BTreeSet::new();
    for user in account.users.values() {
        for group in user
            .groups
            .iter()
            .filter(|group| !account.groups.contains_key(*group))
        {
            if account.iam == Collected::Missing || !reported.insert(group) {
                continue;
            }
            let effect = "what the group's policies allow or deny its members is reported as unknown";
            let message = format!("group `{group}` of user `{}` is not in the snapshot", user.name);
            diagnostics.push(Diagnostic::new(Code::DanglingReference, user.location, message).effect(effect));
            let of = format!("{group} in {}", account.id);
            gaps.push(Gap {
                what: "group",
                of,
                how: "missing",
                effect: effect.to_owned(),
                location: user.location,
            });
        }
    }
}
