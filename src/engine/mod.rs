//! The compiled snapshot: facts lowered, rules run, cells folded. Everything after only reads.

mod change;
mod fold;
mod layers;
mod tables;
#[cfg(test)]
mod tests;

use crate::answer::Access;
use crate::cells::Cell;
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::solve::{RequestContext, common};
use crate::facts::build;
#[cfg(test)]
use crate::facts::classes::Classes;
use crate::facts::classes::{Among, Site};
use crate::facts::id::KeyId;
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::{Key, Principal, World};
use crate::model::snapshot::{Coverage, Gap, Snapshot};
use crate::rules::PathRow;
use ahash::AHashSet;
pub(crate) use fold::Folded;
use layers::{Covers, Layer};
pub(crate) use layers::{Pair, Signature};
use std::sync::Arc;

/// A snapshot, compiled once and asked many times.
///
/// ```no_run
/// let (snapshot, _diagnostics) = keywho::Snapshot::load("snapshot/")?;
/// let engine = keywho::Engine::compile(&snapshot);
/// for row in engine.who_can("kms:Decrypt", "alias/payments")? {
///     println!("{} {:?}", row.principal, row.access);
/// }
/// # Ok::<(), keywho::Error>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    pub(crate) world: Arc<World>,
    /// The first holds for everything; the others for what changed since.
    layers: Vec<Arc<Layer>>,
    pub(crate) formulas: Arc<Formulas>,
    /// Formulas too large to decide.
    undecided: AHashSet<FormulaId>,
    pub(crate) cache: crate::cache::Cache,
    coverage: Coverage,
    facts: usize,
}

/// How large a compiled snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Principals, those that stand for whole accounts and for everyone included.
    pub principals: usize,
    /// Keys.
    pub keys: usize,
    /// Classes of principals that nothing tells apart.
    pub principal_classes: usize,
    /// Classes of keys, what stands for the resource of actions without one included.
    pub key_classes: usize,
    /// Facts the rules start from.
    pub facts: usize,
    /// Facts the rules derive.
    pub derived: usize,
    /// Cells with some access: each for the pairs of a principal and a key that are alike.
    pub cells: usize,
    /// Pairs of a principal and a key with some access.
    pub pairs: usize,
    /// Rows of the whole relation: principal, key and action.
    pub rows: usize,
    /// Sets of actions in cells that depend on a condition.
    pub conditional: usize,
    /// Different conditions among them; each is decided once.
    pub conditions: usize,
}

impl Engine {
    /// Lowers the snapshot into facts, runs the rules and folds the result into cells.
    #[must_use]
    pub fn compile(snapshot: &Snapshot) -> Engine {
        Engine::before(snapshot).whole()
    }

    /// The same without looking for what is alike.
    #[cfg(test)]
    pub(crate) fn compile_apart(snapshot: &Snapshot) -> Engine {
        let mut engine = Engine::before(snapshot);
        let classes = Classes::none(&engine.world);
        engine.add_derived(Covers::Everything, classes);
        engine
    }

    /// The engine of a snapshot before anything is derived.
    fn before(snapshot: &Snapshot) -> Engine {
        Engine::nothing(Arc::new(build::world(snapshot)), snapshot.coverage.clone())
    }

    /// The engine of a world before anything is derived.
    fn nothing(world: Arc<World>, coverage: Coverage) -> Engine {
        Engine {
            world,
            layers: Vec::new(),
            formulas: Arc::default(),
            undecided: AHashSet::new(),
            cache: crate::cache::Cache::default(),
            coverage,
            facts: 0,
        }
    }

    /// The same with everything derived.
    fn whole(mut self) -> Engine {
        let among = Among::all(&self.world);
        self.add_layer(Covers::Everything, among);
        self
    }

    /// How large the compiled snapshot is.
    #[must_use]
    pub fn size(&self) -> Size {
        let conditional = || {
            let all = self
                .layers
                .iter()
                .flat_map(|layer| layer.tables.folded())
                .flat_map(|folded| &folded.access);
            all.map(|(_, formula)| *formula)
                .filter(|formula| *formula != FormulaId::TRUE)
        };
        let (mut pairs, mut rows) = (0, 0);
        for (key, _) in self.world.keys.iter().enumerate() {
            for (folded, principals) in self.counted(KeyId::at(key)) {
                let actions: usize = folded.access.iter().map(|(actions, _)| actions.len()).sum();
                pairs += principals;
                rows += principals * actions;
            }
        }
        Size {
            conditional: conditional().count(),
            conditions: conditional().collect::<AHashSet<_>>().len(),
            principals: self.world.listed().count(),
            keys: self.real_keys().count(),
            principal_classes: self.layers.iter().map(|layer| layer.classes.all().count()).sum(),
            key_classes: self
                .layers
                .iter()
                .map(|layer| layer.classes.all_keys().count())
                .sum(),
            facts: self.facts,
            derived: self.layers.iter().map(|layer| layer.tables.derived()).sum(),
            cells: self
                .layers
                .iter()
                .map(|layer| layer.tables.folded().count())
                .sum(),
            pairs,
            rows,
        }
    }

    /// How many different conditions were too large to decide: the rows that have them stay conditional.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.undecided.len()
    }

    /// What a formula means for access, in its shortest form; `service`: for a service that calls for itself.
    pub(crate) fn access(&self, formula: FormulaId, service: bool) -> Access {
        if formula == FormulaId::TRUE {
            return Access::Always;
        }
        self.cache.access(formula, service, || {
            if self.undecided.contains(&formula) {
                return Access::undecided(Arc::clone(&self.formulas), formula);
            }
            Access::conditional(&self.formulas, formula, &common(service))
        })
    }

    /// What sessions of one name may do that differ by who made them, as nothing else tells (S3.1.4).
    pub(crate) fn access_by_creator(&self, each: &[(&str, FormulaId)]) -> Access {
        let of = each
            .iter()
            .map(|(creator, formula)| ((*creator).to_owned(), *formula));
        self.cache.access_by_creator(of.collect(), || {
            let mut formulas = Formulas::clone(&self.formulas);
            let mut ways = Vec::new();
            for (creator, formula) in each {
                let made = formulas.unknown("S3.1.4", format!("made by {creator}"));
                ways.push(formulas.and2(made, *formula));
            }
            let any = formulas.or(ways);
            if each.iter().any(|(_, formula)| self.undecided.contains(formula)) {
                return Access::undecided(Arc::new(formulas), any);
            }
            Access::conditional(&formulas, any, &RequestContext::new())
        })
    }

    /// What the snapshot contains and lacks.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The gaps that touch answers about a key: its own, its account's, and the organization's.
    #[must_use]
    pub fn gaps_for_key(&self, key: &str) -> Vec<Gap> {
        let found = self.find_key(key).ok().and_then(|id| self.world.key(id));
        let touches = |gap: &&Gap| match found {
            Some(key) => {
                gap.of == key.arn
                    || gap.of == View::of(&self.world).account_name(key.account)
                    || !gap.of.contains(":key/")
            }
            None => true,
        };
        self.coverage.gaps.iter().filter(touches).cloned().collect()
    }

    pub(crate) fn case<'a>(&'a self, principal: &'a Principal, key: &'a Key) -> Case<'a> {
        Case {
            view: View::of(&self.world),
            principal,
            key,
            stated: None,
            outcomes: None,
        }
    }

    /// The cell of a pair of the tables.
    pub(crate) fn cell(&self, site: Site) -> Cell {
        let cell = |layer: &Layer| {
            let principal = layer.world.principal(site.principal);
            layer
                .tables
                .cell(site, principal.and_then(|principal| principal.account))
        };
        self.layer_of(site).map(cell).unwrap_or_default()
    }

    /// The paths that lead to a cell of the tables.
    pub(crate) fn paths_of(&self, site: Site) -> &[PathRow] {
        self.layer_of(site)
            .map_or(&[], |layer| layer.tables.paths_of(site))
    }

    /// Whether a formula was too large to decide.
    pub(crate) fn is_undecided(&self, formula: FormulaId) -> bool {
        self.undecided.contains(&formula)
    }

    /// Whether some path leads to a cell of the tables.
    pub(crate) fn has_path(&self, site: Site) -> bool {
        self.layer_of(site)
            .is_some_and(|layer| layer.tables.has_path(site))
    }
}
