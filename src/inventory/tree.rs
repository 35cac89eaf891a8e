//! Answers of `aws organizations` -> the organization: its tree, its guardrails, and whether they are all there.

use super::accounts::{conflict, merge, same_policy};
use super::organization::{Edge, Member, Overview, PolicyText, Root, Summary};
use super::pages::Pages;
use super::recognize::Page;
use crate::arn::is_account_id;
use crate::diag::{Code, Diagnostic};
use crate::model::Collected;
use crate::model::organization::Organization;
use crate::model::principal::Policy;
use crate::model::snapshot::Gap;
use crate::policy::document::PolicyKind;
use crate::policy::parse::parse_text;
use crate::source::Location;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The two kinds of guardrails, with what people call them and the default policy that AWS writes.
const KINDS: [(PolicyKind, &str, &str, &str); 2] = [
    (
        PolicyKind::Scp,
        "SCPs",
        "p-FullAWSAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        PolicyKind::Rcp,
        "RCPs",
        "p-RCPFullAWSAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
    ),
];

/// An organization while it is put together.
#[derive(Default)]
pub(super) struct Tree {
    seen: bool,
    organization: Organization,
    /// Organization and management account as ARNs of accounts name them.
    by_arn: Option<(String, String)>,
    members: BTreeSet<String>,
    features: Option<String>,
    roots: Pages,
    enabled: BTreeSet<String>,
    list: Pages,
    units_of: BTreeMap<String, Pages>,
    accounts_of: BTreeMap<String, Pages>,
    policy_lists: BTreeMap<PolicyKind, Pages>,
    summaries: BTreeMap<String, (PolicyKind, String, Location)>,
    texts: BTreeMap<String, Arc<Policy>>,
    targets: BTreeMap<String, Pages>,
    of_target: BTreeMap<(String, PolicyKind), Pages>,
    attached: BTreeMap<String, BTreeSet<String>>,
    /// Where an attachment was printed.
    attached_at: BTreeMap<String, Location>,
}

impl Tree {
    pub(super) fn overview(&mut self, read: Overview, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        self.seen = true;
        let organization = &mut self.organization;
        for (old, new, noun) in [
            (
                Some(&organization.id).filter(|id| !id.is_empty()),
                &read.id,
                "organization",
            ),
            (
                organization.management.as_ref(),
                &read.management,
                "management account",
            ),
        ] {
            if let (Some(old), Some(new)) = (old, new.as_ref().filter(|new| old != Some(new))) {
                diagnostics.push(conflict(noun, &format!("{new}` besides `{old}"), page.location));
            }
        }
        if organization.id.is_empty() {
            organization.id = read.id.unwrap_or_default();
        }
        organization.management = organization.management.take().or(read.management);
        self.features = self.features.take().or(read.features);
    }

    pub(super) fn members(
        &mut self,
        parent: Option<String>,
        members: &[Member],
        page: &Page,
        for_parent: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.seen = true;
        match &parent {
            Some(parent) => self.accounts_of.entry(parent.clone()).or_default().add(page),
            None if for_parent => unowned("accounts of a parent that is not named", page, diagnostics),
            None => self.list.add(page),
        }
        for member in members {
            self.members.insert(member.id.clone());
            self.by_arn = self.by_arn.take().or_else(|| member.organization.clone());
            if let Some(parent) = &parent {
                self.edge(&member.id, Some(parent), page, diagnostics);
            }
            let Some(path) = &member.path else { continue };
            for (i, id) in path.iter().enumerate() {
                let above = i.checked_sub(1).and_then(|above| path.get(above));
                self.edge(id, above, page, diagnostics);
            }
        }
    }

    pub(super) fn roots(&mut self, roots: Vec<Root>, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        self.seen = true;
        self.roots.add(page);
        for root in roots {
            self.edge(&root.id, None, page, diagnostics);
            self.enabled.extend(root.enabled);
        }
    }

    pub(super) fn units(
        &mut self,
        parent: Option<String>,
        edges: &[Edge],
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.seen = true;
        // Pages whose OUs print their own place name their parent themselves.
        let printed = edges.first().and_then(|(_, above)| above.clone());
        match parent.or(printed) {
            Some(parent) => self.units_of.entry(parent).or_default().add(page),
            None => unowned("OUs of a parent that is not named", page, diagnostics),
        }
        for (id, above) in edges.iter().filter(|(_, above)| above.is_some()) {
            self.edge(id, above.as_ref(), page, diagnostics);
        }
    }

    pub(super) fn relatives(&mut self, edges: &[Edge], page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        self.seen = true;
        for (id, above) in edges {
            if is_account_id(id) {
                self.members.insert(id.clone());
            }
            self.edge(id, above.as_ref(), page, diagnostics);
        }
    }

    fn edge(&mut self, id: &str, above: Option<&String>, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
        let same = |a: &Option<String>, b: &Option<String>| a == b;
        let parents = &mut self.organization.parents;
        merge(
            parents,
            id.to_owned(),
            page.location,
            above.cloned(),
            same,
            "parent of",
            diagnostics,
        );
    }

    pub(super) fn policies(
        &mut self,
        target: Option<String>,
        kind: Option<PolicyKind>,
        policies: Vec<Summary>,
        page: &Page,
        names_target: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.seen = true;
        match (&target, kind) {
            (None, _) if names_target => unowned("policies of a target that is not named", page, diagnostics),
            (Some(target), Some(kind)) => {
                self.of_target
                    .entry((target.clone(), kind))
                    .or_default()
                    .add(page);
            }
            (None, Some(kind)) => self.policy_lists.entry(kind).or_default().add(page),
            (_, None) => {}
        }
        for policy in policies {
            if let Some(target) = target.as_ref().filter(|_| policy.kind.is_some()) {
                self.attached
                    .entry(target.clone())
                    .or_default()
                    .insert(policy.id.clone());
                self.attached_at.entry(target.clone()).or_insert(page.location);
            }
            self.summary(policy);
        }
    }

    fn summary(&mut self, policy: Summary) {
        if let Some(kind) = policy.kind {
            self.summaries
                .entry(policy.id)
                .or_insert((kind, policy.name, policy.location));
        }
    }

    pub(super) fn text(&mut self, read: PolicyText, diagnostics: &mut Vec<Diagnostic>) {
        self.seen = true;
        let (id, location) = (read.summary.id.clone(), read.summary.location);
        self.summary(read.summary);
        if let Some(policy) = read.policy {
            let same = |a: &Arc<Policy>, b: &Arc<Policy>| same_policy(a, b);
            merge(&mut self.texts, id, location, policy, same, "policy", diagnostics);
        }
    }

    pub(super) fn targets(
        &mut self,
        policy: Option<String>,
        targets: Vec<String>,
        page: &Page,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        self.seen = true;
        let Some(policy) = policy else {
            return unowned("targets of a policy that is not named", page, diagnostics);
        };
        self.targets.entry(policy.clone()).or_default().add(page);
        for target in targets {
            self.attached
                .entry(target.clone())
                .or_default()
                .insert(policy.clone());
            self.attached_at.entry(target).or_insert(page.location);
        }
    }

    /// Finishes the organization; `None` if nothing was read about one.
    pub(super) fn finish(
        mut self,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) -> Option<Organization> {
        if !self.seen {
            let effect = "SCPs and RCPs are taken not to restrict, and who belongs to the organization is unknown (S4.7.5)";
            let (of, effect) = (self.name(), effect.to_owned());
            gaps.push(Gap {
                what: "organization data",
                of,
                how: "missing",
                effect,
                location: Location::default(),
            });
            return None;
        }
        if let Some((id, management)) = self.by_arn.take() {
            if self.organization.id.is_empty() {
                self.organization.id = id;
            }
            self.organization.management.get_or_insert(management);
        }
        self.members.extend(self.organization.management.clone());
        self.places(diagnostics, gaps);
        self.organization.accounts_collected = self.accounts_collected();
        let of = self.name();
        if !self.organization.accounts_collected.is_whole() {
            diagnostics.extend(self.list.remark("accounts of the organization"));
            let effect = "whether an account that is not listed belongs to the organization is unknown";
            let missing = Pages::default();
            let list = if self.list.collected() == Collected::Missing {
                &missing
            } else {
                &self.list
            };
            gaps.extend(list.gap("accounts of the organization", &of, effect, None));
        }
        if self.organization.management.is_none() {
            let effect = "which account is exempt from SCPs and RCPs is unknown";
            gaps.extend(Pages::default().gap("management account", &of, effect, None));
        }
        for (kind, noun, default, text) in KINDS {
            self.defaults(kind, default, text);
            let (enabled, collected) = self.guardrails(kind, noun, diagnostics, gaps);
            match kind {
                PolicyKind::Scp => {
                    self.organization.scps_enabled = enabled;
                    self.organization.scps_collected = collected;
                }
                _ => {
                    self.organization.rcps_enabled = enabled;
                    self.organization.rcps_collected = collected;
                }
            }
        }
        self.organization.members = self.members.into_iter().collect();
        self.organization.policies = self.texts;
        self.organization.attachments = self
            .attached
            .into_iter()
            .map(|(target, ids)| (target, ids.into_iter().collect()))
            .collect();
        Some(self.organization)
    }

    /// The organization as gaps name it.
    fn name(&self) -> String {
        let id = &self.organization.id;
        if id.is_empty() {
            "the organization".to_owned()
        } else {
            id.clone()
        }
    }

    /// Looks for accounts without a place and for attachments to nothing.
    fn places(&self, diagnostics: &mut Vec<Diagnostic>, gaps: &mut Vec<Gap>) {
        let placed = self.placed();
        for id in &self.members {
            if !placed.contains(id.as_str()) {
                let effect = "which SCPs and RCPs apply to the account is unknown";
                gaps.extend(Pages::default().gap("place in the organization", id, effect, None));
            }
        }
        for (target, location) in &self.attached_at {
            if !self.organization.parents.contains_key(target) && !self.members.contains(target) {
                let message = format!("policies are attached to `{target}`, which is not in the snapshot");
                let found = Diagnostic::new(Code::DanglingReference, *location, message);
                diagnostics.push(found.effect("what is below it is not known to be restricted"));
            }
        }
    }

    /// The nodes that hang on a root.
    fn placed(&self) -> BTreeSet<&str> {
        let mut below: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
        for (id, above) in &self.organization.parents {
            below.entry(above.as_deref()).or_default().push(id);
        }
        let mut placed = BTreeSet::new();
        let mut todo = below.remove(&None).unwrap_or_default();
        while let Some(id) = todo.pop() {
            placed.insert(id);
            todo.extend(below.remove(&Some(id)).unwrap_or_default());
        }
        placed
    }

    /// The list is whole, or every root and OU was asked for its accounts and its OUs.
    fn accounts_collected(&self) -> Collected {
        let whole = |pages: Option<&Pages>| pages.is_some_and(|pages| pages.collected().is_whole());
        let walked = self.roots.collected().is_whole()
            && self
                .organization
                .parents
                .keys()
                .filter(|id| !is_account_id(id))
                .all(|id| whole(self.units_of.get(id)) && whole(self.accounts_of.get(id)));
        match (self.list.collected(), walked) {
            (Collected::Whole, _) | (_, true) => Collected::Whole,
            _ if self.members.is_empty() => Collected::Missing,
            _ => Collected::Partly,
        }
    }

    /// AWS writes one text of its default policies; it need not be collected.
    fn defaults(&mut self, kind: PolicyKind, id: &str, text: &str) {
        let named = self.summaries.contains_key(id) || self.attached.values().any(|ids| ids.contains(id));
        if named && !self.texts.contains_key(id) {
            let document = parse_text(None, text.as_bytes(), kind, &mut Vec::new());
            let name = id.trim_start_matches("p-").to_owned();
            self.texts
                .insert(id.to_owned(), Arc::new(Policy { kind, name, document }));
        }
    }

    /// Whether policies of a kind are on, and whether they were all read: list, texts and targets.
    fn guardrails(
        &self,
        kind: PolicyKind,
        noun: &'static str,
        diagnostics: &mut Vec<Diagnostic>,
        gaps: &mut Vec<Gap>,
    ) -> (Option<bool>, Collected) {
        let name = if kind == PolicyKind::Scp {
            "SERVICE_CONTROL_POLICY"
        } else {
            "RESOURCE_CONTROL_POLICY"
        };
        let billing_only = self.features.as_deref() == Some("CONSOLIDATED_BILLING");
        let rooted = self.roots.collected() != Collected::Missing;
        let enabled = if billing_only {
            Some(false)
        } else {
            rooted.then(|| self.enabled.contains(name))
        };
        if enabled == Some(false) {
            return (enabled, Collected::Whole);
        }
        let list = self.policy_lists.get(&kind).cloned().unwrap_or_default();
        diagnostics.extend(list.remark(noun));
        let ids: Vec<(&String, Location)> = self
            .summaries
            .iter()
            .filter(|(_, (k, ..))| *k == kind)
            .map(|(id, (_, _, at))| (id, *at))
            .collect();
        let of = &self.name();
        let effect = match kind {
            PolicyKind::Scp => "SCPs that were not read are taken not to restrict (S4.7.5)",
            _ => "RCPs that were not read are taken not to restrict (S4.7.5)",
        };
        let before = gaps.len();
        gaps.extend(list.gap(noun, of, effect, None));
        if ids.is_empty() && list.collected() == Collected::Missing {
            return (enabled, Collected::Missing);
        }
        let every_target_listed = !self.organization.parents.is_empty()
            && self.organization.parents.keys().all(|target| {
                self.of_target
                    .get(&(target.clone(), kind))
                    .is_some_and(|pages| pages.collected().is_whole())
            });
        for (id, location) in ids {
            if !self.texts.contains_key(id) {
                let message = format!("policy `{id}` is listed but its text is not in the snapshot");
                let found = Diagnostic::new(Code::MissingData, location, message).effect(effect);
                diagnostics.push(found.help(format!(
                    "collect `organizations describe-policy --policy-id {id}`"
                )));
                let (of, effect) = (id.clone(), effect.to_owned());
                gaps.push(Gap {
                    what: "policy text",
                    of,
                    how: "missing",
                    effect,
                    location,
                });
            }
            let targets = self.targets.get(id).cloned().unwrap_or_default();
            diagnostics.extend(targets.remark(&format!("targets of policy {id}")));
            if !every_target_listed {
                let effect = "where the policy applies is not known: it is taken not to restrict (S4.7.5)";
                gaps.extend(targets.gap("policy targets", id, effect, None));
            }
        }
        (
            enabled,
            if gaps.len() == before {
                Collected::Whole
            } else {
                Collected::Partly
            },
        )
    }
}

/// Reports an answer that does not say which part of the tree it is about.
fn unowned(what: &str, page: &Page, diagnostics: &mut Vec<Diagnostic>) {
    let found = Diagnostic::new(Code::UnknownOwner, page.location, what)
        .effect("where they belong is unknown")
        .help(
            "name the file after the id that the call was given, such as `list-targets-for-policy/p-ID.json`",
        );
    diagnostics.push(found);
}
