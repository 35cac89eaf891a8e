//! All admissible requests, as far as some formulas can tell them apart: variables with representative values, and what
//! holds between them in every request (S6.15).
//!
//! A variable usually is a condition key. Keys that cannot be told apart from each other's point of view share one: the
//! two forms of the clock, the pairs of an encryption context by their names, what is known of an unknown caller.

use super::candidates::{Comparison, comparisons};
use super::diagram::{ALWAYS, Diagram, Diagrams, Full, NEVER};
use super::{RequestContext, callers, calls, groups, links, sets};
use crate::condition::formula::{Atom, FormulaId, Formulas, Range, Shape};
use crate::condition::operator::Test;
use crate::condition::subject::{Operand, Part, Subject, SubjectId};
use crate::condition::value::Prepared;
use crate::pattern::Token;
use ahash::AHashMap;

/// What a request gives a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Nothing.
    Absent,
    /// One value.
    One(String),
    /// Some values of a key that may have several.
    Set(Vec<String>),
}

/// Three-valued truth (S0.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::True } else { Truth::False }
    }
}

/// One value of a variable: what it gives each of the variable's subjects.
pub(super) type Value = Vec<(SubjectId, Content)>;

/// Something that differs from request to request.
#[derive(Debug, Default)]
pub(super) struct Variable {
    pub(super) values: Vec<Value>,
}

/// A function in both readings of what is unknown: as if it held, and as if it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) at_best: Diagram,
    pub(super) at_worst: Diagram,
}

impl Pair {
    pub(super) const UNKNOWN: Pair = Pair {
        at_best: ALWAYS,
        at_worst: NEVER,
    };

    pub(super) fn certain(diagram: Diagram) -> Pair {
        Pair {
            at_best: diagram,
            at_worst: diagram,
        }
    }
}

/// The requests that some formulas can tell apart.
#[derive(Debug, Default)]
pub(super) struct Universe {
    pub(super) table: Diagrams,
    pub(super) variables: Vec<Variable>,
    /// The requests that there are.
    pub(super) admissible: Diagram,
    /// Whether every sort of request is among them.
    pub(super) complete: bool,
    /// The variable that tells how requests reach KMS, if that matters.
    pub(super) way: Option<u32>,
    atoms: AHashMap<FormulaId, Pair>,
    known: AHashMap<FormulaId, Pair>,
    /// What every request looked at states, by canonical names.
    given: RequestContext,
    /// The names of the encryption context's pairs in it, as they are spelled.
    given_pairs: Vec<String>,
}

/// An atom about the request.
pub(super) struct Asked<'f> {
    pub(super) id: FormulaId,
    pub(super) atom: &'f Atom,
}

/// A subject with the atoms that ask about it alone.
pub(super) struct About<'f> {
    pub(super) id: SubjectId,
    pub(super) subject: &'f Subject,
    pub(super) atoms: Vec<Asked<'f>>,
    /// Values that matter besides, because other keys are compared with it, or it with them.
    pub(super) linked: Option<Vec<String>>,
}

/// An atom that compares a subject with others.
pub(super) struct Link<'f> {
    pub(super) asked: Asked<'f>,
    pub(super) own: SubjectId,
    pub(super) others: Vec<SubjectId>,
}

impl About<'_> {
    /// All comparisons with values that have no variables.
    pub(super) fn comparisons(&self) -> Vec<Comparison> {
        let tests = self.atoms.iter().filter_map(|asked| match asked.atom {
            Atom::Test { test, values, .. } => Some(comparisons(*test, values)),
            _ => None,
        });
        tests.flatten().collect()
    }
}

impl Universe {
    /// The requests that the atoms of some formulas tell apart, out of those that state what is given.
    pub(super) fn of(
        formulas: &Formulas,
        ids: &[FormulaId],
        given: &RequestContext,
    ) -> Result<Universe, Full> {
        let mut universe = Universe {
            admissible: ALWAYS,
            complete: true,
            given: calls::with_what_follows(given),
            given_pairs: groups::pair_names(given),
            ..Universe::default()
        };
        let (mut subjects, links) = subjects(formulas, ids, &mut universe.atoms);
        links::values(&mut universe, &mut subjects, &links);
        let concerned = calls::concerned(&mut universe, &subjects);
        callers::variables(&mut universe, &mut subjects)?;
        groups::clock(&mut universe, &mut subjects)?;
        groups::encryption_context(&mut universe, &mut subjects)?;
        plain(&mut universe, subjects)?;
        links::define(&mut universe, &links)?;
        calls::constrain(&mut universe, &concerned)?;
        Ok(universe)
    }

    /// What is given for a subject.
    pub(super) fn given(&self, name: &str) -> Option<&Vec<String>> {
        self.given.get(name)
    }

    /// The names of the pairs that are given, as they are spelled.
    pub(super) fn given_pairs(&self) -> &[String] {
        &self.given_pairs
    }

    /// Whether all that is given agrees with something.
    pub(super) fn agrees(&self, with: impl Fn(&RequestContext) -> bool) -> bool {
        with(&self.given)
    }

    /// Makes a variable of everything that nobody knows: each is a question that is answered one way or the other.
    pub(super) fn answer(&mut self) -> Result<(), Full> {
        let mut unknown: Vec<FormulaId> = self
            .atoms
            .iter()
            .filter(|(_, pair)| **pair == Pair::UNKNOWN)
            .map(|(atom, _)| *atom)
            .collect();
        unknown.sort_unstable();
        for atom in unknown {
            let variable = self.add(vec![Value::new(), Value::new()]);
            let holds = self.table.node(variable, vec![ALWAYS, NEVER])?;
            self.define(atom, Pair::certain(holds));
        }
        Ok(())
    }

    /// The variable that gives a subject its values.
    pub(super) fn variable_of(&self, subject: SubjectId) -> Option<u32> {
        let gives = |value: &Value| value.iter().any(|(own, _)| *own == subject);
        let position = self
            .variables
            .iter()
            .position(|variable| variable.values.first().is_some_and(gives));
        position.and_then(|at| u32::try_from(at).ok())
    }

    /// Adds a variable and returns its number.
    pub(super) fn add(&mut self, values: Vec<Value>) -> u32 {
        let number = u32::try_from(self.variables.len()).unwrap_or(u32::MAX);
        self.variables.push(Variable { values });
        number
    }

    /// A function of one variable.
    pub(super) fn by_value(
        &mut self,
        variable: u32,
        holds: impl Fn(&Value) -> bool,
    ) -> Result<Diagram, Full> {
        let values = self.variables.get(variable as usize);
        let branches = values
            .into_iter()
            .flat_map(|variable| &variable.values)
            .map(|value| if holds(value) { ALWAYS } else { NEVER })
            .collect();
        self.table.node(variable, branches)
    }

    /// Excludes the requests for which a function does not hold.
    pub(super) fn require(&mut self, holds: Diagram) -> Result<(), Full> {
        self.admissible = self.table.and(self.admissible, holds)?;
        Ok(())
    }

    /// Sets what an atom is.
    pub(super) fn define(&mut self, atom: FormulaId, pair: Pair) {
        self.atoms.insert(atom, pair);
    }

    /// Defines atoms by what they say of each value of one variable.
    pub(super) fn define_by_value(&mut self, variable: u32, atoms: &[Asked<'_>]) -> Result<(), Full> {
        for asked in atoms {
            let reader = Reader::new(asked.atom);
            let truths: Vec<Truth> = match self.variables.get(variable as usize) {
                Some(variable) => variable
                    .values
                    .iter()
                    .map(|value| reader.of_value(value))
                    .collect(),
                None => Vec::new(),
            };
            let branch = |wanted: Truth| {
                let on = |truth: &Truth| {
                    if *truth == Truth::True || (*truth == Truth::Unknown && wanted == Truth::Unknown) {
                        ALWAYS
                    } else {
                        NEVER
                    }
                };
                truths.iter().map(on).collect::<Vec<_>>()
            };
            let pair = Pair {
                at_best: self.table.node(variable, branch(Truth::Unknown))?,
                at_worst: self.table.node(variable, branch(Truth::True))?,
            };
            self.define(asked.id, pair);
        }
        Ok(())
    }

    /// Defines an atom by what it says of the values of several variables together.
    pub(super) fn define_by_values(
        &mut self,
        atom: FormulaId,
        mut variables: Vec<u32>,
        truth: &dyn Fn(&[Value]) -> Truth,
    ) -> Result<(), Full> {
        variables.sort_unstable();
        variables.dedup();
        let pair = self.by_values(&variables, &mut Vec::new(), truth)?;
        self.define(atom, pair);
        Ok(())
    }

    fn by_values(
        &mut self,
        variables: &[u32],
        chosen: &mut Vec<Value>,
        truth: &dyn Fn(&[Value]) -> Truth,
    ) -> Result<Pair, Full> {
        let Some((&first, rest)) = variables.split_first() else {
            return Ok(match truth(chosen) {
                Truth::True => Pair::certain(ALWAYS),
                Truth::False => Pair::certain(NEVER),
                Truth::Unknown => Pair::UNKNOWN,
            });
        };
        let values = self
            .variables
            .get(first as usize)
            .map(|variable| variable.values.clone());
        let (mut at_best, mut at_worst) = (Vec::new(), Vec::new());
        for value in values.unwrap_or_default() {
            chosen.push(value);
            let pair = self.by_values(rest, chosen, truth)?;
            chosen.pop();
            at_best.push(pair.at_best);
            at_worst.push(pair.at_worst);
        }
        Ok(Pair {
            at_best: self.table.node(first, at_best)?,
            at_worst: self.table.node(first, at_worst)?,
        })
    }

    /// A formula as a function of the request.
    pub(super) fn pair(&mut self, formulas: &Formulas, id: FormulaId) -> Result<Pair, Full> {
        if let Some(&known) = self.known.get(&id) {
            return Ok(known);
        }
        let pair = match formulas.shape(id) {
            Shape::True => Pair::certain(ALWAYS),
            Shape::False => Pair::certain(NEVER),
            Shape::Atom(_) => self.atoms.get(&id).copied().unwrap_or(Pair::UNKNOWN),
            Shape::Not(inner) => {
                let inner = self.pair(formulas, inner)?;
                Pair {
                    at_best: self.table.not(inner.at_worst)?,
                    at_worst: self.table.not(inner.at_best)?,
                }
            }
            Shape::And(parts) => {
                let mut all = Pair::certain(ALWAYS);
                for &part in parts {
                    let part = self.pair(formulas, part)?;
                    all.at_best = self.table.and(all.at_best, part.at_best)?;
                    all.at_worst = self.table.and(all.at_worst, part.at_worst)?;
                }
                all
            }
            Shape::Or(parts) => {
                let mut any = Pair::certain(NEVER);
                for &part in parts {
                    let part = self.pair(formulas, part)?;
                    any.at_best = self.table.or(any.at_best, part.at_best)?;
                    any.at_worst = self.table.or(any.at_worst, part.at_worst)?;
                }
                any
            }
        };
        self.known.insert(id, pair);
        Ok(pair)
    }

    /// The function, on admissible requests only.
    pub(super) fn within(&mut self, pair: Pair) -> Result<Pair, Full> {
        Ok(Pair {
            at_best: self.table.and(pair.at_best, self.admissible)?,
            at_worst: self.table.and(pair.at_worst, self.admissible)?,
        })
    }
}

/// The subjects of formulas with their atoms, in the order of their names; atoms about no request are defined unknown.
fn subjects<'f>(
    formulas: &'f Formulas,
    ids: &[FormulaId],
    unknown: &mut AHashMap<FormulaId, Pair>,
) -> (Vec<About<'f>>, Vec<Link<'f>>) {
    let mut atoms: Vec<FormulaId> = ids.iter().flat_map(|&id| formulas.atoms(id)).collect();
    atoms.sort_unstable();
    atoms.dedup();
    let mut found: Vec<About<'f>> = Vec::new();
    let mut links = Vec::new();
    for id in atoms {
        let Shape::Atom(atom) = formulas.shape(id) else {
            continue;
        };
        let Some(own) = atom.subject() else {
            unknown.insert(id, Pair::UNKNOWN);
            continue;
        };
        let others: Vec<SubjectId> = match atom {
            Atom::Test { values, .. } => values.iter().flat_map(Operand::variables).collect(),
            _ => Vec::new(),
        };
        for &subject in others.iter().chain(Some(&own)) {
            if let Some(about) = formulas.subject_of(subject)
                && !found.iter().any(|known| known.id == subject)
            {
                found.push(About {
                    id: subject,
                    subject: about,
                    atoms: Vec::new(),
                    linked: None,
                });
            }
        }
        let asked = Asked { id, atom };
        if !others.is_empty() {
            links.push(Link { asked, own, others });
        } else if let Some(about) = found.iter_mut().find(|about| about.id == own) {
            about.atoms.push(asked);
        }
    }
    found.sort_by(|a, b| a.subject.cmp(b.subject));
    (found, links)
}

/// Takes the subjects out of the list that fit.
pub(super) fn take<'f>(subjects: &mut Vec<About<'f>>, fits: impl Fn(&About<'f>) -> bool) -> Vec<About<'f>> {
    let (taken, left) = std::mem::take(subjects).into_iter().partition(fits);
    *subjects = left;
    taken
}

/// A variable for each subject that is left.
fn plain(universe: &mut Universe, subjects: Vec<About<'_>>) -> Result<(), Full> {
    for about in subjects {
        let contents = contents(universe, &about);
        let values = contents.into_iter().map(|content| vec![(about.id, content)]);
        let variable = universe.add(values.collect());
        universe.define_by_value(variable, &about.atoms)?;
    }
    Ok(())
}

/// What a request may give a subject: one content of each sort.
fn contents(universe: &mut Universe, about: &About<'_>) -> Vec<Content> {
    if let Some(values) = universe.given(&about.subject.name).cloned() {
        let mut each = values.iter();
        let possible = match values.is_empty() {
            true => about.subject.absent,
            false => each.all(|value| about.subject.possible.admits(value)),
        };
        if !possible {
            universe.admissible = NEVER;
        }
        return vec![match values.as_slice() {
            [] => Content::Absent,
            [one] => Content::One(one.clone()),
            _ => Content::Set(values),
        }];
    }
    let found = super::candidates::candidates(about.subject, &about.comparisons(), &[]);
    universe.complete &= found.complete;
    let mut values = found.values;
    let absent = about.subject.absent.then_some(Content::Absent);
    let several = about.subject.multi_valued && !sets::is_single(about);
    let contents: Vec<Content> = match (&about.linked, several) {
        (Some(linked), _) => {
            // Sets of values that are compared with other keys are not looked at one by one.
            universe.complete &= !several;
            values.extend(
                linked
                    .iter()
                    .filter(|value| !found_in(&values, value))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
            values.into_iter().map(Content::One).collect()
        }
        (None, false) => values.into_iter().map(Content::One).collect(),
        (None, true) => match sets::sets(about, values) {
            Some(sets) => sets.into_iter().map(Content::Set).collect(),
            None => {
                universe.complete = false;
                Vec::new()
            }
        },
    };
    let mut all: Vec<Content> = absent.into_iter().chain(contents).collect();
    if all.is_empty() {
        // No value was found, which does not mean that there is none.
        universe.complete = false;
        all.push(Content::One("value".to_owned()));
    }
    match about.linked {
        Some(_) => all,
        None => tell_apart(all, about),
    }
}

fn found_in(values: &[String], value: &str) -> bool {
    values.iter().any(|known| known == value)
}

/// Keeps one content of each sort that the atoms, or the dependencies between keys, tell apart.
fn tell_apart(contents: Vec<Content>, about: &About<'_>) -> Vec<Content> {
    let readers: Vec<Reader> = about.atoms.iter().map(|asked| Reader::new(asked.atom)).collect();
    let whole = calls::keeps_all_values(&about.subject.name);
    let mut seen = ahash::AHashSet::new();
    contents
        .into_iter()
        .filter(|content| {
            let truths: Vec<Truth> = readers.iter().map(|reader| reader.of(content)).collect();
            whole || seen.insert((truths, *content == Content::Absent))
        })
        .collect()
}

/// An atom ready to be asked about contents; values with variables match nothing here.
pub(super) struct Reader {
    subject: Option<SubjectId>,
    range: Option<Range>,
    prepared: Vec<Prepared>,
}

impl Reader {
    pub(super) fn new(atom: &Atom) -> Reader {
        match atom {
            Atom::Test {
                subject,
                range,
                test,
                values,
            } => Reader {
                subject: Some(*subject),
                range: Some(*range),
                prepared: values
                    .iter()
                    .filter_map(|value| match value {
                        Operand::Fixed(tokens) => Some(Prepared::new(*test, tokens)),
                        Operand::Template(_) => None,
                    })
                    .collect(),
            },
            other => Reader {
                subject: other.subject(),
                range: None,
                prepared: Vec::new(),
            },
        }
    }

    /// What it says of one value of a variable.
    pub(super) fn of_value(&self, value: &Value) -> Truth {
        let own = value.iter().find(|(subject, _)| Some(*subject) == self.subject);
        own.map_or(Truth::Unknown, |(_, content)| self.of(content))
    }

    /// What it says of a content of its subject.
    pub(super) fn of(&self, content: &Content) -> Truth {
        let Some(range) = self.range else {
            return Truth::from(*content == Content::Absent);
        };
        let values = match content {
            Content::Absent => return Truth::False,
            Content::One(value) => std::slice::from_ref(value),
            Content::Set(values) => values.as_slice(),
        };
        let hits = |value: &String| self.prepared.iter().any(|one| one.matches(value));
        match range {
            Range::Some => Truth::from(values.iter().any(hits)),
            Range::SomeNot => Truth::from(!values.iter().all(hits)),
            Range::Bare => match values {
                [one] => Truth::from(hits(one)),
                _ => Truth::Unknown,
            },
        }
    }
}

/// A policy value with its variables put in; `None` if one of them has no value (S2.7.3).
pub(super) fn filled(parts: &[Part], content: impl Fn(SubjectId) -> Content) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => tokens.extend_from_slice(text),
            Part::Variable { subject, default, .. } => {
                let text = match content(*subject) {
                    Content::One(text) => text,
                    Content::Set(_) | Content::Absent => default.clone()?,
                };
                tokens.extend(text.chars().map(Token::Char));
            }
        }
    }
    Some(tokens)
}

/// Whether a content meets a comparison whose variables are put in.
pub(super) fn compared(content: &Content, range: Range, test: Test, values: &[Option<Vec<Token>>]) -> Truth {
    let prepared = values.iter().flatten().map(|tokens| Prepared::new(test, tokens));
    let reader = Reader {
        subject: None,
        range: Some(range),
        prepared: prepared.collect(),
    };
    reader.of(content)
}
