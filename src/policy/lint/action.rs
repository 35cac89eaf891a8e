//! Action and NotAction -> remarks on entries that match no KMS action, or none that this kind of policy decides
//! (S2.3, A33).

use super::variable::has_placeholder;
use super::{Linter, can_have_effect, noun, quote, quote_all};
use crate::diag::Code;
use crate::model::action::{Action, ActionPattern, ActionSet, matching};
use crate::policy::document::PolicyKind;

/// Whether an entry is written with the prefix of KMS.
pub(super) fn is_of_kms(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(prefix, _)| prefix.trim().eq_ignore_ascii_case("kms"))
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

impl Linter<'_> {
    /// Looks at the entries of Action or NotAction.
    pub(super) fn action_patterns(&mut self) {
        let Some(actions) = &self.statement.actions else {
            return;
        };
        let mut elsewhere = Vec::new();
        let mut of_others = Vec::new();
        for text in &actions.patterns {
            let read = matching(text);
            if has_placeholder(text) || self.malformed_action(text, read, actions.negated) {
                continue;
            }
            if is_of_kms(text) && read.set.is_empty() {
                self.unknown_action(text, actions.negated);
            } else if !read.set.is_empty() && !read.set.intersects(can_have_effect(self.kind)) {
                elsewhere.push(text.as_str());
            } else if self.kind == PolicyKind::Key && read.set.is_empty() {
                of_others.push(text.as_str());
            }
        }
        if actions.negated {
            return;
        }
        self.decided_elsewhere(&elsewhere);
        if !of_others.is_empty() {
            let message = format!(
                "{} in a key policy: not {} of KMS",
                quote_all(&of_others),
                plural(&of_others, "an action", "actions")
            );
            let found = self.remark(Code::IneffectiveAction, message).effect(format!(
                "{} no effect here",
                plural(&of_others, "it has", "they have")
            ));
            self.report(found.help("leave it to an identity policy"));
        }
    }

    /// Reports an entry that IAM would not take, if it may be meant for KMS.
    fn malformed_action(&mut self, text: &str, read: ActionPattern, negated: bool) -> bool {
        if read.valid {
            return false;
        }
        let bare = text.trim();
        let meant = self.kind == PolicyKind::Key
            || !read.set.is_empty()
            || !matching(bare).set.is_empty()
            || Action::parse(bare).is_some()
            || bare
                .get(..3)
                .is_some_and(|start| start.eq_ignore_ascii_case("kms"));
        if !meant {
            return false;
        }
        let matches = if negated {
            "it excludes nothing"
        } else {
            "it matches nothing"
        };
        let code = Code::InvalidAction;
        let found = match text.split_once(':') {
            _ if text != bare => self
                .remark(code, format!("space around the action {}", quote(bare)))
                .effect(matches)
                .help(format!("write {}", quote(bare))),
            Some((prefix, _)) if is_wild(prefix) => self
                .remark(
                    code,
                    format!("a wildcard in the service prefix of {}", quote(text)),
                )
                .effect("whether it matches KMS actions is reported as unknown (S2.3.1)")
                .help("write `kms:` and the action's name, or `*` for all of all services"),
            None if is_wild(text) && !read.set.is_empty() => self
                .remark(code, format!("the action {} has no service prefix", quote(text)))
                .effect("whether it matches KMS actions is reported as unknown (S2.3.1)")
                .help("write `kms:` before it"),
            None => {
                let message = format!("the action {} has no service prefix", quote(text));
                let found = self.remark(code, message).effect(matches);
                match Action::parse(bare) {
                    Some(action) => found.help(format!("write `{action}`")),
                    None => found.help("write `kms:` and the action's name"),
                }
            }
            Some(_) => {
                let message = format!("{} is no action", quote(text));
                let found = self.remark(code, message).effect(matches);
                found.help("a name has letters and digits, and `*` and `?` as wildcards")
            }
        };
        self.report(found);
        true
    }

    fn unknown_action(&mut self, text: &str, negated: bool) {
        let name = text.split_once(':').map_or(text, |(_, name)| name);
        let message = if is_wild(name) {
            format!("{} matches no KMS action", quote(text))
        } else {
            format!("unknown KMS action {}", quote(text))
        };
        let effect = if negated {
            "it excludes nothing (S2.3.1)"
        } else {
            "it matches nothing (S2.3.1)"
        };
        let mut found = self.remark(Code::UnknownAction, message).effect(effect);
        found.help = likely_meant(name);
        self.report(found);
    }

    /// Actions that the key policy or RCP has no say in.
    fn decided_elsewhere(&mut self, texts: &[&str]) {
        if texts.is_empty() {
            return;
        }
        let retire = texts
            .iter()
            .all(|text| matching(text).set == ActionSet::RETIRE_GRANT);
        let message = format!(
            "{} {} no effect in {}",
            quote_all(texts),
            plural(texts, "has", "have"),
            noun(self.kind)
        );
        let effect = match (self.kind, retire) {
            (PolicyKind::Rcp, _) => "RCPs do not reach operations without a key, nor RetireGrant (S4.7.3)",
            (_, true) => "the grant and identity policies decide who may retire it (S2.3.3, S4.9.8)",
            (_, false) => "identity policies alone decide (S2.3.3)",
        };
        let found = self.remark(Code::IneffectiveAction, message).effect(effect);
        self.report(match self.kind {
            PolicyKind::Key => found.help("leave it to an identity policy"),
            _ => found.help("use an SCP"),
        });
    }
}

/// What an unknown name may stand for.
fn likely_meant(name: &str) -> Option<String> {
    if name.eq_ignore_ascii_case("ReEncrypt") {
        return Some("write `kms:ReEncrypt*`, which is `kms:ReEncryptFrom` and `kms:ReEncryptTo`".to_owned());
    }
    if !is_wild(name) && name.len() > 2 && !matching(&format!("kms:{name}*")).set.is_empty() {
        return Some(format!("did you mean `kms:{name}*`?"));
    }
    let plain: String = name.chars().filter(|c| !matches!(c, '*' | '?')).collect();
    Action::did_you_mean(&plain).map(|near| format!("did you mean `{near}`?"))
}

fn plural<'t, T>(list: &[T], one: &'t str, many: &'t str) -> &'t str {
    if list.len() == 1 { one } else { many }
}
