//! Who can do what on which KMS key, under which conditions, and why.
#![forbid(unsafe_code)]

mod answer;
pub mod arn;
mod cache;
mod cells;
pub mod condition;
pub mod diag;
mod engine;
mod error;
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
pub use diag::Diagnostic;
pub use engine::{Engine, Size};
pub use error::Error;
pub use model::request::Request;
pub use model::snapshot::Snapshot;
pub use query::bulk::MatrixFilter;

/// The examples of the README are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
