//! Strings inside files -> the text they stand for, with a map from each byte of it back to the file.
//!
//! A key policy is JSON inside a JSON string, and elsewhere JSON inside percent-encoding inside a JSON string. Errors
//! and reasons point into the file as it is on disk, so every step of decoding keeps where its bytes came from.

use super::Span;
use super::read::plain_end;
use std::borrow::Cow;

/// Maps offsets in a decoded text to offsets in the text it was decoded from.
#[derive(Clone, Debug, Default)]
pub struct OffsetMap {
    /// Starts of runs that were copied byte by byte or decoded as one: decoded offset, original offset. Ascending. A run
    /// that begins where the one before it would go on is part of it.
    runs: Vec<(u32, u32)>,
}

impl OffsetMap {
    /// Where a byte of the decoded text was written. The end of the decoded text maps to the end of the original.
    #[must_use]
    pub fn origin(&self, offset: u32) -> u32 {
        let after = self.runs.partition_point(|run| run.0 <= offset);
        let run = after
            .checked_sub(1)
            .and_then(|i| self.runs.get(i))
            .copied()
            .unwrap_or_default();
        let inside = run.1.saturating_add(offset - run.0);
        // An escape stands for fewer bytes than it is written with: never run past the next piece.
        self.runs.get(after).map_or(inside, |next| inside.min(next.1))
    }

    fn push(&mut self, decoded: usize, original: usize) {
        let run = (clamp(decoded), clamp(original));
        let goes_on = |last: &(u32, u32)| run.0 - last.0 == run.1 - last.1;
        if !self.runs.last().is_some_and(goes_on) {
            self.runs.push(run);
        }
    }
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Resolves escapes that the reader has found valid.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    runs(raw, |_, piece| piece.push_to(&mut out));
    out
}

/// The decoded string with its map; `span` is the span of the string literal in its text.
pub(super) fn with_map(raw: &str, escaped: bool, span: Span) -> (Cow<'_, str>, OffsetMap) {
    let start = span.start as usize + 1;
    let mut map = OffsetMap::default();
    if !escaped {
        map.push(0, start);
        return (Cow::Borrowed(raw), map);
    }
    let mut out = String::with_capacity(raw.len());
    runs(raw, |at, piece| {
        map.push(out.len(), start + at);
        piece.push_to(&mut out);
    });
    map.push(out.len(), start + raw.len());
    (Cow::Owned(out), map)
}

/// A stretch of text without escapes, or what one escape stands for.
enum Piece<'a> {
    Plain(&'a str),
    Escape(char),
}

impl Piece<'_> {
    fn push_to(&self, out: &mut String) {
        match self {
            Piece::Plain(text) => out.push_str(text),
            Piece::Escape(character) => out.push(*character),
        }
    }
}

/// Calls `found` with each piece of an escaped text and where it starts.
fn runs<'a>(raw: &'a str, mut found: impl FnMut(usize, Piece<'a>)) {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        // Nothing else in a valid string ends a stretch of plain text.
        let plain = plain_end(rest.as_bytes(), 0);
        if let Some(text) = rest.get(..plain).filter(|text| !text.is_empty()) {
            found(at, Piece::Plain(text));
        }
        let Some(escape) = rest.get(plain..).filter(|escape| !escape.is_empty()) else {
            return;
        };
        let (character, length) = unescape_one(escape);
        found(at + plain, Piece::Escape(character));
        at += plain + length;
    }
}

/// One escape, which starts the text: its character and its length.
fn unescape_one(escape: &str) -> (char, usize) {
    let simple = match escape.as_bytes().get(1) {
        Some(b'u') => None,
        Some(b'b') => Some('\u{8}'),
        Some(b'f') => Some('\u{c}'),
        Some(b'n') => Some('\n'),
        Some(b'r') => Some('\r'),
        Some(b't') => Some('\t'),
        Some(&byte) => Some(char::from(byte)),
        None => Some('\\'),
    };
    if let Some(character) = simple {
        return (character, 2);
    }
    let unit = |at: usize| {
        escape
            .get(at..at + 4)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    let first = unit(2).unwrap_or(0xfffd);
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first).unwrap_or('\u{fffd}'), 6);
    }
    let second = unit(8).unwrap_or(0xdc00);
    let both = 0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff);
    (char::from_u32(both).unwrap_or('\u{fffd}'), 12)
}

/// Resolves `%XX`; `None` if an escape is broken or the bytes are not UTF-8. A `+` stays a plus, as in AWS answers.
#[must_use]
pub fn percent_decode(text: &str) -> Option<(String, OffsetMap)> {
    let mut out = Vec::with_capacity(text.len());
    let mut map = OffsetMap::default();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        map.push(out.len(), at);
        let plain = rest.find('%').unwrap_or(rest.len());
        if plain > 0 {
            out.extend_from_slice(rest.as_bytes().get(..plain)?);
            at += plain;
            continue;
        }
        let hex = rest
            .get(1..3)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        out.push(u8::from_str_radix(hex, 16).ok()?);
        at += 3;
    }
    map.push(out.len(), text.len());
    String::from_utf8(out).ok().map(|out| (out, map))
}

#[cfg(test)]
mod tests {
    use super::super::{Reader, Span, Value};
    use super::*;

    #[test]
    fn every_escape_is_resolved_and_mapped() {
        let text = r#"  "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#;
        let node = Reader::new(text).next().unwrap().unwrap();
        let Value::String(string) = node.value else {
            panic!()
        };
        let (decoded, map) = string.with_map(node.span);
        assert_eq!(decoded, "a\"\\/\u{8}\u{c}\n\r\té\u{1f600}z");
        assert_eq!(string.text(), decoded);
        for (offset, character) in decoded.char_indices() {
            let original = map.origin(u32::try_from(offset).unwrap()) as usize;
            let written = text[original..].chars().next().unwrap();
            assert!(written == '\\' || written == character, "{character} at {offset}");
        }
        assert_eq!(
            map.origin(u32::try_from(decoded.len()).unwrap()) as usize,
            text.len() - 1
        );
    }

    #[test]
    fn percent_encoding_is_resolved_and_mapped() {
        let (decoded, map) = percent_decode("%7B%22a%22%3A+%C3%A9%7D").unwrap();
        assert_eq!(decoded, "{\"a\":+é}");
        assert_eq!(map.origin(2), 6);
        assert_eq!(map.origin(u32::try_from(decoded.len()).unwrap()), 23);
        assert!(percent_decode("%7").is_none());
        assert!(percent_decode("%zz").is_none());
        assert!(percent_decode("%ff").is_none());
        assert!(percent_decode("%é").is_none());
    }

    #[test]
    fn a_plain_string_is_not_copied() {
        let (decoded, map) = with_map("abc", false, Span { start: 7, end: 12 });
        assert!(matches!(decoded, Cow::Borrowed("abc")));
        assert_eq!((map.origin(0), map.origin(3)), (8, 11));
    }
}
