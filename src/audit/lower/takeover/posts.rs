//! Steps between principals -> steps between posts: the principals of one account for whom they are the same.

use crate::facts::audited::{PostId, StandId, Sure};
use crate::facts::id::{AccountId, PrincipalId};
use crate::facts::world::World;
use ahash::AHashMap;
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// Steps between principals.
#[derive(Default)]
pub(super) struct Found {
    /// The account of each stand.
    pub(super) accounts: Vec<AccountId>,
    pub(super) stands: Vec<(PrincipalId, StandId)>,
    pub(super) takes: Vec<(StandId, PrincipalId, Sure)>,
    pub(super) becomes: Vec<(PrincipalId, PrincipalId, Sure)>,
    pub(super) rewrites: Vec<(PrincipalId, Sure)>,
}

/// Steps that lead to posts of one account, and where those of it stand.
#[derive(Default)]
pub(super) struct Steps {
    pub(super) stands: Vec<(PostId, StandId)>,
    pub(super) takes: Vec<(StandId, PostId, Sure)>,
    pub(super) becomes: Vec<(PostId, PostId, Sure)>,
    pub(super) rewrites: Vec<(PostId, AccountId, Sure)>,
    /// The accounts that they lead from.
    pub(super) from: BTreeSet<AccountId>,
}

/// The principals for whom steps are the same.
pub(super) struct Post {
    pub(super) account: AccountId,
    pub(super) members: Vec<PrincipalId>,
    /// Whether a step leads from them, so that they may come to what they do not have.
    pub(super) moves: bool,
}

/// What steps lead to somebody, and from it.
#[derive(Default, PartialEq, Eq, Hash)]
struct Place {
    stand: Option<StandId>,
    taken: SmallVec<[(StandId, Sure); 4]>,
    rewrites: Option<Sure>,
    /// Whoever a trust policy names, or has one that names somebody, is like nobody else.
    alone: Option<PrincipalId>,
}

/// All posts with the steps between them, by the account that these lead to.
pub(super) fn of(world: &World, found: &Found) -> (Vec<Post>, AHashMap<AccountId, Steps>) {
    let mut places: BTreeMap<PrincipalId, Place> = BTreeMap::new();
    for &(id, stand) in &found.stands {
        places.entry(id).or_default().stand = Some(stand);
    }
    for &(stand, id, sure) in &found.takes {
        places.entry(id).or_default().taken.push((stand, sure));
    }
    for &(id, sure) in &found.rewrites {
        places.entry(id).or_default().rewrites = Some(sure);
    }
    for id in found.becomes.iter().flat_map(|&(one, other, _)| [one, other]) {
        places.entry(id).or_default().alone = Some(id);
    }
    let mut posts: Vec<Post> = Vec::new();
    let mut known: AHashMap<(AccountId, Place), PostId> = AHashMap::new();
    let mut steps: AHashMap<AccountId, Steps> = AHashMap::new();
    let mut alone: AHashMap<PrincipalId, PostId> = AHashMap::new();
    for (id, place) in places {
        let Some(account) = world.principal(id).and_then(|one| one.account) else {
            continue;
        };
        let next = PostId(u32::try_from(posts.len()).unwrap_or(u32::MAX));
        let moves = place.stand.is_some() || place.rewrites.is_some() || place.alone.is_some();
        alone.extend(place.alone.map(|id| (id, next)));
        let post = *known.entry((account, place)).or_insert_with_key(|(_, place)| {
            steps.entry(account).or_default().add(next, account, place, found);
            posts.push(Post {
                account,
                members: Vec::new(),
                moves,
            });
            next
        });
        if let Some(post) = posts.get_mut(post.0 as usize) {
            post.members.push(id);
        }
    }
    for &(one, other, sure) in &found.becomes {
        if let (Some(&one), Some(&other)) = (alone.get(&one), alone.get(&other)) {
            let account = |post: PostId| posts.get(post.0 as usize).map(|post| post.account);
            let (from, into) = (account(one), account(other));
            let steps = steps.entry(into.unwrap_or(AccountId::OTHER)).or_default();
            steps.becomes.push((one, other, sure));
            steps.from.extend(from);
        }
    }
    (posts, steps)
}

impl Steps {
    fn add(&mut self, post: PostId, account: AccountId, place: &Place, found: &Found) {
        self.stands.extend(place.stand.map(|stand| (post, stand)));
        self.rewrites
            .extend(place.rewrites.map(|sure| (post, account, sure)));
        for &(stand, sure) in &place.taken {
            self.takes.push((stand, post, sure));
            self.from.extend(found.accounts.get(stand.0 as usize));
        }
    }
}
