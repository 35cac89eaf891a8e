//! Answers: rows of the access relation and decisions of single requests, in domain values.

use crate::condition::formula::{Atom, FormulaId, Formulas, Range, Shape};
use crate::condition::solve::simplify::simplify;
use crate::condition::solve::{RequestContext, Verdict, verdict, witness};
use crate::condition::words;
use crate::model::action::Action;
use serde_json::{Value, json};
use std::sync::Arc;

/// One row: a principal may do an action on a key.
#[derive(Clone, Debug)]
#[must_use]
pub struct Row {
    /// ARN of a user, role (for all its sessions), root user, session or federated user; a service's name;
    /// `account:ID` for any principal of an account that is not in the snapshot; `*` for any principal of any
    /// account that has no row of its own (S3.1.13).
    pub principal: String,
    /// Key ARN; `*` for actions without a resource.
    pub key: String,
    /// The action.
    pub action: Action,
    /// Always, or under a condition.
    pub access: Access,
    /// By what.
    pub via: Arc<[Derivation]>,
    /// Whether the key can perform the operation at all (S5.5.2).
    pub usable: bool,
}

/// Whether access depends on something.
#[derive(Clone, Debug)]
pub enum Access {
    /// Every request is allowed.
    Always,
    /// Some requests are allowed, or what decides is not known.
    Conditional {
        /// When.
        condition: Residual,
        /// The context of a request that is allowed, if one is certain to be: nothing but the request decides it.
        witness: Option<Arc<RequestContext>>,
    },
}

/// What a decision still depends on.
#[derive(Clone, Debug)]
pub struct Residual {
    formulas: Arc<Formulas>,
    formula: FormulaId,
    undecided: bool,
    /// What the requests have in common that it is about.
    given: RequestContext,
}

/// One way in which access comes about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Derivation {
    /// The kind of path: "key policy", "delegation", "cross-account", "grant", "service", "retire", "iam".
    pub path: &'static str,
    /// The rule that makes it a path.
    pub rule: &'static str,
    /// The statements it rests on: of the key policy first, then of identity policies.
    pub statements: Vec<StatementRef>,
    /// The grant it rests on.
    pub grant: Option<GrantRef>,
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatementRef {
    /// Name of the policy.
    pub policy: String,
    /// `Sid`, if it has one.
    pub sid: Option<String>,
    /// Position in the policy, from 0.
    pub index: u32,
    /// File, relative to the snapshot; empty for what was assumed.
    pub file: String,
    /// Line, from 1; 0 for what was assumed.
    pub line: u32,
}

/// A grant and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantRef {
    /// Grant id.
    pub id: String,
    /// Name, empty if none.
    pub name: String,
    /// File, relative to the snapshot.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// The outcome of one request (S0.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// Allowed.
    Allowed,
    /// A statement denies it.
    ExplicitDeny,
    /// Nothing allows it.
    ImplicitDeny,
    /// It depends on what is not known.
    Undetermined,
}

/// The decision of one request, with its reason.
#[derive(Clone, Debug)]
#[must_use]
pub struct Decision {
    /// The request's id.
    pub id: String,
    /// What was decided.
    pub outcome: Outcome,
    /// The layer that decided (S4.1.2).
    pub layer: &'static str,
    /// The rule that decided.
    pub rule: &'static str,
    /// The statements it rests on.
    pub statements: Vec<StatementRef>,
    /// The grant it rests on.
    pub grant: Option<GrantRef>,
    /// For undetermined decisions: on what it depends.
    pub residual: Option<Residual>,
    /// Whether the operation can work on the key and in its state; `None` where there is nothing to say (S4.2.3).
    pub usable: Option<bool>,
    /// PutKeyPolicy with a new policy: `passes`, `refused` or `bypassed` (S5.4.3).
    pub lockout: Option<&'static str>,
    /// Remarks for the reader.
    pub notes: Vec<String>,
}

impl Access {
    /// Access under a condition that some requests meet and some do not, of those that state what is given: the condition
    /// in its shortest form, with a request that meets it.
    pub(crate) fn conditional(formulas: &Formulas, formula: FormulaId, given: &RequestContext) -> Self {
        let (simpler, id) = simplify(formulas, formula, given);
        Access::Conditional {
            condition: Residual {
                given: given.clone(),
                ..Residual::new(Arc::new(simpler), id)
            },
            witness: witness(formulas, formula, true, given).map(Arc::new),
        }
    }

    /// Whether it was not found out if every request meets the condition, or none.
    pub(crate) fn is_undecided(&self) -> bool {
        matches!(self, Access::Conditional { condition, .. } if condition.is_undecided())
    }

    /// Access under a condition of which it was not found out whether every request meets it, or none.
    pub(crate) fn undecided(formulas: Arc<Formulas>, formula: FormulaId) -> Self {
        Access::Conditional {
            condition: Residual {
                undecided: true,
                ..Residual::new(formulas, formula)
            },
            witness: None,
        }
    }
}

impl Residual {
    pub(crate) fn new(formulas: Arc<Formulas>, formula: FormulaId) -> Self {
        Residual {
            formulas,
            formula,
            undecided: false,
            given: RequestContext::new(),
        }
    }

    /// Whether the condition was too large to tell whether every request meets it, or none.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.undecided
    }

    /// The context of a request that does not meet the condition, if one is certain not to.
    #[must_use]
    pub fn refused(&self) -> Option<RequestContext> {
        witness(&self.formulas, self.formula, false, &self.given)
    }

    /// The context of a request that meets the condition, if one is certain to.
    #[must_use]
    pub fn allowed(&self) -> Option<RequestContext> {
        witness(&self.formulas, self.formula, true, &self.given)
    }

    /// What identifies the condition as long as it is there.
    pub(crate) fn identity(&self) -> (usize, FormulaId) {
        (Arc::as_ptr(&self.formulas).addr(), self.formula)
    }

    /// The condition in its table.
    pub(crate) fn parts(&self) -> (&Formulas, FormulaId) {
        (&self.formulas, self.formula)
    }

    /// What the condition comes to for requests that state what is given: `None` if none of them meets it.
    pub(crate) fn given(&self, given: &RequestContext) -> Option<Access> {
        let mut all = self.given.clone();
        all.extend(given.clone());
        let given = &all;
        match verdict(&self.formulas, self.formula, given) {
            Verdict::Never => None,
            Verdict::Always => Some(Access::Always),
            Verdict::Undecided => Some(Access::undecided(Arc::clone(&self.formulas), self.formula)),
            Verdict::Sometimes => Some(Access::conditional(&self.formulas, self.formula, given)),
        }
    }

    /// The condition in words.
    #[must_use]
    pub fn text(&self) -> String {
        words::text(&self.formulas, self.formula)
    }

    /// The condition in a few words: of long lists the first elements, and how many more there are.
    #[must_use]
    pub fn short(&self) -> String {
        words::short(&self.formulas, self.formula)
    }

    /// Whether it depends on something the snapshot lacks or that could not be understood (S0.8).
    #[must_use]
    pub fn is_for_want_of_data(&self) -> bool {
        let lacking = ["A40", "S2.1.10", "S3.1.14"];
        let atoms = self.formulas.atoms(self.formula);
        atoms.into_iter().any(|atom| {
            matches!(self.formulas.shape(atom),
                Shape::Atom(Atom::Unknown { rule, .. }) if lacking.contains(rule))
        })
    }

    /// The condition as a tree: `{"all": [..]}`, `{"any": [..]}`, `{"not": ..}` and atoms.
    #[must_use]
    pub fn json(&self) -> Value {
        tree(&self.formulas, self.formula)
    }
}

fn tree(formulas: &Formulas, id: FormulaId) -> Value {
    let list = |parts: &[FormulaId]| {
        let mut parts: Vec<Value> = parts.iter().map(|&part| tree(formulas, part)).collect();
        // Ids depend on the order of work; output must not.
        parts.sort_by_key(Value::to_string);
        parts
    };
    match formulas.shape(id) {
        Shape::True => json!(true),
        Shape::False => json!(false),
        Shape::Atom(atom) => leaf(formulas, atom),
        Shape::Not(inner) => json!({ "not": tree(formulas, inner) }),
        Shape::And(parts) => json!({ "all": list(parts) }),
        Shape::Or(parts) => json!({ "any": list(parts) }),
    }
}

fn leaf(formulas: &Formulas, atom: &Atom) -> Value {
    let subject = atom.subject().and_then(|id| formulas.subject_of(id));
    let key = subject.map_or("", |subject| subject.name.as_str());
    match atom {
        Atom::Absent { .. } => json!({ "key": key, "operator": "Null", "values": ["true"] }),
        Atom::Test {
            range, test, values, ..
        } => {
            let several = subject.is_some_and(|subject| subject.multi_valued);
            let operator = match range {
                Range::Some if several => format!("ForAnyValue:{}", test.name(false)),
                Range::Some | Range::Bare => test.name(false).to_owned(),
                Range::SomeNot => format!("ForAnyValue:{}", test.name(true)),
            };
            let mut values: Vec<String> = values.iter().map(|value| value.shown(*test)).collect();
            values.sort();
            // A pair that a grant's constraint wants has exactly this name (S4.9.4).
            match subject.is_some_and(|subject| subject.exact_pair) {
                true => json!({ "key": key, "operator": operator, "values": values, "exactName": true }),
                false => json!({ "key": key, "operator": operator, "values": values }),
            }
        }
        Atom::Ambiguous { rule, about } => json!({ "ambiguous": about, "rule": rule }),
        Atom::Unknown { rule, about } => json!({ "unknown": about, "rule": rule }),
    }
}

impl Outcome {
    /// The outcome of two permissions that are both needed (S4.12.2).
    #[must_use]
    pub fn and(self, other: Outcome) -> Outcome {
        use Outcome::{Allowed, ExplicitDeny, ImplicitDeny, Undetermined};
        match (self, other) {
            (ExplicitDeny, _) | (_, ExplicitDeny) => ExplicitDeny,
            (ImplicitDeny, _) | (_, ImplicitDeny) => ImplicitDeny,
            (Undetermined, _) | (_, Undetermined) => Undetermined,
            (Allowed, Allowed) => Allowed,
        }
    }
}
