//! What is worked out on first use: cells of single pairs, and conditions in their shortest form.

use crate::answer::Access;
use crate::cells::Cell;
use crate::condition::formula::FormulaId;
use crate::facts::id::{AccountId, KeyId, PrincipalId};
use crate::facts::view::{Extra, View};
use crate::facts::world::{Principal, World};
use ahash::AHashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

/// Somebody who may ask.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) principal: Principal,
    pub(crate) stand_in: StandIn,
    /// Policies that only this principal or the key has.
    pub(crate) extra: Arc<Extra>,
}

impl Asker {
    /// The world as it is for this principal.
    pub(crate) fn view<'a>(&'a self, world: &'a World) -> View<'a> {
        View {
            world,
            extra: Some(&self.extra),
        }
    }
}

/// With whom a principal shares its cells, since no rule tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum StandIn {
    /// A principal of the tables: itself.
    Listed(PrincipalId),
    /// The sessions of a role of the tables that have no place of their own in them.
    SessionOf(PrincipalId),
    /// Somebody else: itself, by a number.
    Other(u32),
}

/// Principals of the tables, or not, of one account, that ask about one key.
type Alike = (bool, Option<AccountId>, KeyId);

/// How many entries are kept; beyond it a table starts anew.
const LIMIT: usize = 1 << 20;

/// Askers by their name and, for federated users, their creator; cells by stand-in and key; conditions.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    askers: RwLock<AHashMap<String, Arc<[Asker]>>>,
    others: AtomicU32,
    cells: RwLock<AHashMap<(StandIn, KeyId), Arc<Cell>>>,
    asked: RwLock<AHashMap<Alike, u32>>,
    conditions: RwLock<AHashMap<FormulaId, Access>>,
    by_creator: RwLock<AHashMap<Vec<(String, FormulaId)>, Access>>,
}

impl Cache {
    /// Those a name may stand for, made by `make` if they are not there.
    pub(crate) fn askers<E>(
        &self,
        name: &str,
        creator: &str,
        make: impl FnOnce() -> Result<Vec<Asker>, E>,
    ) -> Result<Arc<[Asker]>, E> {
        let with_creator;
        let at = match creator {
            "" => name,
            creator => {
                with_creator = format!("{name} {creator}");
                &with_creator
            }
        };
        if let Some(found) = read(&self.askers).get(at) {
            return Ok(Arc::clone(found));
        }
        let made: Arc<[Asker]> = make()?.into();
        let mut askers = write(&self.askers);
        if askers.len() >= LIMIT {
            askers.clear();
        }
        askers.insert(at.to_owned(), Arc::clone(&made));
        Ok(made)
    }

    /// A stand-in that nobody else has.
    pub(crate) fn other(&self) -> StandIn {
        StandIn::Other(self.others.fetch_add(1, Ordering::Relaxed))
    }

    /// A cell that is there.
    pub(crate) fn cell(&self, stand_in: StandIn, key: KeyId) -> Option<Arc<Cell>> {
        read(&self.cells).get(&(stand_in, key)).cloned()
    }

    /// Keeps a cell.
    pub(crate) fn keep(&self, stand_in: StandIn, key: KeyId, cell: Cell) -> Arc<Cell> {
        let mut cells = write(&self.cells);
        if cells.len() >= LIMIT {
            cells.clear();
        }
        let cell = Arc::new(cell);
        cells.insert((stand_in, key), Arc::clone(&cell));
        cell
    }

    /// Counts a cell that had to be derived; whether there were many for this key and account.
    pub(crate) fn asked_often(
        &self,
        stand_in: StandIn,
        account: Option<AccountId>,
        key: KeyId,
        many: u32,
    ) -> bool {
        let of = (matches!(stand_in, StandIn::Listed(_)), account, key);
        let mut asked = write(&self.asked);
        if asked.len() >= LIMIT {
            asked.clear();
        }
        let count = asked.entry(of).or_default();
        *count = count.saturating_add(1);
        *count > many
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
