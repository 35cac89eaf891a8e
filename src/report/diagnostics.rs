//! Diagnostics -> lines for people: one line a kind, or each in full with its place; and JSON.

use super::json::{Place, append};
use super::style::{Tone, clean, paint};
use crate::Diagnostic;
use crate::diag::{Code, Severity};
use crate::source::{Files, Location};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `file:line`, or nothing for what stands in no file.
#[must_use]
pub fn place(location: Location, files: &Files) -> Option<String> {
    let file = files.name(location.file?);
    Some(if location.line == 0 {
        clean(file)
    } else {
        format!("{}:{}", clean(file), location.line)
    })
}

/// One line for each kind of error and warning, with how often and where first; the number of notes.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic], files: &Files) -> String {
    let mut kinds: BTreeMap<(Severity, Code), Vec<&Diagnostic>> = BTreeMap::new();
    for diagnostic in diagnostics {
        kinds
            .entry((diagnostic.severity(), diagnostic.code))
            .or_default()
            .push(diagnostic);
    }
    let mut text = String::new();
    let mut notes = 0;
    for ((severity, code), same) in &kinds {
        if *severity == Severity::Note {
            notes += same.len();
            continue;
        }
        let Some(first) = same.iter().min_by_key(|diagnostic| diagnostic.location) else {
            continue;
        };
        let at = place(first.location, files);
        let (said, tail) = match (at, same.len()) {
            (None, 1) => (clean(&first.message), String::new()),
            (Some(at), 1) => (clean(&first.message), format!(" ({at})")),
            (None, many) => (code.title().to_owned(), format!(" ({many} times)")),
            (Some(at), many) => (code.title().to_owned(), format!(" ({at} and {} more)", many - 1)),
        };
        let _ = writeln!(text, "{}: {said}{tail}", label(*severity, *code));
    }
    if notes > 0 {
        let _ = writeln!(
            text,
            "{}: {notes} more remark{}: see -v",
            Tone::Strong.words("note"),
            plural(notes)
        );
    }
    paint(&text)
}

/// Each diagnostic in full.
#[must_use]
pub fn full(diagnostics: &[Diagnostic], files: &Files) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let head = label(diagnostic.severity(), diagnostic.code);
        let _ = writeln!(text, "{head}: {}", clean(&diagnostic.message));
        if let Some(at) = place(diagnostic.location, files) {
            let _ = writeln!(text, "  --> {at}");
        }
        for (name, said) in [("note", &diagnostic.effect), ("help", &diagnostic.help)] {
            if let Some(said) = said {
                let _ = writeln!(text, "   = {name}: {}", clean(said));
            }
        }
    }
    paint(&text)
}

/// What is to be said about the new policy of a key.
#[must_use]
pub fn lockout(key: &str, said: &str) -> String {
    let head = Tone::Caution.words("warning[lockout]");
    paint(&format!("{head}: key `{}`: {said}\n", clean(key)))
}

#[derive(Serialize)]
struct DiagnosticView<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    effect: Option<&'a str>,
    help: Option<&'a str>,
    file: Option<&'a str>,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
}

/// Appends one diagnostic as a JSON object, without a line end.
pub fn json(out: &mut Vec<u8>, diagnostic: &Diagnostic, files: &Files, place: Place) {
    append(
        out,
        &DiagnosticView {
            code: diagnostic.code.name(),
            severity: severity(diagnostic.severity()),
            message: &diagnostic.message,
            effect: diagnostic.effect.as_deref(),
            help: diagnostic.help.as_deref(),
            file: diagnostic.location.file.map(|file| files.name(file)),
            line: diagnostic.location.line,
            schema_version: place.version(),
        },
    );
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn label(of: Severity, code: Code) -> String {
    let tone = match of {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Caution,
        Severity::Note => Tone::Strong,
    };
    tone.words(&format!("{}[{}]", severity(of), code.name()))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn kinds_are_counted_and_notes_are_held_back() {
        let mut files = Files::default();
        let at = |line| Location {
            file: Some(FILE),
            start: line,
            end: line,
            line,
        };
        const FILE: crate::source::FileId = crate::source::FileId(0);
        files.add("a.json");
        let diagnostics = [
            Diagnostic::new(Code::EmptyFile, at(7), "an empty file"),
            Diagnostic::new(Code::EmptyFile, at(3), "an empty file").help("ask again"),
            Diagnostic::new(Code::OldVersion, at(1), "version `2008-10-17`"),
            Diagnostic::new(Code::InvalidJson, Location::default(), "no JSON"),
        ];
        assert_eq!(
            strip(&summary(&diagnostics, &files)),
            "error[invalid-json]: no JSON\n\
             warning[empty-file]: an empty file: the call that should have filled it failed (a.json:3 and 1 more)\n\
             note: 1 more remark: see -v\n"
        );
        assert_eq!(
            strip(&full(&diagnostics[1..2], &files)),
            "warning[empty-file]: an empty file\n  --> a.json:3\n   = help: ask again\n"
        );
    }
}
