//! The file of an edit -> the policy or the grants in it.

use super::{Given, problem};
use crate::diag::{Diagnostic, Severity};
use crate::error::Error;
use crate::inventory::fields::Fields;
use crate::inventory::hints::Hints;
use crate::inventory::{kms, strange};
use crate::json::{Node, Place, Reader};
use crate::model::key::Grant;
use crate::policy::document::{Document, PolicyKind};
use crate::policy::parse::parse_text;
use crate::source::{FileId, Files};

/// A policy that was read, with the name that the answer around it gives it.
pub(super) struct Read {
    pub(super) name: Option<String>,
    pub(super) document: Document,
    pub(super) diagnostics: Vec<Diagnostic>,
}

pub(super) fn read_policy(
    file: FileId,
    files: &Files,
    given: Given<'_>,
    kind: PolicyKind,
) -> Result<Read, Error> {
    let mut diagnostics = Vec::new();
    let document = parse_text(Some(file), given.contents, kind, &mut diagnostics);
    if document.opaque.is_some() || (document.statements.is_empty() && !diagnostics.is_empty()) {
        let help = "give a policy document, or the answer of the AWS CLI that has it";
        return Err(unreadable(files, &diagnostics, "is no policy", help, given));
    }
    let text = std::str::from_utf8(given.contents).unwrap_or_default();
    let name = match Reader::new(text).next() {
        Some(Ok(node)) => node.member("PolicyName").and_then(Node::text),
        _ => None,
    };
    Ok(Read {
        name: name.map(std::borrow::Cow::into_owned),
        document,
        diagnostics,
    })
}

/// The first error about a file, as what stops the command.
fn unreadable(files: &Files, found: &[Diagnostic], what: &str, help: &str, given: Given<'_>) -> Error {
    let worst = found
        .iter()
        .filter(|one| one.severity() == Severity::Error)
        .min_by_key(|one| one.location);
    match worst {
        Some(one) => {
            let at = one.location.file.map_or(given.name, |file| files.name(file));
            let line = one.location.line.max(1);
            let own = one.help.clone().unwrap_or_else(|| help.to_owned());
            problem(format!("`{at}` line {line}: {}", one.message), &own)
        }
        None => problem(format!("`{}` {what}", given.name), help),
    }
}

const GRANT_HELP: &str =
    "give what `kms list-grants` prints, one grant of it, or the JSON that `kms create-grant` is asked with";

pub(super) fn read_grants(
    file: FileId,
    files: &Files,
    given: Given<'_>,
) -> Result<(Vec<Grant>, Vec<Diagnostic>), Error> {
    let text = match strange::text(file, given.contents) {
        Ok(text) => text,
        Err((_, found)) => return Err(unreadable(files, &[found], "is no grant", GRANT_HELP, given)),
    };
    let mut reader = Reader::new(text);
    let first = reader.next();
    let lines = reader.into_lines();
    let place = Place::File { file, lines: &lines };
    let node = match first {
        Some(Ok(node)) => node,
        Some(Err(error)) => {
            let at = given.name;
            let line = lines.line(error.offset);
            return Err(problem(
                format!("`{at}` line {line}: not JSON: {error}"),
                GRANT_HELP,
            ));
        }
        None => return Err(problem(format!("`{}` is empty", given.name), GRANT_HELP)),
    };
    let hints = Hints::default();
    let mut fields = Fields::new(&place, &hints);
    let one = |node: &Node<'_>| {
        let grantee = node
            .member("GranteePrincipal")
            .or(node.member("GranteeServicePrincipal"));
        grantee.is_some() && node.member("Operations").is_some()
    };
    let grants: Vec<Grant> = if node.member("Grants").is_some() {
        let grants = kms::grants(&mut fields, &node);
        grants.into_iter().map(|(_, grant)| grant).collect()
    } else if one(&node) {
        vec![kms::grant(&mut fields, &node)]
    } else {
        Vec::new()
    };
    let diagnostics = fields.diagnostics;
    if grants.is_empty() {
        let what = match node.member("GrantToken") {
            Some(_) => "is the answer of create-grant, which does not say what was granted",
            None => "holds no grant",
        };
        return Err(unreadable(files, &diagnostics, what, GRANT_HELP, given));
    }
    Ok((grants, diagnostics))
}
