//! The conjunction of all layers, on tables: what each route asks of each limit, and what denies and endpoints leave.

use super::{here, read, table_lines};
use crate::facts::id::Route;
use crate::facts::text::{Column as _, Names};
use crate::rules::decision::{Limits, Logic, decision, path};
use std::collections::BTreeSet;

/// Kleene's three values (S0.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    F,
    U,
    T,
}

const ALL: [Truth; 3] = [Truth::F, Truth::U, Truth::T];
/// A limit that is not there, or says one of the three.
const LIMIT: [Option<Truth>; 4] = [None, Some(Truth::F), Some(Truth::U), Some(Truth::T)];

impl Truth {
    fn parse(text: &str) -> Truth {
        let found = ALL.into_iter().find(|truth| format!("{truth:?}") == text);
        found.unwrap_or_else(|| panic!("`{text}` is no truth value"))
    }
}

/// The three values as a [`Logic`]; remembers which ambiguous points were met.
#[derive(Default)]
struct Kleene {
    met: BTreeSet<&'static str>,
}

impl Logic for Kleene {
    type Value = Truth;

    fn yes(&mut self) -> Truth {
        Truth::T
    }

    fn ambiguous(&mut self, rule: &'static str, about: &'static str) -> Truth {
        assert!(!about.is_empty());
        self.met.insert(rule);
        Truth::U
    }

    fn and(&mut self, a: Truth, b: Truth) -> Truth {
        a.min(b)
    }

    fn or(&mut self, a: Truth, b: Truth) -> Truth {
        a.max(b)
    }

    fn not(&mut self, a: Truth) -> Truth {
        match a {
            Truth::F => Truth::T,
            Truth::U => Truth::U,
            Truth::T => Truth::F,
        }
    }
}

/// What a route asks of a limit.
#[derive(Clone, Copy, Debug)]
enum Asks<'a> {
    /// Nothing.
    Free,
    /// That it allows.
    Must,
    /// The documentation leaves it open: the clause.
    Open(&'a str),
}

impl<'a> Asks<'a> {
    fn parse(text: &'a str) -> Self {
        match text.split_once(':') {
            None if text == "free" => Asks::Free,
            None if text == "must" => Asks::Must,
            Some(("open", clause)) => Asks::Open(clause),
            _ => panic!("`{text}` is none of free, must and open:CLAUSE"),
        }
    }

    /// What a limit that says `allows` leaves of a path.
    fn leaves(self, allows: Option<Truth>) -> Truth {
        match (self, allows) {
            (Asks::Free, _) | (_, None) => Truth::T,
            (Asks::Must, Some(allows)) => allows,
            (Asks::Open(_), Some(allows)) => allows.max(Truth::U),
        }
    }

    fn clause(self) -> Option<&'a str> {
        match self {
            Asks::Open(clause) => Some(clause),
            Asks::Free | Asks::Must => None,
        }
    }
}

/// A line of the table of routes.
struct Row<'a> {
    route: Route,
    boundary: Asks<'a>,
    session: Asks<'a>,
    session_required: Asks<'a>,
    scp: Asks<'a>,
    itself: Asks<'a>,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [route, boundary, session, session_required, scp, itself] = words[..] else {
            panic!("six columns: {line}");
        };
        Row {
            route: Route::parse(&mut Names::default(), route).expect("a route"),
            boundary: Asks::parse(boundary),
            session: Asks::parse(session),
            session_required: Asks::parse(session_required),
            scp: Asks::parse(scp),
            itself: Asks::parse(itself),
        }
    }

    fn clauses(&self) -> BTreeSet<&'a str> {
        let columns = [
            self.boundary,
            self.session,
            self.session_required,
            self.scp,
            self.itself,
        ];
        columns.into_iter().filter_map(Asks::clause).collect()
    }

    fn expected(&self, holds: Truth, limits: &Limits<Truth>) -> Truth {
        let session = match (self.session_required, limits.session_required) {
            (Asks::Must, Some(allows)) => allows,
            _ => self.session.leaves(limits.session),
        };
        let itself = match self.itself {
            Asks::Open(_) => Truth::U,
            Asks::Free | Asks::Must => Truth::T,
        };
        let boundary = self.boundary.leaves(limits.boundary);
        let scp = self.scp.leaves(limits.scp);
        [holds, boundary, session, scp, itself].into_iter().min().unwrap()
    }
}

/// All combinations of limits.
fn all_limits() -> impl Iterator<Item = Limits<Truth>> {
    (0..LIMIT.len().pow(4)).map(|n| {
        let limit = |column: u32| LIMIT[n / LIMIT.len().pow(column) % LIMIT.len()];
        Limits {
            boundary: limit(0),
            session: limit(1),
            session_required: limit(2),
            scp: limit(3),
        }
    })
}

#[test]
fn routes_ask_of_limits_what_the_table_says() {
    let text = read(&here().join("decision/routes/table.txt"));
    let mut routes = Vec::new();
    for line in table_lines(&text) {
        let row = Row::parse(line);
        routes.push(row.route);
        for limits in all_limits() {
            for holds in ALL {
                let mut logic = Kleene::default();
                let found = path(&mut logic, row.route, holds, &limits);
                let Limits {
                    boundary,
                    session,
                    session_required,
                    scp,
                } = limits;
                assert_eq!(
                    found,
                    row.expected(holds, &limits),
                    "{line}: holds {holds:?}, boundary {boundary:?}, session {session:?}, required {session_required:?}, scp {scp:?}"
                );
            }
        }
        let silent = Limits {
            boundary: Some(Truth::F),
            session: Some(Truth::F),
            session_required: None,
            scp: Some(Truth::F),
        };
        let mut logic = Kleene::default();
        path(&mut logic, row.route, Truth::T, &silent);
        let met: BTreeSet<&str> = logic.met.into_iter().collect();
        assert_eq!(met, row.clauses(), "{line}: the clauses named");
    }
    assert_eq!(
        routes,
        Route::ALL,
        "every route has its line, in order of declaration"
    );
}

#[test]
fn denies_and_endpoints_leave_what_the_table_says() {
    let text = read(&here().join("decision/conjunction/table.txt"));
    let mut lines = 0;
    for line in table_lines(&text) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [denied, endpoint, results @ ..] = &words[..] else {
            panic!("denied, endpoint and three results: {line}");
        };
        let denied = Truth::parse(denied);
        let endpoint = (*endpoint != "-").then(|| Truth::parse(endpoint));
        assert_eq!(results.len(), ALL.len(), "{line}");
        for (paths, result) in ALL.into_iter().zip(results) {
            let found = decision(&mut Kleene::default(), denied, endpoint, paths);
            assert_eq!(found, Truth::parse(result), "{line}: paths {paths:?}");
        }
        lines += 1;
    }
    assert_eq!(lines, ALL.len() * LIMIT.len(), "every combination");
}
