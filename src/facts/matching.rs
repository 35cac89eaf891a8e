//! Principal elements and grant parties against one principal (S2.2, S4.9.2).

use super::context::session_user_id;
use super::id::{MatchKind, Route};
use super::principals::same_service;
use super::statement::{AccountText, Statement};
use super::view::View;
use super::world::{Kind, Party, Principal};
use crate::arn::{PrincipalArn, UniqueId, unique_id};
use crate::policy::document::PrincipalEntry;
use smallvec::SmallVec;

/// That a statement names a principal, and with what reservation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) kind: MatchKind,
    pub(crate) reserve: Reserve,
}

/// A reservation about a match.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reserve {
    /// None: it matches.
    None,
    /// Only the session with this `aws:userid`, where the principal stands for all sessions of a role.
    Session(String),
    /// The documentation leaves it open: the rule, and what it is about.
    Ambiguous(&'static str, &'static str),
}

/// In which ways the principal element of a statement names a principal (S2.2).
pub(crate) fn names(view: View<'_>, statement: &Statement, principal: &Principal) -> SmallVec<[Named; 2]> {
    let Some(principals) = &statement.principals else {
        // What is not understood may name anybody (S2.1.10); what names nobody matches nobody (S2.1.6).
        return plain(MatchKind::Anyone)
            .filter(|_| statement.opaque.is_some())
            .into_iter()
            .collect();
    };
    if principals.negated {
        return not_principal(view, statement, principal).into_iter().collect();
    }
    statement
        .entries()
        .filter_map(|(entry, account)| entry_names(view, entry, account, principal))
        .collect()
}

/// The reservation under which a statement names a principal, in a way that a route rests on; `None` if it does not.
pub(crate) fn reserve(
    view: View<'_>,
    statement: &Statement,
    principal: &Principal,
    route: Option<Route>,
) -> Option<Reserve> {
    names(view, statement, principal)
        .into_iter()
        .filter(|named| route.is_none_or(|route| carries(route, named.kind)))
        .map(|named| named.reserve)
        .min()
}

/// Whether a route may rest on a match of this kind.
fn carries(route: Route, kind: MatchKind) -> bool {
    match route {
        Route::User => kind == MatchKind::User,
        Route::Role => kind == MatchKind::Role,
        Route::Session => kind == MatchKind::Session,
        Route::UserOfSession => kind == MatchKind::UserOfSession,
        Route::AnyoneByArn | Route::Anyone => {
            matches!(kind, MatchKind::Anyone | MatchKind::AnyoneByArn)
        }
        Route::Root => kind == MatchKind::Root,
        Route::Federated => kind == MatchKind::Federated,
        Route::Delegated => matches!(kind, MatchKind::Account | MatchKind::Root),
        _ => true,
    }
}

fn plain(kind: MatchKind) -> Option<Named> {
    Some(Named {
        kind,
        reserve: Reserve::None,
    })
}

fn entry_names(
    view: View<'_>,
    entry: &PrincipalEntry,
    account: Option<&AccountText>,
    principal: &Principal,
) -> Option<Named> {
    match entry {
        PrincipalEntry::Anyone => plain(MatchKind::Anyone),
        PrincipalEntry::Aws(text) if text == "*" => match principal.kind {
            Kind::Service => {
                let about = "the principal {\"AWS\": \"*\"} means services too";
                Some(Named {
                    kind: MatchKind::Anyone,
                    reserve: Reserve::Ambiguous("S2.2.2", about),
                })
            }
            _ => plain(MatchKind::Anyone),
        },
        PrincipalEntry::Aws(text) => aws_names(view, text, account, principal),
        PrincipalEntry::Service(name) => {
            let same = principal.kind == Kind::Service && same_service(name, &principal.name);
            same.then_some(Named {
                kind: MatchKind::Service,
                reserve: Reserve::None,
            })
        }
        PrincipalEntry::Federated(provider) => {
            let issued = matches!(principal.kind, Kind::Role | Kind::Session)
                && principal.providers.contains(provider);
            let about = "an identity provider in a key policy means the sessions it issues";
            issued.then_some(Named {
                kind: MatchKind::Federated,
                reserve: Reserve::Ambiguous("S2.2.9", about),
            })
        }
        // S2.2.10, S2.2.12
        PrincipalEntry::CanonicalUser(_) | PrincipalEntry::Other(..) => None,
    }
}

fn aws_names(
    view: View<'_>,
    text: &str,
    written: Option<&AccountText>,
    principal: &Principal,
) -> Option<Named> {
    if let Some(account) = view.world.account_named(written) {
        let same = principal.account == Some(account);
        let of_arn = written.and_then(|written| written.partition.as_ref());
        let partition = of_arn.is_none_or(|partition| *partition == principal.partition);
        let kind = if principal.kind == Kind::Root {
            MatchKind::Root
        } else {
            MatchKind::Account
        };
        return (same && partition).then_some(Named {
            kind,
            reserve: Reserve::None,
        });
    }
    if written.is_some_and(|written| written.partition.is_none()) || principal.alike {
        return None;
    }
    match unique_id(text) {
        Some(UniqueId::User) if principal.kind == Kind::User && principal.unique_id == text => {
            return plain(MatchKind::User);
        }
        Some(UniqueId::User)
            if principal.kind == Kind::Federated && user_id_of(view, principal) == Some(text) =>
        {
            return plain(MatchKind::UserOfSession);
        }
        Some(UniqueId::Role) if principal.unique_id == text => return plain(MatchKind::Role),
        Some(_) => return None,
        None => {}
    }
    match principal.kind {
        Kind::User if principal.arn == text => plain(MatchKind::User),
        Kind::Role if principal.arn == text => plain(MatchKind::Role),
        Kind::Role => session_of(principal, text).map(|user_id| Named {
            kind: MatchKind::Session,
            reserve: Reserve::Session(user_id),
        }),
        Kind::Session if principal.name == text => plain(MatchKind::Session),
        Kind::Session if principal.origin.as_deref() == Some(text) || principal.arn == text => {
            plain(MatchKind::Role)
        }
        Kind::Federated if principal.name == text => plain(MatchKind::Session),
        Kind::Federated if principal.origin.as_deref() == Some(text) => plain(MatchKind::UserOfSession),
        _ => None,
    }
}

/// The unique id of the user that made a federated session.
fn user_id_of<'a>(view: View<'a>, federated: &Principal) -> Option<&'a str> {
    let user = view
        .world
        .principal_ids
        .get(federated.origin.as_ref()?)?
        .first()?;
    view.world.principal(*user).map(|user| user.unique_id.as_str())
}

/// If a text is the ARN of a session of this role: the `aws:userid` of that session.
fn session_of(role: &Principal, text: &str) -> Option<String> {
    match PrincipalArn::parse(text)? {
        PrincipalArn::Session {
            partition,
            account,
            role: name,
            session,
        } => {
            let same = name == role.short_name
                && partition == role.partition
                && crate::arn::account_of(&role.arn) == Some(account);
            same.then(|| session_user_id(role, session))
        }
        _ => None,
    }
}

/// `NotPrincipal` (S2.2.17-S2.2.19).
fn not_principal(view: View<'_>, statement: &Statement, principal: &Principal) -> Option<Named> {
    let mut own: Option<Reserve> = None;
    let mut account = false;
    for named in statement
        .entries()
        .filter_map(|(entry, account)| entry_names(view, entry, account, principal))
    {
        match named.kind {
            MatchKind::Account | MatchKind::Root => account = true,
            // Everyone is listed: the statement applies to nobody.
            MatchKind::Anyone | MatchKind::AnyoneByArn if named.reserve == Reserve::None => {
                return None;
            }
            _ => own = Some(own.map_or(named.reserve.clone(), |best| best.min(named.reserve))),
        }
    }
    let kind = MatchKind::Anyone;
    let reserved = |rule, about| {
        Some(Named {
            kind,
            reserve: Reserve::Ambiguous(rule, about),
        })
    };
    if statement.allows && !statement.denies {
        let listed = own == Some(Reserve::None) || account;
        return if listed {
            None
        } else {
            reserved("S2.2.19", "NotPrincipal with Allow allows everyone else")
        };
    }
    // S2.2.18
    if principal.boundary.is_some() {
        return plain(kind);
    }
    let about =
        "NotPrincipal with Deny denies a principal listed without its account, or in its account only";
    match principal.kind {
        Kind::Root if account => None,
        // Its root user escapes; its other principals may.
        Kind::Account if account => reserved("S2.2.17", about),
        Kind::Service => {
            if own.is_some() {
                None
            } else {
                plain(kind)
            }
        }
        _ => match (own, account) {
            (Some(Reserve::None), true) => None,
            (None, false) => plain(kind),
            // A list of accounts only may mean their members; a list that names principals means those.
            (None, true) if !only_accounts(view, statement) => plain(kind),
            _ => reserved("S2.2.17", about),
        },
    }
}

fn only_accounts(view: View<'_>, statement: &Statement) -> bool {
    let mut entries = statement.entries();
    entries.all(|(_, account)| view.world.account_named(account).is_some())
}

/// Whether a grant's party is a principal, or one session of the role it stands for.
pub(crate) fn is_party(party: &Party, principal: &Principal) -> Option<Reserve> {
    if principal.alike {
        return None;
    }
    if party.is(principal) {
        return Some(Reserve::None);
    }
    match (party, principal.kind) {
        (Party::Named(arn), Kind::Role) => session_of(principal, arn).map(Reserve::Session),
        _ => None,
    }
}
