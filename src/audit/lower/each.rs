//! Keys one by one, with their copies in other Regions: what access does not tell.

use super::access::{Holder, is_certain};
use super::{Audited, Premises};
use crate::audit::Settings;
use crate::engine::{Engine, Pair};
use crate::facts::audited::{Rest, Sure, Who};
use crate::facts::id::{KeyId, PrincipalId};
use crate::facts::world::Key;
use crate::model::action::Action;
use crate::model::key::Key as Printed;
use crate::query::bulk::performed;
use ahash::AHashMap;
use jiff::civil::Date;
use jiff::tz::Offset;
use std::collections::BTreeMap;

/// Who may decrypt with a key, and whether for certain.
type Decrypts<'e> = AHashMap<PrincipalId, (Pair<'e>, Sure)>;

/// Keys with the same key material: one alone, or a primary and its replicas (S7.2).
pub(in crate::audit) fn copies(engine: &Engine) -> Vec<Vec<KeyId>> {
    let mut sets: BTreeMap<_, Vec<KeyId>> = BTreeMap::new();
    for (id, key) in engine.real_keys() {
        // Single-Region keys have ids of their own.
        let set = (key.partition(), key.account, key.id.as_str());
        sets.entry(set).or_default().push(id);
    }
    sets.into_values().collect()
}

impl<'e> Audited<'e> {
    /// Looks at sets of keys with the same material.
    pub(in crate::audit) fn each(
        engine: &'e Engine,
        settings: &'e Settings,
        premises: &'e Premises<'e>,
        sets: &[Vec<KeyId>],
    ) -> Audited<'e> {
        let mut audited = Audited::keys(engine, settings, premises, &[]);
        for set in sets {
            let world = &engine.world;
            let members: Vec<(KeyId, &Key)> =
                set.iter().filter_map(|&id| Some((id, world.key(id)?))).collect();
            let mut primary = members.iter().map(|(_, key)| key.multi_region_type.as_deref());
            let has_primary = primary.any(|kind| kind == Some("PRIMARY"));
            for &(id, key) in &members {
                audited.life(id, key, has_primary);
            }
            if members.len() > 1 {
                audited.differences(&members);
            }
        }
        audited
    }

    fn life(&mut self, id: KeyId, key: &Key, has_primary: bool) {
        let facts = &mut self.facts;
        if !key.aws_managed {
            facts.customer_key.push((id,));
        }
        facts.performs.push((id, performed(key)));
        let rest = match key.state.as_deref() {
            Some("Disabled") => Some(Rest::Disabled),
            Some("PendingDeletion" | "PendingReplicaDeletion") => Some(Rest::PendingDeletion),
            _ => None,
        };
        facts.rests.extend(rest.map(|rest| (id, rest)));
        if !key.aliases.is_empty() || !key.grants.is_empty() {
            facts.attached.push((id,));
        }
        if has_primary && key.multi_region_type.as_deref() == Some("REPLICA") {
            facts.replica.push((id,));
        }
        let Some(printed) = self.premises.printed.get(key.arn.as_str()) else {
            return;
        };
        if printed.rotation == Some(false) {
            facts.rotation_off.push((id,));
        }
        let used = days_since_use(printed, self.settings.today);
        facts.used.extend(used.map(|days| (id, days)));
    }

    /// Adds who may decrypt with one of some keys and not with another.
    fn differences(&mut self, members: &[(KeyId, &'e Key)]) {
        let decrypts: Vec<Decrypts<'e>> = members.iter().map(|&(id, _)| self.decrypt(id)).collect();
        for (&(id, key), with_this) in members.iter().zip(&decrypts) {
            for (&(other, _), with_other) in members.iter().zip(&decrypts) {
                // Keys with the same cells have the same users.
                if id == other || self.engine.derived_with(id) == self.engine.derived_with(other) {
                    continue;
                }
                let mut more: BTreeMap<(Who, Sure), Holder<'e>> = BTreeMap::new();
                for (principal, &(pair, sure)) in with_other {
                    let Some(of) = self.premises.of_principal(*principal) else {
                        continue;
                    };
                    if !with_this.contains_key(principal) {
                        let who = self.who(of, key);
                        let holder = more.entry((who, sure));
                        holder.or_insert_with(|| Holder::nobody(Some(other))).add(pair);
                    }
                }
                for ((who, sure), holder) in more {
                    let number = self.add_holder(holder);
                    self.facts.decrypts_with.push((id, other, number, who, sure));
                }
            }
        }
    }

    fn decrypt(&self, id: KeyId) -> Decrypts<'e> {
        let pairs = self.engine.on_key(id).filter_map(|pair| {
            let mut access = pair.folded.access.iter();
            let (_, formula) = access.find(|(actions, _)| actions.contains(Action::Decrypt))?;
            let sure = match is_certain(&self.engine.formulas, *formula, self.is_foreign(pair)) {
                true => Sure::Certain,
                false => Sure::Perhaps,
            };
            Some((pair.principal, (pair, sure)))
        });
        pairs.collect()
    }
}

/// How many days ago a key was last used, if it is known that it was; without a day to count from, none.
fn days_since_use(key: &Printed, today: Option<Date>) -> Option<i64> {
    let counted = key
        .trailing_days_without_use
        .and_then(|days| i64::try_from(days).ok());
    let last = key.last_used.map(|time| Offset::UTC.to_datetime(time).date());
    let since = last.map(|last| today.map_or(0, |today| days_between(last, today)));
    counted.or(since)
}

fn days_between(first: Date, last: Date) -> i64 {
    first
        .until(last)
        .map_or(i64::MAX, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_months() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(days_between(day("2026-08-29"), day("2026-11-27")), 90);
        assert_eq!(days_between(day("2025-11-27"), day("2026-11-27")), 365);
    }
}
