//! Every folder `tests/diffs/s..` is a pull request: what becomes of access, as the comment that is made on it.
//!
//! `base/` is the organization they all start from. What a case has in `old/` stands in the place of files of the base in
//! both snapshots, what it has in `new/` in the new one; `args` holds what the command line would be given, a word a line.
//! `comment.snap` is the comment. It was read with `case.md` beside it, which says what has to be in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use keywho::diff::{Diff, Side, diff};
use keywho::edit::{Edit, Given};
use keywho::report::diff::{Context, html, json, markdown, sarif, text};
use keywho::report::names::Names;
use keywho::report::text::Layout;
use keywho::{Engine, MatrixFilter, Snapshot};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Files = BTreeMap<String, Vec<u8>>;
type NamedFile = (String, Vec<u8>);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diffs")
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.join("case.md").exists()).collect();
    cases.sort();
    cases
}

/// Puts the files of a folder in the place of those of the same names.
fn overlay(files: &mut Files, top: &Path, folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            overlay(files, top, &path);
        } else {
            let name = path
                .strip_prefix(top)
                .unwrap()
                .to_str()
                .unwrap()
                .replace('\\', "/");
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

/// The edits that a case asks for, with the contents of their files.
fn edits(case: &Path) -> Vec<(Edit, Option<NamedFile>)> {
    let args = fs::read_to_string(case.join("args")).unwrap_or_default();
    let words: Vec<&str> = args.lines().collect();
    let edit = |pair: &[&str]| match *pair {
        ["--with", what] => {
            let (what, file) = what.split_once('=').unwrap();
            let contents = fs::read(case.join(file)).unwrap();
            (Edit::with(what).unwrap(), Some((file.to_owned(), contents)))
        }
        ["--without", what] => (Edit::without(what).unwrap(), None),
        _ => panic!("{pair:?}"),
    };
    words.chunks(2).map(edit).collect()
}

/// A case's snapshots with their engines.
struct Case {
    old: (Snapshot, Engine),
    new: (Snapshot, Engine),
}

impl Case {
    fn read(case: &Path) -> Case {
        let mut files = Files::new();
        overlay(&mut files, &root().join("base"), &root().join("base"));
        overlay(&mut files, &case.join("old"), &case.join("old"));
        let mut old = Snapshot::from_files(files.clone()).0;
        overlay(&mut files, &case.join("new"), &case.join("new"));
        let (mut new, remarks) = Snapshot::from_files(files.clone());
        assert!(remarks.is_empty(), "{}: {remarks:?}", case.display());
        let mut changes = Vec::new();
        for (edit, file) in edits(case) {
            let given = file.as_ref().map(|(name, contents)| Given { name, contents });
            changes.extend(new.edit(&edit, given).unwrap().changes);
        }
        if changes.is_empty() {
            let engines = (Engine::compile(&old), Engine::compile(&new));
            return Case {
                old: (old, engines.0),
                new: (new, engines.1),
            };
        }
        old.files = new.files.clone();
        let before = Engine::compile(&old);
        let after = changes.iter().fold(None, |engine: Option<Engine>, change| {
            Some(engine.as_ref().unwrap_or(&before).with_change(change).unwrap())
        });
        Case {
            old: (old, before),
            new: (new, after.unwrap()),
        }
    }

    fn diff(&self) -> Diff<'_> {
        diff(
            Side {
                snapshot: &self.old.0,
                engine: &self.old.1,
            },
            Side {
                snapshot: &self.new.0,
                engine: &self.new.1,
            },
        )
    }

    fn names(&self) -> Names {
        Names::of(&self.new.0).or(Names::of(&self.old.0))
    }
}

#[test]
fn each_case_has_its_comment() {
    assert_eq!(cases().len(), 10);
    for path in cases() {
        let case = Case::read(&path);
        let found = case.diff();
        let (names, rows) = (case.names(), found.rows());
        let context = Context {
            names: &names,
            rows: &rows,
        };
        let comment = markdown::comment(&found, context);
        assert!(comment.chars().count() < markdown::LIMIT, "{}", path.display());
        insta::with_settings!({
            snapshot_path => &path, prepend_module_to_snapshot => false, omit_expression => true,
        }, {
            insta::assert_snapshot!("comment", comment);
        });
    }
}

fn case(name: &str) -> Case {
    Case::read(&root().join(name))
}

/// The formats besides: of a case that outsiders gain from, and of one without any change.
#[test]
fn each_format_says_it() {
    for (name, snapshot) in [
        ("s03-add-an-external-account", "outsider"),
        ("s10-a-rewrite-that-changes-nothing", "nothing"),
    ] {
        let case = case(name);
        let found = case.diff();
        let (names, rows) = (case.names(), found.rows());
        let context = Context {
            names: &names,
            rows: &rows,
        };
        let shown = anstream::adapter::strip_str(&text::text(&found, context, Layout::default())).to_string();
        let value = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).unwrap() };
        let whole = value(&json::whole(
            &found,
            &serde_json::json!({"verb": "diff"}),
            (&[], &keywho::source::Files::default()),
        ));
        let lines = String::from_utf8(json::lines(&found)).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| value(line.as_bytes())).collect();
        assert_eq!(whole["results"].as_array().unwrap().len(), lines.len());
        assert!(lines.iter().all(|line| line["schema_version"] == 1));
        let sarif = value(&sarif::sarif(&found, context));
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), lines.len());
        for result in results {
            let at = &result["locations"][0]["physicalLocation"];
            assert!(
                at["artifactLocation"]["uri"]
                    .as_str()
                    .is_some_and(|uri| !uri.is_empty()),
                "{result}"
            );
            assert!(
                at["region"]["startLine"].as_u64().is_some_and(|line| line > 0),
                "{result}"
            );
        }
        let page = html::page(&found, context);
        for outside in ["<script", "http:", "https:", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
        let all = format!(
            "# text\n{shown}\n# json\n{}\n# sarif results\n{}\n# html\n{page}",
            pretty(&whole),
            pretty(&sarif["runs"][0]["results"]),
        );
        insta::with_settings!({
            snapshot_path => "diffs/formats", prepend_module_to_snapshot => false, omit_expression => true,
        }, {
            insta::assert_snapshot!(snapshot, all);
        });
    }
}

/// A comment stays below the limit of GitHub whatever there is to say, and counts what it leaves out.
#[test]
fn a_long_comment_is_cut_and_counted() {
    let mut files = Files::new();
    overlay(&mut files, &root().join("base"), &root().join("base"));
    let old = Snapshot::from_files(files.clone()).0;
    let name = files
        .keys()
        .find(|name| name.ends_with("get-key-policy.json"))
        .unwrap()
        .clone();
    // A statement each for many outsiders, with names that are as awkward as can be.
    let statement = |n: u64| {
        serde_json::json!({
            "Sid": format!("s{n} | `x` <b>@team</b> [l](u)"), "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
            "Principal": {"AWS": format!("arn:aws:iam::{:012}:root", 900_000_000_000 + n)},
            "Condition": {"StringEquals": {"kms:EncryptionContext:n|`": format!("{n}|`</details>")}}
        })
    };
    let statements: Vec<_> = (0..600).map(statement).collect();
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": statements});
    let answer = serde_json::json!({"Policy": policy.to_string()});
    files.insert(name, answer.to_string().into_bytes());
    let new = Snapshot::from_files(files).0;
    let engines = (Engine::compile(&old), Engine::compile(&new));
    let case = Case {
        old: (old, engines.0),
        new: (new, engines.1),
    };
    let found = case.diff();
    let (names, rows) = (case.names(), found.rows());
    let context = Context {
        names: &names,
        rows: &rows,
    };
    let comment = markdown::comment(&found, context);
    assert!(comment.chars().count() < markdown::LIMIT);
    assert!(comment.chars().count() > markdown::LIMIT / 2);
    assert!(comment.contains("more changes are not shown here"), "{comment}");
    assert_eq!(comment.matches("</details>").count(), 1);
    for line in comment.lines().filter(|line| line.starts_with("| ")) {
        assert_eq!(line.matches('|').count(), 7, "{line}");
    }
}

/// An edit gives what the edited files would.
#[test]
fn an_edit_is_what_the_files_would_be() {
    for path in cases() {
        let case = Case::read(&path);
        let whole = Engine::compile(&case.new.0);
        let rows = |engine: &Engine| -> Vec<String> {
            let rows = engine.matrix(&MatrixFilter::default()).unwrap();
            rows.map(|mut row| {
                if let keywho::Access::Conditional { witness, .. } = &mut row.access {
                    *witness = None;
                }
                let mut line = Vec::new();
                keywho::report::json::row(&mut line, &row, keywho::report::json::Place::Line);
                String::from_utf8(line).unwrap()
            })
            .collect()
        };
        assert_eq!(rows(&case.new.1), rows(&whole), "{}", path.display());
        let again = diff(
            Side {
                snapshot: &case.new.0,
                engine: &case.new.1,
            },
            Side {
                snapshot: &case.new.0,
                engine: &whole,
            },
        );
        assert!(again.is_empty(), "{}", path.display());
    }
}

/// What is equal in two folders is kept once, and every place is still named as it stands.
#[test]
fn two_folders_share_what_is_equal() {
    let base = root().join("base");
    let (old, _) = Snapshot::load(&base).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::new();
    overlay(&mut files, &base, &base);
    // Another file before all others, and another text of one key policy.
    files.insert(
        "accounts/000000000000/a.json".to_owned(),
        b"{\"Aliases\": []}".to_vec(),
    );
    let changed = files
        .keys()
        .find(|name| name.ends_with("get-key-policy.json"))
        .unwrap()
        .clone();
    let text = String::from_utf8(files[&changed].clone()).unwrap();
    files.insert(
        changed.clone(),
        text.replace("kms:GetKeyPolicy", "kms:ListGrants").into_bytes(),
    );
    for (name, contents) in &files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    let (new, _) = Snapshot::load_beside(folder.path(), &old).unwrap();
    let (mut shared, mut own) = (0, 0);
    for (a, b) in old.keys.iter().zip(&new.keys) {
        match Arc::ptr_eq(&a.policies[0], &b.policies[0]) {
            true => shared += 1,
            false => own += 1,
        }
    }
    assert_eq!((shared, own), (2, 1));
    for (id, account) in &new.accounts {
        for (arn, policy) in &account.managed {
            assert!(Arc::ptr_eq(policy, &old.accounts[id].managed[arn]), "{arn}");
        }
    }
    let (alone, _) = Snapshot::load(folder.path()).unwrap();
    let lines = |snapshot: &Snapshot| -> Vec<String> {
        let engine = Engine::compile(snapshot);
        let rows = engine.matrix(&MatrixFilter::default()).unwrap();
        rows.map(|row| format!("{} {} {} {:?}", row.principal, row.key, row.action, row.via))
            .collect()
    };
    assert_eq!(lines(&new), lines(&alone));
}
