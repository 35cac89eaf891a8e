//! Values of Action, Resource and Principal: one text or a list of texts, and the typed form of principals (S2.2).

use super::{NO_EFFECT, Opaque, Parser, quote, shortened};
use crate::diag::{Code, Diagnostic};
use crate::json::{Node, Text, Value};
use crate::policy::document::{Patterns, PrincipalEntry, Principals};

/// "Element names are case-sensitive", where a name differs from a known one in nothing else.
pub(super) fn spelling(name: &str, known: &[&str]) -> Option<String> {
    let close = known.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    Some(format!("element names are case-sensitive: write `{close}`"))
}

/// Adds what to do about a template that was not rendered, if the node looks like one.
pub(super) fn with_template_help(found: Diagnostic, node: &Node<'_>) -> Diagnostic {
    match node.members() {
        [only] if only.key.is("Ref") || only.key.text().starts_with("Fn::") => {
            let function = only.key.text();
            found.help(format!(
                "`{function}` is resolved by CloudFormation: read the policy from the deployed stack"
            ))
        }
        _ => found,
    }
}

impl Parser<'_> {
    /// The texts of a value that is a text or a list of texts; `None` if it is anything else, which is reported.
    fn texts(&mut self, node: &Node<'_>, name: &str, opaque: &mut Opaque) -> Option<Vec<String>> {
        let list = match &node.value {
            Value::Array(list) => list.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut texts = Vec::with_capacity(list.len());
        for item in list {
            if let Value::String(text) = &item.value {
                texts.push(text.text().into_owned());
                continue;
            }
            let place = if std::ptr::eq(item, node) { "is" } else { "lists" };
            let message = format!("`{name}` {place} {}, not a string", item.noun());
            let found = self.found(Code::InvalidElement, item.span, message);
            self.hide(opaque, with_template_help(found, item));
        }
        (texts.len() == list.len()).then_some(texts)
    }

    /// Reads `Action`, `Resource` and their `Not` forms.
    pub(super) fn patterns(
        &mut self,
        node: &Node<'_>,
        name: &'static str,
        negated: bool,
        opaque: &mut Opaque,
    ) -> Option<Patterns> {
        let patterns = self.texts(node, name, opaque)?;
        if patterns.is_empty() {
            self.empty(node, name, negated, opaque);
        }
        Some(Patterns { negated, patterns })
    }

    /// An empty list matches nothing. "Not nothing" would be everything: no one can have meant that, so it is unknown.
    fn empty(&mut self, node: &Node<'_>, name: &str, negated: bool, opaque: &mut Opaque) {
        let message = format!("`{name}` is empty");
        if negated {
            let found = self.found(Code::InvalidElement, node.span, message);
            self.hide(opaque, found);
        } else {
            let found = self.found(Code::MissingElement, node.span, message);
            self.report(found.effect(NO_EFFECT));
        }
    }

    /// Reads `Principal` and `NotPrincipal`: `"*"`, or an object from type to texts (S2.2).
    pub(super) fn principals(
        &mut self,
        node: &Node<'_>,
        name: &'static str,
        negated: bool,
        opaque: &mut Opaque,
    ) -> Option<Principals> {
        let entries = match &node.value {
            Value::String(text) => vec![self.bare_principal(node, text, name, opaque)],
            Value::Object(_) => self.typed_principals(node, name, opaque)?,
            _ => {
                let message = format!("`{name}` is {}, neither `\"*\"` nor an object", node.noun());
                let found = self.found(Code::InvalidElement, node.span, message);
                self.hide(opaque, found.help("write `{\"AWS\": [...]}`"));
                return None;
            }
        };
        if entries.is_empty() {
            self.empty(node, name, negated, opaque);
        }
        Some(Principals { negated, entries })
    }

    fn bare_principal(
        &mut self,
        node: &Node<'_>,
        text: &Text<'_>,
        name: &str,
        opaque: &mut Opaque,
    ) -> PrincipalEntry {
        if text.is("*") {
            return PrincipalEntry::Anyone;
        }
        let text = text.text();
        let message = format!("`{name}` is {}, which has no type", quote(&text));
        let found = self.found(Code::InvalidElement, node.span, message);
        self.hide(
            opaque,
            found.help("write `{\"AWS\": ...}` or `{\"Service\": ...}`"),
        );
        PrincipalEntry::Other(String::new(), text.into_owned())
    }

    fn typed_principals(
        &mut self,
        node: &Node<'_>,
        name: &str,
        opaque: &mut Opaque,
    ) -> Option<Vec<PrincipalEntry>> {
        let mut entries = Vec::new();
        let mut whole = true;
        for member in node.duplicates().iter().filter_map(|i| node.members().get(*i)) {
            let message = format!("`{name}` has {} twice", quote(&member.key.text()));
            let found = self.found(Code::DuplicateKey, member.key_span, message);
            self.hide(opaque, found);
            whole = false;
        }
        for member in node.members() {
            let kind = member.key.text();
            let entry: Option<fn(String) -> PrincipalEntry> = match &*kind {
                "AWS" => Some(PrincipalEntry::Aws),
                "Service" => Some(PrincipalEntry::Service),
                "Federated" => Some(PrincipalEntry::Federated),
                "CanonicalUser" => Some(PrincipalEntry::CanonicalUser),
                _ => None,
            };
            if entry.is_none() {
                let message = format!("unknown type of principal {}", quote(&kind));
                let mut found = self.found(Code::UnknownElement, member.key_span, message);
                found.help = spelling(&kind, &["AWS", "Service", "Federated", "CanonicalUser"]);
                self.hide(opaque, with_template_help(found, node));
            }
            let Some(texts) = self.texts(&member.node, name, opaque) else {
                whole = false;
                continue;
            };
            if entries.is_empty() {
                entries.reserve_exact(texts.len());
            }
            entries.extend(texts.into_iter().map(|text| match entry {
                Some(entry) => entry(text),
                None => PrincipalEntry::Other(shortened(&kind).to_owned(), text),
            }));
        }
        whole.then_some(entries)
    }
}
