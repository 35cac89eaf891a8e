//! An earlier report in JSON -> which findings are known already.

use crate::Error;
use crate::audit::Finding;
use crate::model::finding::Severity;
use crate::report::SCHEMA_VERSION;
use ahash::AHashMap;
use serde::Deserialize;

/// The findings of an earlier report that nobody had accepted: an accepted one comes back when its time is over.
#[derive(Clone, Debug)]
pub struct Baseline {
    known: AHashMap<String, Severity>,
}

#[derive(Deserialize)]
struct Written {
    schema_version: u32,
    query: Query,
    results: Vec<Found>,
}

#[derive(Deserialize)]
struct Query {
    verb: String,
}

#[derive(Deserialize)]
struct Found {
    fingerprint: String,
    severity: String,
    accepted: Option<serde::de::IgnoredAny>,
}

impl Baseline {
    /// Reads what `audit --format json` wrote.
    ///
    /// # Errors
    /// The text is no such report, or that of a version that is not known.
    pub fn parse(text: &[u8]) -> Result<Baseline, Error> {
        let wrong = |why: &dyn std::fmt::Display| {
            Error::Baseline(format!("no report of `keywho audit --format json`: {why}"))
        };
        let written: Written = serde_json::from_slice(text).map_err(|error| wrong(&error))?;
        if written.query.verb != "audit" {
            return Err(wrong(&format_args!("it answers `{}`", written.query.verb)));
        }
        if written.schema_version != SCHEMA_VERSION {
            let version = written.schema_version;
            return Err(wrong(&format_args!(
                "its schema has version {version}, not {SCHEMA_VERSION}"
            )));
        }
        let mut known = AHashMap::new();
        for found in written
            .results
            .into_iter()
            .filter(|found| found.accepted.is_none())
        {
            let severity = Severity::ALL.into_iter().find(|one| one.name() == found.severity);
            let severity =
                severity.ok_or_else(|| wrong(&format_args!("no severity `{}`", found.severity)))?;
            known.insert(found.fingerprint, severity);
        }
        Ok(Baseline { known })
    }

    /// Whether the earlier report has a finding, and it has not become worse since.
    #[must_use]
    pub fn has(&self, finding: &Finding) -> bool {
        self.known
            .get(&finding.fingerprint)
            .is_some_and(|&severity| finding.severity <= severity)
    }
}
