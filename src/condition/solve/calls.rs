//! How a request reaches KMS, and what follows for its keys (S6.15): by itself from the public network, by itself through
//! a VPC endpoint, or by a service that calls with the caller's identity.

use super::diagram::{ALWAYS, Diagram, Full, NEVER};
use super::universe::{About, Content, Universe, Value};
use super::{RequestContext, candidates};
use crate::condition::key::canonical_name;
use crate::condition::subject::SubjectId;
use crate::condition::value;

/// Keys that one of the ways of calling determines, as they stand in a universe.
#[derive(Debug, Default)]
pub(super) struct Concerned {
    keys: Vec<(SubjectId, String)>,
}

/// The ways of calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By itself, from the public network.
    Public,
    /// By itself, through a VPC endpoint.
    Endpoint,
    /// A service calls with the caller's identity.
    Service,
}

const WAYS: [Way; 3] = [Way::Public, Way::Endpoint, Way::Service];

const PRESENT: &str = "aws:MultiFactorAuthPresent";
const AGE: &str = "aws:MultiFactorAuthAge";

/// Whether each value of a key matters, and not only what its atoms say of it.
pub(super) fn keeps_all_values(name: &str) -> bool {
    matches!(name, "aws:ViaAWSService" | "kms:GrantIsForAWSResource" | PRESENT)
}

/// Notes the keys that the way of calling determines, and makes it a variable if there are any.
pub(super) fn concerned(universe: &mut Universe, subjects: &[About<'_>]) -> Concerned {
    let keys: Vec<(SubjectId, String)> = subjects
        .iter()
        .map(|about| (about.id, about.subject.name.clone()))
        .collect();
    if keys.iter().any(|(_, name)| is_determined(name)) {
        universe.way = Some(universe.add(WAYS.map(|_| Value::new()).to_vec()));
    }
    Concerned { keys }
}

fn is_determined(name: &str) -> bool {
    WAYS.iter()
        .any(|&way| !fits(name, way, &Content::Absent) || !fits(name, way, &Content::One("true".to_owned())))
}

/// Whether a request of this kind may have this content of a key.
fn fits(name: &str, way: Way, content: &Content) -> bool {
    let absent = *content == Content::Absent;
    match (name, way) {
        ("kms:ViaService", Way::Service) => !absent,
        ("kms:ViaService", _) => absent,
        ("aws:CalledVia" | "aws:CalledViaFirst" | "aws:CalledViaLast", Way::Public | Way::Endpoint) => absent,
        // S4.9.13: what a service asks for with the caller's identity is for a resource of AWS, and nothing else is.
        ("aws:ViaAWSService" | "kms:GrantIsForAWSResource", _) => {
            *content == Content::One((way == Way::Service).to_string())
        }
        ("aws:SourceIp", Way::Public) => !absent,
        ("aws:SourceIp", Way::Endpoint) => absent,
        ("aws:VpcSourceIp" | "aws:SourceVpc" | "aws:SourceVpce", Way::Endpoint) => !absent,
        ("aws:VpcSourceIp" | "aws:SourceVpc" | "aws:SourceVpce", Way::Public) => absent,
        ("aws:SourceVpcArn" | "aws:VpceAccount" | "aws:VpceOrgID" | "aws:VpceOrgPaths", Way::Public) => {
            absent
        }
        // S3.2.2: the network keys of a service's call may be anything.
        _ => true,
    }
}

/// Excludes what does not go together.
pub(super) fn constrain(universe: &mut Universe, concerned: &Concerned) -> Result<(), Full> {
    if let Some(way) = universe.way {
        given(universe, way)?;
        for (subject, name) in concerned.keys.iter().filter(|(_, name)| is_determined(name)) {
            let Some(variable) = universe.variable_of(*subject) else {
                continue;
            };
            let mut branches = Vec::new();
            for one in WAYS {
                let holds =
                    |value: &Value| content(value, *subject).is_none_or(|content| fits(name, one, content));
                branches.push(universe.by_value(variable, holds)?);
            }
            let holds = universe.table.node(way, branches)?;
            universe.require(holds)?;
        }
    }
    mfa(universe, concerned)
}

/// Whether a request of this kind may state what is given, as far as the way of calling determines it.
fn agrees(given: &RequestContext, way: Way) -> bool {
    given.iter().all(|(name, values)| {
        let content = values.first();
        let content = content.map_or(Content::Absent, |value| Content::One(value.clone()));
        fits(name, way, &content)
    })
}

/// What is given under canonical names, with what follows for other keys (S6.15).
pub(super) fn with_what_follows(given: &RequestContext) -> RequestContext {
    let canonical = |(name, values): (&String, &Vec<String>)| (canonical_name(name), values.clone());
    let mut all: RequestContext = given.iter().map(canonical).collect();
    let seconds = |name: &str| all.get(name)?.first().and_then(|time| value::seconds(time));
    let now = seconds("aws:CurrentTime").or_else(|| seconds("aws:EpochTime"));
    if let Some(now) = now {
        let epoch = vec![now.normalize().to_string()];
        all.entry("aws:EpochTime".to_owned()).or_insert(epoch);
        if let Some(date) = candidates::clock(now) {
            all.entry("aws:CurrentTime".to_owned()).or_insert(vec![date]);
        }
    }
    let has = |all: &RequestContext, name: &str| all.get(name).map(|values| !values.is_empty());
    if has(&all, AGE) == Some(true) {
        all.entry(PRESENT.to_owned()).or_insert(vec!["true".to_owned()]);
    }
    let without = all.get(PRESENT).is_some_and(|values| *values != ["true"]);
    if without {
        all.entry(AGE.to_owned()).or_default();
    }
    all
}

/// Whether some request states what is given, as far as keys depend on each other (S6.15).
pub(crate) fn is_possible(given: &RequestContext) -> bool {
    let all = with_what_follows(given);
    let seconds = |name: &str| all.get(name)?.first().and_then(|time| value::seconds(time));
    let age = all.get(AGE).is_some_and(|values| !values.is_empty());
    let mfa = all.get(PRESENT).is_none_or(|values| *values == ["true"]);
    WAYS.iter().any(|&way| agrees(&all, way))
        && (mfa || !age)
        && seconds("aws:CurrentTime") == seconds("aws:EpochTime")
}

/// Leaves the ways of calling that agree with what is given.
fn given(universe: &mut Universe, way: u32) -> Result<(), Full> {
    let branches = WAYS.map(|one| {
        if universe.agrees(|given| agrees(given, one)) {
            ALWAYS
        } else {
            NEVER
        }
    });
    let holds = universe.table.node(way, branches.to_vec())?;
    universe.require(holds)
}

/// `aws:MultiFactorAuthAge` is present only if `aws:MultiFactorAuthPresent` is true.
fn mfa(universe: &mut Universe, concerned: &Concerned) -> Result<(), Full> {
    let named = |wanted: &str| {
        let mut keys = concerned.keys.iter().filter(|(_, name)| name == wanted);
        keys.next().map(|(subject, _)| *subject)
    };
    let (Some(present), Some(age)) = (named(PRESENT), named(AGE)) else {
        return Ok(());
    };
    let (Some(p), Some(a)) = (universe.variable_of(present), universe.variable_of(age)) else {
        return Ok(());
    };
    let yes = Content::One("true".to_owned());
    let is_true = universe.by_value(p, |value| content(value, present) == Some(&yes))?;
    let no_age = universe.by_value(a, |value| content(value, age) == Some(&Content::Absent))?;
    let holds = universe.table.or(is_true, no_age)?;
    universe.require(holds)
}

/// Whether a request states all of its network keys, so that it can be decided: those of a service's call are unknown
/// where it does not (S3.2.2).
pub(super) fn stated(universe: &mut Universe, concerned: &[(SubjectId, String)]) -> Result<Diagram, Full> {
    let mut all = ALWAYS;
    let Some(way) = universe.way else { return Ok(all) };
    let by_service = universe.table.node(way, vec![NEVER, NEVER, ALWAYS])?;
    let by_itself = universe.table.not(by_service)?;
    for (subject, _) in concerned.iter().filter(|(_, name)| is_network(name)) {
        if let Some(variable) = universe.variable_of(*subject) {
            let absent = universe.by_value(variable, |value| {
                content(value, *subject) == Some(&Content::Absent)
            })?;
            let present = universe.table.not(absent)?;
            let fine = universe.table.or(by_itself, present)?;
            all = universe.table.and(all, fine)?;
        }
    }
    Ok(all)
}

fn is_network(name: &str) -> bool {
    let class = crate::condition::key::lookup(name).map(|(known, _)| known.class());
    class == Some(crate::condition::key::Class::Network)
}

/// Whether the chosen way of calling is that of a service.
pub(super) fn is_by_service(way: usize) -> bool {
    WAYS.get(way) == Some(&Way::Service)
}

fn content(value: &Value, subject: SubjectId) -> Option<&Content> {
    value
        .iter()
        .find(|(own, _)| *own == subject)
        .map(|(_, content)| content)
}
