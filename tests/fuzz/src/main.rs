//! Broken snapshots and policies, made from good ones by a seeded generator -> a panic, a wrong place or a long wait.
//!
//! ```text
//! cargo run --release --manifest-path tests/fuzz/Cargo.toml -- [--seconds N] [--seed N] [--target snapshot|policy]
//!     [--samples FOLDER] [--failures FOLDER]
//! ```
//!
//! An input that fails is written to the folder of failures, and the program ends with 1. The same seed makes the same
//! inputs.

mod mutate;

use keywho::Snapshot;
use keywho::diag::Diagnostic;
use keywho::policy::document::{Document, PolicyKind};
use keywho::policy::parse::parse_text;
use keywho::source::{FileId, Location};
use mutate::Random;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// An input of at most a few hundred kilobytes never takes this long.
const LONGEST: Duration = Duration::from_secs(10);

type File = (String, Vec<u8>);

struct Options {
    seconds: u64,
    seed: u64,
    target: Option<String>,
    samples: PathBuf,
    failures: PathBuf,
}

fn options() -> Options {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut options = Options {
        seconds: 60,
        seed: 1,
        target: None,
        samples: here.join("../snapshots/sample-organization"),
        failures: PathBuf::from("fuzz-failures"),
    };
    let mut words = std::env::args().skip(1);
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match name.as_str() {
            "--seconds" => options.seconds = value.parse().expect("a number of seconds"),
            "--seed" => options.seed = value.parse().expect("a number"),
            "--target" => options.target = Some(value),
            "--samples" => options.samples = PathBuf::from(value),
            "--failures" => options.failures = PathBuf::from(value),
            other => panic!("unknown option {other}"),
        }
    }
    options
}

fn main() -> ExitCode {
    let options = options();
    let samples = samples(&options.samples);
    assert!(!samples.is_empty(), "no samples in {}", options.samples.display());
    let mut random = Random::new(options.seed);
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let (mut runs, mut bytes, mut slowest) = (0u64, 0usize, Duration::ZERO);
    std::panic::set_hook(Box::new(|_| {}));
    while Instant::now() < end {
        let policy = match options.target.as_deref() {
            Some(target) => target == "policy",
            None => random.chance(3),
        };
        let input = if policy {
            vec![a_policy(&samples, &mut random)]
        } else {
            a_snapshot(&samples, &mut random)
        };
        bytes += input.iter().map(|file| file.1.len()).sum::<usize>();
        let start = Instant::now();
        let check = || {
            if policy {
                check_policy(&input[0].1)
            } else {
                check_snapshot(&input)
            }
        };
        let result = catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| Err(words_of(&*panic)));
        let took = start.elapsed();
        slowest = slowest.max(took);
        let result = result.and_then(|()| {
            if took > LONGEST {
                Err(format!("{took:?}"))
            } else {
                Ok(())
            }
        });
        if let Err(problem) = result {
            let folder = options.failures.join(format!("seed-{}-run-{runs}", options.seed));
            save(&folder, &input);
            eprintln!("run {runs}: {problem}\n{}", folder.display());
            return ExitCode::FAILURE;
        }
        runs += 1;
    }
    println!("{runs} runs, {} MB, slowest {slowest:?}, no failure", bytes >> 20);
    ExitCode::SUCCESS
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
        .to_owned()
}

fn save(folder: &Path, input: &[File]) {
    for (name, bytes) in input {
        let safe: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                    c
                } else {
                    '+'
                }
            })
            .collect();
        std::fs::create_dir_all(folder).expect("a folder for failures");
        std::fs::write(folder.join(safe), bytes).expect("room for a failure");
    }
}

/// All files under a folder, by name.
fn samples(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of samples") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(root)
                    .expect("below the root")
                    .to_string_lossy()
                    .into_owned();
                files.push((name, std::fs::read(path).expect("a sample")));
            }
        }
    }
    files.sort();
    files
}

/// A few files of the samples, most of them broken, some under other names.
fn a_snapshot(samples: &[File], random: &mut Random) -> Vec<File> {
    let count = 1 + random.below(12);
    let mut files = Vec::new();
    for _ in 0..count {
        let (mut name, mut bytes) = random.pick(samples).clone();
        if random.chance(2) {
            mutate::mutate(&mut bytes, &random.pick(samples).1, random);
        }
        if random.chance(4) {
            name.clone_from(&random.pick(samples).0);
        }
        if random.chance(8) {
            let mut raw = name.into_bytes();
            mutate::mutate(&mut raw, b"keys/mrk-/p-/r-/ou-/111122223333/eu-west-1", random);
            name = String::from_utf8_lossy(&raw).into_owned();
        }
        files.push((name, bytes));
    }
    files
}

/// A policy of the samples, broken.
fn a_policy(samples: &[File], random: &mut Random) -> File {
    loop {
        let (name, bytes) = random.pick(samples);
        if name.contains("policy") {
            let mut bytes = bytes.clone();
            mutate::mutate(&mut bytes, &random.pick(samples).1, random);
            return (name.clone(), bytes);
        }
    }
}

fn check_policy(bytes: &[u8]) -> Result<(), String> {
    let kinds = [
        PolicyKind::Key,
        PolicyKind::Identity,
        PolicyKind::Boundary,
        PolicyKind::Session,
        PolicyKind::Scp,
        PolicyKind::Rcp,
        PolicyKind::Endpoint,
        PolicyKind::Trust,
    ];
    for kind in kinds {
        let mut diagnostics = Vec::new();
        let document = parse_text(Some(FileId(0)), bytes, kind, &mut diagnostics);
        check_document(&document, &[bytes.len()])?;
        check_diagnostics(&diagnostics, &[bytes.len()])?;
        let opaque = document.opaque.is_some() || document.statements.iter().any(|s| s.opaque.is_some());
        if opaque && diagnostics.is_empty() {
            return Err(format!("{kind:?}: something is opaque and nothing says why"));
        }
    }
    Ok(())
}

fn check_snapshot(input: &[File]) -> Result<(), String> {
    let (snapshot, diagnostics) = Snapshot::from_files(input.iter().cloned());
    let mut sorted: Vec<&File> = input.iter().collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let lengths: Vec<usize> = sorted.iter().map(|file| file.1.len()).collect();
    check_diagnostics(&diagnostics, &lengths)?;
    for key in &snapshot.keys {
        check_location(key.location, &lengths)?;
        for grant in &key.grants {
            check_location(grant.location, &lengths)?;
        }
        for policy in &key.policies {
            check_document(&policy.document, &lengths)?;
        }
    }
    for account in snapshot.accounts.values() {
        let users = account
            .users
            .values()
            .map(|user| (user.location, &user.permissions));
        let roles = account
            .roles
            .values()
            .map(|role| (role.location, &role.permissions));
        for (location, permissions) in users.chain(roles) {
            check_location(location, &lengths)?;
            for policy in &permissions.inline {
                check_document(&policy.document, &lengths)?;
            }
        }
        for policy in account.managed.values() {
            check_document(&policy.document, &lengths)?;
        }
    }
    for gap in &snapshot.coverage.gaps {
        check_location(gap.location, &lengths)?;
    }
    if snapshot.keys.windows(2).any(|pair| pair[0].arn >= pair[1].arn) {
        return Err("keys are not sorted".to_owned());
    }
    Ok(())
}

fn check_document(document: &Document, lengths: &[usize]) -> Result<(), String> {
    check_location(document.location, lengths)?;
    for statement in &document.statements {
        check_location(statement.location, lengths)?;
    }
    Ok(())
}

fn check_diagnostics(diagnostics: &[Diagnostic], lengths: &[usize]) -> Result<(), String> {
    diagnostics
        .iter()
        .try_for_each(|found| check_location(found.location, lengths).map_err(|e| format!("{found:?}: {e}")))
}

/// A place lies inside its file, save that a remark about what is missing may stand one past the end.
fn check_location(location: Location, lengths: &[usize]) -> Result<(), String> {
    let Some(file) = location.file else { return Ok(()) };
    let length = *lengths.get(file.0 as usize).ok_or("a file that does not exist")?;
    let inside = location.start <= location.end && location.end as usize <= length + 1 && location.line > 0;
    if inside {
        Ok(())
    } else {
        Err(format!("{location:?} in a file of {length} bytes"))
    }
}
