//! Wildcard patterns: text with `*` and `?` into a yes or no for another text.
//!
//! `*` stands for any run of characters, also an empty one, `?` for exactly one character. A pattern is a list of
//! [`Token`]s, because a character that came from a policy variable, or from `${*}`, is never a wildcard (S2.7.2,
//! S2.7.4). Nothing here knows of ARNs or actions.
//!
//! ```
//! assert!(keywho::pattern::glob("ReEncrypt*", "ReEncryptFrom"));
//! assert!(!keywho::pattern::glob("alias/?", "alias/"));
//! ```

use std::str::Chars;

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token {
    /// This character and no other.
    Char(char),
    /// `?`: any one character.
    One,
    /// `*`: any run of characters, also none.
    Many,
}

impl Token {
    /// Reads one character of a pattern as people write it.
    #[must_use]
    pub const fn read(written: char) -> Token {
        match written {
            '*' => Token::Many,
            '?' => Token::One,
            other => Token::Char(other),
        }
    }

    /// The character as people write it.
    #[must_use]
    pub const fn written(self) -> char {
        match self {
            Token::Char(c) => c,
            Token::One => '?',
            Token::Many => '*',
        }
    }

    /// Whether it stands for other characters than itself.
    #[must_use]
    pub const fn is_wildcard(self) -> bool {
        !matches!(self, Token::Char(_))
    }
}

/// Reads a pattern in which every `*` and `?` is a wildcard.
#[must_use]
pub fn tokens(pattern: &str) -> Vec<Token> {
    pattern.chars().map(Token::read).collect()
}

/// Reads a text in which no character is a wildcard.
#[must_use]
pub fn literal(text: &str) -> Vec<Token> {
    text.chars().map(Token::Char).collect()
}

/// The pattern as text; wildcards and literal `*` and `?` look the same in it.
#[must_use]
pub fn written(pattern: &[Token]) -> String {
    pattern.iter().map(|token| token.written()).collect()
}

/// Whether a pattern holds any wildcard.
#[must_use]
pub fn has_wildcard(pattern: &[Token]) -> bool {
    pattern.iter().any(|token| token.is_wildcard())
}

/// Whether a pattern is `*`, or several of them in a row: it matches every text.
#[must_use]
pub fn matches_everything(pattern: &[Token]) -> bool {
    !pattern.is_empty() && pattern.iter().all(|&token| token == Token::Many)
}

/// Whether the pattern, written with `*` and `?`, matches the whole text. Case counts.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    run(pattern.chars().map(Token::read), text.chars(), |a, b| a == b)
}

/// Like [`glob`], but ASCII letters of either case are the same, as in names of actions (S2.3.1).
#[must_use]
pub fn glob_ignore_case(pattern: &str, text: &str) -> bool {
    run(pattern.chars().map(Token::read), text.chars(), |a, b| {
        a.eq_ignore_ascii_case(&b)
    })
}

/// Whether the pattern matches the whole text. Case counts.
#[must_use]
pub fn match_tokens(pattern: &[Token], text: &str) -> bool {
    run(pattern.iter().copied(), text.chars(), |a, b| a == b)
}

/// Walks pattern and text together. After a `*` only the latest one is ever tried again, one character further, which
/// finds a match whenever there is one: time is at most the product of the two lengths, whatever the pattern.
fn run<P>(pattern: P, text: Chars<'_>, same: impl Fn(char, char) -> bool) -> bool
where
    P: Iterator<Item = Token> + Clone,
{
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(P, Chars<'_>)> = None;
    loop {
        let token = pattern.next();
        if token == Some(Token::Many) {
            retry = Some((pattern.clone(), text.clone()));
            continue;
        }
        match (token, text.next()) {
            (None, None) => return true,
            (Some(Token::One), Some(_)) => {}
            (Some(Token::Char(wanted)), Some(found)) if same(wanted, found) => {}
            // WHY: more text can only be given to a `*`, and there is too little of it already.
            (Some(_), None) => return false,
            (_, Some(_)) => {
                let Some((after_star, from)) = &mut retry else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
                text = from.clone();
            }
        }
    }
}

/// A pattern prepared for many texts: the commonest forms are compared as plain strings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern(Shape);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Shape {
    Everything,
    Exact(String),
    Prefix(String),
    Other(Box<[Token]>),
}

impl Pattern {
    /// Prepares a pattern.
    #[must_use]
    pub fn new(pattern: &[Token]) -> Pattern {
        if matches_everything(pattern) {
            return Pattern(Shape::Everything);
        }
        if !has_wildcard(pattern) {
            return Pattern(Shape::Exact(written(pattern)));
        }
        match pattern.split_last() {
            Some((Token::Many, prefix)) if !has_wildcard(prefix) => Pattern(Shape::Prefix(written(prefix))),
            _ => Pattern(Shape::Other(pattern.into())),
        }
    }

    /// Prepares a pattern in which every `*` and `?` is a wildcard.
    #[must_use]
    pub fn read(pattern: &str) -> Pattern {
        Pattern::new(&tokens(pattern))
    }

    /// Whether the pattern matches the whole text.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Shape::Everything => true,
            Shape::Exact(exact) => exact == text,
            Shape::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Shape::Other(tokens) => match_tokens(tokens, text),
        }
    }

    /// The only text the pattern matches, if it has no wildcard.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        match &self.0 {
            Shape::Exact(exact) => Some(exact),
            _ => None,
        }
    }

    /// Whether the pattern matches every text.
    #[must_use]
    pub fn matches_everything(&self) -> bool {
        self.0 == Shape::Everything
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of a match, slow and plain.
    fn naive(pattern: &[Token], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::Many, later)), rest) => {
                naive(later, text) || rest.is_some_and(|(_, fewer)| naive(pattern, fewer))
            }
            (Some((Token::One, later)), Some((_, fewer))) => naive(later, fewer),
            (Some((Token::Char(a), later)), Some((b, fewer))) => a == b && naive(later, fewer),
            (Some(_), None) => false,
        }
    }

    /// Every word of at most `length` letters.
    fn words(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..length {
            let until = all.len();
            for i in from..until {
                for &letter in letters {
                    let mut word = all[i].clone();
                    word.push(letter);
                    all.push(word);
                }
            }
            from = until;
        }
        all
    }

    #[test]
    fn agrees_with_the_definition_on_every_short_word() {
        for pattern in words(&['a', 'b', '?', '*'], 5) {
            let read = tokens(&pattern);
            let prepared = Pattern::new(&read);
            for text in words(&['a', 'b'], 6) {
                let expected = naive(&read, &text.chars().collect::<Vec<_>>());
                assert_eq!(glob(&pattern, &text), expected, "{pattern} on {text}");
                assert_eq!(match_tokens(&read, &text), expected, "{pattern} on {text}");
                assert_eq!(prepared.matches(&text), expected, "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_on_longer_words() {
        let mut state = 0x9e37_79b9_u64;
        let mut next = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        for _ in 0..20_000 {
            let pattern: String = (0..next(9))
                .map(|_| ['a', 'b', ':', '*', '?'][next(5) as usize])
                .collect();
            let text: String = (0..next(12)).map(|_| ['a', 'b', ':'][next(3) as usize]).collect();
            let expected = naive(&tokens(&pattern), &text.chars().collect::<Vec<_>>());
            assert_eq!(glob(&pattern, &text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn literal_characters_are_no_wildcards() {
        assert!(match_tokens(&literal("a*?"), "a*?"));
        assert!(!match_tokens(&literal("a*"), "ab"));
        let mixed = [Token::Char('*'), Token::Many];
        assert!(match_tokens(&mixed, "*anything"));
        assert!(!match_tokens(&mixed, "anything"));
        assert!(Pattern::new(&mixed).matches("*x"));
        assert!(!Pattern::new(&literal("*")).matches_everything());
    }

    #[test]
    fn a_character_is_a_unicode_character() {
        assert!(glob("?", "é"));
        assert!(glob("caf?", "café"));
        assert!(!glob("caf??", "café"));
        assert!(glob("*é*", "un café noir"));
    }

    #[test]
    fn case_counts_unless_asked_otherwise() {
        assert!(!glob("decrypt", "Decrypt"));
        assert!(glob_ignore_case("dEC*", "Decrypt"));
        assert!(!glob_ignore_case("É", "é"));
    }

    #[test]
    fn many_stars_take_no_long_time() {
        let pattern = "a*".repeat(200) + "b";
        let text = "a".repeat(20_000);
        assert!(!glob(&pattern, &text));
        assert!(glob(&"*".repeat(5_000), &text));
    }

    #[test]
    fn shapes_keep_their_meaning() {
        assert_eq!(Pattern::read("alias/app").exact(), Some("alias/app"));
        assert!(Pattern::read("**").matches_everything());
        assert!(Pattern::read("").matches(""));
        assert!(!Pattern::read("").matches("x"));
        assert!(Pattern::read("alias/*").matches("alias/"));
    }
}
