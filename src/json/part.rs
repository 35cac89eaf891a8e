//! Long lists in parts: elements are handed out, and forgotten, before the value around them is whole.

use super::read::Error;
use super::{Lines, Member, Node, Reader, Text};

/// What reading on has brought.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    /// Some elements of a list that goes on.
    Elements(Elements<'a>),
    /// A whole value, less the elements that were handed out before.
    Value(Node<'a>),
}

/// Elements of a list, taken out of the tree while the list is still being read.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    /// The key of the list in the object around it.
    pub(crate) key: Text<'a>,
    /// The elements. Never the first of the list: that one stays in the tree and stands for what the list is.
    pub(crate) nodes: Vec<Node<'a>>,
    /// The lines that they stand on.
    pub(crate) lines: Lines,
}

/// So many elements are handed out at once: enough to be worth a thread's while, few enough to stay in its cache.
pub(super) const HANDFUL: usize = 32;

impl<'a> Reader<'a> {
    /// Like [`Iterator::next`], but hands out elements of long lists before the value around them is whole.
    pub(crate) fn next_part(
        &mut self,
        wanted: impl Fn(&Text<'a>, &Node<'a>) -> bool,
    ) -> Option<Result<Part<'a>, Error>> {
        if !self.stack.is_empty() && self.at != usize::MAX {
            let part = self.part(wanted);
            if part.is_err() {
                self.at = usize::MAX;
            }
            return Some(part);
        }
        self.begin(|reader| reader.part(wanted))
    }

    /// Takes out all but the first of the elements of a list that were read so far. `member` is where the members of the
    /// object around it begin, `first` where its elements do.
    pub(super) fn take(
        &mut self,
        member: usize,
        first: usize,
        wanted: impl Fn(&Text<'a>, &Node<'a>) -> bool,
    ) -> Option<Elements<'a>> {
        let [earlier @ .., Member { key, .. }] = self.members.get(member..)? else {
            return None;
        };
        let key = *key;
        if !wanted(&key, self.elements.get(first)?) || earlier.iter().any(|other| other.key.same(&key)) {
            return None;
        }
        let nodes = self.elements.split_off(first + 1);
        let lines = self.lines.from(nodes.first()?.span.start);
        Some(Elements { key, nodes, lines })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Elements that were handed out, with their lines, and what is left of the value.
    fn parts(text: &str) -> (Vec<(String, u32)>, Vec<usize>) {
        let mut reader = Reader::new(text);
        let (mut handed, mut left) = (Vec::new(), Vec::new());
        while let Some(part) = reader.next_part(|key, _| key.is("a")) {
            match part.unwrap() {
                Part::Elements(Elements { key, nodes, lines }) => {
                    assert!(key.is("a"));
                    handed.extend(
                        nodes
                            .iter()
                            .map(|node| (node.scalar().unwrap().into_owned(), lines.line(node.span.start))),
                    );
                }
                Part::Value(node) => left.extend(node.members().iter().map(|member| {
                    let crate::json::Value::Array(list) = &member.node.value else {
                        return 0;
                    };
                    list.len()
                })),
            }
        }
        (handed, left)
    }

    #[test]
    fn all_but_the_first_are_handed_out_with_their_lines() {
        let numbers: Vec<String> = (0..100).map(|n| format!("\n{n}")).collect();
        let list = numbers.join(",");
        let text = format!("{{\"b\": [{list}], \"a\": [{list}], \"a\": [{list}]}} {{\"a\": [{list}]}}");
        let (handed, left) = parts(&text);
        let expected = |above: u32| (1..97).map(move |n: u32| (n.to_string(), above + n + 2));
        assert_eq!(handed, expected(100).chain(expected(300)).collect::<Vec<_>>());
        // What stays: other lists, the second list of a name, and of the first its first element and its end.
        assert_eq!(left, [100, 4, 100, 4]);
    }

    #[test]
    fn lists_elsewhere_stay_whole() {
        let list = vec!["1"; 100].join(",");
        for text in [
            format!("[{list}]"),
            format!("{{\"a\": {{\"a\": [{list}]}}}}"),
            format!("[{{\"a\": [{list}]}}]"),
        ] {
            assert!(parts(&text).0.is_empty());
        }
    }

    #[test]
    fn an_error_after_a_part_is_an_error() {
        let text = format!("{{\"a\": [{}, ]}}", vec!["1"; 100].join(","));
        let mut reader = Reader::new(&text);
        let read: Vec<bool> = std::iter::from_fn(|| reader.next_part(|_, _| true))
            .map(|part| part.is_ok())
            .collect();
        assert_eq!(read, [true, true, true, false]);
    }
}
