//! Typed ids: what the rules see instead of names. Swapping two columns is a compile error.

use crate::model::action::ActionSet;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) u32);

        impl $name {
            /// The id for a position in a table.
            pub(crate) fn at(position: usize) -> Self {
                $name(u32::try_from(position).unwrap_or(u32::MAX))
            }

            /// The position in a table.
            pub(crate) fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A principal: one caller, or all that nothing in the snapshot can tell apart.
    PrincipalId,
    /// An account.
    AccountId,
    /// A key, or what stands for the resource of requests without a key.
    KeyId,
    /// A statement of a policy.
    StatementId,
    /// A policy document.
    PolicyId,
    /// A grant.
    GrantId,
    /// A root, OU or account as a level of SCPs and RCPs.
    LevelId,
}

impl AccountId {
    /// That of principals whose account is none of the snapshot's.
    pub(crate) const OTHER: AccountId = AccountId(u32::MAX - 1);
}

/// The part of a condition block that the principal alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TestId(pub(crate) u32);

impl TestId {
    /// The id for a position in a table.
    pub(crate) fn at(position: usize) -> Self {
        TestId(u32::try_from(position).unwrap_or(u32::MAX))
    }

    /// The position in a table.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// How the principal element of a statement matches a principal (S2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum MatchKind {
    /// The user's own ARN or id (S2.2.4).
    User,
    /// The role, for any of its sessions (S2.2.5).
    Role,
    /// The session itself (S2.2.6, S2.2.7).
    Session,
    /// The user that made the federated session (S2.2.4).
    UserOfSession,
    /// The service principal (S2.2.8).
    Service,
    /// The provider of the session (S2.2.9).
    Federated,
    /// The account, as its root user (S2.2.3).
    Root,
    /// The account, as one of its other principals (S2.2.3).
    Account,
    /// Everyone (S2.2.1, S2.2.2).
    Anyone,
    /// Everyone, under a condition on `aws:PrincipalArn` (S4.4.5).
    AnyoneByArn,
}

/// How the grantee principal of a grant matches (S4.9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum GranteeKind {
    /// A user, or one session.
    Named,
    /// A role, for any of its sessions.
    Role,
    /// A service principal.
    Service,
}

/// What a path or limit rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Basis {
    /// Nothing written: a right that comes with being who one is.
    Nothing,
    /// A statement.
    Statement(StatementId),
    /// A grant.
    Grant(GrantId),
}

/// The way a permission reaches a principal. Each variant cites the rule that derives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Route {
    /// S4.4.1
    User,
    /// S4.4.2
    Role,
    /// S4.4.3
    Session,
    /// S4.4.4
    UserOfSession,
    /// S4.4.5
    AnyoneByArn,
    /// S4.4.6
    Anyone,
    /// S4.4.7
    Root,
    /// S4.4.9
    Federated,
    /// S4.5.1
    Delegated,
    /// S4.6.1
    CrossAccount,
    /// S4.6.2
    CrossAccountRoot,
    /// S4.11.1
    Service,
    /// S4.10.1
    IamOnly,
    /// S4.10.1
    IamOnlyRoot,
    /// S4.9.3
    Grant,
    /// S4.9.3 with S4.9.6
    GrantToRole,
    /// S4.9.2
    GrantToAccount,
    /// S4.9.5
    GrantUntrusted,
    /// S4.9.8 (a)
    RetiringPrincipal,
    /// S4.9.8 (b)
    RetiringGrantee,
    /// S4.9.8 (b) with S4.9.2
    RetiringGranteeMember,
    /// S4.9.8 (c)
    RetiringRoot,
    /// S4.9.8 (d)
    RetiringByIdentity,
}

/// A kind of policy that limits or denies, as a layer of the decision (S4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// Key policy.
    KeyPolicy,
    /// Resource control policies.
    Rcp,
    /// Service control policies.
    Scp,
    /// VPC endpoint policy.
    Endpoint,
    /// Identity policies.
    Identity,
    /// Permissions boundary.
    Boundary,
    /// Session policies.
    Session,
}

/// A part of a statement or grant that a request meets or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Element {
    /// Effect: whether a statement that is not understood allows.
    Effect,
    /// Principal or NotPrincipal.
    Principal,
    /// Action or NotAction.
    Action,
    /// Resource or NotResource.
    Resource,
    /// One operator on one key of the condition block, by position.
    Condition(u32),
    /// Whom a grant is for.
    Grantee,
    /// What a grant is for.
    Operations,
    /// Under which constraints a grant is.
    Constraints,
}

/// How a key policy statement that names the caller counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Voice {
    /// It allows by itself.
    Direct,
    /// It lets identity policies decide.
    Gate,
    /// It is one of two sides, the identity policies of the caller's account being the other.
    Half,
}

/// Why a layer has no say about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Exemption {
    /// The caller is a service-linked role.
    ServiceLinked,
    /// The caller is an AWS service that calls for itself.
    Service,
    /// The caller is a root user.
    RootUser,
    /// The account is no member account of an organization that has such policies.
    NoMember,
    /// The key is managed by AWS.
    AwsManaged,
    /// The request names no key.
    NoKey,
    /// The request retires a grant.
    Retiring,
    /// There is no such policy.
    NoPolicy,
}

/// Actions of a relation's row.
pub(crate) type Mask = ActionSet;
