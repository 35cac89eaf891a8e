//! Who can do what on which KMS key, under which conditions, and why.
#![forbid(unsafe_code)]

pub mod arn;
pub mod condition;
pub mod diag;
mod error;
mod facts;
pub mod model;
pub mod pattern;
pub mod policy;
#[path = "../rules/mod.rs"]
mod rules;
pub mod source;

pub use diag::Diagnostic;
pub use error::Error;
pub use model::request::Request;
pub use model::snapshot::Snapshot;
