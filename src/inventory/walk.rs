//! A folder -> the files in it, sorted by name: links followed but never in circles, only regular files opened.

use crate::diag::{Code, Diagnostic};
use crate::error::Error;
use crate::source::Location;
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Deeper folders are a mistake or an attack.
const MAX_FOLDERS: usize = 64;

/// A file of a snapshot, or a remark about why there is none to read.
pub(super) struct Found {
    /// Name relative to the snapshot, with `/` between parts.
    pub(super) name: String,
    pub(super) file: Result<PathBuf, Diagnostic>,
}

/// Lists a folder, or a single file. Only a root that cannot be read at all is an error.
pub(super) fn walk(root: &Path) -> Result<Vec<Found>, Error> {
    let unreadable = |source| Error::Snapshot {
        path: root.to_owned(),
        source,
    };
    let meta = fs::metadata(root).map_err(unreadable)?;
    if !meta.is_dir() {
        let name = root
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        return Ok(vec![Found {
            name,
            file: Ok(root.to_owned()),
        }]);
    }
    fs::read_dir(root).map_err(unreadable)?;
    let real = fs::canonicalize(root).map_err(unreadable)?;
    let mut walk = Walk::default();
    walk.folder(root, real, "", 0);
    // Linked folders come last, so that a folder is named by its own path where it has one.
    while let Some((path, name, depth)) = walk.linked.pop_front() {
        walk.linked_folder(&path, &name, depth);
    }
    walk.found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(walk.found)
}

#[derive(Default)]
struct Walk {
    found: Vec<Found>,
    linked: VecDeque<(PathBuf, String, usize)>,
    /// Folders that were entered, by their real path.
    entered: BTreeSet<PathBuf>,
}

impl Walk {
    fn remark(&mut self, name: &str, code: Code, message: String, effect: &str) {
        let found = Diagnostic::new(code, Location::default(), message).effect(effect);
        self.found.push(Found {
            name: name.to_owned(),
            file: Err(found),
        });
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        let effect = "what is in it is reported as unknown";
        self.remark(
            name,
            Code::UnreadableFile,
            format!("cannot be read: {error}"),
            effect,
        );
    }

    /// Lists a folder. `real` is its path without links: only linked folders have to be resolved.
    fn folder(&mut self, path: &Path, real: PathBuf, name: &str, depth: usize) {
        if depth > MAX_FOLDERS {
            let effect = "what is in it is reported as unknown";
            self.remark(
                name,
                Code::UnreadableFile,
                format!("more than {MAX_FOLDERS} folders deep"),
                effect,
            );
            return;
        }
        if !self.entered.insert(real.clone()) {
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(name, &error),
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push((entry.file_name(), entry.file_type())),
                Err(error) => self.unreadable(name, &error),
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        for (entry, kind) in names {
            let shown = entry.to_string_lossy();
            let full = if name.is_empty() {
                shown.clone().into_owned()
            } else {
                format!("{name}/{shown}")
            };
            if shown.starts_with('.') {
                self.remark(
                    &full,
                    Code::UnrecognizedFile,
                    "a hidden name".to_owned(),
                    "it was not read",
                );
            } else {
                match kind {
                    Ok(kind) if kind.is_dir() => {
                        self.folder(&path.join(&entry), real.join(&entry), &full, depth + 1);
                    }
                    Ok(kind) => self.entry(path.join(&entry), kind, full, depth),
                    Err(error) => self.unreadable(&full, &error),
                }
            }
        }
    }

    /// Notes anything but a folder.
    fn entry(&mut self, path: PathBuf, kind: fs::FileType, name: String, depth: usize) {
        let target = if kind.is_symlink() {
            fs::metadata(&path).map(|meta| meta.file_type())
        } else {
            Ok(kind)
        };
        match target {
            Ok(kind) if kind.is_file() => self.found.push(Found { name, file: Ok(path) }),
            Ok(kind) if kind.is_dir() => self.linked.push_back((path, name, depth + 1)),
            Ok(_) => {
                let message = "neither a file nor a folder".to_owned();
                self.remark(&name, Code::UnreadableFile, message, "it was not read");
            }
            Err(error) => self.unreadable(&name, &error),
        }
    }

    fn linked_folder(&mut self, path: &Path, name: &str, depth: usize) {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => return self.unreadable(name, &error),
        };
        let above = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
        if above.is_some_and(|above| above.starts_with(&real)) {
            let message = "a link that leads back to a folder above it".to_owned();
            self.remark(
                name,
                Code::SymlinkLoop,
                message,
                "none: that folder is read anyway",
            );
        } else if !self.entered.contains(&real) {
            self.folder(path, real, name, depth);
        }
    }
}
