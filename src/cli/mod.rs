//! Arguments -> an answer on standard output, remarks on standard error, and an exit code.
//!
//! One file a verb. Each uses the library as any other program would: this module can do nothing that a caller
//! of the library cannot.

mod args;
mod audit;
mod check;
mod coverage;
mod decide;
mod diff;
mod examples;
mod explain;
mod format;
mod input;
mod lint;
mod matrix;
mod narrow;
mod output;
mod progress;
mod report;
mod requests;
mod schema;
mod what_can;
mod what_if;
mod who_can;

use args::{Cli, Verb};
use clap::Parser;
use std::io;
use std::process::ExitCode;

/// What a command came to. The numbers are part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Answered, allowed, or nothing found.
    Clean = 0,
    /// Denied, or something found.
    Denied = 1,
    /// The question or the input is wrong.
    Input = 2,
    /// What the snapshot and the request say does not decide it.
    Undecided = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Runs the command and reports what stopped it.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.global.color.apply();
    match run(&cli) {
        Ok(exit) => exit.into(),
        // The reader has seen enough: `keywho matrix | head`.
        Err(error) if is_closed_pipe(&error) => Exit::Clean.into(),
        Err(error) => {
            output::error(&error);
            Exit::Input.into()
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.verb {
        Verb::WhoCan(args) => who_can::run(&cli.global, args),
        Verb::WhatCan(args) => what_can::run(&cli.global, args),
        Verb::Decide(args) => decide::run(&cli.global, args),
        Verb::Explain(args) => explain::run(&cli.global, args),
        Verb::Matrix(args) => matrix::run(&cli.global, args),
        Verb::Audit(args) => audit::run(&cli.global, args),
        Verb::Check(args) => check::run(&cli.global, args),
        Verb::Diff(args) => diff::run(&cli.global, args),
        Verb::Coverage => coverage::run(&cli.global),
        Verb::Lint(args) => lint::run(&cli.global, args),
        Verb::Report(args) => report::run(&cli.global, args),
        Verb::Schema(args) => schema::run(&cli.global, args),
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_pipe))
}
