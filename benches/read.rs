//! Reading a folder, beside parsing the same files into `serde_json::Value` with the same threads.
//!
//! `cargo bench --bench read` runs everything; `-- small`, `medium`, `large` or `huge` a part. Each reading has a
//! process of its own, so that one's memory is not another's; the best of five is shown. `peak` is what a reading
//! had in use at most, contents of files included. `cpu ms` is the work of all threads and of the system for them: on a
//! machine with other work to do it says more than the time that passed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

mod measure;
mod world;

use keywho::Snapshot;
use measure::{apart, memory, milliseconds, words};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;
use world::{Shape, generate};

const SEED: u64 = 7;
const TIMES: usize = 5;

fn main() {
    let words = words();
    if let [one, how, folder] = words.as_slice()
        && one == "one"
    {
        println!("{}", measure(how, Path::new(folder)));
        return;
    }
    let three = |what: &str| format!("{what:>11}{:>9}{:>9}{:>9}", "cpu ms", "drop ms", "peak MB");
    println!(
        "{:<8}{:>8}{:>6}{}{}{:>8}{:>8}",
        "",
        "files",
        "MB",
        three("load ms"),
        three("value ms"),
        "ratio",
        "of cpu"
    );
    for (name, shape) in [
        ("small", Shape::SMALL),
        ("medium", Shape::MEDIUM),
        ("large", Shape::LARGE),
        ("huge", Shape::HUGE),
    ] {
        if words.is_empty() || words.iter().any(|word| word == name) {
            println!("{}", line(name, shape));
        }
    }
}

/// Writes an organization into a folder and reads it both ways.
fn line(name: &str, shape: Shape) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut bytes) = (0, 0);
    for (name, contents) in generate(shape, SEED).files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &contents).unwrap();
        files += 1;
        bytes += contents.len();
    }
    let load = best("load", folder.path());
    let value = best("value", folder.path());
    let number = |measured: &Value, field: &str| measured[field].as_f64().unwrap_or(f64::NAN);
    let shown = |measured: &Value| {
        let [ms, cpu, drop, peak] = ["ms", "cpu", "drop", "peak"].map(|field| number(measured, field));
        format!("{ms:>11.1}{cpu:>9.0}{drop:>9.1}{peak:>9.1}")
    };
    let ratio = |field: &str| number(&load, field) / number(&value, field);
    format!(
        "{name:<8}{files:>8}{:>6}{}{}{:>8.2}{:>8.2}",
        bytes / 1_000_000,
        shown(&load),
        shown(&value),
        ratio("ms"),
        ratio("cpu")
    )
}

/// The quickest of some readings.
fn best(how: &str, folder: &Path) -> Value {
    let mut best: Option<Value> = None;
    for _ in 0..TIMES {
        let new = apart([how.as_ref(), folder.as_os_str()]);
        let quicker = best
            .as_ref()
            .is_none_or(|best| new["ms"].as_f64() < best["ms"].as_f64());
        if quicker {
            best = Some(new);
        }
    }
    best.unwrap()
}

fn measure(how: &str, folder: &Path) -> Value {
    // The threads are there before the clock starts.
    assert!(rayon::join(|| true, || true).0);
    let started = Instant::now();
    match how {
        "load" => {
            let (snapshot, diagnostics) = Snapshot::load(folder).unwrap();
            let ms = milliseconds(started);
            assert!(diagnostics.is_empty(), "{:?}", diagnostics.first());
            measured(ms, snapshot)
        }
        "value" => {
            let values: Vec<Value> = paths(folder)
                .par_iter()
                .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
                .collect();
            measured(milliseconds(started), values)
        }
        _ => panic!("`{how}` is no way of reading"),
    }
}

/// What was measured of a reading, with what dropping its result takes.
fn measured<T>(ms: f64, result: T) -> Value {
    let (peak, cpu) = (memory("VmHWM:"), processor());
    let started = Instant::now();
    drop(result);
    json!({"ms": ms, "cpu": cpu, "drop": milliseconds(started), "peak": peak})
}

/// All files below a folder.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let list = if entry.file_type().unwrap().is_dir() {
                &mut folders
            } else {
                &mut found
            };
            list.push(entry.path());
        }
    }
    found
}

/// Milliseconds that processors worked for this process, where that is told: user and system, in ticks of 10 ms.
fn processor() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = told.rsplit_once(')')?;
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap_or(f64::NAN))
        .sum();
    Some(10.0 * ticks)
}
