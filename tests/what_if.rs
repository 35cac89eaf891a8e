//! `--with`, `--without` and `diff` from outside: answers, exit codes, and what is said about bad edits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use serde_json::Value;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const BASE: &str = "tests/diffs/base";
const GATE: &str = "key-policy:alias/payments=tests/diffs/s01-open-the-account-gate/key-policy.json";
const PARTNER: &str = "key-policy:alias/payments=tests/diffs/s03-add-an-external-account/key-policy.json";
const REWRITE: &str =
    "key-policy:alias/payments=tests/diffs/s10-a-rewrite-that-changes-nothing/key-policy.json";
const LOCKOUT: &str = "key-policy:alias/tokens=tests/diffs/s05-remove-the-last-administrator/key-policy.json";

fn keywho(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keywho"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    for variable in ["KEYWHO_SNAPSHOT", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(variable);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    keywho(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn code(arguments: &[&str]) -> i32 {
    let output = run(arguments);
    output.status.code().unwrap()
}

#[test]
fn every_verb_asks_the_edited_snapshot() {
    let deploy = "arn:aws:iam::222233334444:role/ci-deploy";
    let of = |verb: &[&str]| -> [String; 2] {
        let ask = |with: &[&str]| {
            let output = run(&[verb, &["-s", BASE, "-q"], with].concat());
            text(&output.stdout).to_owned()
        };
        [ask(&[]), ask(&["--with", GATE])]
    };
    let decide = [
        "decide",
        "--principal",
        deploy,
        "--action",
        "Decrypt",
        "--key",
        "alias/payments",
    ];
    for verb in [
        &["who-can", "Decrypt", "alias/payments"][..],
        &["what-can", "role/ci-deploy"],
        &[
            "matrix",
            "--principals",
            "*ci-deploy",
            "--keys",
            "alias/payments",
            "--actions",
            "Decrypt",
        ],
        &decide,
    ] {
        let [before, after] = of(verb);
        assert_ne!(before, after, "{verb:?}");
    }
    let arguments = |with: &[&'static str]| [&decide, &["-s", BASE, "-q"][..], with].concat();
    assert_eq!(code(&arguments(&[])), 1);
    assert_eq!(code(&arguments(&["--with", GATE])), 0);
    assert_eq!(code(&["coverage", "-s", BASE, "--with", GATE]), 0);
}

#[test]
fn changes_of_access_are_the_exit_code() {
    for (arguments, expected) in [
        (&["--with", REWRITE][..], 0),
        (&["--with", GATE], 1),
        (&["--with", GATE, "--fail-on", "outside"], 0),
        (&["--with", GATE, "--fail-on", "outside,admin"], 1),
        (&["--with", PARTNER, "--fail-on", "outside"], 1),
        (&["--with", PARTNER, "--fail-on", "admin,unknown"], 0),
        (&["--with", LOCKOUT, "--fail-on", "gained"], 0),
        (&["--with", LOCKOUT], 1),
        (&["--without", "grant:alias/tokens/backup"], 1),
        (
            &[
                "--without",
                "scp:ou-ab12-workloads/NoKeyDeletion",
                "--fail-on",
                "admin",
            ],
            1,
        ),
        (&["--without", "identity-policy:AppKeyUse"], 0),
    ] {
        let output = run(&[&["diff", BASE, "-q"][..], arguments].concat());
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
        assert!(
            output.stderr.is_empty(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
    }
    // Two folders, and an edit of the new one that takes the change back.
    assert_eq!(code(&["diff", BASE, BASE, "-q"]), 0);
    assert_eq!(code(&["diff", BASE, BASE, "-q", "--with", GATE]), 1);
    assert_eq!(code(&["diff", "-s", BASE, "-q", "--with", GATE]), 1);
}

#[test]
fn every_format_is_whole() {
    for format in ["json", "ndjson", "sarif", "md", "html", "text"] {
        let output = run(&["diff", BASE, "-q", "-f", format, "--with", GATE]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let out = text(&output.stdout);
        assert!(out.contains("Enable IAM User Permissions"), "{format}: {out}");
        match format {
            "json" | "sarif" => drop(serde_json::from_str::<Value>(out).unwrap()),
            "ndjson" => out
                .lines()
                .for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap())),
            _ => {}
        }
    }
    let output = run(&["diff", BASE, "-f", "csv", "--with", GATE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`diff` has no format `csv`"));
}

#[test]
fn an_edit_may_come_from_standard_input() {
    let mut child = keywho(&["diff", BASE, "-q", "--with", "grant:alias/payments=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let grant = br#"{"GranteePrincipal": "arn:aws:iam::222233334444:user/alice", "Operations": ["Decrypt"], "Name": "x"}"#;
    child.stdin.take().unwrap().write_all(grant).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = text(&output.stdout);
    assert!(said.contains("added grant \"x\" on alias/payments"), "{said}");
    assert!(said.contains("(standard input):1"), "{said}");
}

#[test]
fn a_key_that_nobody_could_administer_is_warned_of() {
    let output = run(&[
        "who-can",
        "Decrypt",
        "alias/tokens",
        "-s",
        BASE,
        "--with",
        LOCKOUT,
    ]);
    let said = text(&output.stderr);
    assert!(
        said.contains("warning[lockout]") && said.contains("nobody could change the key policy again"),
        "{said}"
    );
    let output = run(&[
        "who-can",
        "Decrypt",
        "alias/payments",
        "-s",
        BASE,
        "--with",
        REWRITE,
    ]);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn bad_edits_are_input_errors() {
    for (arguments, said, help) in [
        (
            &["--with", "key-polcy:alias/payments=README.md"][..],
            "in `--with key-polcy:alias/payments=README.md`: unknown kind of edit `key-polcy`",
            "did you mean `key-policy`",
        ),
        (
            &["--with", "key-policy:alias/payments"],
            "no file is given",
            "write `key-policy:alias/payments=FILE`",
        ),
        (
            &["--with", "key-policy:alias/paymants=README.md"],
            "unknown key `alias/paymants`",
            "did you mean `alias/payments`?",
        ),
        (
            &["--with", "key-policy:alias/payments=README.md"],
            "`README.md` line 1",
            "help: ",
        ),
        (
            &["--with", "key-policy:alias/payments=no-such-file"],
            "cannot read `no-such-file`",
            "",
        ),
        (
            &[
                "--with",
                "boundary:user/alise=arn:aws:iam::222233334444:policy/AppKeyUse",
            ],
            "unknown user or role `user/alise`",
            "did you mean `arn:aws:iam::222233334444:user/alice`?",
        ),
        (
            &[
                "--with",
                "boundary:user/alice=arn:aws:iam::222233334444:policy/AppKeyUsed",
            ],
            "unknown managed policy",
            "did you mean `arn:aws:iam::222233334444:policy/AppKeyUse`?",
        ),
        (
            &["--without", "grant:alias/tokens/bakup"],
            "unknown grant `bakup`",
            "did you mean `backup`?",
        ),
        (
            &["--without", "key-policy:alias/tokens"],
            "a key is never without a key policy",
            "--with key-policy:KEY=FILE",
        ),
        (
            &["--without", "rcp:r-ab12/Perimeter"],
            "unknown attached policy `Perimeter`",
            "",
        ),
        (&["--with", "scp:r-ab12/A=-", "--with", "scp:r-ab12/B=-"], "", ""),
    ] {
        let output = keywho(&[&["diff", BASE][..], arguments].concat())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains(said) && stderr.contains(help),
            "{arguments:?}: {stderr}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    let output = run(&["diff", BASE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("nothing to compare"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(code(&["lint", "README.md", "--with", GATE]), 2);
    let twice = [
        "decide",
        "--requests",
        "-",
        "-s",
        BASE,
        "--with",
        "key-policy:alias/payments=-",
    ];
    assert_eq!(code(&twice), 2);
}
