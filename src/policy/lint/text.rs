//! The text of a key policy as a whole -> remarks on its length and its characters (S2.1.5).

use super::Subject;
use crate::diag::{Code, Diagnostic};
use crate::policy::document::{Document, PolicyKind};

/// A key policy may have this many bytes.
const LONGEST: usize = 32_768;

pub(super) fn check(document: &Document, kind: PolicyKind, about: &Subject<'_>) -> Vec<Diagnostic> {
    let Some(text) = about.text.filter(|_| kind == PolicyKind::Key) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if text.len() > LONGEST {
        let message = format!("a key policy of {} bytes; KMS accepts {LONGEST}", text.len());
        found.push(
            Diagnostic::new(Code::PolicyTooLong, document.location, message)
                .effect("KMS refuses to save it (S2.1.5)")
                .help("leave out spaces and line breaks, or merge statements"),
        );
    }
    if let Some(odd) = text.chars().find(|&c| !is_accepted(c)) {
        let message = format!(
            "the character U+{:04X}, which a key policy cannot have",
            u32::from(odd)
        );
        found.push(
            Diagnostic::new(Code::InvalidCharacter, document.location, message)
                .effect("KMS refuses to save it (S2.1.5)")
                .help("write it as a JSON escape, or leave it out"),
        );
    }
    found
}

/// Tab, line breaks, and what Latin-1 can print.
fn is_accepted(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')
}
