//! Principal elements of resource policies (S2.2): which entries match the caller, and how.

use super::caller::{Caller, Who};
use super::decide::Ask;
use super::document::{Principals, Statement};
use super::text::{Arn, arn, has_wildcard, is_account_id, service_name};
use super::truth::{Truth, any};

/// How an entry matches; S4.4 treats each kind differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `"*"` or `{"AWS": "*"}`.
    Any,
    /// The caller's account: delegation.
    Account,
    /// The account, and the caller is its root user: `self` of S2.2.3.
    OwnRoot,
    /// The user itself.
    User,
    /// The user that made this federated session.
    UserOfSession,
    /// The role of this session.
    Role,
    /// This very session or federated user.
    Session,
    /// This service.
    Service,
    /// An identity provider.
    Federated,
}

/// S2.2: every entry of a `Principal` element that may match, with its kind; `NotPrincipal` in an Allow is S2.2.19.
pub fn matching_kinds(statement: &Statement, ask: &Ask<'_>) -> Vec<(Kind, Truth)> {
    match &statement.principal {
        None => Vec::new(),
        Some(element) if !element.negated => entry_kinds(element, ask.caller),
        Some(_) if ask.options.without_not_principal => Vec::new(),
        Some(element) => {
            // S2.2.19: everyone who is not listed, value U.
            let listed = any(entry_kinds(element, ask.caller)
                .into_iter()
                .map(|(_, truth)| truth));
            vec![(Kind::Any, listed.not().at_most_unknown())]
        }
    }
}

/// S2.2.14: the entries are OR-ed.
fn entry_kinds(element: &Principals, caller: &Caller<'_>) -> Vec<(Kind, Truth)> {
    let matches = element
        .entries
        .iter()
        .filter_map(|(kind, text)| entry_kind(kind, text, caller));
    matches.filter(|(_, truth)| *truth != Truth::F).collect()
}

/// One entry (the table of S2.2).
fn entry_kind(kind: &str, text: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    match kind {
        "*" if text == "*" => Some((Kind::Any, Truth::T)), // S2.2.1
        "AWS" if text == "*" => Some((Kind::Any, Truth::from(!caller.is_service()).at_least_unknown())), // S2.2.2
        "AWS" => aws_entry(text, caller),
        "Service" => match &caller.who {
            Who::Service(name) => Some((Kind::Service, Truth::from(service_name(text) == *name))), // S2.2.8
            _ => None,
        },
        "Federated" => Some((Kind::Federated, may_come_through(text, caller).at_most_unknown())), // S2.2.9
        _ => None,                                                                                // S2.2.10
    }
}

fn aws_entry(text: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    if is_account_id(text) {
        return account_entry(text, caller);
    }
    if text.starts_with("AIDA") || text.starts_with("AROA") {
        return id_entry(text, caller); // S2.2.11
    }
    let entry = arn(text)?;
    if has_wildcard(text) || entry.partition != caller.partition {
        return None; // no partial wildcards; S1.1
    }
    match entry {
        Arn {
            service: "iam",
            resource: "root",
            account,
            ..
        } => account_entry(account, caller),
        Arn {
            service: "iam",
            resource,
            ..
        } if resource.starts_with("user/") => user_entry(text, caller),
        Arn {
            service: "iam",
            resource,
            ..
        } if resource.starts_with("role/") => role_entry(text, caller),
        Arn { service: "sts", .. } => session_entry(text, entry, caller),
        _ => None, // S2.2.12
    }
}

/// S2.2.3
fn account_entry(account: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    let kind = if caller.is_root() {
        Kind::OwnRoot
    } else {
        Kind::Account
    };
    caller.is_in(account).then_some((kind, Truth::T))
}

/// S2.2.4
fn user_entry(text: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    match &caller.who {
        Who::User(_) => Some((Kind::User, Truth::from(caller.text == text))),
        Who::Federated {
            creator: Some(user), ..
        } => Some((Kind::UserOfSession, Truth::from(user.arn == text))),
        Who::Federated { creator: None, .. } if caller.is_external() && caller.is_in(arn(text)?.account) => {
            Some((Kind::UserOfSession, Truth::U))
        }
        _ => None,
    }
}

/// S2.2.5
fn role_entry(text: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    match (&caller.who, caller.role_arn()) {
        (Who::Role { .. }, Some(role)) => Some((Kind::Role, Truth::from(role == text))),
        (Who::Role { name, .. }, None) => {
            let possible = caller.is_in(arn(text)?.account) && text.rsplit('/').next() == Some(name);
            Some((Kind::Role, Truth::from(possible).at_most_unknown()))
        }
        _ => None,
    }
}

/// S2.2.6, S2.2.7; a bare role stands for an unnamed session, which may be the one listed.
fn session_entry(text: &str, entry: Arn<'_>, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    match &caller.who {
        Who::Role { session: Some(_), .. } | Who::Federated { .. } => {
            Some((Kind::Session, Truth::from(caller.text == text)))
        }
        Who::Role {
            session: None, name, ..
        } => {
            let listed = entry
                .resource
                .strip_prefix("assumed-role/")
                .and_then(|rest| rest.split_once('/'));
            let same_role = caller.is_in(entry.account) && listed.is_some_and(|(role, _)| role == name);
            Some((Kind::Session, Truth::from(same_role).at_most_unknown()))
        }
        _ => None,
    }
}

/// S2.2.11
fn id_entry(text: &str, caller: &Caller<'_>) -> Option<(Kind, Truth)> {
    let (kind, id) = match &caller.who {
        Who::User(Some(user)) => (Kind::User, &user.id),
        Who::Role { role: Some(role), .. } => (Kind::Role, &role.id),
        Who::Federated {
            creator: Some(user), ..
        } => (Kind::UserOfSession, &user.id),
        _ => return None,
    };
    Some((kind, Truth::from(id == text)))
}

/// S2.2.9: a role that trusts the provider may have been assumed through it.
fn may_come_through(provider: &str, caller: &Caller<'_>) -> Truth {
    match &caller.who {
        Who::Role { role: Some(role), .. } => {
            Truth::from(role.trust.to_string().contains(&format!("\"{provider}\"")))
        }
        _ => Truth::F,
    }
}

/// Whether the principal element of a Deny (or of an endpoint policy) covers the caller: every kind of match counts (S2.2.15, S2.2.16).
pub fn covers(statement: &Statement, ask: &Ask<'_>) -> Truth {
    match &statement.principal {
        None => Truth::F,
        Some(element) if !element.negated => any(entry_kinds(element, ask.caller)
            .into_iter()
            .map(|(_, truth)| truth)),
        Some(_) if ask.options.without_not_principal => Truth::F,
        Some(element) => not_principal_covers(element, ask.caller),
    }
}

/// S2.2.17, S2.2.18: `NotPrincipal` with Deny reaches everyone but the principals listed together with their account.
fn not_principal_covers(element: &Principals, caller: &Caller<'_>) -> Truth {
    let kinds = entry_kinds(element, caller);
    let listed = |account: bool| {
        any(kinds
            .iter()
            .filter(|(kind, _)| {
                (matches!(kind, Kind::Account | Kind::OwnRoot) == account) || *kind == Kind::Any
            })
            .map(|(_, truth)| *truth))
    };
    let (itself, its_account) = (listed(false), listed(true));
    match &caller.who {
        _ if has_boundary(caller) => Truth::T, // S2.2.18
        Who::Service(_) => itself.not(),
        Who::Root => its_account.not(),
        _ if itself == Truth::T && its_account == Truth::T => {
            if caller.is_external() {
                Truth::U
            } else {
                Truth::F
            }
        }
        _ if itself == Truth::F && its_account == Truth::F => Truth::T,
        // Its account is listed, and so is somebody by name: those are meant, and it is not among them.
        _ if itself == Truth::F && !element_lists_accounts_only(element) => Truth::T,
        _ => Truth::U, // S2.2.17 [ambiguous]: only one of the two is listed, or accounts only
    }
}

/// Whether a permissions boundary is set on the user or role, or on the user behind a federated session.
fn has_boundary(caller: &Caller<'_>) -> bool {
    match &caller.who {
        Who::User(Some(user)) => user.boundary.is_some(),
        Who::Role { role: Some(role), .. } => role.boundary.is_some(),
        Who::Federated {
            creator: Some(user), ..
        } => user.boundary.is_some(),
        _ => false,
    }
}

/// Whether every entry is an account.
fn element_lists_accounts_only(element: &Principals) -> bool {
    let account = |text: &str| {
        text.ends_with(":root") || (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    element
        .entries
        .iter()
        .all(|(kind, text)| kind == "AWS" && account(text))
}
