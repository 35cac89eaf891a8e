//! Keys that tell who calls, where the caller may be anybody of an account, or of any account (S3.1.13): ARN, account,
//! kind and name belong together (S3.2).

use super::candidates::{Comparison, candidates};
use super::diagram::Full;
use super::language::Linear;
use super::universe::{About, Content, Universe, Value, take};
use crate::arn::PrincipalArn;
use crate::condition::known::Possible;
use crate::condition::subject::Subject;

const ARN: &str = "aws:PrincipalArn";

fn tells_the_caller(name: &str) -> bool {
    matches!(
        name,
        ARN | "aws:PrincipalAccount" | "kms:CallerAccount" | "aws:PrincipalType" | "aws:username"
    )
}

/// One variable for all keys about an unknown caller, where several are asked for.
pub(super) fn variables(universe: &mut Universe, subjects: &mut Vec<About<'_>>) -> Result<(), Full> {
    let concerned = |about: &About<'_>| tells_the_caller(&about.subject.name) && about.linked.is_none();
    if subjects.iter().filter(|about| concerned(about)).count() < 2 {
        return Ok(());
    }
    let views = take(subjects, concerned);
    let comparisons = |name: &str| -> Vec<Comparison> {
        let own = views.iter().filter(|view| view.subject.name == name);
        own.flat_map(About::comparisons).collect()
    };
    let mut patterns: Vec<Linear> = [
        ("iam", "root"),
        ("iam", "user/*"),
        ("iam", "role/*"),
        ("sts", "federated-user/*"),
    ]
    .into_iter()
    .map(|(service, resource)| Linear::in_any_account(service, resource))
    .collect();
    let around = |before: &str, c: &Comparison, after: &str| {
        let linear = Linear::of(c.test, &c.value)?;
        let text = crate::pattern::tokens;
        Some(linear.between(&text(before), &text(after)))
    };
    for name in ["aws:PrincipalAccount", "kms:CallerAccount"] {
        for comparison in comparisons(name) {
            patterns.extend(around("arn:*:*::", &comparison, ":*"));
        }
    }
    for comparison in comparisons("aws:username") {
        patterns.extend(around("arn:*:iam::*:user/", &comparison, ""));
        patterns.extend(around("arn:*:iam::*:user/*/", &comparison, ""));
    }
    let possible = views
        .iter()
        .map(|view| &view.subject.possible)
        .find(|possible| matches!(possible, Possible::ForeignTo(_)));
    let named = views.iter().find(|view| view.subject.name == ARN);
    let arn = named.map(|view| view.subject.clone()).unwrap_or_else(|| Subject {
        absent: false,
        possible: possible.cloned().unwrap_or(Possible::Anything),
        ..Subject::free(ARN)
    });
    let found = candidates(&arn, &comparisons(ARN), &patterns);
    universe.complete &= found.complete;
    let mut values: Vec<Value> = Vec::new();
    for text in &found.values {
        let value: Option<Value> = views
            .iter()
            .map(|view| {
                let content = content(&view.subject.name, text)?;
                let given = universe.given(&view.subject.name);
                let fits = |given: &Vec<String>| match &content {
                    Content::One(text) => given.contains(text),
                    _ => given.is_empty(),
                };
                if !given.is_none_or(fits) {
                    return None;
                }
                let admitted = match &content {
                    Content::One(text) => view.subject.possible.admits(text),
                    _ => view.subject.absent,
                };
                admitted.then_some((view.id, content))
            })
            .collect();
        values.extend(value.filter(|value| !values.contains(value)));
    }
    let variable = universe.add(values);
    for view in &views {
        universe.define_by_value(variable, &view.atoms)?;
    }
    Ok(())
}

/// What the caller with an ARN has for a key; `None` if nobody has that ARN.
fn content(name: &str, arn: &str) -> Option<Content> {
    let caller = PrincipalArn::parse(arn)?;
    let (kind, user) = match caller {
        PrincipalArn::Root { .. } => ("Account", None),
        PrincipalArn::User { name, .. } => ("User", Some(name)),
        PrincipalArn::Role { .. } => ("AssumedRole", None),
        PrincipalArn::Federated { .. } => ("FederatedUser", None),
        _ => return None,
    };
    let one = |text: &str| Content::One(text.to_owned());
    Some(match name {
        ARN => one(arn),
        "aws:PrincipalType" => one(kind),
        "aws:username" => user.map_or(Content::Absent, one),
        _ => one(caller.account()),
    })
}
