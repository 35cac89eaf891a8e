//! Condition blocks: operator, key, values (S2.5.1). Values become text (S2.6); operators are only told apart.

use super::{Opaque, Parser, element, quote, shortened};
use crate::condition::operator::{Base, Operator};
use crate::diag::Code;
use crate::json::{Member, Node, Value};
use crate::policy::document::Condition;

impl Parser<'_> {
    /// Reads a condition block. Conditions that cannot be read make the statement opaque; the others must still hold.
    pub(super) fn conditions(&mut self, node: &Node<'_>, opaque: &mut Opaque) -> Vec<Condition> {
        let mut conditions = Vec::new();
        if !matches!(node.value, Value::Object(_)) {
            let message = format!("`Condition` is {}, not an object", node.noun());
            let found = self.found(Code::InvalidElement, node.span, message);
            self.hide(opaque, found);
            return conditions;
        }
        self.once(node, opaque);
        for member in node.members() {
            let name = member.key.text();
            if let (Value::Object(_), true) = (&member.node.value, name.starts_with("Fn::")) {
                let message = format!("{} in place of a condition operator", quote(&name));
                let found = self.found(Code::InvalidElement, member.key_span, message);
                self.hide(opaque, element::with_template_help(found, node));
                continue;
            }
            let operator = Operator::parse(shortened(&name));
            if matches!(operator.base, Base::Unknown(_)) {
                self.unknown_operator(member, &name);
            }
            if !matches!(member.node.value, Value::Object(_)) {
                let message = format!(
                    "{} is {}, not an object from keys to values",
                    quote(&name),
                    member.node.noun()
                );
                let found = self.found(Code::InvalidElement, member.node.span, message);
                self.hide(opaque, found);
                continue;
            }
            self.once(&member.node, opaque);
            if conditions.is_empty() {
                conditions.reserve_exact(member.node.members().len());
            }
            for test in member.node.members() {
                if let Some(values) = self.values(test, opaque) {
                    let (operator, key) = (operator.clone(), test.key.text().into_owned());
                    conditions.push(Condition {
                        operator,
                        key,
                        values,
                    });
                }
            }
        }
        conditions
    }

    /// Reports keys that an object has twice (S2.1.1).
    fn once(&mut self, node: &Node<'_>, opaque: &mut Opaque) {
        for member in node.duplicates().iter().filter_map(|i| node.members().get(*i)) {
            let message = format!("the condition has {} twice", quote(&member.key.text()));
            let found = self.found(Code::DuplicateKey, member.key_span, message);
            self.hide(opaque, found);
        }
    }

    fn unknown_operator(&mut self, member: &Member<'_>, name: &str) {
        let message = format!("unknown condition operator {}", quote(name));
        let mut found = self
            .found(Code::UnknownOperator, member.key_span, message)
            .effect("whether this condition holds is reported as unknown");
        if shortened(name).len() == name.len() {
            found.help = Operator::did_you_mean(name).map(|close| format!("did you mean `{close}`?"));
        }
        self.report(found);
    }

    /// The values of one key as text; `None` if one of them is neither text, number nor boolean.
    fn values(&mut self, test: &Member<'_>, opaque: &mut Opaque) -> Option<Vec<String>> {
        let list = match &test.node.value {
            Value::Array(list) => list.as_slice(),
            _ => std::slice::from_ref(&test.node),
        };
        let mut values = Vec::with_capacity(list.len());
        for item in list {
            if let Some(text) = item.scalar() {
                values.push(text.into_owned());
                continue;
            }
            let message = format!(
                "the value of {} is {}, not a string",
                quote(&test.key.text()),
                item.noun()
            );
            let found = self.found(Code::InvalidElement, item.span, message);
            self.hide(opaque, element::with_template_help(found, item));
        }
        if list.is_empty() {
            let message = format!("{} is compared with an empty list", quote(&test.key.text()));
            let found = self.found(Code::InvalidConditionValue, test.node.span, message);
            self.report(found.effect("no value matches"));
        }
        (values.len() == list.len()).then_some(values)
    }
}
