//! Who may be asking, and the cell of each on a key: from the tables, remembered, or derived for the occasion.

use super::names;
use super::need::Need;
use crate::Error;
use crate::cache::{Asker, StandIn};
use crate::cells::{Cell, Derived, derive, derive_limits};
use crate::engine::Engine;
use crate::facts::asking::{any_session_of, unlisted};
use crate::facts::id::{AccountId, KeyId, PolicyId, PrincipalId};
use crate::facts::lower::{Scope, lower};
use crate::facts::relations::Facts;
use crate::facts::view::{Extra, View};
use crate::facts::world::{Key, Kind, Principal, Resource};
use crate::model::request::Request;
use crate::policy::document::PolicyKind;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::sync::Arc;

/// How many principals of an account ask about a key one by one, before the others are looked at together.
const PATIENCE: u32 = 4;
/// How many are looked at together.
const TOGETHER: usize = 1024;

/// Those who may be asking, with their cells.
pub(super) struct Prepared {
    askers: Arc<[Asker]>,
    cells: SmallVec<[Arc<Cell>; 1]>,
}

impl Prepared {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Asker, &Cell)> {
        self.askers.iter().zip(self.cells.iter().map(AsRef::as_ref))
    }
}

impl Engine {
    /// The principals the request may come from, with their cells on a key.
    pub(super) fn prepared(&self, request: &Request, need: &Need<'_>) -> Result<Prepared, Error> {
        let special = request.session_policies.is_some() || request.vpc_endpoint.is_some();
        let Some(id) = need.id.filter(|_| !special) else {
            return self.at_length(request, need);
        };
        let creator = request.federated_by.as_deref().unwrap_or_default();
        let askers = self.cache.askers(&request.principal, creator, || {
            let mut extra = Extra::default();
            let callers = self.callers(request, &mut extra)?;
            Ok(self.asking(callers, extra))
        })?;
        let cells = askers.iter().map(|asker| self.cell_of(asker, id, &need.key));
        let cells = cells.collect();
        Ok(Prepared { askers, cells })
    }

    /// The cell of a stand-in.
    fn cell_of(&self, asker: &Asker, id: KeyId, key: &Key) -> Arc<Cell> {
        if let Some(known) = self.cache.cell(asker.stand_in, id) {
            return known;
        }
        let principal = match asker.stand_in {
            StandIn::Listed(listed) => {
                // Where no path leads, the tables hold no denies and no limits either.
                if self.derived.has_path(listed, id) {
                    return self.cache.keep(asker.stand_in, id, self.cell(listed, id));
                }
                None
            }
            StandIn::SessionOf(role) => self.world.principal(role).map(any_session_of),
            StandIn::Other(_) => None,
        };
        let own = principal.as_ref().unwrap_or(&asker.principal);
        let mut together = vec![(asker.stand_in, Cow::Borrowed(own))];
        let account = asker.principal.account;
        if self.cache.asked_often(asker.stand_in, account, id, PATIENCE) {
            together.extend(self.like(asker.stand_in, account, id).take(TOGETHER));
        }
        let principals: Vec<&Principal> = together.iter().map(|(_, principal)| &**principal).collect();
        let view = asker.view(&self.world);
        let mut cells = match asker.stand_in {
            StandIn::Listed(_) => cells(&scope(view, &principals, id, key, None), derive_limits),
            _ => cells(&scope(view, &principals, id, key, None), derive),
        }
        .into_iter();
        let first = cells.next().unwrap_or_default();
        for ((stand_in, _), cell) in together.iter().skip(1).zip(cells) {
            self.cache.keep(*stand_in, id, cell);
        }
        self.cache.keep(asker.stand_in, id, first)
    }

    /// The other principals of an account that are likely to ask the same: those of the tables, or sessions of its roles.
    fn like(
        &self,
        stand_in: StandIn,
        account: Option<AccountId>,
        key: KeyId,
    ) -> impl Iterator<Item = (StandIn, Cow<'_, Principal>)> {
        let all = self.world.principals.iter().enumerate();
        let all = all.map(|(index, principal)| (PrincipalId::at(index), principal));
        all.filter(move |(_, principal)| principal.account == account)
            .filter_map(move |(id, principal)| match stand_in {
                // Where a path leads, the tables have the cell.
                StandIn::Listed(_) if self.derived.has_path(id, key) => None,
                StandIn::Listed(_) => Some((StandIn::Listed(id), Cow::Borrowed(principal))),
                StandIn::SessionOf(_) if principal.kind == Kind::Role => {
                    Some((StandIn::SessionOf(id), Cow::Owned(any_session_of(principal))))
                }
                StandIn::SessionOf(_) | StandIn::Other(_) => None,
            })
            .filter(move |(other, _)| *other != stand_in)
    }

    /// The long way: for requests with policies of their own, and keys that are not in the tables.
    fn at_length(&self, request: &Request, need: &Need<'_>) -> Result<Prepared, Error> {
        let mut extra = Extra::default();
        let mut callers = self.callers(request, &mut extra)?;
        if let Some(documents) = &request.session_policies {
            let policies: Vec<PolicyId> = documents
                .iter()
                .enumerate()
                .map(|(n, document)| {
                    extra.add(
                        &self.world,
                        PolicyKind::Session,
                        &format!("session policy {n}"),
                        document,
                    )
                })
                .collect();
            for caller in &mut callers {
                caller.session_policies = Some(policies.clone());
            }
        }
        let endpoint = match &request.vpc_endpoint {
            // S5.4.1: the alias side knows identity policies and their limits only.
            _ if need.key.kind == Resource::Alias => None,
            None => None,
            Some(id) => match self.world.endpoints.get(id) {
                Some(endpoint) => endpoint.policy,
                None => {
                    return Err(names::unknown(
                        "VPC endpoint",
                        id,
                        self.world.endpoints.keys().map(String::as_str),
                    ));
                }
            },
        };
        if need.id.is_none() && need.key.kind == Resource::Key {
            extra.replace_with_unknown(&self.world, &need.key.arn);
        }
        Ok(self.derive_for(callers, need, endpoint, extra))
    }

    /// The cells of some callers, with policies that only they or the key have.
    pub(super) fn derive_for(
        &self,
        callers: Vec<Principal>,
        need: &Need<'_>,
        endpoint: Option<PolicyId>,
        extra: Extra,
    ) -> Prepared {
        let askers: Arc<[Asker]> = self.asking(callers, extra).into();
        let id = need.id.unwrap_or(KeyId(u32::MAX));
        let cells = askers
            .iter()
            .flat_map(|asker| {
                let view = asker.view(&self.world);
                cells(&scope(view, &[&asker.principal], id, &need.key, endpoint), derive)
            })
            .map(Arc::new)
            .collect();
        Prepared { askers, cells }
    }

    /// Callers with their stand-ins.
    fn asking(&self, callers: Vec<Principal>, extra: Extra) -> Vec<Asker> {
        let extra = Arc::new(extra);
        let asker = |principal: Principal| Asker {
            stand_in: self.stand_in(&principal),
            principal,
            extra: Arc::clone(&extra),
        };
        callers.into_iter().map(asker).collect()
    }

    fn stand_in(&self, principal: &Principal) -> StandIn {
        let world = &self.world;
        let named = |name: &str| world.principal_ids.get(name).into_iter().flatten().copied();
        let same = |id: &PrincipalId| {
            world.principal(*id).is_some_and(|listed| {
                (listed.kind, &listed.origin, &listed.partition)
                    == (principal.kind, &principal.origin, &principal.partition)
            })
        };
        if let Some(listed) = named(&principal.name).find(same) {
            return StandIn::Listed(listed);
        }
        let is_role = |id: &PrincipalId| world.principal(*id).is_some_and(|one| one.kind == Kind::Role);
        match (&principal.origin, principal.kind) {
            (Some(role), Kind::Session) => named(role).find(is_role),
            _ => None,
        }
        .map_or_else(|| self.cache.other(), StandIn::SessionOf)
    }

    /// The principals a request's principal may be: one, or one for each user that may have federated.
    pub(super) fn callers(&self, request: &Request, extra: &mut Extra) -> Result<Vec<Principal>, Error> {
        let name = request.principal.as_str();
        let account = crate::arn::account_of(name);
        let known = account.and_then(|id| self.world.account_ids.get(id)).copied();
        let whole = known
            .and_then(|id| self.world.account(id))
            .is_some_and(|account| account.iam_whole);
        if let Some(found) = self
            .world
            .make_principals(name, request.federated_by.as_deref(), whole)
        {
            return Ok(found);
        }
        let unknown = || {
            let names = self.world.principals.iter().map(|p| p.name.as_str());
            names::unknown("principal", name, names)
        };
        let account = account.ok_or_else(unknown)?;
        // S3.1.14: nothing is known of its IAM side.
        let id = known.unwrap_or_else(|| AccountId::at(self.world.accounts.len()));
        let foreign = (!whole).then(|| extra.add_foreign(&self.world, account));
        let principal = unlisted(name, id, foreign).ok_or_else(unknown)?;
        Ok(vec![Principal {
            account: Some(id),
            ..principal
        }])
    }
}

/// Some principals on one key.
fn scope<'a>(
    view: View<'a>,
    principals: &[&'a Principal],
    id: KeyId,
    key: &'a Key,
    endpoint: Option<PolicyId>,
) -> Scope<'a> {
    let numbered = principals.iter().enumerate();
    let numbered = numbered.map(|(index, principal)| (PrincipalId::at(index), *principal));
    Scope {
        view,
        principals: numbered.collect(),
        keys: vec![(id, key)],
        endpoint,
        all_denies: true,
    }
}

/// A cell for each principal of a scope on each of its keys.
fn cells(scope: &Scope<'_>, rules: fn(&Facts, &[(PrincipalId, KeyId)]) -> Derived) -> Vec<Cell> {
    let pairs: Vec<(PrincipalId, KeyId)> = scope
        .principals
        .iter()
        .flat_map(|(principal, _)| scope.keys.iter().map(|(key, _)| (*principal, *key)))
        .collect();
    let derived = rules(&lower(scope), &pairs);
    let account = |id: PrincipalId| scope.principals.get(id.index()).and_then(|(_, one)| one.account);
    pairs
        .iter()
        .map(|&(principal, key)| derived.cell(principal, key, account(principal)))
        .collect()
}
