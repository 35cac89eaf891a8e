//! The page in a real browser: it opens alone, narrows, leads to keys, is there without script, and runs nothing.
//!
//! Needs `chromium` and `chromedriver`. Without them each test says so and passes, unless `KEYWHO_BROWSER` is set, as
//! `.ci/run` does. `KEYWHO_SCREENSHOTS=DIR` writes what the pages look like.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

#[path = "browser/driver.rs"]
mod driver;
#[path = "../benches/world/mod.rs"]
mod world;
#[path = "reports/worst.rs"]
mod worst;

use driver::Browser;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const SAMPLE: &str = "tests/snapshots/sample-organization";
const KEY: &str = "key-7f52a303-09b8-4eaa-ac76-82c00dbe54d5";

/// The page of a snapshot, in a folder that lives as long as the result.
fn page(snapshot: &Path) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_keywho"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("KEYWHO_CONFIG")
        .args(["report", "-q", "-s"])
        .arg(snapshot)
        .arg("-o")
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (folder, path)
}

fn url(path: &Path, fragment: &str) -> String {
    format!("file://{}{fragment}", path.display())
}

/// How many rows and columns of matrices are shown.
const SHOWN: &str = "
    const seen = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility()).length;
    return [seen('table.matrix tbody tr'), seen('table.matrix thead th + th'), seen('article.key'), seen('article.rule')];";

/// Types into a field, or chooses, as a person would, and waits until the page has followed.
fn set(browser: &Browser, id: &str, value: &str) {
    browser.script(
        "const field = document.getElementById(arguments[0]);
         field.value = arguments[1];
         field.dispatchEvent(new Event('input', { bubbles: true }));",
        json!([id, value]),
    );
    std::thread::sleep(std::time::Duration::from_millis(300));
}

#[test]
fn it_opens_without_error_or_request() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, ""));
    assert_eq!(browser.title(), "KMS access report");
    browser.script("window.scrollTo(0, document.body.scrollHeight)", json!([]));
    assert_eq!(browser.errors(), Vec::<String>::new());
    let requests = browser.requests();
    assert!(!requests.is_empty(), "the page itself is one");
    for request in requests {
        assert!(
            request == url(&path, "") || request.starts_with("data:"),
            "{request}"
        );
    }
}

#[test]
fn search_and_filters_narrow_the_matrix() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, ""));
    let shown = || -> Vec<u64> { serde_json::from_value(browser.script(SHOWN, json!([]))).unwrap() };
    let all = shown();
    assert!(all[0] > 10 && all[1] > 10 && all[3] > 3, "{all:?}");
    set(&browser, "find-key", "payments-data");
    assert_eq!(shown()[1..3], [1, 1]);
    assert!(shown()[0] < all[0]);
    set(&browser, "find-who", "carol");
    assert_eq!(shown()[..2], [1, 1]);
    set(&browser, "find-key", "no such key");
    assert_eq!(shown()[..3], [0, 0, 0]);
    set(&browser, "find-key", "");
    set(&browser, "find-who", "");
    assert_eq!(shown(), all);
    // Who can change a key policy at all, and then: whose access depends on conditions.
    set(&browser, "find-letter", "P");
    let policy = shown();
    assert!(0 < policy[0] && policy[0] < all[0], "{policy:?} {all:?}");
    let wrong = "return [...document.querySelectorAll('table.matrix tbody tr')].filter((row) => row.checkVisibility() && !row.textContent.includes('P')).length";
    assert_eq!(browser.script(wrong, json!([])), json!(0));
    set(&browser, "find-letter", "U");
    set(&browser, "find-how", "c");
    let conditional = shown();
    assert!(0 < conditional[0] && conditional[0] < all[0], "{conditional:?}");
    browser.script("document.querySelector('#tools [type=reset]').click()", json!([]));
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(shown(), all);
    set(&browser, "find-severity", "medium");
    assert!(shown()[3] < all[3]);
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_list_of_keys_is_sorted_by_any_column() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, ""));
    let column = |number: usize| -> Vec<String> {
        let cells = browser.script(
            "return [...document.querySelectorAll('#key-list tbody tr')].map((row) => row.cells[arguments[0]].textContent)",
            json!([number]),
        );
        serde_json::from_value(cells).unwrap()
    };
    let click = || {
        browser.script("document.querySelector('#key-list th:nth-child(2) button').click(); return document.querySelector('#key-list th:nth-child(2)').getAttribute('aria-sort')", json!([]))
    };
    let numbers = || -> Vec<u32> { column(1).iter().map(|cell| cell.parse().unwrap()).collect() };
    assert_eq!(click(), "descending");
    assert!(numbers().is_sorted_by(|a, b| a >= b), "{:?}", numbers());
    assert_eq!(click(), "ascending");
    assert!(numbers().is_sorted());
}

#[test]
fn a_deep_link_leads_to_its_key() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, &format!("#{KEY}")));
    let there = "const at = document.querySelector(':target'); const box = at.getBoundingClientRect();
        return [at.id, box.top >= 0 && box.top < innerHeight / 2, at.checkVisibility()];";
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(browser.script(there, json!([])), json!([KEY, true, true]));
    // Also where a filter hides it.
    browser.open(&url(&path, ""));
    set(&browser, "find-key", "no such key");
    browser.script("location.hash = arguments[0]", json!([KEY]));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(browser.script(there, json!([])), json!([KEY, true, true]));
}

#[test]
fn without_script_everything_is_there() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.cdp("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.open(&url(&path, ""));
    let shown = browser.script(SHOWN, json!([]));
    let tools = browser.script(
        "return document.getElementById('tools').checkVisibility()",
        json!([]),
    );
    assert_eq!(tools, json!(false), "tools that need script are not shown");
    let shown: Vec<u64> = serde_json::from_value(shown).unwrap();
    assert!(
        shown[0] > 10 && shown[1] > 10 && shown[2] > 10 && shown[3] > 3,
        "{shown:?}"
    );
}

#[test]
fn hostile_text_is_text() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let snapshot = tempfile::tempdir().unwrap();
    worst::world(snapshot.path(), 3);
    let (_folder, path) = page(snapshot.path());
    browser.open(&url(&path, ""));
    // An open dialogue would make this fail.
    let counts = browser.script(
        "return [document.scripts.length, document.images.length, document.querySelectorAll('iframe, object, embed, svg, form').length]",
        json!([]),
    );
    assert_eq!(counts, json!([1, 0, 1]));
    let text = browser.script("return document.body.textContent", json!([]));
    let text = text.as_str().unwrap();
    assert!(text.contains("<script>alert(1)</script>") && text.contains("<img src=x onerror=alert(1)>"));
    assert!(!text.contains("49</"), "a template was run");
    let links = browser.script(
        "return [...document.links].map((link) => link.getAttribute('href'))",
        json!([]),
    );
    assert!(
        links
            .as_array()
            .unwrap()
            .iter()
            .all(|href| href.as_str().unwrap().starts_with('#'))
    );
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn it_is_sound_for_keyboard_and_screen_reader() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, ""));
    let found = browser.script(
        "const all = (selector) => [...document.querySelectorAll(selector)];
         const ids = all('[id]').map((one) => one.id);
         const levels = all('h1, h2, h3').map((one) => Number(one.tagName[1]));
         return {
           language: document.documentElement.lang,
           twice: ids.filter((id, at) => ids.indexOf(id) !== at),
           broken: all('a[href^=\"#\"]').map((one) => one.getAttribute('href').slice(1)).filter((id) => !document.getElementById(id)),
           jumps: levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1).length,
           unnamed: all('input, select').filter((one) => one.labels.length === 0).length,
           unscoped: all('th:not([scope])').length,
           bare: all('.scroll').filter((one) => one.tabIndex !== 0 || one.getAttribute('role') !== 'region' || !(one.ariaLabel || one.getAttribute('aria-labelledby'))).length,
         };",
        json!([]),
    );
    let expected = json!({"language": "en", "twice": [], "broken": [], "jumps": 0, "unnamed": 0, "unscoped": 0, "bare": 0});
    assert_eq!(found, expected);
    // The first stop leads past the head of the page.
    browser.press_tab();
    assert_eq!(
        browser.script("return document.activeElement.className", json!([])),
        "skip"
    );
}

/// Colours of text on its ground, light and dark: the least contrast (WCAG asks for 4.5).
#[test]
fn text_stands_out_from_its_ground() {
    for dark in [false, true] {
        let Some(browser) = Browser::start(&[]) else {
            return;
        };
        let scheme = if dark { "dark" } else { "light" };
        browser.prefer(scheme);
        let (_folder, path) = page(Path::new(SAMPLE));
        browser.open(&url(&path, ""));
        let worst: Value = browser.script(
            "const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
             const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
             const ground = (one) => { for (; one; one = one.parentElement) { const c = parts(getComputedStyle(one).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
             let worst = [99, ''];
             for (const one of document.querySelectorAll('p, a, td, th, dt, dd, b, small, code, span, caption, summary, li, label')) {
               const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))];
               const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
               if (contrast < worst[0]) worst = [contrast, one.className + ' ' + one.textContent.slice(0, 40)];
             }
             return worst;",
            json!([]),
        );
        assert!(worst[0].as_f64().unwrap() >= 4.5, "{scheme}: {worst}");
        let ground = browser.script(
            "return getComputedStyle(document.body).backgroundColor",
            json!([]),
        );
        assert_eq!(ground == "rgb(255, 255, 255)", !dark, "{ground}");
    }
}

#[test]
fn pictures() {
    let Some(folder) = std::env::var_os("KEYWHO_SCREENSHOTS").map(PathBuf::from) else {
        return;
    };
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    std::fs::create_dir_all(&folder).unwrap();
    let snapshot = std::env::var_os("KEYWHO_SCREENSHOTS_OF").map_or(PathBuf::from(SAMPLE), PathBuf::from);
    let (_folder, path) = page(&snapshot);
    for (name, scheme, width, fragment) in [
        ("light", "light", 1400, ""),
        ("dark", "dark", 1400, ""),
        ("matrix", "light", 1400, "#matrix"),
        ("matrix-dark", "dark", 1400, "#matrix"),
        ("key", "light", 1400, "#keys"),
        ("principals", "light", 1400, "#principals"),
        ("narrow", "light", 400, ""),
        ("narrow-matrix", "light", 400, "#matrix"),
    ] {
        browser.prefer(scheme);
        browser.size(width, 1000);
        browser.open("about:blank");
        browser.open(&url(&path, fragment));
        std::thread::sleep(std::time::Duration::from_millis(500));
        std::fs::write(folder.join(format!("{name}.png")), browser.picture()).unwrap();
    }
    browser.prefer("light");
    browser.size(1400, 1000);
    std::fs::write(folder.join("print.pdf"), browser.print()).unwrap();
    browser.cdp("Emulation.setEmulatedMedia", json!({"media": "print"}));
    browser.size(1100, 3000);
    std::fs::write(folder.join("print.png"), browser.picture()).unwrap();
}

/// An organization of so many accounts with 100 roles and `keys` keys each: the size of its page in bytes, and how long
/// the browser takes to show it.
fn opened(accounts: usize, keys: usize) -> Option<(usize, std::time::Duration)> {
    let browser = Browser::start(&[])?;
    let shape = world::Shape {
        keys,
        ..world::Shape::of(accounts)
    };
    let snapshot = tempfile::tempdir().unwrap();
    for (name, contents) in world::generate(shape, 7).files {
        let path = snapshot.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    let (_folder, path) = page(snapshot.path());
    let start = std::time::Instant::now();
    browser.open(&url(&path, ""));
    browser.script("return document.body.offsetHeight", json!([]));
    let time = start.elapsed();
    assert_eq!(browser.errors(), Vec::<String>::new());
    let size = usize::try_from(std::fs::metadata(path).unwrap().len()).unwrap();
    println!(
        "{} keys, {} roles: {size} bytes, opened in {time:?}",
        accounts * keys,
        accounts * 100
    );
    Some((size, time))
}

#[test]
fn a_page_of_100_keys_and_500_principals_is_small() {
    let Some((size, time)) = opened(5, 20) else { return };
    assert!(size < 1_000_000, "{size}");
    assert!(time.as_secs() < 5, "{time:?}");
}

/// Takes a while: `cargo test --release --test browser -- --ignored --nocapture`.
#[test]
#[ignore = "slow without optimization"]
fn a_page_of_1000_keys_and_5000_principals_opens() {
    let Some((size, time)) = opened(50, 20) else {
        return;
    };
    assert!(size < 20_000_000 && time.as_secs() < 20, "{size} {time:?}");
}

/// What the letters stand for, said again.
fn letter(action: &str) -> char {
    const USE: [&str; 15] = [
        "Decapsulate",
        "Decrypt",
        "DeriveSharedSecret",
        "Encapsulate",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "ReEncryptFrom",
        "ReEncryptTo",
        "Sign",
        "Verify",
        "VerifyMac",
    ];
    match action.trim_start_matches("kms:") {
        "CreateGrant" => 'G',
        "PutKeyPolicy" => 'P',
        name if USE.contains(&name) => 'U',
        "RetireGrant" => 'R',
        name if ["Describe", "Get", "List"]
            .iter()
            .any(|verb| name.starts_with(verb)) =>
        {
            'R'
        }
        _ => 'A',
    }
}

/// Every cell, spelled as the page spells it, from the rows of `matrix`.
fn cells_of_matrix(snapshot: &str) -> BTreeMap<(String, String), String> {
    let output = Command::new(env!("CARGO_BIN_EXE_keywho"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["matrix", "-q", "-f", "ndjson", "-s", snapshot])
        .output()
        .unwrap();
    // By principal and key: of each letter the best way, 0 always, 1 under a condition, 2 not known.
    let mut ways: BTreeMap<(String, String), BTreeMap<char, usize>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        if text("key") == "*" {
            continue;
        }
        let condition = row["condition"].to_string();
        let lacks = ["A40", "S2.1.10", "S3.1.14"].iter().any(|rule| {
            condition.contains("\"unknown\"") && condition.contains(&format!("\"rule\":\"{rule}\""))
        });
        let way = match text("access").as_str() {
            "always" => 0,
            _ if lacks => 2,
            _ => 1,
        };
        let of = ways
            .entry((keywho::report::names::principal(&text("principal")), text("key")))
            .or_default();
        let known = of.entry(letter(&text("action"))).or_insert(way);
        *known = way.min(*known);
    }
    let spelled = |of: &BTreeMap<char, usize>| {
        let only_read = of.keys().all(|&letter| letter == 'R');
        let mut parts = Vec::new();
        for (way, how) in ["", "if ", "? "].iter().enumerate() {
            let letters = "UAGPR"
                .chars()
                .filter(|letter| of.get(letter) == Some(&way) && (only_read || *letter != 'R'));
            let letters: String = letters.collect();
            if !letters.is_empty() {
                parts.push(format!("{how}{letters}"));
            }
        }
        parts.join(" ")
    };
    ways.iter()
        .map(|(pair, of)| (pair.clone(), spelled(of)))
        .collect()
}

#[test]
fn the_page_shows_the_relation_that_matrix_lists() {
    let Some(browser) = Browser::start(&[]) else {
        return;
    };
    let (_folder, path) = page(Path::new(SAMPLE));
    browser.open(&url(&path, ""));
    let cells = browser.script(
        "const found = [];
         for (const table of document.querySelectorAll('table.matrix')) {
           const account = table.parentElement.previousElementSibling.textContent.split(' ').pop();
           const keys = [...table.querySelectorAll('thead th + th a')].map((link) =>
             document.querySelector(link.getAttribute('href')).parentElement.querySelector('.arn').textContent.trim());
           for (const row of table.tBodies[0].rows) {
             const details = row.cells[0].querySelector('details');
             const names = [row.cells[0].querySelector('a').textContent];
             if (details) names.push(...details.lastChild.textContent.split(', '));
             [...row.cells].slice(1).forEach((cell, at) => {
               if (cell.textContent.trim()) names.forEach((name) => found.push([account, name, keys[at], cell.textContent.trim()]));
             });
           }
         }
         return found;",
        json!([]),
    );
    let cells: Vec<[String; 4]> = serde_json::from_value(cells).unwrap();
    let shown: BTreeMap<(String, String), String> = cells
        .into_iter()
        .map(|[account, name, key, text]| {
            // Of the key's own account the name stands alone.
            let is_own = !name.contains('(')
                && (name == "root" || name.starts_with("role/") || name.starts_with("user/"));
            let name = if is_own {
                format!("{name} ({account})")
            } else {
                name
            };
            ((name, key), text)
        })
        .collect();
    let listed = cells_of_matrix(SAMPLE);
    assert!(listed.len() > 100, "{}", listed.len());
    assert_eq!(shown, listed);
}
