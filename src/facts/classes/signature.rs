//! What principals, and keys, have in common when they are alike.

use super::what_tells::{Asked, Sign, Telling};
use super::{Among, Partition};
use crate::facts::id::{AccountId, GrantId, KeyId, PolicyId, PrincipalId, StatementId};
use crate::facts::lower::retirable;
use crate::facts::world::{Kind, Party, Resource, World};
use ahash::AHashMap;

/// What a user or role carries; class and name aside, policies see nothing else of it.
#[derive(PartialEq, Eq, Hash)]
struct Carried<'a> {
    /// The class that is divided, if one is.
    within: Option<PrincipalId>,
    kind: Kind,
    account: Option<AccountId>,
    partition: &'a str,
    statements: Vec<StatementId>,
    boundary: Option<PolicyId>,
    service_linked: bool,
    open_tags: bool,
    providers: &'a [String],
}

/// Classes of principals, or within given classes.
pub(super) fn principals(
    world: &World,
    among: &Among,
    telling: &Telling<'_>,
    within: Option<&Partition<PrincipalId>>,
) -> Partition<PrincipalId> {
    let mut kinds: AHashMap<Carried<'_>, (usize, Asked)> = AHashMap::new();
    let mut classes: AHashMap<(usize, Vec<Sign>), PrincipalId> = AHashMap::new();
    Partition::of(world.principals.len(), &among.principals, |own| {
        let Some(principal) = world.principal(own) else {
            return own;
        };
        // What is known of the others are their names; they are few.
        let by_class = matches!(principal.kind, Kind::User | Kind::Role) && !principal.iam_unknown;
        let statements = telling.counting(&principal.policies);
        if !by_class || within.is_some() && statements.is_empty() {
            return own;
        }
        let carried = Carried {
            within: within.map(|within| within.first(own)),
            kind: principal.kind,
            account: principal.account,
            partition: &principal.partition,
            statements,
            boundary: principal.boundary,
            service_linked: principal.service_linked,
            open_tags: principal.open_tags,
            providers: &principal.providers,
        };
        let next = kinds.len();
        let (kind, asked) = kinds
            .entry(carried)
            .or_insert_with(|| (next, telling.asked_of(principal)));
        let signs = telling.signs(principal, asked);
        *classes.entry((*kind, signs)).or_insert(own)
    })
}

/// What is always looked at of a key.
#[derive(PartialEq, Eq, Hash)]
struct Made<'a> {
    /// The class that is divided, if one is.
    within: Option<KeyId>,
    account: AccountId,
    partition: Option<&'a str>,
    region: &'a str,
    aws_managed: bool,
    spec: Option<&'a str>,
    usage: Option<&'a str>,
    origin: Option<&'a str>,
    multi_region: (Option<bool>, Option<&'a str>),
    known: (bool, bool),
    statements: Vec<StatementId>,
    retired_by: Vec<RetiredBy>,
}

type RetiredBy = (Option<AccountId>, Option<AccountId>);

/// Classes of keys, or within given classes.
pub(super) fn keys(
    world: &World,
    among: &Among,
    telling: &Telling<'_>,
    within: Option<&Partition<KeyId>>,
    with_grants: bool,
) -> Partition<KeyId> {
    let mut classes: AHashMap<(Made<'_>, Vec<Sign>), KeyId> = AHashMap::new();
    let to_accounts = |id: &GrantId| {
        let grant = world.grant(*id);
        grant.is_some_and(|grant| matches!(grant.grantee, Party::Account(_)))
    };
    Partition::of(world.keys.len(), &among.keys, |own| {
        let Some(key) = world.key(own) else {
            return own;
        };
        let alone = key.kind != Resource::Key || with_grants && key.grants.iter().any(to_accounts);
        if alone {
            return own;
        }
        let mut retired_by: Vec<RetiredBy> = Vec::new();
        if with_grants {
            retired_by.extend(retirable(world, key).map(|(_, grant)| grant.retired_by()));
            retired_by.sort_unstable();
        }
        let made = Made {
            within: within.map(|within| within.first(own)),
            account: key.account,
            partition: key.partition(),
            region: &key.region,
            aws_managed: key.aws_managed,
            spec: key.spec.as_deref(),
            usage: key.usage.as_deref(),
            origin: key.origin.as_deref(),
            multi_region: (key.multi_region, key.multi_region_type.as_deref()),
            known: (key.aliases_known, key.tags_known),
            statements: telling.counting(&key.policies),
            retired_by,
        };
        *classes.entry((made, telling.signs_of_key(key))).or_insert(own)
    })
}
