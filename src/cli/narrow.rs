//! `--context`, `--at` and `--certain`: which requests, and which rows.

use super::args::{Global, Narrow};
use super::output::remark;
use anyhow::bail;
use keywho::condition::key::{did_you_mean, lookup};
use keywho::report::text;
use keywho::{Engine, Narrowing, RequestContext};

/// What the command line says about the requests.
pub(super) fn narrowing<'e>(
    global: &Global,
    args: &Narrow,
    engine: &'e Engine,
) -> anyhow::Result<Narrowing<'e>> {
    let mut given = RequestContext::new();
    for (key, value) in &args.context {
        if !global.quiet && lookup(key).is_none() {
            let near = did_you_mean(key).map(|near| format!("; did you mean `{}`?", near.name()));
            remark(&format!(
                "`{}` is no condition key that AWS documents{}\n",
                key.escape_debug(),
                near.unwrap_or_default()
            ));
        }
        given.entry(key.clone()).or_default().push(value.clone());
    }
    if let Some(time) = &args.at {
        let time = vec![time.clone()];
        if given.insert("aws:CurrentTime".to_owned(), time).is_some() {
            bail!("the time is given twice: by `--at` and by `--context aws:CurrentTime=`");
        }
    }
    let narrowing = engine.narrowing(&given)?;
    Ok(match args.certain {
        true => narrowing.only_certain(),
        false => narrowing,
    })
}

/// Says how many rows are not in an answer that has no place for it.
pub(super) fn say_hidden(global: &Global, narrowing: &Narrowing<'_>) {
    if !global.quiet {
        remark(&text::hidden(narrowing.hidden()));
    }
}

/// What the command line says, as the query of an answer tells it.
pub(super) fn query(args: &Narrow, query: &mut serde_json::Value) {
    let Some(query) = query.as_object_mut() else {
        return;
    };
    if !args.context.is_empty() {
        let pairs = args.context.iter().map(|(key, value)| format!("{key}={value}"));
        query.insert("context".to_owned(), pairs.collect());
    }
    if let Some(time) = &args.at {
        query.insert("at".to_owned(), time.as_str().into());
    }
    if args.certain {
        query.insert("certain".to_owned(), true.into());
    }
}
