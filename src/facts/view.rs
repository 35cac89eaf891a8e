//! The tables as one request sees them: with session policies or a new key policy that only it has.

use super::id::{AccountId, PolicyId, StatementId};
use super::statement::{Opaque, Statement};
use super::world::{Key, Policy, World};
use crate::policy::document::{Document, PolicyKind};

/// Policies that are not in the snapshot's tables.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    policies: Vec<Policy>,
    statements: Vec<Statement>,
    /// Stands for the key policies of the key asked about.
    key_policies: Option<Vec<PolicyId>>,
}

impl Extra {
    /// Adds a policy after those of the world.
    pub(crate) fn add(
        &mut self,
        world: &World,
        kind: PolicyKind,
        name: &str,
        document: &Document,
    ) -> PolicyId {
        let id = PolicyId::at(world.policies.len().saturating_add(self.policies.len()));
        let whole = document
            .opaque
            .as_ref()
            .map(|why| super::policies::unknown_statement(Some(why.clone()), document));
        let mut statements = Vec::new();
        for written in document.statements.iter().chain(&whole) {
            statements.push(StatementId::at(
                world.statements.len().saturating_add(self.statements.len()),
            ));
            self.statements
                .push(Statement::new(id, kind, name, document.variables, written));
        }
        self.policies.push(Policy {
            name: name.to_owned(),
            statements,
        });
        id
    }

    /// The identity policies of an account that is not in the snapshot (S3.1.14).
    pub(crate) fn add_foreign(&mut self, world: &World, account: &str) -> PolicyId {
        let name = format!("IAM of account {account} (not in the snapshot)");
        let about = format!("the IAM of account {account}");
        self.add_unknown(
            world,
            PolicyKind::Identity,
            &name,
            Opaque {
                rule: "S3.1.14",
                about,
            },
        )
    }

    /// Stands an unknown key policy in for that of a key that is not in the snapshot.
    pub(crate) fn replace_with_unknown(&mut self, world: &World, arn: &str) {
        let about = format!("the key policy or a grant of {arn}, which is not in the snapshot,");
        let policy = self.add_unknown(
            world,
            PolicyKind::Key,
            "key policy (not in the snapshot)",
            Opaque { rule: "A40", about },
        );
        self.key_policies = Some(vec![policy]);
    }

    fn add_unknown(&mut self, world: &World, kind: PolicyKind, name: &str, opaque: Opaque) -> PolicyId {
        let document = Document {
            opaque: Some(String::new()),
            ..Document::default()
        };
        let policy = self.add(world, kind, name, &document);
        if let Some(statement) = self.statements.last_mut() {
            statement.denies = false;
            statement.opaque = Some(opaque);
        }
        policy
    }

    /// Puts a policy in the place of the key's policies named `default`.
    pub(crate) fn replace_key_policies(&mut self, policies: Vec<PolicyId>) {
        self.key_policies = Some(policies);
    }
}

/// The world, and what one request adds to it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) extra: Option<&'a Extra>,
}

impl<'a> View<'a> {
    /// Just the world.
    pub(crate) fn of(world: &'a World) -> Self {
        View { world, extra: None }
    }

    pub(crate) fn policy(self, id: PolicyId) -> Option<&'a Policy> {
        let beyond = || {
            self.extra?
                .policies
                .get(id.index().checked_sub(self.world.policies.len())?)
        };
        self.world.policy(id).or_else(beyond)
    }

    pub(crate) fn statement(self, id: StatementId) -> Option<&'a Statement> {
        let beyond = || {
            self.extra?
                .statements
                .get(id.index().checked_sub(self.world.statements.len())?)
        };
        self.world.statement(id).or_else(beyond)
    }

    pub(crate) fn statements_of(self, id: PolicyId) -> impl Iterator<Item = StatementId> + 'a {
        self.policy(id)
            .into_iter()
            .flat_map(|policy| policy.statements.iter().copied())
    }

    pub(crate) fn key_policies(self, key: &'a Key) -> &'a [PolicyId] {
        match self.extra.and_then(|extra| extra.key_policies.as_ref()) {
            Some(policies) => policies,
            None => &key.policies,
        }
    }

    pub(crate) fn account_name(self, id: AccountId) -> &'a str {
        self.world.account(id).map_or("", |account| account.id.as_str())
    }
}
