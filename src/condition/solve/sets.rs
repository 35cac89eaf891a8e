//! Sets of values of a key that may have several: one set of every sort that the atoms about the key tell apart.

use super::universe::About;
use crate::condition::formula::{Atom, Range};
use crate::condition::key;
use crate::condition::operator::Test;
use crate::condition::subject::Operand;
use crate::condition::value::Prepared;

/// How many sets are made at most.
const SETS: usize = 512;

/// Whether a key is only ever asked about as if it had one value: then so it is, if nobody knows the key (S6.11).
pub(super) fn is_single(about: &About<'_>) -> bool {
    let unknown = key::lookup(&about.subject.name).is_none();
    let bare = |atom: &Atom| match atom {
        Atom::Test { range, .. } => *range == Range::Bare,
        _ => true,
    };
    unknown && about.atoms.iter().all(|asked| bare(asked.atom))
}

/// What a set is to the atoms: which lists some element meets, which lists some element misses, whether it has several.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sort {
    meets: Vec<bool>,
    misses: Vec<bool>,
    several: bool,
}

impl Sort {
    fn union(&self, other: &Sort) -> Sort {
        let or = |a: &[bool], b: &[bool]| a.iter().zip(b).map(|(a, b)| a | b).collect();
        Sort {
            meets: or(&self.meets, &other.meets),
            misses: or(&self.misses, &other.misses),
            several: true,
        }
    }
}

/// Sets of the given values. `None` beyond the bound.
pub(super) fn sets(about: &About<'_>, values: Vec<String>) -> Option<Vec<Vec<String>>> {
    let lists: Vec<Vec<Prepared>> = about
        .atoms
        .iter()
        .filter_map(|asked| match asked.atom {
            Atom::Test { test, values, .. } => Some(prepared(*test, values)),
            _ => None,
        })
        .collect();
    let mut known = ahash::AHashSet::new();
    let mut found: Vec<(Sort, Vec<String>)> = Vec::new();
    for value in values {
        let meets: Vec<bool> = lists
            .iter()
            .map(|list| super::candidates::meets(list, &value))
            .collect();
        let sort = Sort {
            misses: meets.iter().map(|hit| !hit).collect(),
            meets,
            several: false,
        };
        if known.insert(sort.clone()) {
            found.push((sort, vec![value]));
        }
    }
    let singles = found.clone();
    let mut at = 0;
    while let Some((sort, set)) = found.get(at).cloned() {
        for (other, element) in &singles {
            let union = sort.union(other);
            let more = element.iter().any(|value| !set.contains(value));
            if more && known.insert(union.clone()) {
                if found.len() >= SETS {
                    return None;
                }
                let mut wider = set.clone();
                wider.extend(element.iter().filter(|value| !set.contains(value)).cloned());
                found.push((union, wider));
            }
        }
        at += 1;
    }
    Some(found.into_iter().map(|(_, set)| set).collect())
}

fn prepared(test: Test, values: &[Operand]) -> Vec<Prepared> {
    let fixed = values.iter().filter_map(|value| match value {
        Operand::Fixed(tokens) => Some(Prepared::new(test, tokens)),
        Operand::Template(_) => None,
    });
    fixed.collect()
}
