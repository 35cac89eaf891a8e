//! Rows of cells -> an aligned table, wrapped to the width of the terminal when there is one.

use super::style::{Tone, paint};
use comfy_table::{ContentArrangement, Table, presets};

/// The table as text, header first, each line ended. Without a width no line is wrapped.
pub(super) fn render(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        table
            .set_width(width)
            .set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(header.iter().map(|title| Tone::Strong.words(title)));
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: String = table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    paint(&lines)
}
