//! What benches that measure time and memory have in common.
#![allow(dead_code, reason = "each bench uses its part")]

use serde_json::Value;
use std::ffi::OsStr;
use std::process::Command;
use std::time::Instant;

/// The allocator of the command line.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a bench was asked for; `cargo bench` adds options of its own.
pub(crate) fn words() -> Vec<String> {
    std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect()
}

/// Runs this bench again as a process of its own, so that one's peak memory is not another's; gives what it prints.
pub(crate) fn apart(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Value {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("one")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn milliseconds(since: Instant) -> f64 {
    1000.0 * since.elapsed().as_secs_f64()
}

/// A line of this process's memory accounts in MB, where there are any.
pub(crate) fn memory(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix(name))?
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .ok()?;
    Some(kilobytes / 1024.0)
}
