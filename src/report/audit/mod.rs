//! Findings -> text for people and reports for programs.

pub mod text;
