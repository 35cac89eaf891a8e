//! One statement: which elements it has, whether they may stand in this kind of policy, and which are missing.

use super::{NO_EFFECT, Opaque, Parser, element, noun, quote};
use crate::diag::Code;
use crate::json::{Node, Span};
use crate::policy::document::{Effect, Patterns, PolicyKind, PrincipalEntry, Principals, Statement};

const ELEMENTS: &[&str] = &[
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// The elements of a statement as they were found.
#[derive(Default)]
struct Elements<'n, 'a> {
    sid: Slot<'n, 'a>,
    effect: Slot<'n, 'a>,
    principal: Pair<'n, 'a>,
    action: Pair<'n, 'a>,
    resource: Pair<'n, 'a>,
    condition: Slot<'n, 'a>,
}

/// An element that may come with `Not`.
#[derive(Default)]
struct Pair<'n, 'a> {
    plain: Slot<'n, 'a>,
    not: Slot<'n, 'a>,
}

#[derive(Default, Clone, Copy)]
struct Slot<'n, 'a> {
    node: Option<&'n Node<'a>>,
    key: Span,
    /// Given more than once: which one counts is not known.
    twice: bool,
}

impl<'n, 'a> Elements<'n, 'a> {
    fn slot(&mut self, name: &str) -> Option<&mut Slot<'n, 'a>> {
        match name {
            "Sid" => Some(&mut self.sid),
            "Effect" => Some(&mut self.effect),
            "Principal" => Some(&mut self.principal.plain),
            "NotPrincipal" => Some(&mut self.principal.not),
            "Action" => Some(&mut self.action.plain),
            "NotAction" => Some(&mut self.action.not),
            "Resource" => Some(&mut self.resource.plain),
            "NotResource" => Some(&mut self.resource.not),
            "Condition" => Some(&mut self.condition),
            _ => None,
        }
    }
}

/// What a pair of elements turned out to be.
enum Choice<'n, 'a> {
    /// Neither was written.
    Missing,
    /// One was written: the name, whether it is the `Not` form, the value.
    One(&'static str, bool, &'n Node<'a>),
    /// Something was written that cannot be read; it was reported.
    Unknown,
}

impl Parser<'_> {
    /// Reads a statement. `opaque` is why the policy around it is in doubt, if it is.
    ///
    /// In an opaque statement an element that is `None` is unknown, and one that is given is complete.
    pub(super) fn statement(&mut self, node: &Node<'_>, index: usize, opaque: Opaque) -> Statement {
        let mut statement = Statement {
            sid: None,
            index: u32::try_from(index).unwrap_or(u32::MAX),
            effect: None,
            principals: None,
            actions: None,
            resources: None,
            conditions: Vec::new(),
            opaque,
            location: self.place.location(node.span),
        };
        if !matches!(node.value, crate::json::Value::Object(_)) {
            let found = self.found(
                Code::InvalidElement,
                node.span,
                format!("{} in place of a statement", node.noun()),
            );
            self.hide(&mut statement.opaque, found);
            return statement;
        }
        let elements = self.elements(node, &mut statement.opaque);
        statement.sid = self.sid(&elements.sid, &mut statement.opaque);
        statement.effect = self.effect(node, &elements.effect, &mut statement.opaque);
        statement.principals = self.principal(node, &elements.principal, &mut statement.opaque);
        statement.actions = self.patterns_of(
            node,
            ["Action", "NotAction"],
            &elements.action,
            &mut statement.opaque,
        );
        statement.resources = self.patterns_of(
            node,
            ["Resource", "NotResource"],
            &elements.resource,
            &mut statement.opaque,
        );
        if let Some(condition) = elements.condition.node {
            statement.conditions = self.conditions(condition, &mut statement.opaque);
        }
        if self.kind == PolicyKind::Rcp {
            self.rcp(node.span, &mut statement);
        }
        statement
    }

    fn elements<'n, 'a>(&mut self, node: &'n Node<'a>, opaque: &mut Opaque) -> Elements<'n, 'a> {
        let mut elements = Elements::default();
        for member in node.members() {
            let key = member.key.text();
            match elements.slot(&key) {
                Some(slot) if slot.node.is_none() => {
                    (slot.node, slot.key) = (Some(&member.node), member.key_span);
                }
                Some(slot) => {
                    slot.twice = true;
                    let found = self.found(
                        Code::DuplicateKey,
                        member.key_span,
                        format!("the statement has `{key}` twice"),
                    );
                    self.hide(opaque, found);
                }
                None => {
                    let message = format!("unknown element {} in a statement", quote(&key));
                    let mut found = self.found(Code::UnknownElement, member.key_span, message);
                    found.help = element::spelling(&key, ELEMENTS);
                    self.hide(opaque, found);
                }
            }
        }
        elements
    }

    fn sid(&mut self, slot: &Slot<'_, '_>, opaque: &mut Opaque) -> Option<String> {
        let node = slot.node?;
        let text = node.scalar().map(|text| text.into_owned());
        if text.is_none() {
            let found = self.found(
                Code::InvalidElement,
                node.span,
                format!("`Sid` is {}, not a string", node.noun()),
            );
            self.hide(opaque, element::with_template_help(found, node));
        }
        text
    }

    /// `Allow` or `Deny`, exactly (S2.1.3).
    fn effect(&mut self, statement: &Node<'_>, slot: &Slot<'_, '_>, opaque: &mut Opaque) -> Option<Effect> {
        let Some(node) = slot.node else {
            let found = self.found(
                Code::InvalidEffect,
                statement.span,
                "the statement has no `Effect`",
            );
            self.hide(opaque, found.help("write `Allow` or `Deny`"));
            return None;
        };
        let text = node.text();
        match text.as_deref() {
            Some("Allow") if !slot.twice => Some(Effect::Allow),
            Some("Deny") if !slot.twice => Some(Effect::Deny),
            Some("Allow" | "Deny") => None,
            _ => {
                let written = text.map_or_else(|| node.noun().to_owned(), |text| quote(&text));
                let message = format!("`Effect` is {written}, neither `Allow` nor `Deny`");
                let found = self.found(Code::InvalidEffect, node.span, message);
                self.hide(opaque, element::with_template_help(found, node));
                None
            }
        }
    }

    /// Picks one of `X` and `NotX`.
    fn choose<'n, 'a>(
        &mut self,
        names: [&'static str; 2],
        pair: &Pair<'n, 'a>,
        opaque: &mut Opaque,
    ) -> Choice<'n, 'a> {
        let [plain, not] = names;
        if pair.plain.twice || pair.not.twice {
            return Choice::Unknown;
        }
        match (pair.plain.node, pair.not.node) {
            (None, None) => Choice::Missing,
            (Some(node), None) => Choice::One(plain, false, node),
            (None, Some(node)) => Choice::One(not, true, node),
            (Some(_), Some(_)) => {
                let message = format!("the statement has both `{plain}` and `{not}`");
                let found = self.found(Code::InvalidElement, pair.not.key, message);
                self.hide(opaque, found);
                Choice::Unknown
            }
        }
    }

    fn principal(
        &mut self,
        statement: &Node<'_>,
        pair: &Pair<'_, '_>,
        opaque: &mut Opaque,
    ) -> Option<Principals> {
        let (may, may_not) = match self.kind {
            PolicyKind::Key | PolicyKind::Endpoint | PolicyKind::Trust => (true, true),
            PolicyKind::Rcp => (true, false),
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::Scp => {
                (false, false)
            }
        };
        for (slot, allowed) in [(&pair.plain, may), (&pair.not, may_not)] {
            if slot.node.is_some() && !allowed {
                let name = if std::ptr::eq(slot, &pair.not) {
                    "NotPrincipal"
                } else {
                    "Principal"
                };
                self.misplaced(slot.key, name, opaque);
            }
        }
        match self.choose(["Principal", "NotPrincipal"], pair, opaque) {
            Choice::Unknown => None,
            Choice::Missing => {
                if may {
                    self.missing(statement.span, "Principal", opaque);
                }
                None
            }
            Choice::One(name, negated, node) => self.principals(node, name, negated, opaque),
        }
    }

    fn patterns_of(
        &mut self,
        statement: &Node<'_>,
        names: [&'static str; 2],
        pair: &Pair<'_, '_>,
        opaque: &mut Opaque,
    ) -> Option<Patterns> {
        let [plain, _] = names;
        let resource_of_trust = self.kind == PolicyKind::Trust && plain == "Resource";
        match self.choose(names, pair, opaque) {
            Choice::Unknown => None,
            Choice::Missing => {
                // A trust policy is about the role it stands on.
                if !resource_of_trust {
                    self.missing(statement.span, plain, opaque);
                }
                None
            }
            Choice::One(name, negated, node) => {
                if resource_of_trust || (self.kind == PolicyKind::Rcp && name == "NotAction") {
                    let key = if negated { pair.not.key } else { pair.plain.key };
                    self.misplaced(key, name, opaque);
                }
                self.patterns(node, name, negated, opaque)
            }
        }
    }

    /// Reports an element that this kind of policy does not have (S2.1.9).
    fn misplaced(&mut self, key: Span, name: &str, opaque: &mut Opaque) {
        let message = format!("`{name}` has no place in {}", noun(self.kind));
        let found = self.found(Code::MisplacedElement, key, message);
        self.hide(opaque, found);
    }

    /// Reports an element that is not there. KMS stores such key policies and ignores the statement (S2.1.6); nobody
    /// else stores them.
    fn missing(&mut self, statement: Span, name: &str, opaque: &mut Opaque) {
        let found = self.found(
            Code::MissingElement,
            statement,
            format!("the statement has no `{name}`"),
        );
        if self.kind == PolicyKind::Key {
            self.report(
                found
                    .effect(NO_EFFECT)
                    .help(format!("add `{name}`, or remove the statement")),
            );
        } else {
            self.hide(opaque, found.help(format!("add `{name}`")));
        }
    }

    /// What AWS asks of RCPs beyond the grammar (S2.1.9). The default policy `RCPFullAWSAccess` is the only Allow.
    fn rcp(&mut self, span: Span, statement: &mut Statement) {
        let all = |patterns: &Option<Patterns>| {
            patterns
                .as_ref()
                .is_some_and(|p| !p.negated && p.patterns.iter().any(|text| text == "*"))
        };
        let full_access =
            all(&statement.actions) && all(&statement.resources) && statement.conditions.is_empty();
        let mut problems = Vec::new();
        match statement.effect {
            Some(Effect::Allow) if !full_access => problems.push("a customer's RCP can only deny"),
            Some(Effect::Deny) if all(&statement.actions) => {
                problems.push("an RCP cannot deny the bare action `*`");
            }
            _ => {}
        }
        let anyone = |p: &Principals| p.entries == [PrincipalEntry::Anyone];
        if statement.principals.as_ref().is_some_and(|p| !anyone(p)) {
            problems.push("`Principal` of an RCP must be `\"*\"`");
        }
        for message in problems {
            let found = self.found(Code::MisplacedElement, span, message);
            self.hide(&mut statement.opaque, found);
        }
    }
}
