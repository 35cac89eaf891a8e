//! Principals by the texts that name them, in policies and in grants.

use super::matching::is_party;
use super::world::{Kind, Party, Principal};
use crate::arn::{PrincipalArn, unique_id};
use ahash::AHashMap;
use smallvec::SmallVec;

/// Positions of principals in a list, by the texts that name them.
pub(super) struct Index<'a> {
    principals: Vec<&'a Principal>,
    by_name: AHashMap<&'a str, Positions>,
    /// Sessions by their role, federated users by their user.
    by_origin: AHashMap<&'a str, Positions>,
    by_unique_id: AHashMap<&'a str, Positions>,
    /// Roles by what the ARNs of their sessions have of them: partition, account and name.
    roles: AHashMap<(&'a str, &'a str, &'a str), Positions>,
    pub(super) services: Vec<usize>,
    federated: Vec<usize>,
    pub(super) providers: Vec<usize>,
}

type Positions = SmallVec<[usize; 1]>;

impl<'a> Index<'a> {
    /// The index of a list. No text names what stands for several.
    pub(super) fn new(principals: impl Iterator<Item = &'a Principal>) -> Self {
        let mut index = Index {
            principals: principals.collect(),
            by_name: AHashMap::new(),
            by_origin: AHashMap::new(),
            by_unique_id: AHashMap::new(),
            roles: AHashMap::new(),
            services: Vec::new(),
            federated: Vec::new(),
            providers: Vec::new(),
        };
        for (position, &principal) in index.principals.iter().enumerate() {
            if !principal.providers.is_empty() {
                index.providers.push(position);
            }
            if principal.alike {
                continue;
            }
            let mut name = |text: &'a str| index.by_name.entry(text).or_default().push(position);
            name(&principal.name);
            if principal.arn != principal.name {
                name(&principal.arn);
            }
            if let Some(origin) = &principal.origin {
                index.by_origin.entry(origin).or_default().push(position);
            }
            if !principal.unique_id.is_empty() {
                let of_id = index.by_unique_id.entry(&principal.unique_id);
                of_id.or_default().push(position);
            }
            match (principal.kind, PrincipalArn::parse(&principal.arn)) {
                (
                    Kind::Role,
                    Some(PrincipalArn::Role {
                        partition, account, ..
                    }),
                ) => {
                    let role = (partition, account, principal.short_name.as_str());
                    index.roles.entry(role).or_default().push(position);
                }
                (Kind::Service, _) => index.services.push(position),
                (Kind::Federated, _) => index.federated.push(position),
                _ => {}
            }
        }
        index
    }

    /// Positions of principals that a text may name.
    pub(super) fn named(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        if unique_id(text).is_some() {
            // That of the user that made the session.
            found.extend(&self.federated);
        }
        for map in [&self.by_name, &self.by_origin, &self.by_unique_id] {
            found.extend(map.get(text).into_iter().flatten());
        }
        if let Some(PrincipalArn::Session {
            partition,
            account,
            role,
            ..
        }) = PrincipalArn::parse(text)
        {
            found.extend(self.roles.get(&(partition, account, role)).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Positions of the principals a grant's party is, or may be one session of.
    pub(super) fn party(&self, party: &Party) -> Vec<usize> {
        let mut found: Vec<usize> = match party {
            Party::Nobody | Party::Account(_) => Vec::new(),
            Party::Service(_) => self.services.clone(),
            Party::Role(arn) | Party::Named(arn) => self.named(arn),
        };
        found.retain(|&position| {
            let principal = self.principals.get(position);
            principal.is_some_and(|principal| is_party(party, principal).is_some())
        });
        found
    }
}
