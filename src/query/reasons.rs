//! Reasons: rows of the rules turned into named statements, grants and rule ids.

use crate::answer::{Derivation, GrantRef, StatementRef};
use crate::facts::id::{Basis, GrantId, Layer, Route, StatementId};
use crate::facts::residual::Case;
use crate::facts::view::View;
use crate::facts::world::Written;
use crate::rules::PathRow;
use crate::source::Location;

/// What people call a route, and the rule that makes it one.
pub(crate) fn route(route: Route) -> (&'static str, &'static str) {
    match route {
        Route::User => ("key policy", "S4.4.1"),
        Route::Role => ("key policy", "S4.4.2"),
        Route::Session => ("key policy", "S4.4.3"),
        Route::UserOfSession => ("key policy", "S4.4.4"),
        Route::AnyoneByArn => ("key policy", "S4.4.5"),
        Route::Anyone => ("key policy", "S4.4.6"),
        Route::Root => ("key policy", "S4.4.7"),
        Route::Federated => ("key policy", "S4.4.9"),
        Route::Delegated => ("delegation", "S4.5.1"),
        Route::CrossAccount => ("cross-account", "S4.6.1"),
        Route::CrossAccountRoot => ("cross-account", "S4.6.2"),
        Route::Service => ("service", "S4.11.1"),
        Route::IamOnly | Route::IamOnlyRoot => ("iam", "S4.10.1"),
        Route::Grant => ("grant", "S4.9.3"),
        Route::GrantToRole => ("grant", "S4.9.6"),
        Route::GrantToAccount => ("grant", "S4.9.2"),
        Route::GrantUntrusted => ("grant", "S4.9.5"),
        Route::RetiringPrincipal
        | Route::RetiringGrantee
        | Route::RetiringGranteeMember
        | Route::RetiringRoot
        | Route::RetiringByIdentity => ("retire", "S4.9.8"),
    }
}

/// The name of a layer and the rule by which it denies.
pub(crate) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::KeyPolicy => "keyPolicy",
        Layer::Rcp => "rcp",
        Layer::Scp => "scp",
        Layer::Endpoint => "vpcEndpoint",
        Layer::Identity => "identity",
        Layer::Boundary => "boundary",
        Layer::Session => "session",
    }
}

/// Names a statement, as it is written in each policy of the principal or the key that says it.
pub(crate) fn statements(case: &Case<'_>, id: StatementId) -> Vec<StatementRef> {
    written(
        case.view,
        case.key.written.iter().chain(&case.principal.written),
        id,
    )
}

/// Names a statement, as it is written in each of some policies that says it; by itself where none does.
pub(crate) fn written<'a>(
    view: View<'_>,
    policies: impl Iterator<Item = &'a Written>,
    id: StatementId,
) -> Vec<StatementRef> {
    let Some(statement) = view.statement(id) else {
        return Vec::new();
    };
    let named = |policy: &str, sid: &Option<String>, index: u32, location: Location| {
        let (file, line) = place(view, location);
        StatementRef {
            policy: policy.to_owned(),
            sid: sid.clone(),
            index,
            file,
            line,
        }
    };
    let found: Vec<StatementRef> = policies
        .flat_map(|written| {
            let each = written.statements.iter().zip(&written.text.document.statements);
            let own = each.filter(|(own, _)| **own == id);
            own.map(|(_, one)| named(&written.text.name, &one.sid, one.index, one.location))
        })
        .collect();
    match (found.is_empty(), view.policy(statement.policy)) {
        (true, Some(policy)) => vec![named(
            &policy.name,
            &statement.sid,
            statement.index,
            statement.location,
        )],
        _ => found,
    }
}

/// Names a grant.
pub(crate) fn grant_named(view: View<'_>, id: GrantId) -> Option<GrantRef> {
    let grant = view.world.grant(id)?;
    let (file, line) = place(view, grant.location);
    Some(GrantRef {
        id: grant.id.clone(),
        name: grant.name.clone(),
        file,
        line,
    })
}

/// Names the grant a path rests on: of several that are alike, the one asked about, or the first.
fn grant(case: &Case<'_>, route: Route, id: GrantId) -> Option<GrantRef> {
    grant_named(case.view, case.grant_meant(route, id)?)
}

pub(crate) fn place(view: View<'_>, location: Location) -> (String, u32) {
    let file = location
        .file
        .map_or_else(String::new, |file| view.world.files.name(file).to_owned());
    (file, location.line)
}

/// Names what a path rests on; several times where several texts say the same.
pub(crate) fn derivations(case: &Case<'_>, row: &PathRow) -> Vec<Derivation> {
    let (path, rule) = route(row.route);
    let mut derivations = vec![Derivation {
        path,
        rule,
        statements: Vec::new(),
        grant: None,
    }];
    for basis in [row.by, row.with] {
        match basis {
            Basis::Nothing => {}
            Basis::Statement(id) => {
                let named = statements(case, id);
                let with = |derivation: &Derivation| {
                    let derivation = derivation.clone();
                    named
                        .iter()
                        .map(move |named| {
                            let mut derivation = derivation.clone();
                            derivation.statements.push(named.clone());
                            derivation
                        })
                        .collect::<Vec<_>>()
                };
                derivations = derivations.iter().flat_map(with).collect();
            }
            Basis::Grant(id) => {
                let grant = grant(case, row.route, id);
                derivations
                    .iter_mut()
                    .for_each(|derivation| derivation.grant.clone_from(&grant));
            }
        }
    }
    derivations
}
