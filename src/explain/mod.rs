//! Why a request is allowed or refused: every layer with its verdict, what comes near to allowing it, and what would.
//!
//! An explanation is made of what the rules derived for one pair, and of what each statement of its layers says element by
//! element. It decides nothing: an answer comes from the same cell as that of [`Engine::decide`].
//!
//! | file | what it is about |
//! | --- | --- |
//! | `findings` | what the rules say of one permission, and of each element of its statements |
//! | `layers` | the verdict of every layer (S4.1.2), from the findings |
//! | `leaves` | the statements and grants a verdict rests on, and near misses |
//! | `texts` | where a statement is written, and of which policy it is part |
//! | `words` | what an element says, and what the request has instead |
//! | `repair` | the smallest edits that would allow a request, each one tried |
//! | `event` | requests from AccessDenied messages and CloudTrail events |

pub mod event;
mod findings;
mod layers;
mod leaves;
pub mod repair;
mod texts;
mod words;

use crate::engine::Engine;
use crate::model::action::Action;
use crate::model::request::Request;
use crate::source::Location;
use crate::{Decision, Derivation, Error, GrantRef, RequestContext, Residual, StatementRef};
use findings::Findings;
use serde_json::Value;

/// Why a request is allowed, refused or undecided.
#[derive(Clone, Debug)]
#[must_use]
pub struct Explanation {
    /// The request, with names in full.
    pub request: Request,
    /// The decision, as [`Engine::decide`] gives it.
    pub decision: Decision,
    /// Of undetermined decisions: the context of a request that is allowed, if one is certain to be.
    pub witness: Option<RequestContext>,
    /// The permissions that the request needs (S4.12, S5.4), each for every caller that it may come from.
    pub permissions: Vec<Permission>,
}

/// One permission that a request needs, for one caller.
#[derive(Clone, Debug)]
pub struct Permission {
    /// The caller.
    pub principal: String,
    /// For federated sessions: the user that made it.
    pub made_by: Option<String>,
    /// The action.
    pub action: Action,
    /// ARN of the key or alias; `*` for actions without a resource.
    pub key: String,
    /// The decision of this permission.
    pub decision: Decision,
    /// The ways that lead to the permission, whether or not a guardrail closes them.
    pub paths: Vec<Path>,
    /// Every layer, in the order of S4.1.2. SCPs have one element for each level.
    pub layers: Vec<Layer>,
}

/// A way that leads to a permission: statements or a grant that would give it.
#[derive(Clone, Debug)]
pub struct Path {
    /// What it rests on.
    pub derivation: Derivation,
    /// What becomes of it within boundary, session policies and SCPs.
    pub verdict: Verdict,
    /// On what that depends.
    pub condition: Option<Residual>,
}

/// What a layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It allows.
    Allows,
    /// It denies.
    Denies,
    /// It says nothing.
    Silent,
    /// What it says depends on the request, or on what is not known.
    Depends,
    /// It has no say.
    NotApplicable,
}

impl Verdict {
    /// In one word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Allows => "allows",
            Verdict::Denies => "denies",
            Verdict::Silent => "silent",
            Verdict::Depends => "depends",
            Verdict::NotApplicable => "not applicable",
        }
    }
}

/// A layer of the decision, with its verdict.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `feasibility`, `explicitDeny`, `rcp`, `scp`, `vpcEndpoint`, `keyPolicy`, `grant`, `identity`, `boundary` or `session`.
    pub name: &'static str,
    /// SCPs: the root, OU or account that they are attached to.
    pub level: Option<String>,
    /// What it says.
    pub verdict: Verdict,
    /// The clause of the semantics.
    pub rule: &'static str,
    /// Whether the request is refused because of it.
    pub blocks: bool,
    /// The verdict in words.
    pub says: String,
    /// What it rests on.
    pub leaves: Vec<Leaf>,
    /// Where it is silent: what fails in one element only, nearest first.
    pub near: Vec<NearMiss>,
    /// How many more near misses there are that are not listed.
    pub more: usize,
}

/// A statement or grant that a verdict rests on.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Where it stands.
    pub source: Source,
    /// The clause by which it counts.
    pub rule: &'static str,
    /// How it counts, in words.
    pub says: String,
    /// Under which condition, if under any.
    pub condition: Option<Residual>,
    /// Its text.
    pub quote: Quote,
}

/// A statement or grant that would have a say if one of its elements were another.
#[derive(Clone, Debug)]
pub struct NearMiss {
    /// Where it stands.
    pub source: Source,
    /// The element that the request does not meet.
    pub element: Element,
    /// What the element says.
    pub says: String,
    /// What the request has.
    pub has: String,
    /// What people get wrong there, if this looks like it.
    pub hint: Option<&'static str>,
    /// Its text.
    pub quote: Quote,
}

/// A part of a statement or grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// Principal or NotPrincipal.
    Principal,
    /// Action or NotAction.
    Action,
    /// Resource or NotResource.
    Resource,
    /// One operator on one key of the condition block, both as they are written.
    Condition {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
    },
    /// The grantee of a grant.
    Grantee,
    /// The operations of a grant.
    Operations,
    /// The constraints of a grant.
    Constraints,
}

impl Element {
    /// The name of the element in a policy or grant.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Element::Principal => "Principal",
            Element::Action => "Action",
            Element::Resource => "Resource",
            Element::Condition { .. } => "Condition",
            Element::Grantee => "GranteePrincipal",
            Element::Operations => "Operations",
            Element::Constraints => "Constraints",
        }
    }
}

/// A statement or a grant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A statement of a policy.
    Statement(StatementRef),
    /// A grant.
    Grant(GrantRef),
}

impl Source {
    /// The file, relative to the snapshot; empty for what was assumed.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Source::Statement(at) => &at.file,
            Source::Grant(at) => &at.file,
        }
    }

    /// The line, from 1; 0 for what was assumed.
    #[must_use]
    pub fn line(&self) -> u32 {
        match self {
            Source::Statement(at) => at.line,
            Source::Grant(at) => at.line,
        }
    }
}

/// The text of a statement or grant, and the part of it that matters.
#[derive(Clone, Debug, Default)]
pub struct Quote {
    /// Where it stands.
    pub location: Location,
    /// It as JSON, if it was understood.
    pub json: Option<Value>,
    /// The names of the members that lead to the part that matters; empty: all of it.
    pub path: Vec<String>,
}

impl Engine {
    /// Why a principal may do an action on a key, or may not, whatever else a request states.
    ///
    /// # Errors
    /// A name is unknown or ambiguous.
    pub fn explain(&self, principal: &str, action: &str, key: &str) -> Result<Explanation, Error> {
        self.explain_request(&self.any_request(principal, action, key)?)
    }

    /// The request that stands for all of a principal for an action on a key; names as people write them.
    fn any_request(&self, principal: &str, action: &str, key: &str) -> Result<Request, Error> {
        let named = Request {
            principal: principal.to_owned(),
            action: action.to_owned(),
            resource: key.to_owned(),
            open_context: true,
            ..Request::default()
        };
        self.in_full(&named, true)
    }

    /// The same request with its names in full. `any`: an alias is but a way to name the key.
    ///
    /// # Errors
    /// A name is unknown or ambiguous.
    pub fn in_full(&self, request: &Request, any: bool) -> Result<Request, Error> {
        let mut full = request.clone();
        if !request.principal.starts_with("arn:") {
            let found = self.find_principals(&request.principal)?;
            let first = found.first().and_then(|&id| self.world.principal(id));
            if let Some(first) = first {
                full.principal.clone_from(&first.name);
            }
        }
        let names_key = !request.resource.starts_with("arn:") && request.resource != "*";
        if names_key || any && request.resource.contains(":alias/") {
            match self.key_of(&full, &request.resource) {
                Ok((_, key)) if any => full.resource.clone_from(&key.arn),
                Ok(_) => {}
                // A short name of a key of another account: a person means the key, a request could not.
                Err(_) => {
                    if let Some(key) = self.world.key(self.find_key(&request.resource)?) {
                        full.resource.clone_from(&key.arn);
                    }
                }
            }
        }
        Ok(full)
    }

    /// Why a request is allowed, refused or undecided.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain_request(&self, request: &Request) -> Result<Explanation, Error> {
        let decision = self.decide(request)?;
        let mut permissions = Vec::new();
        self.permissions(request, |permission| {
            permissions.push(Findings::of(permission).report());
        })?;
        let witness = decision.residual.as_ref().filter(|_| request.open_context);
        Ok(Explanation {
            witness: witness.and_then(Residual::allowed),
            request: request.clone(),
            decision,
            permissions,
        })
    }
}
