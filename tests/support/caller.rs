//! Who asks (S3.1): the request's `principal` text looked up in the world.

use super::text::{arn, service_name};
use super::world::{Account, Role, User, World};
use serde_json::Value;

/// The caller of a request.
#[derive(Clone, Debug)]
pub struct Caller<'w> {
    /// The principal as the request wrote it.
    pub text: String,
    /// Partition of its ARN; empty for services.
    pub partition: String,
    /// Account; `None` for services, which belong to no customer account (S4.2.1).
    pub account: Option<String>,
    /// The account's IAM, if the snapshot has it (S3.1.14).
    pub known: Option<&'w Account>,
    /// What kind of principal it is.
    pub who: Who<'w>,
}

/// Kinds of S3.1.
#[derive(Clone, Debug)]
pub enum Who<'w> {
    /// Root user.
    Root,
    /// IAM user; `None` when its account is not in the snapshot.
    User(Option<&'w User>),
    /// A role: `session` is `None` for a bare role ARN, which stands for a session with an unspecified name.
    Role {
        /// The role; `None` when its account is not in the snapshot.
        role: Option<&'w Role>,
        /// Name of the session.
        session: Option<String>,
        /// Name of the role.
        name: String,
    },
    /// Federated user with the user that made the session, if known.
    Federated {
        /// Session name.
        name: String,
        /// Who called GetFederationToken.
        creator: Option<&'w User>,
    },
    /// AWS service principal; the name without Region.
    Service(String),
}

/// The possible callers behind a request: one, except for federated users of an unnamed creator (S3.1.4).
pub fn callers<'w>(world: &'w World, request: &Value) -> Vec<Caller<'w>> {
    let text = request["principal"].as_str().unwrap_or_default();
    let Some(parts) = arn(text) else {
        let who = Who::Service(service_name(text));
        return vec![Caller { text: text.to_owned(), partition: String::new(), account: None, known: None, who }];
    };
    let known = world.account(parts.account);
    let caller = |who| Caller {
        text: text.to_owned(),
        partition: parts.partition.to_owned(),
        account: Some(parts.account.to_owned()),
        known,
        who,
    };
    match parts.resource.split_once('/') {
        None => vec![caller(Who::Root)],
        Some(("user", _)) => vec![caller(Who::User(known.and_then(|a| a.users.iter().find(|u| u.arn == text))))],
        Some(("role", path)) => {
            let role = known.and_then(|a| a.roles.iter().find(|r| r.arn == text));
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            vec![caller(Who::Role { role, session: None, name })]
        }
        Some(("assumed-role", rest)) => {
            let (name, session) = rest.split_once('/').unwrap_or((rest, ""));
            let role = known.and_then(|a| a.roles.iter().find(|r| r.name == name));
            vec![caller(Who::Role { role, session: Some(session.to_owned()), name: name.to_owned() })]
        }
        Some((_, name)) => creators(known, request["federatedBy"].as_str())
            .into_iter()
            .map(|creator| caller(Who::Federated { name: name.to_owned(), creator }))
            .collect(),
    }
}

/// Who may have made a federated session: the stated user, else every user of the account.
fn creators<'w>(known: Option<&'w Account>, stated: Option<&str>) -> Vec<Option<&'w User>> {
    let Some(account) = known else { return vec![None] };
    match stated {
        Some(user) => vec![account.users.iter().find(|u| u.arn == user)],
        None if account.users.is_empty() => vec![None],
        None => account.users.iter().map(Some).collect(),
    }
}

impl Caller<'_> {
    /// Whether it is a service principal calling directly (S3.1.6).
    pub fn is_service(&self) -> bool {
        matches!(self.who, Who::Service(_))
    }

    /// Whether it is an account's root user (S3.1.1).
    pub fn is_root(&self) -> bool {
        matches!(self.who, Who::Root)
    }

    /// Whether it is a federated user (S3.1.4).
    pub fn is_federated(&self) -> bool {
        matches!(self.who, Who::Federated { .. })
    }

    /// Whether it is a service-linked role (S3.1.5).
    pub fn is_service_linked(&self) -> bool {
        match &self.who {
            Who::Role { role: Some(role), .. } => role.is_service_linked(),
            Who::Role { role: None, .. } => self.text.contains(":role/aws-service-role/"),
            _ => false,
        }
    }

    /// An account that is not in the snapshot (S3.1.14).
    pub fn is_external(&self) -> bool {
        self.account.is_some() && self.known.is_none()
    }

    /// ARN of the role behind a role session; unknown for a named session of an external role, whose path nobody knows.
    pub fn role_arn(&self) -> Option<&str> {
        match &self.who {
            Who::Role { role: Some(role), .. } => Some(&role.arn),
            Who::Role { role: None, session: None, .. } => Some(&self.text),
            _ => None,
        }
    }

    /// Whether it belongs to this account.
    pub fn is_in(&self, account: &str) -> bool {
        self.account.as_deref() == Some(account)
    }
}
