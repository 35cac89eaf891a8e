//! Decisions a second: by the library on one thread, one by one and in batches, and by `keywho decide --requests` on all.
//!
//! `cargo bench --bench decide`; the command line reads a snapshot and 1,000,000 requests from a temporary folder.
//! Of batches: "texts" is a slice of requests, "names" looks the texts of columns up, "resolved" decides what has names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench fails by panicking"
)]

mod world;

use keywho::report::request::parse;
use keywho::{Engine, Outcome, Request, Snapshot};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use world::requests::{Distinct, Kind, request};
use world::{Shape, World, generate};

const REQUESTS: usize = 1_000_000;
/// Fewer where each is decided by itself.
const SINGLE: usize = 200_000;
/// How many are made at a time.
const CHUNK: usize = 50_000;
const KINDS: [Kind; 3] = [Kind::Plain, Kind::Stated, Kind::Open];

fn main() {
    let world = generate(Shape::MEDIUM, 7);
    let (snapshot, _) = Snapshot::from_files(world.files.iter().cloned());
    let engine = Engine::compile(&snapshot);
    println!(
        "{:<28}{:>12}{:>14}  outcomes",
        "library, one thread", "requests", "requests/s"
    );
    for distinct in [Distinct::Few, Distinct::Many] {
        for kind in KINDS {
            library(&world, &engine, distinct, kind);
        }
    }
    println!(
        "\n{:<28}{:>12}{:>14}{:>14}{:>14}{:>10}",
        "batches, one thread", "requests", "texts/s", "names/s", "resolved/s", "long way"
    );
    for distinct in [Distinct::Few, Distinct::Many] {
        for kind in KINDS {
            batches(&world, &engine, distinct, kind);
        }
    }
    drop(engine);
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in &world.files {
        let path = folder.path().join("snapshot").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    println!(
        "\n{:<28}{:>12}{:>14}{:>14}",
        "command line", "requests", "s", "requests/s"
    );
    for distinct in [Distinct::Few, Distinct::Many] {
        for kind in KINDS {
            command(&world, folder.path(), distinct, kind);
        }
    }
}

fn made(world: &World, distinct: Distinct, kind: Kind, which: std::ops::Range<usize>) -> Vec<Request> {
    let parsed = which.map(|n| {
        parse(request(world, distinct, kind, n).to_string().as_bytes())
            .unwrap()
            .request
    });
    parsed.collect()
}

fn batches(world: &World, engine: &Engine, distinct: Distinct, kind: Kind) {
    let (mut texts, mut names, mut resolved) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let mut batch = engine.batch();
    let mut by_name = engine.batch();
    let mut named = Vec::with_capacity(REQUESTS);
    let mut at_length = 0;
    for start in (0..REQUESTS).step_by(CHUNK) {
        let requests = made(world, distinct, kind, start..start + CHUNK);
        let started = Instant::now();
        let verdicts = batch.decide_batch(&requests);
        texts += started.elapsed();
        at_length += verdicts
            .iter()
            .filter(|verdict| verdict.as_ref().unwrap().token().is_none())
            .count();
        let started = Instant::now();
        named.extend(requests.iter().map(|request| by_name.resolve(request).unwrap()));
        names += started.elapsed();
    }
    let mut tally = [0; 4];
    let started = Instant::now();
    for request in &named {
        tally[by_name.decide_resolved(request).unwrap().outcome as usize] += 1;
    }
    resolved += started.elapsed();
    assert_eq!(tally.iter().sum::<usize>(), REQUESTS);
    println!(
        "{:<28}{REQUESTS:>12}{:>14.0}{:>14.0}{:>14.0}{at_length:>10}",
        name(distinct, kind),
        rate(REQUESTS, texts.as_secs_f64()),
        rate(REQUESTS, names.as_secs_f64()),
        rate(REQUESTS, resolved.as_secs_f64())
    );
}

fn library(world: &World, engine: &Engine, distinct: Distinct, kind: Kind) {
    let requests = made(world, distinct, kind, 0..SINGLE);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut tally = [0; 4];
    let started = Instant::now();
    for request in &requests {
        tally[engine.decide(request).unwrap().outcome as usize] += 1;
    }
    let second = rate(SINGLE, started.elapsed().as_secs_f64());
    for outcome in [
        Outcome::Allowed,
        Outcome::ExplicitDeny,
        Outcome::ImplicitDeny,
        Outcome::Undetermined,
    ] {
        outcomes.insert(format!("{outcome:?}"), tally[outcome as usize]);
    }
    println!(
        "{:<28}{SINGLE:>12}{second:>14.0}  {outcomes:?}",
        name(distinct, kind)
    );
}

fn command(world: &World, folder: &Path, distinct: Distinct, kind: Kind) {
    let file = folder.join("requests.ndjson");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&file).unwrap());
    for n in 0..REQUESTS {
        writeln!(out, "{}", request(world, distinct, kind, n)).unwrap();
    }
    out.into_inner().unwrap();
    let empty = folder.join("no-requests.ndjson");
    std::fs::write(&empty, "").unwrap();
    let run = |requests: &Path| {
        let started = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_keywho"))
            .args(["decide", "--quiet", "--format", "ndjson", "--snapshot"])
            .arg(folder.join("snapshot"))
            .arg("--requests")
            .arg(requests)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(matches!(status.code(), Some(0 | 1 | 3)), "{status}");
        started.elapsed().as_secs_f64()
    };
    // Reading the snapshot is the same for every number of requests.
    let before = run(&empty);
    let seconds = run(&file);
    println!(
        "{:<28}{REQUESTS:>12}{seconds:>14.2}{:>14.0}",
        name(distinct, kind),
        rate(REQUESTS, (seconds - before).max(1e-3))
    );
}

fn rate(requests: usize, seconds: f64) -> f64 {
    f64::from(u32::try_from(requests).unwrap()) / seconds
}

fn name(distinct: Distinct, kind: Kind) -> String {
    let pairs = match distinct {
        Distinct::Few => "100 pairs",
        Distinct::Many => "all pairs new",
    };
    let context = match kind {
        Kind::Plain => "plain",
        Kind::Stated => "stated",
        Kind::Open => "open",
    };
    format!("{pairs}, {context}")
}
