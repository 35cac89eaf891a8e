//! The tables of a snapshot, and over them those of what changed since.

use super::Engine;
use super::fold::Folded;
use super::tables::Tables;
use crate::facts::classes::{Classes, Part, Site};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::World;
use ahash::{AHashMap, AHashSet};
use smallvec::SmallVec;
use std::sync::Arc;

/// Tables, and for which pairs they hold. A later layer stands before an earlier one.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(super) covers: Covers,
    /// The world it was derived from: whoever stands for a class may be another by now.
    pub(super) world: Arc<World>,
    pub(super) classes: Classes,
    pub(super) tables: Tables,
}

/// For which pairs a layer holds.
#[derive(Debug)]
pub(super) enum Covers {
    /// All.
    Everything,
    /// Those of some principals.
    Principals(AHashSet<PrincipalId>),
    /// Those of some keys.
    Keys(AHashSet<KeyId>),
}

impl Covers {
    fn has(&self, principal: PrincipalId, key: KeyId) -> bool {
        match self {
            Covers::Everything => true,
            Covers::Principals(principals) => principals.contains(&principal),
            Covers::Keys(keys) => keys.contains(&key),
        }
    }

    fn may_have_key(&self, key: KeyId) -> bool {
        match self {
            Covers::Keys(keys) => keys.contains(&key),
            Covers::Everything | Covers::Principals(_) => true,
        }
    }
}

/// Where something stands in one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Alike<I> {
    /// The layer does not hold for it.
    Elsewhere,
    /// The layer holds for it, and no path leads from it to anything.
    Stranger,
    /// With all that are alike, by the first of them.
    With(I),
}

impl<I: Copy> Alike<I> {
    /// What it is alike with, if the layer says so.
    pub(crate) fn with(self) -> Option<I> {
        match self {
            Alike::With(first) => Some(first),
            Alike::Elsewhere | Alike::Stranger => None,
        }
    }
}

/// Where something stands in each layer: what stands everywhere with the same is the same for all that is alike.
pub(crate) type Signature<I> = SmallVec<[Alike<I>; 1]>;

/// One principal's cell on one key.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'e> {
    pub(crate) principal: PrincipalId,
    pub(crate) key: KeyId,
    pub(crate) folded: &'e Folded,
}

impl Engine {
    /// The layer that holds for a pair.
    fn layer(&self, principal: PrincipalId, key: KeyId) -> Option<&Layer> {
        let mut over = self.layers.iter().rev();
        over.find(|layer| layer.covers.has(principal, key))
            .map(AsRef::as_ref)
    }

    /// Where the cell of a principal and a key is.
    pub(crate) fn site(&self, principal: PrincipalId, key: KeyId) -> Site {
        match self.layer(principal, key) {
            Some(layer) => layer.classes.site(principal, key),
            None => Site {
                layer: u8::MAX,
                part: Part::Single,
                principal,
                key,
            },
        }
    }

    /// Whom a principal is alike with, layer by layer.
    pub(crate) fn alike(&self, principal: PrincipalId) -> Signature<PrincipalId> {
        let of_layer = |layer: &Arc<Layer>| match &layer.covers {
            Covers::Principals(covered) if !covered.contains(&principal) => Alike::Elsewhere,
            _ if !layer.classes.has(principal) => Alike::Stranger,
            _ => Alike::With(layer.classes.in_part(Part::Alike, principal)),
        };
        self.layers.iter().map(of_layer).collect()
    }

    /// What a key is alike with, layer by layer.
    pub(crate) fn alike_key(&self, key: KeyId) -> Signature<KeyId> {
        let of_layer = |layer: &Arc<Layer>| match layer.covers.may_have_key(key) {
            false => Alike::Elsewhere,
            true if !layer.classes.has_key(key) => Alike::Stranger,
            true => Alike::With(layer.classes.key_in_part(Part::Alike, key)),
        };
        self.layers.iter().map(of_layer).collect()
    }

    /// Whoever may be looked at apart from those who are alike, on a key.
    pub(crate) fn apart(&self, key: KeyId) -> impl Iterator<Item = PrincipalId> + '_ {
        let layers = self
            .layers
            .iter()
            .filter(move |layer| layer.covers.may_have_key(key));
        layers.flat_map(move |layer| {
            let classes = &layer.classes;
            let parts = [Part::Named, Part::Listed, Part::Single].into_iter();
            parts.flat_map(move |part| {
                let listed = classes.pairs.of(part).at(classes.key_in_part(part, key));
                let members = listed.iter().flat_map(move |id| classes.members(part, id));
                members.copied()
            })
        })
    }

    /// The classes of principals with some access to keys that are alike, layer by layer.
    pub(crate) fn alike_on<'e>(
        &'e self,
        keys: &'e Signature<KeyId>,
    ) -> impl Iterator<Item = (usize, PrincipalId)> + 'e {
        let layers = self.layers.iter().zip(keys).enumerate();
        layers.flat_map(|(at, (layer, key))| {
            let cells = key.with().map(|key| layer.tables.on_key(Part::Alike, key));
            let cells = cells.into_iter().flatten();
            cells.map(move |folded| (at, folded.principal))
        })
    }

    /// The cell of those who are alike on keys that are.
    pub(crate) fn cell_alike(
        &self,
        principals: &Signature<PrincipalId>,
        keys: &Signature<KeyId>,
    ) -> Option<&Folded> {
        let both = principals.iter().zip(keys).enumerate().rev();
        let elsewhere = |(_, (principal, key)): &(usize, (&Alike<PrincipalId>, &Alike<KeyId>))| {
            **principal == Alike::Elsewhere || **key == Alike::Elsewhere
        };
        let mut here = both.skip_while(elsewhere);
        match here.next()? {
            (at, (Alike::With(principal), Alike::With(key))) => {
                self.layers
                    .get(at)?
                    .tables
                    .folded_at(Part::Alike, *principal, *key)
            }
            _ => None,
        }
    }

    /// The cell of a pair, if it has some access.
    pub(crate) fn folded(&self, principal: PrincipalId, key: KeyId) -> Option<&Folded> {
        let site = self.site(principal, key);
        self.layer_of(site)?
            .tables
            .folded_at(site.part, site.principal, site.key)
    }

    /// The layer of a site.
    pub(super) fn layer_of(&self, site: Site) -> Option<&Layer> {
        self.layers.get(usize::from(site.layer)).map(AsRef::as_ref)
    }

    /// The world that a site is derived from.
    pub(crate) fn world_of(&self, site: Site) -> &World {
        self.layer_of(site).map_or(&self.world, |layer| &layer.world)
    }

    /// Where denies and limits are looked at, of a cell that no path leads to.
    pub(crate) fn refused(&self, site: Site) -> Site {
        self.layer_of(site)
            .map_or(site, |layer| layer.classes.refused(&layer.world, site))
    }

    /// What a key is derived with: equal for keys that have the same cells.
    pub(crate) fn derived_with(&self, key: KeyId) -> SmallVec<[[Option<KeyId>; 4]; 1]> {
        let of_layer = |layer: &Layer| {
            Part::ALL.map(|part| {
                let at = layer.classes.key_in_part(part, key);
                let some = part == Part::Alike || !layer.classes.pairs.of(part).at(at).is_empty();
                let here = layer.covers.may_have_key(key) && layer.classes.has_key(key);
                (some && here).then_some(at)
            })
        };
        self.layers.iter().map(|layer| of_layer(layer)).collect()
    }

    /// Everybody with some access to a key, in no order.
    pub(crate) fn on_key(&self, key: KeyId) -> impl Iterator<Item = Pair<'_>> {
        let layers = self
            .layers
            .iter()
            .filter(move |layer| layer.covers.may_have_key(key));
        let cells = layers.flat_map(move |layer| {
            Part::ALL.into_iter().flat_map(move |part| {
                let at = layer.classes.key_in_part(part, key);
                let cells = layer.tables.on_key(part, at).iter();
                cells.map(move |folded| (layer, part, folded))
            })
        });
        cells.flat_map(move |(layer, part, folded)| {
            let members = layer.classes.members(part, &folded.principal).iter().copied();
            members
                .filter(move |&principal| self.is_at(layer, part, principal, key))
                .map(move |principal| Pair {
                    principal,
                    key,
                    folded,
                })
        })
    }

    /// Every key a principal has some access to, in no order.
    pub(crate) fn of_principal(&self, principal: PrincipalId) -> impl Iterator<Item = Pair<'_>> {
        let cells = self.layers.iter().flat_map(move |layer| {
            let ids = move |part| layer.classes.in_part(part, principal);
            let cells = layer.tables.of_principal(ids);
            cells.map(move |(part, folded)| (layer, part, folded))
        });
        cells.flat_map(move |(layer, part, folded)| {
            let keys = layer.classes.keys_of(part, &folded.key).iter().copied();
            keys.filter(move |&key| self.is_at(layer, part, principal, key))
                .map(move |key| Pair {
                    principal,
                    key,
                    folded,
                })
        })
    }

    /// Whether a pair belongs to a part of a layer.
    fn is_at(&self, layer: &Layer, part: Part, principal: PrincipalId, key: KeyId) -> bool {
        let holds = || match self.layers.as_slice() {
            [_] => true,
            _ => self
                .layer(principal, key)
                .is_some_and(|own| std::ptr::eq(own, layer)),
        };
        layer.classes.site(principal, key).part == part && holds()
    }

    /// The cells of a key, with how many principals have each.
    pub(crate) fn counted(&self, key: KeyId) -> Vec<(&Folded, usize)> {
        match self.layers.as_slice() {
            [only] => only.counted(key),
            _ => {
                let mut counts: AHashMap<*const Folded, (&Folded, usize)> = AHashMap::new();
                for pair in self.on_key(key) {
                    let count = counts.entry(std::ptr::from_ref(pair.folded));
                    count.or_insert((pair.folded, 0)).1 += 1;
                }
                counts.into_values().collect()
            }
        }
    }
}

impl Layer {
    fn counted(&self, key: KeyId) -> Vec<(&Folded, usize)> {
        let classes = &self.classes;
        // Whoever is looked at elsewhere is not among those who are alike, nor among those who hold the same.
        let mut apart: AHashMap<(Part, PrincipalId), usize> = AHashMap::new();
        let mut leaves = |part, principal| {
            *apart.entry((part, classes.in_part(part, principal))).or_default() += 1;
        };
        for part in [Part::Named, Part::Listed, Part::Single] {
            let at = classes.key_in_part(part, key);
            let ids = classes.pairs.of(part).at(at).iter();
            for &principal in ids.flat_map(|id| classes.members(part, id)) {
                if classes.site(principal, key).part == part {
                    leaves(Part::Alike, principal);
                } else if part == Part::Listed {
                    leaves(part, principal);
                }
            }
        }
        let count = |part: Part, folded: &Folded| match part {
            Part::Alike | Part::Listed => {
                let apart = apart.get(&(part, folded.principal)).copied();
                let members = classes.members(part, &folded.principal).len();
                members.saturating_sub(apart.unwrap_or_default())
            }
            Part::Named | Part::Single => usize::from(classes.site(folded.principal, key).part == part),
        };
        let cells = Part::ALL.into_iter().flat_map(|part| {
            let cells = self.tables.on_key(part, classes.key_in_part(part, key)).iter();
            cells.map(move |folded| (part, folded))
        });
        cells
            .map(|(part, folded)| (folded, count(part, folded)))
            .collect()
    }
}
