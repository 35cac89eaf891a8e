//! `keywho.toml`: what is wrong with it is said with its place, and acceptances that accept nothing are named.

use super::{SAMPLE, keywho};
use std::process::Output;

fn audit(settings: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, settings).unwrap();
    let mut command = keywho();
    command
        .args(["audit", "-s", SAMPLE, "--config"])
        .arg(&path)
        .args(arguments);
    command.output().unwrap()
}

#[test]
fn what_is_wrong_has_a_line() {
    for (settings, said) in [
        (
            "trusted-accounts = [\n  \"123\",\n]\n",
            "line 2: `123` is no account id: write 12 digits",
        ),
        (
            "\n[[accept]]\nrule = \"A99\"\nreason = \"x\"\n",
            "line 3: there is no rule `A99`",
        ),
        (
            "[[accept]]\nrule = \"A5\"\nreason = \" \"\n",
            "line 3: the acceptance of A5 has no reason",
        ),
        (
            "[[accept]]\nrule = \"A5\"\nreason = \"x\"\nexpires = \"soon\"\n",
            "line 4",
        ),
        ("trusted = []\n", "unknown field `trusted`"),
        ("trusted-accounts = [", "line 1"),
        (
            "administrators = [\"role/KeyAdministrato\"]\n",
            "unknown administrator `role/KeyAdministrato`",
        ),
    ] {
        let output = audit(settings, &["-q"]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{settings}: {stderr}");
        assert!(
            stderr.contains(said) && stderr.contains("mine.toml"),
            "{settings}: {stderr}"
        );
    }
}

#[test]
fn acceptances_are_counted_and_idle_ones_named() {
    let settings = "\
        [[accept]]\nrule = \"A5\"\nreason = \"shared\"\n\
        [[accept]]\nrule = \"A23\"\nreason = \"old\"\nexpires = 2020-01-01\n\
        [[accept]]\nrule = \"A24\"\nkey = \"alias/none\"\nreason = \"nothing\"\n";
    let output = audit(settings, &[]);
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    let verdict = stdout.lines().next().unwrap();
    let all = super::json(&["audit", "-q", "-s", SAMPLE, "--rule", "A5", "-f", "json"]);
    let of_rule = all["results"].as_array().unwrap().len();
    assert!(
        of_rule > 0 && verdict.ends_with(&format!("; {of_rule} accepted")),
        "{verdict}"
    );
    assert!(!stdout.contains("A5 Access from another account"));
    assert!(
        stderr.contains("mine.toml:5: the acceptance of A23 (`old`) ended on 2020-01-01"),
        "{stderr}"
    );
    assert!(
        stderr
            .contains("mine.toml:9: the acceptance of A24 for key `alias/none` (`nothing`) accepts nothing"),
        "{stderr}"
    );
    let sarif: serde_json::Value = serde_json::from_slice(&audit(settings, &["-f", "sarif"]).stdout).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let suppressed = results
        .iter()
        .filter(|result| result.get("suppressions").is_some());
    assert_eq!(suppressed.count(), of_rule);
}
