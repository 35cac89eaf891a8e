//! Answers of `aws kms`, each with the key it belongs to -> keys. A key that is named anywhere is a key.

use super::accounts::{conflict, merge, same_policy};
use super::kms::{Alias, KeyPolicy, KeyRef, partition_of};
use super::pages::{Failures, Pages};
use super::recognize::Page;
use crate::arn::{is_key_id, is_multi_region_id};
use crate::diag::{Code, Diagnostic};
use crate::model::key::{Grant, Key};
use crate::model::principal::Policy;
use crate::model::snapshot::Gap;
use crate::model::{Collected, Tags};
use crate::source::Location;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Keys while they are put together.
#[derive(Default)]
pub(super) struct Keys {
    keys: BTreeMap<String, Building>,
    /// ARNs by key id; a multi-Region id stands for several keys (S1.2).
    by_id: HashMap<String, Vec<String>>,
    /// Partitions of Regions as printed.
    partitions: HashMap<String, String>,
    /// Lists of keys and of aliases by account and Region.
    regions: BTreeMap<(String, String), Region>,
    aliases: Vec<Alias>,
}

/// A key and what was read about it.
#[derive(Default)]
struct Building {
    key: Key,
    described: bool,
    policies: BTreeMap<String, Arc<Policy>>,
    policy_pages: Pages,
    names: BTreeMap<String, Location>,
    name_pages: Pages,
    grants: BTreeMap<String, Grant>,
    grant_pages: Pages,
    tag_pages: Pages,
    alias_pages: Pages,
}

#[derive(Default)]
struct Region {
    key_pages: Pages,
    alias_pages: Pages,
}

/// What is left when the keys are taken away.
pub(super) struct Finished {
    pub(super) keys: Vec<Key>,
    pub(super) dangling: Vec<(String, Option<String>)>,
    /// Keys whose metadata was read.
    pub(super) described: usize,
    /// Accounts with a list of keys.
    pub(super) listed: BTreeSet<String>,
}

impl Keys {
    /// Notes a key that is named somewhere. Must be called for every reference before anything is added to a key.
    pub(super) fn name(&mut self, of: &KeyRef, location: Location) {
        if let (Some(region), Some(partition)) = (&of.region, &of.partition) {
            self.partitions
                .entry(region.clone())
                .or_insert_with(|| partition.clone());
        }
        let Some(arn) = self.arn(of) else { return };
        let (Some(id), Some(account), Some(region)) = (&of.id, &of.account, &of.region) else {
            return;
        };
        if self.keys.contains_key(&arn) {
            return;
        }
        let partition = arn.split(':').nth(1).unwrap_or_default().to_owned();
        let key = Key {
            arn: arn.clone(),
            id: id.clone(),
            account: account.clone(),
            region: region.clone(),
            partition,
            location,
            ..Key::default()
        };
        self.by_id.entry(id.clone()).or_default().push(arn.clone());
        self.keys.insert(
            arn,
            Building {
                key,
                ..Building::default()
            },
        );
    }

    fn arn(&self, of: &KeyRef) -> Option<String> {
        let mut of = of.clone();
        if of.partition.is_none() {
            of.partition = self.partitions.get(of.region.as_deref()?).cloned();
        }
        of.arn()
    }

    /// The key that is meant: by full name, or by an id that only one key has.
    fn find(&mut self, of: &KeyRef) -> Result<&mut Building, &'static str> {
        let arn = match self.arn(of) {
            Some(arn) => arn,
            None => {
                let id = of.id.as_ref().ok_or("does not say which key it belongs to")?;
                let fits = |arn: &&String| {
                    let mut parts = arn.split(':').skip(3);
                    let matches =
                        |hint: &Option<String>, part: Option<&str>| hint.is_none() || hint.as_deref() == part;
                    matches(&of.region, parts.next()) && matches(&of.account, parts.next())
                };
                let mut candidates = self.by_id.get(id).into_iter().flatten().filter(fits);
                match (candidates.next(), candidates.next()) {
                    (Some(arn), None) => arn.clone(),
                    (None, _) => return Err("does not say in which account and Region its key is"),
                    (Some(_), Some(_)) => {
                        return Err("does not say which of several keys of one id it belongs to");
                    }
                }
            }
        };
        self.keys
            .get_mut(&arn)
            .ok_or("belongs to a key that is not in the snapshot")
    }

    /// The key, or a remark that something has none.
    fn owner(
        &mut self,
        of: &KeyRef,
        what: &str,
        location: Location,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<&mut Building> {
        match self.find(of) {
            Ok(building) => Some(building),
            Err(problem) => {
                let found = Diagnostic::new(Code::UnknownOwner, location, format!("{what} that {problem}"))
                    .effect("it was not read; what it would say is reported as unknown")
                    .help("store the answers about a key in `accounts/ACCOUNT/REGION/keys/KEY_ID/`");
                diagnostics.push(found);
                None
            }
        }
    }

    pub(super) fn listed(
        &mut self,
        keys: &[(KeyRef, Location)],
        page: &Page,
        hints: (Option<&str>, Option<&str>),
    ) {
        let mut regions: BTreeSet<(&str, &str)> = keys
            .iter()
            .filter_map(|(of, _)| Some((of.account.as_deref()?, of.region.as_deref()?)))
            .collect();
        if let (true, (Some(account), Some(region))) = (regions.is_empty(), hints) {
            regions.insert((account, region));
        }
        for (account, region) in regions {
            self.region(account, region).key_pages.add(page);
        }
    }

    fn region(&mut self, account: &str, region: &str) -> &mut Region {
        self.regions
            .entry((account.to_owned(), region.to_owned()))
            .or_default()
    }

    pub(super) fn metadata(
        &mut self,
        of: &KeyRef,
        read: Key,
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(building) = self.owner(of, "key metadata", page.location, diagnostics) else {
            return;
        };
        if building.described {
            let facts = |key: &Key| {
                (
                    key.aws_managed,
                    key.spec.clone(),
                    key.usage.clone(),
                    key.state.clone(),
                    key.origin.clone(),
                )
            };
            if facts(&building.key) != facts(&read) {
                diagnostics.push(conflict("description of key", &building.key.arn, read.location));
            }
            return;
        }
        building.described = true;
        let old = std::mem::take(&mut building.key);
        building.key = Key {
            arn: old.arn,
            id: old.id,
            account: old.account,
            region: old.region,
            partition: old.partition,
            tags: old.tags,
            rotation: old.rotation,
            ..read
        };
    }

    pub(super) fn policy(&mut self, read: KeyPolicy, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        let location = read.location;
        let Some(building) = self.owner(&read.key, "a key policy", location, diagnostics) else {
            return;
        };
        building.policy_pages.add(page);
        let same = |a: &Arc<Policy>, b: &Arc<Policy>| same_policy(a, b);
        let name = read.policy.name.clone();
        merge(
            &mut building.policies,
            name,
            location,
            read.policy,
            same,
            "key policy",
            diagnostics,
        );
    }

    pub(super) fn policy_names(
        &mut self,
        of: &KeyRef,
        names: Vec<String>,
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let Some(building) = self.owner(of, "a list of policy names", page.location, diagnostics) else {
            return;
        };
        building.name_pages.add(page);
        building
            .names
            .extend(names.into_iter().map(|name| (name, page.location)));
    }

    pub(super) fn grants(
        &mut self,
        of_key: &KeyRef,
        grants: Vec<(KeyRef, Grant)>,
        page: Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if grants.is_empty() {
            // An empty list says that the key of its folder has no grants.
            if let Some(building) = self.owner(of_key, "a list of grants", page.location, diagnostics) {
                building.grant_pages.add(&page);
            }
            return;
        }
        let mut seen = BTreeSet::new();
        for (of, grant) in grants {
            let Some(building) = self.owner(&of, "a grant", grant.location, diagnostics) else {
                continue;
            };
            if seen.insert(building.key.arn.clone()) {
                building.grant_pages.add(&page);
            }
            // A grant without an id is a grant all the same.
            let id = if grant.id.is_empty() {
                format!("{:?}", grant.location)
            } else {
                grant.id.clone()
            };
            let same = |a: &Grant, b: &Grant| {
                (&a.grantee, &a.grantee_service, &a.operations, &a.constraints)
                    == (&b.grantee, &b.grantee_service, &b.operations, &b.constraints)
            };
            let location = grant.location;
            merge(
                &mut building.grants,
                id,
                location,
                grant,
                same,
                "grant",
                diagnostics,
            );
        }
    }

    pub(super) fn tags(&mut self, of: &KeyRef, tags: Tags, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        let Some(building) = self.owner(of, "a list of tags", page.location, diagnostics) else {
            return;
        };
        building.tag_pages.add(page);
        for (key, value) in tags {
            let same = |a: &String, b: &String| a == b;
            merge(
                &mut building.key.tags,
                key,
                page.location,
                value,
                same,
                "value of tag",
                diagnostics,
            );
        }
    }

    pub(super) fn rotation(
        &mut self,
        of: &KeyRef,
        on: Option<bool>,
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if let Some(building) = self.owner(of, "a rotation status", page.location, diagnostics) {
            building.key.rotation = building.key.rotation.or(on);
        }
    }

    pub(super) fn aliases(
        &mut self,
        of_key: Option<&KeyRef>,
        aliases: Vec<Alias>,
        page: &Page,
        hints: (Option<&str>, Option<&str>),
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        for alias in &aliases {
            if let (Some(region), Some(partition)) = (&alias.region, &alias.partition) {
                self.partitions
                    .entry(region.clone())
                    .or_insert_with(|| partition.clone());
            }
        }
        if let Some(of) = of_key {
            // `list-aliases --key-id` lists the aliases of one key.
            if let Some(building) = self.owner(of, "a list of aliases", page.location, diagnostics) {
                building.alias_pages.add(page);
            }
        } else {
            let mut regions: BTreeSet<(String, String)> = aliases
                .iter()
                .filter_map(|alias| Some((alias.account.clone()?, alias.region.clone()?)))
                .collect();
            if let (true, (Some(account), Some(region))) = (regions.is_empty(), hints) {
                regions.insert((account.to_owned(), region.to_owned()));
            }
            for (account, region) in regions {
                self.region(&account, &region).alias_pages.add(page);
            }
        }
        self.aliases.extend(aliases);
    }

    /// Gives every alias to its key (S1.3). Returns those that have none.
    fn place_aliases(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, Option<String>)> {
        let mut known: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut dangling = Vec::new();
        for alias in std::mem::take(&mut self.aliases) {
            let (Some(account), Some(region)) = (&alias.account, &alias.region) else {
                let message = format!(
                    "alias `{}` that does not say of which account and Region it is",
                    alias.name
                );
                let found = Diagnostic::new(Code::UnknownOwner, alias.location, message);
                diagnostics.push(found.effect("it was not read"));
                continue;
            };
            let printed = alias.partition.as_ref().or_else(|| self.partitions.get(region));
            let partition = printed.map_or_else(|| partition_of(region).to_owned(), Clone::clone);
            let arn = format!("arn:{partition}:kms:{region}:{account}:{}", alias.name);
            if let Some(earlier) = known.get(&arn) {
                if *earlier != alias.target {
                    diagnostics.push(conflict("target of", &arn, alias.location));
                }
                continue;
            }
            known.insert(arn.clone(), alias.target.clone());
            let Some(target) = &alias.target else {
                dangling.push((arn, None));
                continue;
            };
            let key_arn = match target.starts_with("arn:") {
                true => target.clone(),
                false => format!("arn:{partition}:kms:{region}:{account}:key/{target}"),
            };
            match self.keys.get_mut(&key_arn) {
                Some(building) => {
                    if alias.name.starts_with("alias/aws/") && building.key.aws_managed.is_none() {
                        // Only AWS can make such an alias (S1.3).
                        building.key.aws_managed = Some(true);
                    }
                    building.key.aliases.push(alias.name);
                }
                None => {
                    let message =
                        format!("alias `{arn}` points at key `{target}`, which is not in the snapshot");
                    let found = Diagnostic::new(Code::DanglingReference, alias.location, message);
                    diagnostics.push(
                        found
                            .effect("the key appears in no answer")
                            .help("collect `kms list-keys`"),
                    );
                    dangling.push((arn, alias.target));
                }
            }
        }
        dangling.sort();
        dangling
    }

    /// Finishes the keys: what is known to be whole, what is missing.
    pub(super) fn finish(
        mut self,
        failures: &Failures,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) -> Finished {
        let dangling = self.place_aliases(diagnostics);
        let mut listed = BTreeSet::new();
        for ((account, region), lists) in &self.regions {
            let of = format!("{account} {region}");
            if lists.key_pages.collected() != Collected::Missing {
                listed.insert(account.clone());
                diagnostics.extend(lists.key_pages.remark(&format!("keys of {of}")));
                let effect = "keys that are listed nowhere appear in no answer";
                gaps.extend(lists.key_pages.gap("keys", &of, effect, None));
            }
            diagnostics.extend(lists.alias_pages.remark(&format!("aliases of {of}")));
        }
        let described = self.keys.values().filter(|building| building.described).count();
        let mut keys = Vec::with_capacity(self.keys.len());
        for building in self.keys.into_values() {
            let of = (building.key.account.clone(), building.key.region.clone());
            let aliases = self
                .regions
                .get(&of)
                .map(|lists| lists.alias_pages.clone())
                .unwrap_or_default();
            keys.push(building.finish(&aliases, failures, diagnostics, gaps));
        }
        Finished {
            keys,
            dangling,
            described,
            listed,
        }
    }
}

impl Building {
    fn finish(
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
        let mut key = self.key;
        key.grants = self.grants.into_values().collect();
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
