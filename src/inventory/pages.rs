//! Whether the pages of a collection are all there, and which files failed to say.

use super::hints::Hints;
use super::recognize::Page;
use crate::diag::{Code, Diagnostic};
use crate::model::Collected;
use crate::model::snapshot::Gap;
use crate::source::Location;
use std::collections::HashMap;

/// The pages of one collection that were read.
///
/// A page that goes on elsewhere is no gap if the last page is there too: a file or folder may hold a whole sequence.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    any: bool,
    last: bool,
    broken: bool,
    truncated: Option<Location>,
}

impl Pages {
    pub(super) fn add(&mut self, page: &Page) {
        self.any = true;
        self.broken |= page.broken;
        if page.truncated {
            self.truncated.get_or_insert(page.location);
        } else {
            self.last = true;
        }
    }

    pub(super) fn collected(&self) -> Collected {
        match (self.any, self.last && !self.broken) {
            (false, _) => Collected::Missing,
            (true, false) => Collected::Partly,
            (true, true) => Collected::Whole,
        }
    }

    /// The remark about a collection that ends in the middle.
    pub(super) fn remark(&self, what: &str) -> Option<Diagnostic> {
        let location = self.truncated.filter(|_| !self.last)?;
        let found = Diagnostic::new(
            Code::TruncatedOutput,
            location,
            format!("{what}: there is more than this answer holds"),
        );
        Some(
            found
                .effect("what is not listed here is reported as unknown, not as absent")
                .help("run the call again without `--max-items` and `--no-paginate`"),
        )
    }

    /// A gap if the collection is not whole.
    pub(super) fn gap(
        &self,
        what: &'static str,
        of: &str,
        effect: &str,
        failure: Option<(&'static str, Location)>,
    ) -> Option<Gap> {
        let (how, location) = match self.collected() {
            Collected::Whole => return None,
            Collected::Partly if self.broken => ("unreadable", Location::default()),
            Collected::Partly => ("truncated", self.truncated.unwrap_or_default()),
            Collected::Missing => failure.unwrap_or(("missing", Location::default())),
        };
        Some(Gap {
            what,
            of: of.to_owned(),
            how,
            effect: effect.to_owned(),
            location,
        })
    }
}

/// Files that could not be read or were empty, by what their paths name.
#[derive(Default)]
pub(super) struct Failures {
    by_key: HashMap<String, Vec<Failure>>,
    by_account: HashMap<String, Vec<Failure>>,
}

struct Failure {
    name: String,
    region: Option<String>,
    how: &'static str,
    location: Location,
}

impl Failures {
    pub(super) fn add(&mut self, hints: &Hints, how: &'static str, location: Location) {
        let failure = || Failure {
            name: hints.name.clone(),
            region: hints.region.clone(),
            how,
            location,
        };
        if let Some(key) = &hints.key {
            self.by_key.entry(key.clone()).or_default().push(failure());
        } else if let Some(account) = &hints.account {
            self.by_account
                .entry(account.clone())
                .or_default()
                .push(failure());
        }
    }

    /// The failed file that should have said something of a key.
    pub(super) fn of_key(&self, id: &str, region: &str, word: &str) -> Option<(&'static str, Location)> {
        find(self.by_key.get(id)?, Some(region), word)
    }

    /// The failed file that should have said something of an account, or of an account in a Region.
    pub(super) fn of_account(
        &self,
        id: &str,
        region: Option<&str>,
        word: &str,
    ) -> Option<(&'static str, Location)> {
        find(self.by_account.get(id)?, region, word)
    }
}

fn find(failures: &[Failure], region: Option<&str>, word: &str) -> Option<(&'static str, Location)> {
    let fits = |failure: &&Failure| {
        let file = failure.name.rsplit('/').next().unwrap_or_default();
        let there = region.is_none() || failure.region.is_none() || failure.region.as_deref() == region;
        there && file.contains(word)
    };
    failures
        .iter()
        .find(fits)
        .map(|failure| (failure.how, failure.location))
}
