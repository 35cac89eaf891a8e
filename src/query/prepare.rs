//! Who may be asking, and the cell of each on a key: from the tables, remembered, or derived for the occasion.

use super::need::Need;
use crate::Error;
use crate::cache::{Asker, StandIn, Whose};
use crate::cells::{Cell, Derived, derive, derive_limits};
use crate::engine::Engine;
use crate::facts::asking::unlisted;
use crate::facts::classes::{Part, Site};
use crate::facts::id::{AccountId, KeyId, PolicyId, PrincipalId};
use crate::facts::lower::{Cast, Scope, lower};
use crate::facts::relations::Facts;
use crate::facts::view::{Extra, View};
use crate::facts::world::{Key, Kind, Principal, Resource};
use crate::model::request::Request;
use crate::policy::document::PolicyKind;
use smallvec::SmallVec;
use std::sync::Arc;

/// Those who may be asking, and where their cells are.
pub(super) struct Prepared {
    askers: Arc<[Asker]>,
    places: SmallVec<[Place; 1]>,
}

/// Where a cell is.
pub(super) enum Place {
    /// In the tables, or remembered.
    Tables(Whose),
    /// Derived for the occasion.
    Own(Cell),
}

impl Prepared {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Asker, &Place)> {
        self.askers.iter().zip(&self.places)
    }
}

impl Engine {
    /// The principals the request may come from, with their cells on a key.
    pub(super) fn prepared(&self, request: &Request, need: &Need<'_>) -> Result<Prepared, Error> {
        let special = request.session_policies.is_some() || request.vpc_endpoint.is_some();
        let Some(id) = need.id.filter(|_| !special) else {
            return self.at_length(request, need);
        };
        let askers = self.askers(request)?;
        let place = |asker: &Asker| Place::Tables(self.whose(asker.stand_in, id));
        let places = askers.iter().map(place).collect();
        Ok(Prepared { askers, places })
    }

    /// Those a request without policies of its own may come from.
    pub(super) fn askers(&self, request: &Request) -> Result<Arc<[Asker]>, Error> {
        let creator = request.federated_by.as_deref().unwrap_or_default();
        self.cache.askers(&request.principal, creator, || {
            let mut extra = Extra::default();
            let callers = self.callers(request, &mut extra)?;
            Ok(self.asking(callers, extra))
        })
    }

    /// Where the cell of somebody and a key of the tables is.
    pub(super) fn whose(&self, stand_in: StandIn, id: KeyId) -> Whose {
        match stand_in {
            StandIn::Listed(listed) => Whose::Listed(self.site(listed, id)),
            StandIn::SessionOf(role) => Whose::SessionOf(self.site(role, id)),
            StandIn::Other(number) => Whose::Other(number, id),
        }
    }

    /// Where denies and limits are looked at, if no path leads there.
    ///
    /// Where no path leads, the tables hold no denies and no limits either. To a session lead the role's paths; whether
    /// a statement or grant names this one is looked at when they are evaluated.
    pub(super) fn no_path(&self, whose: Whose) -> Option<Site> {
        match whose {
            Whose::Listed(site) | Whose::SessionOf(site) if !self.has_path(site) => Some(self.refused(site)),
            _ => None,
        }
    }

    /// A cell of the tables, or like those of the tables.
    pub(super) fn cell_of(&self, asker: &Asker, whose: Whose) -> Arc<Cell> {
        let whose = match (self.no_path(whose), whose) {
            (Some(site), _) => Whose::Refused(site),
            (None, Whose::SessionOf(site)) => Whose::Listed(site),
            (None, other) => other,
        };
        if let Some(known) = self.cache.cell(whose) {
            return known;
        }
        let cell = match whose {
            // It is quickly put together again; who needs it often keeps it.
            Whose::Listed(site) | Whose::SessionOf(site) => return Arc::new(self.cell(site)),
            Whose::Refused(site) => self.limits_at(site),
            Whose::Other(_, id) => {
                let one = self.world.key(id).map(|key| One {
                    view: asker.view(&self.world),
                    principal: &asker.principal,
                    key: (id, key),
                    part: Part::Single,
                    endpoint: None,
                });
                one.map(|one| one.cell(derive)).unwrap_or_default()
            }
        };
        let cell = Arc::new(cell);
        self.cache.keep(whose, Arc::clone(&cell));
        cell
    }

    /// The denies and limits of a cell that no path leads to.
    fn limits_at(&self, site: Site) -> Cell {
        let world = self.world_of(site);
        let Some((principal, key)) = world.principal(site.principal).zip(world.key(site.key)) else {
            return Cell::default();
        };
        // Who is alike is not named by any text.
        let by_class = site.part.is_by_class() && matches!(principal.kind, Kind::User | Kind::Role);
        let principal = &Principal {
            alike: by_class,
            ..principal.clone()
        };
        let one = One {
            view: View::of(world),
            principal,
            key: (site.key, key),
            part: site.part,
            endpoint: None,
        };
        one.cell(derive_limits)
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
                    return Err(crate::error::unknown(
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
        let (askers, cells) = self.derive_for(callers, need, endpoint, extra);
        let places = cells.into_iter().map(Place::Own).collect();
        Ok(Prepared { askers, places })
    }

    /// The cells of some callers, with policies that only they or the key have.
    pub(super) fn derive_for(
        &self,
        callers: Vec<Principal>,
        need: &Need<'_>,
        endpoint: Option<PolicyId>,
        extra: Extra,
    ) -> (Arc<[Asker]>, Vec<Cell>) {
        let askers: Arc<[Asker]> = self.asking(callers, extra).into();
        let id = need.id.unwrap_or(KeyId(u32::MAX));
        let cells = askers
            .iter()
            .map(|asker| {
                let one = One {
                    view: asker.view(&self.world),
                    principal: &asker.principal,
                    key: (id, &*need.key),
                    part: Part::Single,
                    endpoint,
                };
                one.cell(derive)
            })
            .collect();
        (askers, cells)
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
            let names = self.world.listed().map(|(_, one)| one.name.as_str());
            crate::error::unknown("principal", name, names)
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

/// One principal on one key.
struct One<'a> {
    view: View<'a>,
    principal: &'a Principal,
    key: (KeyId, &'a Key),
    part: Part,
    endpoint: Option<PolicyId>,
}

impl One<'_> {
    /// Its cell, by all rules or some.
    fn cell(&self, rules: fn(&Facts, &[(PrincipalId, KeyId)]) -> Derived) -> Cell {
        let id = PrincipalId(0);
        let facts = lower(&Scope {
            cast: &Cast::new(self.view, vec![(id, self.principal)]),
            keys: &[self.key],
            part: self.part,
            endpoint: self.endpoint,
            all_denies: true,
        });
        let derived = rules(&facts, &[(id, self.key.0)]);
        derived.cell(id, self.key.0, self.principal.account)
    }
}
