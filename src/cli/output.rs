//! Text and bytes -> standard output or a file; remarks and errors -> standard error.

use super::args::Global;
use anyhow::Context as _;
use keywho::report::text::Layout;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};

/// Where the answer goes.
pub(super) enum Output {
    /// A terminal, a pipe or a redirection.
    Stdout,
    /// A file named on the command line.
    File(File),
}

impl Output {
    /// Opens what the command line names.
    pub(super) fn open(global: &Global) -> anyhow::Result<Output> {
        let Some(path) = &global.output else {
            return Ok(Output::Stdout);
        };
        let file = File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Output::File(file))
    }

    /// Whether the answer is read where it is written.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Output::Stdout) && io::stdout().is_terminal()
    }

    /// How text is laid out here: to the width of the terminal, or of `COLUMNS` where that is set.
    pub(super) fn layout(&self, wide: bool) -> Layout {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let width = match self {
            Output::Stdout if self.is_terminal() => columns.or_else(terminal),
            _ => columns,
        };
        Layout {
            width: width.filter(|width| *width > 0),
            wide,
        }
    }

    /// Writes text, with its colours where they are wanted.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        match self {
            Output::Stdout => anstream::stdout().lock().write_all(text.as_bytes()),
            Output::File(file) => anstream::AutoStream::auto(file).write_all(text.as_bytes()),
        }
    }

    /// Writes bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Output::Stdout => io::stdout().lock().write_all(bytes),
            Output::File(file) => file.write_all(bytes),
        }
    }

    /// Makes sure that everything has arrived.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout => io::stdout().lock().flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// Says something on standard error. Nobody can be told if that fails.
pub(super) fn remark(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Says what stopped the command and what to do about it.
pub(super) fn error(error: &anyhow::Error) {
    let style = anstyle::AnsiColor::Red.on_default().bold();
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // A message may already end with its cause's.
        if !said.ends_with(&cause) {
            said.push_str(if said.is_empty() { "" } else { ": " });
            said.push_str(&cause);
        }
    }
    let mut text = format!("{style}error{style:#}: {said}\n");
    if let Some(help) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<keywho::Error>()?.help())
    {
        text.push_str(&format!("help: {help}\n"));
    }
    remark(&text);
}
