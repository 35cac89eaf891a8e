//! Findings and the whole relation -> one page that needs nothing else: no network, no script to be read.
//!
//! What is shown is escaped by the templates, which alone write mark-up. Script and style stand in the page with their
//! hashes in its content security policy, so that nothing else can run or be loaded, whatever a policy says.

mod access;
mod findings;
mod keys;
mod letters;
mod matrix;
mod principals;
mod relation;
mod sources;

use super::audit::Report;
use super::diagnostics::place;
use super::style::clean;
use super::template::fill;
use crate::model::key::Key;
use crate::model::snapshot::{Coverage, Snapshot};
use crate::{Block, Finding};
use ahash::AHashMap;
use base64::Engine as _;
use letters::LETTERS;
use relation::Relation;
use serde::Serialize;
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
const TEMPLATES: [(&str, &str); 7] = [
    ("page.html", include_str!("page.html")),
    ("overview.html", include_str!("overview.html")),
    ("findings.html", include_str!("findings.html")),
    ("matrix.html", include_str!("matrix.html")),
    ("keys.html", include_str!("keys.html")),
    ("principals.html", include_str!("principals.html")),
    ("coverage.html", include_str!("coverage.html")),
];

/// What a page is made from, besides the relation.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The findings to show.
    pub report: Report<'a>,
    /// All findings, from which the page says which keys are open to outsiders.
    pub all: &'a [Finding],
    /// What the findings are about.
    pub snapshot: &'a Snapshot,
    /// How many conditions were too large to decide.
    pub undecided: usize,
    /// What identifies the snapshot: SHA-256 over its files.
    pub digest: &'a str,
    /// Edits of the snapshot that the page is about, as the command line names them: the files do not have them.
    pub edits: &'a [String],
    /// When the page is made.
    pub time: &'a str,
}

/// How much of long lists is shown, so that the page stays small; what is left out is counted.
#[derive(Clone, Copy)]
struct Budget {
    /// Principals of a row of a key.
    names: usize,
    /// Ways of a row of a key.
    ways: usize,
    /// Principals, and places, of a finding.
    evidence: usize,
    /// Keys of a row of a principal.
    keys: usize,
}

impl Budget {
    /// What a page about so many keys can afford.
    fn of(keys: usize) -> Budget {
        let share = |all: usize, least: usize, most: usize| (all / keys.max(1)).clamp(least, most);
        Budget {
            names: share(300, 3, 100),
            ways: share(200, 2, 50),
            evidence: share(200, 2, 20),
            keys: share(600, 6, 100),
        }
    }
}

#[derive(Serialize)]
struct View<'a> {
    style: &'static str,
    script: &'static str,
    style_hash: String,
    script_hash: String,
    version: &'static str,
    digest: &'a str,
    time: &'a str,
    edits: Vec<String>,
    verdict: String,
    files: usize,
    accounts: usize,
    letters: [letters::Letter; LETTERS.len()],
    overview: findings::Overview,
    findings: Vec<findings::OfRule>,
    keys: Vec<KeyView>,
    keys_total: usize,
    sections: Vec<keys::Section>,
    matrices: Vec<matrix::Matrix>,
    principals: Vec<principals::Section>,
    principals_total: usize,
    sources: Vec<sources::Source>,
    sets: Vec<String>,
    coverage: CoverageView,
}

/// A key as links and the list of keys show it.
#[derive(Serialize)]
struct KeyView {
    arn: String,
    anchor: String,
    name: String,
    short: String,
    marks: Vec<findings::Mark>,
}

#[derive(Serialize)]
struct CoverageView {
    read: Vec<(&'static str, usize, usize)>,
    gaps: Vec<GapView>,
    undecided: usize,
}

#[derive(Serialize)]
struct GapView {
    what: String,
    how: &'static str,
    effect: String,
    at: Option<String>,
}

/// The page. `relation` gives the blocks of each key, with its ARN, in the order of ARNs.
#[must_use]
pub fn page<'e>(page: &Page<'_>, relation: impl Iterator<Item = (&'e str, Vec<Block<'e>>)>) -> String {
    let known: AHashMap<&str, &Key> = page
        .snapshot
        .keys
        .iter()
        .map(|key| (key.arn.as_str(), key))
        .collect();
    let budget = Budget::of(known.len());
    let mut all = Relation::default();
    let mut shared = access::Shared::default();
    let mut sections = Vec::new();
    for (arn, blocks) in relation {
        let place = all.add_key(arn, page.report.names);
        all.add_blocks(place, &blocks);
        let key = known.get(arn).copied();
        sections.push(keys::section(place, key, &blocks, &all, &mut shared, budget));
    }
    let places = all.keys.iter().enumerate();
    let places: AHashMap<String, usize> = places.map(|(place, key)| (key.arn.clone(), place)).collect();
    let told = findings::all(&page.report, &places, &mut shared.sources, budget);
    let marks = findings::by_key(&page.report, &told, &all, &places);
    let view = View {
        style: STYLE,
        script: SCRIPT,
        style_hash: hash(STYLE),
        script_hash: hash(SCRIPT),
        version: env!("CARGO_PKG_VERSION"),
        digest: page.digest,
        time: page.time,
        edits: page.edits.iter().map(|edit| clean(edit)).collect(),
        verdict: page.report.verdict(),
        files: page.snapshot.files.len(),
        accounts: page.snapshot.accounts.len(),
        letters: LETTERS,
        overview: findings::overview(&page.report, page.all, &places),
        findings: told,
        matrices: matrix::all(&all),
        principals: principals::all(&all, budget),
        principals_total: all.of.len(),
        keys: all
            .keys
            .into_iter()
            .zip(marks)
            .map(|(key, marks)| KeyView {
                arn: clean(&key.arn),
                anchor: key.anchor,
                name: key.name,
                short: key.short,
                marks,
            })
            .collect(),
        keys_total: page.snapshot.keys.len(),
        sections,
        sources: shared.sources.all,
        sets: shared.all_sets.into_iter().map(letters::names).collect(),
        coverage: coverage(&page.snapshot.coverage, page),
    };
    fill(&TEMPLATES, view)
}

fn coverage(coverage: &Coverage, page: &Page<'_>) -> CoverageView {
    let gaps = coverage.gaps.iter().map(|gap| GapView {
        what: clean(&format!("{} {}", gap.what, gap.of)),
        how: gap.how,
        effect: clean(&gap.effect),
        at: place(gap.location, &page.snapshot.files),
    });
    CoverageView {
        read: coverage
            .read
            .iter()
            .map(|item| (item.what, item.read, item.expected))
            .collect(),
        gaps: gaps.collect(),
        undecided: page.undecided,
    }
}

/// What a content security policy calls a script or style by.
fn hash(text: &str) -> String {
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    format!("sha256-{digest}")
}
