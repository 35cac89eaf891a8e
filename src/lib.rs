//! Who can do what on which KMS key, under which conditions, and why.
//!
//! Data flows one way, and each arrow is a module:
//!
//! ```text
//! files -> inventory -> model -> facts -> rules -> cells -> engine -> query -> report
//!            (policy, condition: the languages that documents are written in)
//! ```
//!
//! Start with [`Snapshot::load`] and [`Engine::compile`]; the semantics are in `rules/`, beside `src/`.
//!
//! | module | turns what into what |
//! | --- | --- |
//! | `inventory` | a folder of AWS CLI output into a [`Snapshot`], remarks and coverage; [`edit`]s as people write them into [`Change`]s |
//! | [`model`] | nothing: plain values of accounts, keys, grants, organization and requests |
//! | [`policy`] | policy text into documents whose parts know their place; [`policy::lint`] remarks on one |
//! | [`condition`] | condition blocks and what is known of a request into formulas |
//! | `facts` | the snapshot into ids, action masks and relations |
//! | `rules` | relations into paths, limits and denies; the conjunction that decides |
//! | `cells` | rows of the rules into one formula for each action |
//! | `engine` | a snapshot into the whole relation, once |
//! | `query` | questions into [`Row`]s and [`Decision`]s |
//! | [`explain`] | one request into its layers, near misses and repairs |
//! | [`check`] | assertions into whether they hold |
//! | [`diff`] | two snapshots with their engines into what became of access, and by what |
//! | [`audit`] | the relation and what policies say into findings |
//! | [`report`] | answers into text, JSON, CSV, Markdown, SARIF and pages |
//!
//! What does not happen: only `inventory` and the command line do input or output; nothing after `inventory` fails
//! on what a policy says, it becomes unknown; the rules see no text; crepe is named under `rules/` only; no answer
//! depends on the clock.
#![forbid(unsafe_code)]

mod answer;
pub mod arn;
pub mod audit;
mod cache;
mod cells;
pub mod check;
pub mod condition;
pub mod diag;
pub mod diff;
mod engine;
mod error;
pub mod explain;
mod facts;
mod inventory;
pub mod json;
pub mod model;
pub mod pattern;
pub mod policy;
mod query;
pub mod report;
#[path = "../rules/mod.rs"]
mod rules;
pub mod source;

pub use answer::{Access, Decision, Derivation, GrantRef, Outcome, Residual, Row, StatementRef};
pub use audit::{Audit, Finding};
pub use condition::solve::RequestContext;
pub use diag::Diagnostic;
pub use engine::{Engine, Size};
pub use error::Error;
pub use explain::Explanation;
pub use inventory::edit;
pub use model::change::Change;
pub use model::finding::Severity;
pub use model::request::{PlainRequest, Request};
pub use model::snapshot::Snapshot;
pub use query::batch::{Batch, Name, Resolved, Verdict};
pub use query::blocks::Block;
pub use query::bulk::MatrixFilter;
pub use query::lockout::Lockout;
pub use query::narrow::{Hidden, Narrowing};
pub use query::scan::Entry;

/// The examples of the README are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
