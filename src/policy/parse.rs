//! Policy text -> [`Document`] plus diagnostics (S2.1). Nothing is evaluated and nothing is dropped.
//!
//! A document comes as an object, as JSON in a string, or as percent-encoded JSON in a string. What cannot be understood
//! makes its statement opaque, or the whole document if no statement can be told apart; either way a diagnostic says
//! where and why. Statements keep their place in the file that is on disk, however deep they are quoted there.
//!
//! ```
//! use keywho::policy::document::{Effect, PolicyKind};
//! use keywho::policy::parse::parse_text;
//!
//! let text = br#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}"#;
//! let mut diagnostics = Vec::new();
//! let document = parse_text(None, text, PolicyKind::Key, &mut diagnostics);
//! assert_eq!(document.statements[0].effect, Some(Effect::Allow));
//! assert!(diagnostics.is_empty());
//! ```

mod condition;
mod element;
mod statement;
#[cfg(test)]
mod tests;

use super::document::{Document, PolicyKind, Statement};
use crate::diag::{Code, Diagnostic};
use crate::json::{self, Lines, Node, Place, Problem, Reader, Span, Value};
use crate::source::FileId;

/// A key policy may have this many bytes (S2.1.5).
const KEY_POLICY_BYTES: usize = 32_768;
/// How often a document may be quoted inside a string; AWS does it once or twice.
const MAX_QUOTING: u32 = 4;

const STATEMENT_UNKNOWN: &str = "what this statement allows or denies is reported as unknown";
const DOCUMENT_UNKNOWN: &str = "what this policy allows or denies is reported as unknown";
const NO_EFFECT: &str = "the statement has no effect";

/// Reads a stand-alone policy document, or an AWS CLI answer that holds one (`Policy`, `Content`, `PolicyDocument`).
///
/// `file` names the text in locations; without it everything stands nowhere.
pub fn parse_text(
    file: Option<FileId>,
    text: &[u8],
    kind: PolicyKind,
    diagnostics: &mut Vec<Diagnostic>,
) -> Document {
    let no_lines = Lines::default();
    let place = |lines| file.map_or(Place::Nowhere, |file| Place::File { file, lines });
    let whole = Span {
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    };
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => {
            let at = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
            let here = place(&no_lines).location(Span {
                start: at,
                end: at.saturating_add(1),
            });
            let found = Diagnostic::new(Code::InvalidUtf8, here, "the policy is not UTF-8 text");
            return give_up(whole, &place(&no_lines), found, diagnostics);
        }
    };
    if is_percent_encoded(text) {
        return text_document(text, kind, &place(&no_lines), diagnostics, 0);
    }
    let mut reader = Reader::new(text);
    let (first, second) = (reader.next(), reader.next());
    let lines = reader.into_lines();
    let place = place(&lines);
    match one_value(first, second) {
        Ok(node) => document(unwrapped(&node), kind, &place, diagnostics),
        Err(problem) => give_up(whole, &place, unparsable(&place, problem), diagnostics),
    }
}

/// Reads a policy document that came as a JSON value, such as a session policy of a request.
#[must_use]
pub fn document_from_value(value: &serde_json::Value, kind: PolicyKind) -> (Document, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let document = parse_text(None, value.to_string().as_bytes(), kind, &mut diagnostics);
    (document, diagnostics)
}

/// Reads a policy document from a node of a file that was read already.
pub fn document(
    node: &Node<'_>,
    kind: PolicyKind,
    place: &Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Document {
    quoted_document(node, kind, place, diagnostics, 0)
}

/// The document inside an answer of the AWS CLI, if the node is one; else the node.
fn unwrapped<'n, 'a>(node: &'n Node<'a>) -> &'n Node<'a> {
    if node.member("Statement").is_some() {
        return node;
    }
    let names = ["Policy", "PolicyVersion", "PolicyDocument", "Document", "Content"];
    match names.iter().find_map(|name| node.member(name)) {
        Some(inner) => unwrapped(inner),
        None => node,
    }
}

fn quoted_document(
    node: &Node<'_>,
    kind: PolicyKind,
    place: &Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
    quoting: u32,
) -> Document {
    match &node.value {
        Value::Object(_) => Parser {
            kind,
            place,
            diagnostics,
        }
        .document(node),
        Value::String(text) if quoting < MAX_QUOTING => {
            let (decoded, map) = text.with_map(node.span);
            let inside = Place::Inside {
                map: &map,
                outer: place,
            };
            let mut document = text_document(&decoded, kind, &inside, diagnostics, quoting + 1);
            document.location = place.location(node.span);
            document
        }
        _ => {
            let message = format!("{} in place of a policy document", node.noun());
            let found = Diagnostic::new(Code::UnparsablePolicy, place.location(node.span), message);
            give_up(node.span, place, found, diagnostics)
        }
    }
}

/// Reads a document from text that was decoded out of a string.
fn text_document(
    text: &str,
    kind: PolicyKind,
    place: &Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
    quoting: u32,
) -> Document {
    let whole = Span {
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    };
    if is_percent_encoded(text) && quoting < MAX_QUOTING {
        let Some((decoded, map)) = json::percent_decode(text) else {
            let message = "a policy document with broken percent-encoding";
            let found = Diagnostic::new(Code::UnparsablePolicy, place.location(whole), message);
            return give_up(whole, place, found, diagnostics);
        };
        let inside = Place::Inside {
            map: &map,
            outer: place,
        };
        let mut document = text_document(&decoded, kind, &inside, diagnostics, quoting + 1);
        document.location = place.location(whole);
        return document;
    }
    let mut reader = Reader::new(text);
    let (first, second) = (reader.next(), reader.next());
    let node = match one_value(first, second) {
        Ok(node) => node,
        Err(problem) => return give_up(whole, place, unparsable(place, problem), diagnostics),
    };
    if kind == PolicyKind::Key && text.len() > KEY_POLICY_BYTES {
        let message = format!(
            "a key policy of {} bytes; KMS accepts {KEY_POLICY_BYTES}",
            text.len()
        );
        diagnostics.push(Diagnostic::new(
            Code::PolicyTooLong,
            place.location(whole),
            message,
        ));
    }
    quoted_document(&node, kind, place, diagnostics, quoting)
}

fn is_percent_encoded(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with('%')
}

type Read<'a> = Option<Result<Node<'a>, json::Error>>;

/// A document is exactly one JSON value.
fn one_value<'a>(first: Read<'a>, second: Read<'a>) -> Result<Node<'a>, json::Error> {
    let Some(first) = first else {
        return Err(json::Error {
            offset: 0,
            problem: Problem::Ends("a policy document"),
        });
    };
    let node = first?;
    match second {
        None => Ok(node),
        Some(_) => Err(json::Error {
            offset: node.span.end,
            problem: Problem::Expected("the end of the policy"),
        }),
    }
}

fn unparsable(place: &Place<'_>, error: json::Error) -> Diagnostic {
    let code = match error.problem {
        Problem::TooDeep => Code::TooDeep,
        _ => Code::UnparsablePolicy,
    };
    let here = place.location(Span {
        start: error.offset,
        end: error.offset.saturating_add(1),
    });
    Diagnostic::new(code, here, format!("the policy document is not JSON: {error}"))
        .help("replace the text by what `aws` prints with `--output json`")
}

/// A document of which nothing is known, for the reason the diagnostic gives.
fn give_up(span: Span, place: &Place<'_>, found: Diagnostic, diagnostics: &mut Vec<Diagnostic>) -> Document {
    let opaque = Some(found.message.clone());
    diagnostics.push(found.effect(DOCUMENT_UNKNOWN));
    Document {
        opaque,
        location: place.location(span),
        ..Document::default()
    }
}

/// Reads one document. Everything it cannot understand goes to `diagnostics`.
struct Parser<'p> {
    kind: PolicyKind,
    place: &'p Place<'p>,
    diagnostics: &'p mut Vec<Diagnostic>,
}

/// Why a statement or document cannot be understood; the first reason stays.
type Opaque = Option<String>;

impl Parser<'_> {
    fn found(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, self.place.location(span), message)
    }

    fn report(&mut self, found: Diagnostic) {
        self.diagnostics.push(found);
    }

    /// Reports something that makes a statement opaque.
    fn hide(&mut self, opaque: &mut Opaque, found: Diagnostic) {
        opaque.get_or_insert_with(|| found.message.clone());
        self.diagnostics.push(found.effect(STATEMENT_UNKNOWN));
    }

    fn document(&mut self, node: &Node<'_>) -> Document {
        if node.member("Statement").is_none() {
            return self.no_statement(node);
        }
        let mut document = Document {
            location: self.place.location(node.span),
            ..Document::default()
        };
        // WHY: one statement with a doubtful frame says more than a document that is wholly unknown.
        let mut doubt = Opaque::None;
        let mut statements = Vec::new();
        let mut version = None;
        for member in node.duplicates().iter().filter_map(|i| node.members().get(*i)) {
            let message = format!("the policy has {} twice", quote(&member.key.text()));
            let found = self.found(Code::DuplicateKey, member.key_span, message);
            self.hide(&mut doubt, found);
        }
        for member in node.members() {
            let key = member.key.text();
            match &*key {
                "Version" => version = version.or(Some(&member.node)),
                "Id" => self.id(member.key_span, &member.node),
                "Statement" => match &member.node.value {
                    Value::Array(list) => statements.extend(list),
                    Value::Object(_) => statements.push(&member.node),
                    _ => {
                        let message =
                            format!("`Statement` is {}, not a list of statements", member.node.noun());
                        let found = self.found(Code::InvalidElement, member.node.span, message);
                        return give_up(node.span, self.place, found, self.diagnostics);
                    }
                },
                _ => {
                    let message = format!("unknown element {} in a policy", quote(&key));
                    let mut found = self.found(Code::UnknownElement, member.key_span, message);
                    found.help = element::spelling(&key, &["Version", "Id", "Statement"]);
                    self.hide(&mut doubt, found);
                }
            }
        }
        document.variables = self.version(node, version, &mut doubt);
        if statements.is_empty() {
            let found = self.found(Code::MissingElement, node.span, "the policy has no statement");
            self.report(found.effect("the policy has no effect"));
        }
        document.statements = statements
            .iter()
            .enumerate()
            .map(|(index, statement)| self.statement(statement, index, doubt.clone()))
            .collect::<Vec<Statement>>();
        document
    }

    /// An object without `Statement` is no policy; often it is a statement without its policy.
    fn no_statement(&mut self, node: &Node<'_>) -> Document {
        let found = if node.member("Effect").is_some() {
            self.found(
                Code::UnparsablePolicy,
                node.span,
                "a statement without a policy around it",
            )
            .help("write `{\"Version\": \"2012-10-17\", \"Statement\": [...]}` around it")
        } else {
            let mut found = self.found(Code::UnparsablePolicy, node.span, "a policy without `Statement`");
            let keys = node.members().iter().map(|member| member.key.text());
            found.help = keys
                .into_iter()
                .find_map(|key| element::spelling(&key, &["Statement"]));
            found
        };
        give_up(node.span, self.place, found, self.diagnostics)
    }

    /// `Id` never affects the evaluation, so nothing becomes unknown by it (S2.1.1).
    fn id(&mut self, key: Span, node: &Node<'_>) {
        if !matches!(
            self.kind,
            PolicyKind::Key | PolicyKind::Endpoint | PolicyKind::Trust
        ) {
            let message = format!("`Id` has no place in {}", noun(self.kind));
            let found = self.found(Code::MisplacedElement, key, message);
            self.report(found.effect("none: `Id` is never evaluated"));
        }
        if node.scalar().is_none() {
            let found = self.found(
                Code::InvalidElement,
                node.span,
                format!("`Id` is {}, not a string", node.noun()),
            );
            self.report(found.effect("none: `Id` is never evaluated"));
        }
    }

    /// Whether variables are substituted. An unknown version leaves every statement in doubt (S2.1.2).
    fn version(&mut self, policy: &Node<'_>, version: Option<&Node<'_>>, doubt: &mut Opaque) -> bool {
        let guardrail = matches!(self.kind, PolicyKind::Scp | PolicyKind::Rcp);
        let (span, message) = match version.map(|node| (node, node.text())) {
            Some((_, Some(text))) if text == "2012-10-17" => return true,
            Some((_, Some(text))) if text == "2008-10-17" && !guardrail => return false,
            None if !guardrail => return false,
            None => (
                policy.span,
                format!("{} must state `Version` 2012-10-17", noun(self.kind)),
            ),
            Some((node, Some(text))) if text == "2008-10-17" => (
                node.span,
                format!("{} must have `Version` 2012-10-17", noun(self.kind)),
            ),
            Some((node, Some(text))) => (node.span, format!("unknown policy version {}", quote(&text))),
            Some((node, None)) => (node.span, format!("`Version` is {}, not a string", node.noun())),
        };
        let found = self
            .found(Code::InvalidVersion, span, message)
            .help("write `2012-10-17`");
        self.hide(doubt, found);
        true
    }
}

/// What people call a policy of a kind, with its article.
fn noun(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Key => "a key policy",
        PolicyKind::Identity => "an identity policy",
        PolicyKind::Boundary => "a permissions boundary",
        PolicyKind::Session => "a session policy",
        PolicyKind::Scp => "an SCP",
        PolicyKind::Rcp => "an RCP",
        PolicyKind::Endpoint => "a VPC endpoint policy",
        PolicyKind::Trust => "a trust policy",
    }
}

/// User text in backticks, on one line and not too long.
fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// The beginning of a name that should be one of a few. WHY: an unknown one is kept with every value under it, so that a
/// long one would multiply the size of the input.
fn shortened(name: &str) -> &str {
    const LONGEST: usize = 64;
    name.char_indices()
        .nth(LONGEST)
        .and_then(|(end, _)| name.get(..end))
        .unwrap_or(name)
}
