//! Members of an AWS answer -> texts, flags and lists. Absent, null and empty mean the same.

use super::hints::Hints;
use crate::diag::{Code, Diagnostic};
use crate::json::{Node, Place, Span, Value};
use crate::model::Tags;
use crate::model::key::Constraints;
use crate::policy::document::{Document, PolicyKind};
use crate::policy::parse;
use crate::source::Location;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Reads the answers of one file and collects what was odd in them.
pub(super) struct Fields<'f> {
    pub(super) place: &'f Place<'f>,
    pub(super) hints: &'f Hints,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How many values could not be read: what they stand in is not whole.
    pub(super) lost: usize,
}

impl<'f> Fields<'f> {
    pub(super) fn new(place: &'f Place<'f>, hints: &'f Hints) -> Self {
        Fields {
            place,
            hints,
            diagnostics: Vec::new(),
            lost: 0,
        }
    }

    pub(super) fn location(&self, span: Span) -> Location {
        self.place.location(span)
    }

    pub(super) fn report(&mut self, found: Diagnostic) {
        self.diagnostics.push(found);
    }

    /// Reports a value that has not the documented form.
    pub(super) fn invalid(&mut self, span: Span, message: String, effect: &str) {
        self.lost += 1;
        let found = Diagnostic::new(Code::InvalidField, self.location(span), message);
        self.report(found.effect(effect));
    }

    /// Whether a node is an object; anything else is reported, and so are keys given twice.
    pub(super) fn is_object(&mut self, node: &Node<'_>, what: impl Display) -> bool {
        if !matches!(node.value, Value::Object(_)) {
            self.invalid(
                node.span,
                format!("{what} is {}, not an object", node.noun()),
                "it was not read",
            );
            return false;
        }
        for member in node.duplicates().iter().filter_map(|i| node.members().get(*i)) {
            let message = format!("{what} has `{}` twice", member.key.text());
            let found = Diagnostic::new(Code::DuplicateKey, self.location(member.key_span), message);
            self.report(found.effect("lists are joined; of other values the first is used"));
        }
        true
    }

    /// A text; numbers and booleans count as their texts.
    pub(super) fn text(&mut self, node: &Node<'_>, name: &str) -> Option<String> {
        let value = node.member(name)?;
        match value.scalar() {
            Some(text) => Some(text.into_owned()).filter(|text| !text.is_empty()),
            None => {
                if !value.is_null() {
                    let message = format!("`{name}` is {}, not a string", value.noun());
                    self.invalid(value.span, message, "it is taken as not given");
                }
                None
            }
        }
    }

    /// A point in time: seconds since 1970, or a text of ISO 8601.
    pub(super) fn time(&mut self, node: &Node<'_>, name: &str) -> Option<Timestamp> {
        let value = node.member(name).filter(|value| !value.is_null())?;
        let text = value.scalar().unwrap_or_default();
        // Fractions of a second do not matter.
        let whole = text.split('.').next().unwrap_or_default();
        let seconds = whole
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        let time = seconds.or_else(|| text.parse().ok());
        if time.is_none() {
            let message = format!("`{name}` is no point in time");
            self.invalid(value.span, message, "it is taken as not given");
        }
        time
    }

    /// A flag, also when it is written as text.
    pub(super) fn flag(&mut self, node: &Node<'_>, name: &str) -> Option<bool> {
        let value = node.member(name)?;
        let flag = match &value.value {
            Value::Null => return None,
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.text().eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.text().eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        if flag.is_none() {
            let message = format!("`{name}` is neither `true` nor `false`");
            self.invalid(value.span, message, "it is taken as not given");
        }
        flag
    }

    /// The elements of a list; those of all lists of that name if there are several.
    pub(super) fn list<'n, 'a>(&mut self, node: &'n Node<'a>, name: &str) -> Vec<&'n Node<'a>> {
        let mut elements = Vec::new();
        for member in node.members().iter().filter(|member| member.key.is(name)) {
            match &member.node.value {
                Value::Array(list) => elements.extend(list),
                Value::Null => {}
                _ => {
                    let message = format!("`{name}` is {}, not a list", member.node.noun());
                    self.invalid(member.node.span, message, "it is read as a list of one");
                    elements.push(&member.node);
                }
            }
        }
        elements
    }

    /// A list of objects; other elements are reported.
    pub(super) fn objects<'n, 'a>(&mut self, node: &'n Node<'a>, name: &str) -> Vec<&'n Node<'a>> {
        let mut objects = self.list(node, name);
        objects.retain(|element| self.is_object(element, format_args!("an element of `{name}`")));
        objects
    }

    /// A list of texts; other elements are reported.
    pub(super) fn texts(&mut self, node: &Node<'_>, name: &str) -> Vec<String> {
        let elements = self.list(node, name);
        let mut texts = Vec::with_capacity(elements.len());
        for element in elements {
            match element.scalar() {
                Some(text) => texts.push(text.into_owned()),
                None => {
                    let message = format!("`{name}` lists {}, not a string", element.noun());
                    self.invalid(element.span, message, "it was not read");
                }
            }
        }
        texts
    }

    /// An object from texts to texts, such as an encryption context.
    fn pairs(&mut self, node: &Node<'_>, name: &str) -> Option<BTreeMap<String, String>> {
        let value = node.member(name).filter(|value| !value.is_null())?;
        let mut pairs = BTreeMap::new();
        if !self.is_object(value, format_args!("`{name}`")) {
            return None;
        }
        for member in value.members() {
            let key = member.key.text().into_owned();
            match member.node.scalar() {
                Some(text) => {
                    pairs.entry(key).or_insert_with(|| text.into_owned());
                }
                None => {
                    let message = format!("`{name}` has {} under `{key}`, not a string", member.node.noun());
                    self.invalid(member.node.span, message, "it was not read");
                }
            }
        }
        Some(pairs)
    }

    fn some_pairs(&mut self, node: &Node<'_>, name: &str) -> Option<BTreeMap<String, String>> {
        self.pairs(node, name).filter(|pairs| !pairs.is_empty())
    }

    /// Tags, written as objects with a key and a value.
    pub(super) fn tags(&mut self, node: &Node<'_>, name: &str, key: &str, value: &str) -> Tags {
        let objects = self.objects(node, name);
        let mut tags = Vec::with_capacity(objects.len());
        for tag in objects {
            let text = tag
                .member(value)
                .and_then(Node::scalar)
                .unwrap_or_default()
                .into_owned();
            match self.text(tag, key) {
                Some(key) => tags.push((key, text)),
                None => self.invalid(tag.span, format!("a tag without `{key}`"), "the tag was not read"),
            }
        }
        tags.into_iter().collect()
    }

    /// A policy document; one that is given twice is opaque, because which one counts is not known.
    pub(super) fn document(&mut self, node: &Node<'_>, name: &str, kind: PolicyKind) -> Option<Document> {
        let mut given = node
            .members()
            .iter()
            .filter(|member| member.key.is(name) && !member.node.is_null());
        let first = given.next()?;
        let mut document = parse::document(&first.node, kind, self.place, &mut self.diagnostics);
        if let Some(second) = given.next() {
            let message = format!("`{name}` is given twice");
            let found = Diagnostic::new(Code::DuplicateKey, self.location(second.key_span), &message);
            self.report(found.effect("what this policy allows or denies is reported as unknown"));
            document = Document {
                opaque: Some(message),
                location: document.location,
                ..Document::default()
            };
        }
        Some(document)
    }

    /// Constraints of a grant (S4.9.4). A constraint that is not known or cannot be read stays as `other`.
    pub(super) fn constraints(&mut self, grant: &Node<'_>) -> Constraints {
        let mut constraints = Constraints::default();
        let Some(node) = grant.member("Constraints").filter(|node| !node.is_null()) else {
            return constraints;
        };
        let before = self.diagnostics.len();
        if !self.is_object(node, "`Constraints`") {
            constraints.other = Some("Constraints".to_owned());
            return constraints;
        }
        for member in node.members() {
            let key = member.key.text();
            match &*key {
                "EncryptionContextEquals" => constraints.equals = self.some_pairs(node, &key),
                "EncryptionContextSubset" => constraints.subset = self.some_pairs(node, &key),
                "SourceArn" => constraints.source_arn = self.text(node, &key),
                _ if member.node.is_null() => {}
                _ => {
                    let message = format!("a grant constraint that is not known: `{key}`");
                    self.invalid(
                        member.key_span,
                        message,
                        "whether the grant applies is reported as unknown",
                    );
                    constraints.other.get_or_insert_with(|| key.into_owned());
                }
            }
        }
        if self.diagnostics.len() > before {
            constraints.other.get_or_insert_with(|| "Constraints".to_owned());
        }
        constraints
    }

    /// Whether the answer goes on elsewhere.
    pub(super) fn is_truncated(&mut self, page: &Node<'_>) -> bool {
        let says = self
            .flag(page, "IsTruncated")
            .or_else(|| self.flag(page, "Truncated"));
        let token = self
            .text(page, "NextToken")
            .or_else(|| self.text(page, "NextMarker"));
        let marker = self.text(page, "Marker");
        says == Some(true) || token.is_some() || (marker.is_some() && says != Some(false))
    }
}
