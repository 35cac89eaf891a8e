//! Errors that stop a command. Everything less is a [`crate::Diagnostic`].

use std::path::PathBuf;

/// Why a question could not be asked or a snapshot not be read.
///
/// Messages start in lower case and say what, where and what to do; suggestions stand in [`Error::help`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The snapshot folder is not there or cannot be listed.
    #[error("cannot read the snapshot `{}`: {source}", path.display())]
    Snapshot {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The folder was read but holds nothing this tool knows.
    #[error("`{}` holds no AWS CLI output that this tool reads ({files} files seen)", path.display())]
    NothingRead {
        /// The folder.
        path: PathBuf,
        /// How many files were looked at.
        files: usize,
    },
    /// A principal, action or key that the snapshot does not have, or that several could be meant by.
    #[error("{problem} {noun} `{name}`")]
    Name {
        /// "unknown" or "ambiguous".
        problem: &'static str,
        /// "principal", "action" or "key".
        noun: &'static str,
        /// What was asked for.
        name: String,
        /// What might have been meant.
        suggestions: Vec<String>,
    },
    /// A request that cannot be a request: what is wrong with it.
    #[error("{0}")]
    Request(String),
    /// An assertion file that says something no assertion says.
    #[error("line {line}: {message}")]
    Assertion {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
        /// What might have been meant.
        suggestions: Vec<String>,
    },
    /// Settings that say nothing, or something that cannot be: what is wrong with them.
    #[error("{0}")]
    Settings(String),
    /// A baseline that is no report of an audit: what is wrong with it.
    #[error("{0}")]
    Baseline(String),
    /// An edit that cannot be made: what is wrong with it or its file.
    #[error("{problem}")]
    Edit {
        /// What is wrong, and where.
        problem: String,
        /// What to do about it.
        help: String,
    },
}

impl Error {
    /// What to do about it, if there is something to say.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Error::Snapshot { .. } => None,
            Error::NothingRead { .. } => {
                Some("give the folder that holds `accounts/` and `organization/`".to_owned())
            }
            Error::Name { suggestions, .. } | Error::Assertion { suggestions, .. }
                if suggestions.is_empty() =>
            {
                None
            }
            Error::Name { suggestions, .. } | Error::Assertion { suggestions, .. } => {
                Some(format!("did you mean `{}`?", suggestions.join("`, `")))
            }
            Error::Edit { help, .. } => Some(help.clone()),
            Error::Request(_) | Error::Settings(_) | Error::Baseline(_) => None,
        }
    }
}

/// An error about a name that several things have.
pub(crate) fn ambiguous(noun: &'static str, name: &str, mut suggestions: Vec<String>) -> Error {
    suggestions.sort();
    suggestions.dedup();
    Error::Name {
        problem: "ambiguous",
        noun,
        name: name.to_owned(),
        suggestions,
    }
}

/// How many suggestions an error offers.
const SUGGESTIONS: usize = 3;

/// An error about a name, with the nearest names.
pub(crate) fn unknown<'a>(noun: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    Error::Name {
        problem: "unknown",
        noun,
        name: name.to_owned(),
        suggestions: nearest(name, known),
    }
}

/// The names that are like another, the nearest first.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut near: Vec<(f64, &str)> = known
        .map(|candidate| {
            let short = candidate.rsplit(['/', ':']).next().unwrap_or(candidate);
            let wanted = name.rsplit(['/', ':']).next().unwrap_or(name);
            (
                strsim::jaro_winkler(&short.to_lowercase(), &wanted.to_lowercase()),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    let nearest = near.into_iter().take(SUGGESTIONS);
    nearest.map(|(_, name)| name.to_owned()).collect()
}
