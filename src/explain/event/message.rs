//! AccessDenied messages: who asked for what, and which layer AWS names.

use super::{Answer, Asked};
use crate::Request;

/// What AWS calls the kinds of policies, and the layers they are here.
const LAYERS: &[(&str, &str)] = &[
    ("identity-based policy", "identity"),
    ("resource-based policy", "keyPolicy"),
    ("permissions boundary", "boundary"),
    ("session policy", "session"),
    ("service control policy", "scp"),
    ("resource control policy", "rcp"),
    ("VPC endpoint policy", "vpcEndpoint"),
];

/// The request that a message is about.
pub(super) fn asked(text: &str) -> Result<Asked, String> {
    let no_message = || {
        "no AccessDenied message: it reads `User: ARN is not authorized to perform: ACTION on resource: ARN`"
            .to_owned()
    };
    let (before, after) = text
        .split_once(" is not authorized to perform: ")
        .ok_or_else(no_message)?;
    let principal = before.rsplit_once("User: ").map_or(before, |(_, name)| name);
    let principal = principal.rsplit(char::is_whitespace).next().unwrap_or(principal);
    let action = word(after);
    if !action.to_ascii_lowercase().starts_with("kms:") {
        return Err(format!("the message is about `{action}`, not about KMS"));
    }
    let resource = match after.split_once(" on resource: ") {
        Some((_, resource)) => word(resource),
        None if after.contains("ciphertext") => {
            return Err(format!(
                "the message does not name the key of the ciphertext; ask `explain {principal} {action} KEY`"
            ));
        }
        None => "*",
    };
    Ok(Asked {
        request: Request {
            principal: principal.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            open_context: true,
            ..Request::default()
        },
        answer: Some(answer(text)),
        unclear: Vec::new(),
    })
}

/// What a message says of the reason.
pub(super) fn answer(text: &str) -> Answer {
    let denied = text
        .split_once("with an explicit deny in ")
        .map(|(_, rest)| (rest, true));
    let silent = || text.split_once("because no ").map(|(_, rest)| (rest, false));
    let reason = denied.or_else(silent);
    let reason =
        reason.map(|(rest, explicit)| (rest.trim_start_matches("a ").trim_start_matches("an "), explicit));
    let layer = reason.and_then(|(rest, _)| LAYERS.iter().find(|(name, _)| rest.starts_with(name)));
    let policy = layer.zip(reason).and_then(|((name, _), (rest, _))| {
        let arn = rest.strip_prefix(name)?.strip_prefix(": ")?;
        arn.starts_with("arn:").then(|| word(arn).to_owned())
    });
    Answer::Refused {
        layer: layer.map(|(_, layer)| *layer),
        explicit: reason.map(|(_, explicit)| explicit),
        policy,
        text: text.trim().to_owned(),
    }
}

/// The first word, without what ends a sentence or a quotation.
fn word(text: &str) -> &str {
    let word = text
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '\\'))
        .next();
    word.unwrap_or_default().trim_end_matches(['.', ')', ';'])
}
