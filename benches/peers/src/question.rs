//! What is asked: an action under a context in which everything is stated, so that every answer is yes or no.

use crate::organization::{Key, Organization};
use keywho::RequestContext;
use keywho::model::action::{Action, ActionSet};

/// The condition keys that policies and grants of the organization ask of requests for the actions asked about.
const ASKED: [&str; 5] = [
    "aws:MultiFactorAuthPresent",
    "aws:SourceIp",
    "kms:EncryptionContext:aws:ebs:id",
    "kms:EncryptionContext:service",
    "kms:ViaService",
];

const WITH_ENCRYPTION_CONTEXT: ActionSet = ActionSet::of(&[
    Action::Decrypt,
    Action::Encrypt,
    Action::GenerateDataKey,
    Action::GenerateDataKeyWithoutPlaintext,
    Action::ReEncryptFrom,
    Action::ReEncryptTo,
]);

/// A call from the office, or one that EC2 makes for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Direct,
    ViaEc2,
}

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) action: Action,
    pub(crate) call: Call,
    /// Keys with their value; none: the key is absent.
    pub(crate) context: RequestContext,
}

impl Question {
    pub(crate) fn new(action: Action, call: Call, organization: &Organization) -> Question {
        let stated = match call {
            Call::Direct => vec![
                ("aws:MultiFactorAuthPresent", "true"),
                ("aws:SourceIp", "203.0.113.7"),
                ("kms:EncryptionContext:service", "service-0"),
            ],
            Call::ViaEc2 => vec![
                // S3.2.2: of what a service does not state, a single decision would not be certain.
                ("aws:SourceIp", "198.51.100.7"),
                ("kms:EncryptionContext:aws:ebs:id", volume(organization)),
                ("kms:ViaService", "ec2.eu-west-1.amazonaws.com"),
            ],
        };
        let mut context: RequestContext = ASKED.map(|key| (key.to_owned(), Vec::new())).into();
        context.extend(
            stated
                .into_iter()
                .map(|(key, value)| (key.to_owned(), vec![value.to_owned()])),
        );
        Question {
            action,
            call,
            context,
        }
    }

    /// What a request to a key states: it has an encryption context only if the operation and the key take one.
    pub(crate) fn stated(&self, on: &Key) -> impl Iterator<Item = (&String, &Vec<String>)> {
        let takes = on.symmetric && WITH_ENCRYPTION_CONTEXT.contains(self.action);
        let stated = self.context.iter();
        stated.filter(move |(key, _)| takes || !key.starts_with("kms:EncryptionContext:"))
    }

    pub(crate) fn name(&self) -> String {
        match self.call {
            Call::Direct => self.action.to_string(),
            Call::ViaEc2 => format!("{}, via EC2", self.action),
        }
    }
}

/// The volume that the first constrained grant is for.
fn volume(organization: &Organization) -> &str {
    let grants = organization.keys.iter().flat_map(|key| &key.grants);
    let first = grants.flat_map(|grant| grant.subset.values()).next();
    first.expect("some grant has a constraint")
}
