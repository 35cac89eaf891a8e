//! Assertions about who has access -> whether they hold, and which rows break them.
//!
//! ```
//! use keywho::check::Assertions;
//!
//! let assertions = Assertions::parse(
//!     r#"
//!     [[assert]]
//!     id = "only-the-lambda-decrypts-tokens"
//!     keys = "alias/payments-tokens"
//!     actions = "Decrypt"
//!     only = ["role/app/payments-lambda", "role/BreakGlass"]
//!     "#,
//!     "2026-11-27".parse()?,
//! )?;
//! assert_eq!(assertions.list[0].id, "only-the-lambda-decrypts-tokens");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod init;
mod judge;
mod parse;
mod require;
mod select;

use crate::answer::{Access, Derivation};
use crate::model::action::ActionSet;
use crate::model::finding::Severity;
use jiff::civil::Date;
use std::sync::Arc;

/// The assertions of one file.
#[derive(Clone, Debug, Default)]
pub struct Assertions {
    /// In the order of the file.
    pub list: Vec<Assertion>,
}

/// Something that is to hold of who has access.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Its name, unique in the file.
    pub id: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// How much it matters when it does not hold.
    pub severity: Severity,
    /// Why it is to hold.
    pub reason: Option<String>,
    /// The last day it is looked at.
    pub expires: Option<Date>,
    /// Whether that day is over.
    pub expired: bool,
    /// The keys it is about; `None`: all that AWS does not manage, and the actions that need no key.
    pub keys: Option<Vec<Selector>>,
    /// The actions it is about, as far as a key can perform them.
    pub actions: ActionSet,
    /// Who is to have access, and who is not.
    pub demand: Demand,
    /// Whether access under a condition is access.
    pub conditional_counts: bool,
    /// Services that all access must come through, as patterns of `kms:ViaService` without Region and domain, such as
    /// `s3`, or whole.
    pub only_through: Vec<Text>,
    /// Names of pairs that every request's encryption context must have.
    pub only_with_encryption_context: Vec<Text>,
}

/// A text of the file, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
}

/// Who is to have access.
#[derive(Clone, Debug)]
pub enum Demand {
    /// Nobody but these.
    Only(Vec<Selector>),
    /// None of these.
    None(Vec<Selector>),
    /// Each of these, to every action on every key.
    AtLeast(Vec<Selector>),
    /// So many, whoever they are, to every action on every key. Root users and services do not count.
    AtLeastSoMany(usize),
    /// Whoever has it on another key, and in the same way.
    SameAs(Text),
    /// Whoever it is: what else the assertion says is to hold of all access.
    Anyone,
}

/// Some principals or some keys: those that fit everything it says.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// Name, or a pattern of names.
    pub name: Option<Text>,
    /// Ids of accounts.
    pub accounts: Vec<String>,
    /// Regions of keys.
    pub regions: Vec<String>,
    /// Tags, with patterns of their values.
    pub tags: Vec<(String, String)>,
    /// Patterns of the account's path in the organization: `o-1/r-1/ou-2/*`.
    pub org_paths: Vec<String>,
    /// `outside`: of an account that is not known to be of the organization.
    pub outside: bool,
    /// `anyone`: any principal of any account.
    pub anyone: bool,
}

/// What came out of one assertion.
#[derive(Clone, Debug)]
#[must_use]
pub struct Checked<'a> {
    /// The assertion.
    pub assertion: &'a Assertion,
    /// What came out.
    pub verdict: Verdict,
    /// How many pairs of a principal and a key were looked at.
    pub looked_at: usize,
    /// What breaks it: the first few, certain ones first.
    pub violations: Vec<Violation>,
    /// How many there are.
    pub total: usize,
    /// How many of them rest on what is not known.
    pub uncertain: usize,
    /// What the reader should know: that it is about nothing, or over.
    pub note: Option<String>,
}

/// Whether an assertion holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// What is not known decides it.
    Undecided,
    /// Its time is over, and it was not looked at.
    Expired,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Undecided => "undecided",
            Verdict::Expired => "expired",
        }
    }
}

/// A row that breaks an assertion, or the lack of one.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Who, as rows name it; `None` where there should be more, whoever it is.
    pub principal: Option<String>,
    /// ARN of the key; `*` for actions without one.
    pub key: String,
    /// The actions.
    pub actions: ActionSet,
    /// The access there is; `None` where there is none and should be.
    pub access: Option<Access>,
    /// By what.
    pub via: Arc<[Derivation]>,
    /// Why it breaks the assertion.
    pub why: String,
    /// Whether it is not known to be so.
    pub uncertain: bool,
}
