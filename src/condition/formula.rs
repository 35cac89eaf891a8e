//! Residuals: what a decision still depends on, as hash-consed boolean formulas over atoms.
//!
//! Equal formulas have equal ids, so work on a formula is done once however many rows share it.
//! Simplification here is structural only (constants, duplicates, complements, absorption).

use super::operator::Test;
use ahash::AHashMap;
use std::fmt::Write as _;

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
        /// Condition key in canonical spelling.
        key: String,
    },
    /// A comparison of the key's value.
    Test {
        /// Condition key in canonical spelling.
        key: String,
        /// How it ranges over several values.
        range: Range,
        /// How values compare.
        test: Test,
        /// The policy values as written, sorted; variables that are not known stand as written.
        values: Vec<String>,
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
    /// Negation.
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
}

impl Default for Formulas {
    fn default() -> Self {
        Formulas {
            nodes: vec![Node::True, Node::False],
            index: AHashMap::new(),
            atoms: Vec::new(),
            atom_index: AHashMap::new(),
        }
    }
}

impl Formulas {
    fn intern(&mut self, node: Node) -> FormulaId {
        if let Some(&id) = self.index.get(&node) {
            return id;
        }
        let id = FormulaId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
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

    /// The formula of one atom.
    pub fn atom(&mut self, atom: Atom) -> FormulaId {
        let id = match self.atom_index.get(&atom) {
            Some(&id) => id,
            None => {
                let id = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
                self.atoms.push(atom.clone());
                self.atom_index.insert(atom, id);
                id
            }
        };
        self.intern(Node::Atom(id))
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
            Shape::Not(inner) => flat.binary_search(&inner).is_ok(),
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

    /// All atoms of a formula, sorted.
    #[must_use]
    pub fn atoms(&self, id: FormulaId) -> Vec<&Atom> {
        let mut found = Vec::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            match self.shape(id) {
                Shape::True | Shape::False => {}
                Shape::Atom(atom) => found.push(atom),
                Shape::Not(inner) => open.push(inner),
                Shape::And(parts) | Shape::Or(parts) => open.extend_from_slice(parts),
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Copies a formula from another table.
    pub fn import(&mut self, from: &Formulas, id: FormulaId) -> FormulaId {
        match from.shape(id) {
            Shape::True => FormulaId::TRUE,
            Shape::False => FormulaId::FALSE,
            Shape::Atom(atom) => self.atom(atom.clone()),
            Shape::Not(inner) => {
                let inner = self.import(from, inner);
                self.not(inner)
            }
            Shape::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|&part| self.import(from, part)).collect();
                self.and(parts)
            }
            Shape::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|&part| self.import(from, part)).collect();
                self.or(parts)
            }
        }
    }

    /// The formula in plain words.
    #[must_use]
    pub fn text(&self, id: FormulaId) -> String {
        let mut out = String::new();
        self.write(id, false, &mut out);
        out
    }

    fn write(&self, id: FormulaId, nested: bool, out: &mut String) {
        match self.shape(id) {
            Shape::True => out.push_str("always"),
            Shape::False => out.push_str("never"),
            Shape::Atom(atom) => write_atom(atom, true, out),
            Shape::Not(inner) => match self.shape(inner) {
                Shape::Atom(atom) => write_atom(atom, false, out),
                _ => {
                    out.push_str("not (");
                    self.write(inner, false, out);
                    out.push(')');
                }
            },
            Shape::And(parts) => self.write_list(parts, " and ", nested, out),
            Shape::Or(parts) => self.write_list(parts, " or ", nested, out),
        }
    }

    fn write_list(&self, parts: &[FormulaId], joint: &str, nested: bool, out: &mut String) {
        let mut texts: Vec<String> = parts
            .iter()
            .map(|&part| {
                let mut text = String::new();
                self.write(part, true, &mut text);
                text
            })
            .collect();
        // Ids depend on the order of work; text must not.
        texts.sort();
        if nested {
            out.push('(');
        }
        out.push_str(&texts.join(joint));
        if nested {
            out.push(')');
        }
    }
}

fn is_subset(few: &[FormulaId], many: &[FormulaId]) -> bool {
    few.len() < many.len() && few.iter().all(|x| many.binary_search(x).is_ok())
}

fn write_atom(atom: &Atom, positive: bool, out: &mut String) {
    let not = if positive { "" } else { "not " };
    // Writing to a `String` cannot fail.
    let _ = match atom {
        Atom::Absent { key } if positive => write!(out, "{key} is absent"),
        Atom::Absent { key } => write!(out, "{key} is present"),
        Atom::Test {
            key,
            range,
            test,
            values,
        } => {
            let range = match range {
                Range::Some | Range::Bare => "",
                Range::SomeNot => "some value not ",
            };
            write!(out, "{key} is {not}{range}{}{}", verb(*test), list(values))
        }
        Atom::Ambiguous { rule, about } if positive => write!(out, "[{rule}: {about}]"),
        Atom::Unknown { rule, about } if positive => write!(out, "[{rule}: {about}]"),
        Atom::Ambiguous { rule, about } | Atom::Unknown { rule, about } => {
            write!(out, "[{rule}: not the case that {about}]")
        }
    };
}

fn list(values: &[String]) -> String {
    match values {
        [] => "none".to_owned(),
        [one] => one.clone(),
        many => format!("one of {}", many.join(", ")),
    }
}

fn verb(test: Test) -> &'static str {
    match test {
        Test::StringEquals | Test::NumericEquals | Test::DateEquals | Test::Bool | Test::BinaryEquals => "",
        Test::StringEqualsIgnoreCase => "(ignoring case) ",
        Test::StringLike | Test::ArnLike => "like ",
        Test::NumericLessThan => "less than ",
        Test::NumericLessThanEquals => "at most ",
        Test::NumericGreaterThan => "greater than ",
        Test::NumericGreaterThanEquals => "at least ",
        Test::DateLessThan => "before ",
        Test::DateLessThanEquals => "at or before ",
        Test::DateGreaterThan => "after ",
        Test::DateGreaterThanEquals => "at or after ",
        Test::IpAddress => "in ",
    }
}
