//! An explanation as a graph: DOT for Graphviz, and Mermaid.

use super::tree::{Show, Tree, tree};
use crate::explain::Explanation;
use crate::explain::repair::Repairs;
use crate::report::style::Tone;

/// Larger graphs are unreadable: beyond so many nodes the rest is counted.
const NODES: usize = 50;
/// Longer labels are cut.
const LABEL: usize = 90;

/// A node with its parent.
struct Node {
    parent: Option<usize>,
    label: String,
    tone: Option<Tone>,
}

/// The nodes of a tree, level by level, as many as fit.
fn nodes(root: &Tree) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut level: Vec<(Option<usize>, &Tree)> = vec![(None, root)];
    let mut left_out = 0_usize;
    while !level.is_empty() {
        let mut next = Vec::new();
        for (parent, tree) in level {
            if nodes.len() + 1 >= NODES {
                left_out += 1;
                continue;
            }
            let at = nodes.len();
            nodes.push(Node {
                parent,
                label: label(tree),
                tone: tree.tone,
            });
            next.extend(tree.children.iter().map(|child| (Some(at), child)));
        }
        level = next;
    }
    if left_out > 0 {
        nodes.push(Node {
            parent: Some(0),
            label: format!("{left_out} more"),
            tone: None,
        });
    }
    nodes
}

fn label(tree: &Tree) -> String {
    let whole = format!("{}\n{}", tree.head, tree.text);
    let whole = whole.trim();
    match whole.chars().count() > LABEL {
        true => whole.chars().take(LABEL).chain("...".chars()).collect(),
        false => whole.to_owned(),
    }
}

/// The colours of nodes: fill, and line.
fn colours(tone: Option<Tone>) -> (&'static str, &'static str) {
    match tone {
        Some(Tone::Good) => ("#e6f4ea", "#137333"),
        Some(Tone::Caution) => ("#fef7e0", "#b06000"),
        Some(Tone::Bad) => ("#fce8e6", "#c5221f"),
        Some(Tone::Strong) => ("#e8f0fe", "#1967d2"),
        None => ("#ffffff", "#5f6368"),
    }
}

/// The graph in DOT.
#[must_use]
pub fn dot(explanation: &Explanation, repairs: Option<&Repairs>, show: &Show<'_>) -> String {
    let quoted = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        text.replace('\n', "\\n")
    };
    let mut out = String::from(
        "digraph explanation {\n  rankdir=LR;\n  node [shape=box, style=filled, fontname=\"sans-serif\"];\n",
    );
    for (at, node) in nodes(&tree(explanation, repairs, show)).iter().enumerate() {
        let (fill, line) = colours(node.tone);
        out.push_str(&format!(
            "  n{at} [label=\"{}\", fillcolor=\"{fill}\", color=\"{line}\"];\n",
            quoted(&node.label)
        ));
        if let Some(parent) = node.parent {
            out.push_str(&format!("  n{parent} -> n{at};\n"));
        }
    }
    out.push_str("}\n");
    out
}

/// The graph in Mermaid.
#[must_use]
pub fn mermaid(explanation: &Explanation, repairs: Option<&Repairs>, show: &Show<'_>) -> String {
    // Mermaid reads `#name;` as a character, and labels as HTML.
    let quoted = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '\n' => out.push_str("<br/>"),
                '"' | '#' | '<' | '>' | '&' | ';' | '`' | '\\' => {
                    out.push_str(&format!("#{};", u32::from(c)))
                }
                _ => out.push(c),
            }
        }
        out
    };
    let mut out = String::from("flowchart LR\n");
    for (at, node) in nodes(&tree(explanation, repairs, show)).iter().enumerate() {
        let (fill, line) = colours(node.tone);
        out.push_str(&format!("  n{at}[\"{}\"]\n", quoted(&node.label)));
        out.push_str(&format!("  style n{at} fill:{fill},stroke:{line}\n"));
        if let Some(parent) = node.parent {
            out.push_str(&format!("  n{parent} --> n{at}\n"));
        }
    }
    out
}
