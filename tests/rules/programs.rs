//! The five Datalog programs on their cases: facts in text into what is derived, in text.

use super::check_cases;
use crate::facts::text::{Column as _, Names, World};
use crate::rules::near::{self, Stand};
use crate::rules::{LimitRow, PathRow, denies, grants, guardrails, paths};

/// Lines, sorted: the output of a rule program has no order.
fn sorted(mut lines: Vec<String>) -> String {
    lines.sort();
    match lines.is_empty() {
        true => "(nothing)".to_owned(),
        false => lines.join("\n"),
    }
}

fn path_lines(rows: Vec<PathRow>, names: &Names) -> String {
    let line = |row: PathRow| {
        let PathRow {
            principal,
            key,
            route,
            by,
            with,
            mask,
        } = row;
        let columns = [
            principal.show(names),
            key.show(names),
            route.show(names),
            by.show(names),
            with.show(names),
            mask.show(names),
        ];
        format!("path {}", columns.join(" "))
    };
    sorted(rows.into_iter().map(line).collect())
}

fn limit_line(relation: &str, row: LimitRow, names: &Names) -> String {
    let LimitRow {
        principal,
        key,
        layer,
        statement,
        mask,
    } = row;
    let columns = [
        principal.show(names),
        key.show(names),
        layer.show(names),
        statement.show(names),
        mask.show(names),
    ];
    format!("{relation} {}", columns.join(" "))
}

#[test]
fn paths_on_its_cases() {
    check_cases("paths", "facts.txt", |text| {
        let world = World::read(text)?;
        Ok(path_lines(paths::run(&world.facts), &world.names))
    });
}

#[test]
fn grants_on_its_cases() {
    check_cases("grants", "facts.txt", |text| {
        let world = World::read(text)?;
        Ok(path_lines(grants::run(&world.facts), &world.names))
    });
}

#[test]
fn guardrails_on_its_cases() {
    check_cases("guardrails", "facts.txt", |text| {
        let World { names, facts, pairs } = World::read(text)?;
        let found = guardrails::run(&facts, &pairs);
        let mut lines = Vec::new();
        for (principal, layer) in found.under {
            let (principal, layer) = (principal.show(&names), layer.show(&names));
            lines.push(format!("under {principal} {layer}"));
        }
        for row in found.allows {
            lines.push(limit_line("allows", row, &names));
        }
        for row in found.levels {
            let columns = [
                row.account.show(&names),
                row.key.show(&names),
                row.level.show(&names),
                row.statement.show(&names),
                row.mask.show(&names),
            ];
            lines.push(format!("level {}", columns.join(" ")));
        }
        Ok(sorted(lines))
    });
}

#[test]
fn denies_on_its_cases() {
    check_cases("denies", "facts.txt", |text| {
        let World { names, facts, pairs } = World::read(text)?;
        let found = denies::run(&facts, &pairs);
        let mut lines = Vec::new();
        for row in found.each {
            lines.push(limit_line("denies", row, &names));
        }
        for row in found.accounts {
            let columns = [
                row.account.show(&names),
                row.key.show(&names),
                row.layer.show(&names),
                row.statement.show(&names),
                row.mask.show(&names),
            ];
            lines.push(format!("denies account {}", columns.join(" ")));
        }
        for row in found.all {
            let columns = [
                row.key.show(&names),
                row.layer.show(&names),
                row.statement.show(&names),
                row.mask.show(&names),
            ];
            lines.push(format!("denies all {}", columns.join(" ")));
        }
        Ok(sorted(lines))
    });
}

fn stand_words(stand: Stand, names: &Names) -> String {
    let level = stand
        .level
        .map_or_else(|| "-".to_owned(), |level| level.show(names));
    format!(
        "{} {level} {}",
        stand.layer.show(names),
        stand.statement.show(names)
    )
}

#[test]
fn near_on_its_cases() {
    check_cases("near", "facts.txt", |text| {
        let World { names, facts, .. } = World::read(text)?;
        let found = near::run(&facts);
        let mut lines = Vec::new();
        for (layer, why) in found.spared {
            lines.push(format!(
                "spared {} {why:?} {}",
                layer.show(&names),
                near::clause(layer, why)
            ));
        }
        for stand in found.speaks {
            lines.push(format!("speaks {}", stand_words(stand, &names)));
        }
        for (stand, element) in found.near {
            lines.push(format!(
                "near {} {}",
                stand_words(stand, &names),
                element.show(&names)
            ));
        }
        for (statement, voice) in found.counts {
            lines.push(format!("counts {} {voice:?}", statement.show(&names)));
        }
        for (grant, element) in found.grants {
            lines.push(format!(
                "near grant {} {}",
                grant.show(&names),
                element.show(&names)
            ));
        }
        Ok(sorted(lines))
    });
}
