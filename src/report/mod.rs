//! Answers -> text for people, JSON, CSV and SARIF for programs; request lines -> requests.
//!
//! Everything here turns values into bytes or text in memory, or back; who writes them where is the command line's
//! business. A format never changes an answer: what is shown is what the query said.

pub mod audit;
pub mod check;
pub mod csv;
pub mod diagnostics;
pub mod diff;
pub mod explain;
pub mod html;
pub mod json;
mod junit;
pub mod names;
pub mod request;
pub mod sarif;
mod style;
mod table;
mod template;
pub mod text;

/// Version of the JSON that [`json`] writes. It grows by one when a field is removed or changes its meaning;
/// new fields leave it as it is.
pub const SCHEMA_VERSION: u32 = 1;
