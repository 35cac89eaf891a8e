//! A parsed policy document -> remarks on what it says (S2, S6): entries that match nobody or nothing, conditions that
//! cannot hold, keys and operators that do not go together.
//!
//! One document is looked at on its own. What the parser reported already is not repeated, and whether a named
//! principal or key exists is for those who know the snapshot. A statement that concerns no KMS action gets no advice,
//! so a policy about other services stays without remarks. Policies that AWS itself maintains are better left out:
//! nobody can follow the advice.
//!
//! ```
//! use keywho::diag::Code;
//! use keywho::policy::document::{Document, Effect, Patterns, PolicyKind, PrincipalEntry, Principals, Statement};
//! use keywho::policy::lint::{Subject, lint};
//!
//! let patterns = |text: &str| Some(Patterns { negated: false, patterns: vec![text.to_owned()] });
//! let group = PrincipalEntry::Aws("arn:aws:iam::111122223333:group/ops".to_owned());
//! let statement = Statement {
//!     sid: None,
//!     index: 0,
//!     effect: Some(Effect::Allow),
//!     principals: Some(Principals { negated: false, entries: vec![group] }),
//!     actions: patterns("kms:Decrypt"),
//!     resources: patterns("*"),
//!     conditions: Vec::new(),
//!     opaque: None,
//!     location: Default::default(),
//! };
//! let document = Document { variables: true, statements: vec![statement], ..Document::default() };
//! let found = lint(&document, PolicyKind::Key, &Subject::default());
//! assert_eq!(found[0].code, Code::InvalidPrincipal);
//! ```

mod action;
mod condition;
mod never;
mod possible;
mod principal;
pub(crate) mod resource;
#[cfg(test)]
mod tests;
mod text;
mod variable;

use super::document::{Document, Effect, Patterns, PolicyKind, Statement};
use crate::diag::{Code, Diagnostic};
use crate::model::action::{ActionSet, matching};
use principal::Callers;
use std::collections::HashSet;

/// What is known of the key, and of the policy as it was written. All of it may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// ARN of the key that a key policy belongs to.
    pub key_arn: Option<&'a str>,
    /// Account that owns the key of a key policy; not needed besides its ARN.
    pub account: Option<&'a str>,
    /// The document as it would be given to KMS, if its length and characters are still to be checked (S2.1.5).
    pub text: Option<&'a str>,
}

/// Looks for what a policy document says without effect, or probably without meaning it.
///
/// The order is that of the statements; no remark is made twice of one statement.
#[must_use]
pub fn lint(document: &Document, kind: PolicyKind, about: &Subject<'_>) -> Vec<Diagnostic> {
    if kind == PolicyKind::Trust {
        return Vec::new();
    }
    let mut found = text::check(document, kind, about);
    for statement in &document.statements {
        found.extend(lint_statement(document, statement, kind, about));
    }
    found
}

/// Looks at one statement of a document.
pub(crate) fn lint_statement(
    document: &Document,
    statement: &Statement,
    kind: PolicyKind,
    about: &Subject<'_>,
) -> Vec<Diagnostic> {
    let mut linter = Linter::new(document, kind, about, statement);
    linter.statement();
    let mut seen = HashSet::new();
    let found = linter.found.into_iter();
    found.filter(|remark| seen.insert(remark.clone())).collect()
}

/// Looks at one statement.
struct Linter<'a> {
    kind: PolicyKind,
    about: &'a Subject<'a>,
    /// Whether variables are substituted (S2.1.2).
    variables: bool,
    statement: &'a Statement,
    /// The KMS actions it can be about in this kind of policy.
    actions: ActionSet,
    /// Those of them that it names with their prefix, and not by `*` or by NotAction.
    named: ActionSet,
    /// Whether it is about KMS and no other service.
    kms_alone: bool,
    /// Whether any of its resources can be a key.
    names_keys: bool,
    /// Whom a key policy or endpoint policy names.
    callers: Callers,
    found: Vec<Diagnostic>,
}

impl<'a> Linter<'a> {
    fn new(
        document: &Document,
        kind: PolicyKind,
        about: &'a Subject<'a>,
        statement: &'a Statement,
    ) -> Linter<'a> {
        let none = Patterns::default();
        let patterns = statement.actions.as_ref().unwrap_or(&none);
        let union = |texts: &mut dyn Iterator<Item = &String>| {
            texts
                .map(|text| matching(text).set)
                .fold(ActionSet::EMPTY, ActionSet::union)
        };
        let mut named = ActionSet::EMPTY;
        let mut matched = union(&mut patterns.patterns.iter());
        if patterns.negated {
            matched = matched.complement();
        } else {
            named = union(&mut patterns.patterns.iter().filter(|text| action::is_of_kms(text)));
        }
        let can = can_have_effect(kind);
        Linter {
            kind,
            about,
            variables: document.variables,
            statement,
            actions: matched.intersect(can),
            named: named.intersect(can),
            kms_alone: kind == PolicyKind::Key
                || !patterns.negated && patterns.patterns.iter().all(|text| action::is_of_kms(text)),
            names_keys: true,
            callers: Callers::of(statement),
            found: Vec::new(),
        }
    }

    fn statement(&mut self) {
        let (resource_policy, statement) = (self.is_resource_policy(), self.statement);
        let missing = statement.actions.is_none()
            || statement.resources.is_none()
            || resource_policy && statement.principals.is_none();
        // The parser said that the statement has no effect; what else is wrong with it does not matter.
        if missing && statement.opaque.is_none() {
            return;
        }
        if resource_policy && (self.kind == PolicyKind::Key || self.concerns_kms()) {
            self.principals();
        }
        self.action_patterns();
        if self.kind == PolicyKind::Key || self.concerns_kms() {
            self.placeholders();
        }
        if self.concerns_kms() {
            self.resources();
            self.variables();
            self.conditions();
        }
    }

    /// Whether principals are named in this kind of policy.
    fn is_resource_policy(&self) -> bool {
        matches!(self.kind, PolicyKind::Key | PolicyKind::Endpoint)
    }

    /// Whether the statement can matter for any KMS action: by its actions, and unless it names some, its resources.
    fn concerns_kms(&self) -> bool {
        let resources = self.statement.resources.as_ref();
        let may_be_kms = resources.is_none_or(|resources| {
            resources.negated
                || resources
                    .patterns
                    .iter()
                    .any(|text| resource::may_be_of_kms(text))
        });
        !self.actions.is_empty() && (may_be_kms || !self.named.is_empty() || self.kms_alone)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// A remark on the statement.
    fn remark(&self, code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.statement.location, message)
    }

    /// Says that the statement as a whole is without effect.
    fn nothing(&self) -> String {
        let verb = match self.statement.effect {
            Some(Effect::Allow) => "the statement allows nothing",
            Some(Effect::Deny) => "the statement denies nothing",
            None => "the statement has no effect",
        };
        let part = if self.kms_alone { "" } else { " of KMS" };
        format!("{verb}{part}")
    }
}

/// The actions that a policy of a kind has a say in (S2.3.3, S4.7.3).
fn can_have_effect(kind: PolicyKind) -> ActionSet {
    match kind {
        PolicyKind::Key | PolicyKind::Rcp => ActionSet::KEY_POLICY_GATE,
        _ => ActionSet::ALL,
    }
}

/// What people call a policy of a kind, with its article.
fn noun(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Key => "a key policy",
        PolicyKind::Identity => "an identity policy",
        PolicyKind::Boundary => "a permissions boundary",
        PolicyKind::Session => "a session policy",
        PolicyKind::Scp => "an SCP",
        PolicyKind::Rcp => "an RCP",
        PolicyKind::Endpoint => "a VPC endpoint policy",
        PolicyKind::Trust => "a trust policy",
    }
}

/// User text in backticks, on one line and not too long.
fn quote(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Texts in backticks, separated by commas; after a few, their number.
fn quote_all<T: AsRef<str>>(texts: &[T]) -> String {
    const MOST: usize = 4;
    let shown: Vec<String> = texts.iter().take(MOST).map(|text| quote(text.as_ref())).collect();
    let mut all = shown.join(", ");
    if texts.len() > MOST {
        all.push_str(&format!(" and {} more", texts.len() - MOST));
    }
    all
}

/// The nearest of some texts, if any is near.
fn nearest<'t>(text: &str, known: &[&'t str]) -> Option<&'t str> {
    let lower = text.to_lowercase();
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), *known))
        .filter(|(likeness, _)| *likeness >= 0.9)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)))
        .map(|(_, known)| known)
}
