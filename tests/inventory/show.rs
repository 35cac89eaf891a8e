//! A snapshot as text, for review.

use keywho::Snapshot;
use keywho::diag::Diagnostic;
use keywho::model::key::Key;
use keywho::model::principal::{Account, Permissions};
use keywho::source::{Files, Location};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Everything: contents, coverage, diagnostics.
pub(crate) fn all(snapshot: &Snapshot, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for account in snapshot.accounts.values() {
        self::account(&mut out, account);
    }
    if let Some(organization) = &snapshot.organization {
        let o = organization;
        writeln!(out, "organization {} management {:?}", o.id, o.management).unwrap();
        writeln!(
            out,
            "  accounts {:?} members {:?}",
            o.accounts_collected, o.members
        )
        .unwrap();
        writeln!(out, "  SCPs {:?} enabled {:?}", o.scps_collected, o.scps_enabled).unwrap();
        writeln!(out, "  RCPs {:?} enabled {:?}", o.rcps_collected, o.rcps_enabled).unwrap();
        for (id, parent) in &o.parents {
            writeln!(
                out,
                "  {id} below {parent:?}, path {:?}",
                o.path(id).unwrap_or_default()
            )
            .unwrap();
        }
        for (id, policy) in &o.policies {
            let statements = policy.document.statements.len();
            writeln!(
                out,
                "  {id} {} {:?}: {statements} statements",
                policy.name, policy.kind
            )
            .unwrap();
        }
        for (target, ids) in &o.attachments {
            writeln!(out, "  at {target}: {}", ids.join(" ")).unwrap();
        }
    }
    for key in &snapshot.keys {
        self::key(&mut out, key);
    }
    for endpoint in &snapshot.endpoints {
        let policy = endpoint
            .policy
            .as_ref()
            .map(|policy| policy.document.statements.len());
        writeln!(
            out,
            "endpoint {} of {}: {policy:?} statements",
            endpoint.id, endpoint.account
        )
        .unwrap();
    }
    let unused = snapshot
        .dangling_aliases
        .iter()
        .filter(|(_, target)| target.is_none())
        .count();
    writeln!(out, "{unused} aliases without a key").unwrap();
    for (arn, target) in snapshot
        .dangling_aliases
        .iter()
        .filter(|(_, target)| target.is_some())
    {
        writeln!(out, "dangling {arn} -> {target:?}").unwrap();
    }
    out + &coverage(snapshot) + &self::diagnostics(&snapshot.files, diagnostics)
}

/// Counts only: what was read, how many gaps and diagnostics there are of each kind.
pub(crate) fn brief(snapshot: &Snapshot, diagnostics: &[Diagnostic]) -> String {
    let mut counts = BTreeMap::new();
    for gap in &snapshot.coverage.gaps {
        *counts
            .entry(format!("gap: {} {}", gap.what, gap.how))
            .or_insert(0) += 1;
    }
    for found in diagnostics {
        *counts.entry(found.code.name().to_owned()).or_insert(0) += 1;
    }
    let mut out = String::new();
    for item in &snapshot.coverage.read {
        writeln!(out, "{}: {} of {}", item.what, item.read, item.expected).unwrap();
    }
    for (what, count) in counts {
        writeln!(out, "{what}: {count}").unwrap();
    }
    out
}

fn account(out: &mut String, account: &Account) {
    let Account {
        id,
        partition,
        iam,
        managed,
        ..
    } = account;
    writeln!(
        out,
        "account {id} ({partition}), IAM {iam:?}, {} managed policies",
        managed.len()
    )
    .unwrap();
    for user in account.users.values() {
        writeln!(
            out,
            "  {} {} groups {:?}{}",
            user.arn,
            user.unique_id,
            user.groups,
            held(&user.permissions)
        )
        .unwrap();
    }
    for group in account.groups.values() {
        writeln!(out, "  {}{}", group.arn, held(&group.permissions)).unwrap();
    }
    for role in account.roles.values() {
        let linked = if role.is_service_linked() {
            " service-linked"
        } else {
            ""
        };
        let trust = role
            .trust
            .as_ref()
            .map_or(0, |trust| trust.document.statements.len());
        let held = held(&role.permissions);
        writeln!(
            out,
            "  {} {}{linked}, trust {trust}{held}",
            role.arn, role.unique_id
        )
        .unwrap();
    }
}

fn held(permissions: &Permissions) -> String {
    let mut out = String::new();
    for policy in &permissions.inline {
        write!(
            out,
            ", inline {} ({})",
            policy.name,
            policy.document.statements.len()
        )
        .unwrap();
    }
    for arn in &permissions.attached {
        write!(out, ", {arn}").unwrap();
    }
    if let Some(boundary) = &permissions.boundary {
        write!(out, ", boundary {boundary}").unwrap();
    }
    if !permissions.tags.is_empty() {
        write!(out, ", tags {:?}", permissions.tags).unwrap();
    }
    out
}

fn key(out: &mut String, key: &Key) {
    writeln!(out, "key {}", key.arn).unwrap();
    let facts = [&key.state, &key.usage, &key.spec, &key.origin].map(|fact| fact.as_deref().unwrap_or("?"));
    let (managed, multi) = (key.aws_managed, key.multi_region);
    writeln!(
        out,
        "  {}, AWS managed {managed:?}, multi-Region {multi:?} {:?}",
        facts.join(" "),
        key.multi_region_type
    )
    .unwrap();
    writeln!(
        out,
        "  {:?}, algorithms {:?}, rotation {:?}",
        key.description, key.algorithms, key.rotation
    )
    .unwrap();
    for policy in &key.policies {
        let sids: Vec<_> = policy
            .document
            .statements
            .iter()
            .map(|s| s.sid.as_deref().unwrap_or("-"))
            .collect();
        writeln!(out, "  policy {}: {}", policy.name, sids.join(", ")).unwrap();
    }
    for grant in &key.grants {
        let to = grant
            .grantee
            .as_deref()
            .or(grant.grantee_service.as_deref())
            .unwrap_or("?");
        writeln!(
            out,
            "  grant {:?} to {to}: {}",
            grant.name,
            grant.operations.join(" ")
        )
        .unwrap();
    }
    writeln!(out, "  aliases {:?} tags {:?}", key.aliases, key.tags).unwrap();
    let collected = [
        key.policies_collected,
        key.grants_collected,
        key.aliases_collected,
        key.tags_collected,
    ]
    .map(|c| format!("{c:?}"));
    writeln!(out, "  policies, grants, aliases, tags: {}", collected.join(" ")).unwrap();
}

fn coverage(snapshot: &Snapshot) -> String {
    let mut out = String::new();
    for item in &snapshot.coverage.read {
        writeln!(out, "{}: {} of {}", item.what, item.read, item.expected).unwrap();
    }
    for gap in &snapshot.coverage.gaps {
        let at = place(&snapshot.files, gap.location);
        writeln!(
            out,
            "gap: {} of {} {} ({at}): {}",
            gap.what, gap.of, gap.how, gap.effect
        )
        .unwrap();
    }
    out
}

fn place(files: &Files, location: Location) -> String {
    location.file.map_or_else(
        || "-".to_owned(),
        |file| format!("{}:{}", files.name(file), location.line),
    )
}

/// Diagnostics, one a line.
pub(crate) fn diagnostics(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for found in diagnostics {
        let at = place(files, found.location);
        writeln!(
            out,
            "{at}: {:?} {}: {}",
            found.severity(),
            found.code.name(),
            found.message
        )
        .unwrap();
        for (name, text) in [("effect", &found.effect), ("help", &found.help)] {
            if let Some(text) = text {
                writeln!(out, "    {name}: {text}").unwrap();
            }
        }
    }
    out
}
