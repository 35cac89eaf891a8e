//! `explain`: why a request is allowed or refused, from names, flags, or what AWS said of it.

use super::Exit;
use super::args::{Explain, Format, Global};
use super::decide::{exit, stated};
use super::input::Loaded;
use super::output::{Output, remark};
use anyhow::{Context as _, bail};
use keywho::explain::event::{self, Asked};
use keywho::report::explain::{self as shown, Show, Sources};
use keywho::report::{diagnostics, request};
use keywho::source::Files;
use keywho::{Error, Outcome, Request};
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::Path;

/// The formats that it has.
const FORMATS: [Format; 5] = [
    Format::Text,
    Format::Json,
    Format::Md,
    Format::Dot,
    Format::Mermaid,
];

/// Explains one request, or each of the requests that an event file holds.
pub(super) fn run(global: &Global, args: &Explain) -> anyhow::Result<Exit> {
    let format = global.format("explain", Format::Text, &FORMATS)?;
    let questions = questions(global, args)?;
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine(global);
    let folder = global.snapshot.clone().unwrap_or_default();
    let sources = Sources::new(|name| std::fs::read(folder.join(name)).ok());
    let show = Show {
        names: &loaded.names,
        sources: &sources,
    };
    let mut output = Output::open(global)?;
    let mut worst = Outcome::Allowed;
    let many = questions.len() > 1;
    for (number, question) in questions.iter().enumerate() {
        let request = engine.in_full(&question.asked.request, question.any)?;
        let explanation = engine.explain_request(&request)?;
        let repairs = engine.repairs(&explanation)?;
        let notes = question.asked.notes(&explanation);
        worst = worst.and(explanation.decision.outcome);
        let repairs = (!repairs.found.is_empty() || repairs.none.is_some()).then_some(&repairs);
        if many && number > 0 && format != Format::Json {
            output.text("\n")?;
        }
        let text = match format {
            Format::Json => {
                let gaps = engine.gaps_for_key(&request.resource);
                let unknown = (gaps.as_slice(), &loaded.snapshot.files);
                format!(
                    "{}\n",
                    shown::json(&question.query, &explanation, repairs, &notes, unknown)
                )
            }
            Format::Md => shown::markdown(&explanation, repairs, &show),
            Format::Dot => shown::dot(&explanation, repairs, &show),
            Format::Mermaid => shown::mermaid(&explanation, repairs, &show),
            _ => shown::text(&explanation, repairs, &show),
        };
        output.text(&text)?;
        if format == Format::Text {
            notes
                .iter()
                .try_for_each(|note| output.text(&format!("note: {note}\n")))?;
        }
    }
    output.finish()?;
    Ok(exit(worst))
}

/// A question, and how it is to be understood.
struct Question {
    asked: Asked,
    /// It is about all requests: an alias is but a way to name the key.
    any: bool,
    /// As it was asked.
    query: Value,
}

fn questions(global: &Global, args: &Explain) -> anyhow::Result<Vec<Question>> {
    let mut asked = Map::new();
    stated(&args.stated, &mut asked)?;
    let Some(path) = &args.event else {
        let any = args.stated.context.is_empty() && asked.is_empty();
        let names = [
            ("principal", &args.principal),
            ("action", &args.action),
            ("resource", &args.key),
        ];
        for (field, value) in names {
            asked.insert(field.to_owned(), value.as_deref().unwrap_or_default().into());
        }
        if any {
            asked.insert("openContext".to_owned(), true.into());
        }
        let request = parsed(global, &asked)?;
        asked.shift_insert(0, "verb".to_owned(), "explain".into());
        return Ok(vec![Question {
            asked: Asked::of(request),
            any,
            query: Value::Object(asked),
        }]);
    };
    if !asked.is_empty() {
        bail!("an event states its request itself: `--event` takes no other flags of a request");
    }
    let text = read(path)?;
    let events = event::read(&text).map_err(Error::Request)?;
    let question = |asked: Asked| Question {
        query: serde_json::json!({"verb": "explain", "event": path.display().to_string()}),
        any: false,
        asked,
    };
    Ok(events.into_iter().map(question).collect())
}

fn parsed(global: &Global, asked: &Map<String, Value>) -> anyhow::Result<Request> {
    let line = Value::Object(asked.clone()).to_string();
    let parsed = request::parse(line.as_bytes()).map_err(|bad| Error::Request(bad.error))?;
    if !global.quiet {
        remark(&diagnostics::full(&parsed.remarks, &Files::default()));
    }
    Ok(parsed.request)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    }
    String::from_utf8(bytes).with_context(|| format!("`{}` is not UTF-8 text", path.display()))
}
