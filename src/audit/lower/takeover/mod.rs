//! IAM policies and trust policies -> who can act as whom (A45).
//!
//! Principals with the same policies stand together, so that each statement is held against each role once and not for
//! everybody who holds it.

mod powers;
mod trust;

use super::Audited;
use crate::facts::audited::{StandId, Sure};
use crate::facts::id::{AccountId, PrincipalId, StatementId};
use crate::facts::world::{Kind, Principal, World};
use crate::model::action::ActionSet;
use crate::model::principal::Account;
use crate::model::snapshot::Snapshot;
use ahash::AHashMap;
use powers::{Lever, Read, Texts};
use std::collections::BTreeSet;
use trust::Trusts;

/// Who can act as whom.
#[derive(Default)]
pub(in crate::audit) struct Takeovers {
    /// By account.
    steps: AHashMap<AccountId, Steps>,
    /// By account: those from which somebody can come to be somebody of it, itself among them.
    from: AHashMap<AccountId, BTreeSet<AccountId>>,
    /// By which statements of its own somebody can.
    because: AHashMap<PrincipalId, Vec<StatementId>>,
}

/// Steps that lead to principals of one account, and those of it who stand together.
#[derive(Default)]
struct Steps {
    stands: Vec<(PrincipalId, StandId)>,
    takes: Vec<(StandId, PrincipalId, Sure)>,
    becomes: Vec<(PrincipalId, PrincipalId, Sure)>,
    rewrites: Vec<(PrincipalId, AccountId, Sure)>,
}

/// What principals of one account have in common that stand together: their texts, and their boundary.
type Common = (AccountId, Vec<usize>);

impl Takeovers {
    /// Reads the policies of all users and roles.
    pub(super) fn of(world: &World, snapshot: &Snapshot) -> Self {
        let mut read = Read::default();
        let mut stands: AHashMap<Common, (Texts, Vec<PrincipalId>)> = AHashMap::new();
        let trusts = Trusts::of(world, snapshot);
        let mut found = Takeovers::default();
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
            found.stand(world, &trusts, StandId(number), *account, texts, members);
            let of = world
                .account(*account)
                .and_then(|one| snapshot.accounts.get(&one.id));
            for &member in members {
                if let (Some(principal), Some(of)) = (world.principal(member), of) {
                    found.own(world, member, principal, texts, of);
                }
            }
        }
        for (role, named, sure) in trusts.named(world) {
            found.named(world, &mut read, role, named, sure);
        }
        found
    }

    /// Whom those who stand together can act as.
    fn stand(
        &mut self,
        world: &World,
        trusts: &Trusts,
        stand: StandId,
        account: AccountId,
        texts: &Texts,
        members: &[PrincipalId],
    ) {
        let mut because: Vec<StatementId> = Vec::new();
        let mut takes = |role: PrincipalId, lever: Lever, given: Sure| {
            let Some(arn) = world.principal(role).map(|role| role.arn.as_str()) else {
                return;
            };
            if let Some((sure, by)) = texts.allow(lever, arn) {
                // WHY: a role of another account is a step into that account.
                let into = world
                    .principal(role)
                    .and_then(|role| role.account)
                    .unwrap_or(account);
                self.steps
                    .entry(into)
                    .or_default()
                    .takes
                    .push((stand, role, sure.max(given)));
                self.from.entry(into).or_default().insert(account);
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
            self.steps
                .entry(account)
                .or_default()
                .stands
                .push((member, stand));
            self.because.entry(member).or_default().extend(&because);
        }
    }

    /// Whether somebody can give itself IAM policies, within its boundary.
    fn own(
        &mut self,
        world: &World,
        id: PrincipalId,
        principal: &Principal,
        texts: &Texts,
        account: &Account,
    ) {
        let Some(of) = principal.account.filter(|_| bound_admits_use(world, principal)) else {
            return;
        };
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
            self.steps.entry(of).or_default().rewrites.push((id, of, sure));
            self.because.entry(id).or_default().push(by);
        }
    }

    /// A role whose trust policy names somebody: enough in its own account, and half of it in another.
    fn named(&mut self, world: &World, read: &mut Read, role: PrincipalId, named: PrincipalId, given: Sure) {
        let (Some(of), Some(principal)) = (world.principal(role), world.principal(named)) else {
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
        if let (Some(into), Some(account)) = (of.account, principal.account) {
            self.steps
                .entry(into)
                .or_default()
                .becomes
                .push((named, role, sure));
            self.from.entry(into).or_default().insert(account);
        }
    }

    /// Everybody who can act as somebody, or as whom somebody can act.
    pub(super) fn concerned(&self) -> impl Iterator<Item = PrincipalId> {
        self.steps.values().flat_map(|steps| {
            let takers = steps.stands.iter().map(|&(id, _)| id);
            let taken = steps.takes.iter().map(|&(_, id, _)| id);
            let named = steps.becomes.iter().flat_map(|&(one, other, _)| [one, other]);
            takers.chain(taken).chain(named)
        })
    }

    /// The accounts whose principals can come, step by step, to be somebody of some accounts; these among them.
    fn leading_to(&self, accounts: impl Iterator<Item = AccountId>) -> BTreeSet<AccountId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<AccountId> = accounts.collect();
        while let Some(account) = open.pop() {
            if found.insert(account) {
                open.extend(self.from.get(&account).into_iter().flatten());
            }
        }
        found
    }

    /// The statements by which somebody can.
    pub(in crate::audit) fn because(&self, id: PrincipalId) -> impl Iterator<Item = StatementId> {
        self.because.get(&id).into_iter().flatten().copied()
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
        let users = self.facts.watched_may.iter();
        let users = users.filter_map(|&(_, user, ..)| self.engine.world.principal(user)?.account);
        let accounts = takeovers.leading_to(owners.chain(users));
        let facts = &mut self.facts;
        for steps in accounts.iter().filter_map(|account| takeovers.steps.get(account)) {
            facts.stands.extend(&steps.stands);
            facts.takes.extend(&steps.takes);
            facts.becomes.extend(&steps.becomes);
            facts.rewrites.extend(&steps.rewrites);
        }
    }
}
