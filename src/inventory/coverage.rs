//! A finished snapshot -> how much of it there is (A40).

use super::keys::Finished;
use crate::model::Collected;
use crate::model::organization::Organization;
use crate::model::principal::Account;
use crate::model::snapshot::{Coverage, CoverageItem, Gap};
use crate::source::Location;
use std::collections::{BTreeMap, BTreeSet};

/// Counts what was read and adds the gaps that only the whole picture shows.
pub(super) fn coverage(
    accounts: &BTreeMap<String, Account>,
    organization: Option<&Organization>,
    finished: &Finished,
    endpoints: usize,
    mut gaps: Vec<Gap>,
) -> Coverage {
    let owners: BTreeSet<&String> = finished.keys.iter().map(|key| &key.account).collect();
    for (id, account) in accounts {
        let has_keys = owners.contains(id);
        if !finished.listed.contains(id) {
            let effect = match has_keys {
                true => "keys without a folder of their own appear in no answer",
                false => "keys of this account appear in no answer",
            };
            let (what, how) = ("keys", "missing");
            let (of, effect) = (account.id.clone(), effect.to_owned());
            gaps.push(Gap {
                what,
                of,
                how,
                effect,
                location: Location::default(),
            });
        }
    }
    gaps.sort();
    let keys = &finished.keys;
    let whole = |pick: fn(&crate::model::key::Key) -> Collected| {
        keys.iter().filter(|key| pick(key).is_whole()).count()
    };
    let item = |what, read, expected| CoverageItem { what, read, expected };
    let mut read = vec![
        item(
            "accounts",
            accounts.values().filter(|account| account.iam.is_whole()).count(),
            accounts.len(),
        ),
        item("keys", finished.described, keys.len()),
        item("key policies", whole(|key| key.policies_collected), keys.len()),
        item("grants of keys", whole(|key| key.grants_collected), keys.len()),
        item("aliases of keys", whole(|key| key.aliases_collected), keys.len()),
        item("tags of keys", whole(|key| key.tags_collected), keys.len()),
    ];
    if let Some(organization) = organization {
        let guardrails = [organization.scps_collected, organization.rcps_collected];
        let whole = guardrails
            .into_iter()
            .filter(|collected| collected.is_whole())
            .count();
        read.push(item("guardrails (SCPs, RCPs)", whole, guardrails.len()));
    }
    read.push(item("VPC endpoints", endpoints, endpoints));
    Coverage { read, gaps }
}
