//! What is needed where no statement and no grant would give a permission: edits of the key policy, of identity policies, and
//! grants.

use super::super::Verdict;
use super::super::findings::Findings;
use super::super::texts::Owner;
use super::blockers::{Blocker, NEAR};
use super::edits::{Make, Proposal, Target, allow, empty};
use crate::condition::operator::Operator;
use crate::facts::id::{Element as Part, Layer, StatementId, Voice};
use crate::facts::world::{Kind, Principal, Resource};
use crate::model::action::Action;
use crate::model::key::Grant;
use crate::policy::document::{Condition, PolicyKind, PrincipalEntry, Statement};
use std::sync::Arc;

impl Findings<'_> {
    /// What is needed where no statement and no grant would give it.
    pub(super) fn no_path(&mut self) -> Vec<Blocker> {
        let case = self.case();
        if case.key.kind != Resource::Key || self.permission.action == Action::RetireGrant {
            return vec![match self.has_identity() {
                // Then who may retire the grant is another matter.
                true => Blocker {
                    options: Vec::new(),
                    why: "only its retiring principal, its grantee, and principals of the accounts that issued it, own the \
                          key or are its retiring principal may retire a grant (S4.9.8)"
                        .to_owned(),
                },
                false => self.identity_side(),
            }];
        }
        let speaking = self.speaking(Layer::KeyPolicy, None);
        let value = self.any(&speaking);
        let key_policy = self.weigh(value) != Verdict::Silent;
        let identity = self.has_identity();
        let own = case.principal.account == Some(case.key.account);
        if case.principal.kind != Kind::Service && !own {
            let mut sides = Vec::new();
            if !key_policy {
                let mut side = self.key_side();
                side.options.extend(self.grant());
                if !identity {
                    // S4.9.2, S4.9.5: with a grant that is there the identity policy may be all that lacks.
                    side.options.push(Vec::new());
                }
                sides.push(side);
            }
            if !identity {
                sides.push(self.identity_side());
            }
            return sides;
        }
        let gate = self.voices(&speaking, Voice::Gate);
        let key_side = self.key_side();
        let mut options = Vec::new();
        if gate && !identity {
            options.extend(self.identity_side().options);
        }
        options.extend(key_side.options);
        if !gate && !identity {
            // Neither side is there: both may be wanted.
            let gates = self.near_gates();
            let identities = self.identity_side().options;
            options.extend(gates.iter().flat_map(|gate| {
                identities
                    .iter()
                    .map(|identity| [gate.clone(), identity.clone()].concat())
            }));
        }
        if !gate && identity {
            options.extend(self.near_gates());
            options.extend(self.new_in_key_policy(self.account_entry(), "open the gate"));
        }
        options.extend(self.grant());
        vec![Blocker {
            options,
            why: key_side.why,
        }]
    }

    pub(super) fn voices(&self, statements: &[StatementId], voice: Voice) -> bool {
        statements.iter().any(|&id| self.voice(id) == Some(voice))
    }

    pub(super) fn has_identity(&mut self) -> bool {
        let speaking = self.speaking(Layer::Identity, None);
        let value = self.any(&speaking);
        self.weigh(value) != Verdict::Silent
    }

    /// Edits by which the key policy allows the caller itself.
    pub(super) fn key_side(&self) -> Blocker {
        let case = self.case();
        let near = self.near(Layer::KeyPolicy, None).into_iter();
        let direct = near.filter(|(id, element)| {
            *element == Part::Principal || self.voice(*id).is_some_and(|voice| voice != Voice::Gate)
        });
        let mut options = self.fits(direct.take(NEAR), None);
        options.extend(self.new_in_key_policy(entry(case.principal), "name the caller"));
        options.extend(self.new_in_key_policy(self.session_entry(), "name the session"));
        let why = match (case.key.aws_managed, case.key.written.is_empty()) {
            (true, _) => "the key is managed by AWS, and nobody can edit its policy (S7.5)",
            (_, true) => "the key policy is not in the snapshot",
            _ => "the key policy does not allow it, and no edit that was tried helps",
        };
        Blocker {
            options,
            why: why.to_owned(),
        }
    }

    /// Near misses that would let identity policies decide.
    pub(super) fn near_gates(&self) -> Vec<Vec<Proposal>> {
        let near = self.near(Layer::KeyPolicy, None).into_iter();
        let gates =
            near.filter(|(id, element)| *element != Part::Principal && self.voice(*id) == Some(Voice::Gate));
        self.fits(gates.take(NEAR), None)
    }

    pub(super) fn account_entry(&self) -> Option<PrincipalEntry> {
        let case = self.case();
        let account = case.view.world.account_of(case.principal);
        let arn = format!("arn:{}:iam::{account}:root", case.principal.partition);
        (!account.is_empty()).then_some(PrincipalEntry::Aws(arn))
    }

    pub(super) fn new_in_key_policy(
        &self,
        principal: Option<PrincipalEntry>,
        why: &str,
    ) -> Option<Vec<Proposal>> {
        let case = self.case();
        let written = case.key.written.iter().find(|one| one.text.name == "default")?;
        let entry = principal.filter(|_| !case.key.aws_managed)?;
        let (PrincipalEntry::Aws(name) | PrincipalEntry::Service(name)) = &entry else {
            return None;
        };
        let conditions = self.for_its_resources();
        let anybody = match case.principal.kind == Kind::Service && conditions.is_empty() {
            true => ", for anybody's resources (S4.11.2)",
            false => "",
        };
        let what = format!(
            "{why}: add a statement to the key policy that allows `{name}` {}{anybody}",
            self.permission.action
        );
        Some(vec![Proposal {
            what,
            target: Target::Policy(
                Owner::Key(case.key.arn.clone()),
                Arc::clone(&written.text),
                String::new(),
            ),
            make: Make::Add(Statement {
                conditions,
                ..allow(self.permission.action, "*", Some(entry))
            }),
        }])
    }

    /// A service acts for anybody's resources: a statement for one is for those that the request is for (S4.11.2).
    pub(super) fn for_its_resources(&self) -> Vec<Condition> {
        let case = self.case();
        if case.principal.kind != Kind::Service {
            return Vec::new();
        }
        let stated = |(key, operator): (&str, &str)| {
            let values = case.stated?.values.get(key)?.clone();
            Some(Condition {
                operator: Operator::parse(operator),
                key: key.to_owned(),
                values,
            })
        };
        let keys = [
            ("aws:SourceArn", "ArnEquals"),
            ("aws:SourceAccount", "StringEquals"),
        ];
        keys.into_iter().filter_map(stated).collect()
    }

    pub(super) fn grant(&self) -> Option<Vec<Proposal>> {
        let case = self.case();
        let action = self.permission.action;
        let to_somebody = matches!(
            case.principal.kind,
            Kind::User | Kind::Role | Kind::Session | Kind::Federated
        );
        if !action.is_grant_operation() || case.key.aws_managed || !to_somebody {
            return None;
        }
        let Some(PrincipalEntry::Aws(grantee)) = entry(case.principal) else {
            return None;
        };
        let grant = Grant {
            id: format!("new-grant-{}", action.name()),
            grantee: Some(grantee.clone()),
            operations: vec![action.name().to_owned()],
            issuing_account: Some(case.view.account_name(case.key.account).to_owned()),
            ..Grant::default()
        };
        Some(vec![Proposal {
            what: format!("create a grant of {action} to `{grantee}`"),
            target: Target::Grants(case.key.arn.clone()),
            make: Make::Grant(Box::new(grant)),
        }])
    }

    /// Edits by which an identity policy allows it.
    pub(super) fn identity_side(&self) -> Blocker {
        let case = self.case();
        let mut options = self.fitting(Layer::Identity, None);
        let principal = case.principal;
        let holder = match principal.kind {
            Kind::User | Kind::Role => Some(&principal.arn),
            Kind::Session | Kind::Federated => principal.origin.as_ref(),
            _ => None,
        };
        let holder = holder.filter(|_| !principal.service_linked && !principal.iam_unknown);
        if let Some(holder) = holder {
            let action = self.permission.action;
            let resource = self.resource();
            let name = format!("Allow{}", action.name());
            let what = format!("give `{holder}` an inline policy that allows {action} on `{resource}`");
            options.push(vec![Proposal {
                what,
                target: Target::Policy(
                    Owner::Inline(holder.clone()),
                    empty(PolicyKind::Identity, name),
                    String::new(),
                ),
                make: Make::Add(allow(action, &resource, None)),
            }]);
        }
        let why = match (principal.kind, principal.service_linked) {
            (Kind::Root, _) => "a root user holds no identity policies",
            (_, true) => "the policies of a service-linked role are fixed by AWS (S3.1.5)",
            _ => {
                "the identity policies of the caller are not in the snapshot, or are none that can be edited"
            }
        };
        Blocker {
            options,
            why: why.to_owned(),
        }
    }

    /// The session itself, whom session policies do not limit (S4.4.3).
    pub(super) fn session_entry(&self) -> Option<PrincipalEntry> {
        let principal = self.case().principal;
        let own = principal.account == Some(self.case().key.account);
        let is_session = matches!(principal.kind, Kind::Session | Kind::Federated);
        (own && is_session).then(|| PrincipalEntry::Aws(principal.name.clone()))
    }
}

/// The caller as a principal element names it.
pub(super) fn entry(principal: &Principal) -> Option<PrincipalEntry> {
    match principal.kind {
        Kind::Service => Some(PrincipalEntry::Service(principal.name.clone())),
        Kind::Account | Kind::Anyone => None,
        _ => Some(PrincipalEntry::Aws(principal.arn.clone())),
    }
}
