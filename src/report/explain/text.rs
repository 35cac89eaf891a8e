//! An explanation as a tree in plain text, and as nested lists of Markdown.

use super::excerpt::text as lines;
use super::tree::{Show, Tree, tree};
use crate::explain::Explanation;
use crate::explain::repair::Repairs;
use crate::report::style::paint;

/// The tree, with excerpts of policies and marks under what fails.
#[must_use]
pub fn text(explanation: &Explanation, repairs: Option<&Repairs>, show: &Show<'_>) -> String {
    let tree = tree(explanation, repairs, show);
    let mut out = format!("{}\n", heading(&tree));
    below(&tree, "", &mut out);
    paint(&out)
}

fn heading(tree: &Tree) -> String {
    let head = match tree.tone {
        Some(tone) => tone.words(&tree.head),
        None => tree.head.clone(),
    };
    match tree.text.as_str() {
        "" => head,
        text => format!("{head}  {text}"),
    }
}

fn below(tree: &Tree, indent: &str, out: &mut String) {
    let bar = if tree.children.is_empty() { "  " } else { "│ " };
    for line in tree.lines.iter().chain(&lines(&tree.excerpt)) {
        out.push_str(&format!("{indent}{bar}  {line}\n"));
    }
    for (at, child) in tree.children.iter().enumerate() {
        let last = at + 1 == tree.children.len();
        let (knot, next) = if last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        out.push_str(&format!("{indent}{knot}{}\n", heading(child)));
        below(child, &format!("{indent}{next}"), out);
    }
}

/// The same as nested lists.
#[must_use]
pub fn markdown(explanation: &Explanation, repairs: Option<&Repairs>, show: &Show<'_>) -> String {
    let tree = tree(explanation, repairs, show);
    let mut out = format!("**{}** {}\n", escaped(&tree.head), escaped(&tree.text));
    for line in &tree.lines {
        out.push_str(&format!("\n{}\n", escaped(line)));
    }
    out.push('\n');
    for child in &tree.children {
        item(child, "", &mut out);
    }
    out
}

fn item(tree: &Tree, indent: &str, out: &mut String) {
    let strong = |text: &str| match text {
        "" => String::new(),
        text => format!("**{}**", escaped(text)),
    };
    let text = format!("{} {}", strong(&tree.head), escaped(&tree.text));
    out.push_str(&format!("{indent}- {}\n", text.trim()));
    let inner = format!("{indent}  ");
    let (diff, plain): (Vec<&String>, Vec<&String>) = tree
        .lines
        .iter()
        .partition(|line| line.starts_with("- ") || line.starts_with("+ "));
    for line in plain {
        out.push_str(&format!("{inner}- {}\n", escaped(line)));
    }
    fenced("diff", diff.into_iter().map(String::as_str), &inner, out);
    let quoted = lines(&tree.excerpt);
    fenced("text", quoted.iter().map(String::as_str), &inner, out);
    for child in &tree.children {
        item(child, &inner, out);
    }
}

/// A block of code; its fence is longer than any in it.
fn fenced<'a>(language: &str, lines: impl Iterator<Item = &'a str>, indent: &str, out: &mut String) {
    let lines: Vec<&str> = lines.collect();
    if lines.is_empty() {
        return;
    }
    let ticks = |line: &&str| line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(lines.iter().map(ticks).max().unwrap_or_default().max(2) + 1);
    out.push_str(&format!("\n{indent}{fence}{language}\n"));
    for line in lines {
        out.push_str(&format!("{indent}{line}\n"));
    }
    out.push_str(&format!("{indent}{fence}\n\n"));
}

/// Text in which nothing is markup but what stands in backticks already.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut code = false;
    for c in text.chars() {
        code ^= c == '`';
        if !code && matches!(c, '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
