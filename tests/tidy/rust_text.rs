//! Rust source -> the same text with comments and literals blanked out, so that a word found is a word of code.
//!
//! Lines and columns stay where they were. This is no parser: it knows strings, characters, lifetimes and comments.

/// Replaces comments and the insides of string and character literals by spaces; line ends stay.
pub(crate) fn code_only(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_or_comment_end(bytes, at);
        match end {
            Some(end) => {
                for byte in &mut out[at..end] {
                    if *byte != b'\n' {
                        *byte = b' ';
                    }
                }
                at = end;
            }
            // A whole word is stepped over, so that the `r` of `for"` does not begin a raw string.
            None if is_word(bytes[at]) => {
                while at < bytes.len() && is_word(bytes[at]) {
                    at += 1;
                }
            }
            None => at += 1,
        }
    }
    String::from_utf8(out).expect("whole literals and comments were blanked")
}

/// Source up to the unit tests, which may look at whatever they like.
pub(crate) fn without_unit_tests(code: &str) -> &str {
    code.find("#[cfg(test)]\nmod ").map_or(code, |end| &code[..end])
}

/// The words (identifiers and numbers) of one line of code.
pub(crate) fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn literal_or_comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return Some(at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(block_comment_end(bytes, at));
    }
    let prefix = rest.iter().take_while(|b| b"bcr".contains(b)).count().min(2);
    let hashes = rest[prefix..].iter().take_while(|b| **b == b'#').count();
    let raw = rest[..prefix].contains(&b'r');
    if (hashes == 0 || raw) && rest.get(prefix + hashes) == Some(&b'"') {
        return Some(at + string_end(rest, prefix + hashes + 1, raw.then_some(hashes)));
    }
    if rest[0] == b'\'' {
        return char_end(rest).map(|end| at + end);
    }
    None
}

fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_end(rest: &[u8], mut at: usize, raw_hashes: Option<usize>) -> usize {
    while at < rest.len() {
        match (rest[at], raw_hashes) {
            (b'\\', None) => at += 2,
            (b'"', None) => return at + 1,
            (b'"', Some(hashes)) if rest[at + 1..].iter().take_while(|b| **b == b'#').count() >= hashes => {
                return at + 1 + hashes;
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// The end of a character literal; `None` for a lifetime.
fn char_end(rest: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(&rest[1..]).ok().or_else(|| {
        let valid = std::str::from_utf8(&rest[1..]).unwrap_err().valid_up_to();
        std::str::from_utf8(&rest[1..1 + valid]).ok()
    })?;
    let first = text.chars().next()?;
    if first == '\\' {
        return Some(3 + rest.get(3..)?.iter().position(|b| *b == b'\'')? + 1);
    }
    let close = 1 + first.len_utf8();
    (rest.get(close) == Some(&b'\'')).then_some(close + 1)
}

#[test]
fn comments_and_literals_become_spaces() {
    let source =
        "let a = \"use b\"; // c\n/* d /* e */ f */ g('h', '\\'', 'i: loop {}, r#\"j \" k\"#, b\"l\")";
    let code = code_only(source);
    assert_eq!(words(&code).collect::<Vec<_>>(), ["let", "a", "g", "i", "loop"]);
    assert_eq!(code.len(), source.len());
}
