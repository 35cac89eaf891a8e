//! Principal and NotPrincipal -> remarks on entries that match nobody, or not whom they seem to (S2.2, A17, A18, A32).

use super::variable::has_placeholder;
use super::{Linter, quote};
use crate::arn::{Arn, PrincipalArn, UniqueId, is_account_id, unique_id};
use crate::diag::{Code, Diagnostic};
use crate::policy::document::{Effect, PrincipalEntry, Principals, Statement};
use std::collections::BTreeSet;

/// What is wrong with an entry.
struct Problem {
    message: String,
    rule: &'static str,
    help: Option<String>,
}

impl Problem {
    fn new(message: String, rule: &'static str) -> Problem {
        let help = None;
        Problem { message, rule, help }
    }

    fn help(self, help: impl Into<String>) -> Problem {
        let help = Some(help.into());
        Problem { help, ..self }
    }
}

/// Of what sort all principals of a statement are. Nothing is said of those of NotPrincipal, nor of none at all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Callers {
    /// IAM principals, none of them `*` (S2.2.2).
    pub(super) iam: bool,
    /// Roles and sessions of roles.
    pub(super) roles: bool,
    /// AWS services.
    pub(super) services: bool,
}

impl Callers {
    /// Looks at the principals of a statement.
    pub(super) fn of(statement: &Statement) -> Callers {
        let listed = statement
            .principals
            .as_ref()
            .filter(|principals| !principals.negated);
        let entries = listed
            .map(|principals| principals.entries.as_slice())
            .unwrap_or_default();
        let all = |test: fn(&PrincipalEntry) -> bool| !entries.is_empty() && entries.iter().all(test);
        Callers {
            iam: all(|entry| matches!(entry, PrincipalEntry::Aws(text) if text != "*")),
            roles: all(|entry| match entry {
                PrincipalEntry::Aws(text) => text.contains(":role/") || text.contains(":assumed-role/"),
                _ => false,
            }),
            services: all(|entry| matches!(entry, PrincipalEntry::Service(name) if name != "*")),
        }
    }
}

impl Linter<'_> {
    /// Looks at the entries of Principal or NotPrincipal.
    pub(super) fn principals(&mut self) {
        let Some(principals) = &self.statement.principals else {
            return;
        };
        if principals.negated {
            self.not_principal(principals);
        }
        for entry in &principals.entries {
            let found = match entry {
                PrincipalEntry::Anyone | PrincipalEntry::Other(..) => None,
                PrincipalEntry::Aws(text) | PrincipalEntry::Service(text) if has_placeholder(text) => None,
                PrincipalEntry::Aws(text) => self.aws(text, principals),
                PrincipalEntry::Service(text) => {
                    service(text).map(|problem| self.nobody(problem, principals))
                }
                PrincipalEntry::Federated(text) => Some(self.federated(text)),
                PrincipalEntry::CanonicalUser(text) => {
                    let message = format!("the canonical user {}, which only Amazon S3 knows", quote(text));
                    let problem = Problem::new(message, "S2.2.10").help("name the account, user or role");
                    Some(self.nobody(problem, principals))
                }
            };
            if let Some(found) = found {
                self.report(found);
            }
        }
    }

    /// Says that an entry matches nobody.
    fn nobody(&self, problem: Problem, principals: &Principals) -> Diagnostic {
        let whole = principals.entries.len() == 1;
        let effect = match (principals.negated, self.statement.effect) {
            (true, _) => "the entry excepts nobody".to_owned(),
            (false, _) if whole => format!("it matches nobody: {}", self.nothing()),
            (false, _) => "the entry matches nobody".to_owned(),
        };
        let found = self.remark(Code::InvalidPrincipal, problem.message);
        let mut found = found.effect(format!("{effect} ({})", problem.rule));
        found.help = problem.help;
        found
    }

    fn aws(&self, text: &str, principals: &Principals) -> Option<Diagnostic> {
        if text == "*" || is_account_id(text) {
            return None;
        }
        if let Some(owner) = unique_id(text) {
            return Some(self.deleted(text, owner));
        }
        let problem = if text.contains(['*', '?']) {
            partial_wildcard(text)
        } else if let Some(arn) = PrincipalArn::parse(text) {
            no_principal(text, &arn).or_else(|| self.other_partition(text, &arn))?
        } else {
            no_arn(text)
        };
        Some(self.nobody(problem, principals))
    }

    /// S2.2.13: AWS shows an ARN as long as the principal exists.
    fn deleted(&self, text: &str, owner: UniqueId) -> Diagnostic {
        let owner = match owner {
            UniqueId::User => "user",
            UniqueId::Role => "role",
        };
        let message = format!("the unique id {} in place of a {owner}'s ARN", quote(text));
        self.remark(Code::OrphanedPrincipal, message)
            .effect(format!(
                "AWS shows it once the {owner} is deleted; a new {owner} of the same name does not match (S2.2.11, A18)"
            ))
            .help(format!("remove the entry, or name the ARN of the new {owner}"))
    }

    /// S1.1: principals and keys never cross partitions.
    fn other_partition(&self, text: &str, arn: &PrincipalArn<'_>) -> Option<Problem> {
        let key = Arn::parse(self.about.key_arn?)?;
        (key.partition != arn.partition()).then(|| {
            let message = format!(
                "{} is of partition `{}`, the key of `{}`",
                quote(text),
                arn.partition(),
                key.partition
            );
            Problem::new(message, "S1.1")
        })
    }

    fn federated(&self, text: &str) -> Diagnostic {
        let message = format!(
            "the identity provider {}, which only trust policies can name",
            quote(text)
        );
        self.remark(Code::InvalidPrincipal, message)
            .effect("whom it matches is reported as unknown (S2.2.9)")
            .help("name the role that the provider's identities assume")
    }

    fn not_principal(&mut self, principals: &Principals) {
        match self.statement.effect {
            Some(Effect::Allow) => {
                let found = self
                    .remark(Code::NotPrincipalAllow, "`NotPrincipal` with `Allow`")
                    .effect("it may allow everyone else, of every account (S2.2.19, A17)")
                    .help("name those who are to have access in `Principal`");
                self.report(found);
            }
            Some(Effect::Deny) => self.accounts_not_excepted(principals),
            None => {}
        }
    }

    /// S2.2.17: whoever is excepted by name may still be denied as part of an account that is not.
    fn accounts_not_excepted(&mut self, principals: &Principals) {
        let texts = || principals.entries.iter().filter_map(aws_text);
        let listed: BTreeSet<&str> = texts().filter_map(whole_account).collect();
        let missing = texts().find(|text| {
            let named = PrincipalArn::parse(text).filter(|arn| is_named(arn));
            named.is_some_and(|arn| !listed.contains(arn.account()))
        });
        let Some(arn) = missing.and_then(PrincipalArn::parse) else {
            return;
        };
        let text = missing.unwrap_or_default();
        let message = format!("`NotPrincipal` excepts {} but not its account", quote(text));
        let root = format!("arn:{}:iam::{}:root", arn.partition(), arn.account());
        let found = self
            .remark(Code::NotPrincipalDeny, message)
            .effect("the statement may deny what is excepted too, as part of the account (S2.2.17)")
            .help(format!(
                "add {} to the list, or use `Principal` `*` with `ArnNotEquals` on `aws:PrincipalArn`",
                quote(&root)
            ));
        self.report(found);
    }
}

fn aws_text(entry: &PrincipalEntry) -> Option<&str> {
    match entry {
        PrincipalEntry::Aws(text) => Some(text),
        _ => None,
    }
}

/// The account, if the entry stands for all of it.
fn whole_account(text: &str) -> Option<&str> {
    match PrincipalArn::parse(text) {
        Some(PrincipalArn::Root { account, .. }) => Some(account),
        _ => Some(text).filter(|text| is_account_id(text)),
    }
}

/// Whether an ARN names one user, role or session.
fn is_named(arn: &PrincipalArn<'_>) -> bool {
    !matches!(
        arn,
        PrincipalArn::Root { .. } | PrincipalArn::Group { .. } | PrincipalArn::Other(_)
    )
}

fn partial_wildcard(text: &str) -> Problem {
    let message = format!("a wildcard inside the principal {}", quote(text));
    Problem::new(message, "S2.2").help(format!(
        "use `\"*\"` with a condition `ArnLike` of `aws:PrincipalArn` and {}, or name each principal",
        quote(text)
    ))
}

/// ARNs of what is no principal.
fn no_principal(text: &str, arn: &PrincipalArn<'_>) -> Option<Problem> {
    let shown = quote(text);
    match arn {
        PrincipalArn::Group { .. } => Some(
            Problem::new(format!("{shown} is a group, which is no principal"), "S2.2.12")
                .help("name the users, or the account and give the group an identity policy"),
        ),
        PrincipalArn::Other(arn) => {
            if matches!(arn.service, "iam" | "sts") && !is_account_id(arn.account) {
                let message = format!("{shown} has {} in place of an account", quote(arn.account));
                return Some(Problem::new(message, "S1.7").help("an account id has twelve digits"));
            }
            let problem = Problem::new(
                format!("{shown} is the ARN of no account, user, role or session"),
                "S2.2",
            );
            Some(match arn.resource.split('/').next() {
                Some("assumed-role") if arn.service == "sts" => {
                    problem.help("name the role, or give the session's name: `assumed-role/ROLE/SESSION`")
                }
                Some("instance-profile") => problem.help("name the role inside the instance profile"),
                _ => problem,
            })
        }
        _ => None,
    }
}

/// Texts under `AWS` that are neither ARN, account nor id.
fn no_arn(text: &str) -> Problem {
    let shown = quote(text);
    if is_service_name(text) {
        return Problem::new(format!("the service {shown} stands under `AWS`"), "S2.2")
            .help(format!("write `{{\"Service\": \"{text}\"}}`"));
    }
    let problem = Problem::new(
        format!("{shown} is neither an ARN nor an account id nor a unique id"),
        "S2.2",
    );
    if text.starts_with("arn:") {
        problem.help("an ARN has six parts: write `arn:aws:iam::ACCOUNT:role/NAME`")
    } else if text.contains("${") {
        problem.help("variables have no place in principals (S2.7.1)")
    } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        problem.help("an account id has twelve digits")
    } else {
        problem
    }
}

fn is_service_name(text: &str) -> bool {
    text.contains(".amazonaws.com") && !text.contains([':', '/', '*'])
}

/// Texts under `Service` that are no service principal.
fn service(text: &str) -> Option<Problem> {
    let shown = quote(text);
    let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if text == "*" {
        return None;
    }
    if text.contains(['*', '?']) {
        let message = format!("a wildcard inside the service principal {shown}");
        return Some(
            Problem::new(message, "S2.2")
                .help("name each service, or use `\"*\"` with a condition on `aws:PrincipalServiceName`"),
        );
    }
    if text.contains('.') && text.bytes().all(is_host) {
        return None;
    }
    let problem = Problem::new(format!("{shown} is no service principal"), "S2.2.8");
    Some(if text.starts_with("arn:") || is_account_id(text) {
        problem.help("write it under `AWS`")
    } else {
        problem.help("service principals are host names such as `cloudtrail.amazonaws.com`")
    })
}
