//! Explanations -> a text tree for people, Markdown, JSON, and graphs in DOT and Mermaid.

mod excerpt;
mod graph;
mod json;
mod text;
mod tree;

pub use excerpt::Sources;
pub use graph::{dot, mermaid};
pub use json::json;
pub use text::{markdown, text};
pub use tree::Show;
