//! Policies by themselves, and policies of which nothing is known.

use super::id::{PolicyId, StatementId};
use super::statement::{Opaque, Statement};
use super::world::{Policy, World, Written};
use crate::model::action::ActionSet;
use crate::model::principal::Policy as NamedPolicy;
use crate::policy::document::{
    Document, PolicyKind, PrincipalEntry, Principals, Statement as WrittenStatement,
};
use std::sync::Arc;

impl World {
    /// Compiles a policy that somebody holds, or that stands on a key or a target, by itself.
    pub(super) fn write(&mut self, policy: &Arc<NamedPolicy>, kind: PolicyKind, inline: bool) -> Written {
        let id = self.document(kind, &policy.name, &policy.document);
        let statements = self.policy(id).map(|policy| policy.statements.as_slice());
        Written {
            policy: id,
            statements: statements.unwrap_or_default().into(),
            text: Arc::clone(policy),
            inline,
        }
    }

    /// Compiles a document by itself.
    pub(crate) fn document(&mut self, kind: PolicyKind, name: &str, document: &Document) -> PolicyId {
        let id = PolicyId::at(self.policies.len());
        let whole = document
            .opaque
            .as_ref()
            .map(|why| unknown_statement(Some(why.clone()), document));
        let mut statements = Vec::new();
        for written in document.statements.iter().chain(&whole) {
            statements.push(StatementId::at(self.statements.len()));
            let statement = Statement::new(id, kind, name, document.variables, written);
            self.statements.push(statement);
        }
        self.policies.push(Policy {
            name: name.to_owned(),
            statements,
        });
        id
    }

    /// A policy of which nothing is known but that it may be there: allows and denies are unknown (S0.8).
    pub(crate) fn unknown_policy(
        &mut self,
        kind: PolicyKind,
        name: &str,
        about: &str,
        actions: ActionSet,
    ) -> PolicyId {
        // Key policies are named by the key's id alone, which keys of other Regions may share.
        let name_tells = kind != PolicyKind::Key;
        if name_tells && let Some(&known) = self.unknown.get(&(kind, name.to_owned())) {
            return known;
        }
        let document = Document {
            opaque: Some(String::new()),
            ..Document::default()
        };
        let id = self.document(kind, name, &document);
        let only = self
            .policy(id)
            .and_then(|policy| policy.statements.first().copied());
        if let Some(statement) = only.and_then(|only| self.statements.get_mut(only.index())) {
            statement.opaque = Some(Opaque {
                rule: "A40",
                about: about.to_owned(),
            });
            statement.actions &= actions;
        }
        Arc::make_mut(&mut self.unknown).insert((kind, name.to_owned()), id);
        id
    }
}

/// A statement that may apply to anybody and anything.
pub(crate) fn unknown_statement(why: Option<String>, document: &Document) -> WrittenStatement {
    WrittenStatement {
        sid: None,
        index: 0,
        effect: None,
        principals: Some(Principals {
            negated: false,
            entries: vec![PrincipalEntry::Anyone],
        }),
        actions: None,
        resources: None,
        conditions: Vec::new(),
        opaque: why,
        location: document.location,
    }
}
