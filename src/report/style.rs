//! Text from a snapshot -> text that is safe to show; words -> words in colour.
//!
//! A colour is set by an invisible character of no width, so that tables align, and becomes an escape sequence only
//! in [`paint`], after the layout. Text from the snapshot passes [`clean`] first and can bring neither.

use anstyle::{AnsiColor, Style};

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Access, or all is well.
    Good,
    /// Access under conditions, or something not known.
    Caution,
    /// No access, or something wrong.
    Bad,
    /// Headings.
    Strong,
}

/// Ends what [`Tone::mark`] begins.
const END: char = '\u{2060}';

impl Tone {
    const ALL: [Tone; 4] = [Tone::Good, Tone::Caution, Tone::Bad, Tone::Strong];

    fn mark(self) -> char {
        match self {
            Tone::Good => '\u{2061}',
            Tone::Caution => '\u{2062}',
            Tone::Bad => '\u{2063}',
            Tone::Strong => '\u{2064}',
        }
    }

    fn style(self) -> Style {
        match self {
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Caution => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
            Tone::Strong => Style::new().bold(),
        }
    }

    /// Each word of a text in this tone. Word by word, because a table may break a line between any two.
    pub(super) fn words(self, text: &str) -> String {
        let words = text.split(' ').map(|word| format!("{}{word}{END}", self.mark()));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Replaces the invisible characters by escape sequences.
pub(super) fn paint(text: &str) -> String {
    let mut painted = String::with_capacity(text.len());
    for c in text.chars() {
        match Tone::ALL.into_iter().find(|tone| tone.mark() == c) {
            Some(tone) => painted.push_str(&tone.style().render().to_string()),
            None if c == END => painted.push_str(&anstyle::Reset.render().to_string()),
            None => painted.push(c),
        }
    }
    painted
}

/// Text from outside, without anything that moves the cursor, hides text or turns its direction.
pub(super) fn clean(text: &str) -> String {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    let mut cleaned = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_hidden(c) {
            cleaned.extend(c.escape_default());
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

/// Appends a text in lines of at most so many columns: the first begins with one indent, the others with another. Words
/// are never broken, so that a path can be copied.
pub(super) fn wrap(out: &mut String, first: &str, others: &str, text: &str, width: Option<u16>) {
    let width = width.map_or(usize::MAX, usize::from);
    let mut used = 0;
    for word in text.split(' ') {
        let long = word.chars().count();
        if used == 0 {
            out.push_str(first);
            used = first.chars().count();
        } else if used + 1 + long > width {
            out.push('\n');
            out.push_str(others);
            used = others.chars().count();
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += long;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_set_late_and_never_by_the_snapshot() {
        let painted = paint(&Tone::Good.words("a b"));
        assert_eq!(painted, "\u{1b}[32ma\u{1b}[0m \u{1b}[32mb\u{1b}[0m");
        assert_eq!(paint(&clean("a\u{1b}[2J\u{2061}b\n")), "a\\u{1b}[2J\\u{2061}b\\n");
    }

    #[test]
    fn lines_are_wrapped_between_words_only() {
        let mut text = String::new();
        wrap(&mut text, "- ", "  ", "one two a/path/that/is/long end", Some(10));
        assert_eq!(text, "- one two\n  a/path/that/is/long\n  end\n");
    }
}
