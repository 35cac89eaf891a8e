//! What was read of one key -> the key: whether it is all there, and what is missing.

use super::accounts::conflict;
use super::pages::{Failures, Pages};
use crate::arn::{is_key_id, is_multi_region_id};
use crate::diag::{Code, Diagnostic};
use crate::model::Collected;
use crate::model::key::{Grant, Key};
use crate::model::principal::Policy;
use crate::model::snapshot::Gap;
use crate::source::Location;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key and what was read about it.
#[derive(Default)]
pub(super) struct Building {
    pub(super) key: Key,
    pub(super) described: bool,
    pub(super) policies: BTreeMap<String, Arc<Policy>>,
    pub(super) policy_pages: Pages,
    pub(super) names: BTreeMap<String, Location>,
    pub(super) name_pages: Pages,
    /// In the order in which they were read, some perhaps more than once.
    pub(super) grants: Vec<Grant>,
    pub(super) grant_pages: Pages,
    pub(super) tag_pages: Pages,
    pub(super) alias_pages: Pages,
}

/// What a grant is told by. A grant without an id is a grant all the same.
fn id_of(grant: &Grant) -> Cow<'_, str> {
    match grant.id.as_str() {
        "" => Cow::Owned(format!("{:?}", grant.location)),
        id => Cow::Borrowed(id),
    }
}

/// Grants by their ids. The same grant read twice is no news unless the two differ.
fn merged(mut grants: Vec<Grant>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Grant> {
    let same = |a: &Grant, b: &Grant| {
        (&a.grantee, &a.grantee_service, &a.operations, &a.constraints)
            == (&b.grantee, &b.grantee_service, &b.operations, &b.constraints)
    };
    grants.sort_by(|a, b| id_of(a).cmp(&id_of(b)));
    grants.dedup_by(|new, first| {
        let again = id_of(new) == id_of(first);
        if again && !same(new, first) {
            diagnostics.push(conflict("grant", &id_of(new), new.location));
        }
        again
    });
    grants
}

impl Building {
    /// The finished key.
    pub(super) fn finish(
        mut self,
        of_region: &Pages,
        failures: &Failures,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) -> Key {
        let (id, region) = (self.key.id.clone(), self.key.region.clone());
        let failed = |word| failures.of_key(&id, &region, word);
        let arn = self.key.arn.clone();
        if !self.described {
            let effect = "its state, usage and spec are unknown: no operation is left out of the answers";
            gaps.extend(Pages::default().gap("key metadata", &arn, effect, failed("describe")));
        }
        self.policies_of_key(failures, diagnostics, gaps);
        diagnostics.extend(self.grant_pages.remark(&format!("grants of {arn}")));
        let effect = "grants may give access that the snapshot does not show: it is reported as unknown";
        gaps.extend(self.grant_pages.gap("grants", &arn, effect, failed("grant")));
        diagnostics.extend(self.tag_pages.remark(&format!("tags of {arn}")));
        let effect = "conditions on tags of the key are reported as unknown";
        gaps.extend(self.tag_pages.gap("tags", &arn, effect, failed("tag")));
        let better = self.alias_pages.collected().min(of_region.collected());
        let effect = "conditions on aliases of the key are reported as unknown";
        let pages = if better == self.alias_pages.collected() {
            &self.alias_pages
        } else {
            of_region
        };
        let failure =
            failed("alias").or_else(|| failures.of_account(&self.key.account, Some(&region), "alias"));
        gaps.extend(pages.gap("aliases", &arn, effect, failure));
        let grants = merged(self.grants, diagnostics);
        let mut key = self.key;
        key.grants = grants;
        key.policies = self.policies.into_values().collect();
        key.aliases.sort();
        key.aliases_collected = better;
        key.grants_collected = self.grant_pages.collected();
        key.tags_collected = self.tag_pages.collected();
        // The id tells, unless it is no key id at all (S1.2).
        let by_id = is_multi_region_id(&id)
            .then_some(true)
            .or(is_key_id(&id).then_some(false));
        key.multi_region = key.multi_region.or(by_id);
        key
    }

    /// Whether all key policies are there: those that list-key-policies names, else `default` (S2.1.8).
    fn policies_of_key(
        &mut self,
        failures: &Failures,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) {
        let (id, region, arn) = (self.key.id.clone(), self.key.region.clone(), self.key.arn.clone());
        let failure = failures.of_key(&id, &region, "policy");
        diagnostics.extend(self.name_pages.remark(&format!("policy names of {arn}")));
        let mut missing: Vec<(&str, Location)> = self
            .names
            .iter()
            .filter(|(name, _)| !self.policies.contains_key(*name))
            .map(|(name, location)| (name.as_str(), *location))
            .collect();
        if !self.policies.contains_key("default") && !self.names.contains_key("default") {
            missing.push(("default", Location::default()));
        }
        let whole = missing.is_empty()
            && self.policy_pages.collected().is_whole()
            && self.name_pages.collected() != Collected::Partly;
        self.key.policies_collected = match (whole, self.policies.is_empty()) {
            (true, _) => Collected::Whole,
            (false, true) => Collected::Missing,
            (false, false) => Collected::Partly,
        };
        if whole {
            return;
        }
        let assumed = self.key.aws_managed == Some(true) && self.policies.is_empty();
        let effect = if assumed {
            "the usual policy of an AWS managed key is assumed (S7.5)"
        } else {
            "who the key policy admits or denies is unknown: access is reported as unknown"
        };
        for (name, location) in &missing {
            if *name != "default" || !self.policies.is_empty() {
                let message =
                    format!("key policy `{name}` of `{arn}` is listed but its text is not in the snapshot");
                let found = Diagnostic::new(Code::MissingData, *location, message).effect(effect);
                let help = format!("collect `kms get-key-policy --policy-name {name}`");
                diagnostics.push(found.help(help));
            }
            let of = if *name == "default" {
                arn.clone()
            } else {
                format!("{arn} ({name})")
            };
            let (how, at) = failure.unwrap_or(("missing", *location));
            gaps.push(Gap {
                what: "key policy",
                of,
                how,
                effect: effect.to_owned(),
                location: at,
            });
        }
        if missing.is_empty() {
            let effect = effect.to_owned();
            gaps.push(Gap {
                what: "key policy",
                of: arn,
                how: "truncated",
                effect,
                location: self.key.location,
            });
        }
    }
}
