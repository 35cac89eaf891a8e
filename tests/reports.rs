//! What is written for programs fits the schema of its format, points at what it is about, and hides nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "reports/baseline.rs"]
mod baseline;
#[path = "reports/formats.rs"]
mod formats;
#[path = "reports/hostile.rs"]
mod hostile;
#[path = "reports/sarif.rs"]
mod sarif;
#[path = "reports/schema.rs"]
mod schema;
#[path = "reports/settings.rs"]
mod settings;

use serde_json::Value;
use std::process::{Command, Output};

const SAMPLE: &str = "tests/snapshots/sample-organization";

fn keywho() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keywho"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for variable in [
        "KEYWHO_SNAPSHOT",
        "KEYWHO_CONFIG",
        "COLUMNS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ] {
        command.env_remove(variable);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    keywho().args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(arguments)).unwrap()
}
