//! The organization in Cedar, and asking it.
//!
//! As Cedar's documentation recommends: policies and entities are parsed once, the context of a question is made once,
//! nothing is validated, and a request is asked with the slice of the policies that can matter to it.

mod condition;
mod entities;
mod policies;

use crate::organization::{Key, Organization, Role};
use crate::question::Question;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
};
use policies::{Reach, Text};
use std::collections::HashMap;

pub(crate) struct Cedar {
    authorizer: Authorizer,
    entities: Entities,
    /// Every policy.
    pub(crate) whole: PolicySet,
    for_any: Vec<Policy>,
    for_holders: HashMap<String, Vec<Policy>>,
    for_key: HashMap<String, Vec<Policy>>,
}

/// The action of a question with its context on a key.
pub(crate) struct Asked {
    action: EntityUid,
    key: EntityUid,
    context: Context,
}

impl Asked {
    pub(crate) fn new(question: &Question, key: &Key) -> Asked {
        Asked {
            action: entities::action_uid(question.action),
            key: entities::uid("Key", &key.arn),
            context: entities::context(question, key),
        }
    }
}

/// Cedar's name of a role.
pub(crate) fn role(arn: &str) -> EntityUid {
    entities::uid("Role", arn)
}

/// The policies in Cedar's language.
pub(crate) fn translate(organization: &Organization) -> Vec<Text> {
    policies::translate(organization)
}

impl Cedar {
    /// Parses policies and makes entities.
    pub(crate) fn compile(organization: &Organization, texts: &[Text]) -> Cedar {
        let sets = texts.iter().map(|text| text.actions).collect();
        let mut cedar = Cedar {
            authorizer: Authorizer::new(),
            entities: entities::entities(organization, &sets),
            whole: PolicySet::new(),
            for_any: Vec::new(),
            for_holders: HashMap::new(),
            for_key: HashMap::new(),
        };
        for (number, text) in texts.iter().enumerate() {
            let id = PolicyId::new(format!("policy{number}"));
            let policy = Policy::parse(Some(id), &text.text)
                .unwrap_or_else(|error| panic!("{error:?}\n{}", text.text));
            cedar.whole.add(policy.clone()).expect("ids differ");
            let slice = match &text.reach {
                Reach::Any => &mut cedar.for_any,
                Reach::Holders(name) => cedar.for_holders.entry(name.clone()).or_default(),
                Reach::Key(arn) => cedar.for_key.entry(arn.clone()).or_default(),
            };
            slice.push(policy);
        }
        cedar
    }

    /// What of a role there are policies for. Roles that have it in common have their slices in common.
    pub(crate) fn reached<'a>(&self, organization: &'a Organization, role: &'a Role) -> Vec<&'a str> {
        let own = std::iter::once(role.arn.as_str());
        let held = role.attached.iter().chain(&role.boundary).map(String::as_str);
        own.chain(held)
            .chain(organization.levels(&role.account))
            .filter(|name| self.for_holders.contains_key(*name))
            .collect()
    }

    /// The policies that can matter to requests of roles of which this is reached, to a key.
    pub(crate) fn slice(&self, reached: &[impl AsRef<str>], key: &str) -> PolicySet {
        let held = reached
            .iter()
            .filter_map(|name| self.for_holders.get(name.as_ref()));
        let parts = [&self.for_any]
            .into_iter()
            .chain(self.for_key.get(key))
            .chain(held);
        PolicySet::from_policies(parts.flatten().cloned()).expect("ids differ")
    }

    /// Asks one request.
    pub(crate) fn allows(&self, policies: &PolicySet, role: &EntityUid, asked: &Asked) -> bool {
        let (action, key, context) = (asked.action.clone(), asked.key.clone(), asked.context.clone());
        let request = Request::new(role.clone(), action, key, context, None).expect("nothing is validated");
        let response = self.authorizer.is_authorized(&request, policies, &self.entities);
        if let Some(error) = response.diagnostics().errors().next() {
            panic!("a policy failed: {error}");
        }
        response.decision() == Decision::Allow
    }
}
