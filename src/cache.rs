//! What is worked out on first use: cells of single pairs, and conditions in their shortest form.

use crate::answer::{Access, Outcome, Residual};
use crate::cells::Cell;
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::Verdict;
use crate::facts::classes::Site;
use crate::facts::id::{KeyId, PrincipalId, StatementId};
use crate::facts::view::{Extra, View};
use crate::facts::world::{Principal, World};
use crate::model::action::Action;
use crate::rules::PathRow;
use ahash::AHashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};

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

/// Whose cells on a key are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// Those of the tables.
    Listed(Site),
    /// Those of the sessions of roles that have no place of their own in them.
    SessionOf(Site),
    /// Those of the tables that no path leads to.
    Refused(Site),
    /// Those of somebody else, by a number.
    Other(u32, KeyId),
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

/// What decides requests about a cell, whatever else they state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ruling {
    pub(crate) outcome: Outcome,
    /// The layer that decides (S4.1.2).
    pub(crate) layer: &'static str,
    /// The rule that decides.
    pub(crate) rule: &'static str,
    pub(crate) reason: Reason,
}

/// On what a ruling rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reason {
    /// Nothing allows.
    Nothing,
    /// A path.
    Path(PathRow),
    /// A statement that denies.
    Deny(StatementId),
}

/// How many entries are kept; beyond it a table starts anew.
const LIMIT: usize = 1 << 20;

/// Formulas of requests with what they come to.
#[derive(Debug, Default)]
struct Residuals {
    formulas: Formulas,
    /// By formula, and whether it is a service that asks.
    known: AHashMap<(FormulaId, bool), (Verdict, Option<Residual>)>,
}

/// Askers by their name and, for federated users, their creator; cells by stand-in and key; conditions.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    askers: RwLock<AHashMap<String, Arc<[Asker]>>>,
    others: AtomicU32,
    cells: RwLock<AHashMap<Whose, Arc<Cell>>>,
    rulings: RwLock<AHashMap<(Whose, Action), Ruling>>,
    residuals: Mutex<Residuals>,
    /// By formula, and whether it is a service that asks.
    conditions: RwLock<AHashMap<(FormulaId, bool), Access>>,
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
        StandIn::Other(self.number())
    }

    /// A number that nothing else has.
    pub(crate) fn number(&self) -> u32 {
        self.others.fetch_add(1, Ordering::Relaxed)
    }

    /// A cell that is there.
    pub(crate) fn cell(&self, whose: Whose) -> Option<Arc<Cell>> {
        read(&self.cells).get(&whose).cloned()
    }

    /// Keeps a cell.
    pub(crate) fn keep(&self, whose: Whose, cell: Arc<Cell>) {
        let mut cells = write(&self.cells);
        if cells.len() >= LIMIT {
            cells.clear();
        }
        cells.insert(whose, cell);
    }

    /// A ruling that is there.
    pub(crate) fn ruling(&self, whose: Whose, action: Action) -> Option<Ruling> {
        read(&self.rulings).get(&(whose, action)).copied()
    }

    /// Keeps a ruling.
    pub(crate) fn rule(&self, whose: Whose, action: Action, ruling: Ruling) {
        let mut rulings = write(&self.rulings);
        if rulings.len() >= LIMIT {
            rulings.clear();
        }
        rulings.insert((whose, action), ruling);
    }

    /// What a formula of a request's own comes to, made by `make` if it is not there: whether it holds for all requests
    /// or none, and otherwise what it leaves open.
    pub(crate) fn residual(
        &self,
        formulas: &Formulas,
        formula: FormulaId,
        service: bool,
        make: impl FnOnce() -> (Verdict, Option<Residual>),
    ) -> (Verdict, Option<Residual>) {
        let mut residuals = lock(&self.residuals);
        if residuals.known.len() >= LIMIT {
            *residuals = Residuals::default();
        }
        let own = residuals.formulas.import(formulas, formula);
        if let Some(known) = residuals.known.get(&(own, service)) {
            return known.clone();
        }
        drop(residuals);
        let made = make();
        let mut residuals = lock(&self.residuals);
        let own = residuals.formulas.import(formulas, formula);
        residuals.known.insert((own, service), made.clone());
        made
    }

    /// What a formula means for access, made by `make` if it is not there.
    pub(crate) fn access(&self, formula: FormulaId, service: bool, make: impl FnOnce() -> Access) -> Access {
        remembered(&self.conditions, (formula, service), make)
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

fn lock<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}
