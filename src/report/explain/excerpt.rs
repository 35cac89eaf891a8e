//! The text of a statement or grant, as it stands in its file, with a mark under the part that matters.
//!
//! Policies often stand in one string of another file. Then the statement is laid out anew, one element a line, and only
//! its first line has a number.

use crate::explain::Quote;
use crate::json::{Node, Reader, Span, Value as Json, percent_decode};
use crate::report::style::clean;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The files that excerpts are taken from, read when they are first asked for.
pub struct Sources<'a> {
    read: Box<Read<'a>>,
    known: RefCell<BTreeMap<String, Option<Rc<Vec<u8>>>>>,
}

/// Reads a file by its name in the snapshot.
type Read<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

impl std::fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources").finish_non_exhaustive()
    }
}

impl<'a> Sources<'a> {
    /// Files that a function reads, by their names in the snapshot.
    pub fn new(read: impl Fn(&str) -> Option<Vec<u8>> + 'a) -> Self {
        Sources {
            read: Box::new(read),
            known: RefCell::default(),
        }
    }

    /// No files: statements are shown as they were understood.
    #[must_use]
    pub fn none() -> Sources<'static> {
        Sources::new(|_| None)
    }

    fn part(&self, file: &str, quote: &Quote) -> Option<String> {
        let mut known = self.known.borrow_mut();
        let bytes = known
            .entry(file.to_owned())
            .or_insert_with(|| (self.read)(file).map(Rc::new))
            .clone()?;
        let part = bytes.get(quote.location.start as usize..quote.location.end as usize)?;
        String::from_utf8(part.to_vec()).ok()
    }
}

/// A line of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// In the file; none where the text is laid out anew.
    pub(super) number: Option<u32>,
    pub(super) text: String,
    /// Which characters matter.
    pub(super) mark: Option<(usize, usize)>,
}

/// Longer lines are laid out anew, and cut.
const WIDTH: usize = 110;
/// Excerpts with more lines leave out what is far from the mark.
const LINES: usize = 16;

/// The lines of a statement or grant.
pub(super) fn excerpt(file: &str, line: u32, quote: &Quote, sources: &Sources<'_>) -> Vec<Line> {
    let raw = sources.part(file, quote);
    let as_it_stands = raw.as_deref().and_then(|raw| in_lines(raw, line, quote));
    let lines = as_it_stands.or_else(|| {
        let understood = || quote.json.clone();
        let value = raw.as_deref().and_then(decoded).or_else(understood)?;
        Some(laid_out(&value, line, &quote.path))
    });
    shortened(lines.unwrap_or_default())
}

/// JSON on lines of its own, as it stands in the file.
fn in_lines(raw: &str, line: u32, quote: &Quote) -> Option<Vec<Line>> {
    let node = Reader::new(raw).next()?.ok()?;
    matches!(node.value, Json::Object(_)).then_some(())?;
    let span = find(&node, &quote.path);
    let fits = raw.lines().all(|line| line.trim().chars().count() <= WIDTH) && raw.lines().count() > 1;
    if !fits {
        return None;
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = raw.lines().skip(1).map(indent).min().unwrap_or_default();
    let mut lines = Vec::new();
    let mut start = 0;
    for (number, text) in (line..).zip(raw.split('\n')) {
        let cut = if number == line { 0 } else { least.min(text.len()) };
        let shown = text.get(cut..).unwrap_or(text).trim_end();
        let (from, to) = (start + cut, start + cut + shown.len());
        let mark = span.and_then(|span| overlap(span, from, to, shown));
        lines.push(Line {
            number: (number > 0).then_some(number),
            text: clean(shown),
            mark,
        });
        start += text.len() + 1;
    }
    Some(lines)
}

/// Which characters of a line lie within a span; whitespace before them is none of it.
fn overlap(span: Span, from: usize, to: usize, shown: &str) -> Option<(usize, usize)> {
    let start = (span.start as usize).max(from);
    let end = (span.end as usize).min(to);
    let before = shown.get(..start.checked_sub(from)?)?;
    let marked = shown.get(start - from..end.checked_sub(from)?)?;
    // A bracket alone says nothing.
    if marked
        .chars()
        .all(|c| c.is_whitespace() || matches!(c, '[' | ']' | '{' | '}' | ','))
    {
        return None;
    }
    let blank = marked.chars().take_while(|c| c.is_whitespace()).count();
    let at = before.chars().count() + blank;
    let length = marked.chars().count() - blank;
    (length > 0).then_some((at, at + length))
}

/// Where the member at a path stands, its key included.
fn find(node: &Node<'_>, path: &[String]) -> Option<Span> {
    let (name, rest) = path.split_first()?;
    let member = node.members().iter().find(|member| member.key.is(name))?;
    match rest {
        [] => Some(Span {
            start: member.key_span.start,
            end: member.node.span.end,
        }),
        rest => find(&member.node, rest),
    }
}

/// JSON that stands in a string, perhaps percent-encoded.
fn decoded(raw: &str) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(raw) {
        return Some(value);
    }
    let mut text = raw.to_owned();
    // AWS quotes a document once or twice.
    for _ in 0..3 {
        text = match serde_json::from_str::<String>(&format!("\"{text}\"")) {
            Ok(text) => text,
            Err(_) => percent_decode(&text)?.0,
        };
        if let Ok(value) = serde_json::from_str(&text) {
            return Some(value);
        }
    }
    None
}

/// A statement with one element a line.
fn laid_out(value: &Value, line: u32, path: &[String]) -> Vec<Line> {
    let Value::Object(members) = value else {
        return Vec::new();
    };
    let number = (line > 0).then_some(line);
    let plain = |number, text: String| Line {
        number,
        text: clean(&text),
        mark: None,
    };
    let mut lines = vec![plain(number, "{".to_owned())];
    for (at, (name, value)) in members.iter().enumerate() {
        let text = format!("{}: {}", Value::from(name.as_str()), spaced(value));
        let comma = if at + 1 < members.len() { "," } else { "" };
        let mark = match path.split_first() {
            Some((first, rest)) if first == name => marked(&text, rest),
            _ => None,
        };
        let mut line = plain(None, format!("  {text}{comma}"));
        line.mark = mark.map(|(from, to)| (from + 2, to + 2));
        lines.push(cut(line));
    }
    lines.push(plain(None, "}".to_owned()));
    lines
}

/// A value on one line, with spaces after commas and colons.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(spaced).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// Which characters of `"name": value` matter: the member at a path within it, or all.
fn marked(text: &str, path: &[String]) -> Option<(usize, usize)> {
    let all = Some((0, text.chars().count()));
    if path.is_empty() {
        return all;
    }
    let whole = format!("{{{text}}}");
    let node = Reader::new(&whole).next()?.ok()?;
    let first = node.members().first()?;
    let span = find(&first.node, path)?;
    let chars = |to: u32| whole.get(..to as usize).map(|before| before.chars().count());
    Some((
        chars(span.start)?.checked_sub(1)?,
        chars(span.end)?.checked_sub(1)?,
    ))
}

/// The line, or its beginning: its mark stays in sight.
fn cut(line: Line) -> Line {
    let length = line.text.chars().count();
    if length <= WIDTH {
        return line;
    }
    let (from, to) = line.mark.unwrap_or((0, length));
    let skipped = if from > WIDTH / 2 { from - WIDTH / 4 } else { 0 };
    let kept: String = line.text.chars().skip(skipped).take(WIDTH).collect();
    let (before, shift) = if skipped > 0 { ("... ", 4) } else { ("", 0) };
    let after = if skipped + WIDTH < length { " ..." } else { "" };
    Line {
        number: line.number,
        text: format!("{before}{kept}{after}"),
        mark: line
            .mark
            .map(|_| (from - skipped + shift, (to - skipped).min(WIDTH) + shift)),
    }
}

/// Long excerpts without what is far from the mark.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    if lines.len() <= LINES {
        return lines;
    }
    let first = lines.iter().position(|line| line.mark.is_some()).unwrap_or(0);
    let last = lines
        .iter()
        .rposition(|line| line.mark.is_some())
        .unwrap_or(LINES / 2);
    let last = last.min(first.saturating_add(LINES / 2));
    let near = |at: usize| at == 0 || (at + 2 >= first && at <= last + 2);
    let mut kept = Vec::new();
    let mut gap = false;
    for (at, line) in lines.into_iter().enumerate() {
        if near(at) {
            kept.push(line);
            gap = false;
        } else if !gap {
            gap = true;
            kept.push(Line {
                number: None,
                text: "...".to_owned(),
                mark: None,
            });
        }
    }
    kept
}

/// The lines as text, with numbers before them and marks below.
pub(super) fn text(lines: &[Line]) -> Vec<String> {
    let width = lines
        .iter()
        .filter_map(|line| line.number)
        .max()
        .unwrap_or_default();
    let width = width.to_string().len();
    let mut out = Vec::new();
    for line in lines {
        let number = line.number.map(|number| number.to_string()).unwrap_or_default();
        out.push(format!("{number:>width$} | {}", line.text));
        if let Some((from, to)) = line.mark {
            let marks = "^".repeat(to.saturating_sub(from));
            out.push(format!("{:>width$} | {}{marks}", "", " ".repeat(from)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Location;
    use serde_json::json;

    fn shown(file: &str, part: &str, path: &[&str]) -> Vec<String> {
        let start = file.find(part).unwrap();
        let quote = Quote {
            location: Location {
                file: None,
                start: u32::try_from(start).unwrap(),
                end: u32::try_from(start + part.len()).unwrap(),
                line: 7,
            },
            json: Some(json!({"Effect": "Allow"})),
            path: path.iter().map(|&name| name.to_owned()).collect(),
        };
        let sources = Sources::new(|_| Some(file.as_bytes().to_vec()));
        text(&excerpt("f", 7, &quote, &sources))
    }

    #[test]
    fn lines_of_the_file_keep_their_numbers() {
        let statement = "{\n            \"Effect\": \"Allow\",\n            \"Action\": [\n                \"kms:Sign\"\n            ]\n        }";
        assert_eq!(
            shown(statement, statement, &["Action"]),
            [
                "7 | {",
                "8 |     \"Effect\": \"Allow\",",
                "9 |     \"Action\": [",
                "  |     ^^^^^^^^^^^",
                "10 |         \"kms:Sign\"",
                "   |         ^^^^^^^^^^",
                "11 |     ]",
                "12 | }",
            ]
            .map(|line| {
                let (number, rest) = line.split_once('|').unwrap();
                format!("{:>2} |{rest}", number.trim())
            })
        );
    }

    #[test]
    fn quoted_statements_are_laid_out_anew() {
        let file = r#"{"Policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Condition\": {\"StringEquals\": {\"a\": \"1\", \"b\": \"2\"}}}]}"}"#;
        let part =
            r#"{\"Effect\": \"Allow\", \"Condition\": {\"StringEquals\": {\"a\": \"1\", \"b\": \"2\"}}}"#;
        assert_eq!(
            shown(file, part, &["Condition", "StringEquals", "b"]),
            [
                "7 | {",
                "  |   \"Effect\": \"Allow\",",
                "  |   \"Condition\": {\"StringEquals\": {\"a\": \"1\", \"b\": \"2\"}}",
                "  |                                            ^^^^^^^^",
                "  | }",
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_it_was_understood() {
        let quote = Quote {
            json: Some(json!({"Effect": "Allow"})),
            ..Quote::default()
        };
        assert_eq!(
            text(&excerpt("f", 0, &quote, &Sources::none())),
            ["  | {", "  |   \"Effect\": \"Allow\"", "  | }"]
        );
    }
}
