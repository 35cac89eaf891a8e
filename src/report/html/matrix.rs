//! The relation in letters -> a table for each account: its keys across, and everybody with access to one of them down.
//!
//! Principals with the same row share it, and where an account has many keys, keys with the same column do.

use super::letters::Sign;
use super::relation::{Relation, rank, short_name};
use ahash::AHashMap;
use serde::Serialize;
use std::collections::BTreeMap;

/// With fewer keys than this, each has a column of its own.
const COLUMNS: usize = 40;

/// The matrix of one account.
#[derive(Serialize)]
pub(super) struct Matrix {
    account: String,
    keys: usize,
    principals: usize,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Column {
    /// The key's place among all.
    key: usize,
    name: String,
    /// The other keys with the same column.
    others: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    number: usize,
    name: String,
    /// The other principals with the same row.
    others: Vec<String>,
    outside: bool,
    cells: Vec<Cell>,
}

#[derive(Clone, Serialize)]
struct Cell {
    class: &'static str,
    text: String,
}

/// All matrices, by account.
pub(super) fn all(relation: &Relation<'_>) -> Vec<Matrix> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, key) in relation.keys.iter().enumerate() {
        if key.arn != "*" {
            places.entry(&key.account).or_default().push(place);
        }
    }
    // Where each key stands among those of its account.
    let columns = places.values().flat_map(|places| places.iter().enumerate());
    let columns: BTreeMap<usize, usize> = columns.map(|(column, &place)| (place, column)).collect();
    let mut rows: BTreeMap<&str, Rows<'_>> = BTreeMap::new();
    for (&principal, signs) in &relation.of {
        for &(place, sign) in signs {
            let (Some(key), Some(&column)) = (relation.keys.get(place), columns.get(&place)) else {
                continue;
            };
            let rows = rows.entry(&key.account).or_default();
            rows.entry(principal).or_default().push((column, sign.shown()));
        }
    }
    let each = places.into_iter().map(|(account, places)| {
        let rows = rows.remove(account).unwrap_or_default();
        matrix(relation, account, &places, &group(account, rows))
    });
    each.collect()
}

/// By principal: columns with letters.
type Rows<'e> = BTreeMap<&'e str, Vec<(usize, Sign)>>;

/// Principals with the same row, sorted, and the row.
type Group<'e> = (Vec<&'e str>, Vec<(usize, Sign)>);

/// Puts principals with the same row together: the strangest first.
fn group<'e>(account: &str, rows: Rows<'e>) -> Vec<Group<'e>> {
    let mut places: AHashMap<(u8, Vec<(usize, Sign)>), usize> = AHashMap::new();
    let mut groups: Vec<(u8, Group<'e>)> = Vec::new();
    for (principal, row) in rows {
        let rank = rank(principal, account);
        let next = groups.len();
        let place = *places.entry((rank, row.clone())).or_insert(next);
        match groups.get_mut(place) {
            Some((_, (principals, _))) => principals.push(principal),
            None => groups.push((rank, (vec![principal], row))),
        }
    }
    groups.sort_by_key(|(rank, _)| *rank);
    groups.into_iter().map(|(_, group)| group).collect()
}

fn matrix(relation: &Relation<'_>, account: &str, places: &[usize], groups: &[Group<'_>]) -> Matrix {
    let mut signs = vec![vec![Sign::default(); groups.len()]; places.len()];
    for (row, (_, cells)) in groups.iter().enumerate() {
        for &(column, sign) in cells {
            if let Some(cell) = signs.get_mut(column).and_then(|column| column.get_mut(row)) {
                *cell = sign;
            }
        }
    }
    let columns = columns(&signs);
    let rows = groups.iter().enumerate().filter_map(|(row, (principals, _))| {
        let (first, others) = principals.split_first()?;
        let cells = columns.iter().map(|column| {
            let sign = column.first().and_then(|&column| signs.get(column)?.get(row));
            let sign = sign.copied().unwrap_or_default();
            Cell {
                class: sign.class(),
                text: sign.text(),
            }
        });
        Some(Row {
            number: relation.number(first),
            name: short_name(first, account),
            others: others.iter().map(|name| short_name(name, account)).collect(),
            outside: rank(first, account) < 2,
            cells: cells.collect(),
        })
    });
    let place = |column: &usize| places.get(*column).copied();
    let key = |column: &usize| relation.keys.get(place(column)?);
    let headings = columns.iter().filter_map(|column| {
        let (first, others) = column.split_first()?;
        Some(Column {
            key: place(first)?,
            name: key(first)?.short.clone(),
            others: others
                .iter()
                .filter_map(key)
                .map(|key| key.short.clone())
                .collect(),
        })
    });
    Matrix {
        columns: headings.collect(),
        keys: places.len(),
        principals: groups.iter().map(|(principals, _)| principals.len()).sum(),
        rows: rows.collect(),
        account: account.to_owned(),
    }
}

/// Columns, each alone, or where there are many with those that look the same.
fn columns(signs: &[Vec<Sign>]) -> Vec<Vec<usize>> {
    if signs.len() < COLUMNS {
        return (0..signs.len()).map(|column| vec![column]).collect();
    }
    let mut places: AHashMap<&[Sign], usize> = AHashMap::new();
    let mut columns: Vec<Vec<usize>> = Vec::new();
    for (column, signs) in signs.iter().enumerate() {
        let next = columns.len();
        let place = *places.entry(signs).or_insert(next);
        match columns.get_mut(place) {
            Some(alike) => alike.push(column),
            None => columns.push(vec![column]),
        }
    }
    columns
}
