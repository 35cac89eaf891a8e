//! Templates of the program and values -> text. Values are escaped for HTML and XML, as the names of templates end.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error};
use serde::Serialize;

/// Fills the first of some templates, which may include the others.
pub(super) fn fill(templates: &[(&'static str, &'static str)], values: impl Serialize) -> String {
    // Templates are part of the program and their values have no failing parts: what goes wrong here is to be seen.
    try_fill(templates, values).unwrap_or_else(|error| format!("{error:#}"))
}

fn try_fill(templates: &[(&'static str, &'static str)], values: impl Serialize) -> Result<String, Error> {
    let mut environment = Environment::new();
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    environment.set_syntax(syntax.build()?);
    for (name, text) in templates {
        environment.add_template(name, text)?;
    }
    let first = templates.first().map_or("", |(name, _)| name);
    environment.get_template(first)?.render(Serde(values))
}
