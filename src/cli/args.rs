//! What was typed, checked for form and nothing done yet.

use super::examples::{
    AUDIT_EXAMPLES, CHECK_EXAMPLES, COVERAGE_EXAMPLES, DECIDE_EXAMPLES, DIFF_EXAMPLES, EXIT_CODES,
    EXPLAIN_EXAMPLES, LINT_EXAMPLES, MATRIX_EXAMPLES, REPORT_EXAMPLES, WHAT_CAN_EXAMPLES, WHO_CAN_EXAMPLES,
};
pub(super) use super::format::{Color, Format};
use anyhow::bail;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Version of the program and of its JSON.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (JSON schema 1)");

/// Who can do what on which AWS KMS key, under which conditions, and why.
///
/// Reads a folder of what the AWS CLI prints about an organization: key policies, grants, IAM, SCPs and RCPs.
/// Opens no connection and needs no credentials.
#[derive(Debug, Parser)]
#[command(name = "keywho", version = VERSION, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Folder of the snapshot
    #[arg(
        short,
        long,
        value_name = "DIR",
        env = "KEYWHO_SNAPSHOT",
        hide_env_values = true,
        global = true,
        help_heading = "Input"
    )]
    pub(super) snapshot: Option<PathBuf>,
    #[command(flatten)]
    pub(super) what_if: WhatIf,
    /// Format of the answer [default: text]
    #[arg(short, long, value_enum, global = true, help_heading = "Output")]
    pub(super) format: Option<Format>,
    /// Write the answer to a file
    #[arg(short, long, value_name = "FILE", global = true, help_heading = "Output")]
    pub(super) output: Option<PathBuf>,
    /// Say nothing but the answer and errors
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Output"
    )]
    pub(super) quiet: bool,
    /// Show every remark about the snapshot in full, with file and line
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(super) verbose: bool,
    /// When to use colours
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        value_name = "WHEN",
        global = true,
        help_heading = "Output"
    )]
    pub(super) color: Color,
}

impl Global {
    /// The format to use: the one typed, if the verb has it, or the verb's own.
    ///
    /// # Errors
    /// The verb has no such format.
    pub(super) fn format(&self, verb: &str, default: Format, offered: &[Format]) -> anyhow::Result<Format> {
        let format = self.format.unwrap_or(default);
        if !offered.contains(&format) {
            let names: Vec<_> = offered.iter().map(|format| format.name()).collect();
            bail!(
                "`{verb}` has no format `{}`: choose {}",
                format.name(),
                names.join(", ")
            );
        }
        Ok(format)
    }
}

/// Edits of the snapshot before it is asked.
#[derive(Debug, Args)]
pub(super) struct WhatIf {
    /// What if this policy or grant were there, or in the place of what is there; repeatable
    ///
    /// key-policy:KEY=FILE, identity-policy:NAME_OR_ARN=FILE, inline-policy:PRINCIPAL/NAME=FILE, boundary:PRINCIPAL=FILE
    /// (or =ARN of a managed policy), scp:TARGET/NAME=FILE, rcp:TARGET/NAME=FILE, grant:KEY=FILE. The file holds the
    /// document, or what the AWS CLI prints around it; `-` is standard input.
    #[arg(long, value_name = "EDIT=FILE", global = true, help_heading = "What if")]
    pub(super) with: Vec<String>,
    /// What if it were not there; repeatable, done before what `--with` gives
    ///
    /// identity-policy:NAME_OR_ARN, inline-policy:PRINCIPAL/NAME, boundary:PRINCIPAL, scp:TARGET/NAME, rcp:TARGET/NAME,
    /// grant:KEY/GRANT (id or name).
    #[arg(long, value_name = "EDIT", global = true, help_heading = "What if")]
    pub(super) without: Vec<String>,
}

/// The questions.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Principals that can perform an action on a key
    #[command(after_long_help = WHO_CAN_EXAMPLES)]
    WhoCan(WhoCan),
    /// Keys and actions that a principal can use
    #[command(after_long_help = WHAT_CAN_EXAMPLES)]
    WhatCan(WhatCan),
    /// Whether a request is allowed, or each of a stream of requests
    #[command(visible_alias = "simulate", after_long_help = DECIDE_EXAMPLES)]
    Decide(Box<Decide>),
    /// Why a request is allowed or refused, what comes near, and which edits would allow it
    #[command(after_long_help = EXPLAIN_EXAMPLES)]
    Explain(Box<Explain>),
    /// Every principal, key and action: the whole relation
    #[command(after_long_help = MATRIX_EXAMPLES)]
    Matrix(Matrix),
    /// What an auditor should look at: findings about keys, policies and grants
    #[command(after_long_help = AUDIT_EXAMPLES)]
    Audit(Audit),
    /// Whether assertions about who has access hold
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Who gains and who loses access from one snapshot to another, or by an edit
    #[command(after_long_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Findings, the whole relation and the coverage as one page
    #[command(after_long_help = REPORT_EXAMPLES)]
    Report(Report),
    /// What the snapshot holds, what it lacks and what that makes unknown
    #[command(after_long_help = COVERAGE_EXAMPLES)]
    Coverage,
    /// Check policy files on their own, before they are deployed
    #[command(after_long_help = LINT_EXAMPLES)]
    Lint(Lint),
    /// The JSON Schema of the objects that keywho writes
    Schema(Schema),
}

/// What is known of the requests that rows are about, and which rows to list.
#[derive(Debug, Args)]
pub(super) struct Narrow {
    /// A context key that is known of the requests; repeat it for more keys, or for more values of one key
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Conditions")]
    pub(super) context: Vec<(String, String)>,
    /// When the requests are made, as `aws:CurrentTime`: 2026-11-26 or 2026-11-26T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Conditions")]
    pub(super) at: Option<String>,
    /// Only access that holds always
    #[arg(long, help_heading = "Conditions")]
    pub(super) certain: bool,
    /// Also access that depends on conditions; this is the default
    #[arg(long, conflicts_with = "certain", help_heading = "Conditions")]
    pub(super) possible: bool,
    /// Show long conditions whole
    #[arg(long, help_heading = "Output")]
    pub(super) wide: bool,
}

/// Arguments of `who-can`.
#[derive(Debug, Args)]
pub(super) struct WhoCan {
    /// IAM action, with or without `kms:`, in any case
    pub(super) action: String,
    /// Key id, key ARN, alias name or alias ARN
    pub(super) key: String,
    #[command(flatten)]
    pub(super) narrow: Narrow,
}

/// Arguments of `what-can`.
#[derive(Debug, Args)]
pub(super) struct WhatCan {
    /// ARN, `role/NAME`, `user/NAME`, `ACCOUNT:role/NAME`, service principal or `account:ID`
    pub(super) principal: String,
    #[command(flatten)]
    pub(super) narrow: Narrow,
}

/// What a request states besides who asks for what.
#[derive(Debug, Args)]
pub(super) struct StatedArgs {
    /// A context key and its value; repeat it for more keys, or for more values of one key
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Request")]
    pub(super) context: Vec<(String, String)>,
    /// A context key that is not given is unknown, not absent
    #[arg(long, help_heading = "Request")]
    pub(super) open_context: bool,
    /// VPC endpoint that the request comes through
    #[arg(long, value_name = "ID", help_heading = "Request")]
    pub(super) vpc_endpoint: Option<String>,
    /// Session policy passed when the session was made; repeatable
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(super) session_policy: Vec<PathBuf>,
    /// User that made the federated session
    #[arg(long, value_name = "ARN", help_heading = "Request")]
    pub(super) federated_by: Option<String>,
    /// CreateGrant: the grant asked for, as JSON with the names of the API
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(super) grant: Option<PathBuf>,
    /// RetireGrant: the grant
    #[arg(long, value_name = "ID", help_heading = "Request")]
    pub(super) grant_id: Option<String>,
    /// Alias operations: the alias
    #[arg(long, help_heading = "Request")]
    pub(super) alias: Option<String>,
    /// UpdateAlias: the key that the alias points at now
    #[arg(long, value_name = "KEY", help_heading = "Request")]
    pub(super) previous_key: Option<String>,
    /// kms:ReEncrypt: the destination key
    #[arg(long, value_name = "KEY", help_heading = "Request")]
    pub(super) destination: Option<String>,
    /// kms:ReEncrypt: context of the destination side
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, help_heading = "Request")]
    pub(super) destination_context: Vec<(String, String)>,
    /// PutKeyPolicy: the new policy
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    pub(super) new_policy: Option<PathBuf>,
    /// PutKeyPolicy: BypassPolicyLockoutSafetyCheck
    #[arg(long, requires = "new_policy", help_heading = "Request")]
    pub(super) bypass: bool,
}

/// Arguments of `decide`.
#[derive(Debug, Args)]
pub(super) struct Decide {
    /// Who asks: a user, role, role session, federated user or root user, or a service principal
    #[arg(long, required_unless_present = "requests", help_heading = "Request")]
    pub(super) principal: Option<String>,
    /// IAM action, or the operation kms:ReEncrypt
    #[arg(long, required_unless_present = "requests", help_heading = "Request")]
    pub(super) action: Option<String>,
    /// Key id, key ARN, alias name or alias ARN; `*` for actions without a key
    #[arg(
        long,
        visible_alias = "resource",
        required_unless_present = "requests",
        help_heading = "Request"
    )]
    pub(super) key: Option<String>,
    #[command(flatten)]
    pub(super) stated: StatedArgs,
    /// Requests as JSON, one a line; `-` for standard input
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Input",
        conflicts_with_all = [
            "principal", "action", "key", "context", "open_context", "vpc_endpoint", "session_policy", "federated_by",
            "grant", "grant_id", "alias", "previous_key", "destination", "destination_context", "new_policy", "bypass",
        ]
    )]
    pub(super) requests: Option<PathBuf>,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Who asks: ARN, `role/NAME`, `user/NAME`, `ACCOUNT:role/NAME` or a service principal
    #[arg(required_unless_present = "event")]
    pub(super) principal: Option<String>,
    /// IAM action, with or without `kms:`, or the operation kms:ReEncrypt
    #[arg(required_unless_present = "event")]
    pub(super) action: Option<String>,
    /// Key id, key ARN, alias name or alias ARN; `*` for actions without a key
    #[arg(required_unless_present = "event")]
    pub(super) key: Option<String>,
    /// An AccessDenied message or a CloudTrail event; `-` for standard input
    #[arg(long, value_name = "FILE", help_heading = "Input", conflicts_with_all = ["principal", "action", "key"])]
    pub(super) event: Option<PathBuf>,
    #[command(flatten)]
    pub(super) stated: StatedArgs,
}

/// Arguments of `matrix`.
#[derive(Debug, Args)]
pub(super) struct Matrix {
    /// Only these principals: ARNs or short names, `*` and `?` stand for any text
    #[arg(
        long,
        value_name = "PATTERN",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) principals: Vec<String>,
    /// Only these keys: ids, ARNs or aliases, `*` and `?` stand for any text
    #[arg(
        long,
        value_name = "PATTERN",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) keys: Vec<String>,
    /// Only these actions, `*` and `?` stand for any text
    #[arg(
        long,
        value_name = "PATTERN",
        value_delimiter = ',',
        help_heading = "Selection"
    )]
    pub(super) actions: Vec<String>,
    /// Also list operations that the key cannot perform, marked as not usable
    #[arg(long, help_heading = "Selection")]
    pub(super) all_operations: bool,
    #[command(flatten)]
    pub(super) narrow: Narrow,
    /// Sets of principals, keys and actions with the same access, instead of one row each; as ndjson or json
    #[arg(long, help_heading = "Output", conflicts_with_all = ["context", "at", "certain", "possible", "wide"])]
    pub(super) blocks: bool,
}

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(super) struct Audit {
    /// List the rules, with why they matter and what to do, and look at no snapshot
    #[arg(long, conflicts_with_all = ["keys", "baseline", "fail_on", "config"])]
    pub(super) rules: bool,
    /// Only these rules; repeatable
    #[arg(long = "rule", value_name = "ID", help_heading = "Selection")]
    pub(super) only: Vec<String>,
    /// Only findings about these keys: ids, ARNs or aliases, `*` and `?` stand for any text; repeatable
    #[arg(long = "key", value_name = "PATTERN", help_heading = "Selection")]
    pub(super) keys: Vec<String>,
    /// Settings [default: keywho.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "KEYWHO_CONFIG", help_heading = "Input")]
    pub(super) config: Option<PathBuf>,
    /// An earlier report in JSON: what it has is not found again
    #[arg(long, value_name = "FILE", help_heading = "Gate")]
    pub(super) baseline: Option<PathBuf>,
    /// Exit with 1 for findings of this severity or a worse one
    #[arg(
        long,
        value_enum,
        value_name = "SEVERITY",
        default_value = "low",
        help_heading = "Gate"
    )]
    pub(super) fail_on: Severity,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Settings [default: keywho.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "KEYWHO_CONFIG", help_heading = "Input")]
    pub(super) config: Option<PathBuf>,
}

/// Severities, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Severity {
    /// To know
    Info,
    /// To look at when there is time
    Low,
    /// To plan
    Medium,
    /// To do soon
    High,
    /// To do now
    Critical,
}

impl From<Severity> for keywho::Severity {
    fn from(severity: Severity) -> keywho::Severity {
        match severity {
            Severity::Info => keywho::Severity::Info,
            Severity::Low => keywho::Severity::Low,
            Severity::Medium => keywho::Severity::Medium,
            Severity::High => keywho::Severity::High,
            Severity::Critical => keywho::Severity::Critical,
        }
    }
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of what
    #[arg(value_enum, default_value = "answers", value_name = "WHAT")]
    pub(super) of: SchemaOf,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// The JSON that is written
    Answers,
    /// Assertion files, which are TOML
    Assertions,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Assertion files
    #[arg(required_unless_present = "init", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write assertions that hold today
    #[arg(long, conflicts_with_all = ["files", "strict"])]
    pub(super) init: bool,
    /// Exit with 3 if an assertion is undecided, or is about nothing
    #[arg(long, help_heading = "Gate")]
    pub(super) strict: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Folder of the old snapshot; with `--with` or `--without` the only one [default: that of `-s`]
    #[arg(value_name = "OLD")]
    pub(super) old: Option<PathBuf>,
    /// Folder of the new snapshot; without it, the old one with the edits is the new one
    #[arg(value_name = "NEW")]
    pub(super) new: Option<PathBuf>,
    /// Exit with 1 only for changes of these kinds
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "KIND",
        help_heading = "Gate"
    )]
    pub(super) fail_on: Vec<FailOn>,
    /// Name all principals, keys and actions of a change
    #[arg(long, help_heading = "Output")]
    pub(super) wide: bool,
}

/// Changes that fail a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Somebody may do what they could not
    Gained,
    /// Somebody outside of the organization may, or anybody
    Outside,
    /// Somebody may administer a key
    Admin,
    /// Something about access is no longer known, or could not be compared
    Unknown,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Policy documents
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// What kind of policy they are [default: key with a principal, identity without]
    #[arg(long, value_enum)]
    pub(super) kind: Option<Kind>,
}

/// Kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Key policy
    Key,
    /// Identity policy of a user, group or role
    Identity,
    /// Permissions boundary
    Boundary,
    /// Session policy
    Session,
    /// Service control policy
    Scp,
    /// Resource control policy
    Rcp,
    /// VPC endpoint policy
    Endpoint,
}

/// Reads `KEY=VALUE`. The value may hold `=` itself.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

/// Checks a point in time, in a form that policies may have.
fn time(text: &str) -> Result<String, String> {
    match keywho::condition::value::seconds(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write it as 2026-11-26, 2026-11-26T09:00:00Z or seconds since 1970".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
        assert!(VERSION.ends_with(&format!("(JSON schema {})", keywho::report::SCHEMA_VERSION)));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(
            pair("kms:EncryptionContext:a=b=c"),
            Ok(("kms:EncryptionContext:a".into(), "b=c".into()))
        );
        assert!(pair("=b").is_err() && pair("b").is_err());
    }

    #[test]
    fn a_time_has_the_forms_of_policies() {
        for text in ["2026-11-26", "2026-11-26T09:00:00Z", "1798761600"] {
            assert_eq!(time(text), Ok(text.to_owned()));
        }
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn senseless_combinations_are_refused() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("keywho decide --principal p --action a").is_err());
        assert!(parse("keywho decide --requests - --principal p").is_err());
        assert!(parse("keywho who-can -q -v Decrypt k").is_err());
        let cli = parse("keywho coverage --format csv").unwrap();
        let refused = cli
            .global
            .format("coverage", Format::Text, &[Format::Text, Format::Json])
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "`coverage` has no format `csv`: choose text, json"
        );
    }
}
