//! Lists of which a changed copy shares what did not change.

use ahash::AHashMap;
use std::sync::Arc;

/// A list; copies share all entries but those that were set or added since.
#[derive(Debug, Clone)]
pub(crate) struct Patched<T> {
    shared: Arc<Vec<T>>,
    set: AHashMap<usize, T>,
    added: Vec<T>,
}

impl<T> Default for Patched<T> {
    fn default() -> Self {
        Patched {
            shared: Arc::new(Vec::new()),
            set: AHashMap::new(),
            added: Vec::new(),
        }
    }
}

impl<T: Clone> Patched<T> {
    pub(crate) fn len(&self) -> usize {
        self.shared.len().saturating_add(self.added.len())
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        if !self.set.is_empty()
            && let Some(set) = self.set.get(&at)
        {
            return Some(set);
        }
        match at.checked_sub(self.shared.len()) {
            None => self.shared.get(at),
            Some(beyond) => self.added.get(beyond),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Makes room for entries; while nobody shares the list.
    pub(crate) fn reserve(&mut self, more: usize) {
        if let Some(own) = Arc::get_mut(&mut self.shared) {
            own.reserve(more);
        }
    }

    /// Adds an entry; while nobody shares the list, to the list itself.
    pub(crate) fn push(&mut self, entry: T) {
        match Arc::get_mut(&mut self.shared) {
            Some(own) if self.added.is_empty() => own.push(entry),
            _ => self.added.push(entry),
        }
    }

    /// An entry to change.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if let Some(beyond) = at.checked_sub(self.shared.len()) {
            return self.added.get_mut(beyond);
        }
        let is_own = self.set.is_empty() && Arc::get_mut(&mut self.shared).is_some();
        if is_own {
            return Arc::get_mut(&mut self.shared)?.get_mut(at);
        }
        let before = self.shared.get(at)?;
        Some(self.set.entry(at).or_insert_with(|| before.clone()))
    }
}
