//! Where a statement is written: in which text, and of whose policy that is.

use super::{Element, Quote, Source};
use crate::facts::id::{Element as Part, GrantId, StatementId};
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::Written;
use crate::model::principal::Policy;
use crate::policy::document::{PolicyKind, Statement};
use crate::policy::write;
use crate::source::Location;
use crate::{GrantRef, StatementRef};
use std::sync::Arc;

/// A statement in one of the texts that it stands in.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) owner: Owner,
    pub(super) policy: Arc<Policy>,
    /// Position in the document.
    pub(super) at: usize,
}

/// Whose policy a text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// A key's.
    Key(String),
    /// A user's or role's own, by its ARN.
    Inline(String),
    /// A managed policy, by its ARN.
    Managed(String),
    /// An SCP or RCP, by its id.
    Guardrail(String),
    /// Of a group, an endpoint or a session: no edit of it can be tried.
    Other,
}

impl Text {
    pub(super) fn statement(&self) -> Option<&Statement> {
        self.policy.document.statements.get(self.at)
    }

    pub(super) fn source(&self, view: View<'_>) -> Option<Source> {
        let statement = self.statement()?;
        let (file, line) = place(view, statement.location);
        Some(Source::Statement(StatementRef {
            policy: self.policy.name.clone(),
            sid: statement.sid.clone(),
            index: statement.index,
            file,
            line,
        }))
    }
}

/// The texts that a statement of the caller, the key or a guardrail stands in.
pub(super) fn texts(case: &Case<'_>, id: StatementId) -> Vec<Text> {
    let of_key = case.key.written.iter();
    let of_key = of_key.flat_map(|one| in_text(one, id, || Owner::Key(case.key.arn.clone())));
    let principal = case.principal;
    let holder = principal.origin.as_ref().unwrap_or(&principal.arn);
    let of_principal = principal.written.iter().flat_map(|one| {
        in_text(one, id, || match one.text.name.starts_with("arn:") {
            _ if one.inline => Owner::Inline(holder.clone()),
            true => Owner::Managed(one.text.name.clone()),
            false => Owner::Other,
        })
    });
    let mut found: Vec<Text> = of_key.chain(of_principal).collect();
    if found.is_empty() {
        found.extend(guardrail(case, id));
    }
    found
}

fn in_text(written: &Written, id: StatementId, owner: impl Fn() -> Owner) -> Vec<Text> {
    let places = written.statements.iter().enumerate();
    let here = places.filter(|(_, own)| **own == id);
    here.map(|(at, _)| Text {
        owner: owner(),
        policy: Arc::clone(&written.text),
        at,
    })
    .collect()
}

/// The text of an SCP, RCP or endpoint policy, none of which shares its statements with others.
fn guardrail(case: &Case<'_>, id: StatementId) -> Option<Text> {
    let world = case.view.world;
    let statement = case.view.statement(id)?;
    let at = usize::try_from(statement.index).ok()?;
    let mut guardrails = world.guardrails.iter();
    let own = guardrails.find(|(_, (policy, _))| *policy == statement.policy);
    if let Some((name, (_, policy))) = own {
        return Some(Text {
            owner: Owner::Guardrail(name.clone()),
            policy: Arc::clone(policy),
            at,
        });
    }
    let mut endpoints = world.endpoints.values();
    let endpoint = endpoints.find(|endpoint| endpoint.policy == Some(statement.policy))?;
    Some(Text {
        owner: Owner::Other,
        policy: Arc::clone(endpoint.text.as_ref()?),
        at,
    })
}

/// A statement that stands in no text of the snapshot: it was assumed, or the request brought it.
pub(super) fn unwritten(case: &Case<'_>, id: StatementId) -> Option<Source> {
    let statement = case.view.statement(id)?;
    let (file, line) = place(case.view, statement.location);
    Some(Source::Statement(StatementRef {
        policy: case.view.policy(statement.policy)?.name.clone(),
        sid: statement.sid.clone(),
        index: statement.index,
        file,
        line,
    }))
}

/// A grant and where it stands.
pub(super) fn grant(case: &Case<'_>, id: GrantId) -> Option<(Source, Location)> {
    let grant = case.view.world.grant(id)?;
    let (file, line) = place(case.view, grant.location);
    let source = Source::Grant(GrantRef {
        id: grant.id.clone(),
        name: grant.name.clone(),
        file,
        line,
    });
    Some((source, grant.location))
}

fn place(view: View<'_>, location: Location) -> (String, u32) {
    let file = location.file.map(|file| view.world.files.name(file).to_owned());
    (file.unwrap_or_default(), location.line)
}

/// An element of a statement as people know it; `None` where it is no element that could be another.
pub(super) fn element(statement: Option<&Statement>, part: Part) -> Option<Element> {
    Some(match part {
        Part::Effect => return None,
        Part::Principal => Element::Principal,
        Part::Action => Element::Action,
        Part::Resource => Element::Resource,
        Part::Condition(at) => {
            let condition = statement?.conditions.get(usize::try_from(at).ok()?)?;
            Element::Condition {
                operator: condition.operator.to_string(),
                key: condition.key.clone(),
            }
        }
        Part::Grantee => Element::Grantee,
        Part::Operations => Element::Operations,
        Part::Constraints => Element::Constraints,
    })
}

/// The text of a statement with the place of an element in it.
pub(super) fn quote(statement: Option<&Statement>, element: Option<&Element>) -> Quote {
    let Some(statement) = statement else {
        return Quote::default();
    };
    let not = |negated: bool, name: &str| match negated {
        true => format!("Not{name}"),
        false => name.to_owned(),
    };
    let negated = |patterns: &Option<crate::policy::document::Patterns>| {
        patterns.as_ref().is_some_and(|patterns| patterns.negated)
    };
    let path = match element {
        None => Vec::new(),
        Some(Element::Principal) => {
            let negated = statement.principals.as_ref().is_some_and(|one| one.negated);
            vec![not(negated, "Principal")]
        }
        Some(Element::Action) => vec![not(negated(&statement.actions), "Action")],
        Some(Element::Resource) => vec![not(negated(&statement.resources), "Resource")],
        Some(Element::Condition { operator, key }) => {
            vec!["Condition".to_owned(), operator.clone(), key.clone()]
        }
        Some(other) => vec![other.name().to_owned()],
    };
    Quote {
        location: statement.location,
        json: statement.opaque.is_none().then(|| write::statement(statement)),
        path,
    }
}

/// What people call a policy of some kind.
pub(super) fn noun(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Key => "the key policy",
        PolicyKind::Identity => "an identity policy",
        PolicyKind::Boundary => "the permissions boundary",
        PolicyKind::Session => "a session policy",
        PolicyKind::Scp => "an SCP",
        PolicyKind::Rcp => "an RCP",
        PolicyKind::Endpoint => "the policy of the VPC endpoint",
        PolicyKind::Trust => "a trust policy",
    }
}
