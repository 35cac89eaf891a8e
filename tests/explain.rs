//! Explanations: of every worked case and of the sample organization as snapshots, of generated worlds by what must hold,
//! and of messages and events as AWS writes them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

#[path = "explain/properties.rs"]
mod properties;
#[path = "explain/snapshots.rs"]
mod snapshots;
