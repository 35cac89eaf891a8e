//! Source files -> the places where one layer reaches into another that it must not know.

use super::rust_text::{code_only, without_unit_tests};
use std::collections::BTreeMap;

/// Vocabulary that every module may use, these among themselves too.
const BASE: &[&str] = &["arn", "pattern", "source", "json", "diag", "error"];

/// What each module may use besides [`BASE`] and itself. A module that is not here has no place yet: give it one.
///
/// `policy::document` and `condition::operator` are plain values that the model is made of, so the lower layers name them.
const LAYERS: &[(&str, &[&str])] = &[
    ("arn", &["policy::document"]),
    ("pattern", &[]),
    ("source", &[]),
    ("json", &[]),
    ("diag", &[]),
    ("error", &[]),
    ("model", &["policy::document", "condition::operator"]),
    ("condition", &["model", "policy::document"]),
    ("policy", &["model", "condition"]),
    ("inventory", &["model", "policy", "condition"]),
    ("facts", &["model", "policy", "condition"]),
    (
        "rules",
        &["facts", "model::action", "model::finding", "policy::document"],
    ),
    ("cells", &["model", "condition", "facts", "rules"]),
    ("answer", &["model", "condition"]),
    (
        "cache",
        &["model", "condition", "facts", "rules", "cells", "answer"],
    ),
    (
        "engine",
        &[
            "model",
            "policy",
            "condition",
            "facts",
            "rules",
            "cells",
            "answer",
            "cache",
        ],
    ),
    (
        "query",
        &[
            "model",
            "policy",
            "condition",
            "facts",
            "rules",
            "cells",
            "cache",
            "engine",
            "answer",
        ],
    ),
    (
        "explain",
        &[
            "model",
            "policy",
            "condition",
            "facts",
            "rules",
            "cells",
            "engine",
            "query",
            "answer",
        ],
    ),
    (
        "audit",
        &[
            "model",
            "policy",
            "condition",
            "facts",
            "rules",
            "cells",
            "answer",
            "engine",
            "query",
        ],
    ),
    (
        "check",
        &["model", "condition", "facts", "answer", "engine", "query"],
    ),
    (
        "diff",
        &[
            "model",
            "policy",
            "condition",
            "facts",
            "engine",
            "query",
            "answer",
        ],
    ),
    (
        "report",
        &[
            "model",
            "policy",
            "condition",
            "answer",
            "query",
            "explain",
            "audit",
            "check",
            "diff",
        ],
    ),
];

/// The modules that read and write files and streams. `error` only carries what they met.
const IO: &[&str] = &["inventory", "cli", "main"];

/// Paths and macros that mean input, output, environment or clock.
const IO_PATHS: &[&str] = &[
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::time::Instant",
    "std::time::SystemTime",
];
const IO_MACROS: &[&str] = &["print!", "println!", "eprint!", "eprintln!"];

/// One file of `src/` or `rules/`: its path from the top of the repository, with `/`, and its text.
pub(crate) struct SourceFile<'a> {
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
}

/// The layer a file belongs to: `policy` for `src/policy/parse.rs`, `rules` for everything under `rules/`.
pub(crate) fn layer_of(path: &str) -> &str {
    let Some(inside) = path.strip_prefix("src/") else {
        return "rules";
    };
    let first = inside.split('/').next().unwrap_or(inside);
    first.trim_end_matches(".rs")
}

/// All violations, as lines to print. `lib` is the text of `src/lib.rs`, whose re-exports stand for their modules.
pub(crate) fn violations(files: &[SourceFile<'_>], lib: &str) -> Vec<String> {
    let reexports = reexports(&code_only(lib));
    files
        .iter()
        .flat_map(|file| violations_of_file(file, &reexports))
        .collect()
}

fn violations_of_file(file: &SourceFile<'_>, reexports: &BTreeMap<String, String>) -> Vec<String> {
    let layer = layer_of(file.path);
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return Vec::new();
    }
    let code = code_only(file.text);
    let code = without_unit_tests(&code);
    let mut found = Vec::new();
    let mut report = |offset: usize, message: String| {
        let line = code[..offset].matches('\n').count() + 1;
        found.push(format!("{}:{line}: {message}", file.path));
    };
    if !IO.contains(&layer) {
        for path in IO_PATHS.iter().flat_map(|path| occurrences(code, path)) {
            // `std::io::Error` is a value that an error may carry.
            if !(layer == "error" && code[path..].starts_with("std::io::Error")) {
                report(path, format!("`{layer}` does input or output: only {IO:?} may"));
            }
        }
        for found in IO_MACROS.iter().flat_map(|name| occurrences(code, name)) {
            report(found, format!("`{layer}` prints: only {IO:?} may"));
        }
    }
    if layer != "rules" {
        for found in occurrences(code, "crepe") {
            report(found, "crepe is named outside rules/".to_owned());
        }
    }
    if matches!(layer, "lib" | "main" | "cli") {
        return found;
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
        report(
            0,
            format!("module `{layer}` has no place in LAYERS of tests/tidy/layers.rs"),
        );
        return found;
    };
    for (offset, path) in crate_paths(code) {
        let path = match reexports.get(path.split("::").next().unwrap_or_default()) {
            Some(module) => module.clone(),
            None => path,
        };
        let target = path.split("::").next().unwrap_or_default();
        let fits = target == layer
            || BASE.contains(&target)
            || allowed
                .iter()
                .any(|prefix| path == *prefix || path.starts_with(&format!("{prefix}::")));
        if !fits {
            report(offset, format!("`{layer}` must not use `{path}`"));
        }
    }
    for offset in escapes(code, file.path) {
        report(
            offset,
            "reaches another module through `super`: write `crate::`".to_owned(),
        );
    }
    found
}

/// `Name` -> `module::path` for each `pub use module::path::Name;` of the crate root.
fn reexports(lib: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (at, _) in lib.match_indices("pub use ") {
        let end = lib[at..].find(';').map_or(lib.len(), |end| at + end);
        for path in expand(lib[at + "pub use ".len()..end].trim()) {
            if let Some((module, name)) = path.rsplit_once("::") {
                map.insert(name.to_owned(), module.to_owned());
            }
        }
    }
    map
}

/// Every path that begins with `crate::`, without that prefix, braces expanded.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for start in occurrences(code, "crate::") {
        let rest = &code[start + "crate::".len()..];
        let mut depth = 0_i32;
        let end = rest
            .find(|c: char| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                let inside = depth > 0 || c == '}' && depth == 0;
                !(inside || c.is_alphanumeric() || c == '_' || c == ':')
            })
            .unwrap_or(rest.len());
        found.extend(expand(&rest[..end]).into_iter().map(|path| (start, path)));
    }
    found
}

/// `a::{b, c::{d, e}}` -> `a::b`, `a::c::d`, `a::c::e`.
fn expand(path: &str) -> Vec<String> {
    let Some(open) = path.find('{') else {
        let path = path.split(" as ").next().unwrap_or_default();
        return vec![path.split_whitespace().collect()];
    };
    let prefix: String = path[..open].split_whitespace().collect();
    let inside = path[open + 1..].trim_end().trim_end_matches('}');
    let (mut depth, mut start, mut found) = (0_i32, 0, Vec::new());
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if c == ',' && (depth == 0 || at == inside.len()) {
            let part = inside[start..at].trim();
            // A nested group at the end has lost its brace above; `expand` does not miss it.
            found.extend(
                expand(part)
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .map(|part| format!("{prefix}{part}")),
            );
            start = at + 1;
        }
    }
    found
}

/// Where `super::` chains climb out of the file's own layer.
fn escapes(code: &str, path: &str) -> Vec<usize> {
    let inside = path
        .strip_prefix("src/")
        .unwrap_or(path)
        .trim_end_matches(".rs")
        .trim_end_matches("/mod");
    let depth = inside.split('/').count();
    occurrences(code, "super::")
        .into_iter()
        .filter(|&at| !code[..at].ends_with("super::"))
        .filter(|&at| {
            let mut supers = 0;
            while code[at + supers * "super::".len()..].starts_with("super::") {
                supers += 1;
            }
            supers >= depth
        })
        .collect()
}

/// Where `needle` stands as words of its own.
fn occurrences(code: &str, needle: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(needle)
        .map(|(at, _)| at)
        .filter(|&at| !code[..at].ends_with(is_word))
        .filter(|&at| !(needle.ends_with(is_word) && code[at + needle.len()..].starts_with(is_word)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        violations(
            &[SourceFile { path, text }],
            "pub use engine::{Engine, Answer as A};\npub use error::Error;",
        )
    }

    #[test]
    fn layers_are_told_apart() {
        assert!(
            check(
                "src/facts/lower/statements.rs",
                "use crate::{Error, model::key::{Key, Grant}, arn};"
            )
            .is_empty()
        );
        assert_eq!(
            check(
                "src/facts/lower/statements.rs",
                "\nuse crate::{Engine, model::key::{Key}};"
            ),
            ["src/facts/lower/statements.rs:2: `facts` must not use `engine`"]
        );
        assert_eq!(
            check("src/facts/id.rs", "fn f() -> crate::rules::Cell {}").len(),
            1
        );
        assert_eq!(
            check(
                "src/model/key.rs",
                "use crate::policy::{document::Document, parse::parse};"
            )
            .len(),
            1
        );
        assert_eq!(check("src/strange.rs", "").len(), 1);
        assert!(
            check(
                "src/facts/id.rs",
                "// crate::rules\n#[cfg(test)]\nmod tests { use crate::rules; }"
            )
            .is_empty()
        );
    }

    #[test]
    fn input_and_output_stay_at_the_edge() {
        assert_eq!(check("src/report/text.rs", "use std::io::Write;").len(), 1);
        assert_eq!(check("src/query/who.rs", "println!();").len(), 1);
        assert!(check("src/inventory/load.rs", "use std::fs;").is_empty());
        assert!(check("src/error.rs", "source: std::io::Error,").is_empty());
    }

    #[test]
    fn super_does_not_climb_out_of_a_layer() {
        assert!(check("src/model/key.rs", "use super::principal::Policy;").is_empty());
        assert_eq!(
            check("src/model/key.rs", "use super::super::engine::Engine;").len(),
            1
        );
        assert_eq!(check("src/model/mod.rs", "use super::engine::Engine;").len(), 1);
        assert_eq!(check("src/engine.rs", "use crepe::crepe;").len(), 2);
    }
}
