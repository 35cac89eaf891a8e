//! In which format an answer is written, and with which colours.

use clap::ValueEnum;

/// Formats of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people
    Text,
    /// One object with `schema_version`, `query`, `results` and `unknown`
    Json,
    /// One object a line
    Ndjson,
    /// RFC 4180, safe for spreadsheets
    Csv,
    /// Markdown for the comment of a pull request
    Md,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// JUnit XML for the test reports of CI
    Junit,
    /// One page that needs nothing else
    Html,
    /// A graph for Graphviz
    Dot,
    /// A graph for Mermaid
    Mermaid,
}

impl Format {
    /// The formats of rows.
    pub(super) const ROWS: [Format; 4] = [Format::Text, Format::Json, Format::Ndjson, Format::Csv];

    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Csv => "csv",
            Format::Md => "md",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
            Format::Html => "html",
            Format::Dot => "dot",
            Format::Mermaid => "mermaid",
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Also into files and pipes
    Always,
    /// Nowhere
    Never,
}

impl Color {
    /// Makes the choice hold for all output.
    pub(super) fn apply(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::AlwaysAnsi,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}
