//! Decisions a second: by the library on one thread, and by `keywho decide --requests` on all.
//!
//! `cargo bench --bench decide`; the command line reads a snapshot and 200,000 requests from a temporary folder.
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
use std::time::Instant;
use world::requests::{Distinct, Kind, request};
use world::{Shape, World, generate};

const REQUESTS: usize = 200_000;

fn main() {
    let world = generate(Shape::MEDIUM, 7);
    let (snapshot, _) = Snapshot::from_files(world.files.iter().cloned());
    let engine = Engine::compile(&snapshot);
    println!(
        "{:<28}{:>12}{:>14}  outcomes",
        "library, one thread", "requests", "requests/s"
    );
    for distinct in [Distinct::Few, Distinct::Many] {
        for kind in [Kind::Plain, Kind::Stated, Kind::Open] {
            library(&world, &engine, distinct, kind);
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
        for kind in [Kind::Plain, Kind::Stated, Kind::Open] {
            command(&world, folder.path(), distinct, kind);
        }
    }
}

fn library(world: &World, engine: &Engine, distinct: Distinct, kind: Kind) {
    let requests: Vec<Request> = (0..REQUESTS)
        .map(|n| {
            parse(request(world, distinct, kind, n).to_string().as_bytes())
                .unwrap()
                .request
        })
        .collect();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut tally = [0; 4];
    let started = Instant::now();
    for request in &requests {
        tally[engine.decide(request).unwrap().outcome as usize] += 1;
    }
    let second = rate(started.elapsed().as_secs_f64());
    for outcome in [
        Outcome::Allowed,
        Outcome::ExplicitDeny,
        Outcome::ImplicitDeny,
        Outcome::Undetermined,
    ] {
        outcomes.insert(format!("{outcome:?}"), tally[outcome as usize]);
    }
    println!(
        "{:<28}{REQUESTS:>12}{second:>14.0}  {outcomes:?}",
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
        rate((seconds - before).max(1e-3))
    );
}

fn rate(seconds: f64) -> f64 {
    f64::from(u32::try_from(REQUESTS).unwrap()) / seconds
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
