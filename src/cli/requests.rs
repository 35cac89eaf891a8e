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
use keywho::report::request::{self, Plain};
use keywho::{Batch, Decision, Engine, Outcome, Verdict};
use rayon::prelude::*;
use serde_json::json;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// How much is read at once.
const READ: usize = 1 << 20;
/// How much one worker takes at a time: of what a pipe holds, several have a share.
const SHARE: usize = 1 << 14;
/// How many answers a worker keeps as they are written.
const KNOWN: usize = 1 << 13;

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
    let engine = loaded.engine(global);
    let mut output = Output::open(global)?;
    let mut stream = Stream {
        engine: &engine,
        format,
        idle: Mutex::default(),
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
    /// Workers that have nothing to do.
    idle: Mutex<Vec<Worker<'a>>>,
    tally: Tally,
}

impl<'a> Stream<'a> {
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
            _ => {}
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
        let mut first = self.tally.lines;
        let shares = shares(text).into_iter().map(|share| {
            let before = first;
            first += share.iter().filter(|byte| **byte == b'\n').count();
            (before, share)
        });
        let shares: Vec<_> = shares.collect();
        self.tally.lines = first;
        let answers: Vec<_> = shares
            .into_par_iter()
            .map(|(before, share)| {
                let mut worker = self.worker();
                let answer = worker.share(before, share);
                self.idle
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(worker);
                answer
            })
            .collect();
        for (bytes, tally) in answers {
            // In one array, the very first element has no comma before it.
            let first = self.format == Format::Json && self.tally.asked == 0;
            let bytes = match bytes.strip_prefix(b",") {
                Some(rest) if first => rest,
                _ => &bytes,
            };
            self.tally.add(tally);
            output.bytes(bytes)?;
        }
        output.finish()
    }

    /// One that has nothing to do, or a new one.
    fn worker(&self) -> Worker<'a> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Worker::new(self.engine, self.format))
    }
}

/// Whole lines, in shares that are worth a worker's while.
fn shares(text: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut shares) = (text, Vec::new());
    while let Some(share) = rest.get(..SHARE) {
        let more = rest.get(SHARE..).unwrap_or_default();
        let Some(end) = more.iter().position(|byte| *byte == b'\n') else {
            break;
        };
        let (share, others) = rest
            .split_at_checked(share.len() + end + 1)
            .unwrap_or((rest, &[]));
        shares.push(share);
        rest = others;
    }
    shares.push(rest);
    shares
}

/// Decides lines, one after the other, and remembers what comes again.
struct Worker<'e> {
    engine: &'e Engine,
    format: Format,
    batch: Batch<'e>,
    /// What follows the id in the JSON of decisions, by their tokens. Whatever comes later takes the place of another.
    known: Vec<(Option<u128>, Vec<u8>)>,
    tokens: ahash::RandomState,
}

impl<'e> Worker<'e> {
    fn new(engine: &'e Engine, format: Format) -> Self {
        Worker {
            engine,
            format,
            batch: engine.batch(),
            known: vec![(None, Vec::new()); KNOWN],
            tokens: ahash::RandomState::new(),
        }
    }

    /// Decides some lines; `before` is how many came before them.
    fn share(&mut self, before: usize, lines: &[u8]) -> (Vec<u8>, Tally) {
        if self.batch.tidy() {
            self.known.iter_mut().for_each(|(token, _)| *token = None);
        }
        let mut out = Answers {
            bytes: Vec::with_capacity(lines.len() * 2),
            csv: Csv::default(),
            tally: Tally::default(),
        };
        let mut plain = Plain::default();
        let mut line_name;
        for (line, number) in lines.split(|byte| *byte == b'\n').zip(before + 1..) {
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii();
            if line.is_empty() {
                continue;
            }
            out.tally.asked += 1;
            if !plain.read(line) {
                let answer = self.answer(number, line);
                out.answer(self.format, number, &answer);
                continue;
            }
            let id = match plain.id {
                "" => {
                    line_name = format!("line {number}");
                    &line_name
                }
                id => id,
            };
            match self.batch.decide_plain(&plain.request()) {
                Ok(verdict) => self.verdict(&mut out, id, &verdict),
                Err(error) => out.answer(self.format, number, &Err(bad(id.to_owned(), &error))),
            }
        }
        let bytes = match self.format {
            Format::Csv => out.csv.into_bytes(),
            _ => out.bytes,
        };
        (bytes, out.tally)
    }

    /// Writes a verdict.
    fn verdict(&mut self, out: &mut Answers, id: &str, verdict: &Verdict) {
        out.tally.count(verdict.outcome);
        let whole = |batch: &Batch<'_>| batch.decision(verdict);
        if self.format == Format::Csv {
            if let Some(mut decision) = whole(&self.batch) {
                id.clone_into(&mut decision.id);
                out.csv.decision(&decision);
            }
            return;
        }
        let place = out.begin(self.format);
        // Those without a token are never there.
        let token = verdict.token();
        let at = usize::try_from(self.tokens.hash_one(token)).unwrap_or_default() % KNOWN;
        if let Some((known, after)) = self.known.get_mut(at) {
            if token.is_none() || *known != token {
                if let Some(decision) = whole(&self.batch) {
                    json::after_id(after, &decision, place);
                }
                *known = token;
            }
            json::with_id(&mut out.bytes, id, after);
        }
        out.end(place);
    }

    /// Decides one line of any kind. A request without an id is called by its line.
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
            Err(error) => Err(bad(parsed.request.id, &error)),
        }
    }
}

fn bad(id: String, error: &keywho::Error) -> request::BadRequest {
    let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
    request::BadRequest {
        id,
        error: format!("{error}{help}"),
    }
}

/// What comes of a share of the lines.
struct Answers {
    bytes: Vec<u8>,
    csv: Csv,
    tally: Tally,
}

impl Answers {
    fn answer(&mut self, format: Format, number: usize, answer: &Result<Decision, request::BadRequest>) {
        match answer {
            Ok(decision) => self.tally.count(decision.outcome),
            Err(bad) => self.tally.bad(number, &bad.error),
        }
        if format == Format::Csv {
            match answer {
                Ok(decision) => self.csv.decision(decision),
                Err(bad) => self.csv.bad_request(&bad.id, &bad.error),
            }
            return;
        }
        let place = self.begin(format);
        match answer {
            Ok(decision) => json::decision(&mut self.bytes, decision, place),
            Err(bad) => json::bad_request(&mut self.bytes, &bad.id, &bad.error, place),
        }
        self.end(place);
    }

    fn begin(&mut self, format: Format) -> Place {
        if format == Format::Json {
            self.bytes.extend_from_slice(b",\n");
            return Place::Inside;
        }
        Place::Line
    }

    fn end(&mut self, place: Place) {
        if place == Place::Line {
            self.bytes.push(b'\n');
        }
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
    fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Allowed => {}
            Outcome::ExplicitDeny | Outcome::ImplicitDeny => self.denied += 1,
            Outcome::Undetermined => self.undetermined += 1,
        }
    }

    fn bad(&mut self, number: usize, error: &str) {
        self.bad += 1;
        self.first_bad.get_or_insert_with(|| (number, error.to_owned()));
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
