//! Cells of single pairs, derived on first use: the long way is gone once for each pair.

use crate::cells::Cell;
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
        // A poisoned lock only means that another thread stopped; what is in the map is whole.
        if let Some(found) = self
            .pairs
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&at)
        {
            return Ok(Arc::clone(found));
        }
        let made: Cells = make()?.into();
        let mut pairs = self
            .pairs
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if pairs.len() >= LIMIT {
            pairs.clear();
        }
        pairs.insert(at, Arc::clone(&made));
        Ok(made)
    }
}
