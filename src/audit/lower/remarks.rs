//! Policies -> remarks of the lint, and what the parser saw: elements that are missing, parts that cannot be understood.

use super::Audited;
use crate::condition::operator::Base;
use crate::diag::Code;
use crate::facts::id::{KeyId, StatementId};
use crate::facts::world::{Key, Written};
use crate::policy::document::{Document, Effect, PolicyKind, Statement};
use crate::policy::lint::{Subject, lint_statement};

/// Where the remarks on a text go.
#[derive(Clone, Copy)]
pub(super) struct Remarking<'a> {
    pub(super) key: Option<KeyId>,
    pub(super) document: &'a Document,
    pub(super) kind: PolicyKind,
    pub(super) about: Subject<'a>,
}

impl Audited<'_> {
    /// Adds what is odd in the policies of a key. Nobody can change what AWS RAM writes there.
    pub(super) fn remarks_on_key(&mut self, id: KeyId, key: &Key) {
        let engine = self.engine;
        let account = engine
            .world
            .account(key.account)
            .map(|account| account.id.as_str());
        for Written { statements, text, .. } in &key.written {
            if text.name == "AWS_RAM" {
                let shared = statements.iter().map(|&statement| (id, statement));
                self.facts.shared_by_ram.extend(shared);
                continue;
            }
            let remarking = Remarking {
                key: Some(id),
                document: &text.document,
                kind: PolicyKind::Key,
                about: Subject {
                    key_arn: Some(&key.arn),
                    account,
                    text: None,
                },
            };
            self.remarks(remarking, statements);
        }
    }

    /// Adds what is odd in a text whose statements are compiled to some.
    pub(super) fn remarks(&mut self, remarking: Remarking<'_>, statements: &[StatementId]) {
        let document = remarking.document;
        for (&id, statement) in statements.iter().zip(&document.statements) {
            self.remarks_on(remarking, id, statement);
        }
        // The whole text stands behind its statements, of which there are none.
        if let (Some(why), Some(&id)) = (&document.opaque, statements.last()) {
            self.remark(
                remarking.key,
                id,
                Effect::Allow,
                Code::UnparsablePolicy,
                why.clone(),
            );
        }
    }

    fn remarks_on(&mut self, remarking: Remarking<'_>, id: StatementId, statement: &Statement) {
        let Remarking {
            key,
            document,
            kind,
            ref about,
        } = remarking;
        let effect = statement.effect.unwrap_or(Effect::Allow);
        let compiled = self.engine.world.statement(id);
        let about_kms = compiled.is_some_and(|one| !(one.actions | one.doubtful).is_empty());
        if let Some(why) = statement.opaque.as_ref().filter(|_| about_kms) {
            self.remark(key, id, effect, Code::UnparsablePolicy, why.clone());
        }
        let conditions = statement.conditions.iter().filter(|_| about_kms);
        for condition in conditions {
            // S2.1.10: whether it holds is never known.
            if let Base::Unknown(name) = &condition.operator.base {
                let why = format!("`{name}` is no condition operator");
                self.remark(key, id, effect, Code::UnparsablePolicy, why);
            }
        }
        if kind == PolicyKind::Key && statement.opaque.is_none() {
            let elements = [
                (statement.principals.is_none(), "`Principal` is missing"),
                (statement.actions.is_none(), "`Action` is missing"),
                (statement.resources.is_none(), "`Resource` is missing"),
            ];
            for (_, missing) in elements.into_iter().filter(|(missing, _)| *missing) {
                self.remark(key, id, effect, Code::MissingElement, missing.to_owned());
            }
        }
        for found in lint_statement(document, statement, kind, about) {
            self.remark(key, id, effect, found.code, found.message);
        }
    }

    fn remark(&mut self, key: Option<KeyId>, id: StatementId, effect: Effect, code: Code, text: String) {
        let note = self.add_note(text);
        self.facts.remarked.push((key, id, effect, code, note));
    }
}
