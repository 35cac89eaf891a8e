//! The world after an edit, sharing what it leaves alone; and whom and what the edit touches.

use super::id::{AccountId, GrantId, KeyId, LevelId, PolicyId, PrincipalId};
use super::principals::unique;
use super::world::{Key, Kind, Principal, World, Written};
use crate::error::{Error, unknown};
use crate::model::change::Change;
use crate::model::key;
use crate::model::principal::Policy as NamedPolicy;
use crate::policy::document::PolicyKind;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose answers may be others after an edit.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Principals, on all keys.
    pub(crate) principals: BTreeSet<PrincipalId>,
    /// Keys, for all principals.
    pub(crate) keys: BTreeSet<KeyId>,
}

/// The world after an edit.
pub(crate) fn patched(world: &World, change: &Change) -> Result<(World, Touched), Error> {
    let mut patch = Patch {
        world: world.clone(),
        touched: Touched::default(),
    };
    match change {
        Change::KeyPolicy { key, policy } => patch.key_policy(key, policy)?,
        Change::Grant { key, grant } => patch.grant(key, grant)?,
        Change::NoGrant { key, id } => patch.no_grant(key, id)?,
        Change::Managed { arn, policy } => patch.managed(arn, policy.as_ref())?,
        Change::Inline {
            principal,
            name,
            policy,
        } => patch.inline(principal, name, policy.as_ref())?,
        Change::Boundary { principal, policy } => patch.boundary(principal, policy.as_ref())?,
        Change::Guardrail { target, id, policy } => patch.guardrail(target, id, policy.as_ref())?,
    }
    Ok((patch.world, patch.touched))
}

struct Patch {
    world: World,
    touched: Touched,
}

impl Patch {
    fn key_id(&self, arn: &str) -> Result<KeyId, Error> {
        let found = self.world.key_ids.get(arn).copied();
        found.ok_or_else(|| unknown("key", arn, self.world.key_ids.keys().map(String::as_str)))
    }

    /// Changes a key, and who is named by it.
    fn key(&mut self, id: KeyId, change: impl FnOnce(&mut Key)) {
        let Some(key) = self.world.keys.get_mut(id.index()) else {
            return;
        };
        change(key);
        self.touched.keys.insert(id);
        let Some(key) = self.world.key(id) else { return };
        let mentions = self.world.mentions_on(&key.written, &key.grants);
        let before: BTreeSet<String> = key.mentions.iter().cloned().collect();
        if mentions == before {
            return;
        }
        let touched = self.world.mention_instead(&before, &mentions);
        self.touched.principals.extend(touched);
        if let Some(key) = self.world.keys.get_mut(id.index()) {
            key.mentions = mentions.into_iter().collect();
        }
    }

    fn key_policy(&mut self, arn: &str, policy: &Arc<NamedPolicy>) -> Result<(), Error> {
        let id = self.key_id(arn)?;
        let new = self.world.write(policy, PolicyKind::Key, false);
        self.key(id, |key| {
            match key.written.iter_mut().find(|one| one.text.name == policy.name) {
                Some(one) => *one = new,
                None => key.written.push(new),
            }
            let written = key.written.iter().map(|one| one.policy);
            key.policies = written.chain(key.unknown_grants).collect();
        });
        Ok(())
    }

    fn grant(&mut self, arn: &str, grant: &key::Grant) -> Result<(), Error> {
        let id = self.key_id(arn)?;
        let compiled = self.world.compiled_grant(grant);
        let new = GrantId::at(self.world.grants.len());
        self.world.grants.push(compiled);
        let at = self.position(id, &grant.id);
        self.key(id, |key| match at.and_then(|at| key.grants.get_mut(at)) {
            Some(known) => *known = new,
            None => key.grants.push(new),
        });
        Ok(())
    }

    fn no_grant(&mut self, arn: &str, grant: &str) -> Result<(), Error> {
        let id = self.key_id(arn)?;
        let at = self.position(id, grant).ok_or_else(|| {
            let key = self.world.key(id).into_iter();
            let grants = key
                .flat_map(|key| &key.grants)
                .filter_map(|&id| self.world.grant(id));
            unknown("grant", grant, grants.map(|grant| grant.id.as_str()))
        })?;
        self.key(id, |key| {
            key.grants.remove(at);
        });
        Ok(())
    }

    fn position(&self, key: KeyId, grant: &str) -> Option<usize> {
        let grants = &self.world.key(key)?.grants;
        let is_it = |id: &GrantId| self.world.grant(*id).is_some_and(|known| known.id == grant);
        grants.iter().position(is_it)
    }

    fn managed(&mut self, arn: &str, policy: Option<&Arc<NamedPolicy>>) -> Result<(), Error> {
        let identity = policy.map(|policy| self.world.write(policy, PolicyKind::Identity, false));
        let boundary = policy.map(|policy| self.world.write(policy, PolicyKind::Boundary, false));
        let unread = |kind, name: String| self.world.unknown.get(&(kind, name)).copied();
        let unread_identity = unread(PolicyKind::Identity, format!("managed policy {arn}"));
        let unread_boundary = unread(PolicyKind::Boundary, arn.to_owned());
        let mut changed: Vec<(PrincipalId, Principal)> = Vec::new();
        for (id, principal) in self.world.listed() {
            let named = |one: &Written| one.text.name == arn && !one.inline;
            let has_unread = unread_identity.is_some_and(|unread| principal.policies.contains(&unread));
            let unread_bound = unread_boundary.is_some() && principal.boundary == unread_boundary;
            let origin_is_listed = matches!(principal.kind, Kind::User | Kind::Role);
            if !origin_is_listed || !has_unread && !unread_bound && !principal.written.iter().any(named) {
                continue;
            }
            let mut held = Held::of(principal);
            let at = held.written.iter().position(named);
            held.written.retain(|one| !named(one));
            if has_unread {
                held.unread.retain(|&unread| Some(unread) != unread_identity);
            }
            if let Some(new) = &identity
                && (at.is_some() || has_unread)
            {
                let at = at.unwrap_or(held.written.len());
                held.written.insert(at, new.clone());
            }
            let bound = held.boundary.as_ref().is_some_and(named);
            if let Some(new) = &boundary
                && (bound || unread_bound)
            {
                held.boundary = Some(new.clone());
                held.unread_boundary = None;
            }
            changed.push((id, held.into_principal(principal)));
        }
        if changed.is_empty() && !self.world.managed.contains(arn) {
            let known = self.world.managed.iter().map(String::as_str);
            return Err(unknown("managed policy", arn, known));
        }
        changed
            .into_iter()
            .for_each(|(id, principal)| self.principal(id, principal));
        Ok(())
    }

    fn user_or_role(&self, arn: &str) -> Result<(PrincipalId, &Principal), Error> {
        let ids = self.world.principal_ids.get(arn).into_iter().flatten();
        let mut found = ids.filter_map(|&id| Some((id, self.world.principal(id)?)));
        let listed = |one: &Principal| matches!(one.kind, Kind::User | Kind::Role) && !one.iam_unknown;
        found.find(|(_, principal)| listed(principal)).ok_or_else(|| {
            let all = self.world.listed().map(|(_, principal)| principal.name.as_str());
            unknown("principal", arn, all)
        })
    }

    fn inline(&mut self, arn: &str, name: &str, policy: Option<&Arc<NamedPolicy>>) -> Result<(), Error> {
        let new = policy.map(|policy| self.world.write(policy, PolicyKind::Identity, true));
        let (id, principal) = self.user_or_role(arn)?;
        let mut held = Held::of(principal);
        let own = |one: &Written| one.inline;
        let at = held
            .written
            .iter()
            .position(|one| one.inline && one.text.name == name);
        match (at, new) {
            (Some(at), new) => drop(held.written.splice(at..=at, new)),
            (None, Some(new)) => {
                let after = held.written.iter().take_while(|one| own(one)).count();
                held.written.insert(after, new);
            }
            (None, None) => {
                let names = principal.written.iter().filter(|one| one.inline);
                return Err(unknown(
                    "inline policy",
                    name,
                    names.map(|one| one.text.name.as_str()),
                ));
            }
        }
        let principal = held.into_principal(principal);
        self.principal(id, principal);
        Ok(())
    }

    fn boundary(&mut self, arn: &str, policy: Option<&Arc<NamedPolicy>>) -> Result<(), Error> {
        self.user_or_role(arn)?;
        if let Some(policy) = policy {
            Arc::make_mut(&mut self.world.managed).insert(policy.name.clone());
        }
        let new = policy.map(|policy| self.world.write(policy, PolicyKind::Boundary, false));
        let (id, principal) = self.user_or_role(arn)?;
        // S3.1.5: a service-linked role has no boundary.
        if principal.service_linked {
            return Ok(());
        }
        let mut held = Held::of(principal);
        held.boundary = new;
        held.unread_boundary = None;
        let principal = held.into_principal(principal);
        self.principal(id, principal);
        Ok(())
    }

    /// Puts a user or role in the place of one; its sessions carry the same.
    fn principal(&mut self, id: PrincipalId, new: Principal) {
        let sessions: Vec<PrincipalId> = self.world.named(&new.arn).filter(|&other| other != id).collect();
        for session in sessions {
            let made = self
                .world
                .principal(session)
                .is_some_and(|one| one.origin.as_ref() == Some(&new.arn));
            if let Some(session_of) = self.world.principals.get_mut(session.index()).filter(|_| made) {
                session_of.policies.clone_from(&new.policies);
                session_of.written.clone_from(&new.written);
                session_of.boundary = new.boundary;
                self.touched.principals.insert(session);
            }
        }
        if let Some(old) = self.world.principals.get_mut(id.index()) {
            *old = new;
            self.touched.principals.insert(id);
        }
    }

    fn guardrail(&mut self, target: &str, id: &str, policy: Option<&Arc<NamedPolicy>>) -> Result<(), Error> {
        if !self.world.targets.contains(target) {
            return Err(unknown(
                "target",
                target,
                self.world.targets.iter().map(String::as_str),
            ));
        }
        let attached = Arc::make_mut(&mut self.world.attachments)
            .entry(target.to_owned())
            .or_default();
        let known = attached.iter().any(|one| one == id);
        match policy {
            Some(_) if !known => attached.push(id.to_owned()),
            None if !known => {
                return Err(unknown(
                    "attached policy",
                    id,
                    attached.iter().map(String::as_str),
                ));
            }
            Some(_) => {}
            None => attached.retain(|one| one != id),
        }
        let known = self.world.guardrails.get(id).cloned();
        let old = known.as_ref().map(|(policy, _)| *policy);
        let new = policy.map(|policy| match &known {
            // Attached elsewhere already, with the same text.
            Some((old, text)) if text.document == policy.document => *old,
            _ => self.world.write(policy, policy.kind, false).policy,
        });
        let at = self.world.level_ids.get(target).copied();
        let (mut scps, mut rcps) = (BTreeSet::new(), BTreeSet::new());
        for (index, level) in self.world.levels.iter_mut().enumerate() {
            let level_id = LevelId::at(index);
            for (attached, changed) in [(&mut level.scps, &mut scps), (&mut level.rcps, &mut rcps)] {
                let before = attached.clone();
                match new {
                    Some(new) => attached
                        .iter_mut()
                        .filter(|one| Some(**one) == old)
                        .for_each(|one| *one = new),
                    None if at == Some(level_id) => attached.retain(|&one| Some(one) != old),
                    None => {}
                }
                if *attached != before {
                    changed.insert(level_id);
                }
            }
            if let (Some(new), Some(policy)) = (new, policy)
                && at == Some(level_id)
            {
                let (attached, changed) = match policy.kind {
                    PolicyKind::Rcp => (&mut level.rcps, &mut rcps),
                    _ => (&mut level.scps, &mut scps),
                };
                if !attached.contains(&new) {
                    attached.push(new);
                    changed.insert(level_id);
                }
            }
        }
        if let (Some(new), Some(policy)) = (new, policy) {
            let guardrails = Arc::make_mut(&mut self.world.guardrails);
            guardrails.insert(id.to_owned(), (new, Arc::clone(policy)));
        }
        // S4.7.2: SCPs bind principals. S4.7.3: RCPs bind whoever uses keys.
        let bound = self.below(&scps);
        let members = bound
            .iter()
            .filter_map(|&account| self.world.members.get(&Some(account)));
        self.touched.principals.extend(members.flatten().copied());
        let bound = self.below(&rcps);
        let keys = self.world.keys.iter().enumerate();
        let keys = keys.filter(|(_, key)| bound.contains(&key.account));
        self.touched.keys.extend(keys.map(|(at, _)| KeyId::at(at)));
        Ok(())
    }

    /// The accounts below levels.
    fn below(&self, levels: &BTreeSet<LevelId>) -> BTreeSet<AccountId> {
        let accounts = self.world.accounts.iter().enumerate();
        let below = accounts.filter(|(_, account)| account.levels.iter().any(|level| levels.contains(level)));
        below.map(|(at, _)| AccountId::at(at)).collect()
    }
}

/// What somebody holds, taken apart.
struct Held {
    /// Without the boundary.
    written: Vec<Written>,
    /// Policies without a text.
    unread: Vec<PolicyId>,
    boundary: Option<Written>,
    unread_boundary: Option<PolicyId>,
}

impl Held {
    fn of(principal: &Principal) -> Held {
        let is_boundary = |one: &Written| Some(one.policy) == principal.boundary;
        let (boundary, written): (Vec<Written>, Vec<Written>) =
            principal.written.iter().cloned().partition(is_boundary);
        let is_written = |id: &PolicyId| written.iter().any(|one| one.policy == *id);
        let unread = principal.policies.iter().copied().filter(|id| !is_written(id));
        Held {
            unread: unread.collect(),
            unread_boundary: principal.boundary.filter(|_| boundary.is_empty()),
            boundary: boundary.into_iter().next(),
            written,
        }
    }

    fn into_principal(self, of: &Principal) -> Principal {
        let policies = self.written.iter().map(|one| one.policy).chain(self.unread);
        let boundary = self.boundary.as_ref().map(|one| one.policy);
        Principal {
            policies: unique(policies.collect()),
            boundary: boundary.or(self.unread_boundary),
            written: self.written.into_iter().chain(self.boundary).collect(),
            ..of.clone()
        }
    }
}
