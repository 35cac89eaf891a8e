//! Residuals: what a decision still depends on, as hash-consed boolean formulas over atoms.
//!
//! Equal formulas have equal ids, so work on a formula is done once however many rows share it. What is simplified here
//! is structure only (constants, duplicates, complements, absorption); what a formula means is for
//! `solve`, and its words are [`words`](super::words).

use super::operator::Test;
use super::subject::{Operand, Part, Subject, SubjectId};
use ahash::AHashMap;

/// A formula in a [`Formulas`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormulaId(u32);

impl FormulaId {
    /// Holds for every request.
    pub const TRUE: FormulaId = FormulaId(0);
    /// Holds for none.
    pub const FALSE: FormulaId = FormulaId(1);

    /// The constant for a `bool`.
    #[must_use]
    pub fn constant(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    /// Whether it is one of the two constants.
    #[must_use]
    pub fn is_constant(self) -> bool {
        self == Self::TRUE || self == Self::FALSE
    }
}

/// How an atom ranges over the values of its key (S2.5.5, S2.5.6, S2.5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Range {
    /// The single value, or some value, matches one of the listed ones; false when absent.
    Some,
    /// Some value matches none of the listed ones; false when absent. Only for multi-valued keys.
    SomeNot,
    /// A multi-valued key tested without set operator: unknown with several values (S2.5.7).
    Bare,
}

/// An indivisible question about the request, or about what the snapshot does not know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// The key is absent from the request context.
    Absent {
        /// The key.
        subject: SubjectId,
    },
    /// A comparison of the key's value.
    Test {
        /// The key.
        subject: SubjectId,
        /// How it ranges over several values.
        range: Range,
        /// How values compare.
        test: Test,
        /// The policy values, sorted.
        values: Vec<Operand>,
    },
    /// A point the AWS documentation leaves open (S0.5).
    Ambiguous {
        /// The rule that marks it.
        rule: &'static str,
        /// What it is about, as a clause that can follow "if".
        about: String,
    },
    /// Something the snapshot lacks or that could not be understood (S0.8, S2.1.10).
    Unknown {
        /// The rule that asks for it.
        rule: &'static str,
        /// What is not known, as a clause that can follow "if".
        about: String,
    },
}

impl Atom {
    /// The subject it asks about, if it asks about the request.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectId> {
        match self {
            Atom::Absent { subject } | Atom::Test { subject, .. } => Some(*subject),
            Atom::Ambiguous { .. } | Atom::Unknown { .. } => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    True,
    False,
    Atom(u32),
    Not(FormulaId),
    And(Box<[FormulaId]>),
    Or(Box<[FormulaId]>),
}

/// What a formula is made of, one level deep.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    /// Always.
    True,
    /// Never.
    False,
    /// An atom.
    Atom(&'a Atom),
    /// Negation of an atom.
    Not(FormulaId),
    /// Conjunction of at least two.
    And(&'a [FormulaId]),
    /// Disjunction of at least two.
    Or(&'a [FormulaId]),
}

/// The table of formulas.
#[derive(Clone, Debug)]
pub struct Formulas {
    nodes: Vec<Node>,
    index: AHashMap<Node, FormulaId>,
    atoms: Vec<Atom>,
    atom_index: AHashMap<Atom, u32>,
    subjects: Vec<Subject>,
    subject_index: AHashMap<Subject, SubjectId>,
    /// Whether two questions that are the same have the same answer (S6.8).
    correlated: bool,
}

impl Default for Formulas {
    fn default() -> Self {
        Formulas {
            nodes: vec![Node::True, Node::False],
            index: AHashMap::new(),
            atoms: Vec::new(),
            atom_index: AHashMap::new(),
            subjects: Vec::new(),
            subject_index: AHashMap::new(),
            correlated: true,
        }
    }
}

impl Formulas {
    /// A table in which what is not known stays so, whatever it is put together with (S0.4).
    #[must_use]
    pub fn kleene() -> Self {
        Formulas {
            correlated: false,
            ..Formulas::default()
        }
    }

    fn intern(&mut self, node: Node) -> FormulaId {
        if let Some(&id) = self.index.get(&node) {
            return id;
        }
        let id = FormulaId(position(self.nodes.len()));
        self.nodes.push(node.clone());
        self.index.insert(node, id);
        id
    }

    /// How many distinct formulas there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: the constants are always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The id of a subject.
    pub fn subject(&mut self, subject: Subject) -> SubjectId {
        if let Some(&id) = self.subject_index.get(&subject) {
            return id;
        }
        let id = SubjectId(position(self.subjects.len()));
        self.subjects.push(subject.clone());
        self.subject_index.insert(subject, id);
        id
    }

    /// A subject of this table.
    #[must_use]
    pub fn subject_of(&self, id: SubjectId) -> Option<&Subject> {
        self.subjects.get(id.0 as usize)
    }

    /// The formula of one atom, whose subjects are of this table.
    pub fn atom(&mut self, atom: Atom) -> FormulaId {
        let id = match self.atom_index.get(&atom) {
            Some(&id) => id,
            None => {
                let id = position(self.atoms.len());
                self.atoms.push(atom.clone());
                self.atom_index.insert(atom, id);
                id
            }
        };
        self.intern(Node::Atom(id))
    }

    /// A comparison; the values are put in order.
    pub fn test(
        &mut self,
        subject: SubjectId,
        range: Range,
        test: Test,
        mut values: Vec<Operand>,
    ) -> FormulaId {
        values.sort_unstable();
        values.dedup();
        self.atom(Atom::Test {
            subject,
            range,
            test,
            values,
        })
    }

    /// Equality with one text.
    pub fn equals(&mut self, subject: SubjectId, text: &str) -> FormulaId {
        self.test(
            subject,
            Range::Some,
            Test::StringEquals,
            vec![Operand::literal(text)],
        )
    }

    /// Absence of a key.
    pub fn absent(&mut self, subject: SubjectId) -> FormulaId {
        self.atom(Atom::Absent { subject })
    }

    /// An `[ambiguous]` point.
    pub fn ambiguous(&mut self, rule: &'static str, about: impl Into<String>) -> FormulaId {
        self.atom(Atom::Ambiguous {
            rule,
            about: about.into(),
        })
    }

    /// Something not known.
    pub fn unknown(&mut self, rule: &'static str, about: impl Into<String>) -> FormulaId {
        self.atom(Atom::Unknown {
            rule,
            about: about.into(),
        })
    }

    /// What a formula is made of.
    #[must_use]
    pub fn shape(&self, id: FormulaId) -> Shape<'_> {
        match self.nodes.get(id.0 as usize) {
            None | Some(Node::False) => Shape::False,
            Some(Node::True) => Shape::True,
            Some(Node::Atom(atom)) => self.atoms.get(*atom as usize).map_or(Shape::False, Shape::Atom),
            Some(Node::Not(inner)) => Shape::Not(*inner),
            Some(Node::And(parts)) => Shape::And(parts),
            Some(Node::Or(parts)) => Shape::Or(parts),
        }
    }

    /// Negation; pushed through `and` and `or`, so that only atoms are ever negated.
    pub fn not(&mut self, id: FormulaId) -> FormulaId {
        match self.shape(id) {
            Shape::True => FormulaId::FALSE,
            Shape::False => FormulaId::TRUE,
            Shape::Not(inner) => inner,
            Shape::Atom(_) => self.intern(Node::Not(id)),
            Shape::And(parts) => {
                let parts = parts.to_vec();
                let negated: Vec<_> = parts.into_iter().map(|part| self.not(part)).collect();
                self.or(negated)
            }
            Shape::Or(parts) => {
                let parts = parts.to_vec();
                let negated: Vec<_> = parts.into_iter().map(|part| self.not(part)).collect();
                self.and(negated)
            }
        }
    }

    /// Conjunction of two.
    pub fn and2(&mut self, a: FormulaId, b: FormulaId) -> FormulaId {
        match (a, b) {
            (FormulaId::TRUE, x) | (x, FormulaId::TRUE) => x,
            (FormulaId::FALSE, _) | (_, FormulaId::FALSE) => FormulaId::FALSE,
            (a, b) if a == b => a,
            (a, b) => self.and([a, b]),
        }
    }

    /// Disjunction of two.
    pub fn or2(&mut self, a: FormulaId, b: FormulaId) -> FormulaId {
        match (a, b) {
            (FormulaId::FALSE, x) | (x, FormulaId::FALSE) => x,
            (FormulaId::TRUE, _) | (_, FormulaId::TRUE) => FormulaId::TRUE,
            (a, b) if a == b => a,
            (a, b) => self.or([a, b]),
        }
    }

    /// Conjunction.
    pub fn and(&mut self, parts: impl IntoIterator<Item = FormulaId>) -> FormulaId {
        self.combine(parts, true)
    }

    /// Disjunction.
    pub fn or(&mut self, parts: impl IntoIterator<Item = FormulaId>) -> FormulaId {
        self.combine(parts, false)
    }

    /// Flattens, sorts, removes duplicates, complements and absorbed parts.
    fn combine(&mut self, parts: impl IntoIterator<Item = FormulaId>, and: bool) -> FormulaId {
        let unit = FormulaId::constant(and);
        let zero = FormulaId::constant(!and);
        let mut flat: Vec<FormulaId> = Vec::new();
        for part in parts {
            match self.shape(part) {
                _ if part == unit => {}
                _ if part == zero => return zero,
                Shape::And(inner) if and => flat.extend_from_slice(inner),
                Shape::Or(inner) if !and => flat.extend_from_slice(inner),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        let complement = flat.iter().any(|&part| match self.shape(part) {
            Shape::Not(inner) => self.is_either_way(inner) && flat.binary_search(&inner).is_ok(),
            _ => false,
        });
        if complement {
            return zero;
        }
        let kept: Vec<FormulaId> = flat
            .iter()
            .copied()
            .filter(|&part| !self.absorbed(part, &flat, and))
            .collect();
        match kept.as_slice() {
            [] => unit,
            [only] => *only,
            _ if and => self.intern(Node::And(kept.into_boxed_slice())),
            _ => self.intern(Node::Or(kept.into_boxed_slice())),
        }
    }

    /// Whether an atom holds or does not (S6.8). What nobody knows does neither (S0.4).
    fn is_either_way(&self, id: FormulaId) -> bool {
        match self.shape(id) {
            _ if !self.correlated => false,
            Shape::Atom(Atom::Absent { .. }) => true,
            Shape::Atom(Atom::Test { range, .. }) => *range != Range::Bare,
            _ => false,
        }
    }

    /// `x and (x or y)` is `x`; `x or (x and y)` is `x`.
    fn absorbed(&self, part: FormulaId, all: &[FormulaId], and: bool) -> bool {
        let inner = match self.shape(part) {
            Shape::Or(inner) if and => inner,
            Shape::And(inner) if !and => inner,
            _ => return false,
        };
        inner.iter().any(|x| all.binary_search(x).is_ok())
            || all.iter().any(|&other| {
                other != part
                    && match self.shape(other) {
                        Shape::Or(fewer) if and => is_subset(fewer, inner),
                        Shape::And(fewer) if !and => is_subset(fewer, inner),
                        _ => false,
                    }
            })
    }

    /// All atoms of a formula, each once, as ids of the formulas that they are.
    #[must_use]
    pub fn atoms(&self, id: FormulaId) -> Vec<FormulaId> {
        let mut found = Vec::new();
        let mut open = vec![id];
        let mut seen = ahash::AHashSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.shape(id) {
                Shape::True | Shape::False => {}
                Shape::Atom(_) => found.push(id),
                Shape::Not(inner) => open.push(inner),
                Shape::And(parts) | Shape::Or(parts) => open.extend_from_slice(parts),
            }
        }
        found.sort_unstable();
        found
    }

    /// Copies a formula from another table.
    pub fn import(&mut self, from: &Formulas, id: FormulaId) -> FormulaId {
        self.import_about(from, id, &Subject::clone)
    }

    /// Copies a formula from another table; `about` tells what stands for each subject.
    pub(crate) fn import_about(
        &mut self,
        from: &Formulas,
        id: FormulaId,
        about: &dyn Fn(&Subject) -> Subject,
    ) -> FormulaId {
        self.map(from, id, &mut |own, atom| {
            own.import_atom_about(from, atom, about)
        })
    }

    /// All subjects of a formula, those of variables included.
    pub(crate) fn subjects(&self, id: FormulaId) -> Vec<&Subject> {
        let mut found = Vec::new();
        for atom in self.atoms(id) {
            let Shape::Atom(atom) = self.shape(atom) else {
                continue;
            };
            let others = match atom {
                Atom::Test { values, .. } => values.as_slice(),
                _ => &[],
            };
            let others = others.iter().flat_map(Operand::variables);
            found.extend(atom.subject().into_iter().chain(others));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|id| self.subject_of(id)).collect()
    }

    /// A formula of another table with every atom replaced by what `replace` makes of it here.
    pub fn map(
        &mut self,
        from: &Formulas,
        id: FormulaId,
        replace: &mut dyn FnMut(&mut Formulas, &Atom) -> FormulaId,
    ) -> FormulaId {
        let mut done = AHashMap::new();
        self.map_known(from, id, replace, &mut done)
    }

    fn map_known(
        &mut self,
        from: &Formulas,
        id: FormulaId,
        replace: &mut dyn FnMut(&mut Formulas, &Atom) -> FormulaId,
        done: &mut AHashMap<FormulaId, FormulaId>,
    ) -> FormulaId {
        if let Some(&known) = done.get(&id) {
            return known;
        }
        let made = match from.shape(id) {
            Shape::True => FormulaId::TRUE,
            Shape::False => FormulaId::FALSE,
            Shape::Atom(atom) => replace(self, atom),
            Shape::Not(inner) => {
                let inner = self.map_known(from, inner, replace, done);
                self.not(inner)
            }
            Shape::And(parts) | Shape::Or(parts) => {
                let and = matches!(from.shape(id), Shape::And(_));
                let parts: Vec<_> = parts
                    .iter()
                    .map(|&part| self.map_known(from, part, replace, done))
                    .collect();
                self.combine(parts, and)
            }
        };
        done.insert(id, made);
        made
    }

    fn import_subject(
        &mut self,
        from: &Formulas,
        id: SubjectId,
        about: &dyn Fn(&Subject) -> Subject,
    ) -> SubjectId {
        let subject = from.subject_of(id).map(about);
        self.subject(subject.unwrap_or_else(|| Subject::free("")))
    }

    /// Copies an atom from another table.
    pub(crate) fn import_atom(&mut self, from: &Formulas, atom: &Atom) -> FormulaId {
        self.import_atom_about(from, atom, &Subject::clone)
    }

    fn import_atom_about(
        &mut self,
        from: &Formulas,
        atom: &Atom,
        about: &dyn Fn(&Subject) -> Subject,
    ) -> FormulaId {
        match atom {
            Atom::Absent { subject } => {
                let subject = self.import_subject(from, *subject, about);
                self.absent(subject)
            }
            Atom::Test {
                subject,
                range,
                test,
                values,
            } => {
                let subject = self.import_subject(from, *subject, about);
                let values = values
                    .iter()
                    .map(|value| self.import_operand(from, value, about))
                    .collect();
                self.test(subject, *range, *test, values)
            }
            other => self.atom(other.clone()),
        }
    }

    fn import_operand(
        &mut self,
        from: &Formulas,
        operand: &Operand,
        about: &dyn Fn(&Subject) -> Subject,
    ) -> Operand {
        let Operand::Template(parts) = operand else {
            return operand.clone();
        };
        let mut import = |part: &Part| match part {
            Part::Variable {
                subject,
                name,
                default,
            } => Part::Variable {
                subject: self.import_subject(from, *subject, about),
                name: name.clone(),
                default: default.clone(),
            },
            text => text.clone(),
        };
        Operand::Template(parts.iter().map(&mut import).collect())
    }
}

fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn is_subset(few: &[FormulaId], many: &[FormulaId]) -> bool {
    few.len() < many.len() && few.iter().all(|x| many.binary_search(x).is_ok())
}
