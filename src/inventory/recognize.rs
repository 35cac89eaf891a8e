//! One file -> the answers in it. What an answer is, is told by its members, never by the name of the file.

use super::ahead::{self, Ahead};
use super::ec2;
use super::fields::Fields;
use super::hints::Hints;
use super::iam::{self, IamPage};
use super::kms::{self, Alias, KeyPolicy, KeyRef};
use super::organization::{self as org, Edge, Member, Overview, PolicyText, Root, Summary};
use super::strange;
use crate::diag::{Code, Diagnostic};
use crate::json::{Node, Part, Place, Problem, Reader, Span, Value};
use crate::model::Tags;
use crate::model::key::{Grant, Key};
use crate::model::organization::VpcEndpoint;
use crate::policy::document::PolicyKind;
use crate::policy::parse;
use crate::source::{FileId, Location};
use jiff::Timestamp;

/// More remarks about one file than this help nobody.
const MAX_REMARKS: usize = 1000;

/// One answer of the AWS CLI, or one page of it.
pub(super) struct Answer {
    pub(super) piece: Piece,
    pub(super) page: Page,
}

/// What an answer says about its own completeness, and where it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Page {
    /// It says that it goes on elsewhere.
    pub(super) truncated: bool,
    /// The file breaks off, or a part of the answer could not be read: there is more than was read.
    pub(super) broken: bool,
    pub(super) location: Location,
}

/// What an answer contains.
pub(super) enum Piece {
    Iam(IamPage),
    Caller(Option<(String, Option<String>)>),
    Keys(Vec<(KeyRef, Location)>),
    Aliases {
        of_key: Option<KeyRef>,
        aliases: Vec<Alias>,
    },
    Metadata(KeyRef, Box<Key>),
    KeyPolicy(KeyPolicy),
    PolicyNames(KeyRef, Vec<String>),
    /// Grants with their keys; `whole` unless the call was list-retirable-grants.
    Grants {
        of_key: KeyRef,
        grants: Vec<(KeyRef, Grant)>,
        whole: bool,
    },
    Tags(KeyRef, Tags),
    Rotation(KeyRef, Option<bool>),
    LastUse(KeyRef, Option<Timestamp>),
    Overview(Overview),
    Members {
        parent: Option<String>,
        members: Vec<Member>,
    },
    Roots(Vec<Root>),
    Units {
        parent: Option<String>,
        edges: Vec<Edge>,
    },
    Relatives(Vec<Edge>),
    Policies {
        target: Option<String>,
        kind: Option<PolicyKind>,
        policies: Vec<Summary>,
    },
    PolicyText(PolicyText),
    Targets {
        policy: Option<String>,
        targets: Vec<String>,
    },
    Endpoints(Vec<VpcEndpoint>),
    /// Known, and of no use here.
    Unused,
}

/// What became of one file.
pub(super) struct FileAnswers {
    pub(super) hints: Hints,
    pub(super) answers: Vec<Answer>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Set if the file or a part of it could not be read: "unreadable", or "missing" if it is empty.
    pub(super) failed: Option<&'static str>,
}

impl FileAnswers {
    /// A file of which nothing could be read.
    pub(super) fn failed(hints: Hints, how: &'static str, found: Diagnostic) -> Self {
        FileAnswers {
            hints,
            answers: Vec::new(),
            diagnostics: vec![found],
            failed: Some(how),
        }
    }
}

/// Reads one file. `hints` is what its name says.
pub(super) fn file(id: FileId, name: &str, hints: Hints, bytes: &[u8]) -> FileAnswers {
    let text = match strange::text(id, bytes) {
        Ok(text) => text,
        Err((how, found)) => return FileAnswers::failed(hints, how, found),
    };
    if let Some((how, found)) = strange::not_json(id, name, text) {
        let mut file = FileAnswers::failed(hints, "unreadable", found);
        file.failed = how;
        return file;
    }
    let mut reader = Reader::new(text);
    // WHY: nearly every file holds one value; a vector that grows begins with room for four.
    let mut nodes = Vec::with_capacity(1);
    let mut aheads = Vec::with_capacity(1);
    let mut error = None;
    let mut ahead = Ahead::default();
    let mut part = reader.next_part(ahead::wanted);
    while let Some(read) = part {
        part = match read {
            Ok(Part::Elements(elements)) => {
                let next = || reader.next_part(ahead::wanted);
                rayon::join(next, || ahead.read(id, &hints, elements)).0
            }
            Ok(Part::Value(node)) => {
                nodes.push(node);
                aheads.push(std::mem::take(&mut ahead));
                reader.next_part(ahead::wanted)
            }
            Err(found) => {
                error = Some(found);
                None
            }
        };
    }
    let lines = reader.into_lines();
    let place = Place::File {
        file: id,
        lines: &lines,
    };
    let mut recognizer = Recognizer {
        fields: Fields::new(&place, &hints),
        answers: Vec::with_capacity(nodes.len()),
        unknown: Vec::new(),
        failed: false,
        lost: 0,
        ahead: Ahead::default(),
    };
    for (node, ahead) in nodes.iter().zip(aheads) {
        recognizer.ahead = ahead;
        recognizer.value(node);
    }
    let Recognizer {
        fields,
        mut answers,
        unknown,
        failed,
        ..
    } = recognizer;
    let mut diagnostics = fields.diagnostics;
    diagnostics.extend(strange::unknown_values(
        &place,
        &nodes,
        &unknown,
        !answers.is_empty(),
    ));
    if let Some(error) = error {
        let code = if error.problem == Problem::TooDeep {
            Code::TooDeep
        } else {
            Code::InvalidJson
        };
        let here = place.location(Span {
            start: error.offset,
            end: error.offset.saturating_add(1),
        });
        let found = Diagnostic::new(code, here, format!("not JSON: {error}"))
            .effect("what stands from here on was not read; what it would say is reported as unknown")
            .help("run the call again with `--output json`");
        diagnostics.push(found);
        answers.iter_mut().for_each(|answer| answer.page.broken = true);
    }
    cap(&mut diagnostics);
    FileAnswers {
        hints,
        answers,
        diagnostics,
        failed: error.map(|_| "unreadable").or(failed.then_some("missing")),
    }
}

/// Keeps the first remarks about a file and counts the others.
fn cap(diagnostics: &mut Vec<Diagnostic>) {
    let Some(first) = diagnostics.get(MAX_REMARKS) else {
        return;
    };
    let more = diagnostics.len() - MAX_REMARKS;
    let last = Diagnostic::new(
        first.code,
        first.location,
        format!("{more} more remarks about this file are not shown"),
    );
    diagnostics.truncate(MAX_REMARKS);
    diagnostics.push(last);
}

struct Recognizer<'f> {
    fields: Fields<'f>,
    answers: Vec<Answer>,
    /// Values that are no answer this tool knows.
    unknown: Vec<Span>,
    /// Whether a value says that the call failed.
    failed: bool,
    /// How many values were lost before this one.
    lost: usize,
    /// What was read of the value before the value was whole.
    ahead: Ahead,
}

/// Lists that other calls print and that have no part in any answer.
const UNUSED: &[&str] = &[
    "SummaryMap",
    "AccountAliases",
    "OpenIDConnectProviderList",
    "SAMLProviderList",
    "Users",
    "Roles",
    "Groups",
    "InstanceProfiles",
    "AttachedPolicies",
    "Versions",
    "Rotations",
    "DelegatedAdministrators",
    "EnabledServicePrincipals",
    "Handshakes",
    "Handshake",
    "CreateAccountStatuses",
    "CreateAccountStatus",
    "CustomKeyStores",
    "PublicKey",
    "OrganizationalUnit",
    "Root",
    "PasswordPolicy",
    "Regions",
    "AvailabilityZones",
];

impl Recognizer<'_> {
    fn push(&mut self, page: &Node<'_>, piece: Piece) {
        let truncated = self.fields.is_truncated(page);
        let broken = std::mem::replace(&mut self.lost, self.fields.lost) != self.fields.lost;
        let page = Page {
            truncated,
            broken,
            location: self.fields.location(page.span),
        };
        self.answers.push(Answer { piece, page });
    }

    /// Reads one value: an answer, a list of pages, or a policy document alone.
    fn value(&mut self, node: &Node<'_>) {
        let before = (self.answers.len(), self.fields.diagnostics.len());
        match &node.value {
            Value::Array(pages) if pages.iter().any(|page| !page.members().is_empty()) => {
                pages.iter().for_each(|page| self.value(page));
                return;
            }
            Value::Object(_) if node.member("Statement").is_some() => self.bare_policy(node),
            Value::Object(_) => {
                self.organization(node);
                self.kms(node);
                self.others(node);
            }
            Value::String(text) if text.text().trim_start().starts_with(['{', '%']) => self.bare_policy(node),
            _ => {}
        }
        if before == (self.answers.len(), self.fields.diagnostics.len()) {
            if let Some(found) = strange::error_answer(self.fields.place, node) {
                self.fields.report(found);
                self.failed = true;
            } else {
                self.unknown.push(node.span);
            }
        }
    }

    fn others(&mut self, node: &Node<'_>) {
        let has = |name: &str| node.member(name).is_some();
        let fields = &mut self.fields;
        let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList"];
        let has_versions =
            first_of(node, "Policies").is_some_and(|p| p.member("PolicyVersionList").is_some());
        if lists.into_iter().any(has) || has_versions {
            fields.is_object(node, "the answer");
            let page = iam::page(fields, node, std::mem::take(&mut self.ahead));
            self.push(node, Piece::Iam(page));
        } else if has("VpcEndpoints") {
            let endpoints = ec2::endpoints(fields, node);
            self.push(node, Piece::Endpoints(endpoints));
        } else if has("UserId") && has("Account") && has("Arn") {
            let caller = org::caller(fields, node);
            self.push(node, Piece::Caller(caller));
        } else if UNUSED.iter().any(|name| has(name)) || node.member("Account").is_some_and(is_object) {
            self.push(node, Piece::Unused);
        }
    }

    fn kms(&mut self, node: &Node<'_>) {
        let member = |name: &str| node.member(name).filter(|value| !value.is_null());
        if member("Keys").is_some() {
            self.fields.is_object(node, "the answer");
            let keys = kms::keys(&mut self.fields, node);
            self.push(node, Piece::Keys(keys));
        }
        if let Some(metadata) = member("KeyMetadata")
            && self.fields.is_object(metadata, "`KeyMetadata`")
        {
            let (of, key) = kms::metadata(&mut self.fields, metadata);
            self.push(node, Piece::Metadata(of, Box::new(key)));
        }
        if member("Grants").is_some() {
            self.fields.is_object(node, "the answer");
            let grants = kms::grants(&mut self.fields, node);
            let whole = !self.fields.hints.says("retirable");
            let of_key = kms::hinted_key(&self.fields);
            self.push(
                node,
                Piece::Grants {
                    of_key,
                    grants,
                    whole,
                },
            );
        }
        let is_alias = |alias: &Node<'_>| alias.member("AliasName").is_some();
        if member("Aliases").is_some() && first_of(node, "Aliases").is_none_or(is_alias) {
            self.fields.is_object(node, "the answer");
            let aliases = kms::aliases(&mut self.fields, node);
            let of_key = self
                .fields
                .hints
                .key
                .is_some()
                .then(|| kms::hinted_key(&self.fields));
            self.push(node, Piece::Aliases { of_key, aliases });
        }
        if member("KeyRotationEnabled").is_some() {
            let of = kms::key_ref(&mut self.fields, node, "KeyId");
            let on = self.fields.flag(node, "KeyRotationEnabled");
            self.push(node, Piece::Rotation(of, on));
        }
        if node.member("KeyLastUsage").is_some() || node.member("TrackingStartDate").is_some() {
            let of = kms::key_ref(&mut self.fields, node, "KeyId");
            let used = node.member("KeyLastUsage");
            let used = used.and_then(|used| self.fields.time(used, "Timestamp"));
            self.push(node, Piece::LastUse(of, used));
        }
        self.key_texts(node);
    }

    /// Answers that do not name their key.
    fn key_texts(&mut self, node: &Node<'_>) {
        let policy = node.member("Policy");
        if policy.is_some_and(|policy| policy.is_text() || policy.member("Statement").is_some()) {
            self.fields.is_object(node, "the answer");
            if let Some(policy) = kms::key_policy(&mut self.fields, node) {
                self.push(node, Piece::KeyPolicy(policy));
            }
        } else if policy.is_some_and(|policy| policy.member("DefaultVersionId").is_some()) {
            self.push(node, Piece::Unused);
        }
        if node.member("PolicyNames").is_some() {
            let says = |word: &str| self.fields.hints.says(word);
            let of_iam = ["role-policies", "user-policies", "group-policies"]
                .into_iter()
                .any(says);
            let names = self.fields.texts(node, "PolicyNames");
            let of = kms::hinted_key(&self.fields);
            self.push(
                node,
                if of_iam {
                    Piece::Unused
                } else {
                    Piece::PolicyNames(of, names)
                },
            );
        }
        if node
            .member("Tags")
            .is_some_and(|tags| matches!(tags.value, Value::Array(_)))
        {
            let first = first_of(node, "Tags");
            let piece = if first.is_some_and(|tag| tag.member("TagKey").is_some()) {
                Piece::Tags(kms::hinted_key(&self.fields), kms::tags(&mut self.fields, node))
            } else if first.is_none() && self.fields.hints.key.is_some() {
                Piece::Tags(kms::hinted_key(&self.fields), Tags::new())
            } else {
                Piece::Unused
            };
            // Keys and VPC endpoints carry tags of their own; a list of tags alone has little else.
            if node.members().len() <= 4 {
                self.push(node, piece);
            }
        }
    }

    fn organization(&mut self, node: &Node<'_>) {
        let member = |name: &str| node.member(name).filter(|value| !value.is_null());
        if let Some(organization) = member("Organization")
            && self.fields.is_object(organization, "`Organization`")
        {
            let overview = org::described(&mut self.fields, organization);
            self.push(node, Piece::Overview(overview));
        }
        let parent = self.fields.hints.parent.clone();
        if member("Accounts").is_some() {
            let members = org::members(&mut self.fields, node);
            self.push(
                node,
                Piece::Members {
                    parent: parent.clone(),
                    members,
                },
            );
        }
        if member("Roots").is_some() {
            let roots = org::roots(&mut self.fields, node);
            self.push(node, Piece::Roots(roots));
        }
        if member("OrganizationalUnits").is_some() {
            let edges = org::units(&mut self.fields, node);
            self.push(node, Piece::Units { parent, edges });
        }
        for name in ["Children", "Parents"] {
            if member(name).is_some() {
                let edges = org::relatives(&mut self.fields, node, name);
                self.push(node, Piece::Relatives(edges));
            }
        }
        if first_of(node, "Targets").map_or(member("Targets").is_some(), |t| t.member("TargetId").is_some()) {
            let targets = org::targets(&mut self.fields, node);
            self.push(
                node,
                Piece::Targets {
                    policy: self.fields.hints.policy.clone(),
                    targets,
                },
            );
        }
        self.policies(node);
    }

    fn policies(&mut self, node: &Node<'_>) {
        let policy = node.member("Policy");
        if let Some(policy) = policy.filter(|policy| policy.member("PolicySummary").is_some()) {
            self.fields.is_object(policy, "`Policy`");
            match org::policy(&mut self.fields, policy) {
                Some(text) if text.summary.kind.is_some() => self.push(node, Piece::PolicyText(text)),
                Some(_) => self.push(node, Piece::Unused),
                None => {}
            }
        }
        let first = first_of(node, "Policies");
        let of_organization = |policy: &Node<'_>| {
            let arn = policy.member("Arn").and_then(Node::text).unwrap_or_default();
            policy.member("Type").is_some() || arn.contains(":organizations:")
        };
        let alone = !node
            .members()
            .iter()
            .any(|member| member.key.text().ends_with("DetailList"));
        let hinted = org::hinted_kind(&self.fields);
        let of_target = self.fields.hints.says("policies-for-target");
        let expected = hinted.is_some() || of_target || self.fields.hints.says("list-policies");
        let is_list = matches!(
            node.member("Policies").map(|list| &list.value),
            Some(Value::Array(_))
        );
        if first.map_or(is_list && alone && expected, of_organization) {
            let target = if of_target {
                self.fields.hints.target()
            } else {
                None
            };
            let policies = org::policies(&mut self.fields, node);
            let kind = policies.first().map_or(hinted, |policy| policy.kind);
            self.push(
                node,
                Piece::Policies {
                    target,
                    kind,
                    policies,
                },
            );
        } else if is_list && alone && first.is_none_or(|policy| policy.member("PolicyVersionList").is_none())
        {
            self.push(node, Piece::Unused);
        }
    }

    /// A policy document without an answer around it, as `--query Policy --output text` prints it.
    fn bare_policy(&mut self, node: &Node<'_>) {
        if self.fields.hints.key.is_none() {
            let found = Diagnostic::new(
                Code::UnknownOwner,
                self.fields.location(Span {
                    end: node.span.start + 1,
                    ..node.span
                }),
                "a policy document that does not say what it is attached to",
            );
            let found = found
                .effect("it was not read; what it allows or denies is missing from the answers")
                .help("store key policies as `accounts/ACCOUNT/REGION/keys/KEY_ID/get-key-policy.json`");
            self.fields.report(found);
            return;
        }
        let document = parse::document(
            node,
            PolicyKind::Key,
            self.fields.place,
            &mut self.fields.diagnostics,
        );
        let policy = kms::named_policy(&self.fields, None, document);
        self.push(node, Piece::KeyPolicy(policy));
    }
}

fn is_object(node: &Node<'_>) -> bool {
    matches!(node.value, Value::Object(_))
}

/// The first element of a list member.
fn first_of<'n, 'a>(node: &'n Node<'a>, name: &str) -> Option<&'n Node<'a>> {
    match &node.member(name)?.value {
        Value::Array(list) => list.first(),
        _ => None,
    }
}
