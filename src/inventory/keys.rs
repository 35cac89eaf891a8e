//! Answers of `aws kms`, each with the key it belongs to -> keys. A key that is named anywhere is a key.

use super::accounts::{conflict, merge, same_policy};
use super::building::Building;
use super::kms::{Alias, KeyPolicy, KeyRef, partition_of};
use super::pages::{Failures, Pages};
use super::recognize::Page;
use crate::diag::{Code, Diagnostic};
use crate::model::key::{Grant, Key};
use crate::model::principal::Policy;
use crate::model::snapshot::Gap;
use crate::model::{Collected, Tags};
use crate::source::Location;
use ahash::AHashMap;
use jiff::Timestamp;
use rayon::prelude::*;
use smallvec::{SmallVec, smallvec};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Keys while they are put together.
#[derive(Default)]
pub(super) struct Keys {
    keys: Vec<Building>,
    /// Places in `keys` by ARN.
    by_arn: AHashMap<String, usize>,
    /// Places in `keys` by key id; a multi-Region id stands for several keys (S1.2).
    by_id: AHashMap<String, SmallVec<[usize; 1]>>,
    /// Partitions of Regions as printed.
    partitions: AHashMap<String, String>,
    /// Lists of keys and of aliases by account and Region.
    regions: BTreeMap<(String, String), Region>,
    aliases: Vec<Alias>,
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
            self.partition(region, partition);
        }
        let Some(arn) = of.arn(&self.partitions) else {
            return;
        };
        let (Some(id), Some(account), Some(region)) = (&of.id, &of.account, &of.region) else {
            return;
        };
        if self.by_arn.contains_key(&arn) {
            return;
        }
        let key = Key {
            arn: arn.clone(),
            id: id.clone(),
            account: account.clone(),
            region: region.clone(),
            partition: arn.split(':').nth(1).unwrap_or_default().to_owned(),
            location,
            ..Key::default()
        };
        let place = self.keys.len();
        self.keys.push(Building {
            key,
            ..Building::default()
        });
        self.by_arn.insert(arn, place);
        match self.by_id.get_mut(id) {
            Some(places) => places.push(place),
            None => drop(self.by_id.insert(id.clone(), smallvec![place])),
        }
    }

    /// Notes the partition that is printed for a Region; the first one stays.
    fn partition(&mut self, region: &str, partition: &str) {
        if !self.partitions.contains_key(region) {
            self.partitions.insert(region.to_owned(), partition.to_owned());
        }
    }

    /// The place of the key that is meant: by full name, or by an id that only one key has.
    fn find(&self, of: &KeyRef) -> Result<usize, &'static str> {
        if let Some(arn) = of.arn(&self.partitions) {
            let place = self.by_arn.get(&arn).copied();
            return place.ok_or("belongs to a key that is not in the snapshot");
        }
        let id = of.id.as_ref().ok_or("does not say which key it belongs to")?;
        let fits = |place: &usize| {
            let matches =
                |hint: &Option<String>, says: &String| hint.as_ref().is_none_or(|hint| hint == says);
            let key = self.keys.get(*place).map(|building| &building.key);
            key.is_some_and(|key| matches(&of.region, &key.region) && matches(&of.account, &key.account))
        };
        let mut candidates = self.by_id.get(id).into_iter().flatten().copied().filter(fits);
        match (candidates.next(), candidates.next()) {
            (Some(place), None) => Ok(place),
            (None, _) => Err("does not say in which account and Region its key is"),
            (Some(_), Some(_)) => Err("does not say which of several keys of one id it belongs to"),
        }
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
            Ok(place) => self.keys.get_mut(place),
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
            last_used: old.last_used,
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
        for (of, grant) in grants {
            let Some(building) = self.owner(&of, "a grant", grant.location, diagnostics) else {
                continue;
            };
            // To add a page twice changes nothing.
            building.grant_pages.add(&page);
            building.grants.push(grant);
        }
    }

    pub(super) fn tags(&mut self, of: &KeyRef, tags: Tags, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        let Some(building) = self.owner(of, "a list of tags", page.location, diagnostics) else {
            return;
        };
        building.tag_pages.add(page);
        if building.key.tags.is_empty() {
            building.key.tags = tags;
            return;
        }
        for (key, value) in tags.iter() {
            if building.key.tags.get(key).is_some_and(|known| known != value) {
                diagnostics.push(conflict("value of tag", key, page.location));
            }
        }
        let both = building.key.tags.iter().chain(tags.iter());
        building.key.tags = both.map(|(key, value)| (key.clone(), value.clone())).collect();
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

    pub(super) fn last_used(
        &mut self,
        of: &KeyRef,
        used: Option<Timestamp>,
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        if let Some(building) = self.owner(of, "the last use", page.location, diagnostics) {
            building.key.last_used = building.key.last_used.max(used);
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
                self.partition(region, partition);
            }
        }
        if let Some(of) = of_key {
            // `list-aliases --key-id` lists the aliases of one key.
            if let Some(building) = self.owner(of, "a list of aliases", page.location, diagnostics) {
                building.alias_pages.add(page);
            }
        } else {
            let mut regions: BTreeSet<(&str, &str)> = aliases
                .iter()
                .filter_map(|alias| Some((alias.account.as_deref()?, alias.region.as_deref()?)))
                .collect();
            if let (true, (Some(account), Some(region))) = (regions.is_empty(), hints) {
                regions.insert((account, region));
            }
            for (account, region) in regions {
                self.region(account, region).alias_pages.add(page);
            }
        }
        self.aliases.extend(aliases);
    }

    /// Gives every alias to its key (S1.3). Returns those that have none.
    fn place_aliases(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Vec<(String, Option<String>)> {
        let mut known: AHashMap<String, Option<String>> = AHashMap::new();
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
            let place = self.by_arn.get(&key_arn).copied();
            match place.and_then(|place| self.keys.get_mut(place)) {
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
        let described = self.keys.iter().filter(|building| building.described).count();
        let regions = &self.regions;
        let none = Pages::default();
        let finished: Vec<_> = self
            .keys
            .into_par_iter()
            .map(|building| {
                let of = (building.key.account.clone(), building.key.region.clone());
                let aliases = regions.get(&of).map_or(&none, |lists| &lists.alias_pages);
                let (mut remarks, mut missing) = (Vec::new(), Vec::new());
                let key = building.finish(aliases, failures, &mut remarks, &mut missing);
                (key, remarks, missing)
            })
            .collect();
        let mut keys = Vec::with_capacity(finished.len());
        for (key, remarks, missing) in finished {
            keys.push(key);
            diagnostics.extend(remarks);
            gaps.extend(missing);
        }
        keys.par_sort_unstable_by(|a, b| a.arn.cmp(&b.arn));
        Finished {
            keys,
            dangling,
            described,
            listed,
        }
    }
}
