//! `${...}` in resources and condition values -> remarks on variables that stand for nothing (S2.7, A52).
//!
//! What is no variable of the policy language at all, as `${var.account}` or `${AWS::Region}`, is taken for the placeholder
//! of a template: it is reported once for the statement, and nothing else is said of the texts it stands in.

use super::{Linter, quote, quote_all};
use crate::condition::key;
use crate::condition::variable::{Piece, Template, resource_template, template};
use crate::diag::Code;
use crate::pattern::Token;
use crate::policy::document::PrincipalEntry;

/// Whether a text has the placeholder of a template in it: `${`, and then no name of a condition key.
pub(super) fn has_placeholder(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("${") {
        let inside = after.split_once('}').map_or(after, |(inside, _)| inside);
        if !is_variable(inside) {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether what stands between `${` and `}` has the form of a policy variable.
fn is_variable(inside: &str) -> bool {
    let name = inside.split_once(',').map_or(inside, |(name, _)| name).trim();
    if matches!(name, "*" | "?" | "$") {
        return true;
    }
    let Some((service, key)) = name.split_once(':') else {
        return false;
    };
    let is_service = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    let is_odd = |c: char| matches!(c, '"' | '(' | ')' | '[' | ']' | '{' | '?');
    !service.is_empty()
        && service.bytes().all(is_service)
        && !key.is_empty()
        && !key.starts_with(':')
        && !key.contains(is_odd)
}

impl Linter<'_> {
    /// Reports placeholders of a template, wherever they are in the statement.
    pub(super) fn placeholders(&mut self) {
        let statement = self.statement;
        let principals = statement
            .principals
            .iter()
            .flat_map(|list| &list.entries)
            .filter_map(|entry| match entry {
                PrincipalEntry::Aws(text)
                | PrincipalEntry::Service(text)
                | PrincipalEntry::Federated(text) => Some(text),
                _ => None,
            });
        let patterns = [&statement.actions, &statement.resources]
            .into_iter()
            .flatten()
            .flat_map(|list| &list.patterns);
        let conditions = statement
            .conditions
            .iter()
            .flat_map(|condition| std::iter::once(&condition.key).chain(&condition.values));
        let mut texts: Vec<&String> = principals
            .chain(patterns)
            .chain(conditions)
            .filter(|text| has_placeholder(text))
            .collect();
        texts.dedup();
        if texts.is_empty() {
            return;
        }
        let message = format!(
            "{} has placeholders that no template filled in",
            quote_all(&texts)
        );
        let found = self.remark(Code::UnknownVariable, message);
        let found = found.effect("what is meant cannot be known from this text (S2.7.1)");
        self.report(found.help("check the policy that is deployed"));
    }

    /// Looks at the variables in Resource and Condition.
    pub(super) fn variables(&mut self) {
        let statement = self.statement;
        let resources = statement.resources.iter().flat_map(|list| &list.patterns);
        let values = statement
            .conditions
            .iter()
            .filter(|condition| condition.operator.substitutes_variables())
            .flat_map(|condition| &condition.values);
        if !self.variables {
            let texts: Vec<&String> = resources
                .chain(values)
                .filter(|text| text.contains("${") && !has_placeholder(text))
                .collect();
            return self.old_version(&texts);
        }
        let templates = resources
            .map(|text| (text, resource_template(text, true)))
            .chain(values.map(|text| (text, template(text, true))));
        for (text, template) in templates.filter(|(text, _)| !has_placeholder(text)) {
            for name in template.keys() {
                self.variable(name);
            }
            if !is_early(text) && opens_nothing(&template) {
                let message = format!("`${{` in {} opens no variable", quote(text));
                let found = self.remark(Code::UnknownVariable, message);
                let found = found.effect("it stands for itself (S2.7.1)");
                self.report(found.help("write `${key}` or `${key, 'default'}`"));
            }
        }
    }

    fn old_version(&mut self, texts: &[&String]) {
        if texts.is_empty() {
            return;
        }
        let message = format!(
            "{} has a variable, but the policy's version is 2008-10-17",
            quote_all(texts)
        );
        let found = self
            .remark(Code::OldVersion, message)
            .effect("it is compared as literal text (S2.7.1, A52)");
        self.report(found.help("write `\"Version\": \"2012-10-17\"`"));
    }

    fn variable(&mut self, name: &str) {
        match key::lookup(name) {
            Some((known, _)) if known.is_multi_valued() => {
                let message = format!(
                    "the variable `${{{name}}}` names {}, which has several values",
                    quote(known.name())
                );
                let found = self.remark(Code::UnknownVariable, message);
                self.report(
                    found
                        .effect("what it stands for is reported as unknown (S2.7.1)")
                        .help("only single-valued keys can be variables"),
                );
            }
            Some(_) => {}
            None if !self.is_for_kms(name) => {}
            None => {
                let found = self.remark(
                    Code::UnknownVariable,
                    format!("unknown variable `${{{}}}`", name.trim()),
                );
                let found = found
                    .effect("what it stands for is reported as unknown; in AWS, nothing matches (S2.7.3)");
                self.report(match key::did_you_mean(name) {
                    Some(near) => found.help(format!("did you mean `${{{near}}}`?")),
                    None => found.help("a variable is the name of a condition key"),
                });
            }
        }
    }

    /// Whether a name without entry in the table would be one of KMS, of all services, or of nothing at all; the keys of
    /// other services are their own business.
    pub(super) fn is_for_kms(&self, name: &str) -> bool {
        let service = name.split_once(':').map_or("", |(service, _)| service);
        self.kms_alone
            || ["", "aws", "kms"]
                .iter()
                .any(|ours| service.eq_ignore_ascii_case(ours))
    }
}

/// Whether a variable stands before the sixth part of what is to be an ARN, where AWS documents that none is substituted.
pub(super) fn is_early(text: &str) -> bool {
    let all = template(text, true);
    let mut colons = 0;
    for piece in all.pieces() {
        match piece {
            Piece::Text(tokens) => {
                colons += tokens.iter().filter(|&&token| token == Token::Char(':')).count()
            }
            Piece::Variable { .. } => break,
        }
    }
    text.starts_with("arn:") && all.has_variables() && colons < 5
}

/// Whether `${` stays as text because what follows is no variable.
fn opens_nothing(template: &Template) -> bool {
    template.pieces().iter().any(|piece| match piece {
        Piece::Text(tokens) => tokens
            .windows(2)
            .any(|pair| pair == [Token::Char('$'), Token::Char('{')]),
        Piece::Variable { .. } => false,
    })
}
