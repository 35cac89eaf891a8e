//! The snapshot in tables: principals, keys, policies, statements and grants by id.

use super::id::{AccountId, GrantId, KeyId, LevelId, PolicyId, PrincipalId, StatementId};
use super::naming::Mention;
use super::patched::Patched;
use super::statement::{AccountText, Statement};
use crate::model::Tags;
use crate::model::action::{Action, ActionSet, MultiRegionType};
use crate::model::key::Constraints;
use crate::model::principal::Policy as NamedPolicy;
use crate::policy::document::PolicyKind;
use crate::source::{Files, Location};
use ahash::{AHashMap, AHashSet};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything the facts are made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) files: Files,
    pub(crate) accounts: Vec<Account>,
    pub(crate) account_ids: AHashMap<String, AccountId>,
    pub(crate) principals: Patched<Principal>,
    /// By ARN, service name, `account:ID` or `*`.
    pub(crate) principal_ids: Arc<AHashMap<String, SmallVec<[PrincipalId; 1]>>>,
    /// By ARN or role of sessions, by user of federated users, and by unique id.
    pub(crate) otherwise_named: Arc<AHashMap<String, SmallVec<[PrincipalId; 1]>>>,
    /// Roles by what the ARNs of their sessions begin with.
    pub(crate) roles_by_session: Arc<AHashMap<String, SmallVec<[PrincipalId; 1]>>>,
    /// By account; those of none are services.
    pub(crate) members: Arc<AHashMap<Option<AccountId>, Vec<PrincipalId>>>,
    pub(crate) keys: Patched<Key>,
    pub(crate) key_ids: Arc<AHashMap<String, KeyId>>,
    pub(crate) policies: Patched<Policy>,
    pub(crate) statements: Patched<Statement>,
    pub(crate) grants: Patched<Grant>,
    /// Ids of roots, OUs and accounts that stand on some account's path.
    pub(crate) levels: Vec<Level>,
    pub(crate) level_ids: Arc<AHashMap<String, LevelId>>,
    /// Everything that organization policies can be attached to.
    pub(crate) targets: Arc<BTreeSet<String>>,
    /// Targets with the ids of the policies attached to them.
    pub(crate) attachments: Arc<BTreeMap<String, Vec<String>>>,
    /// ARNs of the managed policies that there are, or that groups have.
    pub(crate) managed: Arc<BTreeSet<String>>,
    /// Organization policies by their ids.
    pub(crate) guardrails: Arc<AHashMap<String, (PolicyId, Arc<NamedPolicy>)>>,
    pub(crate) endpoints: AHashMap<String, Endpoint>,
    pub(crate) organization: Option<Organization>,
    /// Policies of which nothing is known, by kind and name.
    pub(crate) unknown: Arc<AHashMap<(PolicyKind, String), PolicyId>>,
    /// Texts that name somebody.
    pub(crate) mentions: Arc<AHashMap<Arc<str>, Mention>>,
    /// Who is no longer named by any text.
    pub(crate) gone: AHashSet<PrincipalId>,
    /// All account ids that have principals of their own here: nobody else's principals are among them.
    pub(crate) known_accounts: Arc<[String]>,
    /// Users whose federated sessions are looked at, by account.
    pub(crate) users_of: Arc<AHashMap<AccountId, Vec<PrincipalId>>>,
}

/// What is known of the organization itself.
#[derive(Debug, Clone)]
pub(crate) struct Organization {
    pub(crate) id: String,
    /// Accounts that are not listed are outside.
    pub(crate) complete: bool,
    /// Whether the list of accounts is whole, whatever the organization's id.
    pub(crate) accounts_listed: bool,
}

/// An account, known or only named.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) membership: Membership,
    /// `o-1/r-1/ou-1/`, if known.
    pub(crate) org_path: Option<String>,
    /// From the organization root down to the account.
    pub(crate) levels: Vec<LevelId>,
    pub(crate) scp_member: bool,
    pub(crate) rcp_member: bool,
    /// Whether its users and roles are all in the snapshot.
    pub(crate) iam_whole: bool,
    /// Whether anything about it is in the snapshot.
    pub(crate) known: bool,
}

/// Whether an account belongs to the organization of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// It does.
    Inside,
    /// It does not; it may belong to another one.
    Outside,
    /// Not known.
    Unknown,
}

/// A level of the organization tree with what is attached to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) scps: Vec<PolicyId>,
    pub(crate) rcps: Vec<PolicyId>,
}

/// What kind of principal (S3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Root user (S3.1.1).
    Root,
    /// IAM user (S3.1.2).
    User,
    /// Role: all its sessions, or one whose name is not stated (S3.1.3).
    Role,
    /// One session of a role (S3.1.3).
    Session,
    /// Federated user (S3.1.4).
    Federated,
    /// AWS service calling directly (S3.1.6).
    Service,
    /// Any principal of an account whose IAM is not in the snapshot (S3.1.14).
    Account,
    /// Any principal of an account that has no row of its own (S3.1.13).
    Anyone,
}

/// A principal with what it carries (S3.1, S3.2).
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// As rows and requests name it.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Its account; services have none.
    pub(crate) account: Option<AccountId>,
    pub(crate) partition: String,
    /// `aws:PrincipalArn`, where it is exact.
    pub(crate) arn: String,
    /// `AIDA...` or `AROA...`, empty if not known.
    pub(crate) unique_id: String,
    /// User or role name without path, session names of federated users.
    pub(crate) short_name: String,
    /// Session name of a role session.
    pub(crate) session: Option<String>,
    /// For sessions: ARN of the role. For federated users: ARN of the user that federates.
    pub(crate) origin: Option<String>,
    pub(crate) tags: Tags,
    /// Whether session tags may be added or override (S6.2).
    pub(crate) open_tags: bool,
    pub(crate) service_linked: bool,
    /// Providers that the role's trust policy lets assume it (S2.2.9).
    pub(crate) providers: Vec<String>,
    /// Identity policies, those of groups included.
    pub(crate) policies: Vec<PolicyId>,
    /// Where they and the boundary are written.
    pub(crate) written: Vec<Written>,
    pub(crate) boundary: Option<PolicyId>,
    /// Session policies; only of a principal made for one request.
    pub(crate) session_policies: Option<Vec<PolicyId>>,
    /// Whether its IAM side is not in the snapshot (S3.1.14).
    pub(crate) iam_unknown: bool,
    /// Whether it stands for several that are alike where no text names them.
    pub(crate) alike: bool,
}

/// A policy as written by one of those who hold it, and as compiled: several may say the same.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) policy: PolicyId,
    /// By position in the document; also those that are not about KMS.
    pub(crate) statements: Arc<[StatementId]>,
    pub(crate) text: Arc<NamedPolicy>,
    /// Whether it is an inline policy of the user or role itself.
    pub(crate) inline: bool,
}

/// A key, or what stands for the resource of requests without one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Key {
    /// ARN; `*` for actions without resource; the alias ARN on the alias side.
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) region: String,
    pub(crate) kind: Resource,
    pub(crate) aws_managed: bool,
    pub(crate) spec: Option<String>,
    pub(crate) usage: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) multi_region: Option<bool>,
    pub(crate) multi_region_type: Option<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) aliases_known: bool,
    pub(crate) tags: Tags,
    pub(crate) tags_known: bool,
    pub(crate) trailing_days: Option<u64>,
    /// Key policies (S2.1.8).
    pub(crate) policies: Vec<PolicyId>,
    /// Where they are written.
    pub(crate) written: Vec<Written>,
    pub(crate) grants: Vec<GrantId>,
    /// Of its policies, the one that stands for grants that were not read.
    pub(crate) unknown_grants: Option<PolicyId>,
    /// Whom its policies and grants name.
    pub(crate) mentions: Arc<[String]>,
    /// Actions a row may have: those with a key, or those without.
    pub(crate) actions: ActionSet,
    /// Of these, those that a key of its usage, spec and origin cannot perform (S5.5.2).
    pub(crate) cannot: ActionSet,
}

/// What a [`Key`] stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Resource {
    /// A key.
    #[default]
    Key,
    /// No resource: the actions of S4.10.
    Nothing,
    /// An alias: the alias side of S5.4.1.
    Alias,
}

/// What a policy document, or several that say the same, say about KMS.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) statements: Vec<StatementId>,
}

/// A grant with what its principals resolve to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) operations: ActionSet,
    pub(crate) grantee: Party,
    pub(crate) retiring: Party,
    pub(crate) issuer: Option<AccountId>,
    pub(crate) constraints: Constraints,
    pub(crate) location: Location,
    /// Whom it names, as written.
    pub(crate) names: Vec<String>,
}

impl Grant {
    /// The accounts, besides the key's, whose members may retire it (S4.9.8): the one that issued it, and one that is
    /// its retiring principal.
    pub(crate) fn retired_by(&self) -> (Option<AccountId>, Option<AccountId>) {
        let retiring = match self.retiring {
            Party::Account(account) => Some(account),
            _ => None,
        };
        (self.issuer, retiring)
    }
}

/// Whom a grant names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Party {
    /// Nobody, or somebody who no longer exists (S4.9.2).
    #[default]
    Nobody,
    /// A user, session or federated user, by ARN.
    Named(String),
    /// A role, by ARN.
    Role(String),
    /// An account root.
    Account(AccountId),
    /// A service principal.
    Service(String),
}

/// A VPC endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) vpc: Option<String>,
    pub(crate) account: String,
    /// `None`: the default policy.
    pub(crate) policy: Option<PolicyId>,
    /// Where it is written.
    pub(crate) text: Option<Arc<NamedPolicy>>,
}

impl Default for AccountId {
    fn default() -> Self {
        AccountId(u32::MAX)
    }
}

impl Default for KeyId {
    fn default() -> Self {
        KeyId(u32::MAX)
    }
}

impl Key {
    /// The operations that no key of its usage, spec and origin can perform (S5.5.2); what is not known rules out none.
    pub(crate) fn find_cannot(&self) -> ActionSet {
        let multi_region = match (self.multi_region, self.multi_region_type.as_deref()) {
            (Some(false), _) => Some(MultiRegionType::Single),
            (_, Some("PRIMARY")) => Some(MultiRegionType::Primary),
            (_, Some("REPLICA")) => Some(MultiRegionType::Replica),
            (Some(true), _) => Some(MultiRegionType::Member),
            (None, _) => None,
        };
        let (spec, usage, origin) = (
            self.spec.as_deref(),
            self.usage.as_deref(),
            self.origin.as_deref(),
        );
        let cannot = |action: &Action| action.usable_with(spec, usage, origin, multi_region) == Some(false);
        Action::all().filter(cannot).collect()
    }

    /// The partition in its ARN; what stands for no resource is in none.
    pub(crate) fn partition(&self) -> Option<&str> {
        self.arn.strip_prefix("arn:")?.split(':').next()
    }
}

impl World {
    /// An account of the table.
    pub(crate) fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.index())
    }

    /// The account that an entry of a principal element stands for, if anything names it (S2.2.3).
    pub(crate) fn account_named(&self, text: Option<&AccountText>) -> Option<AccountId> {
        self.account_ids.get(&text?.account).copied()
    }

    /// Whether an account belongs to the organization; one that nothing names is outside if the list is complete.
    pub(crate) fn membership(&self, id: Option<AccountId>) -> Membership {
        match id.and_then(|id| self.account(id)) {
            Some(account) => account.membership,
            None if self
                .organization
                .as_ref()
                .is_some_and(|organization| organization.complete) =>
            {
                Membership::Outside
            }
            None => Membership::Unknown,
        }
    }

    /// A principal of the table.
    pub(crate) fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        let gone = !self.gone.is_empty() && self.gone.contains(&id);
        self.principals.get(id.index()).filter(|_| !gone)
    }

    /// All principals, with their ids.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (PrincipalId, &Principal)> {
        let ids = (0..self.principals.len()).map(PrincipalId::at);
        ids.filter_map(|id| Some((id, self.principal(id)?)))
    }

    /// A key of the table.
    pub(crate) fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.get(id.index())
    }

    /// A policy of the table.
    pub(crate) fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.index())
    }

    /// A statement of the table.
    pub(crate) fn statement(&self, id: StatementId) -> Option<&Statement> {
        self.statements.get(id.index())
    }

    /// The statements of some policies.
    pub(crate) fn statements_of<'a>(
        &'a self,
        policies: impl IntoIterator<Item = &'a PolicyId, IntoIter: 'a>,
    ) -> impl Iterator<Item = (StatementId, &'a Statement)> {
        let policies = policies.into_iter().filter_map(|&id| self.policy(id));
        let statements = policies.flat_map(|policy| &policy.statements);
        statements.filter_map(|&id| Some((id, self.statement(id)?)))
    }

    /// What is attached on the path of an account, from the root of the organization down.
    pub(crate) fn levels_of(&self, account: AccountId) -> impl Iterator<Item = &Level> {
        let levels = self
            .account(account)
            .into_iter()
            .flat_map(|account| &account.levels);
        levels.filter_map(|level| self.levels.get(level.index()))
    }

    /// A grant of the table.
    pub(crate) fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.get(id.index())
    }

    /// Id of the account of a principal as text; empty for services.
    pub(crate) fn account_of<'a>(&'a self, principal: &'a Principal) -> &'a str {
        principal
            .account
            .and_then(|id| self.account(id))
            .map(|account| account.id.as_str())
            // An account that nothing in the snapshot names.
            .or_else(|| crate::arn::account_of(&principal.arn))
            .unwrap_or_default()
    }
}
