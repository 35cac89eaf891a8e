//! What is being done, on standard error while it lasts: for people at a terminal, once a run takes longer than a second.

use super::args::Global;
use super::output::Output;
use indicatif::ProgressBar;
use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Runs that take less say nothing.
const QUICK: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(100);

/// Whether anybody is there to be told.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    shown: bool,
}

impl Progress {
    /// For people at a terminal who did not ask for quiet.
    pub(super) fn new(global: &Global) -> Progress {
        let _ = began();
        Progress {
            shown: !global.quiet && io::stderr().is_terminal(),
        }
    }

    /// The same, unless the answer goes to the terminal meanwhile.
    pub(super) fn beside(self, output: &Output) -> Progress {
        Progress {
            shown: self.shown && !output.is_terminal(),
        }
    }

    /// Does some work, and says what it is while it lasts. Nothing may be written meanwhile.
    pub(super) fn during<T>(self, what: &'static str, work: impl FnOnce() -> T) -> T {
        if !self.shown {
            return work();
        }
        let (done, wait) = channel::<()>();
        let spinner = std::thread::spawn(move || spin(what, &wait));
        let result = work();
        drop(done);
        // The line is gone when its thread is.
        let _ = spinner.join();
        result
    }
}

/// When the first phase of the run began.
fn began() -> Instant {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    *BEGAN.get_or_init(Instant::now)
}

fn spin(what: &'static str, wait: &Receiver<()>) {
    let left = QUICK.saturating_sub(began().elapsed());
    if wait.recv_timeout(left) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new_spinner().with_message(what);
    while wait.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        bar.tick();
    }
    bar.finish_and_clear();
}
