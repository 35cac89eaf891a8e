//! IAM policies and trust policies -> who can act as whom (A45).
//!
//! Principals with the same policies stand together, so that each statement is held against each role once and not for
//! everybody who holds it.

mod posts;
mod powers;
mod trust;

use super::Audited;
use crate::facts::audited::{PostId, StandId, Sure};
use crate::facts::id::{AccountId, KeyId, PrincipalId, StatementId};
use crate::facts::world::{Kind, Principal, World};
use crate::model::action::ActionSet;
use crate::model::principal::Account;
use crate::model::snapshot::Snapshot;
use ahash::AHashMap;
use posts::{Found, Post, Steps};
use powers::{Lever, Read, Texts};
use std::collections::BTreeSet;
use trust::Trusts;

/// Who can act as whom.
#[derive(Default)]
pub(in crate::audit) struct Takeovers {
    posts: Vec<Post>,
    /// By the account that they lead to.
    steps: AHashMap<AccountId, Steps>,
    /// By which statements of its own somebody can.
    because: AHashMap<PrincipalId, Vec<StatementId>>,
}

/// What principals of one account have in common that stand together: their texts, and their boundary.
type Common = (AccountId, Vec<usize>);

impl Takeovers {
    /// Reads the policies of all users and roles.
    pub(super) fn of(world: &World, snapshot: &Snapshot) -> Self {
        let mut read = Read::default();
        let mut stands: AHashMap<Common, (Texts, Vec<PrincipalId>)> = AHashMap::new();
        let mut seeking = Seeking {
            world,
            trusts: Trusts::of(world, snapshot),
            found: Found::default(),
            because: AHashMap::new(),
        };
        for (id, principal) in world.listed() {
            let counts = matches!(principal.kind, Kind::User | Kind::Role) && !principal.service_linked;
            let Some(account) = principal.account.filter(|_| counts) else {
                continue;
            };
            let texts = read.texts(principal);
            if texts.pull(Lever::ALL) {
                let common = (account, texts.addresses());
                let stand = stands.entry(common).or_insert_with(|| (texts, Vec::new()));
                stand.1.push(id);
            }
        }
        let mut stands: Vec<(Common, (Texts, Vec<PrincipalId>))> = stands.into_iter().collect();
        stands.sort_unstable_by(|(_, (_, a)), (_, (_, b))| a.cmp(b));
        for (number, ((account, _), (texts, members))) in (0..).zip(&stands) {
            seeking.stand(StandId(number), *account, texts, members);
            let of = world
                .account(*account)
                .and_then(|one| snapshot.accounts.get(&one.id));
            for &member in members {
                if let (Some(principal), Some(of)) = (world.principal(member), of) {
                    seeking.own(member, principal, texts, of);
                }
            }
        }
        for (role, named, sure) in seeking.trusts.named(world) {
            seeking.named(&mut read, role, named, sure);
        }
        let (posts, steps) = posts::of(world, &seeking.found);
        Takeovers {
            posts,
            steps,
            because: seeking.because,
        }
    }

    /// Everybody for whom there are steps, by the post, and whether one leads from it.
    pub(super) fn members(&self) -> impl Iterator<Item = (PostId, &[PrincipalId], bool)> {
        let posts = (0..).map(PostId).zip(&self.posts);
        posts.map(|(id, post)| (id, post.members.as_slice(), post.moves))
    }

    /// The accounts whose principals can come, step by step, to be somebody of some accounts; these among them.
    fn leading_to(&self, accounts: impl Iterator<Item = AccountId>) -> BTreeSet<AccountId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<AccountId> = accounts.collect();
        while let Some(account) = open.pop() {
            if found.insert(account) {
                open.extend(self.steps.get(&account).into_iter().flat_map(|steps| &steps.from));
            }
        }
        found
    }

    /// The statements by which somebody can.
    pub(in crate::audit) fn because(&self, id: PrincipalId) -> impl Iterator<Item = StatementId> {
        self.because.get(&id).into_iter().flatten().copied()
    }
}

/// On the way through all policies.
struct Seeking<'a> {
    world: &'a World,
    trusts: Trusts,
    found: Found,
    because: AHashMap<PrincipalId, Vec<StatementId>>,
}

impl Seeking<'_> {
    /// Whom those who stand together can act as.
    fn stand(&mut self, stand: StandId, account: AccountId, texts: &Texts, members: &[PrincipalId]) {
        let Seeking {
            world, trusts, found, ..
        } = self;
        found.accounts.push(account);
        let mut because: Vec<StatementId> = Vec::new();
        let mut takes = |role: PrincipalId, lever: Lever, given: Sure| {
            let Some(arn) = world.principal(role).map(|role| role.arn.as_str()) else {
                return;
            };
            if let Some((sure, by)) = texts.allow(lever, arn) {
                found.takes.push((stand, role, sure.max(given)));
                because.push(by);
            }
        };
        if texts.pull(&[Lever::Trust, Lever::Pass]) {
            for &(role, passable) in trusts.roles_of(account) {
                takes(role, Lever::Trust, Sure::Certain);
                // The service has to be driven, too.
                if passable {
                    takes(role, Lever::Pass, Sure::Perhaps);
                }
            }
        }
        if texts.pull(&[Lever::Assume]) {
            for &(role, given) in trusts.roles_that_trust(account) {
                takes(role, Lever::Assume, given);
            }
        }
        because.sort_unstable();
        because.dedup();
        for &member in members {
            self.found.stands.push((member, stand));
            self.because.entry(member).or_default().extend(&because);
        }
    }

    /// Whether somebody can give itself IAM policies, within its boundary.
    fn own(&mut self, id: PrincipalId, principal: &Principal, texts: &Texts, account: &Account) {
        if !bound_admits_use(self.world, principal) {
            return;
        }
        let arn = principal.arn.as_str();
        let mut ways = Vec::new();
        match principal.kind {
            Kind::User => {
                ways.extend(texts.allow(Lever::OwnUser, arn));
                let user = account.users.get(&principal.short_name);
                let groups = user.into_iter().flat_map(|user| &user.groups);
                for group in groups.filter_map(|name| account.groups.get(name)) {
                    ways.extend(texts.allow(Lever::OwnGroup, &group.arn));
                }
            }
            _ => ways.extend(texts.allow(Lever::OwnRole, arn)),
        }
        for written in &principal.written {
            let name = written.text.name.as_str();
            let owned = crate::arn::account_of(name) == Some(account.id.as_str());
            if owned && principal.policies.contains(&written.policy) {
                ways.extend(texts.allow(Lever::OwnPolicy, name));
            }
        }
        if let Some(&(sure, by)) = ways.iter().min() {
            self.found.rewrites.push((id, sure));
            self.because.entry(id).or_default().push(by);
        }
    }

    /// A role whose trust policy names somebody: enough in its own account, and half of it in another.
    fn named(&mut self, read: &mut Read, role: PrincipalId, named: PrincipalId, given: Sure) {
        let (Some(of), Some(principal)) = (self.world.principal(role), self.world.principal(named)) else {
            return;
        };
        let texts = read.texts(principal);
        let sure = match principal.account == of.account {
            true if texts.deny(Lever::Assume, &of.arn) => return,
            true => given,
            false => match texts.allow(Lever::Assume, &of.arn) {
                Some((sure, _)) => sure.max(given),
                None => return,
            },
        };
        self.found.becomes.push((named, role, sure));
    }
}

/// Whether a boundary, where there is one, leaves any use of keys.
fn bound_admits_use(world: &World, principal: &Principal) -> bool {
    principal.boundary.is_none_or(|boundary| {
        let mut statements = world.statements_of([&boundary]);
        statements
            .any(|(_, one)| one.allows && (one.actions | one.doubtful).intersects(ActionSet::CRYPTOGRAPHIC))
    })
}

impl Audited<'_> {
    /// Adds who can act as whom, as far as it may lead to one of the keys at hand.
    pub(super) fn takeovers(&mut self) {
        let takeovers = &self.premises.takeovers;
        let owners = self.facts.key_in.iter().map(|&(_, account)| account);
        let users = self.facts.post_may.iter();
        let users = users.filter_map(|&(_, post, ..)| takeovers.posts.get(post.0 as usize));
        let accounts = takeovers.leading_to(owners.chain(users.map(|post| post.account)));
        let facts = &mut self.facts;
        for steps in accounts.iter().filter_map(|account| takeovers.steps.get(account)) {
            facts.stands.extend(&steps.stands);
            facts.takes.extend(&steps.takes);
            facts.becomes.extend(&steps.becomes);
            facts.rewrites.extend(&steps.rewrites);
        }
    }

    /// Those of a post who do not use a key and may come to.
    pub(in crate::audit) fn idle(&self, key: KeyId, post: PostId) -> Vec<PrincipalId> {
        let users = self.users.get(&key);
        let post = self.premises.takeovers.posts.get(post.0 as usize);
        let members = post.into_iter().flat_map(|post| &post.members).copied();
        members
            .filter(|id| !users.is_some_and(|users| users.contains(id)))
            .collect()
    }
}
