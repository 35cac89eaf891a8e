//! What the rules derived for many pairs, in tables that are cut into cells.

use super::Cell;
use crate::facts::id::{AccountId, KeyId, Layer, PrincipalId};
use crate::facts::relations::Facts;
use crate::facts::union::{Original, Originals, Union};
use crate::rules::{AccountRow, KeyRow, LevelRow, LimitRow, PathRow};
use ahash::AHashMap;

/// A row about a key.
pub(crate) trait OnKey {
    fn key(&self) -> KeyId;
}

macro_rules! on_key {
    ($($row:ty),*) => {$(
        impl OnKey for $row {
            fn key(&self) -> KeyId {
                self.key
            }
        }
    )*};
}

on_key!(PathRow, LimitRow, AccountRow, KeyRow, LevelRow);

/// Rows sorted by key, and where those of each key are.
#[derive(Debug)]
pub(crate) struct ByKey<T> {
    rows: Vec<T>,
    /// By key; only of long tables.
    ranges: AHashMap<KeyId, (u32, u32)>,
}

impl<T> Default for ByKey<T> {
    fn default() -> Self {
        ByKey {
            rows: Vec::new(),
            ranges: AHashMap::new(),
        }
    }
}

impl<T: OnKey> ByKey<T> {
    fn new(rows: Vec<T>) -> Self {
        const LONG: usize = 1000;
        let mut ranges = AHashMap::new();
        if rows.len() > LONG {
            let mut start = 0;
            for of_key in rows.chunk_by(|a, b| a.key() == b.key()) {
                let end = start + of_key.len();
                let range = u32::try_from(start).ok().zip(u32::try_from(end).ok());
                if let (Some(first), Some(range)) = (of_key.first(), range) {
                    ranges.insert(first.key(), range);
                }
                start = end;
            }
        }
        ByKey { rows, ranges }
    }

    fn of(&self, key: KeyId) -> &[T] {
        match self.ranges.get(&key) {
            Some(&(start, end)) => self.rows.get(start as usize..end as usize).unwrap_or_default(),
            None if self.ranges.is_empty() => run_of(&self.rows, |row| row.key().cmp(&key)),
            None => &[],
        }
    }
}

/// The rules' output for many pairs, ready to be cut into cells.
#[derive(Debug, Default)]
pub(crate) struct Derived {
    paths: ByKey<PathRow>,
    denies: ByKey<LimitRow>,
    /// What denies all principals of an account whom a layer binds.
    account_denies: ByKey<AccountRow>,
    /// What denies everyone whom a layer binds.
    key_denies: ByKey<KeyRow>,
    allows: ByKey<LimitRow>,
    levels: ByKey<LevelRow>,
    under: Vec<(PrincipalId, Layer)>,
}

/// What rules derived, in no order.
#[derive(Default)]
struct Rows {
    paths: Vec<PathRow>,
    denies: Vec<LimitRow>,
    account_denies: Vec<AccountRow>,
    key_denies: Vec<KeyRow>,
    allows: Vec<LimitRow>,
    levels: Vec<LevelRow>,
    under: Vec<(PrincipalId, Layer)>,
}

/// Runs all rules. `pairs`: also look at denies and limits of these, whether or not a path reaches them.
pub(crate) fn derive(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Derived {
    all_rules(facts, pairs).sorted()
}

/// Runs all rules for each of several keys by itself.
pub(crate) fn derive_each(keys: &Union) -> Derived {
    let mut rows = all_rules(&keys.facts, &[]);
    rows.rename(&keys.originals);
    rows.sorted()
}

/// Runs the rules of denies and limits only, for pairs that no path touches.
pub(crate) fn derive_limits(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Derived {
    limits(facts, pairs).sorted()
}

fn all_rules(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Rows {
    use crate::rules::{grants, paths};
    let (mut rows, by_grants) = both(facts, || paths::run(facts), || grants::run(facts));
    rows.extend(by_grants);
    let mut touched: Vec<(PrincipalId, KeyId)> = rows.iter().map(|row| (row.principal, row.key)).collect();
    touched.extend_from_slice(pairs);
    touched.sort_unstable();
    touched.dedup();
    Rows {
        paths: rows,
        ..limits(facts, &touched)
    }
}

/// Runs two programs, side by side where there is enough to do.
fn both<A: Send, B: Send>(
    facts: &Facts,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    const MANY: usize = 10_000;
    match facts.len() < MANY {
        true => (a(), b()),
        false => rayon::join(a, b),
    }
}

fn limits(facts: &Facts, pairs: &[(PrincipalId, KeyId)]) -> Rows {
    use crate::rules::{denies, guardrails};
    let (limits, denied) = both(
        facts,
        || guardrails::run(facts, pairs),
        || denies::run(facts, pairs),
    );
    Rows {
        paths: Vec::new(),
        denies: denied.each,
        account_denies: denied.accounts,
        key_denies: denied.all,
        allows: limits.allows,
        levels: limits.levels,
        under: limits.under,
    }
}

impl Rows {
    /// Gives every row the ids that those of a union stand for.
    fn rename(&mut self, originals: &Originals) {
        for row in &mut self.paths {
            row.principal = row.principal.original(originals);
            row.by = row.by.original(originals);
            row.with = row.with.original(originals);
        }
        for row in self.denies.iter_mut().chain(&mut self.allows) {
            row.principal = row.principal.original(originals);
            row.statement = row.statement.original(originals);
        }
        for row in &mut self.account_denies {
            row.statement = row.statement.original(originals);
        }
        for row in &mut self.key_denies {
            row.statement = row.statement.original(originals);
        }
        for row in &mut self.levels {
            row.statement = row.statement.original(originals);
        }
        for (principal, _) in &mut self.under {
            *principal = principal.original(originals);
        }
    }

    fn sorted(mut self) -> Derived {
        self.paths.sort_unstable_by_key(|row| {
            let by = (row.route, row.by, row.with, row.mask.bits());
            (row.key, row.principal, by)
        });
        self.account_denies
            .sort_unstable_by_key(|row| (row.key, row.account, row.layer, row.statement));
        self.key_denies
            .sort_unstable_by_key(|row| (row.key, row.layer, row.statement));
        for rows in [&mut self.denies, &mut self.allows] {
            rows.sort_unstable_by_key(|row| (row.key, row.principal, row.layer, row.statement));
        }
        self.levels
            .sort_unstable_by_key(|row| (row.key, row.account, row.level, row.statement));
        self.under.sort_unstable();
        self.under.dedup();
        Derived {
            paths: ByKey::new(self.paths),
            denies: ByKey::new(self.denies),
            account_denies: ByKey::new(self.account_denies),
            key_denies: ByKey::new(self.key_denies),
            allows: ByKey::new(self.allows),
            levels: ByKey::new(self.levels),
            under: self.under,
        }
    }
}

/// The rows of a sorted table that belong to one cell.
fn run_of<T>(rows: &[T], key: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    use std::cmp::Ordering;
    let start = rows.partition_point(|row| key(row) == Ordering::Less);
    let rest = rows.get(start..).unwrap_or_default();
    let end = rest.partition_point(|row| key(row) == Ordering::Equal);
    rest.get(..end).unwrap_or_default()
}

impl Derived {
    /// All paths, sorted by key and principal.
    pub(crate) fn paths(&self) -> &[PathRow] {
        &self.paths.rows
    }

    /// How many rows the rules derived.
    pub(crate) fn len(&self) -> usize {
        let denies = self.denies.rows.len() + self.account_denies.rows.len() + self.key_denies.rows.len();
        let limits = self.allows.rows.len() + self.levels.rows.len() + self.under.len();
        self.paths.rows.len() + denies + limits
    }

    /// Whether some path leads a principal to a key.
    pub(crate) fn has_path(&self, principal: PrincipalId, key: KeyId) -> bool {
        let of_key = self.paths.of(key);
        let start = of_key.partition_point(|row| row.principal < principal);
        of_key.get(start).is_some_and(|row| row.principal == principal)
    }

    /// The paths that lead a principal to a key.
    pub(crate) fn paths_of(&self, principal: PrincipalId, key: KeyId) -> &[PathRow] {
        run_of(self.paths.of(key), |row| row.principal.cmp(&principal))
    }

    /// The cell of one pair; `account` is the principal's.
    pub(crate) fn cell(&self, principal: PrincipalId, key: KeyId, account: Option<AccountId>) -> Cell {
        let levels = account.map_or(&[][..], |account| {
            run_of(self.levels.of(key), |row| row.account.cmp(&account))
        });
        let under: Vec<Layer> = run_of(&self.under, |row| row.0.cmp(&principal))
            .iter()
            .map(|row| row.1)
            .collect();
        Cell {
            paths: self.paths_of(principal, key).to_vec(),
            denies: self.denies_of(principal, key, account, &under),
            allows: run_of(self.allows.of(key), |row| row.principal.cmp(&principal)).to_vec(),
            levels: levels.to_vec(),
            under,
        }
    }

    /// Everything that may deny one principal: by itself, with its account, or with everyone.
    fn denies_of(
        &self,
        principal: PrincipalId,
        key: KeyId,
        account: Option<AccountId>,
        under: &[Layer],
    ) -> Vec<LimitRow> {
        let binds = |layer: Layer| !matches!(layer, Layer::Scp | Layer::Rcp) || under.contains(&layer);
        let own = |layer, statement, mask| LimitRow {
            principal,
            key,
            layer,
            statement,
            mask,
        };
        let mut denies = run_of(self.denies.of(key), |row| row.principal.cmp(&principal)).to_vec();
        let of_account = account.map_or(&[][..], |account| {
            run_of(self.account_denies.of(key), |row| row.account.cmp(&account))
        });
        let of_account = of_account.iter().filter(|row| binds(row.layer));
        denies.extend(of_account.map(|row| own(row.layer, row.statement, row.mask)));
        let of_all = self.key_denies.of(key).iter().filter(|row| binds(row.layer));
        denies.extend(of_all.map(|row| own(row.layer, row.statement, row.mask)));
        denies.sort_unstable_by_key(|row| (row.layer, row.statement));
        denies
    }
}
