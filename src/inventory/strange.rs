//! Files that are no answer of the AWS CLI -> what they are and what to do about them.

use crate::diag::{Code, Diagnostic};
use crate::json::{Node, Place, Span, Value};
use crate::source::{FileId, Location};

const AGAIN: &str = "run the call again with `--output json`";
const UNREAD: &str = "it was not read; what it would say is reported as unknown";
const FAILED: &str = "what the call would have said is reported as unknown";

/// How a file failed ("missing" or "unreadable"), and the remark about it.
pub(super) type Failure = (&'static str, Diagnostic);

fn at(file: FileId, start: usize) -> Location {
    let start = u32::try_from(start).unwrap_or(u32::MAX);
    Location {
        file: Some(file),
        start,
        end: start,
        line: 1,
    }
}

/// The text of a file that has one.
pub(super) fn text(file: FileId, bytes: &[u8]) -> Result<&str, Failure> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let found = Diagnostic::new(Code::InvalidUtf8, at(file, 0), "text in UTF-16, not UTF-8")
            .effect(UNREAD)
            .help("in PowerShell write `aws ... | Out-File -Encoding utf8 FILE` instead of `> FILE`");
        return Err(("unreadable", found));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let start = error.valid_up_to();
            let feeds = bytes
                .get(..start)
                .unwrap_or_default()
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let line = u32::try_from(feeds).unwrap_or(u32::MAX).saturating_add(1);
            let found = Diagnostic::new(
                Code::InvalidUtf8,
                Location {
                    line,
                    ..at(file, start)
                },
                "bytes that are not UTF-8",
            );
            Err((
                "unreadable",
                found
                    .effect(UNREAD)
                    .help("AWS prints UTF-8: collect this answer again"),
            ))
        }
    }
}

/// A remark about text that does not even begin like JSON. With it, how the file failed, if an answer should be in it.
pub(super) fn not_json(file: FileId, name: &str, text: &str) -> Option<(Option<&'static str>, Diagnostic)> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    let here = at(file, 0);
    if trimmed.is_empty() {
        let found = Diagnostic::new(Code::EmptyFile, here, "an empty file: the call failed")
            .effect(FAILED)
            .help("run the call again and look at its error message");
        return Some((Some("missing"), found));
    }
    if trimmed.starts_with(['{', '[', '"']) {
        return None;
    }
    if let Some(error) = trimmed
        .lines()
        .find(|line| line.starts_with("An error occurred ("))
    {
        let code = error.split(['(', ')']).nth(1).unwrap_or_default();
        let found =
            Diagnostic::new(Code::EmptyFile, here, format!("the call failed: `{code}`")).effect(FAILED);
        return Some((Some("missing"), found));
    }
    let what = if trimmed.starts_with('<') {
        "XML"
    } else if trimmed
        .lines()
        .take(5)
        .any(|line| line.ends_with(':') || line.contains(": "))
    {
        "YAML or other text"
    } else {
        "text"
    };
    let beginning: String = trimmed.chars().take(4096).collect();
    let json = name.to_ascii_lowercase().ends_with(".json");
    if json || beginning.contains("arn:aws") || beginning.contains("amazonaws.com/doc") {
        let found = Diagnostic::new(Code::InvalidJson, here, format!("{what}, not JSON"));
        return Some((Some("unreadable"), found.effect(UNREAD).help(AGAIN)));
    }
    let found = Diagnostic::new(
        Code::UnrecognizedFile,
        here,
        format!("{what}, no output of the AWS CLI"),
    );
    Some((None, found.effect("it was not read").help(AGAIN)))
}

/// An answer that says that the call failed.
pub(super) fn error_answer(place: &Place<'_>, node: &Node<'_>) -> Option<Diagnostic> {
    let inner = node.member("Error").unwrap_or(node);
    let code = ["__type", "Code", "code"]
        .iter()
        .find_map(|name| inner.member(name))
        .and_then(Node::text)?;
    let code = code.rsplit('#').next().unwrap_or_default();
    let found = Diagnostic::new(
        Code::EmptyFile,
        place.location(node.span),
        format!("the call failed: `{code}`"),
    );
    Some(found.effect(FAILED))
}

/// Remarks about values of a file that are no known answer: one for all of them.
pub(super) fn unknown_values(
    place: &Place<'_>,
    nodes: &[Node<'_>],
    unknown: &[Span],
    some_known: bool,
) -> Option<Diagnostic> {
    let first = unknown.first()?;
    let here = place.location(Span {
        start: first.start,
        end: first.start.saturating_add(1),
    });
    let node = nodes.iter().find(|node| node.span == *first);
    let message = match (some_known, unknown.len(), node.and_then(|node| noun(node))) {
        (_, 1, Some(noun)) => noun.to_owned(),
        (false, _, _) => "JSON that is no output of the AWS CLI that this tool reads".to_owned(),
        (true, 1, _) => "a value that is no output of the AWS CLI that this tool reads".to_owned(),
        (true, more, _) => format!("{more} values that are no output of the AWS CLI that this tool reads"),
    };
    let help = "the README lists the calls whose output is read; store it whole, without `--query`";
    Some(
        Diagnostic::new(Code::UnrecognizedFile, here, message)
            .effect("it was not read")
            .help(help),
    )
}

/// What a value is, where it is something else that is known.
fn noun(node: &Node<'_>) -> Option<&'static str> {
    let has = |name: &str| node.member(name).is_some();
    if has("Results") {
        return Some("a result of AWS Config, which is not read yet");
    }
    if has("format_version") && (has("planned_values") || has("resource_changes") || has("values")) {
        return Some("a Terraform plan or state, which is not read yet");
    }
    if has("AWSTemplateFormatVersion") || has("Resources") {
        return Some("a CloudFormation template, which is not read yet");
    }
    if has("Records") {
        return Some("a log of CloudTrail, which is not read yet");
    }
    if has("Effect") {
        return Some("a policy statement without a policy around it");
    }
    matches!(node.value, Value::Array(_))
        .then_some("a list that is no output of the AWS CLI that this tool reads")
}
