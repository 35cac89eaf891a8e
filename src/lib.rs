//! Who can do what on which KMS key, under which conditions, and why.
#![forbid(unsafe_code)]

pub mod arn;
pub mod condition;
pub mod diag;
mod error;
pub mod json;
pub mod model;
pub mod pattern;
pub mod policy;
pub mod report;
pub mod source;

pub use diag::Diagnostic;
pub use error::Error;
pub use model::request::Request;
pub use model::snapshot::Snapshot;

/// The examples of the README are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
