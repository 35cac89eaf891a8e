//! A prepared condition against what is known of a request, into a formula (S2.5, S2.7): a constant where what is
//! known decides, otherwise a residual.

use super::block::{Context, Form, KeyName, PreparedCondition};
use super::formula::{FormulaId, Formulas, Range};
use super::known::{Known, Overlap, Possible, intersects, overlap};
use super::operator::{Base, SetPrefix, Test};
use super::subject::{Operand, Part, Subject, SubjectId};
use super::value::Prepared;
use super::variable::{Piece, Template};
use crate::arn::Arn;
use crate::arn::pattern_parts;
use crate::pattern::{Token, written};
use std::borrow::Cow;

/// A policy value in a given context.
enum Value<'a> {
    /// Comparable.
    Ready(Cow<'a, [Token]>, Cow<'a, Prepared>),
    /// Matches nothing: a variable without a value (S2.7.3).
    Nothing,
    /// Has variables that only the request decides.
    Open(Box<[Part]>),
    /// Has a variable in doubt, or one with several values: the rule.
    Doubt(&'static str),
}

impl PreparedCondition {
    /// The condition in the given context.
    pub fn evaluate(&self, context: &dyn Context, formulas: &mut Formulas) -> FormulaId {
        let known = context.known(&self.key);
        let (test, negated) = match &self.base {
            Base::Compare { test, negated } => (*test, *negated),
            Base::Null => return self.null(&known, formulas),
            Base::Unknown(name) => {
                let about = format!("`{name}` on {} holds; there is no such operator", self.key.name);
                return formulas.unknown("S2.1.10", about);
            }
        };
        let core = Core {
            condition: self,
            test,
            known: &known,
            context,
        };
        let value = match (self.set, negated) {
            (SetPrefix::Single, false) => core.single(formulas),
            // S2.5.4: true when absent.
            (SetPrefix::Single, true) => {
                let single = core.single(formulas);
                formulas.not(single)
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
            let absent = self.absent(&known, formulas);
            formulas.or2(value, absent)
        } else {
            value
        }
    }

    fn null(&self, known: &Known, formulas: &mut Formulas) -> FormulaId {
        let absent = self.absent(known, formulas);
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

    /// The formula for "the key is absent".
    fn absent(&self, known: &Known, formulas: &mut Formulas) -> FormulaId {
        match known {
            Known::Absent => FormulaId::TRUE,
            Known::Is(_) | Known::Open { absent: false, .. } => FormulaId::FALSE,
            Known::Open { absent: true, values } => {
                let subject = subject(&self.key, true, values, formulas);
                formulas.absent(subject)
            }
            Known::Doubt(rule) => formulas.ambiguous(rule, format!("{} is absent", self.key.name)),
        }
    }
}

/// A key as the subject of atoms. A key nobody knows may have several values.
fn subject(key: &KeyName, absent: bool, possible: &Possible, formulas: &mut Formulas) -> SubjectId {
    formulas.subject(Subject {
        name: key.name.clone(),
        multi_valued: key.known.is_none_or(super::key::KnownKey::is_multi_valued),
        absent,
        possible: possible.clone(),
        exact_pair: false,
    })
}

/// A comparison in a context, before set prefixes and negation.
struct Core<'a> {
    condition: &'a PreparedCondition,
    test: Test,
    known: &'a Known,
    context: &'a dyn Context,
}

impl Core<'_> {
    /// No set operator: the value matches one of the listed ones (S2.5.5, S2.5.7).
    fn single(&self, formulas: &mut Formulas) -> FormulaId {
        match self.known {
            Known::Is(values) if values.len() > 1 => {
                let about = format!("{}, which has several values and no set operator", self.text());
                formulas.ambiguous("S2.5.7", about)
            }
            Known::Open { absent, values } if self.may_have_several() => {
                let some = self.some(formulas);
                if some == FormulaId::FALSE {
                    return some;
                }
                let subject = subject(&self.condition.key, *absent, values, formulas);
                let (operands, doubt) = self.operands(formulas);
                let test = formulas.test(subject, Range::Bare, self.test, operands);
                formulas.or2(test, doubt)
            }
            _ => self.some(formulas),
        }
    }

    fn may_have_several(&self) -> bool {
        let known = self.condition.key.known;
        known.is_none_or(super::key::KnownKey::is_multi_valued)
    }

    /// Some value matches one of the listed ones; false when absent.
    fn some(&self, formulas: &mut Formulas) -> FormulaId {
        match self.known {
            Known::Absent => FormulaId::FALSE,
            Known::Doubt(rule) => formulas.ambiguous(rule, self.text()),
            Known::Is(found) => self.some_of(found, formulas),
            Known::Open { absent, values } => self.some_open(*absent, values, formulas),
        }
    }

    /// Known values: compared now, but for variables that the request decides.
    fn some_of(&self, found: &[String], formulas: &mut Formulas) -> FormulaId {
        let mut open = FormulaId::FALSE;
        for value in self.values(formulas) {
            let more = match value {
                Value::Ready(_, prepared) => {
                    if found.iter().any(|found| prepared.matches(found)) {
                        return FormulaId::TRUE;
                    }
                    continue;
                }
                Value::Nothing => continue,
                Value::Doubt(rule) => formulas.ambiguous(rule, self.text()),
                Value::Open(parts) => self.against_variable(found, &parts, formulas),
            };
            open = formulas.or2(open, more);
        }
        open
    }

    /// Known values against a variable that is not: asked of the variable where that is the same question.
    fn against_variable(&self, found: &[String], parts: &[Part], formulas: &mut Formulas) -> FormulaId {
        let mut any = FormulaId::FALSE;
        for text in found {
            let asked = match parts {
                [
                    Part::Variable {
                        subject,
                        default: None,
                        ..
                    },
                ] if matches!(self.test, Test::StringEquals | Test::StringLike) => {
                    formulas.equals(*subject, text)
                }
                _ => {
                    let fixed = formulas.subject(Subject {
                        name: self.condition.key.name.clone(),
                        multi_valued: false,
                        absent: false,
                        possible: Possible::OneOf(vec![text.clone()]),
                        exact_pair: false,
                    });
                    let template = Operand::Template(parts.into());
                    formulas.test(fixed, Range::Some, self.test, vec![template])
                }
            };
            any = formulas.or2(any, asked);
        }
        any
    }

    fn some_open(&self, absent: bool, possible: &Possible, formulas: &mut Formulas) -> FormulaId {
        let key = &self.condition.key;
        let present = |formulas: &mut Formulas| {
            if !absent {
                return FormulaId::TRUE;
            }
            let subject = subject(key, absent, possible, formulas);
            let absent = formulas.absent(subject);
            formulas.not(absent)
        };
        let values: Vec<Value<'_>> = self.values(formulas);
        let closed = values
            .iter()
            .all(|value| matches!(value, Value::Ready(..) | Value::Nothing));
        let mut operands = Vec::new();
        let mut test = self.test;
        let mut doubt = FormulaId::FALSE;
        match possible {
            Possible::OneOf(list) if closed => {
                let hits: Vec<&String> = list.iter().filter(|text| hit(&values, text)).collect();
                if hits.len() == list.len() && !hits.is_empty() {
                    return present(formulas);
                }
                test = Test::StringEquals;
                operands.extend(hits.into_iter().map(|text| Operand::literal(text)));
            }
            _ => {
                for value in values {
                    match value {
                        Value::Nothing => {}
                        Value::Open(parts) => operands.push(Operand::Template(parts)),
                        Value::Doubt(rule) => {
                            let open = formulas.ambiguous(rule, self.text());
                            doubt = formulas.or2(doubt, open);
                        }
                        Value::Ready(tokens, prepared) => match self.meets(&tokens, &prepared, possible) {
                            Overlap::All => return present(formulas),
                            Overlap::None => {}
                            Overlap::Some => operands.push(Operand::Fixed(tokens.into())),
                        },
                    }
                }
            }
        }
        if operands.is_empty() {
            return doubt;
        }
        let subject = subject(key, absent, possible, formulas);
        let test = formulas.test(subject, Range::Some, test, operands);
        formulas.or2(test, doubt)
    }

    /// Some value matches none of the listed ones; false when absent.
    fn some_not(&self, formulas: &mut Formulas) -> FormulaId {
        if !self.may_have_several() {
            let absent = self.condition.absent(self.known, formulas);
            let some = self.some(formulas);
            let either = formulas.or2(absent, some);
            return formulas.not(either);
        }
        match self.known {
            Known::Absent => FormulaId::FALSE,
            Known::Doubt(rule) => formulas.ambiguous(
                rule,
                format!("for some value it does not hold that {}", self.text()),
            ),
            Known::Is(found) => {
                let mut any = FormulaId::FALSE;
                for one in found {
                    let matched = self.some_of(std::slice::from_ref(one), formulas);
                    let missed = formulas.not(matched);
                    any = formulas.or2(any, missed);
                }
                any
            }
            Known::Open { absent, values } => {
                let key = &self.condition.key;
                if let Possible::OneOf(list) = values {
                    let ready: Vec<Value<'_>> = self.values(formulas);
                    if list.iter().all(|text| hit(&ready, text)) {
                        return FormulaId::FALSE;
                    }
                }
                let subject = subject(key, *absent, values, formulas);
                let (operands, doubt) = self.operands(formulas);
                let test = formulas.test(subject, Range::SomeNot, self.test, operands);
                formulas.or2(test, doubt)
            }
        }
    }

    /// The policy values as operands, and what stays in doubt.
    fn operands(&self, formulas: &mut Formulas) -> (Vec<Operand>, FormulaId) {
        let mut operands = Vec::new();
        let mut doubt = FormulaId::FALSE;
        for value in self.values(formulas) {
            match value {
                Value::Ready(tokens, _) => operands.push(Operand::Fixed(tokens.into())),
                Value::Open(parts) => operands.push(Operand::Template(parts)),
                Value::Nothing => {}
                Value::Doubt(rule) => {
                    let open = formulas.ambiguous(rule, self.text());
                    doubt = formulas.or2(doubt, open);
                }
            }
        }
        (operands, doubt)
    }

    /// The policy values in this context.
    fn values<'b>(&'b self, formulas: &mut Formulas) -> Vec<Value<'b>> {
        let values = self.condition.values.iter();
        values
            .map(|value| match &value.form {
                Form::Fixed(tokens, prepared) => Value::Ready(Cow::Borrowed(tokens), Cow::Borrowed(prepared)),
                Form::Template(template) => self.substitute(template, formulas),
            })
            .collect()
    }

    fn substitute<'b>(&self, template: &Template, formulas: &mut Formulas) -> Value<'b> {
        let mut parts: Vec<Part> = Vec::new();
        for piece in template.pieces() {
            match piece {
                Piece::Text(tokens) => push(&mut parts, tokens.iter().copied()),
                Piece::Variable { key, default } => {
                    let name = KeyName::new(key);
                    match self.context.known(&name) {
                        Known::Absent => match default {
                            Some(text) => push(&mut parts, text.chars().map(Token::Char)),
                            None => return Value::Nothing,
                        },
                        Known::Is(values) => match values.as_slice() {
                            [one] => push(&mut parts, one.chars().map(Token::Char)),
                            // S2.7.1: not keys with several values.
                            _ => return Value::Doubt("S2.7.1"),
                        },
                        Known::Doubt(rule) => return Value::Doubt(rule),
                        Known::Open { .. }
                            if name.known.is_some_and(super::key::KnownKey::is_multi_valued) =>
                        {
                            return Value::Doubt("S2.7.1");
                        }
                        Known::Open { absent, values } => parts.push(Part::Variable {
                            subject: subject(&name, absent, &values, formulas),
                            name: name.name,
                            default: default.clone(),
                        }),
                    }
                }
            }
        }
        match parts.as_slice() {
            [] => ready(self.test, Vec::new()),
            [Part::Text(tokens)] => ready(self.test, tokens.to_vec()),
            _ => Value::Open(parts.into()),
        }
    }

    /// The comparison in words.
    fn text(&self) -> String {
        let values: Vec<&str> = self
            .condition
            .values
            .iter()
            .map(|value| value.text.as_str())
            .collect();
        format!(
            "{} {} {} holds",
            self.test.name(false),
            self.condition.key.name,
            values.join(" | ")
        )
    }

    /// How a policy value meets what is possible; "some" when in doubt.
    fn meets(&self, tokens: &[Token], prepared: &Prepared, possible: &Possible) -> Overlap {
        if !prepared.is_valid() {
            return Overlap::None;
        }
        let exact: Vec<Token>;
        let tokens = match self.test {
            Test::StringLike | Test::ArnLike => tokens,
            Test::StringEquals => {
                exact = written(tokens).chars().map(Token::Char).collect();
                &exact
            }
            _ => return Overlap::Some,
        };
        let literal = tokens.iter().all(|token| !token.is_wildcard());
        let matched = match possible {
            _ if literal => match possible.admits(&written(tokens)) {
                true => Overlap::Some,
                false => Overlap::None,
            },
            // The `*` of an ARN operator stops at colons: each part by itself.
            Possible::Like(domain) if self.test == Test::ArnLike => {
                let domain = crate::pattern::tokens(domain);
                let mut parts = pattern_parts(tokens).zip(pattern_parts(&domain));
                match parts.all(|(pattern, domain)| intersects(pattern, domain)) {
                    true => Overlap::Some,
                    false => Overlap::None,
                }
            }
            Possible::Like(domain) => overlap(tokens, domain),
            Possible::ForeignTo(accounts) => {
                let text = written(tokens);
                let account = Arn::parse(&text).map_or(text.as_str(), |arn| arn.account);
                match accounts.iter().any(|known| known == account) {
                    true => Overlap::None,
                    false => Overlap::Some,
                }
            }
            Possible::Anything if tokens == [Token::Many] => Overlap::All,
            _ => Overlap::Some,
        };
        match (self.test, matched) {
            (Test::ArnLike, Overlap::All) => Overlap::Some,
            (_, matched) => matched,
        }
    }
}

fn ready<'a>(test: Test, tokens: Vec<Token>) -> Value<'a> {
    let prepared = Prepared::new(test, &tokens);
    Value::Ready(Cow::Owned(tokens), Cow::Owned(prepared))
}

fn push(parts: &mut Vec<Part>, more: impl Iterator<Item = Token>) {
    match parts.last_mut() {
        Some(Part::Text(tokens)) => {
            let mut all = tokens.to_vec();
            all.extend(more);
            *tokens = all.into();
        }
        _ => parts.push(Part::Text(more.collect())),
    }
}

/// Whether one of the policy values, as far as they are settled, matches a text.
fn hit(values: &[Value<'_>], text: &str) -> bool {
    values
        .iter()
        .any(|value| matches!(value, Value::Ready(_, prepared) if prepared.matches(text)))
}
