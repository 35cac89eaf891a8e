//! `decide --requests`: lines of JSON -> lines of decisions, in order, as they come.
//!
//! Whatever complete lines one read returns are decided in parallel and written before the next read. A file so
//! fills all cores, and a program at the other end of a pipe gets its answer before it asks again.

use super::Exit;
use super::args::{Format, Global};
use super::input::Loaded;
use super::output::{Output, remark};
use anyhow::Context as _;
use keywho::report::csv::Csv;
use keywho::report::json::{self, Place};
use keywho::report::request;
use keywho::{Decision, Engine, Outcome};
use rayon::prelude::*;
use serde_json::json;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How much is read at once.
const READ: usize = 1 << 20;
/// How many lines one worker takes at a time.
const SHARE: usize = 128;

/// Decides every line of a file, or of standard input for `-`.
pub(super) fn run(global: &Global, path: &Path) -> anyhow::Result<Exit> {
    let formats = [Format::Ndjson, Format::Json, Format::Csv];
    let format = global.format("decide --requests", Format::Ndjson, &formats)?;
    let mut input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?)
    };
    let loaded = Loaded::read(global)?;
    let engine = loaded.engine();
    let mut output = Output::open(global)?;
    let mut stream = Stream {
        engine: &engine,
        format,
        tally: Tally::default(),
    };
    output.bytes(&stream.head(path))?;
    stream.pump(&mut input, &mut output)?;
    if format == Format::Json {
        let mut end = Vec::new();
        json::end(&mut end, &loaded.snapshot.coverage.gaps, &loaded.snapshot.files);
        output.bytes(&end)?;
    }
    output.finish()?;
    stream.tally.report();
    Ok(stream.tally.exit())
}

struct Stream<'a> {
    engine: &'a Engine,
    format: Format,
    tally: Tally,
}

impl Stream<'_> {
    /// What stands before the first decision.
    fn head(&self, path: &Path) -> Vec<u8> {
        let mut head = Vec::new();
        match self.format {
            Format::Json => {
                json::begin(
                    &mut head,
                    &json!({"verb": "decide", "requests": path.display().to_string()}),
                );
            }
            Format::Csv => {
                let mut csv = Csv::default();
                csv.decision_header();
                head = csv.into_bytes();
            }
            Format::Text | Format::Ndjson => {}
        }
        head
    }

    /// Reads, decides and writes until the input ends.
    fn pump(&mut self, input: &mut dyn Read, output: &mut Output) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let kept = buffer.len();
            buffer.resize(kept + READ, 0);
            let read = read_some(input, buffer.get_mut(kept..).unwrap_or_default())?;
            buffer.truncate(kept + read);
            if read == 0 {
                return self.lines(&buffer, output);
            }
            // Only what was just read can hold a new line end.
            let fresh = buffer.get(kept..).unwrap_or_default();
            if let Some(end) = fresh
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map(|at| kept + at + 1)
            {
                let rest = buffer.split_off(end);
                self.lines(&buffer, output)?;
                buffer = rest;
            }
        }
    }

    /// Decides whole lines.
    fn lines(&mut self, text: &[u8], output: &mut Output) -> io::Result<()> {
        let first = self.tally.lines;
        let numbered = text.split(|byte| *byte == b'\n').enumerate();
        let lines: Vec<_> = numbered
            .map(|(index, line)| {
                (
                    first + index + 1,
                    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii(),
                )
            })
            .filter(|(_, line)| !line.is_empty())
            .collect();
        self.tally.lines += text.iter().filter(|byte| **byte == b'\n').count();
        let shares: Vec<_> = lines.par_chunks(SHARE).map(|share| self.share(share)).collect();
        for (mut bytes, tally) in shares {
            // In one array, the very first element has no comma before it.
            if self.format == Format::Json && self.tally.asked == 0 && bytes.first() == Some(&b',') {
                bytes.remove(0);
            }
            self.tally.add(tally);
            output.bytes(&bytes)?;
        }
        output.finish()
    }

    /// Decides some lines, one after the other.
    fn share(&self, lines: &[(usize, &[u8])]) -> (Vec<u8>, Tally) {
        let mut bytes = Vec::with_capacity(lines.len() * 512);
        let mut csv = Csv::default();
        let mut tally = Tally::default();
        for (number, line) in lines {
            tally.asked += 1;
            let answer = self.answer(*number, line);
            match (&answer, self.format) {
                (Ok(decision), Format::Csv) => csv.decision(decision),
                (Err(bad), Format::Csv) => csv.bad_request(&bad.id, &bad.error),
                (_, Format::Json) => {
                    bytes.extend_from_slice(b",\n");
                    encode(&mut bytes, &answer, Place::Inside);
                }
                (_, Format::Ndjson | Format::Text) => {
                    encode(&mut bytes, &answer, Place::Line);
                    bytes.push(b'\n');
                }
            }
            tally.count(*number, answer);
        }
        if self.format == Format::Csv {
            bytes = csv.into_bytes();
        }
        (bytes, tally)
    }

    /// Decides one line. A request without an id is called by its line.
    fn answer(&self, number: usize, line: &[u8]) -> Result<Decision, request::BadRequest> {
        let name = |id: String| {
            if id.is_empty() {
                format!("line {number}")
            } else {
                id
            }
        };
        let mut parsed = request::parse(line).map_err(|bad| request::BadRequest {
            id: name(bad.id),
            error: bad.error,
        })?;
        parsed.request.id = name(parsed.request.id);
        match self.engine.decide(&parsed.request) {
            Ok(mut decision) => {
                decision
                    .notes
                    .extend(parsed.remarks.into_iter().map(|remark| remark.message));
                Ok(decision)
            }
            Err(error) => {
                let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
                Err(request::BadRequest {
                    id: parsed.request.id,
                    error: format!("{error}{help}"),
                })
            }
        }
    }
}

fn encode(bytes: &mut Vec<u8>, answer: &Result<Decision, request::BadRequest>, place: Place) {
    match answer {
        Ok(decision) => json::decision(bytes, decision, place),
        Err(bad) => json::bad_request(bytes, &bad.id, &bad.error, place),
    }
}

/// Reads what there is; an interrupted read is tried again.
fn read_some(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// How many lines came to what.
#[derive(Default)]
struct Tally {
    /// Line ends seen.
    lines: usize,
    asked: usize,
    denied: usize,
    undetermined: usize,
    bad: usize,
    /// Number and error of the first line that is no request.
    first_bad: Option<(usize, String)>,
}

impl Tally {
    fn count(&mut self, number: usize, answer: Result<Decision, request::BadRequest>) {
        match answer.map(|decision| decision.outcome) {
            Ok(Outcome::Allowed) => {}
            Ok(Outcome::ExplicitDeny | Outcome::ImplicitDeny) => self.denied += 1,
            Ok(Outcome::Undetermined) => self.undetermined += 1,
            Err(bad) => {
                self.bad += 1;
                self.first_bad.get_or_insert((number, bad.error));
            }
        }
    }

    fn add(&mut self, other: Tally) {
        self.asked += other.asked;
        self.denied += other.denied;
        self.undetermined += other.undetermined;
        self.bad += other.bad;
        if self.first_bad.is_none() {
            self.first_bad = other.first_bad;
        }
    }

    fn report(&self) {
        if let Some((number, error)) = &self.first_bad {
            let (bad, asked) = (self.bad, self.asked);
            remark(&format!(
                "error: {bad} of {asked} lines are no requests; the first is line {number}: {error}\n"
            ));
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Tally { bad: 1.., .. } => Exit::Input,
            Tally { denied: 1.., .. } => Exit::Denied,
            Tally {
                undetermined: 1.., ..
            } => Exit::Undecided,
            _ => Exit::Clean,
        }
    }
}
