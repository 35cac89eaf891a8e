//! A folder of what the AWS CLI prints -> [`Snapshot`] plus diagnostics. The only reader of files.
//!
//! Every file is read on its own and in parallel ([`recognize`]), then all answers are put together in the order of the
//! file names: first what belongs to keys ([`keys`]), accounts ([`accounts`]) and the organization ([`tree`]), then what
//! is missing ([`coverage`]). What a file is, is told by its content; whose it is, by its content and then by its path.
//!
//! Nothing in a snapshot stops the reading: what is odd becomes a diagnostic, what is missing a gap.

mod accounts;
mod ahead;
mod building;
mod coverage;
mod digest;
mod ec2;
pub mod edit;
mod entities;
mod fields;
mod hints;
mod iam;
mod keys;
mod kms;
mod organization;
mod pages;
mod recognize;
mod strange;
mod tree;
mod walk;

use crate::diag::{Code, Diagnostic};
use crate::error::Error;
use crate::model::organization::VpcEndpoint;
use crate::model::snapshot::Snapshot;
use crate::source::{FileId, Files, Location};
use accounts::Accounts;
use ahash::AHashMap;
use hints::{Folder, Hints};
use iam::IamPage;
use keys::Keys;
use kms::KeyRef;
use pages::Failures;
use rayon::prelude::*;
use recognize::{Answer, FileAnswers, Piece};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tree::Tree;

impl Snapshot {
    /// Reads a folder of AWS CLI output, or a single file of it.
    ///
    /// # Errors
    ///
    /// [`Error::Snapshot`] if the folder cannot be listed, [`Error::NothingRead`] if no file in it is an answer that
    /// this tool reads. Everything less is a diagnostic.
    pub fn load(path: impl AsRef<Path>) -> Result<(Snapshot, Vec<Diagnostic>), Error> {
        load(path.as_ref(), Files::default())
    }

    /// The same for a folder that is much like that of another snapshot: what is equal in both is kept once.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::load`].
    pub fn load_beside(
        path: impl AsRef<Path>,
        other: &Snapshot,
    ) -> Result<(Snapshot, Vec<Diagnostic>), Error> {
        let (mut snapshot, remarks) = load(path.as_ref(), other.files.clone())?;
        snapshot.share(other);
        Ok((snapshot, remarks))
    }

    /// Reads files that are in memory already: names relative to the snapshot, with `/` between parts, and contents.
    #[must_use]
    pub fn from_files(contents: impl IntoIterator<Item = (String, Vec<u8>)>) -> (Snapshot, Vec<Diagnostic>) {
        let mut contents: Vec<_> = contents.into_iter().collect();
        contents.sort_by(|a, b| a.0.cmp(&b.0));
        let mut files = Files::default();
        let numbered: Vec<_> = contents
            .into_iter()
            .map(|(name, bytes)| (files.add(&name), name, bytes))
            .collect();
        let answers = numbered
            .into_par_iter()
            .map_init(Folder::default, |folder, (id, name, bytes)| {
                (id, recognize::file(id, &name, folder.hints(&name), &bytes))
            })
            .collect();
        assemble(files, answers)
    }
}

/// Reads a folder. Files that are known by name already keep their ids.
fn load(root: &Path, mut files: Files) -> Result<(Snapshot, Vec<Diagnostic>), Error> {
    let found = walk::walk(root)?;
    let known: AHashMap<String, FileId> = files.ids().map(|(name, id)| (name.to_owned(), id)).collect();
    let numbered: Vec<_> = found
        .into_iter()
        .map(|found| {
            let id = known.get(&found.name).copied();
            (id.unwrap_or_else(|| files.add(&found.name)), found)
        })
        .collect();
    let count = numbered.len();
    let answers: Vec<(FileId, FileAnswers)> = numbered
        .into_par_iter()
        .map_init(Default::default, |(folder, bytes), (id, found)| {
            let answers = match found.file {
                Ok(path) => match read(&path, bytes) {
                    Ok(()) => recognize::file(id, &found.name, Folder::hints(folder, &found.name), bytes),
                    Err(error) => unreadable(id, &found.name, &error),
                },
                Err(mut remark) => {
                    remark.location = Location {
                        file: Some(id),
                        line: 1,
                        ..Location::default()
                    };
                    let mut file = FileAnswers::failed(Hints::of(&found.name), "unreadable", remark);
                    file.failed = file.failed.filter(|_| file.diagnostics.iter().any(is_failure));
                    file
                }
            };
            (id, answers)
        })
        .collect();
    if answers.iter().all(|(_, file)| file.answers.is_empty()) {
        return Err(Error::NothingRead {
            path: root.to_owned(),
            files: count,
        });
    }
    Ok(assemble(files, answers))
}

/// Reads a file into a buffer that may have held another.
///
/// WHY: most files are a few hundred bytes; asking for the size of each first costs as much as reading it.
fn read(path: &Path, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    const USUAL: usize = 1 << 14;
    bytes.clear();
    bytes.reserve(USUAL);
    File::open(path)?.take(u64::MAX).read_to_end(bytes).map(drop)
}

fn is_failure(found: &Diagnostic) -> bool {
    found.code == Code::UnreadableFile
}

fn unreadable(id: FileId, name: &str, error: &std::io::Error) -> FileAnswers {
    let location = Location {
        file: Some(id),
        line: 1,
        ..Location::default()
    };
    let found = Diagnostic::new(Code::UnreadableFile, location, format!("cannot be read: {error}"))
        .effect("what it would say is reported as unknown");
    FileAnswers::failed(Hints::of(name), "unreadable", found)
}

/// A remark about IAM data of one account under a path that names another.
fn misplaced(page: &IamPage, hints: &Hints) -> Option<Diagnostic> {
    let (says, path) = (page.account.as_ref()?, hints.account.as_ref()?);
    let message = format!("IAM data of account `{says}` under a path that names `{path}`");
    let found = Diagnostic::new(Code::ConflictingData, page.location, message);
    (says != path).then(|| found.effect(format!("it counts for `{says}`")))
}

/// Puts the answers of all files together.
fn assemble(files: Files, answers: Vec<(FileId, FileAnswers)>) -> (Snapshot, Vec<Diagnostic>) {
    let mut assembly = Assembly::default();
    for (_, file) in &answers {
        assembly.name_keys(file);
    }
    for (id, file) in answers {
        assembly.file(id, file);
    }
    let Assembly {
        accounts,
        keys,
        tree,
        mut endpoints,
        failures,
        mut diagnostics,
    } = assembly;
    // The same endpoint may stand in several files.
    endpoints.sort_by(|a, b| (&a.account, &a.region, &a.id).cmp(&(&b.account, &b.region, &b.id)));
    endpoints.dedup_by(|a, b| (&a.account, &a.region, &a.id) == (&b.account, &b.region, &b.id));
    let mut gaps = Vec::new();
    let finished = keys.finish(&failures, &mut diagnostics, &mut gaps);
    let organization = tree.finish(&mut diagnostics, &mut gaps);
    let mut accounts = accounts;
    for key in &finished.keys {
        accounts.account(&key.account, Some(&key.partition));
    }
    for id in organization.iter().flat_map(|organization| &organization.members) {
        accounts.note(id);
    }
    let accounts = accounts.finish(&failures, &mut diagnostics, &mut gaps);
    let coverage = coverage::coverage(&accounts, organization.as_ref(), &finished, endpoints.len(), gaps);
    diagnostics.sort();
    diagnostics.dedup();
    let snapshot = Snapshot {
        files,
        accounts,
        organization,
        keys: finished.keys,
        dangling_aliases: finished.dangling,
        endpoints,
        coverage,
    };
    (snapshot, diagnostics)
}

#[derive(Default)]
struct Assembly {
    accounts: Accounts,
    keys: Keys,
    tree: Tree,
    endpoints: Vec<VpcEndpoint>,
    failures: Failures,
    diagnostics: Vec<Diagnostic>,
}

impl Assembly {
    /// First pass: every key that is named anywhere, so that bare ids can be looked up in the second.
    fn name_keys(&mut self, file: &FileAnswers) {
        let hints = &file.hints;
        for answer in &file.answers {
            let at = answer.page.location;
            match &answer.piece {
                Piece::Keys(keys) => keys.iter().for_each(|(of, at)| self.keys.name(of, *at)),
                Piece::Metadata(of, key) => self.keys.name(of, key.location),
                Piece::KeyPolicy(policy) => self.keys.name(&policy.key, policy.location),
                Piece::Grants { of_key, grants, .. } => {
                    grants
                        .iter()
                        .for_each(|(of, grant)| self.keys.name(of, grant.location));
                    if grants.is_empty() {
                        self.keys.name(of_key, at);
                    }
                }
                Piece::PolicyNames(of, _)
                | Piece::Tags(of, _)
                | Piece::Rotation(of, _)
                | Piece::LastUse(of, _)
                | Piece::Aliases { of_key: Some(of), .. } => self.keys.name(of, at),
                _ => {}
            }
        }
        if hints.key_folder && file.failed.is_some() {
            let of = KeyRef {
                id: hints.key.clone(),
                partition: None,
                account: hints.account.clone(),
                region: hints.region.clone(),
            };
            let at = file
                .diagnostics
                .first()
                .map(|found| found.location)
                .unwrap_or_default();
            self.keys.name(&of, at);
        }
    }

    /// Second pass: adds the answers of one file.
    fn file(&mut self, id: FileId, file: FileAnswers) {
        let FileAnswers {
            hints,
            answers,
            diagnostics,
            failed,
        } = file;
        self.diagnostics.extend(diagnostics);
        if let Some(how) = failed {
            self.failures.add(
                &hints,
                how,
                Location {
                    file: Some(id),
                    line: 1,
                    ..Location::default()
                },
            );
        }
        // A page of IAM data with AWS managed policies alone does not name its account; its neighbours do.
        let iam_account = answers
            .iter()
            .find_map(|answer| match &answer.piece {
                Piece::Iam(page) => page.account.clone(),
                _ => None,
            })
            .or_else(|| hints.account.clone());
        if let Some(account) = hints
            .account
            .as_ref()
            .filter(|_| !answers.is_empty() || failed.is_some())
        {
            self.accounts.note(account);
        }
        for Answer { piece, page } in answers {
            let diagnostics = &mut self.diagnostics;
            match piece {
                Piece::Iam(iam) => {
                    diagnostics.extend(misplaced(&iam, &hints));
                    self.accounts
                        .page(iam, &page, iam_account.as_deref(), diagnostics);
                }
                Piece::Caller(caller) => {
                    if let Some((account, partition)) = caller {
                        self.accounts.account(&account, partition.as_deref());
                    }
                }
                Piece::Endpoints(endpoints) => self.endpoints.extend(endpoints),
                Piece::Unused => {}
                other => match self.key_piece(other, page, &hints) {
                    None => {}
                    Some(other) => self.organization_piece(other, page, &hints),
                },
            }
        }
    }

    /// Adds an answer about keys; gives back any other.
    fn key_piece(&mut self, piece: Piece, mut page: recognize::Page, hints: &Hints) -> Option<Piece> {
        let diagnostics = &mut self.diagnostics;
        let place = (hints.account.as_deref(), hints.region.as_deref());
        match piece {
            Piece::Keys(keys) => {
                for (of, _) in &keys {
                    if let Some(account) = &of.account {
                        self.accounts.account(account, of.partition.as_deref());
                    }
                }
                self.keys.listed(&keys, &page, place);
            }
            Piece::Metadata(of, key) => self.keys.metadata(&of, *key, &page, diagnostics),
            Piece::KeyPolicy(policy) => self.keys.policy(policy, &page, diagnostics),
            Piece::PolicyNames(of, names) => self.keys.policy_names(&of, names, &page, diagnostics),
            Piece::Grants {
                of_key,
                grants,
                whole,
            } => {
                // list-retirable-grants lists some grants of many keys.
                page.broken |= !whole;
                self.keys.grants(&of_key, grants, page, diagnostics);
            }
            Piece::Tags(of, tags) => self.keys.tags(&of, tags, &page, diagnostics),
            Piece::Rotation(of, on) => self.keys.rotation(&of, on, &page, diagnostics),
            Piece::LastUse(of, used) => self.keys.last_used(&of, used, &page, diagnostics),
            Piece::Aliases { of_key, aliases } => {
                self.keys
                    .aliases(of_key.as_ref(), aliases, &page, place, diagnostics);
            }
            other => return Some(other),
        }
        None
    }

    fn organization_piece(&mut self, piece: Piece, page: recognize::Page, hints: &Hints) {
        let diagnostics = &mut self.diagnostics;
        match piece {
            Piece::Overview(overview) => self.tree.overview(overview, &page, diagnostics),
            Piece::Members { parent, members } => {
                for member in &members {
                    self.accounts.account(&member.id, member.partition.as_deref());
                }
                self.tree
                    .members(parent, &members, &page, hints.says("for-parent"), diagnostics);
            }
            Piece::Roots(roots) => self.tree.roots(roots, &page, diagnostics),
            Piece::Units { parent, edges } => self.tree.units(parent, &edges, &page, diagnostics),
            Piece::Relatives(edges) => self.tree.relatives(&edges, &page, diagnostics),
            Piece::Policies {
                target,
                kind,
                policies,
            } => {
                let names_target = hints.says("policies-for-target");
                self.tree
                    .policies(target, kind, policies, &page, names_target, diagnostics);
            }
            Piece::PolicyText(text) => self.tree.text(text, diagnostics),
            Piece::Targets { policy, targets } => self.tree.targets(policy, targets, &page, diagnostics),
            _ => {}
        }
    }
}
