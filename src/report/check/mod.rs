//! Checked assertions -> text for people and reports for programs.

pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;
