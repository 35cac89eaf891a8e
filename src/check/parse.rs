//! The text of an assertion file -> assertions, with the line of everything that may be wrong.

use super::{Assertion, Assertions, Demand, Selector, Text};
use crate::Error;
use crate::arn::is_account_id;
use crate::error::nearest;
use crate::model::action::{Action, ActionSet, Group};
use crate::model::finding::Severity;
use crate::pattern::glob_ignore_case;
use jiff::civil::Date;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Fields of an assertion.
const FIELDS: &[&str] = &[
    "id",
    "severity",
    "reason",
    "expires",
    "keys",
    "actions",
    "only",
    "none",
    "at-least",
    "same-as",
    "conditional-access",
    "only-through",
    "only-with-encryption-context",
];
/// Fields of a selector of principals, and of keys.
const OF_PRINCIPALS: &[&str] = &["name", "account", "tag", "org-path"];
const OF_KEYS: &[&str] = &["name", "account", "region", "tag"];

type Value<'a> = Spanned<DeValue<'a>>;

impl Assertions {
    /// The JSON Schema of what a file says.
    pub const SCHEMA: &'static str = include_str!("schema.json");

    /// Reads the text of a file. `today` decides which assertions are over.
    ///
    /// # Errors
    /// The text is no TOML, or says something that no assertion says: with the line.
    pub fn parse(text: &str, today: Date) -> Result<Assertions, Error> {
        let file = File { text, today };
        let table = DeTable::parse(text).map_err(|error| {
            file.wrong(
                error.span().unwrap_or_default(),
                error.message().to_owned(),
                Vec::new(),
            )
        })?;
        let mut list: Vec<Assertion> = Vec::new();
        for (name, value) in table.get_ref() {
            if name.get_ref() != "assert" {
                return Err(file.unknown(name.span(), name.get_ref(), &["assert"]));
            }
            let DeValue::Array(each) = value.get_ref() else {
                return Err(file.wrong(
                    value.span(),
                    "write `[[assert]]` before each assertion".to_owned(),
                    Vec::new(),
                ));
            };
            for one in each {
                let assertion = file.assertion(one)?;
                if list.iter().any(|known| known.id == assertion.id) {
                    let message = format!("there are two assertions with the id `{}`", assertion.id);
                    return Err(file.wrong(one.span(), message, Vec::new()));
                }
                list.push(assertion);
            }
        }
        if list.is_empty() {
            let message = "the file asserts nothing: begin an assertion with `[[assert]]`".to_owned();
            return Err(file.wrong(0..0, message, Vec::new()));
        }
        Ok(Assertions { list })
    }
}

struct File<'t> {
    text: &'t str,
    today: Date,
}

impl File<'_> {
    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    fn wrong(&self, span: Range<usize>, message: String, suggestions: Vec<String>) -> Error {
        Error::Assertion {
            line: self.line(span.start),
            message,
            suggestions,
        }
    }

    fn unknown(&self, span: Range<usize>, name: &str, known: &[&str]) -> Error {
        let near = nearest(name, known.iter().copied());
        self.wrong(span, format!("unknown field `{name}`"), near)
    }

    fn table<'a, 'b>(&self, value: &'b Value<'a>, what: &str) -> Result<&'b DeTable<'a>, Error> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong(value.span(), format!("{what} is no table"), Vec::new())),
        }
    }

    fn text(&self, value: &Value<'_>, what: &str) -> Result<Text, Error> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Ok(Text {
                text: text.to_string(),
                line: self.line(value.span().start),
            }),
            _ => Err(self.wrong(value.span(), format!("`{what}` is no text"), Vec::new())),
        }
    }

    /// One value, or those of a list that is not empty.
    fn each<'a, 'b>(&self, value: &'b Value<'a>, what: &str) -> Result<Vec<&'b Value<'a>>, Error> {
        match value.get_ref() {
            DeValue::Array(each) if each.is_empty() => {
                Err(self.wrong(value.span(), format!("`{what}` is empty"), Vec::new()))
            }
            DeValue::Array(each) => Ok(each.iter().collect()),
            _ => Ok(vec![value]),
        }
    }

    fn texts(&self, value: &Value<'_>, what: &str) -> Result<Vec<Text>, Error> {
        let each = self.each(value, what)?;
        each.into_iter().map(|one| self.text(one, what)).collect()
    }

    fn assertion(&self, value: &Value<'_>) -> Result<Assertion, Error> {
        let table = self.table(value, "an assertion")?;
        let (mut id, mut demands) = (None, Vec::new());
        let mut conditional = None;
        let mut assertion = Assertion {
            id: String::new(),
            line: self.line(value.span().start),
            severity: Severity::High,
            reason: None,
            expires: None,
            expired: false,
            keys: None,
            actions: Group::Use.actions(),
            demand: Demand::Anyone,
            conditional_counts: true,
            only_through: Vec::new(),
            only_with_encryption_context: Vec::new(),
        };
        for (name, value) in table {
            match name.get_ref().as_ref() {
                "id" => id = Some(self.text(value, "id")?.text),
                "severity" => assertion.severity = self.severity(value)?,
                "reason" => assertion.reason = Some(self.text(value, "reason")?.text),
                "expires" => assertion.expires = Some(self.day(value)?),
                "keys" => assertion.keys = Some(self.selectors(value, "keys", OF_KEYS)?),
                "actions" => assertion.actions = self.actions(value)?,
                "only" => demands.push(Demand::Only(self.selectors(value, "only", OF_PRINCIPALS)?)),
                "none" => demands.push(Demand::None(self.selectors(value, "none", OF_PRINCIPALS)?)),
                "at-least" => demands.push(self.at_least(value)?),
                "same-as" => demands.push(Demand::SameAs(self.text(value, "same-as")?)),
                "conditional-access" => conditional = Some(self.conditional(value)?),
                "only-through" => assertion.only_through = self.texts(value, "only-through")?,
                "only-with-encryption-context" => {
                    assertion.only_with_encryption_context =
                        self.texts(value, "only-with-encryption-context")?;
                }
                other => return Err(self.unknown(name.span(), other, FIELDS)),
            }
        }
        assertion.id = id.ok_or_else(|| self.lacks(value, "an `id`"))?;
        assertion.expired = assertion.expires.is_some_and(|last| last < self.today);
        let requires =
            !assertion.only_through.is_empty() || !assertion.only_with_encryption_context.is_empty();
        assertion.demand = match (demands.len(), demands.pop()) {
            (1, Some(demand)) => demand,
            (0, _) if requires => Demand::Anyone,
            (0, _) => return Err(self.lacks(value, "one of `only`, `none`, `at-least`, `same-as`, `only-through` and `only-with-encryption-context`")),
            _ => return Err(self.wrong(value.span(), "write one assertion for each of `only`, `none`, `at-least` and `same-as`".to_owned(), Vec::new())),
        };
        // Who must have access must have it whatever the request states, unless the file says otherwise.
        let lenient = !matches!(assertion.demand, Demand::AtLeast(_) | Demand::AtLeastSoMany(_));
        assertion.conditional_counts = conditional.unwrap_or(lenient);
        Ok(assertion)
    }

    fn lacks(&self, value: &Value<'_>, what: &str) -> Error {
        self.wrong(value.span(), format!("the assertion lacks {what}"), Vec::new())
    }

    fn severity(&self, value: &Value<'_>) -> Result<Severity, Error> {
        let text = self.text(value, "severity")?.text;
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == text);
        found.ok_or_else(|| {
            let near = nearest(&text, Severity::ALL.iter().map(|severity| severity.name()));
            self.wrong(value.span(), format!("unknown severity `{text}`"), near)
        })
    }

    fn conditional(&self, value: &Value<'_>) -> Result<bool, Error> {
        match self.text(value, "conditional-access")?.text.as_str() {
            "counts" => Ok(true),
            "ignored" => Ok(false),
            other => Err(self.wrong(
                value.span(),
                format!("`conditional-access` is `counts` or `ignored`, not `{other}`"),
                Vec::new(),
            )),
        }
    }

    fn day(&self, value: &Value<'_>) -> Result<Date, Error> {
        let text = match value.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(day) => day.to_string(),
            _ => String::new(),
        };
        let wrong = || {
            self.wrong(
                value.span(),
                "`expires` is a day: 2027-03-31".to_owned(),
                Vec::new(),
            )
        };
        text.parse().map_err(|_| wrong())
    }

    fn actions(&self, value: &Value<'_>) -> Result<ActionSet, Error> {
        let mut all = ActionSet::EMPTY;
        for one in self.each(value, "actions")? {
            let name = self.text(one, "actions")?.text;
            let bare = name.split_once(':').map_or(name.as_str(), |(_, bare)| bare);
            let group = Group::ALL.into_iter().find(|group| group.name() == name);
            let found = match group {
                Some(group) => group.actions(),
                None if bare.contains(['*', '?']) => Action::all()
                    .filter(|action| glob_ignore_case(bare, action.name()))
                    .collect(),
                None => Action::parse(&name).into_iter().collect(),
            };
            if found.is_empty() {
                let mut near: Vec<String> = Action::did_you_mean(&name)
                    .map(|near| near.to_string())
                    .into_iter()
                    .collect();
                near.extend(nearest(&name, Group::ALL.iter().map(|group| group.name())));
                return Err(self.wrong(one.span(), format!("unknown action `{name}`"), near));
            }
            all |= found;
        }
        Ok(all)
    }

    fn at_least(&self, value: &Value<'_>) -> Result<Demand, Error> {
        let DeValue::Integer(number) = value.get_ref() else {
            return Ok(Demand::AtLeast(self.selectors(
                value,
                "at-least",
                OF_PRINCIPALS,
            )?));
        };
        let number = number.as_str().parse().ok().filter(|number| *number > 0);
        let wrong = || {
            self.wrong(
                value.span(),
                "`at-least` is a number above 0, or principals".to_owned(),
                Vec::new(),
            )
        };
        number.map(Demand::AtLeastSoMany).ok_or_else(wrong)
    }

    fn selectors(&self, value: &Value<'_>, what: &str, fields: &[&str]) -> Result<Vec<Selector>, Error> {
        let each = self.each(value, what)?;
        each.into_iter()
            .map(|one| self.selector(one, what, fields))
            .collect()
    }

    fn selector(&self, value: &Value<'_>, what: &str, fields: &[&str]) -> Result<Selector, Error> {
        let mut selector = Selector::default();
        if let DeValue::String(_) = value.get_ref() {
            let name = self.text(value, what)?;
            match name.text.as_str() {
                "outside" if fields == OF_PRINCIPALS => selector.outside = true,
                "anyone" if fields == OF_PRINCIPALS => selector.anyone = true,
                _ => selector.name = Some(name),
            }
            return Ok(selector);
        }
        let table = self.table(value, &format!("a part of `{what}` that is no text"))?;
        for (name, value) in table {
            let field = name.get_ref().as_ref();
            if !fields.contains(&field) {
                return Err(self.unknown(name.span(), field, fields));
            }
            let texts = || {
                Ok(self
                    .texts(value, field)?
                    .into_iter()
                    .map(|one| one.text)
                    .collect::<Vec<_>>())
            };
            match field {
                "name" => selector.name = Some(self.text(value, field)?),
                "account" => {
                    selector.accounts = texts()?;
                    if let Some(bad) = selector.accounts.iter().find(|id| !is_account_id(id)) {
                        let message = format!("`{bad}` is no account id: write 12 digits");
                        return Err(self.wrong(value.span(), message, Vec::new()));
                    }
                }
                "region" => selector.regions = texts()?,
                "org-path" => selector.org_paths = texts()?,
                _ => {
                    for (tag, value) in self.table(value, "`tag`")? {
                        selector
                            .tags
                            .push((tag.get_ref().to_string(), self.text(value, "tag")?.text));
                    }
                }
            }
        }
        Ok(selector)
    }
}
