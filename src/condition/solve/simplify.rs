//! A formula in its shortest readable form: nothing in it can be dropped without changing what it means.
//!
//! Meaning is compared on all admissible requests, so paths that another covers, conditions that a Deny repeats and
//! values that a Deny takes away disappear. The result depends on the formula alone, not on the order of work.

use super::RequestContext;
use super::diagram::{Full, NEVER};
use super::universe::{Pair, Universe};
use crate::condition::formula::{Atom, FormulaId, Formulas, Range, Shape};
use crate::condition::operator::Test;
use crate::condition::subject::{Operand, SubjectId};
use crate::condition::words;

/// How many atoms a formula may have to be simplified; beyond it is shown as it is.
const ATOMS: usize = 160;
/// How many values an atom may have for them to be looked at one by one.
const VALUES: usize = 24;

/// A simpler formula that means the same of all requests that state what is given, in a table of its own.
pub(crate) fn simplify(formulas: &Formulas, id: FormulaId, given: &RequestContext) -> (Formulas, FormulaId) {
    let mut own = Formulas::default();
    let id = own.import(formulas, id);
    let simpler = if own.atoms(id).len() > ATOMS {
        None
    } else {
        Simplifier::new(&mut own, id, given)
            .and_then(|mut it| it.run(id))
            .ok()
    };
    let simpler = simpler.unwrap_or(id);
    (own, simpler)
}

/// A formula as a tree that can lose parts.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Literal(FormulaId, bool),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

/// A meaning that must stay: a formula in one reading of what nobody knows.
struct Reading {
    universe: Universe,
    target: Pair,
}

struct Simplifier<'f> {
    formulas: &'f mut Formulas,
    /// What nobody knows as neither true nor false, and as a question of its own, so that none is lost.
    readings: Vec<Reading>,
}

impl<'f> Simplifier<'f> {
    fn new(formulas: &'f mut Formulas, id: FormulaId, given: &RequestContext) -> Result<Self, Full> {
        let mut roots = vec![id];
        for atom in formulas.atoms(id) {
            roots.extend(singles(formulas, atom));
            roots.extend(opposite(formulas, atom));
        }
        let asks = |&atom: &FormulaId| match formulas.shape(atom) {
            Shape::Atom(atom) => atom.subject().is_none(),
            _ => false,
        };
        let unknown = formulas.atoms(id).iter().any(asks);
        let mut readings = Vec::new();
        for answered in [false, true].into_iter().filter(|&answered| !answered || unknown) {
            let mut universe = Universe::of(formulas, &roots, given)?;
            if answered {
                universe.answer()?;
            }
            let pair = universe.pair(formulas, id)?;
            let target = universe.within(pair)?;
            readings.push(Reading { universe, target });
        }
        Ok(Simplifier { formulas, readings })
    }

    fn run(&mut self, id: FormulaId) -> Result<FormulaId, Full> {
        let mut tree = self.tree(id);
        loop {
            let before = tree.clone();
            tree = self.drop_parts(tree)?;
            tree = self.drop_values(tree)?;
            tree = self.merge(tree)?;
            tree = self.pair_up(tree)?;
            tree = self.factor(tree)?;
            if tree == before {
                return Ok(self.formula(&tree));
            }
        }
    }

    fn tree(&self, id: FormulaId) -> Tree {
        match self.formulas.shape(id) {
            Shape::And(parts) => Tree::And(self.sorted(parts)),
            Shape::Or(parts) => Tree::Or(self.sorted(parts)),
            Shape::Not(inner) => Tree::Literal(inner, false),
            Shape::Atom(_) | Shape::True | Shape::False => Tree::Literal(id, true),
        }
    }

    fn sorted(&self, parts: &[FormulaId]) -> Vec<Tree> {
        let mut parts: Vec<FormulaId> = parts.to_vec();
        parts.sort_by_cached_key(|&part| words::text(self.formulas, part));
        parts.into_iter().map(|part| self.tree(part)).collect()
    }

    fn formula(&mut self, tree: &Tree) -> FormulaId {
        match tree {
            Tree::Literal(id, true) => *id,
            Tree::Literal(id, false) => self.formulas.not(*id),
            Tree::And(parts) => {
                let parts: Vec<FormulaId> = parts.iter().map(|part| self.formula(part)).collect();
                self.formulas.and(parts)
            }
            Tree::Or(parts) => {
                let parts: Vec<FormulaId> = parts.iter().map(|part| self.formula(part)).collect();
                self.formulas.or(parts)
            }
        }
    }

    fn means_the_same(&mut self, tree: &Tree) -> Result<bool, Full> {
        let id = self.formula(tree);
        for reading in &mut self.readings {
            let pair = reading.universe.pair(self.formulas, id)?;
            if reading.universe.within(pair)? != reading.target {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Leaves out parts, large ones first, as long as the meaning stays.
    fn drop_parts(&mut self, mut tree: Tree) -> Result<Tree, Full> {
        'again: loop {
            let mut places = places(&tree);
            places.sort_by_key(|(path, size)| (std::cmp::Reverse(*size), path.clone()));
            for (path, _) in places {
                if let Some(less) = without(&tree, &path)
                    && self.means_the_same(&less)?
                {
                    tree = less;
                    continue 'again;
                }
            }
            return Ok(tree);
        }
    }

    /// Leaves out values of lists.
    fn drop_values(&mut self, mut tree: Tree) -> Result<Tree, Full> {
        for path in literals(&tree) {
            let mut from = 0;
            while let Some(Tree::Literal(atom, positive)) = at(&tree, &path).cloned() {
                let Some(shorter) = self.without_value(atom, from)? else {
                    break;
                };
                let Some(less) = replaced(&tree, &path, Tree::Literal(shorter, positive)) else {
                    break;
                };
                if self.means_the_same(&less)? {
                    tree = less;
                } else {
                    from += 1;
                }
            }
        }
        Ok(tree)
    }

    /// The atom without one of its values; `None` if it has no such value, or no others.
    fn without_value(&mut self, atom: FormulaId, position: usize) -> Result<Option<FormulaId>, Full> {
        let Some(mut list) = List::of(self.formulas, atom).filter(|list| list.can_shrink()) else {
            return Ok(None);
        };
        if position >= list.values.len() || list.values.len() < 2 {
            return Ok(None);
        }
        list.values.remove(position);
        self.list(list).map(Some)
    }

    /// The atom of a list, whose values are all known one by one.
    fn list(&mut self, list: List) -> Result<FormulaId, Full> {
        let List {
            subject,
            range,
            test,
            values,
        } = list;
        let singles: Vec<FormulaId> = values
            .iter()
            .map(|value| self.formulas.test(subject, range, test, vec![value.clone()]))
            .collect();
        let id = self.formulas.test(subject, range, test, values);
        for Reading { universe, .. } in &mut self.readings {
            let mut any = Pair::certain(NEVER);
            for &single in &singles {
                let pair = universe.pair(self.formulas, single)?;
                any.at_best = universe.table.or(any.at_best, pair.at_best)?;
                any.at_worst = universe.table.or(any.at_worst, pair.at_worst)?;
            }
            universe.define(id, any);
        }
        Ok(id)
    }

    /// Puts lists of one key together: `x is a or x is b`, `x is not a and x is not b`.
    fn merge(&mut self, tree: Tree) -> Result<Tree, Full> {
        let (parts, and) = match tree {
            Tree::Literal(..) => return Ok(tree),
            Tree::And(parts) => (parts, true),
            Tree::Or(parts) => (parts, false),
        };
        let mut merged: Vec<Tree> = Vec::new();
        for part in parts {
            let part = self.merge(part)?;
            let Tree::Literal(atom, positive) = part else {
                merged.push(part);
                continue;
            };
            let partner = merged.iter().position(|known| match known {
                Tree::Literal(other, sign) => {
                    positive != and && *sign == positive && self.are_of_one_list(*other, atom)
                }
                _ => false,
            });
            match partner.and_then(|at| merged.get(at).cloned().map(|known| (at, known))) {
                Some((at, Tree::Literal(other, _))) => {
                    if let (Some(mut one), Some(two)) =
                        (List::of(self.formulas, other), List::of(self.formulas, atom))
                    {
                        one.values.extend(two.values);
                        one.values.sort_unstable();
                        one.values.dedup();
                        let both = self.list(one)?;
                        if let Some(slot) = merged.get_mut(at) {
                            *slot = Tree::Literal(both, positive);
                        }
                    }
                }
                _ => merged.push(part),
            }
        }
        Ok(joined(merged, and))
    }

    /// Says in one what two parts say of a key that is true, false or absent: "absent or true" is "not false".
    fn pair_up(&mut self, mut tree: Tree) -> Result<Tree, Full> {
        'again: loop {
            let literals = literals(&tree);
            for path in &literals {
                let Some(&Tree::Literal(flag, positive)) = at(&tree, path) else {
                    continue;
                };
                let (Some(other), Some(shorter)) = (
                    opposite(self.formulas, flag),
                    self.without_absence(&tree, path, flag),
                ) else {
                    continue;
                };
                // The path may have moved with the part that went before it.
                let moved = literals_like(&shorter, flag, positive);
                for path in moved {
                    let said = replaced(&shorter, &path, Tree::Literal(other, !positive));
                    if let Some(said) = said
                        && self.means_the_same(&said)?
                    {
                        tree = said;
                        continue 'again;
                    }
                }
            }
            return Ok(tree);
        }
    }

    /// The tree without the part beside a literal that says whether the same key is absent.
    fn without_absence(&self, tree: &Tree, path: &[usize], flag: FormulaId) -> Option<Tree> {
        let subject = |id: FormulaId| match self.formulas.shape(id) {
            Shape::Atom(atom) => atom
                .subject()
                .map(|subject| (subject, matches!(atom, Atom::Absent { .. }))),
            _ => None,
        };
        let (own, _) = subject(flag)?;
        let (_, parent) = path.split_last()?;
        let is_absence = |beside: &Path| {
            beside.len() == path.len()
                && beside.starts_with(parent)
                && matches!(at(tree, beside), Some(&Tree::Literal(id, _)) if subject(id) == Some((own, true)))
        };
        let beside = literals(tree).into_iter().find(is_absence)?;
        without(tree, &beside)
    }

    fn are_of_one_list(&self, a: FormulaId, b: FormulaId) -> bool {
        match (List::of(self.formulas, a), List::of(self.formulas, b)) {
            (Some(a), Some(b)) => {
                (a.subject, a.range, a.test) == (b.subject, b.range, b.test)
                    && a.can_shrink()
                    && b.can_shrink()
                    && a.values.len() + b.values.len() <= VALUES
            }
            _ => false,
        }
    }

    /// Says once what all alternatives have in common.
    fn factor(&mut self, tree: Tree) -> Result<Tree, Full> {
        let Tree::Or(parts) = &tree else {
            return Ok(tree);
        };
        let lists: Option<Vec<&Vec<Tree>>> = parts
            .iter()
            .map(|part| match part {
                Tree::And(inner) => Some(inner),
                _ => None,
            })
            .collect();
        let Some([first, rest @ ..]) = lists.as_deref() else {
            return Ok(tree);
        };
        let common: Vec<Tree> = first
            .iter()
            .filter(|part| rest.iter().all(|other| other.contains(part)))
            .cloned()
            .collect();
        if common.is_empty() {
            return Ok(tree);
        }
        let left = |list: &Vec<Tree>| {
            let own: Vec<Tree> = list
                .iter()
                .filter(|part| !common.contains(part))
                .cloned()
                .collect();
            joined(own, true)
        };
        let alternatives: Vec<Tree> = std::iter::once(first)
            .chain(rest)
            .map(|list| left(list))
            .collect();
        let mut all = common.clone();
        all.push(joined(alternatives, false));
        let factored = joined(all, true);
        Ok(if self.means_the_same(&factored)? {
            factored
        } else {
            tree
        })
    }
}

/// A comparison with a list of values.
struct List {
    subject: SubjectId,
    range: Range,
    test: Test,
    values: Vec<Operand>,
}

impl List {
    fn of(formulas: &Formulas, atom: FormulaId) -> Option<List> {
        match formulas.shape(atom) {
            Shape::Atom(Atom::Test {
                subject,
                range,
                test,
                values,
            }) => Some(List {
                subject: *subject,
                range: *range,
                test: *test,
                values: values.clone(),
            }),
            _ => None,
        }
    }

    /// Whether it is what its values are one by one.
    fn can_shrink(&self) -> bool {
        let fixed = |value: &Operand| matches!(value, Operand::Fixed(_));
        self.range != Range::SomeNot && self.values.len() <= VALUES && self.values.iter().all(fixed)
    }
}

/// For "is true" what says "is false", and the other way round.
fn opposite(formulas: &mut Formulas, atom: FormulaId) -> Option<FormulaId> {
    let Shape::Atom(&Atom::Test {
        subject,
        range: Range::Some,
        test: Test::Bool,
        ref values,
    }) = formulas.shape(atom)
    else {
        return None;
    };
    let [only] = values.as_slice() else { return None };
    let other = match only.shown(Test::Bool).as_str() {
        "true" => "false",
        "false" => "true",
        _ => return None,
    };
    Some(formulas.test(subject, Range::Some, Test::Bool, vec![Operand::literal(other)]))
}

/// The places of a literal.
fn literals_like(tree: &Tree, atom: FormulaId, positive: bool) -> Vec<Path> {
    let mut all = literals(tree);
    all.retain(|path| at(tree, path) == Some(&Tree::Literal(atom, positive)));
    all
}

/// The atom's values as atoms of their own.
fn singles(formulas: &mut Formulas, atom: FormulaId) -> Vec<FormulaId> {
    match List::of(formulas, atom).filter(List::can_shrink) {
        Some(list) => list
            .values
            .into_iter()
            .map(|value| formulas.test(list.subject, list.range, list.test, vec![value]))
            .collect(),
        None => Vec::new(),
    }
}

fn joined(mut parts: Vec<Tree>, and: bool) -> Tree {
    match parts.len() {
        1 => parts.remove(0),
        _ if and => Tree::And(parts),
        _ => Tree::Or(parts),
    }
}

/// A path to a part: positions from the top.
type Path = Vec<usize>;

fn children(tree: &Tree) -> &[Tree] {
    match tree {
        Tree::Literal(..) => &[],
        Tree::And(parts) | Tree::Or(parts) => parts,
    }
}

fn size(tree: &Tree) -> usize {
    children(tree).iter().map(size).sum::<usize>().max(1)
}

/// All parts below the top, with their sizes.
fn places(tree: &Tree) -> Vec<(Path, usize)> {
    let mut found = Vec::new();
    for (position, child) in children(tree).iter().enumerate() {
        found.push((vec![position], size(child)));
        for (path, size) in places(child) {
            found.push((std::iter::once(position).chain(path).collect(), size));
        }
    }
    found
}

/// The paths of all literals.
fn literals(tree: &Tree) -> Vec<Path> {
    if let Tree::Literal(..) = tree {
        return vec![Path::new()];
    }
    let below = places(tree).into_iter().map(|(path, _)| path);
    below
        .filter(|path| matches!(at(tree, path), Some(Tree::Literal(..))))
        .collect()
}

fn at<'t>(tree: &'t Tree, path: &[usize]) -> Option<&'t Tree> {
    path.iter()
        .try_fold(tree, |tree, &position| children(tree).get(position))
}

/// The tree without the part at a path.
fn without(tree: &Tree, path: &[usize]) -> Option<Tree> {
    rebuilt(tree, path, None)
}

fn replaced(tree: &Tree, path: &[usize], new: Tree) -> Option<Tree> {
    rebuilt(tree, path, Some(new))
}

fn rebuilt(tree: &Tree, path: &[usize], new: Option<Tree>) -> Option<Tree> {
    let Some((&position, rest)) = path.split_first() else {
        return new;
    };
    let (mut parts, and) = match tree {
        Tree::Literal(..) => return None,
        Tree::And(parts) => (parts.clone(), true),
        Tree::Or(parts) => (parts.clone(), false),
    };
    let child = parts.get(position)?;
    match rebuilt(child, rest, new) {
        Some(child) => *parts.get_mut(position)? = child,
        None if rest.is_empty() => drop(parts.remove(position)),
        None => return None,
    }
    Some(joined(parts, and))
}
