//! Policy variables (S2.7): text with `${key}` into pieces, and pieces with values into a pattern.
//!
//! What a variable stands for is put in as literal characters, so that a tag value `*` opens nothing (S2.7.4). Which
//! keys may be used, that they must be single-valued, and what an unknown value means, is for the caller to say.
//!
//! ```
//! use keywho::condition::variable::template;
//! use keywho::pattern::match_tokens;
//!
//! let home = template("home/${aws:username}/*", true);
//! let pattern = home.substitute(|_| Some("a*".to_owned())).unwrap();
//! assert!(match_tokens(&pattern, "home/a*/x") && !match_tokens(&pattern, "home/ab/x"));
//! assert!(home.substitute(|_| None).is_none());
//! ```

use crate::pattern::Token;

/// A part of a policy text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Piece {
    /// Text as written; `${*}`, `${?}` and `${$}` are already literal characters (S2.7.2).
    Text(Vec<Token>),
    /// `${key}` or `${key, 'default'}`
    Variable {
        /// Name of the condition key as written.
        key: String,
        /// What it stands for when the key is absent.
        default: Option<String>,
    },
}

/// A policy text taken apart at its variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Takes a text apart. Without `variables`, as under version `2008-10-17`, all of it is text (S2.7.1).
#[must_use]
pub fn template(text: &str, variables: bool) -> Template {
    let from = if variables { 0 } else { text.len() };
    Template::read(text, from)
}

/// Takes a Resource pattern apart: variables are substituted only in the sixth part of an ARN (S2.7.1).
#[must_use]
pub fn resource_template(text: &str, variables: bool) -> Template {
    let fifth_colon = text.match_indices(':').nth(4).map(|(at, _)| at);
    let from = fifth_colon.filter(|_| variables).unwrap_or(text.len());
    Template::read(text, from)
}

impl Template {
    /// Reads a text in which variables stand only from a byte position on.
    fn read(text: &str, from: usize) -> Template {
        let (before, mut rest) = text.split_at_checked(from).unwrap_or((text, ""));
        let mut plain: Vec<Token> = before.chars().map(Token::read).collect();
        let mut pieces = Vec::new();
        while let Some((before, after)) = rest.split_once("${") {
            plain.extend(before.chars().map(Token::read));
            match variable(after) {
                Some((Inside::Character(c), later)) => {
                    plain.push(Token::Char(c));
                    rest = later;
                }
                Some((Inside::Variable(piece), later)) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(piece);
                    rest = later;
                }
                None => {
                    plain.extend([Token::Char('$'), Token::Char('{')]);
                    rest = after;
                }
            }
        }
        plain.extend(rest.chars().map(Token::read));
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Template { pieces }
    }

    /// The pieces in order; two texts never follow each other.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Names of the condition keys of its variables, as written, in order, repeated if used again.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(key.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Whether it has any variable.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.keys().next().is_some()
    }

    /// The pattern, if there is no variable in it.
    #[must_use]
    pub fn constant(&self) -> Option<&[Token]> {
        match self.pieces.as_slice() {
            [] => Some(&[]),
            [Piece::Text(tokens)] => Some(tokens),
            _ => None,
        }
    }

    /// For a pattern over ARNs with one variable, which has no default and stands in the sixth part with nothing but
    /// characters around it: its key, and the only value with which the pattern can match this ARN.
    #[must_use]
    pub fn only_value<'a>(&self, arn: &'a str) -> Option<(&str, &'a str)> {
        let (before, key, after) = match self.pieces.as_slice() {
            [Piece::Text(before), Piece::Variable { key, default: None }] => (before, key, &[][..]),
            [
                Piece::Text(before),
                Piece::Variable { key, default: None },
                Piece::Text(after),
            ] => (before, key, after.as_slice()),
            _ => return None,
        };
        let characters = |tokens: &[Token]| -> Option<String> {
            let one = |token: &Token| match token {
                Token::Char(c) => Some(*c),
                Token::One | Token::Many => None,
            };
            tokens.iter().map(one).collect()
        };
        let last = before.splitn(6, |token| *token == Token::Char(':')).nth(5)?;
        let resource = arn.splitn(6, ':').nth(5)?;
        let rest = resource.strip_prefix(characters(last)?.as_str())?;
        let value = rest.strip_suffix(characters(after)?.as_str())?;
        (!value.is_empty()).then_some((key, value))
    }

    /// Puts in what the keys stand for, as literal characters (S2.7.4). `None` if a key without a default is absent:
    /// then the text matches nothing (S2.7.3).
    #[must_use]
    pub fn substitute(&self, mut value: impl FnMut(&str) -> Option<String>) -> Option<Vec<Token>> {
        let mut pattern = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(tokens) => pattern.extend_from_slice(tokens),
                Piece::Variable { key, default } => {
                    let text = value(key).or_else(|| default.clone())?;
                    pattern.extend(text.chars().map(Token::Char));
                }
            }
        }
        Some(pattern)
    }
}

enum Inside {
    Character(char),
    Variable(Piece),
}

/// Reads what follows `${`, and gives the rest of the text. `None` if it is no variable: then `${` is text.
fn variable(text: &str) -> Option<(Inside, &str)> {
    let at = text.find([',', '}', '$', '{'])?;
    let (name, rest) = text.split_at_checked(at)?;
    if name.is_empty() {
        let rest = rest.strip_prefix("$}")?;
        return Some((Inside::Character('$'), rest));
    }
    let key = name.trim();
    if let Some(rest) = rest.strip_prefix('}') {
        return match key {
            "" => None,
            "*" => Some((Inside::Character('*'), rest)),
            "?" => Some((Inside::Character('?'), rest)),
            key => Some((
                Inside::Variable(Piece::Variable {
                    key: key.to_owned(),
                    default: None,
                }),
                rest,
            )),
        };
    }
    let quoted = rest.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, rest) = quoted.split_once('\'')?;
    let rest = rest.trim_start().strip_prefix('}')?;
    let piece = Piece::Variable {
        key: key.to_owned(),
        default: Some(default.to_owned()),
    };
    (!key.is_empty()).then_some((Inside::Variable(piece), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{has_wildcard, tokens, written};

    fn text(pattern: &str) -> Piece {
        Piece::Text(tokens(pattern))
    }

    fn variable(key: &str, default: Option<&str>) -> Piece {
        Piece::Variable {
            key: key.to_owned(),
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn variables_are_found() {
        let pieces = |text| template(text, true).pieces;
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("a*"), [text("a*")]);
        assert_eq!(pieces("${aws:username}"), [variable("aws:username", None)]);
        assert_eq!(
            pieces("a/${aws:username}/${aws:PrincipalTag/my team}*"),
            [
                text("a/"),
                variable("aws:username", None),
                text("/"),
                variable("aws:PrincipalTag/my team", None),
                text("*")
            ]
        );
        assert_eq!(
            pieces("${aws:PrincipalTag/team, 'a, b}*'}x"),
            [variable("aws:PrincipalTag/team", Some("a, b}*")), text("x")]
        );
        assert_eq!(pieces("${ aws:userid ,''}"), [variable("aws:userid", Some(""))]);
        assert_eq!(
            pieces("${a:b}${c:d}"),
            [variable("a:b", None), variable("c:d", None)]
        );
    }

    #[test]
    fn special_characters_are_literal() {
        let read = template("a${*}${?}${$}*", true);
        let literal = [
            Token::Char('a'),
            Token::Char('*'),
            Token::Char('?'),
            Token::Char('$'),
            Token::Many,
        ];
        assert_eq!(read.constant(), Some(literal.as_slice()));
        assert_eq!(
            template("${$}{aws:username}", true).constant(),
            Some(tokens("${aws:username}").as_slice())
        );
    }

    #[test]
    fn what_is_malformed_is_text() {
        for odd in [
            "${",
            "${}",
            "${aws:username",
            "$",
            "{a}",
            "$ {a:b}",
            "${a:b, x}",
            "${a:b, 'x}",
            "${, 'x'}",
            "${ }",
            "$}",
        ] {
            assert_eq!(
                template(odd, true).constant(),
                Some(tokens(odd).as_slice()),
                "{odd}"
            );
        }
        assert_eq!(
            template("${a${b:c}}", true).pieces,
            [text("${a"), variable("b:c", None), text("}")]
        );
        assert_eq!(
            template("$${b:c}", true).pieces,
            [text("$"), variable("b:c", None)]
        );
    }

    #[test]
    fn the_old_version_has_no_variables() {
        let old = template("${aws:username}*", false);
        assert_eq!(old.constant(), Some(tokens("${aws:username}*").as_slice()));
        let star = template("${*}", false);
        assert!(has_wildcard(star.constant().unwrap()));
    }

    #[test]
    fn resources_have_variables_in_the_sixth_part() {
        let read = |text| resource_template(text, true);
        let key = read("arn:aws:kms:*:111122223333:key/${aws:PrincipalTag/key}");
        assert_eq!(key.keys().collect::<Vec<_>>(), ["aws:PrincipalTag/key"]);
        for early in [
            "arn:aws:kms:*:${aws:PrincipalAccount}:key/x",
            "${aws:username}",
            "arn:aws:kms:${x}",
        ] {
            assert!(!read(early).has_variables(), "{early}");
        }
        assert!(!resource_template("arn:aws:kms:*:1:key/${aws:username}", false).has_variables());
    }

    #[test]
    fn substitution_is_literal_and_may_fail() {
        let read = template("*/${aws:username}/${aws:PrincipalTag/team, 'none'}", true);
        let values = |user: Option<&'static str>, team: Option<&'static str>| {
            read.substitute(|key| {
                let value = if key == "aws:username" { user } else { team };
                value.map(str::to_owned)
            })
        };
        let pattern = values(Some("a?"), Some("*")).unwrap();
        assert_eq!(written(&pattern), "*/a?/*");
        assert_eq!(pattern.iter().filter(|token| token.is_wildcard()).count(), 1);
        assert_eq!(written(&values(Some("a"), None).unwrap()), "*/a/none");
        assert_eq!(values(None, Some("b")), None);
        assert_eq!(template("x", true).substitute(|_| None), Some(tokens("x")));
    }
}
