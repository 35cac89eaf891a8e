//! Condition blocks, prepared once and evaluated against what is known of a request (S2.5, S2.7).
//!
//! The result is a formula: a constant where what is known decides, otherwise a residual.

use super::formula::{Atom, FormulaId, Formulas, Range};
use super::key;
use super::known::{Known, Overlap, Possible, overlap};
use super::operator::{Base, SetPrefix, Test};
use super::value::Prepared;
use super::variable::{Piece, Template, template};
use crate::arn::Arn;
use crate::pattern::{Token, written};
use crate::policy::document::Condition;

/// What is known of the context keys of the requests at hand.
pub trait Context {
    /// What is known of a key.
    fn known(&self, key: &KeyName) -> Known;
}

/// A condition key by its canonical name, looked up once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The canonical name ([`key::canonical_name`]).
    pub name: String,
    /// The documented key; `None` for keys nobody knows (S6.11).
    pub known: Option<key::KnownKey>,
}

impl KeyName {
    /// Looks a key up by any way to write it.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let found = key::lookup(written);
        KeyName {
            name: key::canonical(written, found),
            known: found.map(|(known, _)| known),
        }
    }
}

/// One operator on one key, ready for evaluation.
#[derive(Clone, Debug)]
pub struct PreparedCondition {
    key: KeyName,
    multi_valued: bool,
    set: SetPrefix,
    base: Base,
    if_exists: bool,
    values: Vec<PreparedValue>,
}

#[derive(Clone, Debug)]
struct PreparedValue {
    text: String,
    form: Form,
}

impl PreparedValue {
    fn has_variables(&self) -> bool {
        matches!(self.form, Form::Template(_))
    }
}

#[derive(Clone, Debug)]
enum Form {
    /// No variables.
    Fixed(Prepared),
    /// Variables to substitute.
    Template(Template),
}

/// A policy value in a given context.
enum Value<'a> {
    /// Comparable: the text and its prepared form.
    Ready(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, Prepared>),
    /// Matches nothing: a variable without a value (S2.7.3).
    Nothing,
    /// A variable that is not known: the variable's key if the value is nothing but it, and the text.
    Open(Option<KeyName>, String),
}

/// Whether variables are substituted in the values of a comparison (S2.7.1).
fn takes_variables(test: Test) -> bool {
    matches!(
        test,
        Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike | Test::ArnLike | Test::Bool
    )
}

/// Whether wildcards in the policy value are wildcards.
fn takes_wildcards(test: Test) -> bool {
    matches!(test, Test::StringLike | Test::ArnLike)
}

impl PreparedCondition {
    /// Prepares a condition; `variables` tells whether the document's version has them (S2.7.1).
    #[must_use]
    pub fn new(condition: &Condition, variables: bool) -> Self {
        let test = match &condition.operator.base {
            Base::Compare { test, .. } => Some(*test),
            Base::Null | Base::Unknown(_) => None,
        };
        let mut values: Vec<PreparedValue> = condition
            .values
            .iter()
            .map(|text| PreparedValue {
                text: text.clone(),
                form: form(test, text, variables),
            })
            .collect();
        values.sort_by(|a, b| a.text.cmp(&b.text));
        values.dedup_by(|a, b| a.text == b.text);
        let key = KeyName::new(&condition.key);
        PreparedCondition {
            // A key nobody knows is what its operator takes it for (S6.11).
            multi_valued: key.known.map_or(
                condition.operator.set != SetPrefix::Single,
                key::KnownKey::is_multi_valued,
            ),
            key,
            set: condition.operator.set,
            base: condition.operator.base.clone(),
            if_exists: condition.operator.if_exists,
            values,
        }
    }

    /// All keys the condition looks at: its own, and those of variables.
    pub fn keys(&self) -> impl Iterator<Item = KeyName> + '_ {
        let variables = self.values.iter().flat_map(|value| match &value.form {
            Form::Fixed(_) => Vec::new(),
            Form::Template(template) => template.keys().map(KeyName::new).collect(),
        });
        std::iter::once(self.key.clone()).chain(variables)
    }

    /// The condition on one line; equal for equal conditions.
    #[must_use]
    pub fn text(&self) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|value| format!("{:?}/{}", value.text, value.has_variables()))
            .collect();
        format!(
            "{:?} {:?} {} {} [{}]",
            self.set,
            self.base,
            self.if_exists,
            self.key.name,
            values.join(", ")
        )
    }

    /// The key tested.
    #[must_use]
    pub fn key(&self) -> &KeyName {
        &self.key
    }

    /// The condition in the given context.
    pub fn evaluate(&self, context: &dyn Context, formulas: &mut Formulas) -> FormulaId {
        let known = context.known(&self.key);
        let Base::Compare { test, negated } = self.base else {
            return self.null_or_unknown(&known, formulas);
        };
        let core = Core {
            condition: self,
            test,
            known: &known,
            context,
        };
        let value = match (self.set, negated) {
            (SetPrefix::Single, negated) => {
                if negated {
                    core.not_single(formulas)
                } else {
                    core.single(formulas)
                }
            }
            (SetPrefix::ForAllValues, false) => {
                let some_not = core.some_not(formulas);
                formulas.not(some_not)
            }
            (SetPrefix::ForAllValues, true) => {
                let some = core.some(formulas);
                formulas.not(some)
            }
            (SetPrefix::ForAnyValue, false) => core.some(formulas),
            (SetPrefix::ForAnyValue, true) => core.some_not(formulas),
        };
        if self.if_exists {
            let absent = core.absent(formulas);
            formulas.or2(value, absent)
        } else {
            value
        }
    }

    fn null_or_unknown(&self, known: &Known, formulas: &mut Formulas) -> FormulaId {
        if let Base::Unknown(name) = &self.base {
            let about = format!("`{name}` on {} holds; there is no such operator", self.key.name);
            return formulas.unknown("S2.1.10", about);
        }
        let absent = absent(&self.key.name, known, formulas);
        let mut any = FormulaId::FALSE;
        for value in &self.values {
            let holds = match value.text.to_ascii_lowercase().as_str() {
                "true" => absent,
                "false" => formulas.not(absent),
                _ => FormulaId::FALSE,
            };
            any = formulas.or2(any, holds);
        }
        any
    }
}

fn form(test: Option<Test>, text: &str, variables: bool) -> Form {
    let test = test.unwrap_or(Test::StringEquals);
    let template = template(text, variables && takes_variables(test));
    match template.constant() {
        Some(tokens) => Form::Fixed(Prepared::new(test, tokens)),
        None => Form::Template(template),
    }
}

/// The formula for "the key is absent".
fn absent(key: &str, known: &Known, formulas: &mut Formulas) -> FormulaId {
    match known {
        Known::Absent => FormulaId::TRUE,
        Known::Is(_) | Known::Open { absent: false, .. } => FormulaId::FALSE,
        Known::Open { absent: true, .. } => formulas.atom(Atom::Absent { key: key.to_owned() }),
        Known::Doubt(rule) => formulas.ambiguous(rule, format!("{key} is absent")),
    }
}

/// A comparison in a context, before set prefixes and negation.
struct Core<'a> {
    condition: &'a PreparedCondition,
    test: Test,
    known: &'a Known,
    context: &'a dyn Context,
}

impl Core<'_> {
    fn absent(&self, formulas: &mut Formulas) -> FormulaId {
        absent(&self.condition.key.name, self.known, formulas)
    }

    /// No set operator: the value matches one of the listed ones (S2.5.5, S2.5.7).
    fn single(&self, formulas: &mut Formulas) -> FormulaId {
        match self.known {
            Known::Is(values) if values.len() > 1 => {
                let about = format!(
                    "{} holds, which has several values and no set operator",
                    self.text()
                );
                formulas.ambiguous("S2.5.7", about)
            }
            Known::Open { .. } if self.condition.multi_valued => {
                let some = self.some(formulas);
                if some == FormulaId::FALSE {
                    some
                } else {
                    self.atom(Range::Bare, self.texts(), formulas)
                }
            }
            _ => self.some(formulas),
        }
    }

    /// The negated form of [`Core::single`]: true when absent (S2.5.4).
    ///
    /// For a key with a closed list of values it names those that are left, so that two such tests can be compared.
    fn not_single(&self, formulas: &mut Formulas) -> FormulaId {
        let matched = self.single(formulas);
        let ready: Vec<Value<'_>> = self.values().collect();
        let open = ready.iter().any(|value| matches!(value, Value::Open(..)));
        match self.known {
            Known::Open {
                values: Possible::OneOf(list),
                ..
            } if !self.condition.multi_valued && !open => {
                let hit = |text: &String| {
                    ready
                        .iter()
                        .any(|value| matches!(value, Value::Ready(_, p) if p.matches(text)))
                };
                let left: Vec<String> = list.iter().filter(|text| !hit(text)).cloned().collect();
                if left.is_empty() || left.len() == list.len() {
                    return formulas.not(matched);
                }
                let absent = self.absent(formulas);
                let other = self.atom_of(Range::Some, Test::StringEquals, left, formulas);
                formulas.or2(absent, other)
            }
            _ => formulas.not(matched),
        }
    }

    /// Some value matches one of the listed ones; false when absent.
    fn some(&self, formulas: &mut Formulas) -> FormulaId {
        match self.known {
            Known::Absent => FormulaId::FALSE,
            Known::Doubt(rule) => formulas.ambiguous(rule, format!("{} holds", self.text())),
            Known::Is(found) => {
                let mut open = FormulaId::FALSE;
                for value in self.values() {
                    match value {
                        Value::Ready(_, prepared) => {
                            if found.iter().any(|found| prepared.matches(found)) {
                                return FormulaId::TRUE;
                            }
                        }
                        Value::Nothing => {}
                        Value::Open(variable, text) => {
                            let atom = self.against_variable(found, variable, text, formulas);
                            open = formulas.or2(open, atom);
                        }
                    }
                }
                open
            }
            Known::Open { absent, values } => self.some_open(*absent, values, formulas),
        }
    }

    /// A known value against a variable that is not: asked of the variable where that is the same question.
    fn against_variable(
        &self,
        found: &[String],
        variable: Option<KeyName>,
        text: String,
        formulas: &mut Formulas,
    ) -> FormulaId {
        match (variable, found) {
            (Some(KeyName { name: key, .. }), [value]) if self.test != Test::ArnLike => {
                let test = match self.test {
                    Test::StringEqualsIgnoreCase => Test::StringEqualsIgnoreCase,
                    // A substituted value has no wildcards (S2.7.4).
                    _ => Test::StringEquals,
                };
                formulas.atom(Atom::Test {
                    key,
                    range: Range::Some,
                    test,
                    values: vec![value.clone()],
                })
            }
            _ => {
                let key = format!("{} ({})", self.condition.key.name, found.join(", "));
                formulas.atom(Atom::Test {
                    key,
                    range: Range::Some,
                    test: self.test,
                    values: vec![text],
                })
            }
        }
    }

    fn some_open(&self, absent: bool, possible: &Possible, formulas: &mut Formulas) -> FormulaId {
        let mut texts = Vec::new();
        let mut ready = Vec::new();
        for value in self.values() {
            match value {
                Value::Nothing => {}
                Value::Open(_, text) => texts.push(text),
                Value::Ready(text, prepared) => ready.push((text, prepared)),
            }
        }
        let present = |formulas: &mut Formulas| {
            let absent = if absent {
                self.absent(formulas)
            } else {
                FormulaId::FALSE
            };
            formulas.not(absent)
        };
        match possible {
            Possible::OneOf(list) if texts.is_empty() => {
                let hits: Vec<String> = list
                    .iter()
                    .filter(|value| ready.iter().any(|(_, prepared)| prepared.matches(value)))
                    .cloned()
                    .collect();
                if hits.is_empty() {
                    FormulaId::FALSE
                } else if hits.len() == list.len() {
                    present(formulas)
                } else {
                    self.atom_of(Range::Some, Test::StringEquals, hits, formulas)
                }
            }
            _ => {
                for (text, _) in ready {
                    match self.meets(&text, possible) {
                        Overlap::All => return present(formulas),
                        Overlap::None => {}
                        Overlap::Some => texts.push(text.into_owned()),
                    }
                }
                if texts.is_empty() {
                    FormulaId::FALSE
                } else {
                    self.atom(Range::Some, texts, formulas)
                }
            }
        }
    }

    /// Some value matches none of the listed ones; false when absent.
    fn some_not(&self, formulas: &mut Formulas) -> FormulaId {
        if !self.condition.multi_valued {
            let absent = self.absent(formulas);
            let some = self.some(formulas);
            let either = formulas.or2(absent, some);
            return formulas.not(either);
        }
        match self.known {
            Known::Absent => FormulaId::FALSE,
            Known::Doubt(rule) => {
                formulas.ambiguous(rule, format!("not {} holds for some value", self.text()))
            }
            Known::Is(found) => {
                let mut any = FormulaId::FALSE;
                for one in found {
                    let one = std::slice::from_ref(one);
                    let known = Known::Is(one.to_vec());
                    let core = Core {
                        known: &known,
                        ..*self
                    };
                    let matched = core.some(formulas);
                    let missed = formulas.not(matched);
                    any = formulas.or2(any, missed);
                }
                any
            }
            Known::Open {
                absent,
                values: Possible::OneOf(list),
            } => {
                let ready: Vec<_> = self.values().collect();
                if ready.iter().any(|value| matches!(value, Value::Open(..))) {
                    return self.atom(Range::SomeNot, self.texts(), formulas);
                }
                let hit = |text: &String| {
                    ready
                        .iter()
                        .any(|value| matches!(value, Value::Ready(_, p) if p.matches(text)))
                };
                match (list.iter().all(hit), list.iter().any(hit)) {
                    (true, _) => FormulaId::FALSE,
                    (false, true) => self.atom(Range::SomeNot, self.texts(), formulas),
                    (false, false) => {
                        let absent = if *absent {
                            self.absent(formulas)
                        } else {
                            FormulaId::FALSE
                        };
                        formulas.not(absent)
                    }
                }
            }
            Known::Open { .. } => self.atom(Range::SomeNot, self.texts(), formulas),
        }
    }

    /// The policy values in this context.
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        self.condition.values.iter().map(|value| match &value.form {
            Form::Fixed(prepared) => {
                Value::Ready(value.text.as_str().into(), std::borrow::Cow::Borrowed(prepared))
            }
            Form::Template(template) => self.substitute(template, &value.text),
        })
    }

    fn substitute<'b>(&self, template: &Template, text: &str) -> Value<'b> {
        let mut open = false;
        let found: Vec<(String, Option<String>)> = template
            .keys()
            .map(|name| {
                let value = match self.context.known(&KeyName::new(name)) {
                    Known::Absent => None,
                    Known::Is(values) if values.len() == 1 => values.into_iter().next(),
                    _ => {
                        open = true;
                        None
                    }
                };
                (name.to_owned(), value)
            })
            .collect();
        if open {
            let only = match template.pieces() {
                [Piece::Variable { key, default: None }] => Some(KeyName::new(key)),
                _ => None,
            };
            return Value::Open(only, text.to_owned());
        }
        let lookup = |name: &str| {
            found
                .iter()
                .find(|(n, _)| n == name)
                .and_then(|(_, value)| value.clone())
        };
        match template.substitute(lookup) {
            None => Value::Nothing,
            Some(tokens) => {
                let prepared = Prepared::new(self.test, &tokens);
                Value::Ready(written(&tokens).into(), std::borrow::Cow::Owned(prepared))
            }
        }
    }

    fn texts(&self) -> Vec<String> {
        self.values()
            .filter_map(|value| match value {
                Value::Ready(text, _) => Some(text.into_owned()),
                Value::Open(_, text) => Some(text),
                Value::Nothing => None,
            })
            .collect()
    }

    fn text(&self) -> String {
        format!(
            "{:?} {} {}",
            self.test,
            self.condition.key.name,
            self.texts().join(" | ")
        )
    }

    fn atom(&self, range: Range, values: Vec<String>, formulas: &mut Formulas) -> FormulaId {
        self.atom_of(range, self.test, values, formulas)
    }

    fn atom_of(
        &self,
        range: Range,
        test: Test,
        mut values: Vec<String>,
        formulas: &mut Formulas,
    ) -> FormulaId {
        values.sort();
        values.dedup();
        formulas.atom(Atom::Test {
            key: self.condition.key.name.clone(),
            range,
            test,
            values,
        })
    }

    /// How a policy value meets what is possible; "some" when in doubt.
    fn meets(&self, text: &str, possible: &Possible) -> Overlap {
        let tokens = if takes_wildcards(self.test) {
            crate::pattern::tokens(text)
        } else {
            crate::pattern::literal(text)
        };
        let exact = matches!(self.test, Test::StringEquals | Test::StringLike | Test::ArnLike);
        match possible {
            _ if !exact => Overlap::Some,
            Possible::Anything | Possible::OneOf(_) => match (self.test, tokens.as_slice()) {
                (Test::StringLike, [Token::Many]) => Overlap::All,
                _ => Overlap::Some,
            },
            Possible::Like(domain) => overlap(&tokens, domain),
            Possible::Except(list) => {
                let literal = tokens.iter().all(|token| matches!(token, Token::Char(_)));
                if literal && list.iter().any(|excluded| excluded == text) {
                    Overlap::None
                } else {
                    Overlap::Some
                }
            }
            Possible::ForeignTo(accounts) => {
                let account = Arn::parse(text).map_or(text, |arn| arn.account);
                if accounts.iter().any(|known| known == account) {
                    Overlap::None
                } else {
                    Overlap::Some
                }
            }
        }
    }
}
