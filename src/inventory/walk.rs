//! A folder -> the files in it, sorted by name: links followed but never in circles, only regular files opened.

use crate::diag::{Code, Diagnostic};
use crate::error::Error;
use crate::source::Location;
use rayon::prelude::*;
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
    let mut entered = BTreeSet::new();
    let Listing {
        mut found,
        linked,
        entered: mut new,
    } = folder(root, real, "", 0, &entered);
    // Linked folders come last, so that a folder is named by its own path where it has one.
    let mut linked = VecDeque::from(linked);
    while let Some(link) = linked.pop_front() {
        entered.append(&mut new.into_iter().collect());
        let more = linked_folder(&link, &entered);
        found.extend(more.found);
        linked.extend(more.linked);
        new = more.entered;
    }
    found.par_sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// A link to a folder.
struct Link {
    path: PathBuf,
    name: String,
    depth: usize,
}

/// What is in a folder and below it, links apart.
#[derive(Default)]
struct Listing {
    found: Vec<Found>,
    linked: Vec<Link>,
    /// Folders that were entered, by their real path.
    entered: Vec<PathBuf>,
}

impl Listing {
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

    /// Notes anything but a folder.
    fn entry(&mut self, path: PathBuf, kind: fs::FileType, name: String, depth: usize) {
        let target = if kind.is_symlink() {
            fs::metadata(&path).map(|meta| meta.file_type())
        } else {
            Ok(kind)
        };
        match target {
            Ok(kind) if kind.is_file() => self.found.push(Found { name, file: Ok(path) }),
            Ok(kind) if kind.is_dir() => self.linked.push(Link {
                path,
                name,
                depth: depth + 1,
            }),
            Ok(_) => {
                let message = "neither a file nor a folder".to_owned();
                self.remark(&name, Code::UnreadableFile, message, "it was not read");
            }
            Err(error) => self.unreadable(&name, &error),
        }
    }

    fn append(&mut self, mut other: Listing) {
        self.found.append(&mut other.found);
        self.linked.append(&mut other.linked);
        self.entered.append(&mut other.entered);
    }
}

/// Lists a folder, the folders in it in parallel. `real` is its path without links.
///
/// Below one folder nothing is met twice unless by a link, so the threads need not tell one another where they were;
/// what was entered before by another way is left out.
fn folder(path: &Path, real: PathBuf, name: &str, depth: usize, entered: &BTreeSet<PathBuf>) -> Listing {
    let mut listing = Listing::default();
    if depth > MAX_FOLDERS {
        let effect = "what is in it is reported as unknown";
        let message = format!("more than {MAX_FOLDERS} folders deep");
        listing.remark(name, Code::UnreadableFile, message, effect);
        return listing;
    }
    if entered.contains(&real) {
        return listing;
    }
    let mut names = Vec::new();
    match fs::read_dir(path) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => names.push((entry.file_name(), entry.file_type())),
                    Err(error) => listing.unreadable(name, &error),
                }
            }
        }
        Err(error) => listing.unreadable(name, &error),
    }
    names.sort_by(|a, b| a.0.cmp(&b.0));
    let mut folders = Vec::new();
    // How many folders stand before a link: links are followed in the order of their names.
    let mut before = Vec::new();
    for (entry, kind) in names {
        let shown = entry.to_string_lossy();
        let full = if name.is_empty() {
            shown.clone().into_owned()
        } else {
            format!("{name}/{shown}")
        };
        if shown.starts_with('.') {
            listing.remark(
                &full,
                Code::UnrecognizedFile,
                "a hidden name".to_owned(),
                "it was not read",
            );
        } else {
            match kind {
                Ok(kind) if kind.is_dir() => folders.push((path.join(&entry), real.join(&entry), full)),
                Ok(kind) => {
                    listing.entry(path.join(&entry), kind, full, depth);
                    before.resize(listing.linked.len(), folders.len());
                }
                Err(error) => listing.unreadable(&full, &error),
            }
        }
    }
    listing.entered.push(real);
    let mut links = before
        .into_iter()
        .zip(std::mem::take(&mut listing.linked))
        .peekable();
    let below: Vec<Listing> = folders
        .into_par_iter()
        .map(|(path, real, name)| folder(&path, real, &name, depth + 1, entered))
        .collect();
    for (i, below) in below.into_iter().enumerate() {
        while let Some((_, link)) = links.next_if(|(before, _)| *before <= i) {
            listing.linked.push(link);
        }
        listing.append(below);
    }
    listing.linked.extend(links.map(|(_, link)| link));
    listing
}

fn linked_folder(link: &Link, entered: &BTreeSet<PathBuf>) -> Listing {
    let mut listing = Listing::default();
    let Link { path, name, depth } = link;
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) => {
            listing.unreadable(name, &error);
            return listing;
        }
    };
    let above = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    if above.is_some_and(|above| above.starts_with(&real)) {
        let message = "a link that leads back to a folder above it".to_owned();
        listing.remark(
            name,
            Code::SymlinkLoop,
            message,
            "none: that folder is read anyway",
        );
        return listing;
    }
    folder(path, real, name, *depth, entered)
}
