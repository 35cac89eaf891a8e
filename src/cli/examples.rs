//! What `--help` of each verb ends with.

pub(super) const EXIT_CODES: &str = "\
Exit codes: 0 answered or allowed, 1 denied or something found, 2 usage or input error, 3 undecided.
Answers go to standard output, remarks about the snapshot to standard error.";

pub(super) const WHO_CAN_EXAMPLES: &str = "\
Examples:
  keywho who-can kms:Decrypt alias/payments -s snapshot
  keywho who-can Decrypt alias/payments -s snapshot --at 2026-11-26 --context aws:SourceIp=203.0.113.7
  keywho who-can sign 7f52a303-09b8-4eaa-ac76-82c00dbe54d5 -s snapshot --format csv -o signers.csv
  keywho who-can PutKeyPolicy arn:aws:kms:eu-west-1:111122223333:alias/payments -s snapshot --format json";

pub(super) const WHAT_CAN_EXAMPLES: &str = "\
Examples:
  keywho what-can role/app/payments -s snapshot
  keywho what-can arn:aws:iam::111122223333:user/alice -s snapshot --format ndjson
  keywho what-can account:999999999999 -s snapshot";

pub(super) const DECIDE_EXAMPLES: &str = "\
Examples:
  keywho decide --principal role/app --action Decrypt --key alias/payments -s snapshot
  keywho decide --principal user/alice --action Decrypt --key alias/payments -s snapshot \\
      --context aws:SourceIp=203.0.113.7 --context kms:EncryptionContext:tenant=7
  keywho decide --principal role/backup --action kms:ReEncrypt -s snapshot \\
      --key alias/old --destination alias/new
  keywho decide --requests requests.ndjson -s snapshot > decisions.ndjson

The context is closed: a key that is neither given nor follows from the snapshot is
absent. With --open-context it is unknown, and the answer may be `undetermined`.

A stream exits by its worst line: 2 if one is no request, else 1 if one is denied,
else 3 if one is undetermined.";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  keywho explain role/app kms:Decrypt alias/payments -s snapshot
  keywho explain user/alice Decrypt alias/payments -s snapshot --context kms:EncryptionContext:tenant=7
  aws kms decrypt .. 2>&1 | keywho explain --event - -s snapshot
  keywho explain --event event.json -s snapshot --format md -o why.md

Without a context the question is about all requests, as in a row of `who-can`. With
one it is about a request that states this and nothing else, as in `decide`; with
--open-context what is not stated is unknown.";

pub(super) const MATRIX_EXAMPLES: &str = "\
Examples:
  keywho matrix -s snapshot --format ndjson > access.ndjson
  keywho matrix -s snapshot --keys 'alias/payments-*' --actions 'Decrypt,GenerateDataKey*'
  keywho matrix -s snapshot --principals '*:role/app/*' --format csv -o app.csv
  keywho matrix -s snapshot --blocks -o access.ndjson";

pub(super) const AUDIT_EXAMPLES: &str = "\
Examples:
  keywho audit -s snapshot
  keywho audit -s snapshot --rule A6 --rule A14 --key 'alias/payments-*'
  keywho audit -s snapshot --format json -o audit.json
  keywho audit -s snapshot --format sarif -o keywho.sarif
  keywho audit -s snapshot --baseline audit.json --fail-on high
  keywho audit --rules

Settings are read from `keywho.toml` in the working folder, or from the file that --config
names: trusted accounts, administrators, and accepted findings with reason and expiry.";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  keywho report -s snapshot -o report.html
  keywho report -s snapshot --config security/keywho.toml -o report.html

The page needs nothing else: no network, and no script to be read. It names the snapshot by a
SHA-256 over its files, which these commands compute too:
  cd snapshot; find . -type f ! -path '*/.*' -printf '%P\\n' | LC_ALL=C sort |
    tr '\\n' '\\0' | xargs -0 sha256sum | sha256sum";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  keywho check --init -s snapshot -o access.toml
  keywho check access.toml -s snapshot
  keywho check rules/*.toml -s snapshot --strict --format json -o checked.json

An assertion:
  [[assert]]
  id = \"only-the-lambda-decrypts-tokens\"
  keys = [\"alias/payments-tokens\", { tag = { data = \"card*\" }, region = \"eu-*\" }]
  actions = [\"Decrypt\", \"grant\"]   # names, patterns, or use, administer, grant, read
  only = [\"role/app/payments-lambda\", { account = \"111122223333\", tag = { team = \"pay\" } }]
  only-through = \"s3\"

In the place of `only`: `none` (nobody of these), `at-least` (each of these, or a number),
`same-as` (whoever can on that key), or nothing but `only-through` and
`only-with-encryption-context`. Principals are names, patterns, `outside`, `anyone`, or tables
of account, tag, org-path and name. `conditional-access = \"ignored\"` leaves out access that
depends on a condition. Exit code 1 if one fails; 3 with --strict if one is undecided.";

pub(super) const DIFF_EXAMPLES: &str = "\
Examples:
  keywho diff before/ after/
  keywho diff snapshot --with key-policy:alias/payments=new-policy.json
  keywho diff snapshot --with scp:ou-ab12-11111111/RegionLock=scp.json --format md > comment.md
  keywho diff main/ branch/ --fail-on outside,admin --format sarif -o access.sarif

Exit codes: 0 access does not change, 1 it does; with --fail-on, 1 only if such a change is
among them.";

pub(super) const COVERAGE_EXAMPLES: &str = "\
Examples:
  keywho coverage -s snapshot
  keywho coverage -s snapshot --format json";

pub(super) const LINT_EXAMPLES: &str = "\
Examples:
  keywho lint key-policy.json
  keywho lint --kind scp guardrails/*.json
  keywho lint --format ndjson policies/*.json";
