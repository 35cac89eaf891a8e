//! Resource and NotResource -> remarks on entries that match no key, or more than meant, and on key policy statements
//! about another key (S2.4, A30, A34).

use super::variable::{has_placeholder, is_early};
use super::{Linter, quote, quote_all};
use crate::arn::{ArnPattern, Match, is_account_id, is_key_id};
use crate::condition::known::intersects;
use crate::condition::variable::{Piece, template};
use crate::diag::Code;
use crate::model::action::{ActionSet, matching};
use crate::pattern::{Token, glob, tokens};
use crate::policy::document::{Effect, Patterns, PolicyKind};

/// What is wrong with an entry.
struct Problem {
    message: String,
    /// What it means; none for "it matches nothing".
    effect: Option<&'static str>,
    rule: &'static str,
    help: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>, rule: &'static str) -> Problem {
        Problem {
            message: message.into(),
            effect: None,
            rule,
            help: None,
        }
    }

    fn help(self, help: impl Into<String>) -> Problem {
        let help = Some(help.into());
        Problem { help, ..self }
    }

    fn doubt(self) -> Problem {
        let effect = Some("whether it matches is reported as unknown");
        Problem { effect, ..self }
    }
}

/// The forms that a KMS Resource can have in its sixth part.
const KEYS: &str = "key/*";
const ALIASES: &str = "alias/*";

/// Whether an entry can match anything of KMS, or is meant to.
pub(crate) fn may_be_of_kms(text: &str) -> bool {
    if has_placeholder(text) {
        return true;
    }
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or_default();
    if !glob(first, "arn") {
        return names_no_arn(text);
    }
    parts.nth(1).is_none_or(|service| glob(service, "kms"))
}

/// A key id or alias name in place of an ARN (S2.4.5).
fn names_no_arn(text: &str) -> bool {
    is_key_id(text) || text.starts_with("key/") || text.starts_with("alias/")
}

fn is_everything(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'*')
}

impl Linter<'_> {
    /// Looks at the entries of Resource or NotResource.
    pub(super) fn resources(&mut self) {
        let Some(resources) = &self.statement.resources else {
            return;
        };
        let names_a_key = |text: &String| is_everything(text) || self.can_match_a_key(text);
        self.names_keys = resources.negated || resources.patterns.iter().any(names_a_key);
        for text in &resources.patterns {
            if let Some(problem) = self.entry(text) {
                self.odd_entry(problem, resources);
            }
        }
        if self.kind == PolicyKind::Key {
            self.about_another_key(resources);
        } else if !resources.negated {
            self.actions_without_resource(resources);
            self.no_resource_of_kms(resources);
        }
    }

    fn odd_entry(&mut self, problem: Problem, resources: &Patterns) {
        let effect = match problem.effect {
            Some(effect) => effect.to_owned(),
            None if resources.negated => "the entry excepts no key".to_owned(),
            None if resources.patterns.len() == 1 => format!("it matches no key: {}", self.nothing()),
            None => "the entry matches no key".to_owned(),
        };
        let found = self.remark(Code::SuspiciousResource, problem.message);
        let mut found = found.effect(format!("{effect} ({})", problem.rule));
        found.help = problem.help;
        self.report(found);
    }

    /// The pattern with every variable as a wildcard, wherever it stands: what it can match at most.
    fn widest(&self, text: &str) -> Vec<Token> {
        if has_placeholder(text) {
            return vec![Token::Many];
        }
        let mut all = Vec::new();
        for piece in template(text, self.variables).pieces() {
            match piece {
                Piece::Text(tokens) => all.extend_from_slice(tokens),
                Piece::Variable { .. } => all.push(Token::Many),
            }
        }
        all
    }

    fn covers(&self, text: &str, arn: &str) -> Match {
        ArnPattern::new(&self.widest(text)).covers(arn, self.kind)
    }

    /// What is wrong with one entry, as far as it concerns KMS.
    fn entry(&self, text: &str) -> Option<Problem> {
        let shown = quote(text);
        if is_everything(text) || has_placeholder(text) || !self.kms_alone && !may_be_of_kms(text) {
            return None;
        }
        if self.variables && is_early(text) {
            let message = format!("{shown} has a variable before the sixth part of the ARN");
            return Some(Problem {
                effect: Some(
                    "AWS documents that it is not substituted there, so the entry may match nothing",
                ),
                ..Problem::new(message, "S2.7.1").help("write `*` or the value itself")
            });
        }
        if let Some(name) = text.strip_prefix("alias/").or(text.strip_prefix("key/")) {
            let problem = Problem::new(format!("{shown} is not an ARN"), "S2.4.5");
            return Some(problem.help(full_form(text.split('/').next().unwrap_or_default(), name)));
        }
        if is_key_id(text) {
            let problem = Problem::new(format!("the key id {shown} in place of an ARN"), "S2.4.5");
            return Some(problem.help(full_form("key", text)));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let (first_five, sixth) = parts.split_at_checked(5).unwrap_or((&parts, &[]));
        if !parts.first().is_some_and(|first| glob(first, "arn")) {
            let problem = Problem::new(format!("{shown} is not the pattern of an ARN"), "S2.4.2");
            return Some(if text.contains(['*', '?']) {
                problem.doubt()
            } else {
                problem
            });
        }
        match sixth {
            [sixth] => first_parts(&shown, first_five).or_else(|| self.sixth_part(text, sixth)),
            _ => self.short(&shown, &parts),
        }
    }

    /// A pattern with fewer than six parts.
    fn short(&self, shown: &str, parts: &[&str]) -> Option<Problem> {
        let service = parts.get(2)?;
        if !glob(service, "kms") {
            return Some(other_service(shown, service));
        }
        let last = parts.last()?;
        let misplaced = last.contains('/') || parts.len() == 5 && !can_be_account(last);
        if misplaced {
            let message = format!("{shown} has {} parts; a key ARN has six", parts.len());
            let problem = Problem::new(message, "S2.4.4").help("write `arn:aws:kms:REGION:ACCOUNT:key/ID`");
            let wild = parts.iter().any(|part| part.contains(['*', '?']));
            return Some(if wild { problem.doubt() } else { problem });
        }
        // S2.4.3: these are completed with `*`.
        if matches!(self.kind, PolicyKind::Identity | PolicyKind::Boundary) {
            return None;
        }
        let message = format!("{shown} has {} parts; a key ARN has six", parts.len());
        let problem = Problem::new(message, "S2.4.3").help("write the missing parts as `*`");
        Some(problem.doubt())
    }

    /// The sixth part of an ARN pattern, with every variable as a wildcard.
    fn sixth(&self, text: &str) -> Option<Vec<Token>> {
        let wide = self.widest(text);
        let sixth = crate::arn::pattern_parts(&wide).nth(5)?;
        Some(sixth.to_vec())
    }

    fn can_match_a_key(&self, text: &str) -> bool {
        let is_key = |sixth: Vec<Token>| intersects(&sixth, &tokens(KEYS));
        may_be_of_kms(text) && self.sixth(text).is_none_or(is_key)
    }

    fn sixth_part(&self, text: &str, written: &str) -> Option<Problem> {
        let shown = quote(text);
        if self.can_match_a_key(text) {
            let id = written
                .strip_prefix("key/")
                .filter(|id| !id.contains(['*', '?', '$']));
            return id.filter(|id| !is_key_id(id)).map(|id| {
                Problem::new(format!("{} is not the id of a key", quote(id)), "S1.2")
                    .help("key ids are lower-case UUIDs, or `mrk-` and 32 hexadecimal digits")
            });
        }
        let is_alias = |sixth: Vec<Token>| intersects(&sixth, &tokens(ALIASES));
        if self.sixth(text).is_some_and(is_alias) {
            return self.alias(&shown);
        }
        let problem = Problem::new(
            format!("{shown} is the ARN of neither a key nor an alias"),
            "S1.2",
        );
        Some(if is_key_id(written) {
            problem.help(format!("write `key/{written}`"))
        } else {
            problem.help("the sixth part of a key ARN is `key/` and the key's id")
        })
    }

    /// S2.4.5: an alias ARN matters for the alias side of three actions, and never stands for the key.
    fn alias(&self, shown: &str) -> Option<Problem> {
        let message = format!("the alias ARN {shown} does not stand for the alias's key");
        let problem = Problem::new(message, "S1.5, S2.4.5");
        if self.kind == PolicyKind::Key {
            return Some(problem.help("write `*`, which in a key policy is this key"));
        }
        let problem = problem.help(
            "name the key's ARN, or use `*` with a condition on `kms:ResourceAliases` or `kms:RequestAlias`",
        );
        if !self.actions.intersects(ActionSet::ALIAS) {
            return Some(problem);
        }
        let on_keys = self.named.intersect(ActionSet::ON_KEYS).minus(ActionSet::ALIAS);
        (!self.names_keys && !on_keys.is_empty()).then_some(Problem {
            effect: Some("only CreateAlias, UpdateAlias and DeleteAlias match it"),
            ..problem
        })
    }

    /// S2.4.6, S2.4.7: whether a key policy's statement is about the key it stands on.
    fn about_another_key(&mut self, resources: &Patterns) {
        let about_this = |text: &String| match (self.about.key_arn, self.about.account) {
            _ if has_placeholder(text) => Match::Yes,
            (Some(arn), _) => self.covers(text, arn),
            (None, Some(account)) => Match::from(may_be_in(text, account)),
            (None, None) => Match::Yes,
        };
        if resources.negated {
            let excepted = resources.patterns.iter().find(|text| {
                is_everything(text)
                    || self
                        .about
                        .key_arn
                        .is_some_and(|arn| self.covers(text, arn).is_yes())
            });
            if let Some(text) = excepted {
                let message = format!("`NotResource` {} excepts this key", quote(text));
                let found = self
                    .remark(Code::OtherResource, message)
                    .effect(format!("{} (S2.4.7)", self.nothing()));
                self.report(found.help("write `Resource` `*`, which in a key policy is this key"));
            }
            return;
        }
        if resources.patterns.is_empty() || resources.patterns.iter().any(|text| !about_this(text).is_no()) {
            return;
        }
        // What is no key's ARN at all was reported already.
        let keys: Vec<&String> = resources
            .patterns
            .iter()
            .filter(|text| self.entry(text).is_none())
            .collect();
        if keys.is_empty() {
            return;
        }
        let message = match (self.about.key_arn, self.about.account) {
            (Some(arn), _) => format!("{} is not this key, {}", quote_all(&keys), quote(arn)),
            (None, account) => {
                let account = account.unwrap_or_default();
                format!(
                    "{} is not of this key's account, {}",
                    quote_all(&keys),
                    quote(account)
                )
            }
        };
        let found = self
            .remark(Code::OtherResource, message)
            .effect(format!("{} (S2.4.6, A30)", self.nothing()));
        self.report(found.help("write `*`, which in a key policy is this key"));
    }

    /// S2.4.8: operations without resource match `*` only.
    fn actions_without_resource(&mut self, resources: &Patterns) {
        let Some(actions) = self.statement.actions.as_ref().filter(|actions| !actions.negated) else {
            return;
        };
        let covered = resources.patterns.iter().any(|text| {
            !ArnPattern::new(&self.widest(text))
                .covers_nothing_in(None)
                .is_no()
        });
        let without: Vec<&String> = actions
            .patterns
            .iter()
            .filter(|text| {
                let set = matching(text).set.intersect(self.named);
                super::action::is_of_kms(text)
                    && !set.is_empty()
                    && set.is_subset(ActionSet::WITHOUT_RESOURCE)
            })
            .collect();
        if covered || without.is_empty() || resources.patterns.is_empty() {
            return;
        }
        let (verb, they) = if without.len() == 1 {
            ("works", "it")
        } else {
            ("work", "them")
        };
        let effect = match self.statement.effect {
            Some(Effect::Deny) => format!("the statement does not deny {they} (S2.4.8)"),
            _ => format!("the statement does not allow {they} (S2.4.8)"),
        };
        let message = format!(
            "{} {verb} on no key, so only `Resource` `*` matches",
            quote_all(&without)
        );
        let found = self.remark(Code::SuspiciousResource, message).effect(effect);
        self.report(found.help(format!("put {they} into a statement with `Resource` `*`")));
    }

    /// A statement about several services, none of whose resources is of KMS.
    fn no_resource_of_kms(&mut self, resources: &Patterns) {
        let named = self.named.intersect(ActionSet::ON_KEYS);
        let any = resources.patterns.iter().any(|text| may_be_of_kms(text));
        if self.kms_alone || named.is_empty() || any || resources.patterns.is_empty() {
            return;
        }
        let actions: Vec<String> = named.iter().map(|action| action.to_string()).collect();
        let message = format!("no resource of the statement can match {}", quote_all(&actions));
        let found = self
            .remark(Code::SuspiciousResource, message)
            .effect(format!("{} (S2.4.1)", self.nothing()))
            .help("put the KMS actions into a statement that names keys");
        self.report(found);
    }
}

fn full_form(kind: &str, name: &str) -> String {
    match kind {
        "alias" => "name the key's ARN: an alias never stands for the key in `Resource` (S1.5)".to_owned(),
        _ => format!("write `arn:aws:kms:REGION:ACCOUNT:key/{name}`"),
    }
}

fn other_service(shown: &str, service: &str) -> Problem {
    Problem::new(
        format!("{shown} is of the service {}, not KMS", quote(service)),
        "S2.4.1",
    )
}

/// What is wrong with partition, service, Region and account.
fn first_parts(shown: &str, parts: &[&str]) -> Option<Problem> {
    let &[_, partition, service, region, account] = parts else {
        return None;
    };
    let wild = |part: &str| part.contains(['*', '?']);
    if !glob(service, "kms") {
        return Some(other_service(shown, service));
    }
    if wild(service) {
        let problem = Problem::new(format!("{shown} has a wildcard in its service part"), "S2.4.2");
        return Some(problem.help("write `kms` there").doubt());
    }
    if !wild(partition) && !partition.starts_with("aws") {
        let message = format!("{shown} is of no partition of AWS");
        return Some(Problem::new(message, "S1.1").help("write `arn:aws:kms:REGION:ACCOUNT:key/ID`"));
    }
    let is_region = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if region.is_empty() || account.is_empty() {
        let missing = match (region, account) {
            ("", "") => "neither Region nor account",
            ("", _) => "no Region",
            _ => "no account",
        };
        let problem = Problem::new(format!("{shown} has {missing}"), "S1.2");
        return Some(problem.help("write `*` for any"));
    }
    if !(wild(region) || region.contains('-') && region.bytes().all(is_region)) {
        let message = format!("{shown} has {} in place of a Region", quote(region));
        return Some(Problem::new(message, "S1.2"));
    }
    if !can_be_account(account) {
        let message = format!("{shown} has {} in place of an account", quote(account));
        return Some(Problem::new(message, "S1.2").help("an account id has twelve digits"));
    }
    None
}

fn can_be_account(part: &str) -> bool {
    if !part.contains('*') {
        return part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit() || b == b'?');
    }
    is_account_id(part)
        || part
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'?'))
}

/// Whether an entry can be the ARN of a key in an account.
fn may_be_in(text: &str, account: &str) -> bool {
    text.split(':').nth(4).is_none_or(|part| glob(part, account))
}
