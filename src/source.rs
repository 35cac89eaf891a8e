//! Where a thing stands in the snapshot: file, bytes and line.
//!
//! Every statement and grant keeps its [`Location`], so that each answer can name the line it rests on.

use std::sync::Arc;

/// Index of a file in [`Files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A place in a file. The default is "nowhere": something the engine assumed, such as the policy of an AWS managed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Location {
    /// The file, or `None` for what stands in no file.
    pub file: Option<FileId>,
    /// First byte, counted from the start of the file.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, counted from 1; 0 when there is no file.
    pub line: u32,
}

/// The names of all files of a snapshot, relative to its folder and with `/` between parts.
#[derive(Clone, Debug, Default)]
pub struct Files {
    names: Arc<Vec<String>>,
}

impl Files {
    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        Arc::make_mut(&mut self.names).push(name.into());
        id
    }

    /// The name of a file; empty for an id of another table.
    #[must_use]
    pub fn name(&self, id: FileId) -> &str {
        self.names.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The names of all files, in the order of their ids.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// All names with their ids.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&str, FileId)> {
        let names = self.names.iter().enumerate();
        names.map(|(at, name)| (name.as_str(), FileId(u32::try_from(at).unwrap_or(u32::MAX))))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
