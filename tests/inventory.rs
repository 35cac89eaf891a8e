//! Snapshots on disk -> what was read of them and what was remarked, for the bundled sample and for more where it is.
//!
//! `KEYWHO_SHARED` names a folder with further samples; without it the tests that need them say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "inventory/cases.rs"]
mod cases;
#[path = "inventory/show.rs"]
mod show;

use keywho::Snapshot;
use std::fs;
use std::path::{Path, PathBuf};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/sample-organization")
}

/// A folder of the shared samples, if they are there.
fn shared(folder: &str) -> Option<PathBuf> {
    match std::env::var_os("KEYWHO_SHARED") {
        Some(root) => Some(PathBuf::from(root).join(folder)),
        None => {
            println!("KEYWHO_SHARED is unset: skipped");
            None
        }
    }
}

#[test]
fn the_sample_organization_is_read_whole() {
    let (snapshot, diagnostics) = Snapshot::load(sample()).unwrap();
    insta::assert_snapshot!(show::all(&snapshot, &diagnostics));
}

#[test]
fn locations_point_at_what_they_say() {
    let (snapshot, _) = Snapshot::load(sample()).unwrap();
    let text = |location: keywho::source::Location| {
        let name = snapshot.files.name(location.file.unwrap());
        let text = fs::read_to_string(sample().join(name)).unwrap();
        let line = text[..location.start as usize].matches('\n').count() + 1;
        assert_eq!(line, location.line as usize, "{name}");
        text[location.start as usize..location.end as usize].to_owned()
    };
    for key in &snapshot.keys {
        assert!(text(key.location).contains(&key.id));
        for grant in &key.grants {
            assert!(text(grant.location).contains(&grant.id));
        }
        for policy in &key.policies {
            for statement in &policy.document.statements {
                let written = text(statement.location);
                assert!(written.starts_with('{') && written.ends_with('}'), "{written}");
                assert!(
                    written.contains(statement.sid.as_deref().unwrap_or_default()),
                    "{written}"
                );
            }
        }
    }
    for account in snapshot.accounts.values() {
        for user in account.users.values() {
            assert!(text(user.location).contains(&user.arn));
        }
        for role in account.roles.values() {
            assert!(text(role.location).contains(&role.arn));
        }
    }
    for policy in snapshot.organization.unwrap().policies.values() {
        assert!(text(policy.document.location).starts_with('"'));
    }
}

#[test]
fn memory_and_disk_are_read_alike() {
    let mut files = Vec::new();
    let mut folders = vec![sample()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(sample()).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(path).unwrap()));
            }
        }
    }
    let (memory, remarks) = Snapshot::from_files(files);
    let (disk, diagnostics) = Snapshot::load(sample()).unwrap();
    assert_eq!(show::all(&memory, &remarks), show::all(&disk, &diagnostics));
}

/// Reads a shared sample folder and compares how much was read of it.
fn review(name: &str, folder: &str) {
    let Some(folder) = shared(folder) else { return };
    let (snapshot, diagnostics) = Snapshot::load(folder).unwrap();
    insta::assert_snapshot!(name.to_owned(), show::brief(&snapshot, &diagnostics));
}

#[test]
fn the_sample_as_the_emulator_printed_it_is_read() {
    review("as_captured", "samples/awscli/as-captured");
}

#[test]
fn another_layout_is_read_as_far_as_it_goes() {
    review("other_layout", "samples/iam-collect-layout");
}

#[test]
fn variants_of_the_output_are_read_or_explained() {
    review("variants", "samples/awscli/variants");
}

#[test]
fn every_variant_alone_is_read_or_explained() {
    let Some(root) = shared("samples") else { return };
    let mut out = String::new();
    for folder in ["awscli/variants", "aws-config", "iac"] {
        let mut files = Vec::new();
        let mut folders = vec![root.join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    files.push(path)
                }
            }
        }
        files.sort();
        for file in files {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            let (snapshot, diagnostics) = Snapshot::from_files([(name.clone(), fs::read(file).unwrap())]);
            let read = [
                snapshot.keys.len(),
                snapshot.accounts.len(),
                usize::from(snapshot.organization.is_some()),
            ];
            assert!(
                read.iter().sum::<usize>() > 0 || !diagnostics.is_empty(),
                "{name} is silent"
            );
            out += &format!(
                "{name}: {} keys, {} accounts, {} organizations\n",
                read[0], read[1], read[2]
            );
            out += &show::diagnostics(&snapshot.files, &diagnostics);
        }
    }
    insta::assert_snapshot!("each_variant", out);
}
