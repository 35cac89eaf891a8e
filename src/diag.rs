//! Diagnostics: what was odd in the input, where, why it matters for the answers and what to do.
//!
//! A diagnostic never stops the run; [`crate::Error`] does.

use crate::source::Location;

/// How much a diagnostic matters for the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something was not understood: the answers it touches are "unknown".
    Error,
    /// Something is ineffective, incomplete or probably not meant.
    Warning,
    /// Worth knowing; no answer changes.
    Note,
}

/// One remark about the input.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub location: Location,
    /// What kind of remark: a stable kebab-case code.
    pub code: Code,
    /// What, in one lower-case sentence without a final period; user text stands in backticks.
    pub message: String,
    /// What it means for the answers.
    pub effect: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A diagnostic with neither effect nor help.
    #[must_use]
    pub fn new(code: Code, location: Location, message: impl Into<String>) -> Self {
        Diagnostic {
            location,
            code,
            message: message.into(),
            effect: None,
            help: None,
        }
    }

    /// Says what it means for the answers.
    #[must_use]
    pub fn effect(mut self, effect: impl Into<String>) -> Self {
        self.effect = Some(effect.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// How much it matters; fixed by the code.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

macro_rules! codes {
    ($($variant:ident $severity:ident $name:literal $title:literal,)*) => {
        /// Every kind of diagnostic. Names are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $title] $variant,)* }

        impl Code {
            /// All codes, in order of declaration.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable kebab-case name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// One line that says what the code means.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* }
            }

            /// How much it matters.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    // Files (inventory)
    UnreadableFile Error "unreadable-file" "a file or folder could not be read",
    EmptyFile Warning "empty-file" "an empty file: the call that should have filled it failed",
    InvalidUtf8 Error "invalid-utf8" "bytes that are not UTF-8",
    InvalidJson Error "invalid-json" "text that is not JSON",
    TooDeep Error "too-deep" "JSON nested deeper than any AWS output",
    UnrecognizedFile Note "unrecognized-file" "a file that is no AWS CLI output this tool reads",
    UnknownOwner Error "unknown-owner" "output that does not say which key, policy, account or Region it belongs to",
    TruncatedOutput Warning "truncated-output" "output that goes on elsewhere: the collection is incomplete",
    InvalidField Warning "invalid-field" "a field whose value has not the documented form",
    ConflictingData Warning "conflicting-data" "two files that disagree about one thing",
    DanglingReference Warning "dangling-reference" "something named that the snapshot does not contain",
    MissingData Warning "missing-data" "something the answers need that the snapshot lacks (A40)",
    SymlinkLoop Warning "symlink-loop" "a symbolic link that leads back to its own folder",
    // Policy documents (policy)
    UnparsablePolicy Error "unparsable-policy" "a policy document that cannot be understood (S2.1.10, A39)",
    DuplicateKey Error "duplicate-key" "a JSON object that names one key twice (S2.1.1)",
    UnknownElement Error "unknown-element" "an element the policy language does not have (S2.1.10)",
    InvalidElement Error "invalid-element" "an element whose value has not the documented form (S2.1.1)",
    InvalidVersion Error "invalid-version" "a policy version that does not exist (S2.1.2)",
    OldVersion Note "old-version" "variables are literal text under version 2008-10-17 (S2.7.1, A52)",
    InvalidEffect Error "invalid-effect" "an effect other than Allow and Deny (S2.1.3)",
    MissingElement Warning "missing-element" "a statement without Action, Resource or Principal has no effect (S2.1.6, A31)",
    MisplacedElement Warning "misplaced-element" "an element this kind of policy does not have (S2.1.9)",
    InvalidCharacter Warning "invalid-character" "a character that a key policy cannot have (S2.1.5)",
    NotPrincipalAllow Warning "not-principal-allow" "NotPrincipal with Allow is not supported (S2.2.19, A17)",
    NotPrincipalDeny Warning "not-principal-deny" "NotPrincipal with Deny that may deny those it excepts (S2.2.17)",
    InvalidPrincipal Warning "invalid-principal" "a principal that matches nobody (S2.2, A32)",
    OrphanedPrincipal Warning "orphaned-principal" "a principal that no longer exists (S2.2.11, S2.2.13, A18)",
    UnknownAction Note "unknown-action" "an action that KMS does not have (S2.3.1, A33)",
    InvalidAction Warning "invalid-action" "an action pattern that is not valid (S2.3.1)",
    IneffectiveAction Note "ineffective-action" "an action that can have no effect in this kind of policy (S2.3.3, A33)",
    SuspiciousResource Warning "suspicious-resource" "a resource that matches nothing or more than meant (S2.4, A34)",
    OtherResource Warning "other-resource" "a key policy statement about another key (S2.4.6, A30)",
    UnknownOperator Error "unknown-operator" "a condition operator that does not exist (S2.1.10)",
    UnknownConditionKey Note "unknown-condition-key" "a condition key this tool does not know (S6.11, A35)",
    UnsupportedConditionKey Note "unsupported-condition-key" "a condition key none of the statement's actions supports (S6.3, A35)",
    SetOperator Note "set-operator" "a set operator missing or not needed (S2.5.7, A35)",
    LiteralWildcard Note "literal-wildcard" "a wildcard that StringEquals takes literally (S2.5.3, A35)",
    InvalidConditionValue Warning "invalid-condition-value" "a condition value that never matches (S2.5.3, S2.5.9)",
    NeverTrue Note "never-true" "a condition that no request can satisfy (S2.5.9, A29)",
    TagInKeyPolicy Note "tag-in-key-policy" "tags and aliases in a key policy condition are documented as not supported (S6.4, A36)",
    UnknownVariable Warning "unknown-variable" "a policy variable that stands for nothing (S2.7)",
    PolicyTooLong Warning "policy-too-long" "a policy longer than AWS accepts (S2.1.5)",
    // Grants
    OrphanedGrant Warning "orphaned-grant" "a grant to a principal that no longer exists (S4.9.2, A19)",
    MalformedGrant Warning "malformed-grant" "a grant that KMS would not have created (S4.9.11)",
}
