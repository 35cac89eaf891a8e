//! An explanation as a tree of short texts, which every format but JSON is made of.

use super::excerpt::{Line, Sources, excerpt};
use crate::explain::repair::{Gains, Repairs};
use crate::explain::{Explanation, Layer, Leaf, NearMiss, Path, Permission, Quote, Source, Verdict};
use crate::report::names::{self, Names};
use crate::report::style::{Tone, clean};
use crate::{Outcome, RequestContext};

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) tone: Option<Tone>,
    /// In a few words: what it is, or its verdict.
    pub(super) head: String,
    /// The rest of it.
    pub(super) text: String,
    /// Lines below it.
    pub(super) lines: Vec<String>,
    pub(super) excerpt: Vec<Line>,
    pub(super) children: Vec<Tree>,
}

impl Tree {
    fn new(head: impl Into<String>, text: impl Into<String>) -> Self {
        Tree {
            tone: None,
            head: head.into(),
            text: text.into(),
            lines: Vec::new(),
            excerpt: Vec::new(),
            children: Vec::new(),
        }
    }

    fn toned(self, tone: Tone) -> Self {
        Tree {
            tone: Some(tone),
            ..self
        }
    }
}

/// What an explanation is shown with.
#[derive(Debug)]
pub struct Show<'a> {
    /// Names of keys.
    pub names: &'a Names,
    /// The files of the snapshot.
    pub sources: &'a Sources<'a>,
}

/// How many near misses of a layer are shown; the others are counted.
const NEAR: usize = 3;

/// The tree of an explanation, with repairs where they were looked for.
pub(super) fn tree(explanation: &Explanation, repairs: Option<&Repairs>, show: &Show<'_>) -> Tree {
    let request = &explanation.request;
    let (tone, word) = outcome(explanation.decision.outcome);
    let who = names::principal(&request.principal);
    let action = match explanation.permissions.as_slice() {
        [only] => only.action.to_string(),
        _ => clean(&request.action),
    };
    let what = format!("{who}  {action}  {}", show.names.key(&request.resource));
    let mut root = Tree::new(word, what).toned(tone);
    if let Some(residual) = &explanation.decision.residual {
        root.lines.push(format!("if {}", clean(&residual.text())));
    }
    if let Some(witness) = &explanation.witness {
        root.lines.push(format!("for example with {}", context(witness)));
    }
    if explanation.decision.usable == Some(false) {
        root.lines.push(
            "the operation would fail all the same: usage, spec or state of the key rule it out (S5.5.2, S7.3)"
                .to_owned(),
        );
    }
    if let Some(lockout) = explanation.decision.lockout {
        root.lines
            .push(format!("lockout check of the new policy: {lockout} (S5.4.3)"));
    }
    root.lines
        .extend(explanation.decision.notes.iter().map(|note| clean(note)));
    match explanation.permissions.as_slice() {
        [only] => root.children = permission(only, show),
        several => {
            let each = several.iter().map(|one| {
                let (tone, word) = outcome(one.decision.outcome);
                let by = one
                    .made_by
                    .as_ref()
                    .map(|user| format!(" made by {}", names::principal(user)));
                let text = format!(
                    "{} on {}{}",
                    one.action,
                    show.names.key(&one.key),
                    by.unwrap_or_default()
                );
                let mut tree = Tree::new(word, text).toned(tone);
                tree.children = permission(one, show);
                tree
            });
            root.children.extend(each);
        }
    }
    root.children.extend(repairs.map(repair_tree));
    root
}

/// How an outcome is said.
pub(super) fn outcome(outcome: Outcome) -> (Tone, &'static str) {
    match outcome {
        Outcome::Allowed => (Tone::Good, "allowed"),
        Outcome::ExplicitDeny => (Tone::Bad, "denied by a policy"),
        Outcome::ImplicitDeny => (Tone::Bad, "denied: nothing allows it"),
        Outcome::Undetermined => (Tone::Caution, "depends"),
    }
}

fn context(context: &RequestContext) -> String {
    if context.is_empty() {
        return "no context key at all".to_owned();
    }
    let pairs = context.iter().map(|(key, values)| match values.as_slice() {
        [] => format!("no {key}"),
        values => format!("{key} = {}", values.join(", ")),
    });
    clean(&pairs.collect::<Vec<_>>().join("; "))
}

fn permission(permission: &Permission, show: &Show<'_>) -> Vec<Tree> {
    let mut trees = Vec::new();
    let shown = permission
        .paths
        .iter()
        .filter(|path| path.verdict != Verdict::Silent);
    trees.extend(shown.map(path));
    trees.extend(permission.layers.iter().map(|layer| layer_tree(layer, show)));
    trees
}

fn path(path: &Path) -> Tree {
    let (tone, head) = match path.verdict {
        Verdict::Allows => (Tone::Good, "path"),
        _ => (Tone::Caution, "path"),
    };
    let derivation = &path.derivation;
    let mut names: Vec<String> = derivation
        .statements
        .iter()
        .map(|at| source(&Source::Statement(at.clone())))
        .collect();
    names.extend(
        derivation
            .grant
            .iter()
            .map(|at| source(&Source::Grant(at.clone()))),
    );
    if names.is_empty() {
        names.push("by being who the caller is".to_owned());
    }
    let text = format!(
        "{}: {} ({})",
        derivation.path,
        names.join(", then "),
        derivation.rule
    );
    let mut tree = Tree::new(head, text).toned(tone);
    if let Some(condition) = &path.condition {
        tree.lines.push(format!("if {}", clean(&condition.short())));
    }
    tree
}

/// What people call a layer.
pub(super) fn layer_name(layer: &Layer) -> String {
    let name = match layer.name {
        "explicitDeny" => "explicit deny",
        "rcp" => "RCP",
        "scp" => "SCP",
        "vpcEndpoint" => "VPC endpoint",
        "keyPolicy" => "key policy",
        "grant" => "grants",
        "identity" => "identity policies",
        "session" => "session policy",
        other => other,
    };
    match &layer.level {
        Some(level) => format!("{name} of {}", clean(level)),
        None => name.to_owned(),
    }
}

fn layer_tree(layer: &Layer, show: &Show<'_>) -> Tree {
    let tone = match (layer.blocks, layer.verdict) {
        (true, _) | (_, Verdict::Denies) => Some(Tone::Bad),
        (_, Verdict::Allows) => Some(Tone::Good),
        (_, Verdict::Depends) => Some(Tone::Caution),
        _ => None,
    };
    let mark = if layer.blocks { "✗ " } else { "" };
    let head = format!("{mark}{}: {}", layer_name(layer), layer.verdict.word());
    let mut tree = Tree::new(head, format!("{} ({})", layer.says, layer.rule));
    tree.tone = tone;
    // What decides is quoted; what lets through is named.
    let quoted = layer.verdict == Verdict::Denies;
    if let ([only], false) = (layer.leaves.as_slice(), quoted)
        && only.condition.is_none()
    {
        tree.text = format!("{}: {} ({})", layer.says, source(&only.source), only.rule);
        return tree;
    }
    tree.children
        .extend(layer.leaves.iter().map(|leaf| leaf_tree(leaf, quoted, show)));
    tree.children
        .extend(layer.near.iter().take(NEAR).map(|near| near_tree(near, show)));
    let more = layer.more + layer.near.len().saturating_sub(NEAR);
    if more > 0 {
        tree.lines
            .push(format!("{more} more near misses; JSON lists them"));
    }
    tree
}

fn leaf_tree(leaf: &Leaf, quoted: bool, show: &Show<'_>) -> Tree {
    let mut tree = Tree::new(source(&leaf.source), format!("{} ({})", leaf.says, leaf.rule));
    if let Some(condition) = &leaf.condition {
        tree.lines.push(format!("if {}", clean(&condition.short())));
    }
    if quoted {
        tree.excerpt = quote(&leaf.source, &leaf.quote, show);
    }
    tree
}

fn near_tree(near: &NearMiss, show: &Show<'_>) -> Tree {
    let text = format!(
        "fails in {} alone: {}; {}",
        near.element.name(),
        clean(&near.says),
        clean(&near.has)
    );
    let mut tree = Tree::new(format!("near miss {}", source(&near.source)), text).toned(Tone::Caution);
    tree.excerpt = quote(&near.source, &near.quote, show);
    tree.lines.extend(near.hint.map(|hint| format!("hint: {hint}")));
    tree
}

fn quote(source: &Source, quote: &Quote, show: &Show<'_>) -> Vec<Line> {
    excerpt(source.file(), source.line(), quote, show.sources)
}

/// `default "Use" (keys/../get-key-policy.json:2)`.
pub(super) fn source(source: &Source) -> String {
    let name = match source {
        Source::Statement(at) => {
            let statement = at
                .sid
                .as_ref()
                .map_or_else(|| format!("#{}", at.index), |sid| format!("\"{}\"", clean(sid)));
            format!("{} {statement}", policy_name(&at.policy))
        }
        Source::Grant(at) if at.name.is_empty() => {
            format!("grant {}", clean(at.id.get(..8).unwrap_or(&at.id)))
        }
        Source::Grant(at) => format!("grant \"{}\"", clean(&at.name)),
    };
    match source.file() {
        "" => name,
        file => format!("{name} ({}:{})", clean(file), source.line()),
    }
}

/// What people call a policy.
fn policy_name(policy: &str) -> String {
    match policy {
        "default" => "key policy".to_owned(),
        policy => names::policy(policy),
    }
}

fn repair_tree(repairs: &Repairs) -> Tree {
    if repairs.found.is_empty() {
        let none = repairs
            .none
            .as_deref()
            .unwrap_or("no edit that was tried allows it");
        return Tree::new("no repair", clean(none)).toned(Tone::Caution);
    }
    let mut tree =
        Tree::new("repairs", "each was tried and allows the request; safest first").toned(Tone::Strong);
    for (number, repair) in (1..).zip(&repairs.found) {
        let what: Vec<String> = repair.edits.iter().map(|edit| clean(&edit.what)).collect();
        let mut one = Tree::new(format!("{number}."), what.join(", and "));
        one.lines.push(gains(&repair.gains));
        if let Some(condition) = &repair.condition {
            one.lines
                .push(format!("under the condition that {}", clean(&condition.short())));
        }
        for edit in &repair.edits {
            let mut child = Tree::new(policy_name(&edit.policy), "");
            child.text = match edit.file.as_str() {
                "" => "new".to_owned(),
                file => format!("{}:{}", clean(file), edit.line),
            };
            child.lines.extend(
                edit.before
                    .iter()
                    .map(|json| format!("- {}", clean(&json.to_string()))),
            );
            child.lines.extend(
                edit.after
                    .iter()
                    .map(|json| format!("+ {}", clean(&json.to_string()))),
            );
            one.children.push(child);
        }
        tree.children.push(one);
    }
    tree
}

/// What else a repair allows, in words.
pub(super) fn gains(gains: &Gains) -> String {
    let least = if gains.at_least { "at least " } else { "" };
    let mut parts = Vec::new();
    match gains.rows {
        0 => {}
        1 => parts.push(format!("allows {least}1 more action")),
        rows => parts.push(format!(
            "allows {least}{rows} more actions, counted for each principal and key"
        )),
    }
    match gains.wider {
        0 => {}
        1 => parts.push(format!("widens {least}1 other that is under a condition")),
        wider => parts.push(format!("widens {least}{wider} others that are under conditions")),
    }
    if parts.is_empty() {
        parts.push(match gains.at_least {
            true => "too many principals to count what else it allows".to_owned(),
            false => "allows nothing else".to_owned(),
        });
    }
    if gains.strangers {
        parts.push("opens the key to accounts outside of the snapshot".to_owned());
    }
    parts.join("; ")
}
