//! What is worked out on first use: cells of single pairs, and conditions in their shortest form.

use crate::answer::Access;
use crate::cells::Cell;
use crate::condition::formula::FormulaId;
use crate::facts::view::Extra;
use crate::facts::world::Principal;
use ahash::AHashMap;
use std::sync::{Arc, RwLock};

/// A principal on a key, with its cell.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) principal: Principal,
    pub(crate) cell: Cell,
    /// Policies that only this principal or key has.
    pub(crate) extra: Arc<Extra>,
}

/// The cells of one pair: one for each principal the name may stand for.
type Cells = Arc<[Prepared]>;

/// How many pairs are kept; beyond it the cache starts anew.
const LIMIT: usize = 1 << 20;

/// Principals by the name in requests and, for federated users, their creator; cells by principal name and key.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    pairs: RwLock<AHashMap<(String, u32), Cells>>,
    conditions: RwLock<AHashMap<FormulaId, Access>>,
    by_creator: RwLock<AHashMap<Vec<(String, FormulaId)>, Access>>,
}

impl Cache {
    /// The cells of a pair, made by `make` if they are not there.
    pub(crate) fn get<E>(
        &self,
        principal: String,
        key: u32,
        make: impl FnOnce() -> Result<Vec<Prepared>, E>,
    ) -> Result<Cells, E> {
        let at = (principal, key);
        if let Some(found) = read(&self.pairs).get(&at) {
            return Ok(Arc::clone(found));
        }
        let made: Cells = make()?.into();
        let mut pairs = write(&self.pairs);
        if pairs.len() >= LIMIT {
            pairs.clear();
        }
        pairs.insert(at, Arc::clone(&made));
        Ok(made)
    }

    /// What a formula means for access, made by `make` if it is not there.
    pub(crate) fn access(&self, formula: FormulaId, make: impl FnOnce() -> Access) -> Access {
        remembered(&self.conditions, formula, make)
    }

    /// What formulas mean for a session that one of several users made.
    pub(crate) fn access_by_creator(
        &self,
        formulas: Vec<(String, FormulaId)>,
        make: impl FnOnce() -> Access,
    ) -> Access {
        remembered(&self.by_creator, formulas, make)
    }
}

fn remembered<K: Eq + std::hash::Hash>(
    map: &RwLock<AHashMap<K, Access>>,
    of: K,
    make: impl FnOnce() -> Access,
) -> Access {
    if let Some(found) = read(map).get(&of) {
        return found.clone();
    }
    let made = make();
    write(map).insert(of, made.clone());
    made
}

// A poisoned lock only means that another thread stopped; what is in the map is whole.

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
