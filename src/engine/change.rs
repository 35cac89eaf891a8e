//! A compiled snapshot after an edit, at the cost of what the edit touches.

use super::layers::{Covers, Layer};
use super::tables::{self, Compiled};
use super::{Engine, Formulas};
use crate::error::Error;
use crate::facts::classes::{Among, Classes};
use crate::facts::patch::{Touched, patched};
use crate::model::change::Change;
use std::sync::Arc;

/// How many layers there may be; then the tables are made anew.
const LAYERS: usize = 16;

impl Engine {
    /// The engine of the snapshot after an edit: what [`Engine::compile`] gives for it, without compiling what the edit
    /// leaves alone. This engine stays as it is.
    ///
    /// # Errors
    /// The edit names something that the snapshot does not have.
    pub fn with_change(&self, change: &Change) -> Result<Engine, Error> {
        let (world, Touched { principals, keys }) = patched(&self.world, change)?;
        let world = Arc::new(world);
        let nothing = Engine::nothing(Arc::clone(&world), self.coverage.clone());
        if self.layers.len() > LAYERS {
            return Ok(nothing.whole());
        }
        let mut changed = Engine {
            layers: self.layers.clone(),
            formulas: Arc::clone(&self.formulas),
            undecided: self.undecided.clone(),
            facts: self.facts,
            ..nothing
        };
        if !principals.is_empty() {
            let there = principals
                .iter()
                .copied()
                .filter(|&id| world.principal(id).is_some());
            let among = Among {
                principals: there.collect(),
                keys: world.concerning(&principals),
            };
            changed.add_layer(Covers::Principals(principals.into_iter().collect()), among);
        }
        if !keys.is_empty() {
            let among = Among {
                principals: world.concerned(keys.iter().filter_map(|&id| world.key(id))),
                keys: keys.iter().copied().collect(),
            };
            changed.add_layer(Covers::Keys(keys.into_iter().collect()), among);
        }
        Ok(changed)
    }

    /// Derives the pairs of some principals and keys, which stand before what there is of them.
    pub(super) fn add_layer(&mut self, covers: Covers, among: Among) {
        let number = u8::try_from(self.layers.len()).unwrap_or(u8::MAX);
        let classes = Classes::of(&self.world, number, among);
        self.add_derived(covers, classes);
    }

    pub(super) fn add_derived(&mut self, covers: Covers, classes: Classes) {
        let Compiled {
            tables,
            formulas,
            undecided,
            facts,
        } = tables::compile(&self.world, &classes, Formulas::clone(&self.formulas));
        self.formulas = Arc::new(formulas);
        self.undecided.extend(undecided);
        self.facts = self.facts.saturating_add(facts);
        self.layers.push(Arc::new(Layer {
            covers,
            world: Arc::clone(&self.world),
            classes,
            tables,
        }));
    }
}
