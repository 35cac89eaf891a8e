//! Byte offsets in a text -> locations in a file, also for text that was decoded out of a string of that file.

use super::{OffsetMap, Span};
use crate::source::{FileId, Location};

/// Where the lines of a text end.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Offsets of line feeds, ascending. Those inside a JSON string cannot exist.
    pub(super) feeds: Vec<u32>,
    /// How many there are before those.
    before: u32,
}

impl Lines {
    /// No lines yet, with room for about so many.
    pub(super) fn with_room(lines: usize) -> Lines {
        Lines {
            feeds: Vec::with_capacity(lines),
            before: 0,
        }
    }

    /// The line of a byte, counted from 1.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        let here = self.feeds.partition_point(|feed| *feed < offset);
        let here = u32::try_from(here).unwrap_or(u32::MAX);
        here.saturating_add(self.before).saturating_add(1)
    }

    /// The lines from a byte on, which is all that is asked about a part of the text.
    pub(super) fn from(&self, offset: u32) -> Lines {
        let before = self.feeds.partition_point(|feed| *feed < offset);
        Lines {
            feeds: self.feeds.get(before..).unwrap_or_default().to_vec(),
            before: u32::try_from(before)
                .unwrap_or(u32::MAX)
                .saturating_add(self.before),
        }
    }
}

/// Says where the nodes of a tree stand in the file that is on disk.
#[derive(Clone, Copy, Debug)]
pub enum Place<'p> {
    /// The tree was read from no file: everything stands nowhere.
    Nowhere,
    /// The tree was read from a file.
    File {
        /// The file.
        file: FileId,
        /// Its lines.
        lines: &'p Lines,
    },
    /// The tree was read from a text that was decoded out of a string of another tree.
    Inside {
        /// Maps decoded offsets to offsets of the outer text.
        map: &'p OffsetMap,
        /// Where the outer text stands.
        outer: &'p Place<'p>,
    },
}

impl Place<'_> {
    /// The location of a span.
    #[must_use]
    pub fn location(&self, span: Span) -> Location {
        match self {
            Place::Nowhere => Location::default(),
            Place::File { file, lines } => Location {
                file: Some(*file),
                start: span.start,
                end: span.end,
                line: lines.line(span.start),
            },
            Place::Inside { map, outer } => outer.location(Span {
                start: map.origin(span.start),
                end: map.origin(span.end),
            }),
        }
    }
}
