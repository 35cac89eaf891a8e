//! What a request can aim at: a statement of some policy, or a grant, together with who and what it is about.

use super::super::document::{Document, PolicyKind, Statement};
use super::super::generate::vocabulary::{FEDERATED, Vocabulary};
use super::super::mechanisms::Mechanism;
use super::super::operations::{Operation, operations};
use super::super::rng::Rng;
use super::super::statements::action_matches;
use super::super::text::{arn, glob, wild};
use super::super::truth::Truth;
use super::super::world::{Account, Grant, World};

/// A statement or grant to aim at.
#[derive(Clone, Copy, Default)]
pub struct Aim<'w> {
    /// Kind of policy; none for a grant.
    pub kind: Option<PolicyKind>,
    /// The statement with its document.
    pub statement: Option<(&'w Document, &'w Statement)>,
    /// The user or role whose identity policy or boundary it is.
    pub holder: Option<&'w str>,
    /// What an SCP or RCP is attached to.
    pub level: Option<&'w str>,
    /// Index of the key whose policy or grant it is.
    pub key: Option<usize>,
    /// The grant with its index.
    pub grant: Option<(usize, &'w Grant)>,
    /// Index of the endpoint whose policy it is.
    pub endpoint: Option<usize>,
}

/// Everything there is to aim at.
pub fn aims(world: &World) -> Vec<Aim<'_>> {
    let mut aims = Vec::new();
    for (number, key) in world.keys.iter().enumerate() {
        let on_key = Aim { key: Some(number), ..Aim::default() };
        aims.extend(key.policies.iter().flat_map(|(_, document)| statements(PolicyKind::Key, document, on_key)));
        aims.extend(key.grants.iter().enumerate().map(|grant| Aim { grant: Some(grant), ..on_key }));
    }
    for account in &world.accounts {
        for (holder, documents, boundary) in holders(account) {
            let held = Aim { holder: Some(holder), ..Aim::default() };
            aims.extend(documents.into_iter().flat_map(|d| statements(PolicyKind::Identity, d, held)));
            aims.extend(boundary.into_iter().flat_map(|d| statements(PolicyKind::Boundary, d, held)));
        }
    }
    if let Some(organization) = &world.organization {
        for (kind, policies) in [(PolicyKind::Scp, &organization.scps), (PolicyKind::Rcp, &organization.rcps)] {
            for policy in policies.iter().filter(|p| !p.aws_managed) {
                let at = Aim { level: policy.targets.first().map(String::as_str), ..Aim::default() };
                aims.extend(statements(kind, &policy.document, at));
            }
        }
    }
    for (number, endpoint) in world.endpoints.iter().enumerate() {
        let at = Aim { endpoint: Some(number), ..Aim::default() };
        aims.extend(statements(PolicyKind::Endpoint, &endpoint.document, at));
    }
    aims
}

fn statements<'w>(kind: PolicyKind, document: &'w Document, about: Aim<'w>) -> Vec<Aim<'w>> {
    document.statements.iter().map(|s| Aim { kind: Some(kind), statement: Some((document, s)), ..about }).collect()
}

/// Users and roles with their identity policies and boundary.
fn holders(account: &Account) -> Vec<(&str, Vec<&Document>, Option<&Document>)> {
    let documents = |policies: &'_ super::super::world::Policies| -> Vec<String> { policies.attached.clone() };
    let named = |arns: Vec<String>| arns.into_iter().filter_map(|a| account.managed(&a)).collect::<Vec<&Document>>();
    let mut holders = Vec::new();
    for user in &account.users {
        let mut own: Vec<&Document> = user.policies.inline.iter().map(|(_, d)| d).collect();
        own.extend(named(documents(&user.policies)));
        for group in account.groups.iter().filter(|g| user.groups.contains(&g.name)) {
            own.extend(group.policies.inline.iter().map(|(_, d)| d));
        }
        holders.push((user.arn.as_str(), own, user.boundary.as_deref().and_then(|b| account.managed(b))));
    }
    for role in &account.roles {
        let mut own: Vec<&Document> = role.policies.inline.iter().map(|(_, d)| d).collect();
        own.extend(named(documents(&role.policies)));
        holders.push((role.arn.as_str(), own, role.boundary.as_deref().and_then(|b| account.managed(b))));
    }
    holders
}

impl Aim<'_> {
    /// Whether a request that aims here may be decided by the mechanism.
    pub fn serves(&self, mechanism: Mechanism) -> bool {
        let allow = self.statement.is_some_and(|(_, s)| s.allow);
        let is = |kind: PolicyKind, effect: bool| self.kind == Some(kind) && allow == effect;
        match mechanism {
            Mechanism::ScpLimit => is(PolicyKind::Scp, true),
            Mechanism::BoundaryLimit => self.kind == Some(PolicyKind::Boundary),
            Mechanism::SessionLimit | Mechanism::DenySession => is(PolicyKind::Key, true) || is(PolicyKind::Identity, true),
            Mechanism::EndpointLimit => {
                let everything = |(_, s): &(&Document, &Statement)| s.action.as_ref().is_some_and(|a| a.patterns.iter().any(|p| p == "*"));
                is(PolicyKind::Endpoint, true) && !self.statement.as_ref().is_some_and(everything)
            }
            Mechanism::Grants => self.grant.is_some(),
            Mechanism::DenyKeyPolicy => is(PolicyKind::Key, false),
            Mechanism::DenyIdentity => is(PolicyKind::Identity, false),
            Mechanism::DenyBoundary => is(PolicyKind::Boundary, false),
            Mechanism::DenyScp => is(PolicyKind::Scp, false),
            Mechanism::DenyRcp => is(PolicyKind::Rcp, false),
            Mechanism::DenyEndpoint => is(PolicyKind::Endpoint, false),
            Mechanism::NotPrincipal => self.statement.is_some_and(|(_, s)| s.principal.as_ref().is_some_and(|p| p.negated)),
            Mechanism::Operator(family) => self.statement.is_some_and(|(_, s)| s.conditions.iter().any(|c| c.operator.family == Some(family))),
        }
    }

    /// Whether it is likely to leave something open: grants, named sessions, unknown accounts, tags in key policies.
    pub fn is_open(&self, words: &Vocabulary<'_>) -> bool {
        let Some((_, statement)) = self.statement.filter(|_| self.kind == Some(PolicyKind::Key)) else { return self.grant.is_some() };
        let tested = statement.conditions.iter().any(|c| c.key.starts_with("aws:resourcetag/") || c.key == "kms:resourcealiases");
        let entries = statement.principal.iter().flat_map(|p| &p.entries);
        let mut open = entries.filter(|(kind, text)| kind == "Federated" || text.contains(":assumed-role/") || text.contains(&words.external));
        statement.allow && (tested || open.next().is_some()) || statement.principal.as_ref().is_some_and(|p| p.negated)
    }

    /// A principal the aim is about, or nearly, with the creator of a federated session.
    pub fn caller(&self, rng: &mut Rng, words: &Vocabulary<'_>) -> (String, Option<String>) {
        if rng.percent(6) {
            return someone(rng, words, None);
        }
        let world = words.world;
        if let Some(holder) = self.holder {
            return as_session(rng, words, holder);
        }
        if let Some((_, grant)) = self.grant {
            let named = if rng.percent(80) { grant.grantee.as_ref().or(grant.grantee_service.as_ref()) } else { grant.retiring.as_ref() };
            return match named {
                Some(text) => by_name(rng, words, text),
                None => someone(rng, words, None),
            };
        }
        if let (Some(PolicyKind::Scp), Some(level)) = (self.kind, self.level) {
            let account = account_under(rng, world, level);
            return someone(rng, words, account.as_deref());
        }
        if let Some(endpoint) = self.endpoint {
            let account = world.endpoints[endpoint].account.clone();
            return someone(rng, words, Some(&account));
        }
        let entries = self.statement.and_then(|(_, s)| s.principal.as_ref()).map(|p| p.entries.as_slice());
        match entries.and_then(|e| rng.pick_if_any(e)) {
            Some((_, text)) if text == "*" => {
                let own = self.key.map(|key| world.keys[key].account.as_str()).filter(|_| rng.percent(60));
                someone(rng, words, own)
            }
            Some((_, text)) => by_name(rng, words, text),
            None => someone(rng, words, None),
        }
    }

    /// Index of a key the aim is about.
    pub fn choose_key(&self, rng: &mut Rng, words: &Vocabulary<'_>, principal: &str) -> usize {
        if let Some(key) = self.key {
            return key;
        }
        let keys = &words.world.keys;
        let account = arn(principal).map(|a| a.account.to_owned());
        let patterns: &[String] = match self.statement.and_then(|(_, s)| s.resource.as_ref()) {
            Some(resource) if !resource.negated => &resource.patterns,
            _ => &[],
        };
        let level = self.level.filter(|_| self.kind == Some(PolicyKind::Rcp));
        let region = self.endpoint.map(|e| words.world.endpoints[e].region.as_str());
        let weight = |number: usize| {
            let key = &keys[number];
            let named = patterns.is_empty() || patterns.iter().any(|p| glob(&wild(&p.replace("${aws:PrincipalTag/keyid}", "*")), &key.arn));
            let own = account.as_ref() == Some(&key.account);
            let under = level.is_none_or(|l| is_under(words.world, l, &key.account));
            let here = region.is_none_or(|r| r == key.region);
            1 + if named { 6 } else { 0 } + if own { 12 } else { 0 } + if under { 8 } else { 0 } + if here { 10 } else { 0 }
        };
        let weights: Vec<(usize, usize)> = (0..keys.len()).map(|n| (weight(n) * weight(n), n)).collect();
        *rng.weighted(&weights)
    }

    /// An action the aim is about; mostly one the key can do. To show a limit: an action that the statement leaves out.
    pub fn operation(&self, rng: &mut Rng, words: &Vocabulary<'_>, key: usize, mechanism: Option<Mechanism>) -> &'static Operation {
        let key = &words.world.keys[key];
        let limit = self.statement.is_some_and(|(_, s)| s.allow)
            && matches!(mechanism, Some(Mechanism::ScpLimit | Mechanism::BoundaryLimit | Mechanism::EndpointLimit));
        let weight = |operation: &Operation| {
            let usable = operation.usable_with(&key.spec, &key.usage, &key.origin);
            let matching = match (self.statement, self.grant) {
                (Some((_, statement)), _) => (action_matches(statement, self.kind.unwrap_or(PolicyKind::Key), operation) != Truth::F) != limit,
                (_, Some((_, grant))) => grant.operations.iter().any(|o| o == operation.name) || operation.name == "RetireGrant",
                _ => true,
            };
            let excluded = matches!(operation.name, "ReplicateKey" | "UpdatePrimaryRegion" | "SynchronizeMultiRegionKey");
            let retires_nothing = operation.name == "RetireGrant" && key.grants.is_empty();
            match (matching, usable) {
                _ if excluded || retires_nothing => 0,
                (false, _) => usize::from(usable && rng_free(operation)),
                (true, false) => 4,
                (true, true) if operation.encryption_context => 100,
                (true, true) if operation.grantable => 60,
                (true, true) if operation.resourceless => 12,
                (true, true) => 25,
            }
        };
        let weights: Vec<(usize, &Operation)> = operations().iter().map(|o| (weight(o), o)).collect();
        *rng.weighted(&weights)
    }
}

/// Actions that are tried now and then although the aim does not name them.
fn rng_free(operation: &Operation) -> bool {
    operation.grantable || operation.on_alias
}

/// A random caller, of one account or of any.
fn someone(rng: &mut Rng, words: &Vocabulary<'_>, account: Option<&str>) -> (String, Option<String>) {
    let own = |arns: &[String]| -> Vec<String> { arns.iter().filter(|a| account.is_none_or(|id| a.contains(id))).cloned().collect() };
    let (users, roles) = (own(&words.users), own(&words.roles));
    match rng.below(100) {
        0..=6 => (words.world.root_arn(account.unwrap_or(rng.pick::<String>(&words.accounts))), None),
        7..=14 if account.is_none() => (words.service(rng), None),
        15..=20 if account.is_none() => (words.external_principal(rng), None),
        21..=48 if !users.is_empty() => {
            let user = rng.pick(&users).clone();
            as_session(rng, words, &user)
        }
        _ => {
            let role = rng.pick_if_any(&roles).unwrap_or(rng.pick(&words.roles)).clone();
            as_session(rng, words, &role)
        }
    }
}

/// A user or its federated session; a role session or the bare role.
fn as_session(rng: &mut Rng, words: &Vocabulary<'_>, holder: &str) -> (String, Option<String>) {
    let account = arn(holder).map_or("", |a| a.account);
    if holder.contains(":role/") {
        return (if rng.percent(25) { holder.to_owned() } else { words.session_of(rng, holder) }, None);
    }
    if rng.percent(18) {
        let session = format!("arn:{}:sts::{account}:federated-user/{}", words.world.partition, rng.pick(&FEDERATED));
        return (session, rng.percent(80).then(|| holder.to_owned()));
    }
    (holder.to_owned(), None)
}

/// A caller that the text of a principal element or grant names, or somebody if it names nobody.
fn by_name(rng: &mut Rng, words: &Vocabulary<'_>, text: &str) -> (String, Option<String>) {
    let world = words.world;
    if text.ends_with(".amazonaws.com") && !text.starts_with("cognito") {
        return (if rng.percent(85) { text.to_owned() } else { words.service(rng) }, None);
    }
    let by_id = |id: &str| {
        world.accounts.iter().find_map(|a| {
            let user = a.users.iter().find(|u| u.id == id).map(|u| u.arn.clone());
            user.or_else(|| a.roles.iter().find(|r| r.id == id).map(|r| r.arn.clone()))
        })
    };
    if let Some(holder) = by_id(text) {
        return as_session(rng, words, &holder);
    }
    let account = arn(text).map_or(text, |a| a.account).to_owned();
    let resource = arn(text).map_or("root", |a| a.resource).to_owned();
    if account == words.external {
        let principal = if resource == "root" && rng.percent(70) { words.external_principal(rng) } else { text.replace(&account, &format!("arn:{}:iam::{account}:root", world.partition)) };
        return (if text.starts_with("arn:") && resource != "root" { text.to_owned() } else { principal }, None);
    }
    match resource.split('/').next() {
        Some("root") if world.account(&account).is_some() => someone(rng, words, Some(&account)),
        Some("user" | "role") if words.users.iter().chain(&words.roles).any(|a| a == text) => as_session(rng, words, text),
        Some("assumed-role") if resource.contains("aws:ec2") => someone(rng, words, Some(&account)),
        Some("assumed-role") => {
            let name = resource.split('/').nth(1).unwrap_or_default();
            let role = words.roles.iter().find(|r| r.contains(&account) && r.rsplit('/').next() == Some(name));
            match (role, rng.below(10)) {
                (None, _) => someone(rng, words, Some(&account)),
                (Some(role), 0..=1) => (role.clone(), None),
                (Some(role), 2) => (words.session_of(rng, role), None),
                _ => (text.to_owned(), None),
            }
        }
        Some("federated-user") => {
            let users: Vec<String> = words.users.iter().filter(|u| u.contains(&account)).cloned().collect();
            (text.to_owned(), rng.pick_if_any(&users).cloned().filter(|_| rng.percent(75)))
        }
        _ => someone(rng, words, None),
    }
}

fn is_under(world: &World, level: &str, account: &str) -> bool {
    world.organization.as_ref().and_then(|o| o.levels(account)).is_some_and(|levels| levels.iter().any(|l| l == level))
}

fn account_under(rng: &mut Rng, world: &World, level: &str) -> Option<String> {
    let under: Vec<String> = world.accounts.iter().map(|a| a.id.clone()).filter(|a| is_under(world, level, a)).collect();
    rng.pick_if_any(&under).cloned()
}
