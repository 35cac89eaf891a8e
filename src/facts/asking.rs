//! Principals that ask: made from what is in the tables, where they are not in them themselves.

use super::id::{AccountId, PolicyId};
use super::principals::{bare, is_service};
use super::world::{Kind, Principal, World};
use crate::arn::PrincipalArn;

impl World {
    /// The principal with an ARN or service name, made from what is in the tables: a role's session, a federated
    /// user, a service. `creator` is the user that federates; without it, any user of the account may (several results).
    /// `None` when it rests on somebody who is not in the tables; empty when `listed` says that nobody else exists.
    pub(crate) fn make_principals(
        &self,
        name: &str,
        creator: Option<&str>,
        listed: bool,
    ) -> Option<Vec<Principal>> {
        if let Some(ids) = self.principal_ids.get(name) {
            let found: Vec<Principal> = ids.iter().filter_map(|&id| self.principal(id).cloned()).collect();
            let by_creator = |principal: &Principal| {
                creator.is_none()
                    || principal.kind != Kind::Federated
                    || principal.origin.as_deref() == creator
            };
            return Some(found.into_iter().filter(by_creator).collect());
        }
        let none = || listed.then(Vec::new);
        match PrincipalArn::parse(name) {
            Some(PrincipalArn::Session {
                partition,
                account,
                role,
                session,
            }) => {
                let role = self
                    .roles_by_session
                    .get(&session_prefix(partition, account, role));
                match role.and_then(|ids| self.principal(*ids.first()?)) {
                    Some(role) => Some(vec![session_of(role, name, session)]),
                    // S4.9.2: role names with a colon are those of AWS itself; IAM does not list them.
                    None if listed && !name.contains("assumed-role/aws:") => Some(Vec::new()),
                    None => None,
                }
            }
            Some(PrincipalArn::Federated {
                partition,
                account,
                name: short,
            }) => {
                let users = self
                    .account_ids
                    .get(account)
                    .and_then(|id| self.users_of.get(id))?;
                let users = users.iter().filter_map(|&id| self.principal(id));
                let made: Vec<Principal> = users
                    .filter(|user| {
                        creator.is_none_or(|creator| user.arn == creator) && user.partition == partition
                    })
                    .map(|user| federated_by(user, name, short))
                    .collect();
                Some(made)
            }
            _ if is_service(name) => Some(vec![bare(Kind::Service, name, "aws")]),
            _ => none(),
        }
    }
}

pub(crate) fn session_prefix(partition: &str, account: &str, role: &str) -> String {
    format!("arn:{partition}:sts::{account}:assumed-role/{role}/")
}

fn session_of(role: &Principal, name: &str, session: &str) -> Principal {
    Principal {
        name: name.to_owned(),
        kind: Kind::Session,
        session: Some(session.to_owned()),
        origin: Some(role.arn.clone()),
        ..role.clone()
    }
}

fn federated_by(user: &Principal, name: &str, short: &str) -> Principal {
    Principal {
        name: name.to_owned(),
        kind: Kind::Federated,
        arn: name.to_owned(),
        unique_id: String::new(),
        short_name: short.to_owned(),
        origin: Some(user.arn.clone()),
        tags: crate::model::Tags::new(),
        open_tags: true,
        ..user.clone()
    }
}

/// A principal of an account that is not, or not wholly, in the snapshot.
pub(crate) fn unlisted(arn: &str, account: AccountId, foreign: Option<PolicyId>) -> Option<Principal> {
    let base = |kind, partition: &str, short: &str| Principal {
        account: Some(account),
        short_name: short.to_owned(),
        policies: foreign.into_iter().collect(),
        iam_unknown: foreign.is_some(),
        open_tags: true,
        ..bare(kind, arn, partition)
    };
    Some(match PrincipalArn::parse(arn) {
        Some(PrincipalArn::User { partition, name, .. }) => base(Kind::User, partition, name),
        Some(PrincipalArn::Role {
            partition,
            name,
            path,
            ..
        }) => Principal {
            service_linked: path.starts_with("/aws-service-role/"),
            ..base(Kind::Role, partition, name)
        },
        Some(PrincipalArn::Session {
            partition,
            account,
            role,
            session,
        }) => Principal {
            arn: format!("arn:{partition}:iam::{account}:role/{role}"),
            session: Some(session.to_owned()),
            ..base(Kind::Session, partition, role)
        },
        Some(PrincipalArn::Federated { partition, name, .. }) => base(Kind::Federated, partition, name),
        Some(PrincipalArn::Root { partition, .. }) => base(Kind::Root, partition, ""),
        _ => return None,
    })
}
