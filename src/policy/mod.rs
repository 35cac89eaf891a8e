//! The policy language: text to [`document::Document`] plus diagnostics (S2).
//!
//! A broken statement never hides the others: what is not understood is marked opaque and stays in the document.

pub mod document;
pub mod lint;
pub mod parse;
pub mod write;
