//! Selectors -> the principals and keys of a snapshot that they mean.

use super::{Assertion, Selector, Text};
use crate::Error;
use crate::engine::Engine;
use crate::facts::id::{AccountId, KeyId, PrincipalId};
use crate::facts::world::{Key, Kind, Membership, Principal, Resource};
use crate::model::Tags;
use crate::pattern::glob;
use ahash::AHashSet;

/// The keys of an assertion, in order of their ARNs.
pub(super) fn keys(engine: &Engine, assertion: &Assertion) -> Result<Vec<KeyId>, Error> {
    let all = || {
        let each = engine.world.keys.iter().enumerate();
        each.map(|(at, key)| (KeyId::at(at), key))
    };
    let mut found: Vec<(KeyId, &Key)> = match &assertion.keys {
        // What AWS manages nobody else can change: it is looked at where a file says `"*"`.
        None => all()
            .filter(|(_, key)| key.kind != Resource::Alias && !key.aws_managed)
            .collect(),
        Some(selectors) => {
            let mut wanted = AHashSet::new();
            for selector in selectors {
                let named = named_keys(engine, selector)?;
                let each = all().filter(|(_, key)| key.kind == Resource::Key);
                let fits = |id: &KeyId, key: &Key| {
                    named.as_ref().is_none_or(|named| named.contains(id)) && fits_key(engine, selector, key)
                };
                wanted.extend(each.filter(|(id, key)| fits(id, key)).map(|(id, _)| id));
            }
            all().filter(|(id, _)| wanted.contains(id)).collect()
        }
    };
    found.sort_unstable_by(|a, b| a.1.arn.cmp(&b.1.arn));
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// The key of one name.
pub(super) fn key(engine: &Engine, name: &Text) -> Result<KeyId, Error> {
    engine
        .find_key(&name.text)
        .map_err(|error| at_line(error, name.line))
}

fn named_keys(engine: &Engine, selector: &Selector) -> Result<Option<AHashSet<KeyId>>, Error> {
    let Some(name) = &selector.name else {
        return Ok(None);
    };
    if !name.text.contains(['*', '?']) {
        return Ok(Some([key(engine, name)?].into_iter().collect()));
    }
    Ok(Some(engine.keys_like(&name.text).collect()))
}

fn fits_key(engine: &Engine, selector: &Selector, key: &Key) -> bool {
    let account = engine
        .world
        .account(key.account)
        .map_or("", |account| &account.id);
    (selector.accounts.is_empty() || selector.accounts.iter().any(|id| id == account))
        && (selector.regions.is_empty() || selector.regions.iter().any(|region| glob(region, &key.region)))
        && has_tags(&selector.tags, &key.tags)
}

/// The principals that some selectors mean.
pub(super) fn principals(engine: &Engine, selectors: &[Selector]) -> Result<AHashSet<PrincipalId>, Error> {
    let mut found = AHashSet::new();
    for selector in selectors {
        let named = named_principals(engine, selector)?;
        let fits = |id: &PrincipalId, one: &Principal| {
            named.as_ref().is_none_or(|named| named.contains(id)) && fits_principal(engine, selector, one)
        };
        let all = engine.world.listed();
        found.extend(all.filter(|(id, one)| fits(id, one)).map(|(id, _)| id));
    }
    Ok(found)
}

fn named_principals(engine: &Engine, selector: &Selector) -> Result<Option<AHashSet<PrincipalId>>, Error> {
    let Some(name) = &selector.name else {
        return Ok(None);
    };
    if !name.text.contains(['*', '?']) {
        let found = engine.find_principals(&name.text);
        let found = found.map_err(|error| at_line(error, name.line))?;
        return Ok(Some(found.into_iter().collect()));
    }
    Ok(Some(engine.principals_like(&name.text).collect()))
}

fn fits_principal(engine: &Engine, selector: &Selector, one: &Principal) -> bool {
    let world = &engine.world;
    let account = one.account.and_then(|id| world.account(id));
    let path = account
        .and_then(|account| account.org_path.as_deref())
        .unwrap_or_default();
    let of_account = |id: &String| account.is_some_and(|account| account.id == *id);
    let anyone = one.kind == Kind::Anyone;
    // `anyone` is said, or the row of outsiders who have no row of their own.
    let someone = !anyone || selector.anyone || selector.outside;
    someone
        && (!selector.anyone || anyone)
        && (!selector.outside || anyone || is_outside(engine, one.account))
        && (selector.accounts.is_empty() || selector.accounts.iter().any(of_account))
        && (selector.org_paths.is_empty() || selector.org_paths.iter().any(|wanted| glob(wanted, path)))
        && has_tags(&selector.tags, &one.tags)
}

/// Whether an account is not known to be of the organization; services are of none, and not outside.
fn is_outside(engine: &Engine, account: Option<AccountId>) -> bool {
    account.is_some_and(|id| engine.world.membership(Some(id)) != Membership::Inside)
}

fn has_tags(wanted: &[(String, String)], tags: &Tags) -> bool {
    wanted
        .iter()
        .all(|(name, value)| tags.get(name).is_some_and(|own| glob(value, own)))
}

/// An error about a name, at the line where the name stands.
fn at_line(error: Error, line: usize) -> Error {
    let message = error.to_string();
    let suggestions = match error {
        Error::Name { suggestions, .. } => suggestions,
        _ => Vec::new(),
    };
    Error::Assertion {
        line,
        message,
        suggestions,
    }
}
