//! The contract with the rules of findings: what they look at, one sentence each.
//!
//! A *holder* stands for all principals that have the same access to one key and are the same kind of principal there.

use super::id::{AccountId, GrantId, KeyId, Mask, PrincipalId, StatementId};
use crate::diag::Code;
use crate::policy::document::Effect;

/// All who have the same access to one key; counted anew for each run of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct HolderId(pub(crate) u32);

/// A text that a finding repeats; counted anew for each run of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NoteId(pub(crate) u32);

/// Whether something is so, or may be (S0.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Sure {
    /// It is so for every request, or a text says it.
    Certain,
    /// It depends on a condition, or on what is not known.
    Perhaps,
}

/// Where somebody stands, seen from a key (S8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// In the account of the key.
    Own,
    /// In another account of the trust zone: of the organization, or trusted by name.
    Inside,
    /// In an account that is not of the trust zone.
    Outside,
    /// Nobody knows whether the account is of the organization.
    Unknown,
    /// In no customer's account: an AWS service.
    Aws,
}

/// What kind of principal a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum HolderKind {
    /// A root user.
    Root,
    /// Users, roles, and sessions of either.
    Person,
    /// Service-linked roles, and sessions that AWS makes for its services.
    ServiceLinked,
    /// An AWS service that calls for itself.
    Service,
    /// Any principal of an account whose IAM is not known.
    Account,
    /// Any principal of any account.
    Anyone,
}

/// Who a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Who {
    pub(crate) kind: HolderKind,
    pub(crate) standing: Standing,
    /// [`AccountId::OTHER`] for services and for anyone.
    pub(crate) account: AccountId,
    /// Declared an administrator; where nobody is, one that IAM lets do everything.
    pub(crate) administrator: bool,
}

impl Who {
    /// Whether it is, or may be, outside of the trust zone (S8.1).
    pub(crate) fn is_outsider(self) -> bool {
        matches!(self.standing, Standing::Outside | Standing::Unknown)
    }

    /// Whether it is a user or a role that somebody can act as.
    pub(crate) fn is_person(self) -> bool {
        matches!(self.kind, HolderKind::Person | HolderKind::Account)
    }
}

/// Principals of one account with the same IAM policies (A45).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StandId(pub(crate) u32);

/// Principals of one account that the same steps lead to and from (A45).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PostId(pub(crate) u32);

/// Why a key cannot be used (S7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Rest {
    /// It is disabled.
    Disabled,
    /// It waits for its deletion.
    PendingDeletion,
}

/// A kind of gap in the snapshot (A40).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GapId(pub(crate) u32);

/// Whom the principal element of a statement names (S2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Whom {
    /// Everyone.
    Anyone,
    /// An account (S2.2.3).
    Account(AccountId),
    /// A user, role or session of an account, by its ARN; whether or not it exists.
    Member(AccountId),
    /// An AWS service.
    Service,
    /// Everyone but those listed (S2.2.17, S2.2.19).
    NotListed,
    /// Nobody knows (S2.1.10).
    Unknown,
}

/// Where a statement mentions somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Mention {
    /// In its principal element.
    Principal,
    /// In a condition on `aws:PrincipalArn`.
    Condition,
}

/// What a condition tests, as far as findings tell it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Tested {
    /// `kms:CallerAccount`, `aws:PrincipalAccount`.
    CallerAccount,
    /// `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`.
    CallerOrganization,
    /// `aws:PrincipalArn`, `aws:userid`.
    CallerArn,
    /// Another key that the caller alone decides.
    Caller,
    /// `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName` and its list.
    CallerIsService,
    /// `aws:ViaAWSService`, `aws:CalledVia` and its kin.
    ThroughService,
    /// `kms:ViaService`.
    ViaService,
    /// `aws:SourceAccount`.
    SourceAccount,
    /// `aws:SourceArn`.
    SourceArn,
    /// `aws:SourceOrgID`, `aws:SourceOrgPaths`.
    SourceOrganization,
    /// `aws:SourceVpce`, `aws:VpceOrgID`, `aws:VpceOrgPaths`, `aws:VpceAccount`.
    Endpoint,
    /// `aws:SourceVpc`, `aws:SourceIp`, `aws:VpcSourceIp`.
    Network,
    /// `aws:UserAgent`, `aws:referer`: what a client says of itself.
    Forgeable,
    /// A pair of the encryption context that names an account, by its id or in an ARN.
    ContextOfAccount,
    /// `kms:EncryptionContext:*` otherwise, `kms:EncryptionContextKeys`.
    EncryptionContext,
    /// `aws:ResourceTag/*`.
    ResourceTag,
    /// `kms:ResourceAliases`.
    ResourceAliases,
    /// `aws:ResourceAccount`, `aws:ResourceOrgID`, `aws:ResourceOrgPaths`.
    ResourceOrganization,
    /// `kms:BypassPolicyLockoutSafetyCheck`.
    LockoutBypass,
    /// `kms:GrantIsForAWSResource`.
    GrantForService,
    /// `kms:GranteePrincipal`, `kms:GranteeServicePrincipal`.
    Grantee,
    /// `kms:GrantOperations`.
    GrantOperations,
    /// `kms:TrailingDaysWithoutKeyUsage`, `kms:ScheduleKeyDeletionPendingWindowInDays`.
    DeletionGuard,
    /// Anything else.
    Other,
}

/// How a condition tests it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Manner {
    /// The key must be there, with one of some values without wildcards or variables; of ARNs, with a fixed account.
    Fixed,
    /// The key must be there, with a value that fits a pattern.
    Wildcard,
    /// The key must be there, with a value that depends on the request.
    Variable,
    /// By an ordering, or in another way that is none of the others.
    Compared,
    /// By a negated operator: an absent key passes (S2.5.4).
    Negated,
    /// With `IfExists`: an absent key passes.
    IfExists,
    /// With `ForAllValues`: an absent key passes (S2.5.6).
    ForAllValues,
    /// The key must be absent.
    MustBeAbsent,
    /// The key must be there.
    MustBePresent,
}

/// What the organization sets above accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Guardrail {
    /// A service control policy: it binds principals (S4.7.2).
    Scp,
    /// A resource control policy: it binds whoever uses a key (S4.7.3).
    Rcp,
}

/// What a grant's grantee is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum GranteeSort {
    /// An AWS service, or a role or session that AWS makes for one.
    Service,
    /// A user, role or session.
    Principal,
    /// A whole account (S4.9.2).
    Account,
    /// Somebody who no longer exists (S4.9.2).
    Orphan,
}

macro_rules! relations {
    ($($(#[$doc:meta])* $name:ident: ($($column:ty),+),)*) => {
        /// What the rules of findings look at.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct AuditFacts {
            $($(#[$doc])* pub(crate) $name: Vec<($($column,)+)>,)*
        }
    };
}

relations! {
    // Keys: one of each sort, as far as access and policies go
    /// Key belongs to account.
    key_in: (KeyId, AccountId),
    /// Key is customer managed: whoever reads the report can do something about it.
    customer_key: (KeyId),
    /// Operations that key can perform (S5.5.2).
    performs: (KeyId, Mask),
    /// The key policy opens the account gate of key for actions (S4.3.1).
    gate: (KeyId, Mask, Sure),
    // Access
    /// Holder may do some actions on key for certain, and these and others perhaps.
    may: (KeyId, HolderId, Who, Mask, Mask),
    /// Actions on key that somebody may do only by something that is not in the snapshot (A40).
    unknown: (KeyId, Mask),
    /// Holder is so many principals; a whole account counts as several.
    counted: (HolderId, usize),
    /// Holder may create grants on key for whomever and whatever it likes: no test of the grant limits all its ways to.
    grants_freely: (KeyId, HolderId, Sure),
    /// Of what holder may do on key, some by identity policies, which the account gate lets decide (S4.5.1).
    by_iam: (KeyId, HolderId, Mask),
    /// A statement of the policy of key lets a service that calls for itself do actions, if its conditions hold.
    serves: (KeyId, HolderId, StatementId, Mask),
    /// A statement of the policy of key lets principals of other accounts do actions whom nothing there names, denies
    /// aside: it is open to anyone.
    opens: (KeyId, StatementId, Mask),
    /// Actions that a deny of statement certainly takes from holder on key, among those that rules ask for.
    denied: (KeyId, HolderId, StatementId, Mask),
    // Statements
    /// Statement stands in the policy of key and is about actions there.
    key_says: (KeyId, StatementId, Effect, Mask),
    /// Statement stands in identity policies, inline or managed by the customer, and is about actions on keys.
    identity_says: (StatementId, Effect, Mask),
    /// Statement stands in guardrails of a sort, and is about actions of KMS.
    guardrail_says: (StatementId, Guardrail, Effect, Mask),
    /// Statement of an identity policy names key, for actions that the key policy has a say in.
    names_key: (StatementId, KeyId, Mask),
    /// Statement of a key policy names a user or role, who is an administrator or not.
    names_principal: (StatementId, PrincipalId, bool),
    /// Principal, whom some policy names, may do some actions on key for certain, and these and others perhaps.
    named_may: (KeyId, PrincipalId, Mask, Mask),
    /// Statement stands in the policy that AWS RAM adds to key (S2.1.8).
    shared_by_ram: (KeyId, StatementId),
    /// Statement stands in inline policies.
    inline: (StatementId),
    /// Statement stands in managed policies of the customer.
    managed: (StatementId),
    /// Statement of a guardrail that binds account denies actions.
    guardrail_denies: (AccountId, Guardrail, StatementId, Mask),
    /// Statement names whom in its principal element.
    names: (StatementId, Whom),
    /// Statement tests something in a manner.
    tests: (StatementId, Tested, Manner),
    /// Statement, in the policy of key, tests the caller's account by fixed values, of which the key's own is one.
    admits_own: (KeyId, StatementId),
    /// Statement has no condition.
    unconditional: (StatementId),
    /// The resource element of statement covers all keys of all accounts and Regions.
    on_all_keys: (StatementId),
    /// A condition of statement by ForAllValues passes without its key for actions, as far as no other one asks for it.
    absent_passes: (StatementId, Mask),
    /// Statement names a user or role that no longer exists (S2.2.11, S2.2.13): in its principal element, or in a
    /// condition, where a new one of that name is as good.
    orphan: (StatementId, Mention, NoteId),
    /// What the lint of policies remarks on statement, as it stands in the policy of key if it stands in one.
    remarked: (Option<KeyId>, StatementId, Effect, Code, NoteId),
    // Accounts
    /// Account is a member of an organization with RCPs, so that RCPs bind its keys (S4.7.3).
    rcp_member: (AccountId),
    // Grants
    /// Grant on key lists operations.
    grant: (KeyId, GrantId, Mask),
    /// The grantee of grant is of a sort, and of an account that stands there.
    grantee: (GrantId, GranteeSort, Standing),
    /// Grant has a constraint.
    constrained: (GrantId),
    /// Grant names somebody who may retire it.
    has_retiring: (GrantId),
    /// The retiring principal of grant no longer exists.
    retiring_orphan: (GrantId),
    /// Two grants say the same.
    same_grant: (GrantId, GrantId),
    /// Of the operations of grant, those that its grantee can do for certain, and those that it can do perhaps.
    grantee_may: (GrantId, Mask, Mask),
    // Tags, aliases and takeovers
    /// Statement tests tags or aliases; if those of key changed, it would let somebody do actions who cannot now.
    would_hold: (KeyId, StatementId, Mask, Sure),
    /// Somebody of post may do some actions on key for certain, and these and others perhaps.
    post_may: (KeyId, PostId, Mask, Mask),
    /// Those of post belong to a stand: those of one account with the same IAM policies.
    stands: (PostId, StandId),
    /// Whoever belongs to stand can act as each of post, roles.
    takes: (StandId, PostId, Sure),
    /// The one principal of the first post can act as the one of the second, whose trust policy names it.
    becomes: (PostId, PostId, Sure),
    /// Those of post can give themselves IAM policies in account.
    rewrites: (PostId, AccountId, Sure),
    // Keys, one by one
    /// Key cannot be used for now.
    rests: (KeyId, Rest),
    /// Key was last used so many days ago.
    used: (KeyId, i64),
    /// Key has an alias or a grant.
    attached: (KeyId),
    /// Automatic rotation of key is off.
    rotation_off: (KeyId),
    /// Key is a replica whose primary is in the snapshot; they rotate together (S7.2).
    replica: (KeyId),
    /// The other key has the same key material as key, and holder may decrypt with that one, not with this one.
    decrypts_with: (KeyId, KeyId, HolderId, Who, Sure),
    /// Something of one kind is missing in the snapshot.
    gap: (GapId),
    // Principals
    /// Holder holds an identity statement, by which it may do actions as far as no guardrail, boundary or deny of its own
    /// takes them from it whatever the request.
    holds: (StatementId, HolderId, Who, Mask),
}
