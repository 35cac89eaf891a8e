//! Statements that several keys have in common -> a list with numbers, so that each is shown with its place once.

use crate::StatementRef;
use crate::report::names;
use ahash::AHashMap;
use serde::Serialize;

/// A statement outside of key policies.
#[derive(Serialize)]
pub(super) struct Source {
    policy: String,
    statement: String,
    file: String,
    line: u32,
    /// How many ways to access name it.
    named: usize,
}

/// The statements met so far.
#[derive(Default)]
pub(super) struct Sources {
    numbers: AHashMap<StatementRef, usize>,
    pub(super) all: Vec<Source>,
}

impl Sources {
    /// The number of a statement, by which links name it.
    pub(super) fn number(&mut self, at: &StatementRef) -> usize {
        let number = match self.numbers.get(at) {
            Some(&known) => known,
            None => {
                self.all.push(Source {
                    policy: names::policy(&at.policy),
                    statement: crate::report::text::statement(at),
                    file: crate::report::style::clean(&at.file),
                    line: at.line,
                    named: 0,
                });
                self.numbers.insert(at.clone(), self.all.len() - 1);
                self.all.len() - 1
            }
        };
        if let Some(source) = self.all.get_mut(number) {
            source.named += 1;
        }
        number
    }
}
