//! What the rules of findings need of a whole snapshot: gathered once for all keys.

use super::access::is_of_aws;
use super::conditions::tests;
use super::tags::{self, Tagging};
use super::takeover::Takeovers;
use crate::condition::block::PreparedCondition;
use crate::engine::Engine;
use crate::facts::audited::{HolderKind, PostId, Tested};
use crate::facts::id::{AccountId, PrincipalId};
use crate::facts::world::{Kind, Principal};
use crate::model::key::Key;
use crate::model::snapshot::Snapshot;
use ahash::{AHashMap, AHashSet};

/// What is looked at of a whole snapshot.
pub(in crate::audit) struct Premises<'e> {
    /// Keys as they were printed, by ARN.
    pub(in crate::audit) printed: AHashMap<&'e str, &'e Key>,
    /// Statements that test tags or aliases of keys, by the account of those for whom they hold.
    pub(super) tagging: AHashMap<AccountId, Vec<Tagging>>,
    /// Who can act as whom by IAM.
    pub(in crate::audit) takeovers: Takeovers,
    /// What is looked at of each principal, in the order of their ids.
    each: Vec<OfPrincipal>,
}

/// What is looked at of a principal, whatever the key.
#[derive(Clone, Copy)]
pub(super) struct OfPrincipal {
    pub(super) kind: HolderKind,
    /// Its account; services have none.
    pub(super) account: Option<AccountId>,
    /// Declared an administrator; where nobody is, one that IAM lets do everything.
    pub(super) administrator: bool,
    /// Whether its access to each key is asked for by itself: a statement that tests tags holds for it.
    pub(super) watched: bool,
    pub(super) post: Option<PostId>,
    /// Whether a step leads from it to others.
    pub(super) moves: bool,
}

impl<'e> Premises<'e> {
    /// Looks at a snapshot and what was compiled from it.
    pub(in crate::audit) fn of(
        engine: &'e Engine,
        snapshot: &'e Snapshot,
        administrators: &AHashSet<PrincipalId>,
    ) -> Self {
        let keys = snapshot.keys.iter();
        let (tagging, takeovers) = rayon::join(
            || tags::by_account(&engine.world),
            || Takeovers::of(&engine.world, snapshot),
        );
        let mut each: Vec<OfPrincipal> = engine.world.principals.iter().map(OfPrincipal::new).collect();
        let mut set = |id: PrincipalId, set: &dyn Fn(&mut OfPrincipal)| {
            each.get_mut(id.index()).into_iter().for_each(set);
        };
        for &id in administrators {
            set(id, &|one| one.administrator = true);
        }
        for id in tags::holders(&tagging) {
            set(id, &|one| one.watched = true);
        }
        for (post, members, moves) in takeovers.members() {
            for &id in members {
                set(id, &|one| (one.post, one.moves) = (Some(post), moves));
            }
        }
        Premises {
            tagging,
            takeovers,
            each,
            printed: keys.map(|key| (key.arn.as_str(), key)).collect(),
        }
    }

    /// What is looked at of a principal of the world.
    pub(super) fn of_principal(&self, id: PrincipalId) -> Option<&OfPrincipal> {
        self.each.get(id.index())
    }

    /// Whether somebody is an administrator.
    pub(super) fn is_administrator(&self, id: PrincipalId) -> bool {
        self.of_principal(id).is_some_and(|one| one.administrator)
    }
}

impl OfPrincipal {
    fn new(principal: &Principal) -> Self {
        OfPrincipal {
            kind: match principal.kind {
                Kind::Root => HolderKind::Root,
                Kind::Service => HolderKind::Service,
                Kind::Account => HolderKind::Account,
                Kind::Anyone => HolderKind::Anyone,
                _ if is_of_aws(principal) => HolderKind::ServiceLinked,
                Kind::User | Kind::Role | Kind::Session | Kind::Federated => HolderKind::Person,
            },
            account: principal.account,
            administrator: false,
            watched: false,
            post: None,
            moves: false,
        }
    }
}

/// Whether a condition tests tags or aliases of a key.
pub(super) fn is_about_tags(condition: &PreparedCondition) -> bool {
    matches!(tests(condition).0, Tested::ResourceTag | Tested::ResourceAliases)
}
