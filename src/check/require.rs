//! What an assertion requires of requests, held against the condition of a row.

use super::{Assertion, Text};
use crate::condition::formula::{Atom, FormulaId, Formulas, Range, Shape};
use crate::condition::key::canonical_name;
use crate::condition::operator::Test;
use crate::condition::solve::{Verdict, common, verdict};
use crate::condition::subject::{Operand, SubjectId};
use crate::engine::Engine;
use crate::pattern::{tokens, written};

/// What the requests that a condition lets through may lack of what an assertion requires; `None` if they have it all.
/// `has_context`: whether requests for the action have an encryption context.
pub(super) fn lacking(
    engine: &Engine,
    assertion: &Assertion,
    formula: FormulaId,
    service: bool,
    has_context: bool,
) -> Option<String> {
    let mut formulas = Formulas::default();
    let all = &engine.formulas;
    let condition = formulas.map(all, formula, &mut |own, atom| match in_lower_case(all, atom) {
        Some(lower) => own.import_atom(all, &lower),
        None => own.import_atom(all, atom),
    });
    let open = |formulas: &mut Formulas, name: &str, test: &dyn Fn(&mut Formulas, SubjectId) -> FormulaId| {
        let mut rest = condition;
        for subject in subjects(formulas, condition, name) {
            let met = test(formulas, subject);
            let unmet = formulas.not(met);
            rest = formulas.and2(rest, unmet);
        }
        verdict(formulas, rest, &common(service)) != Verdict::Never
    };
    if !assertion.only_through.is_empty() {
        let values: Vec<Operand> = assertion.only_through.iter().map(service_pattern).collect();
        let through = |formulas: &mut Formulas, subject| {
            formulas.test(subject, Range::Some, Test::StringLike, values.clone())
        };
        if open(&mut formulas, "kms:ViaService", &through) {
            let names: Vec<&str> = assertion
                .only_through
                .iter()
                .map(|one| one.text.as_str())
                .collect();
            return Some(format!("is not only through {}", names.join(", ")));
        }
    }
    let pairs = assertion
        .only_with_encryption_context
        .iter()
        .filter(|_| has_context);
    for pair in pairs {
        let key = format!("kms:EncryptionContext:{}", pair.text);
        let present = |formulas: &mut Formulas, subject| {
            let absent = formulas.absent(subject);
            formulas.not(absent)
        };
        if open(&mut formulas, &key, &present) {
            return Some(format!("works without `{}` in the encryption context", pair.text));
        }
    }
    None
}

/// Names of services are in lower case (S6.12): a comparison with `kms:ViaService` that ignores case is one with such a name.
fn in_lower_case(formulas: &Formulas, atom: &Atom) -> Option<Atom> {
    let Atom::Test {
        subject,
        range,
        test: Test::StringEqualsIgnoreCase,
        values,
    } = atom
    else {
        return None;
    };
    let is_service = formulas.subject_of(*subject)?.name == canonical_name("kms:ViaService");
    let lower = |value: &Operand| match value {
        Operand::Fixed(text) => Operand::literal(&written(text).to_lowercase()),
        Operand::Template(_) => value.clone(),
    };
    is_service.then(|| Atom::Test {
        subject: *subject,
        range: *range,
        test: Test::StringEquals,
        values: values.iter().map(lower).collect(),
    })
}

/// The values of `kms:ViaService` that a name of a service stands for (S6.12).
fn service_pattern(name: &Text) -> Operand {
    let whole = match name.text.contains('.') {
        true => name.text.clone(),
        false => format!("{}.*", name.text),
    };
    Operand::Fixed(tokens(&whole).into())
}

/// The subjects of a formula that are one condition key.
fn subjects(formulas: &Formulas, formula: FormulaId, name: &str) -> Vec<SubjectId> {
    let wanted = canonical_name(name);
    let atoms = formulas.atoms(formula).into_iter();
    let mut found: Vec<SubjectId> = atoms
        .filter_map(|atom| match formulas.shape(atom) {
            Shape::Atom(Atom::Absent { subject } | Atom::Test { subject, .. }) => Some(*subject),
            _ => None,
        })
        .filter(|&id| {
            let subject = formulas.subject_of(id);
            subject.is_some_and(|subject| canonical_name(&subject.name) == wanted)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
