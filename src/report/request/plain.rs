//! A line of JSON that says what most requests say, read where it stands: no text is copied.
//!
//! It reads only what it understands exactly as [`parse`](super::parse) does: an object of `id`, `principal`, `action`,
//! `resource`, `context` and `openContext`, each once, without escapes. Of any other line it says nothing, and `parse`
//! tells whether it is a request and what is wrong with it.

use crate::PlainRequest;

/// How many context values are looked at; who states more goes the long way.
const MANY: usize = 64;

/// A request in the texts of its line. One is used again for the next line, so that its context needs no new room.
#[derive(Debug, Default)]
pub struct Plain<'a> {
    /// The request's id; empty if it has none.
    pub id: &'a str,
    principal: &'a str,
    action: &'a str,
    resource: &'a str,
    context: Vec<(&'a str, &'a str)>,
    open_context: bool,
}

impl<'a> Plain<'a> {
    /// Reads a line in place of what was read before; false if it is anything but a plain request.
    pub fn read(&mut self, line: &'a [u8]) -> bool {
        self.context.clear();
        self.open_context = false;
        // WHY: one pass without a branch is several times faster than looking at each text as it comes.
        let odd = line
            .iter()
            .fold(false, |odd, byte| odd | (*byte < b' ') | (*byte == b'\\'));
        match std::str::from_utf8(line) {
            Ok(text) if !odd => self.fields(text).is_some(),
            _ => false,
        }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> PlainRequest<'_> {
        PlainRequest {
            principal: self.principal,
            action: self.action,
            resource: self.resource,
            context: &self.context,
            open_context: self.open_context,
        }
    }

    fn fields(&mut self, text: &'a str) -> Option<()> {
        let mut scan = Scan { rest: text };
        let (mut id, mut principal, mut action, mut resource) = (None, None, None, None);
        let (mut context, mut open) = (None, None);
        scan.members(|scan, name| match name {
            "id" => once(&mut id, scan.scalar()?),
            "principal" => once(&mut principal, scan.string()?),
            "action" => once(&mut action, scan.string()?),
            "resource" => once(&mut resource, scan.string()?),
            "openContext" => once(&mut open, scan.flag()?),
            "context" => {
                once(&mut context, ())?;
                scan.members(|scan, name| self.key(scan, name))
            }
            _ => None,
        })?;
        self.id = id.unwrap_or_default();
        (self.principal, self.action, self.resource) = (principal?, action?, resource?);
        self.open_context = open == Some("true");
        scan.skip();
        scan.rest.is_empty().then_some(())
    }

    fn key(&mut self, scan: &mut Scan<'a>, name: &'a str) -> Option<()> {
        if self.context.len() >= MANY || self.context.iter().any(|(stated, _)| *stated == name) {
            return None;
        }
        if !scan.take('[') {
            self.context.push((name, scan.scalar()?));
            return Some(());
        }
        loop {
            self.context.push((name, scan.string()?));
            if scan.take(']') {
                return Some(());
            }
            scan.take(',').then_some(())?;
        }
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// What is left of a line without escapes.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    fn skip(&mut self) {
        if self.rest.starts_with(' ') {
            self.rest = self.rest.trim_start_matches(' ');
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take('"').then_some(())?;
        let end = self.rest.bytes().position(|byte| byte == b'"')?;
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest.strip_prefix('"')?;
        Some(text)
    }

    fn flag(&mut self) -> Option<&'a str> {
        self.skip();
        let end = if self.rest.starts_with("true") { 4 } else { 5 };
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        matches!(text, "true" | "false").then_some(text)
    }

    /// A text; or a truth value or a whole number, in the text that stands for it.
    fn scalar(&mut self) -> Option<&'a str> {
        self.skip();
        match self.rest.bytes().next()? {
            b'"' => self.string(),
            b't' | b'f' => self.flag(),
            first => {
                let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
                let (text, rest) = self.rest.split_at_checked(digits)?;
                let fits = match digits {
                    0 => false,
                    1 => true,
                    2..=18 => first != b'0',
                    _ => false,
                };
                // A fraction or an exponent makes it another number.
                let ends = rest.starts_with([',', '}', ']', ' ']);
                self.rest = rest;
                (fits && ends).then_some(text)
            }
        }
    }

    /// An object: each member's value is read by `each`.
    fn members(&mut self, mut each: impl FnMut(&mut Scan<'a>, &'a str) -> Option<()>) -> Option<()> {
        self.take('{').then_some(())?;
        if self.take('}') {
            return Some(());
        }
        loop {
            let name = self.string()?;
            self.take(':').then_some(())?;
            each(self, name)?;
            if self.take('}') {
                return Some(());
            }
            self.take(',').then_some(())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const LINES: &[&str] = &[
        r#"{"id":"1","principal":"p","action":"a","resource":"r"}"#,
        r#" { "principal" : "p" , "action":"a","resource":"r", "context" : { } , "openContext" : false } "#,
        r#"{"id":7,"principal":"p","action":"a","resource":"r","context":{"a":"x","b":["y","z"],"c":true,"d":0}}"#,
        r#"{"id":"","principal":"π","action":"","resource":"r","openContext":true,"context":{"é":"ü"}}"#,
    ];
    /// What only the other reader reads, or refuses.
    const ODD: &[&str] = &[
        "",
        "{",
        "{}",
        "null",
        r#"["p"]"#,
        r#"{"id":"1","principal":"p","action":"a"}"#,
        r#"{"id":07,"principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":1.5,"principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":-1,"principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":truer,"principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":null,"principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":"a\"b","principal":"p","action":"a","resource":"r"}"#,
        r#"{"id":"1","id":"1","principal":"p","action":"a","resource":"r"}"#,
        r#"{"principal":"p","action":"a","resource":"r"},"#,
        r#"{"principal":"p","action":"a","resource":"r",}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":null}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{},"context":{}}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{"a":"1","a":"1"}}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{"a":[]}}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{"a":["x",]}}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{"a":[1]}}"#,
        r#"{"principal":"p","action":"a","resource":"r","context":{"a":{}}}"#,
        r#"{"principal":"p","action":"a","resource":"r","bypass":false}"#,
        "{\"principal\":\"p\",\t\"action\":\"a\",\"resource\":\"r\"}",
    ];

    #[test]
    fn what_is_read_is_read_as_the_other_reader_reads_it() {
        let mut plain = Plain::default();
        for line in LINES {
            assert!(plain.read(line.as_bytes()), "{line}");
            let mut got = plain.request().request();
            got.id = plain.id.to_owned();
            let expected = parse(line.as_bytes()).unwrap().request;
            assert_eq!(format!("{got:?}"), format!("{expected:?}"), "{line}");
        }
        // Whatever is cut out of a line or put into it: what is read at all is read alike.
        for line in LINES.iter().chain(ODD).map(|line| line.as_bytes()) {
            for at in 0..line.len() {
                for (cut, more) in [
                    (1, ""),
                    (0, "\""),
                    (0, ","),
                    (1, "}"),
                    (0, " "),
                    (0, "]"),
                    (1, "0"),
                ] {
                    let changed = [&line[..at], more.as_bytes(), &line[at + cut..]].concat();
                    let mut plain = Plain::default();
                    if plain.read(&changed) {
                        let mut got = plain.request().request();
                        got.id = plain.id.to_owned();
                        let text = String::from_utf8_lossy(&changed).into_owned();
                        let expected = parse(&changed).expect(&text).request;
                        assert_eq!(format!("{got:?}"), format!("{expected:?}"), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_odd_is_left_to_the_other_reader() {
        let mut plain = Plain::default();
        for line in ODD {
            assert!(!plain.read(line.as_bytes()), "{line}");
        }
        assert!(!plain.read(b"{\"principal\":\"\xff\",\"action\":\"a\",\"resource\":\"r\"}"));
    }
}
