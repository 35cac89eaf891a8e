//! One edit as people write it, `key-policy:alias/payments` with a file -> the changes of the snapshot that it comes to.
//!
//! The file is read as those of a snapshot are: a policy document alone, in a string, or inside of an answer of the AWS
//! CLI; grants as list-grants prints them, or as create-grant is asked for one.
//!
//! ```
//! use keywho::edit::Edit;
//!
//! assert!(Edit::with("key-policy:alias/payments").is_ok());
//! let error = Edit::with("keypolicy:alias/payments").unwrap_err();
//! assert_eq!(error.to_string(), "unknown kind of edit `keypolicy`");
//! assert_eq!(error.help().unwrap(), "did you mean `key-policy`?");
//! ```

mod read;
#[cfg(test)]
mod tests;

use crate::diag::Diagnostic;
use crate::error::{Error, ambiguous, unknown};
use crate::model::change::Change;
use crate::model::key::Grant;
use crate::model::principal::Policy;
use crate::model::snapshot::Snapshot;
use crate::policy::document::PolicyKind;
use crate::policy::lint::{Subject, lint};
use read::{read_grants, read_policy};
use std::sync::Arc;

/// What an edit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    KeyPolicy,
    IdentityPolicy,
    InlinePolicy,
    Boundary,
    Scp,
    Rcp,
    Grant,
}

/// All kinds, with their names and how what they change is named.
const KINDS: [(Kind, &str, &str); 7] = [
    (Kind::KeyPolicy, "key-policy", "KEY"),
    (Kind::IdentityPolicy, "identity-policy", "NAME_OR_ARN"),
    (Kind::InlinePolicy, "inline-policy", "PRINCIPAL/NAME"),
    (Kind::Boundary, "boundary", "PRINCIPAL"),
    (Kind::Scp, "scp", "TARGET/NAME"),
    (Kind::Rcp, "rcp", "TARGET/NAME"),
    (Kind::Grant, "grant", "KEY"),
];

/// One edit: of what kind, of what, and whether something is given or taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    kind: Kind,
    of: String,
    gives: bool,
}

/// The file that an edit gives.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Its name, as it is to be shown.
    pub name: &'a str,
    /// What it holds.
    pub contents: &'a [u8],
}

/// What became of an edit.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Edited {
    /// The changes, which the snapshot has now.
    pub changes: Vec<Change>,
    /// Remarks on the file: what could not be understood, and what has no effect or probably another than was meant.
    pub diagnostics: Vec<Diagnostic>,
}

impl Edit {
    /// An edit that puts something there or in the place of what is there: `KIND:NAME`.
    ///
    /// # Errors
    /// There is no such kind of edit, or the name lacks a part.
    pub fn with(text: &str) -> Result<Edit, Error> {
        Edit::parse(text, true)
    }

    /// An edit that takes something away: `KIND:NAME`.
    ///
    /// # Errors
    /// There is no such kind of edit, the name lacks a part, or it is something that is always there.
    pub fn without(text: &str) -> Result<Edit, Error> {
        let edit = Edit::parse(text, false)?;
        if edit.kind == Kind::KeyPolicy {
            return Err(problem(
                "a key is never without a key policy".to_owned(),
                "give the key another one: `--with key-policy:KEY=FILE`",
            ));
        }
        Ok(edit)
    }

    fn parse(text: &str, gives: bool) -> Result<Edit, Error> {
        let (word, of) = text.split_once(':').unwrap_or((text, ""));
        let found = KINDS.into_iter().find(|(_, name, _)| *name == word);
        let Some((kind, name, form)) = found else {
            return Err(unknown(
                "kind of edit",
                word,
                KINDS.iter().map(|(_, name, _)| *name),
            ));
        };
        let form = match (kind, gives) {
            (Kind::Grant, false) => "KEY/GRANT",
            _ => form,
        };
        let parts = |text: &str| text.split('/').filter(|part| !part.is_empty()).count();
        if of.is_empty() || parts(of) < parts(form) {
            let file = if gives { "=FILE" } else { "" };
            return Err(problem(
                format!("`{text}` does not say of what"),
                &format!("write it as `{name}:{form}{file}`"),
            ));
        }
        Ok(Edit {
            kind,
            of: of.to_owned(),
            gives,
        })
    }

    /// What policy the file of the edit is.
    fn policy_kind(&self) -> PolicyKind {
        match self.kind {
            Kind::KeyPolicy | Kind::Grant => PolicyKind::Key,
            Kind::IdentityPolicy | Kind::InlinePolicy => PolicyKind::Identity,
            Kind::Boundary => PolicyKind::Boundary,
            Kind::Scp => PolicyKind::Scp,
            Kind::Rcp => PolicyKind::Rcp,
        }
    }
}

fn problem(problem: String, help: &str) -> Error {
    Error::Edit {
        problem,
        help: help.to_owned(),
    }
}

impl Snapshot {
    /// Makes an edit. The name of its file becomes one of the snapshot's, so that reasons can name lines of it.
    ///
    /// # Errors
    /// It names something that the snapshot does not have, or its file is not what the edit needs; the snapshot is as it
    /// was then.
    pub fn edit(&mut self, edit: &Edit, given: Option<Given<'_>>) -> Result<Edited, Error> {
        let before = self.files.clone();
        let edited = self.changes(edit, given).and_then(|edited| {
            let mut changes = edited.changes.iter();
            changes.try_for_each(|change| self.apply(change))?;
            Ok(edited)
        });
        if edited.is_err() {
            self.files = before;
        }
        edited
    }

    fn changes(&mut self, edit: &Edit, given: Option<Given<'_>>) -> Result<Edited, Error> {
        let of = edit.of.as_str();
        if edit.gives != given.is_some() {
            return Err(problem(
                format!("`{of}` has {} file", if edit.gives { "no" } else { "a" }),
                "an edit that gives something has a file, one that takes something away has none",
            ));
        }
        if edit.kind == Kind::Grant {
            return match given {
                Some(given) => self.new_grants(of, given),
                None => self.no_grant(of),
            };
        }
        let (named, place) = self.place(edit)?;
        if let (Slot::Boundary { principal }, Some(given)) = (&place, given)
            && given.name.starts_with("arn:")
            && given.contents.is_empty()
        {
            let policy = self.managed_of(principal, given.name)?;
            return Ok(place.edited(Some(policy), Vec::new()));
        }
        let Some(given) = given else {
            return Ok(place.edited(None, Vec::new()));
        };
        let file = self.files.add(given.name);
        let mut read = read_policy(file, &self.files, given, edit.policy_kind())?;
        let policy = Policy {
            kind: edit.policy_kind(),
            name: read
                .name
                .take()
                .filter(|_| edit.kind == Kind::KeyPolicy)
                .unwrap_or(named),
            document: read.document,
        };
        let subject = Subject {
            key_arn: place.key(),
            ..Subject::default()
        };
        read.diagnostics
            .extend(lint(&policy.document, policy.kind, &subject));
        read.diagnostics.sort();
        read.diagnostics.dedup();
        Ok(place.edited(Some(Arc::new(policy)), read.diagnostics))
    }

    /// A boundary may be one of the managed policies that there are, named by its ARN in the place of a file.
    fn managed_of(&self, principal: &str, arn: &str) -> Result<Arc<Policy>, Error> {
        let account = crate::arn::account_of(principal).and_then(|id| self.accounts.get(id));
        let known = account.into_iter().flat_map(|account| &account.managed);
        let found = known.clone().find(|(own, _)| *own == arn);
        found
            .map(|(_, policy)| Arc::clone(policy))
            .ok_or_else(|| unknown("managed policy", arn, known.map(|(own, _)| own.as_str())))
    }

    /// Where the policy of an edit stands, and what it is called.
    fn place(&self, edit: &Edit) -> Result<(String, Slot), Error> {
        let of = edit.of.as_str();
        Ok(match edit.kind {
            Kind::KeyPolicy | Kind::Grant => {
                let key = self.key_arn(of)?.to_owned();
                ("default".to_owned(), Slot::Key { key })
            }
            Kind::IdentityPolicy => {
                let arn = self.managed_policy_arn(of)?.to_owned();
                (arn.clone(), Slot::Managed { arn })
            }
            Kind::InlinePolicy => {
                let (principal, name) = of.rsplit_once('/').unwrap_or((of, ""));
                let principal = self.principal_arn(principal)?;
                let held = self.permissions(principal).into_iter();
                let names = held.flat_map(|held| &held.inline).map(|one| one.name.as_str());
                if !edit.gives && !names.clone().any(|own| own == name) {
                    return Err(unknown("inline policy", name, names));
                }
                let (principal, name) = (principal.to_owned(), name.to_owned());
                (name.clone(), Slot::Inline { principal, name })
            }
            Kind::Boundary => {
                let principal = self.principal_arn(of)?.to_owned();
                let has = |arn| self.permissions(arn).is_some_and(|held| held.boundary.is_some());
                if !edit.gives && !has(&principal) {
                    let said = format!("`{principal}` has no permissions boundary");
                    return Err(problem(said, "leave the edit out"));
                }
                (format!("boundary of {principal}"), Slot::Boundary { principal })
            }
            Kind::Scp | Kind::Rcp => {
                let kind = edit.policy_kind();
                let (target, name) = of.split_once('/').unwrap_or((of, ""));
                let target = self.target_id(target)?.to_owned();
                let id = self.guardrail_id(name, kind)?;
                let attached = |id: &str| {
                    let organization = self.organization.as_ref();
                    let ids = organization.and_then(|one| one.attachments.get(&target));
                    ids.is_some_and(|ids| ids.iter().any(|own| own == id))
                };
                if !edit.gives && !id.is_some_and(attached) {
                    let names = self.attached_names(&target, kind);
                    return Err(unknown("attached policy", name, names.into_iter()));
                }
                let known = self.organization.as_ref().zip(id);
                let known = known.and_then(|(one, id)| one.policies.get(id));
                let called = known.map_or(name, |policy| policy.name.as_str()).to_owned();
                let id = id.unwrap_or(name).to_owned();
                (called, Slot::Guardrail { target, id })
            }
        })
    }

    fn new_grants(&mut self, of: &str, given: Given<'_>) -> Result<Edited, Error> {
        let key = self.key_arn(of)?.to_owned();
        let file = self.files.add(given.name);
        let (mut grants, diagnostics) = read_grants(file, &self.files, given)?;
        let known = self.keys.iter().find(|one| one.arn == key);
        let is_known = |id: &str| known.is_some_and(|key| key.grants.iter().any(|one| one.id == id));
        let mut free = (1_u32..)
            .map(|n| format!("new-grant-{n}"))
            .filter(|id| !is_known(id));
        for grant in grants.iter_mut().filter(|grant| grant.id.is_empty()) {
            grant.id = free.next().unwrap_or_default();
        }
        let change = |grant: Grant| Change::Grant {
            key: key.clone(),
            grant: Box::new(grant),
        };
        Ok(Edited {
            changes: grants.into_iter().map(change).collect(),
            diagnostics,
        })
    }

    fn no_grant(&self, of: &str) -> Result<Edited, Error> {
        let (name_of_key, name) = of.rsplit_once('/').unwrap_or((of, ""));
        let arn = self.key_arn(name_of_key)?;
        let grants = || {
            self.keys
                .iter()
                .filter(|key| key.arn == arn)
                .flat_map(|key| &key.grants)
        };
        let by_id = grants().find(|grant| grant.id == name);
        let found: Vec<&Grant> = match by_id {
            Some(grant) => vec![grant],
            None => grants().filter(|grant| grant.name == name).collect(),
        };
        match found.as_slice() {
            [only] => Ok(Edited {
                changes: vec![Change::NoGrant {
                    key: arn.to_owned(),
                    id: only.id.clone(),
                }],
                diagnostics: Vec::new(),
            }),
            [] => {
                let names = grants().flat_map(|grant| [grant.id.as_str(), grant.name.as_str()]);
                Err(unknown("grant", name, names.filter(|name| !name.is_empty())))
            }
            several => {
                let ids = several.iter().map(|grant| grant.id.clone()).collect();
                Err(ambiguous("grant", name, ids))
            }
        }
    }
}

/// Where a policy stands.
enum Slot {
    Key { key: String },
    Managed { arn: String },
    Inline { principal: String, name: String },
    Boundary { principal: String },
    Guardrail { target: String, id: String },
}

impl Slot {
    fn key(&self) -> Option<&str> {
        match self {
            Slot::Key { key } => Some(key),
            _ => None,
        }
    }

    /// The change that puts a policy there, or takes it away.
    fn edited(self, policy: Option<Arc<Policy>>, diagnostics: Vec<Diagnostic>) -> Edited {
        let change = match (self, policy) {
            (Slot::Key { key }, policy) => policy.map(|policy| Change::KeyPolicy { key, policy }),
            (Slot::Managed { arn }, policy) => Some(Change::Managed { arn, policy }),
            (Slot::Inline { principal, name }, policy) => Some(Change::Inline {
                principal,
                name,
                policy,
            }),
            (Slot::Boundary { principal }, policy) => Some(Change::Boundary { principal, policy }),
            (Slot::Guardrail { target, id }, policy) => Some(Change::Guardrail { target, id, policy }),
        };
        Edited {
            changes: change.into_iter().collect(),
            diagnostics,
        }
    }
}
