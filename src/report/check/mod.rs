//! Checked assertions -> text for people and reports for programs.

pub mod json;
pub mod text;
