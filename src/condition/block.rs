//! Condition blocks, prepared once (S2.5, S2.7); [`evaluate`](super::evaluate) holds them against a context.

use super::key;
use super::known::Known;
use super::operator::{Base, SetPrefix, Test};
use super::value::Prepared;
use super::variable::{Template, template};
use crate::pattern::Token;
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
    pub(super) key: KeyName,
    pub(super) set: SetPrefix,
    pub(super) base: Base,
    pub(super) if_exists: bool,
    pub(super) values: Vec<PreparedValue>,
}

#[derive(Clone, Debug)]
pub(super) struct PreparedValue {
    pub(super) text: String,
    pub(super) form: Form,
}

impl PreparedValue {
    fn has_variables(&self) -> bool {
        matches!(self.form, Form::Template(_))
    }
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    /// No variables.
    Fixed(Box<[Token]>, Prepared),
    /// Variables to substitute.
    Template(Template),
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
            Form::Fixed(..) => Vec::new(),
            Form::Template(template) => template.keys().map(KeyName::new).collect(),
        });
        std::iter::once(self.key.clone()).chain(variables)
    }

    /// The values as written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|value| value.text.as_str())
    }

    /// The values without variables, as written and prepared.
    pub(crate) fn fixed(&self) -> impl Iterator<Item = (&str, &Prepared)> {
        self.values.iter().filter_map(|value| match &value.form {
            Form::Fixed(_, prepared) => Some((value.text.as_str(), prepared)),
            Form::Template(_) => None,
        })
    }

    /// The operator without its prefix and suffix.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Its prefix.
    #[must_use]
    pub fn set(&self) -> SetPrefix {
        self.set
    }

    /// Whether it ends in `IfExists`.
    #[must_use]
    pub fn if_exists(&self) -> bool {
        self.if_exists
    }

    /// Whether one of the values depends on the request.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.values.iter().any(PreparedValue::has_variables)
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
}

fn form(test: Option<Test>, text: &str, variables: bool) -> Form {
    let test = test.unwrap_or(Test::StringEquals);
    let template = template(text, variables && test.substitutes_variables());
    match template.constant() {
        Some(tokens) => Form::Fixed(tokens.into(), Prepared::new(test, tokens)),
        None => Form::Template(template),
    }
}
