//! Statements ready for lowering: patterns compiled once, whatever the number of principals and keys.

use super::context::Depends;
use super::id::PolicyId;
use super::world::{Key, Resource};
use crate::arn::{ArnPattern, KeyArn, Match, PrincipalArn, is_account_id};
use crate::condition::block::{Context, KeyName, PreparedCondition};
use crate::condition::formula::{FormulaId, Formulas};
use crate::condition::key::Support;
use crate::condition::known::Known;
use crate::condition::subject::{Subject, SubjectId};
use crate::condition::variable::{Piece, Template, template};
use crate::model::action::{Action, ActionSet, matching};
use crate::pattern::Token;
use crate::policy::document::{self, Effect, Patterns, PolicyKind, PrincipalEntry, Principals};
use crate::policy::lint::resource::may_be_of_kms;
use crate::source::Location;

/// A statement, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) policy: PolicyId,
    pub(crate) kind: PolicyKind,
    pub(crate) sid: Option<String>,
    pub(crate) index: u32,
    pub(crate) location: Location,
    /// May allow. Both when the effect is not known (S2.1.10).
    pub(crate) allows: bool,
    /// May deny.
    pub(crate) denies: bool,
    /// Actions it certainly covers.
    pub(crate) actions: ActionSet,
    /// Actions it may cover (S2.3.1).
    pub(crate) doubtful: ActionSet,
    /// Actions its action element covers, whatever other element is missing (S2.1.6).
    pub(crate) named: ActionSet,
    resources: Vec<ResourcePattern>,
    resources_negated: bool,
    any_resource: bool,
    pub(crate) conditions: Vec<PreparedCondition>,
    /// By condition: of whom its outcome may depend.
    pub(crate) depends: Vec<Depends>,
    /// Of whom all that it says may depend, its principal element aside.
    pub(crate) says_of: Depends,
    /// Whether it says what it says of whatever is asked for: it has no condition and covers all keys.
    pub(crate) always: bool,
    /// Whether its resource element has variables.
    variables: bool,
    /// Sets of its actions for which the conditions see the same keys (S6.3a).
    pub(crate) groups: Vec<ActionSet>,
    pub(crate) principals: Option<Principals>,
    /// By position in the principal element: the account that an entry stands for.
    accounts: Vec<Option<AccountText>>,
    /// The conditions on the principal, as one text.
    asks: String,
    pub(crate) about: About,
    /// Why it cannot be understood: then it may apply to anybody, any action and any resource (S2.1.10).
    pub(crate) opaque: Option<Opaque>,
}

/// Why a statement is not known, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opaque {
    pub(crate) rule: &'static str,
    /// Who would say it: "the key policy of ..., which is not in the snapshot,".
    pub(crate) about: String,
}

/// An entry of a principal element that stands for an account (S2.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AccountText {
    pub(crate) account: String,
    /// That of the ARN, if it is one.
    pub(crate) partition: Option<String>,
}

/// Whether a statement is about principals or keys that it lists one by one, and about no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// It may be about any.
    Many,
    /// A key policy's statement, which names users, roles and sessions only.
    ListedPrincipals,
    /// An identity policy's statement, which names keys only.
    ListedKeys,
}

#[derive(Debug, Clone)]
struct ResourcePattern {
    text: String,
    /// Variables, if there are any.
    template: Option<Template>,
    /// With a wildcard for each variable.
    pattern: ArnPattern,
    /// Whether a variable stands before the sixth part, where it is not documented (S2.7.1).
    misplaced: bool,
}

/// Whether a statement's resource element covers a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Cover {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// The documentation leaves it open: the rule.
    Doubt(&'static str),
    /// It depends on variables.
    Variables,
}

impl Statement {
    /// Compiles a statement of a document.
    pub(crate) fn new(
        policy: PolicyId,
        kind: PolicyKind,
        policy_name: &str,
        variables: bool,
        written: &document::Statement,
    ) -> Self {
        let opaque = written.opaque.as_ref().map(|why| Opaque {
            rule: "S2.1.10",
            about: format!(
                "statement {} of {policy_name}, which cannot be understood ({why}),",
                written.index
            ),
        });
        // In an opaque statement what is written is complete, and what is not may be anything (S2.1.10).
        let (actions, doubtful) = match (&opaque, &written.actions) {
            (Some(_), None) => (ActionSet::ALL, ActionSet::EMPTY),
            (_, patterns) => actions(patterns.as_ref()),
        };
        let covers_something = opaque.is_some() || written.resources.is_some();
        let scope = match kind {
            // S2.3.3
            PolicyKind::Key => ActionSet::KEY_POLICY_GATE,
            _ => ActionSet::ALL,
        };
        let scope = if covers_something { scope } else { ActionSet::EMPTY };
        let conditions: Vec<PreparedCondition> = written
            .conditions
            .iter()
            .map(|condition| PreparedCondition::new(condition, variables))
            .collect();
        let mut asks: Vec<String> = principal_only(&conditions, kind)
            .map(PreparedCondition::text)
            .collect();
        asks.sort();
        let mut statement = Statement {
            says_of: Depends::default(),
            always: false,
            variables: false,
            asks: asks.join("\n"),
            groups: groups(&conditions, (actions | doubtful) & scope),
            policy,
            kind,
            sid: written.sid.clone(),
            index: written.index,
            location: written.location,
            allows: written.effect != Some(Effect::Deny),
            denies: written.effect != Some(Effect::Allow),
            actions: actions & scope,
            doubtful: doubtful & scope,
            named: actions | doubtful,
            resources: written
                .resources
                .iter()
                .flat_map(|resources| &resources.patterns)
                .map(|text| resource(text, variables))
                .collect(),
            any_resource: opaque.is_some() && written.resources.is_none(),
            resources_negated: written
                .resources
                .as_ref()
                .is_some_and(|resources| resources.negated),
            depends: conditions.iter().map(depends).collect(),
            conditions,
            accounts: written
                .principals
                .iter()
                .flat_map(|principals| &principals.entries)
                .map(account_text)
                .collect(),
            principals: written.principals.clone(),
            about: match kind {
                _ if opaque.is_some() => About::Many,
                PolicyKind::Key if lists_principals(written) => About::ListedPrincipals,
                PolicyKind::Identity if lists_keys(written) => About::ListedKeys,
                _ => About::Many,
            },
            opaque,
        };
        statement.variables = statement.resources.iter().any(|one| one.template.is_some());
        statement.says_of = statement.says_of();
        statement.always = statement.opaque.is_none()
            && statement.doubtful.is_empty()
            && statement.conditions.is_empty()
            && !statement.resources_negated
            && !statement.tells_keys_apart();
        statement
    }

    fn says_of(&self) -> Depends {
        let conditions = self.depends.iter().copied();
        let variables = self.resource_variables().map(|key| Depends::of(&key.name));
        let covers = Depends {
            on_principal: false,
            on_key: self.tells_keys_apart(),
        };
        conditions.chain(variables).fold(covers, Depends::and)
    }

    /// The first of the actions that it says the same of; of those that are doubtful, it names each.
    pub(crate) fn alike(&self, action: Action) -> Action {
        let by_action = self.doubtful.contains(action) || self.variables;
        let mut group = self.groups.iter().filter(|group| group.contains(action));
        let alike = group.next().filter(|_| !by_action);
        alike
            .and_then(|&group| (group - self.doubtful).first())
            .unwrap_or(action)
    }

    /// The conditions that the principal alone decides, whatever is asked for.
    pub(crate) fn principal_only(&self) -> impl Iterator<Item = &PreparedCondition> {
        principal_only(&self.conditions, self.kind)
    }

    /// A text that is equal for statements with equal conditions on the principal.
    pub(crate) fn principal_conditions(&self) -> &str {
        &self.asks
    }

    /// The resource patterns as written.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(|resource| resource.text.as_str())
    }

    /// The condition keys that stand as variables in the resource element.
    pub(crate) fn resource_variables(&self) -> impl Iterator<Item = KeyName> {
        let templates = self.resources.iter().filter_map(|one| one.template.as_ref());
        templates.flat_map(|template| template.keys().map(KeyName::new))
    }

    /// Whether the resource element may cover some keys and not others.
    pub(crate) fn tells_keys_apart(&self) -> bool {
        let every = |one: &ResourcePattern| one.template.is_none() && one.pattern.is_everything();
        !self.any_resource && !self.resources.iter().any(every)
    }

    /// Whether the resource element covers keys of whatever account, as `*` does; listed exceptions aside.
    pub(crate) fn covers_all_keys(&self) -> bool {
        ["aws", "aws-cn", "aws-us-gov"].into_iter().any(|partition| {
            let key = Key {
                arn: format!("arn:{partition}:kms:any-0:000000000000:key/any"),
                ..Key::default()
            };
            self.covers(&key, "000000000000") == Cover::Yes
        })
    }

    /// Whether the resource element may cover some key, or what stands for no resource.
    pub(crate) fn may_cover_keys(&self) -> bool {
        self.any_resource || self.resources_negated || self.resources().any(may_be_of_kms)
    }

    /// The entries of the principal element, with the accounts that they stand for.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&PrincipalEntry, Option<&AccountText>)> {
        let entries = self.principals.iter().flat_map(|principals| &principals.entries);
        entries.zip(self.accounts.iter().map(Option::as_ref))
    }

    /// The texts of users, roles and sessions in the principal element, also where it is negated.
    pub(crate) fn principal_texts(&self) -> impl Iterator<Item = &str> {
        self.entries().filter_map(|(entry, account)| match entry {
            PrincipalEntry::Aws(text) if text != "*" && account.is_none() => Some(text.as_str()),
            _ => None,
        })
    }

    /// A text that is equal for equal resource elements.
    pub(crate) fn resource_text(&self) -> String {
        let each: Vec<String> = self
            .resources
            .iter()
            .map(|one| format!("{:?}/{}", one.text, one.template.is_some()))
            .collect();
        format!("{:?} {} [{}]", self.kind, self.resources_negated, each.join(", "))
    }

    /// Whether the resource element covers a key, its variables aside.
    pub(crate) fn covers(&self, key: &Key, account: &str) -> Cover {
        if self.any_resource {
            return Cover::Yes;
        }
        let mut found = Match::No;
        let mut variables = false;
        for resource in &self.resources {
            let matched = self.one_covers(&resource.pattern, key, account);
            if resource.template.is_some() {
                variables |= !matched.is_no();
            } else {
                found = found.or(matched);
            }
        }
        if variables && !found.is_yes() {
            return Cover::Variables;
        }
        let found = if self.resources_negated { !found } else { found };
        match found {
            Match::No => Cover::No,
            Match::Yes => Cover::Yes,
            Match::Doubt(rule) => Cover::Doubt(rule),
        }
    }

    fn one_covers(&self, pattern: &ArnPattern, key: &Key, account: &str) -> Match {
        match key.kind {
            Resource::Nothing => match pattern.covers_nothing_in(Some(account)) {
                // S2.4.8: a pattern for the whole account in another Region does not.
                Match::Doubt(_) if !key.region.is_empty() && !in_region(pattern, account, &key.region) => {
                    Match::No
                }
                matched => matched,
            },
            Resource::Key | Resource::Alias => pattern.covers(&key.arn, self.kind),
        }
    }

    /// The resource element with its variables substituted.
    pub(crate) fn covers_with(
        &self,
        key: &Key,
        account: &str,
        context: &dyn Context,
        formulas: &mut Formulas,
    ) -> FormulaId {
        let mut any = FormulaId::FALSE;
        for resource in &self.resources {
            let matched = match &resource.template {
                None => self.one_covers(&resource.pattern, key, account),
                Some(template) => match substitute(template, context) {
                    Substituted::Nothing => Match::No,
                    Substituted::Ready(tokens) => {
                        match self.one_covers(&ArnPattern::new(&tokens), key, account) {
                            // AWS itself writes `${aws:PrincipalAccount}` there; the documentation does not allow it.
                            Match::Yes if resource.misplaced => Match::Doubt("S2.7.1"),
                            matched => matched,
                        }
                    }
                    Substituted::Open if self.one_covers(&resource.pattern, key, account).is_no() => {
                        Match::No
                    }
                    Substituted::Open
                        if let Some((subject, value)) = only_value(template, &key.arn, context, formulas) =>
                    {
                        let equal = formulas.equals(subject, value);
                        any = formulas.or2(any, equal);
                        Match::No
                    }
                    Substituted::Open => {
                        let about = format!("`{}` covers the key", resource.text);
                        let open = formulas.unknown("S2.7.5", about);
                        any = formulas.or2(any, open);
                        Match::No
                    }
                },
            };
            let matched = match matched {
                Match::No => FormulaId::FALSE,
                Match::Yes => FormulaId::TRUE,
                Match::Doubt(rule) => formulas.ambiguous(rule, "a resource pattern covers the key"),
            };
            any = formulas.or2(any, matched);
        }
        if self.resources_negated {
            formulas.not(any)
        } else {
            any
        }
    }
}

fn principal_only(
    conditions: &[PreparedCondition],
    kind: PolicyKind,
) -> impl Iterator<Item = &PreparedCondition> {
    conditions.iter().filter(move |condition| {
        condition.keys().all(|key| match key.name.as_str() {
            // Not every action without a key has it (S6.3a).
            "kms:CallerAccount" => kind == PolicyKind::Key,
            name => name.starts_with("aws:Principal") || name == "aws:username",
        })
    })
}

fn depends(condition: &PreparedCondition) -> Depends {
    let keys = condition.keys();
    keys.fold(Depends::default(), |all, key| all.and(Depends::of(&key.name)))
}

fn account_text(entry: &PrincipalEntry) -> Option<AccountText> {
    let PrincipalEntry::Aws(text) = entry else {
        return None;
    };
    match PrincipalArn::parse(text) {
        Some(PrincipalArn::Root { partition, account }) => Some(AccountText {
            account: account.to_owned(),
            partition: Some(partition.to_owned()),
        }),
        _ => is_account_id(text).then(|| AccountText {
            account: text.clone(),
            partition: None,
        }),
    }
}

fn lists_principals(written: &document::Statement) -> bool {
    let names_one = |entry: &PrincipalEntry| {
        matches!(entry, PrincipalEntry::Aws(text) if text != "*") && account_text(entry).is_none()
    };
    let listed = |principals: &Principals| !principals.negated && principals.entries.iter().all(names_one);
    written.principals.as_ref().is_some_and(listed)
}

fn lists_keys(written: &document::Statement) -> bool {
    let is_key = |text: &String| !text.contains(['*', '?', '$']) && KeyArn::parse(text).is_some();
    let listed = |resources: &Patterns| !resources.negated && resources.patterns.iter().all(is_key);
    written.resources.as_ref().is_some_and(listed)
}

/// What a condition key is to an action: whether it is supported, and which of the values it has there.
type Seen = (Option<Support>, u8);

/// Whether a pattern may mean something of an account in a Region.
fn in_region(pattern: &ArnPattern, account: &str, region: &str) -> bool {
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    !pattern
        .covers(
            &format!("arn:{partition}:kms:{region}:{account}:any"),
            PolicyKind::Identity,
        )
        .is_no()
}

/// Parts the actions by what their conditions may see: which keys they support, and values that depend on the action.
fn groups(conditions: &[PreparedCondition], actions: ActionSet) -> Vec<ActionSet> {
    let keys: Vec<KeyName> = conditions.iter().flat_map(PreparedCondition::keys).collect();
    let mut groups: Vec<(Vec<Seen>, ActionSet)> = Vec::new();
    for action in actions {
        let sees: Vec<Seen> = keys
            .iter()
            .map(|key| {
                (
                    key.known.map(|known| known.support(action)),
                    by_action(&key.name, action),
                )
            })
            .collect();
        match groups.iter_mut().find(|(known, _)| *known == sees) {
            Some((_, group)) => group.insert(action),
            None => groups.push((sees, ActionSet::from(action))),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Tells apart the actions for which one key may have different values (S6.2).
fn by_action(key: &str, action: Action) -> u8 {
    match key {
        "kms:EncryptionAlgorithm" => u8::from(action.name().starts_with("GenerateDataKey")),
        "kms:PolicyName" | "kms:KeySpec" | "kms:KeyUsage" | "kms:KeyOrigin" | "kms:MultiRegion" => {
            action.index()
        }
        name if name.starts_with("aws:RequestTag/") => action.index(),
        _ => 0,
    }
}

/// The actions an element covers for certain, and those in doubt.
fn actions(patterns: Option<&Patterns>) -> (ActionSet, ActionSet) {
    let Some(patterns) = patterns else {
        return (ActionSet::EMPTY, ActionSet::EMPTY);
    };
    let (mut certain, mut doubtful) = (ActionSet::EMPTY, ActionSet::EMPTY);
    for pattern in &patterns.patterns {
        let found = matching(pattern);
        if found.doubt {
            doubtful |= found.set;
        } else {
            certain |= found.set;
        }
    }
    doubtful -= certain;
    if patterns.negated {
        (ActionSet::ALL - certain - doubtful, doubtful)
    } else {
        (certain, doubtful)
    }
}

fn resource(text: &str, variables: bool) -> ResourcePattern {
    let template = template(text, variables);
    let wide: Vec<Token> = template
        .pieces()
        .iter()
        .flat_map(|piece| match piece {
            Piece::Text(tokens) => tokens.clone(),
            Piece::Variable { .. } => vec![Token::Many],
        })
        .collect();
    let pattern = ArnPattern::new(&wide);
    let misplaced = misplaced(&template);
    let template = template.has_variables().then_some(template);
    ResourcePattern {
        text: text.to_owned(),
        template,
        pattern,
        misplaced,
    }
}

/// Whether a variable stands in one of the first five parts of an ARN.
fn misplaced(template: &Template) -> bool {
    let mut colons = 0;
    template.pieces().iter().any(|piece| match piece {
        Piece::Text(tokens) => {
            colons += tokens.iter().filter(|token| **token == Token::Char(':')).count();
            false
        }
        Piece::Variable { .. } => colons < 5,
    })
}

/// If a template matches an ARN with one value of its only variable, and that is open: the variable and the value.
fn only_value<'a>(
    template: &Template,
    arn: &'a str,
    context: &dyn Context,
    formulas: &mut Formulas,
) -> Option<(SubjectId, &'a str)> {
    let (key, value) = template.only_value(arn)?;
    let key = KeyName::new(key);
    let single = key.known.is_some_and(|known| !known.is_multi_valued());
    let Known::Open { absent, values } = context.known(&key) else {
        return None;
    };
    if !single {
        return None;
    }
    let subject = Subject {
        absent,
        possible: values,
        ..Subject::free(key.name)
    };
    Some((formulas.subject(subject), value))
}

enum Substituted {
    /// A variable has no value (S2.7.3).
    Nothing,
    /// A variable is not known.
    Open,
    Ready(Vec<Token>),
}

fn substitute(template: &Template, context: &dyn Context) -> Substituted {
    let mut open = false;
    let tokens = template.substitute(|name| match context.known(&KeyName::new(name)) {
        Known::Absent => None,
        Known::Is(values) if values.len() == 1 => values.into_iter().next(),
        _ => {
            open = true;
            None
        }
    });
    match tokens {
        _ if open => Substituted::Open,
        None => Substituted::Nothing,
        Some(tokens) => Substituted::Ready(tokens),
    }
}
