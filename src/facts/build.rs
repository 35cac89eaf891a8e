//! Snapshot to tables: accounts, levels, policies and keys; principals are in `principals`.

use super::id::{AccountId, GrantId, KeyId, LevelId, PolicyId, StatementId};
use super::statement::Statement;
use super::world::{
    Account, Endpoint, Key, Level, Membership, Organization, Policy, Resource, World, Written,
};
use crate::arn::is_account_id;
use crate::model::action::ActionSet;
use crate::model::principal::Policy as NamedPolicy;
use crate::model::snapshot::Snapshot;
use crate::model::{Collected, key as model_key};
use crate::policy::document::Statement as WrittenStatement;
use crate::policy::document::{
    Condition, Document, Effect, Patterns, PolicyKind, PrincipalEntry, Principals, Says,
};
use ahash::AHashMap;
use std::sync::Arc;

/// Builds tables; remembers what is already in them.
pub(crate) struct Builder<'s> {
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) world: World,
    policies: AHashMap<(usize, PolicyKind), Written>,
    /// Statements by what they say.
    said: AHashMap<(PolicyKind, bool, Says<'s>), StatementId>,
    /// Policies by their statements.
    alike: AHashMap<(PolicyKind, Vec<StatementId>), PolicyId>,
}

/// The tables of a snapshot.
pub(crate) fn world(snapshot: &Snapshot) -> World {
    let mut builder = Builder {
        snapshot,
        world: World {
            files: snapshot.files.clone(),
            ..World::default()
        },
        policies: AHashMap::new(),
        said: AHashMap::new(),
        alike: AHashMap::new(),
    };
    builder.organization();
    let managed = snapshot.accounts.values().flat_map(|account| {
        let groups = account.groups.values();
        let of_groups = groups.flat_map(|group| &group.permissions.attached);
        account.managed.keys().chain(of_groups)
    });
    builder.world.managed = Arc::new(managed.cloned().collect());
    let organization = snapshot.organization.iter();
    let attachments = organization.clone().map(|one| one.attachments.clone()).next();
    builder.world.attachments = Arc::new(attachments.unwrap_or_default());
    let placed = organization.flat_map(|one| one.members.iter().chain(one.parents.keys()));
    builder.world.targets = Arc::new(placed.clone().cloned().collect());
    for id in snapshot
        .accounts
        .keys()
        .chain(placed.filter(|id| is_account_id(id)))
    {
        builder.account(id);
    }
    builder.keys();
    builder.endpoints();
    builder.principals();
    builder.keyless();
    builder.world
}

impl<'s> Builder<'s> {
    fn organization(&mut self) {
        self.world.organization = self
            .snapshot
            .organization
            .as_ref()
            .map(|organization| Organization {
                id: organization.id.clone(),
                accounts_listed: organization.accounts_collected.is_whole(),
                complete: organization.accounts_collected.is_whole() && !organization.id.is_empty(),
            });
    }

    /// The id of an account, known or only named.
    pub(crate) fn account(&mut self, id: &str) -> AccountId {
        if let Some(&known) = self.world.account_ids.get(id) {
            return known;
        }
        let organization = self.snapshot.organization.as_ref();
        let path = organization.and_then(|organization| organization.path(id));
        let member =
            organization.is_some_and(|organization| organization.members.iter().any(|member| member == id));
        let membership = match organization {
            Some(_) if path.is_some() || member => Membership::Inside,
            Some(organization) if organization.accounts_collected.is_whole() => Membership::Outside,
            _ => Membership::Unknown,
        };
        let management = organization.and_then(|organization| organization.management.as_deref()) == Some(id);
        let bound = membership == Membership::Inside && !management;
        let on = |enabled: Option<bool>, collected: Collected| {
            // S4.7.5: what is not known does not restrict.
            bound && enabled != Some(false) && collected != Collected::Missing
        };
        let levels: Vec<LevelId> = path.iter().flatten().map(|level| self.level(level)).collect();
        let org_path = organization.zip(path.as_ref()).map(|(organization, path)| {
            let above = path.split_last().map_or(&[][..], |(_, above)| above);
            format!("{}/{}/", organization.id, above.join("/"))
        });
        let known = self.snapshot.accounts.get(id);
        let account = Account {
            id: id.to_owned(),
            membership,
            org_path,
            scp_member: organization.is_some_and(|o| on(o.scps_enabled, o.scps_collected))
                && !levels.is_empty(),
            rcp_member: organization.is_some_and(|o| on(o.rcps_enabled, o.rcps_collected)),
            levels,
            iam_whole: known.is_some_and(|account| account.iam.is_whole()),
            known: known.is_some(),
        };
        let new = AccountId::at(self.world.accounts.len());
        self.world.accounts.push(account);
        self.world.account_ids.insert(id.to_owned(), new);
        new
    }

    fn level(&mut self, id: &str) -> LevelId {
        if let Some(&known) = self.world.level_ids.get(id) {
            return known;
        }
        let mut level = Level::default();
        if let Some(organization) = self.snapshot.organization.as_ref() {
            let attached = organization.attachments.get(id).into_iter().flatten();
            for (id, policy) in attached.filter_map(|id| Some((id, organization.policies.get(id)?))) {
                let compiled = self.policy(policy, policy.kind).policy;
                let guardrails = Arc::make_mut(&mut self.world.guardrails);
                guardrails.insert(id.clone(), (compiled, Arc::clone(policy)));
                match policy.kind {
                    PolicyKind::Rcp => level.rcps.push(compiled),
                    _ => level.scps.push(compiled),
                }
            }
        }
        let new = LevelId::at(self.world.levels.len());
        self.world.levels.push(level);
        Arc::make_mut(&mut self.world.level_ids).insert(id.to_owned(), new);
        new
    }

    /// Compiles a policy once for each way it is used.
    pub(crate) fn policy(&mut self, policy: &'s Arc<NamedPolicy>, kind: PolicyKind) -> Written {
        let identity = (Arc::as_ptr(policy) as usize, kind);
        if let Some(known) = self.policies.get(&identity) {
            return known.clone();
        }
        // Of other kinds there are few, and nothing but their own statements tells where they stand.
        let shared = matches!(
            kind,
            PolicyKind::Key | PolicyKind::Identity | PolicyKind::Boundary
        );
        let compiled = match shared && policy.document.opaque.is_none() {
            true => self.shared(policy, kind),
            false => self.world.write(policy, kind, false),
        };
        self.policies.insert(identity, compiled.clone());
        compiled
    }

    /// Compiles a policy together with others: each statement once wherever it stands, and once what all who say the
    /// same about KMS say.
    fn shared(&mut self, policy: &'s Arc<NamedPolicy>, kind: PolicyKind) -> Written {
        let document = &policy.document;
        let next = PolicyId::at(self.world.policies.len());
        let compiled = |written: &WrittenStatement| {
            Statement::new(next, kind, &policy.name, document.variables, written)
        };
        let mut statements = Vec::new();
        for written in &document.statements {
            let new = StatementId::at(self.world.statements.len());
            let id = match written.says() {
                Some(says) => *self.said.entry((kind, document.variables, says)).or_insert(new),
                None => new,
            };
            if id == new {
                self.world.statements.push(compiled(written));
            }
            statements.push(id);
        }
        let about_kms = |id: &StatementId| {
            let statement = self.world.statement(*id);
            statement.is_some_and(|one| !(one.actions | one.doubtful).is_empty())
        };
        let mut counting: Vec<StatementId> = statements.iter().copied().filter(about_kms).collect();
        counting.sort_unstable();
        counting.dedup();
        let id = *self
            .alike
            .entry((kind, counting))
            .or_insert_with_key(|(_, counting)| {
                self.world.policies.push(Policy {
                    name: policy.name.clone(),
                    statements: counting.clone(),
                });
                next
            });
        Written {
            policy: id,
            statements: statements.into(),
            text: Arc::clone(policy),
            inline: false,
        }
    }

    fn keys(&mut self) {
        let mut cannot: AHashMap<_, ActionSet> = AHashMap::new();
        for key in &self.snapshot.keys {
            let account = self.account(&key.account);
            let id = KeyId::at(self.world.keys.len());
            let (policies, written, unknown_grants) = self.key_policies(key);
            let aws_managed = key
                .aws_managed
                .unwrap_or_else(|| key.aliases.iter().any(|alias| alias.starts_with("alias/aws/")));
            let mut grants = Vec::new();
            for grant in &key.grants {
                let compiled = self.world.compiled_grant(grant);
                grants.push(GrantId::at(self.world.grants.len()));
                self.world.grants.push(compiled);
            }
            Arc::make_mut(&mut self.world.key_ids).insert(key.arn.clone(), id);
            let mentions = self.world.mentions_on(&written, &grants).into_iter().collect();
            let mut new = Key {
                arn: key.arn.clone(),
                id: key.id.clone(),
                account,
                region: key.region.clone(),
                kind: Resource::Key,
                aws_managed,
                spec: key.spec.clone(),
                usage: key.usage.clone(),
                origin: key.origin.clone(),
                state: key.state.clone(),
                multi_region: key.multi_region.or(Some(crate::arn::is_multi_region_id(&key.id))),
                multi_region_type: key.multi_region_type.clone(),
                aliases: key.aliases.clone(),
                aliases_known: key.aliases_collected.is_whole(),
                tags: key.tags.clone(),
                tags_known: key.tags_collected.is_whole(),
                trailing_days: key.trailing_days_without_use,
                policies,
                written,
                grants,
                unknown_grants,
                mentions,
                actions: ActionSet::ON_KEYS,
                cannot: ActionSet::EMPTY,
            };
            // Most keys are made the same way.
            let made = (
                &key.spec,
                &key.usage,
                &key.origin,
                new.multi_region,
                &key.multi_region_type,
            );
            new.cannot = *cannot.entry(made).or_insert_with(|| new.find_cannot());
            self.world.keys.push(new);
        }
    }

    fn key_policies(&mut self, key: &'s model_key::Key) -> (Vec<PolicyId>, Vec<Written>, Option<PolicyId>) {
        let written: Vec<Written> = key
            .policies
            .iter()
            .map(|policy| self.policy(policy, PolicyKind::Key))
            .collect();
        let mut policies: Vec<PolicyId> = written.iter().map(|one| one.policy).collect();
        let managed =
            key.aws_managed == Some(true) || key.aliases.iter().any(|alias| alias.starts_with("alias/aws/"));
        if policies.is_empty() && managed {
            let document = aws_managed_policy(key);
            policies.push(self.world.document(
                PolicyKind::Key,
                "default (assumed for AWS managed keys, S7.5)",
                &document,
            ));
        } else if !key.policies_collected.is_whole() {
            let about = format!("the key policy of {}, which is not in the snapshot,", key.arn);
            let name = format!("key policy of {} (not in the snapshot)", key.id);
            policies.push(
                self.world
                    .unknown_policy(PolicyKind::Key, &name, &about, ActionSet::ALL),
            );
        }
        let mut unknown_grants = None;
        if !key.grants_collected.is_whole() {
            let about = format!("a grant on {}, whose grants are not in the snapshot,", key.arn);
            let name = format!("grants of {} (not in the snapshot)", key.id);
            let unknown =
                self.world
                    .unknown_policy(PolicyKind::Key, &name, &about, ActionSet::GRANT_OPERATIONS);
            // A grant never denies (S4.9).
            let statements = self
                .world
                .policy(unknown)
                .map(|policy| policy.statements.clone())
                .unwrap_or_default();
            for id in statements {
                if let Some(statement) = self.world.statements.get_mut(id.index()) {
                    statement.denies = false;
                }
            }
            policies.push(unknown);
            unknown_grants = Some(unknown);
        }
        (policies, written, unknown_grants)
    }

    fn endpoints(&mut self) {
        for endpoint in &self.snapshot.endpoints {
            let policy = endpoint
                .policy
                .as_ref()
                .map(|policy| self.policy(policy, PolicyKind::Endpoint).policy);
            let entry = Endpoint {
                vpc: endpoint.vpc.clone(),
                account: endpoint.account.clone(),
                policy,
                text: endpoint.policy.clone(),
            };
            self.world.endpoints.insert(endpoint.id.clone(), entry);
        }
    }

    /// For every account with principals: what stands for the resource of actions without one (S4.10).
    fn keyless(&mut self) {
        for index in 0..self.world.accounts.len() {
            if self
                .world
                .accounts
                .get(index)
                .is_some_and(|account| account.known)
            {
                self.world.keys.push(Key {
                    arn: "*".to_owned(),
                    account: AccountId::at(index),
                    kind: Resource::Nothing,
                    aliases_known: true,
                    tags_known: true,
                    actions: ActionSet::WITHOUT_RESOURCE,
                    ..Key::default()
                });
            }
        }
    }
}

/// The key policy of an AWS managed key whose text is not in the snapshot (S7.5).
fn aws_managed_policy(key: &model_key::Key) -> Document {
    let compare = |name: &str, value: String| Condition {
        operator: crate::condition::operator::Operator::parse("StringEquals"),
        key: name.to_owned(),
        values: vec![value],
    };
    let through = key
        .aliases
        .iter()
        .find_map(|alias| alias.strip_prefix("alias/aws/"))
        .map(|service| {
            compare(
                "kms:ViaService",
                format!("{}.{}.amazonaws.com", via_name(service), key.region),
            )
        });
    let mut conditions = vec![compare("kms:CallerAccount", key.account.clone())];
    let opaque = through
        .is_none()
        .then(|| "the service that manages it is not known".to_owned());
    conditions.extend(through);
    let statement = |index, principals, actions: &[&str], conditions, opaque| WrittenStatement {
        sid: None,
        index,
        effect: Some(Effect::Allow),
        principals: Some(Principals {
            negated: false,
            entries: vec![principals],
        }),
        actions: Some(patterns(actions)),
        resources: Some(patterns(&["*"])),
        conditions,
        opaque,
        location: key.location,
    };
    let use_it = [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:DescribeKey",
    ];
    let root = PrincipalEntry::Aws(format!("arn:{}:iam::{}:root", key.partition, key.account));
    Document {
        variables: true,
        statements: vec![
            statement(
                0,
                PrincipalEntry::Aws("*".to_owned()),
                &use_it,
                conditions,
                opaque,
            ),
            statement(
                1,
                root,
                &["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                Vec::new(),
                None,
            ),
        ],
        opaque: None,
        location: key.location,
    }
}

/// The name a service has in `kms:ViaService` (S6.12).
fn via_name(service: &str) -> &str {
    match service {
        "ebs" => "ec2",
        other => other,
    }
}

fn patterns(texts: &[&str]) -> Patterns {
    Patterns {
        negated: false,
        patterns: texts.iter().map(|&text| text.to_owned()).collect(),
    }
}
