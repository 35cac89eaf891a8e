//! What stands in the way of a refused permission, and the edits that may clear it.

use super::super::findings::Findings;
use super::super::texts::{self, Owner, Text, texts};
use super::super::{Element, Verdict};
use super::edits::{Make, Proposal, Target, Wanted, allow, empty, fitted, narrowed, replace};
use crate::condition::block::KeyName;
use crate::condition::known::Known;
use crate::condition::operator::Operator;
use crate::facts::id::{Element as Part, Layer, LevelId, StatementId, Voice};
use crate::facts::world::{Kind, Principal, Resource};
use crate::model::action::Action;
use crate::model::key::Grant;
use crate::policy::document::{Condition, PolicyKind, PrincipalEntry, Statement};
use std::sync::Arc;

/// Something that must be cleared, with the sets of edits each of which may do it.
#[derive(Clone, Debug)]
pub(super) struct Blocker {
    pub(super) options: Vec<Vec<Proposal>>,
    /// What there is to say if there are none.
    pub(super) why: String,
}

/// How many near misses of a layer are tried.
const NEAR: usize = 6;

impl Findings<'_> {
    /// What stands in the way of this permission; nothing if it is not refused.
    pub(super) fn blockers(mut self) -> Vec<Blocker> {
        use crate::Outcome::{ExplicitDeny, ImplicitDeny};
        let decision = &self.permission.decision;
        if !matches!(decision.outcome, ExplicitDeny | ImplicitDeny) {
            return Vec::new();
        }
        if decision.layer == "feasibility" {
            let action = self.permission.action;
            let why = match decision.rule {
                "S1.1" => "principals and keys of different partitions never meet (S1.1)".to_owned(),
                _ => format!("{action} is not possible across accounts, whatever policies say (S4.2.1)"),
            };
            return vec![Blocker {
                options: Vec::new(),
                why,
            }];
        }
        let mut blockers = self.certain_denies();
        blockers.extend(self.silent_scps());
        blockers.extend(self.silent_endpoint());
        if !self.has_path() {
            blockers.extend(self.no_path());
        }
        blockers.extend(self.low_boundary());
        blockers.extend(self.session_cap());
        blockers
    }

    fn certain_denies(&self) -> Vec<Blocker> {
        let denies = self.layers.denies.iter();
        let certain = denies.filter(|(_, value)| self.weigh_deny(*value) == Verdict::Denies);
        certain.map(|(row, _)| self.deny(row.statement)).collect()
    }

    fn deny(&self, id: StatementId) -> Blocker {
        let case = self.case();
        let wanted = self.wanted(None);
        let mut options = Vec::new();
        let texts = texts(case, id);
        for text in &texts {
            let (Some(statement), Some(at)) = (text.statement(), self.editable(text)) else {
                continue;
            };
            let name = name(text, statement);
            for (new, what) in narrowed(statement, &wanted, text.policy.kind) {
                options.push(vec![replace(text, &at, format!("{what} {name}"), new)]);
            }
            options.push(vec![Proposal {
                what: format!("remove {name}"),
                target: Target::Policy(text.owner.clone(), Arc::clone(&text.policy), at),
                make: Make::Remove(text.at),
            }]);
        }
        // A statement that stands in several texts denies by each of them.
        if texts.len() > 1 {
            options = all_at_once(&options, texts.len());
        }
        let what = texts.first().map(|text| texts::noun(text.policy.kind));
        Blocker {
            options,
            why: format!(
                "{} denies it, and no edit of that can be tried",
                what.unwrap_or("a policy")
            ),
        }
    }

    fn silent_scps(&mut self) -> Vec<Blocker> {
        if !self
            .layers
            .limits
            .scp
            .is_some_and(|scp| self.weigh(scp) == Verdict::Silent)
        {
            return Vec::new();
        }
        let mut blockers = Vec::new();
        for level in self.levels() {
            let speaking = self.speaking(Layer::Scp, Some(level));
            let value = self.any(&speaking);
            if self.weigh(value) == Verdict::Silent {
                blockers.push(self.silent_scp(level));
            }
        }
        blockers
    }

    fn silent_scp(&self, level: LevelId) -> Blocker {
        let world = self.case().view.world;
        let mut options = self.fitting(Layer::Scp, Some(level));
        let mut names = world.level_ids.iter();
        let target = names.find(|(_, id)| **id == level).map(|(name, _)| name.clone());
        let new = target.map(|target| {
            let id = format!("p-allow-{}", self.permission.action.name().to_lowercase());
            let name = format!("Allow{}", self.permission.action.name());
            vec![Proposal {
                what: format!(
                    "attach an SCP to `{target}` that allows {}",
                    self.permission.action
                ),
                target: Target::Policy(Owner::Guardrail(id), empty(PolicyKind::Scp, name), target),
                make: Make::Add(allow(self.permission.action, "*", None)),
            }]
        });
        options.extend(new);
        Blocker {
            options,
            why: "no SCP of some level allows it (S4.7.1)".to_owned(),
        }
    }

    fn silent_endpoint(&self) -> Option<Blocker> {
        let silent = self
            .layers
            .endpoint
            .is_some_and(|value| self.weigh(value) == Verdict::Silent);
        silent.then(|| Blocker {
            options: Vec::new(),
            why: "the policy of the VPC endpoint must allow it; edits of endpoint policies are not tried"
                .to_owned(),
        })
    }

    /// What is needed where no statement and no grant would give it.
    fn no_path(&mut self) -> Vec<Blocker> {
        let case = self.case();
        if case.key.kind != Resource::Key || self.permission.action == Action::RetireGrant {
            return vec![match self.has_identity() {
                // Then who may retire the grant is another matter.
                true => Blocker {
                    options: Vec::new(),
                    why: "only its retiring principal, its grantee, and principals of the accounts that issued it, own the \
                          key or are its retiring principal may retire a grant (S4.9.8)"
                        .to_owned(),
                },
                false => self.identity_side(),
            }];
        }
        let speaking = self.speaking(Layer::KeyPolicy, None);
        let value = self.any(&speaking);
        let key_policy = self.weigh(value) != Verdict::Silent;
        let identity = self.has_identity();
        let own = case.principal.account == Some(case.key.account);
        if case.principal.kind != Kind::Service && !own {
            let mut sides = Vec::new();
            if !key_policy {
                sides.push(self.key_side());
            }
            if !identity {
                sides.push(self.identity_side());
            }
            return sides;
        }
        let gate = self.voices(&speaking, Voice::Gate);
        let key_side = self.key_side();
        let mut options = Vec::new();
        if gate && !identity {
            options.extend(self.identity_side().options);
        }
        options.extend(key_side.options);
        if !gate && !identity {
            // Neither side is there: both may be wanted.
            let gates = self.near_gates();
            let identities = self.identity_side().options;
            options.extend(gates.iter().flat_map(|gate| {
                identities
                    .iter()
                    .map(|identity| [gate.clone(), identity.clone()].concat())
            }));
        }
        if !gate && identity {
            options.extend(self.near_gates());
            options.extend(self.new_in_key_policy(self.account_entry(), "open the gate"));
        }
        options.extend(self.grant());
        vec![Blocker {
            options,
            why: key_side.why,
        }]
    }

    fn voices(&self, statements: &[StatementId], voice: Voice) -> bool {
        statements.iter().any(|&id| self.voice(id) == Some(voice))
    }

    fn has_identity(&mut self) -> bool {
        let speaking = self.speaking(Layer::Identity, None);
        let value = self.any(&speaking);
        self.weigh(value) != Verdict::Silent
    }

    /// Edits by which the key policy allows the caller itself.
    fn key_side(&self) -> Blocker {
        let case = self.case();
        let near = self.near(Layer::KeyPolicy, None).into_iter();
        let direct = near.filter(|(id, element)| {
            *element == Part::Principal || self.voice(*id).is_some_and(|voice| voice != Voice::Gate)
        });
        let mut options = self.fits(direct.take(NEAR), None);
        options.extend(self.new_in_key_policy(entry(case.principal), "name the caller"));
        options.extend(self.new_in_key_policy(self.session_entry(), "name the session"));
        let why = match (case.key.aws_managed, case.key.written.is_empty()) {
            (true, _) => "the key is managed by AWS, and nobody can edit its policy (S7.5)",
            (_, true) => "the key policy is not in the snapshot",
            _ => "the key policy does not allow it, and no edit that was tried helps",
        };
        Blocker {
            options,
            why: why.to_owned(),
        }
    }

    /// Near misses that would let identity policies decide.
    fn near_gates(&self) -> Vec<Vec<Proposal>> {
        let near = self.near(Layer::KeyPolicy, None).into_iter();
        let gates =
            near.filter(|(id, element)| *element != Part::Principal && self.voice(*id) == Some(Voice::Gate));
        self.fits(gates.take(NEAR), None)
    }

    fn account_entry(&self) -> Option<PrincipalEntry> {
        let case = self.case();
        let account = case.view.world.account_of(case.principal);
        let arn = format!("arn:{}:iam::{account}:root", case.principal.partition);
        (!account.is_empty()).then_some(PrincipalEntry::Aws(arn))
    }

    fn new_in_key_policy(&self, principal: Option<PrincipalEntry>, why: &str) -> Option<Vec<Proposal>> {
        let case = self.case();
        let written = case.key.written.iter().find(|one| one.text.name == "default")?;
        let entry = principal.filter(|_| !case.key.aws_managed)?;
        let (PrincipalEntry::Aws(name) | PrincipalEntry::Service(name)) = &entry else {
            return None;
        };
        let conditions = self.for_its_resources();
        let anybody = match case.principal.kind == Kind::Service && conditions.is_empty() {
            true => ", for anybody's resources (S4.11.2)",
            false => "",
        };
        let what = format!(
            "{why}: add a statement to the key policy that allows `{name}` {}{anybody}",
            self.permission.action
        );
        Some(vec![Proposal {
            what,
            target: Target::Policy(
                Owner::Key(case.key.arn.clone()),
                Arc::clone(&written.text),
                String::new(),
            ),
            make: Make::Add(Statement {
                conditions,
                ..allow(self.permission.action, "*", Some(entry))
            }),
        }])
    }

    /// A service acts for anybody's resources: a statement for one is for those that the request is for (S4.11.2).
    fn for_its_resources(&self) -> Vec<Condition> {
        let case = self.case();
        if case.principal.kind != Kind::Service {
            return Vec::new();
        }
        let stated = |(key, operator): (&str, &str)| {
            let values = case.stated?.values.get(key)?.clone();
            Some(Condition {
                operator: Operator::parse(operator),
                key: key.to_owned(),
                values,
            })
        };
        let keys = [
            ("aws:SourceArn", "ArnEquals"),
            ("aws:SourceAccount", "StringEquals"),
        ];
        keys.into_iter().filter_map(stated).collect()
    }

    fn grant(&self) -> Option<Vec<Proposal>> {
        let case = self.case();
        let action = self.permission.action;
        let to_somebody = matches!(
            case.principal.kind,
            Kind::User | Kind::Role | Kind::Session | Kind::Federated
        );
        if !action.is_grant_operation() || case.key.aws_managed || !to_somebody {
            return None;
        }
        let Some(PrincipalEntry::Aws(grantee)) = entry(case.principal) else {
            return None;
        };
        let grant = Grant {
            id: format!("new-grant-{}", action.name()),
            grantee: Some(grantee.clone()),
            operations: vec![action.name().to_owned()],
            issuing_account: Some(case.view.account_name(case.key.account).to_owned()),
            ..Grant::default()
        };
        Some(vec![Proposal {
            what: format!("create a grant of {action} to `{grantee}`"),
            target: Target::Grants(case.key.arn.clone()),
            make: Make::Grant(Box::new(grant)),
        }])
    }

    /// Edits by which an identity policy allows it.
    fn identity_side(&self) -> Blocker {
        let case = self.case();
        let mut options = self.fitting(Layer::Identity, None);
        let principal = case.principal;
        let holder = match principal.kind {
            Kind::User | Kind::Role => Some(&principal.arn),
            Kind::Session | Kind::Federated => principal.origin.as_ref(),
            _ => None,
        };
        let holder = holder.filter(|_| !principal.service_linked && !principal.iam_unknown);
        if let Some(holder) = holder {
            let action = self.permission.action;
            let resource = self.resource();
            let name = format!("Allow{}", action.name());
            let what = format!("give `{holder}` an inline policy that allows {action} on `{resource}`");
            options.push(vec![Proposal {
                what,
                target: Target::Policy(
                    Owner::Inline(holder.clone()),
                    empty(PolicyKind::Identity, name),
                    String::new(),
                ),
                make: Make::Add(allow(action, &resource, None)),
            }]);
        }
        let why = match (principal.kind, principal.service_linked) {
            (Kind::Root, _) => "a root user holds no identity policies",
            (_, true) => "the policies of a service-linked role are fixed by AWS (S3.1.5)",
            _ => {
                "the identity policies of the caller are not in the snapshot, or are none that can be edited"
            }
        };
        Blocker {
            options,
            why: why.to_owned(),
        }
    }

    /// A boundary that does not let through what others give.
    fn low_boundary(&mut self) -> Option<Blocker> {
        let limit = self.layers.limits.boundary;
        limit.filter(|&limit| self.weigh(limit) == Verdict::Silent)?;
        if self
            .layers
            .paths
            .iter()
            .any(|path| self.weigh(path.limited) != Verdict::Silent)
        {
            return None;
        }
        let mut options = self.fitting(Layer::Boundary, None);
        let boundary = self.case().principal.boundary;
        let written = self.case().principal.written.iter();
        let mut own = written.filter(|one| Some(one.policy) == boundary);
        if let Some(own) = own.next().filter(|one| !by_aws(&one.text.name)) {
            let resource = self.resource();
            let action = self.permission.action;
            options.push(vec![Proposal {
                what: format!("let the boundary through {action} on `{resource}`"),
                target: Target::Policy(
                    Owner::Managed(own.text.name.clone()),
                    Arc::clone(&own.text),
                    String::new(),
                ),
                make: Make::Add(allow(action, &resource, None)),
            }]);
        }
        // Some paths are not limited by it: the way through may be one of those.
        options.push(Vec::new());
        Some(Blocker {
            options,
            why: "the permissions boundary does not allow it (S4.5.1)".to_owned(),
        })
    }

    fn session_cap(&mut self) -> Option<Blocker> {
        let required = self.layers.limits.session_required;
        let limit = required.or(self.layers.limits.session)?;
        if self.weigh(limit) != Verdict::Silent || !self.has_path() {
            return None;
        }
        let passes = |path: &crate::cells::PathValue| self.weigh(path.limited) != Verdict::Silent;
        if self.layers.paths.iter().any(passes) {
            return None;
        }
        let direct = self.new_in_key_policy(self.session_entry(), "name the session");
        Some(Blocker {
            options: direct.into_iter().collect(),
            why: "the session policy must allow it: pass another one when the session is made (S4.5.1)"
                .to_owned(),
        })
    }

    /// The session itself, whom session policies do not limit (S4.4.3).
    fn session_entry(&self) -> Option<PrincipalEntry> {
        let principal = self.case().principal;
        let own = principal.account == Some(self.case().key.account);
        let is_session = matches!(principal.kind, Kind::Session | Kind::Federated);
        (own && is_session).then(|| PrincipalEntry::Aws(principal.name.clone()))
    }

    /// Near misses of a layer, made to fit.
    fn fitting(&self, layer: Layer, level: Option<LevelId>) -> Vec<Vec<Proposal>> {
        self.fits(self.near(layer, level).into_iter().take(NEAR), level)
    }

    fn fits(
        &self,
        near: impl Iterator<Item = (StatementId, Part)>,
        level: Option<LevelId>,
    ) -> Vec<Vec<Proposal>> {
        let mut options = Vec::new();
        for (id, part) in near {
            for text in texts(self.case(), id) {
                let (Some(statement), Some(at)) = (text.statement(), self.editable_at(&text, level)) else {
                    continue;
                };
                let Some(element) = texts::element(Some(statement), part) else {
                    continue;
                };
                let name = name(&text, statement);
                let wanted = self.wanted_in(&element, text.policy.kind);
                for (new, what) in fitted(statement, &element, &wanted) {
                    options.push(vec![replace(&text, &at, format!("{what} {name}"), new)]);
                }
            }
        }
        options
    }

    fn resource(&self) -> String {
        match self.case().key.kind {
            Resource::Nothing => "*".to_owned(),
            _ => self.case().key.arn.clone(),
        }
    }

    fn wanted(&self, element: Option<&Element>) -> Wanted {
        let values = match element {
            Some(Element::Condition { key, .. }) => {
                match self.case().known(&KeyName::new(key).name, self.permission.action) {
                    Known::Is(values) => values,
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        Wanted {
            action: self.permission.action,
            resource: self.resource(),
            principal: entry(self.case().principal),
            values,
        }
    }

    fn wanted_in(&self, element: &Element, kind: PolicyKind) -> Wanted {
        let mut wanted = self.wanted(Some(element));
        if matches!(kind, PolicyKind::Key | PolicyKind::Scp | PolicyKind::Endpoint) {
            wanted.resource = "*".into();
        }
        wanted
    }

    /// Where a policy is attached, if an edit of it can be tried.
    fn editable(&self, text: &Text) -> Option<String> {
        self.editable_at(text, None)
    }

    fn editable_at(&self, text: &Text, level: Option<LevelId>) -> Option<String> {
        let case = self.case();
        match &text.owner {
            Owner::Key(_) => (!case.key.aws_managed && text.policy.name == "default").then(String::new),
            Owner::Inline(_) => (!case.principal.service_linked).then(String::new),
            Owner::Managed(arn) => (!by_aws(arn)).then(String::new),
            Owner::Guardrail(id) => {
                let world = case.view.world;
                let mut targets = world.attachments.iter().filter(|(target, attached)| {
                    let here = level.is_none_or(|level| world.level_ids.get(*target) == Some(&level));
                    here && attached.contains(id)
                });
                targets
                    .next()
                    .map(|(target, _)| target.clone())
                    .filter(|_| !is_default(id))
            }
            Owner::Other => None,
        }
    }
}

/// Whether a managed policy is AWS's own, which nobody can edit.
fn by_aws(arn: &str) -> bool {
    arn.contains(":iam::aws:")
}

/// Whether an SCP or RCP is AWS's own.
fn is_default(id: &str) -> bool {
    matches!(id, "p-FullAWSAccess" | "p-RCPFullAWSAccess")
}

/// The caller as a principal element names it.
fn entry(principal: &Principal) -> Option<PrincipalEntry> {
    match principal.kind {
        Kind::Service => Some(PrincipalEntry::Service(principal.name.clone())),
        Kind::Account | Kind::Anyone => None,
        _ => Some(PrincipalEntry::Aws(principal.arn.clone())),
    }
}

/// What people call a statement.
fn name(text: &Text, statement: &Statement) -> String {
    let policy = match &text.owner {
        Owner::Key(_) => "the key policy".to_owned(),
        _ => {
            let last = text.policy.name.rsplit('/').next().unwrap_or(&text.policy.name);
            format!("`{last}`")
        }
    };
    match &statement.sid {
        Some(sid) => format!("statement \"{sid}\" of {policy}"),
        None => format!("statement {} of {policy}", statement.index),
    }
}

/// One edit of each of several texts that say the same.
fn all_at_once(options: &[Vec<Proposal>], texts: usize) -> Vec<Vec<Proposal>> {
    let ways = options.len() / texts.max(1);
    (0..ways)
        .map(|way| {
            options
                .iter()
                .skip(way)
                .step_by(ways.max(1))
                .flatten()
                .cloned()
                .collect()
        })
        .collect()
}
