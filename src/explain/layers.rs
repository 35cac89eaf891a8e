//! The verdict of every layer, in the order of S4.1.2.

use super::findings::Findings;
use super::texts;
use super::{Layer, Path, Permission, Verdict};
use crate::facts::id::{Basis, Exemption, Layer as Of, LevelId, StatementId, Voice};
use crate::facts::world::{Kind, Resource};
use crate::model::action::Action;
use crate::query::reasons;
use crate::rules::near::clause;

/// How many statements a verdict names.
const LEAVES: usize = 5;

impl Findings<'_> {
    /// The permission with every layer.
    pub(super) fn report(mut self) -> Permission {
        let case = self.case();
        let decision = self.permission.decision.clone();
        let mut layers = vec![self.feasibility()];
        let possible = layers.iter().all(|layer| layer.verdict == Verdict::Allows);
        if possible {
            layers.extend([self.explicit_deny(), self.rcp()]);
            layers.extend(self.scps());
            layers.extend([self.endpoint(), self.key_policy(), self.grants(), self.identity()]);
            layers.extend([self.boundary(), self.session()]);
        }
        let paths = if possible { self.paths() } else { Vec::new() };
        Permission {
            principal: case.principal.name.clone(),
            made_by: (case.principal.kind == Kind::Federated)
                .then(|| case.principal.origin.clone())
                .flatten(),
            action: self.permission.action,
            key: case.key.arn.clone(),
            decision,
            paths,
            layers,
        }
    }

    /// Whether the request is refused.
    pub(super) fn refused(&self) -> bool {
        use crate::Outcome::{ExplicitDeny, ImplicitDeny};
        matches!(self.permission.decision.outcome, ExplicitDeny | ImplicitDeny)
    }

    /// Whether some path would hold if nothing limited it.
    pub(super) fn has_path(&self) -> bool {
        let mut paths = self.layers.paths.iter();
        paths.any(|path| self.weigh(path.holds) != Verdict::Silent)
    }

    /// Whether some path holds, within boundary, session policies and SCPs.
    fn is_reached(&self) -> bool {
        let mut paths = self.layers.paths.iter();
        paths.any(|path| self.weigh(path.limited) != Verdict::Silent)
    }

    fn paths(&self) -> Vec<Path> {
        let case = self.case();
        let mut paths = Vec::new();
        for path in &self.layers.paths {
            if self.weigh(path.holds) == Verdict::Silent {
                continue;
            }
            let verdict = self.weigh(path.limited);
            let each = reasons::derivations(case, &path.row);
            paths.extend(each.into_iter().map(|derivation| Path {
                derivation,
                verdict,
                condition: self.residual(path.limited),
            }));
        }
        paths.sort_by_key(|path| path.verdict != Verdict::Allows);
        paths
    }

    fn feasibility(&self) -> Layer {
        let decision = &self.permission.decision;
        let impossible = decision.layer == "feasibility";
        let says = match decision.rule {
            _ if !impossible => "the operation is possible for this caller on this key".to_owned(),
            "S1.1" => "principals and keys of different partitions never meet".to_owned(),
            _ => format!(
                "{} is not possible across accounts, whatever policies say",
                self.permission.action
            ),
        };
        Layer {
            verdict: if impossible {
                Verdict::Denies
            } else {
                Verdict::Allows
            },
            rule: if impossible { decision.rule } else { "S4.2.1" },
            blocks: impossible,
            ..layer("feasibility", says)
        }
    }

    fn explicit_deny(&mut self) -> Layer {
        self.denies(
            "explicitDeny",
            "S4.8.1",
            |of| of != Of::Rcp,
            "no Deny statement applies",
        )
    }

    fn rcp(&mut self) -> Layer {
        match self.spared(Of::Rcp) {
            Some(why) => spared("rcp", Of::Rcp, why),
            None => self.denies("rcp", "S4.7.3", |of| of == Of::Rcp, "no RCP denies it"),
        }
    }

    /// The Deny statements of some layers.
    fn denies(
        &mut self,
        name: &'static str,
        rule: &'static str,
        of: impl Fn(Of) -> bool,
        none: &str,
    ) -> Layer {
        let denies = self.layers.denies.clone();
        let mut leaves = Vec::new();
        let mut verdict = Verdict::Silent;
        for (row, value) in denies.into_iter().filter(|(row, _)| of(row.layer)) {
            let own = self.weigh_deny(value);
            if own == Verdict::Silent {
                continue;
            }
            verdict = match (verdict, own) {
                (Verdict::Denies, _) | (_, Verdict::Denies) => Verdict::Denies,
                _ => Verdict::Depends,
            };
            let what = self
                .case()
                .view
                .statement(row.statement)
                .map(|one| texts::noun(one.kind));
            let says = format!("{} denies it", what.unwrap_or("a policy"));
            leaves.extend(self.leaves(row.statement, rule, &says, value));
        }
        leaves.sort_by_key(|leaf| leaf.condition.is_some());
        let says = match verdict {
            Verdict::Denies => "a Deny that applies always wins",
            Verdict::Depends => "a Deny may apply, as far as its conditions hold",
            _ => none,
        };
        Layer {
            verdict,
            rule,
            blocks: verdict == Verdict::Denies,
            leaves,
            ..layer(name, says.to_owned())
        }
    }

    fn scps(&mut self) -> Vec<Layer> {
        if let Some(why) = self.spared(Of::Scp) {
            return vec![spared("scp", Of::Scp, why)];
        }
        let levels = self.levels();
        levels.into_iter().map(|level| self.scp(level)).collect()
    }

    fn scp(&mut self, level: LevelId) -> Layer {
        let name = self.level_name(level);
        let mut found = self.allowing(
            "scp",
            (Of::Scp, Some(level)),
            "S4.7.1",
            "an SCP lets it through",
            "no SCP at this level allows it, and every level must",
        );
        found.level = Some(name);
        found.blocks = self.refused() && found.verdict == Verdict::Silent;
        found
    }

    fn level_name(&self, level: LevelId) -> String {
        let world = self.case().view.world;
        let mut names = world.level_ids.iter();
        let name = names.find(|(_, id)| **id == level);
        name.map(|(name, _)| name.clone()).unwrap_or_default()
    }

    fn endpoint(&mut self) -> Layer {
        if let Some(why) = self.spared(Of::Endpoint) {
            return spared("vpcEndpoint", Of::Endpoint, why);
        }
        let mut found = self.allowing(
            "vpcEndpoint",
            (Of::Endpoint, None),
            "S4.7.4",
            "the policy of the VPC endpoint lets it through",
            "the policy of the VPC endpoint does not allow it",
        );
        found.blocks = self.refused() && found.verdict == Verdict::Silent;
        found
    }

    fn key_policy(&mut self) -> Layer {
        if let Some(why) = self.spared(Of::KeyPolicy) {
            return spared("keyPolicy", Of::KeyPolicy, why);
        }
        let speaking = self.speaking(Of::KeyPolicy, None);
        let value = self.any(&speaking);
        let verdict = self.weigh(value);
        let mut leaves = Vec::new();
        for &id in &speaking {
            let (rule, says) = self.counts(id);
            let value = self.statement(id);
            leaves.extend(self.leaves(id, rule, says, value));
        }
        let best = leaves.first().map(|leaf| (leaf.rule, leaf.says.clone()));
        let own = self.case().principal.account == Some(self.case().key.account);
        let service = self.case().principal.kind == Kind::Service;
        let (rule, says) = match best {
            Some(best) => best,
            None if service => ("S4.11.1", "no statement allows it to the service".to_owned()),
            None if own => (
                "S4.3.3",
                "no statement allows it to the caller or to its account".to_owned(),
            ),
            None => (
                "S4.6.1",
                "no statement allows it to the caller, to its account or to everyone".to_owned(),
            ),
        };
        let silent = verdict == Verdict::Silent;
        let (near, more) = self.near_misses(Of::KeyPolicy, None, silent);
        Layer {
            verdict,
            rule,
            blocks: self.refused() && silent && !self.has_path(),
            leaves,
            near,
            more,
            ..layer("keyPolicy", says)
        }
    }

    /// How a statement of the key policy counts for the caller: the clause, and in words.
    fn counts(&self, id: StatementId) -> (&'static str, &'static str) {
        let by = Basis::Statement(id);
        let mut paths = self.layers.paths.iter();
        let path = paths.find(|path| path.row.by == by && path.row.with == Basis::Nothing);
        match (self.voice(id), path) {
            (Some(Voice::Gate), _) => ("S4.3.1", "it lets the IAM policies of the account decide"),
            (Some(Voice::Half), _) => (
                "S4.6.1",
                "it allows the caller from another account, where IAM must allow it too",
            ),
            (_, Some(path)) => (reasons::route(path.row.route).1, "it allows the caller itself"),
            (_, None) => ("S4.3.5", "it allows the caller itself"),
        }
    }

    fn grants(&mut self) -> Layer {
        let case = self.case();
        if case.key.kind != Resource::Key || !self.permission.action.is_grant_operation() {
            let says = format!("no grant can give {}", self.permission.action);
            return Layer {
                verdict: Verdict::NotApplicable,
                rule: "S4.9.1",
                ..layer("grant", says)
            };
        }
        let paths = self.layers.paths.clone();
        let mut verdict = Verdict::Silent;
        let mut leaves = Vec::new();
        let mut best = "S4.9.1";
        for path in &paths {
            let Basis::Grant(id) = path.row.by else { continue };
            let own = self.weigh(path.holds);
            if own == Verdict::Silent {
                continue;
            }
            let rule = reasons::route(path.row.route).1;
            if own == Verdict::Allows && verdict != Verdict::Allows || leaves.is_empty() {
                (verdict, best) = (own, rule);
            }
            let meant = case.grant_meant(path.row.route, id).unwrap_or(id);
            leaves.extend(self.grant_leaf(meant, rule, path.limited));
        }
        let silent = verdict == Verdict::Silent;
        let retires = self.permission.action == Action::RetireGrant;
        let says = match (silent, retires) {
            (true, true) => {
                "the caller is neither retiring principal of the grant nor a grantee that may retire it"
            }
            (true, false) => "no grant gives it to the caller",
            (false, _) => "a grant gives it",
        };
        let (near, more) = self.near_grant_misses(silent);
        Layer {
            verdict,
            rule: if retires { "S4.9.8" } else { best },
            // The right to retire comes from grants, in one way or another.
            blocks: self.refused() && silent && retires && !self.has_path(),
            leaves,
            near,
            more,
            ..layer("grant", says.to_owned())
        }
    }

    fn identity(&mut self) -> Layer {
        if let Some(why) = self.spared(Of::Identity) {
            return spared("identity", Of::Identity, why);
        }
        let mut found = self.allowing(
            "identity",
            (Of::Identity, None),
            "S4.5.2",
            "an identity policy of the caller allows it",
            "no identity policy of the caller allows it",
        );
        if found.verdict == Verdict::Silent && self.has_path() {
            found.says.push_str(", and none is needed here");
            (found.near, found.more) = (Vec::new(), 0);
        }
        found.blocks = self.refused() && found.verdict == Verdict::Silent && !self.has_path();
        found
    }

    fn boundary(&mut self) -> Layer {
        self.cap("boundary", Of::Boundary, "the permissions boundary")
    }

    fn session(&mut self) -> Layer {
        if let Some(value) = self.layers.limits.session_required {
            let verdict = self.weigh(value);
            let says = match verdict {
                Verdict::Silent => {
                    "a federated user has no more than its session policy allows, and none was passed"
                }
                _ => "a federated user has no more than its session policy allows, which is not known",
            };
            return Layer {
                verdict,
                rule: "S3.1.4",
                blocks: self.refused() && verdict == Verdict::Silent && self.has_path() && !self.is_reached(),
                ..layer("session", says.to_owned())
            };
        }
        self.cap("session", Of::Session, "a session policy")
    }

    /// A policy that limits what others give.
    fn cap(&mut self, name: &'static str, of: Of, noun: &str) -> Layer {
        if let Some(why) = self.spared(of) {
            return spared(name, of, why);
        }
        let (allows, silent) = (
            format!("{noun} lets it through"),
            format!("{noun} does not allow it"),
        );
        let mut found = self.allowing(name, (of, None), "S4.5.1", &allows, &silent);
        let silent = found.verdict == Verdict::Silent;
        if silent && self.is_reached() {
            found.says.push_str(", which does not limit this path");
            found.rule = "S4.4.10";
            (found.near, found.more) = (Vec::new(), 0);
        }
        found.blocks = self.refused() && silent && !self.is_reached();
        found
    }

    /// A layer in which some statement must allow.
    fn allowing(
        &mut self,
        name: &'static str,
        (of, level): (Of, Option<LevelId>),
        rule: &'static str,
        allows: &str,
        silent: &str,
    ) -> Layer {
        let speaking = self.speaking(of, level);
        let value = self.any(&speaking);
        let verdict = self.weigh(value);
        let mut leaves = Vec::new();
        for &id in &speaking {
            let value = self.statement(id);
            leaves.extend(self.leaves(id, rule, "it allows it", value));
        }
        leaves.sort_by_key(|leaf| leaf.condition.is_some());
        let certain = leaves.iter().filter(|leaf| leaf.condition.is_none()).count();
        if verdict == Verdict::Allows && certain > 0 {
            leaves.truncate(certain);
        }
        leaves.truncate(LEAVES);
        let (near, more) = self.near_misses(of, level, verdict == Verdict::Silent);
        Layer {
            verdict,
            rule,
            leaves,
            near,
            more,
            ..layer(
                name,
                if verdict == Verdict::Silent {
                    silent
                } else {
                    allows
                }
                .to_owned(),
            )
        }
    }

    fn spared(&self, of: Of) -> Option<Exemption> {
        let mut spared = self.near.spared.iter().filter(|(layer, _)| *layer == of);
        spared.next().map(|(_, why)| *why)
    }
}

/// A layer of which nothing is known yet.
fn layer(name: &'static str, says: String) -> Layer {
    Layer {
        name,
        level: None,
        verdict: Verdict::Silent,
        rule: "S4.1.1",
        blocks: false,
        says,
        leaves: Vec::new(),
        near: Vec::new(),
        more: 0,
    }
}

/// A layer without a say, and why.
fn spared(name: &'static str, of: Of, why: Exemption) -> Layer {
    let says = match (why, of) {
        (Exemption::ServiceLinked, _) => "the caller is a service-linked role, which these do not bind",
        (Exemption::Service, Of::Scp) => "the caller is an AWS service, which no SCP binds",
        (Exemption::Service, _) => "the caller is an AWS service, which holds no identity policies",
        (Exemption::RootUser, _) => {
            "the caller is a root user, which holds no identity policies and needs none"
        }
        (Exemption::NoMember, Of::Rcp) => "the key's account is under no RCP",
        (Exemption::NoMember, _) => "the caller's account is under no SCP",
        (Exemption::AwsManaged, _) => "the key is managed by AWS, and RCPs leave it alone",
        (Exemption::NoKey, _) => "the action names no key",
        (Exemption::Retiring, _) => "it has no say in the retiring of grants",
        (Exemption::NoPolicy, Of::Boundary) => "the caller has no permissions boundary",
        (Exemption::NoPolicy, Of::Session) => "no session policy was passed",
        (Exemption::NoPolicy, _) => "the request comes through no VPC endpoint with a policy of its own",
    };
    Layer {
        verdict: Verdict::NotApplicable,
        rule: clause(of, why),
        ..layer(name, says.to_owned())
    }
}
