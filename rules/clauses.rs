//! The specification: every clause by which something is decided, in the project's own words.
//!
//! Rules, lowering and answers cite a clause by its id. Each has a source in the AWS documentation, or is this project's
//! own reading of what the documentation does not say ([`source::OWN`]), and cases that exercise it: folders of `tests/cases`
//! (`w02-...`), of `tests/rules` (`paths/user-named`) and of `tests/audits` (`audits/a12-...`). A test keeps clauses, rules and cases in step.
//!
//! `"S4.5.1" "title" SOURCE "text" ["case", ..];` is a clause. They stand in order of their ids.
#![cfg_attr(
    not(test),
    allow(dead_code, reason = "texts and cases are for whoever asks what an id means")
)]

/// One clause of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// `S4.5.1`: section and number, stable.
    pub(crate) id: &'static str,
    /// What it is about, in a few words.
    pub(crate) title: &'static str,
    /// What it says, in one or two sentences.
    pub(crate) text: &'static str,
    /// Guide and title of the page it comes from.
    pub(crate) source: &'static str,
    /// The case folders that exercise it.
    pub(crate) cases: &'static [&'static str],
}

macro_rules! clauses {
    ($($id:literal $title:literal $source:ident $text:literal [$($case:literal),*];)*) => {
        /// The clauses of a chapter, in order of their ids.
        pub(super) const CLAUSES: &[Clause] = &[$(
            Clause { id: $id, title: $title, text: $text, source: source::$source, cases: &[$($case),*] },
        )*];
    };
}

mod access;
mod audit;
mod keys;
mod policies;
mod source;

/// All clauses, in order of their ids.
pub(crate) fn all() -> impl Iterator<Item = &'static Clause> {
    [policies::CLAUSES, access::CLAUSES, keys::CLAUSES, audit::CLAUSES]
        .into_iter()
        .flatten()
}

/// A clause by its id.
pub(crate) fn clause(id: &str) -> Option<&'static Clause> {
    all().find(|clause| clause.id == id)
}
