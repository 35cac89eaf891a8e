//! Text -> [`Node`]s: one pass, an explicit stack, strict JSON.

use super::part::{HANDFUL, Part};
use super::{Lines, Member, Node, Span, Text, Value};
use std::fmt;

/// How deep arrays and objects may nest. No AWS output comes near it.
pub const MAX_DEPTH: usize = 128;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The byte at which it stops being JSON.
    pub offset: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Something else should stand here.
    Expected(&'static str),
    /// The text ends where something is missing.
    Ends(&'static str),
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A backslash followed by something that is no escape.
    Escape,
    /// A control character inside a string.
    Control,
    /// A number that JSON does not allow, such as `01` or `1.`.
    Number,
    /// A text of 4 GiB or more.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::Expected(what) => write!(f, "expected {what}"),
            Problem::Ends(what) => write!(f, "the text ends where {what} should follow"),
            Problem::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            Problem::Escape => write!(f, "an escape that JSON does not have"),
            Problem::Control => write!(f, "a control character inside a string"),
            Problem::Number => write!(f, "a number that JSON does not allow"),
            Problem::TooLong => write!(f, "longer than 4 GiB"),
        }
    }
}

impl std::error::Error for Error {}

/// Reads the values of a text one after another. After an error it ends.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) lines: Lines,
    pub(super) stack: Vec<Frame>,
    /// Elements of the arrays that are still open.
    pub(super) elements: Vec<Node<'a>>,
    /// Members of the objects that are still open; the last one of each is `null` until its value is read.
    pub(super) members: Vec<Member<'a>>,
}

/// An array or object that is still open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    object: bool,
    /// Where it starts.
    start: usize,
    /// Its first element or member in the list of those that are open.
    first: usize,
}

impl<'a> Reader<'a> {
    /// A reader of a text, which may begin with a byte order mark.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Reader {
            text,
            bytes: text.as_bytes(),
            at,
            lines: Lines::with_room(text.len() / 40),
            stack: Vec::with_capacity(8),
            elements: Vec::with_capacity(16),
            members: Vec::with_capacity(16),
        }
    }

    /// The lines of all that was read.
    #[must_use]
    pub fn into_lines(self) -> Lines {
        self.lines
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.lines.feeds.push(offset(self.at));
                    self.at += 1;
                    self.skip_indent();
                }
                _ => return,
            }
        }
    }

    /// Skips the spaces that a line of the AWS CLI begins with, eight at a time.
    fn skip_indent(&mut self) {
        while self
            .bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(&[b' '; 8]))
        {
            self.at += 8;
        }
    }

    fn error(&self, what: &'static str) -> Error {
        let problem = if self.at >= self.bytes.len() {
            Problem::Ends(what)
        } else {
            Problem::Expected(what)
        };
        Error {
            offset: offset(self.at),
            problem,
        }
    }

    fn fail(&self, problem: Problem) -> Error {
        Error {
            offset: offset(self.at),
            problem,
        }
    }

    fn span(&self, start: usize) -> Span {
        Span {
            start: offset(start),
            end: offset(self.at),
        }
    }

    /// Reads one value; the next byte is its first.
    fn value(&mut self) -> Result<Node<'a>, Error> {
        loop {
            if let Part::Value(node) = self.part(|_, _| false)? {
                return Ok(node);
            }
        }
    }

    /// Reads on until a value is whole, or until there is a handful of elements of a list that is `wanted`, going by its
    /// key and its first element. That must be a list in the outermost object, and the first of its name there.
    pub(super) fn part(&mut self, wanted: impl Fn(&Text<'a>, &Node<'a>) -> bool) -> Result<Part<'a>, Error> {
        loop {
            let start = self.at;
            let value = match self.bytes.get(start) {
                Some(b'{') => match self.open_object()? {
                    Some(empty) => empty,
                    None => continue,
                },
                Some(b'[') => match self.open_array()? {
                    Some(empty) => empty,
                    None => continue,
                },
                Some(b'"') => Value::String(self.string()?),
                Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
                Some(b't') => self.word("true", Value::Bool(true))?,
                Some(b'f') => self.word("false", Value::Bool(false))?,
                Some(b'n') => self.word("null", Value::Null)?,
                _ => return Err(self.error("a value")),
            };
            let node = Node {
                span: self.span(start),
                value,
            };
            if let Some(whole) = self.place(node)? {
                return Ok(Part::Value(whole));
            }
            if let [object, list] = self.stack.as_slice()
                && object.object
                && !list.object
                && self.elements.len() - list.first > HANDFUL
                && let Some(elements) = self.take(object.first, list.first, &wanted)
            {
                return Ok(Part::Elements(elements));
            }
        }
    }

    /// Looks for the first byte of a value and reads it, or a part of it.
    pub(super) fn begin<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Option<Result<T, Error>> {
        if self.at == usize::MAX {
            return None;
        }
        let value = if u32::try_from(self.bytes.len()).is_err() {
            Err(Error {
                offset: 0,
                problem: Problem::TooLong,
            })
        } else {
            self.skip_space();
            if self.at >= self.bytes.len() {
                return None;
            }
            read(self)
        };
        if value.is_err() {
            self.at = usize::MAX;
        }
        Some(value)
    }

    /// Puts a finished value where it belongs and closes what ends after it. Returns the outermost value when done.
    fn place(&mut self, mut node: Node<'a>) -> Result<Option<Node<'a>>, Error> {
        loop {
            let Some(&Frame { object, start, first }) = self.stack.last() else {
                return Ok(Some(node));
            };
            if object {
                if let Some(member) = self.members.last_mut() {
                    member.node = node;
                }
            } else {
                self.elements.push(node);
            }
            self.skip_space();
            match self.bytes.get(self.at) {
                Some(b',') => {
                    self.at += 1;
                    self.skip_space();
                    if object {
                        self.key()?;
                    }
                    return Ok(None);
                }
                Some(b'}') if object => self.at += 1,
                Some(b']') if !object => self.at += 1,
                _ => return Err(self.error(if object { "`,` or `}`" } else { "`,` or `]`" })),
            }
            self.stack.pop();
            let value = match object {
                true => Value::Object(self.members.split_off(first)),
                false => Value::Array(self.elements.split_off(first)),
            };
            node = Node {
                span: self.span(start),
                value,
            };
        }
    }

    /// Enters an array; an empty one is finished at once.
    fn open_array(&mut self) -> Result<Option<Value<'a>>, Error> {
        let start = self.at;
        self.enter()?;
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Some(Value::Array(Vec::new())));
        }
        let first = self.elements.len();
        self.stack.push(Frame {
            object: false,
            start,
            first,
        });
        Ok(None)
    }

    /// Enters an object and reads its first key; an empty one is finished at once.
    fn open_object(&mut self) -> Result<Option<Value<'a>>, Error> {
        let start = self.at;
        self.enter()?;
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Some(Value::Object(Vec::new())));
        }
        let first = self.members.len();
        self.stack.push(Frame {
            object: true,
            start,
            first,
        });
        self.key()?;
        Ok(None)
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(self.fail(Problem::TooDeep));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// Reads a key and the colon after it. Its value follows.
    fn key(&mut self) -> Result<(), Error> {
        let key_start = self.at;
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.error("a key in double quotes"));
        }
        let key = self.string()?;
        let key_span = self.span(key_start);
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(self.error("`:`"));
        }
        self.at += 1;
        self.skip_space();
        let node = Node {
            span: key_span,
            value: Value::Null,
        };
        self.members.push(Member { key, key_span, node });
        Ok(())
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, Error> {
        if self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.error("a value"))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let zero = self.bytes.get(self.at) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || (zero && whole > 1) {
            return Err(self.fail(Problem::Number));
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.fail(Problem::Number));
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.fail(Problem::Number));
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Reads a string; the next byte is its opening quote.
    fn string(&mut self) -> Result<Text<'a>, Error> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at = plain_end(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let raw = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fail(Problem::Control)),
                None => return Err(self.error("`\"`")),
            }
        }
    }

    /// Skips a valid escape.
    fn escape(&mut self) -> Result<(), Error> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let unit = self.unit(self.at).ok_or(self.fail(Problem::Escape))?;
                let length = match unit {
                    // A pair of surrogates is one character; half of one is none.
                    0xd800..0xdc00 => {
                        let second = self.unit(self.at + 6).ok_or(self.fail(Problem::Escape))?;
                        if !(0xdc00..0xe000).contains(&second) {
                            return Err(self.fail(Problem::Escape));
                        }
                        12
                    }
                    0xdc00..0xe000 => return Err(self.fail(Problem::Escape)),
                    _ => 6,
                };
                self.at += length;
            }
            _ => return Err(self.fail(Problem::Escape)),
        }
        Ok(())
    }

    /// The number of a `\uXXXX` that starts at an offset.
    fn unit(&self, at: usize) -> Option<u32> {
        let written = self.text.get(at..at + 6)?;
        let hex = written.strip_prefix("\\u")?;
        let plain = hex.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| u32::from_str_radix(hex, 16).ok()).flatten()
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Node<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.begin(Self::value)
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The next quote, backslash or control character at or after an offset; the end of the text if there is none.
///
/// WHY: most bytes of a snapshot stand in strings; eight at a time is three times as fast as one.
pub(super) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let holds = |word: u64, byte: u8| {
        let differs = word ^ (ONES * u64::from(byte));
        differs.wrapping_sub(ONES) & !differs & HIGH
    };
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = control | holds(word, b'"') | holds(word, b'\\');
        if found != 0 {
            // The lowest bit is exact: borrows only reach upwards.
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let special = |b: &u8| matches!(b, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests;
