//! File names -> whose output a file may be, for answers that do not say it themselves.
//!
//! `accounts/111122223333/eu-west-1/keys/1234abcd-.../list-grants.json` names an account, a Region and a key. The part
//! nearest to the file wins. What a file *is* never depends on its name where its content tells.

use std::borrow::Cow;

/// What a path says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hints {
    /// Account id.
    pub(super) account: Option<String>,
    /// Region.
    pub(super) region: Option<String>,
    /// Key id.
    pub(super) key: Option<String>,
    /// Whether the key id is the name of a folder in a folder `keys`.
    pub(super) key_folder: bool,
    /// Id of an organization policy, `p-...`.
    pub(super) policy: Option<String>,
    /// Id of a root or OU.
    pub(super) parent: Option<String>,
    /// The path in lower case.
    pub(super) name: String,
}

impl Hints {
    /// Reads a path with `/` between its parts.
    pub(super) fn of(path: &str) -> Self {
        Folder::default().hints(path)
    }

    /// Adds what the next part of the path says. `in_keys`: the part before it is `keys`.
    fn part(&mut self, part: &str, in_keys: bool) {
        let mut rest = Cow::Borrowed(part);
        if let Some(key) = find_key(part) {
            rest = Cow::Owned(part.replace(key, " "));
            self.key = Some(key.to_owned());
            self.key_folder |= in_keys && key == part;
        }
        let found = find_account(&rest).map(str::to_owned);
        self.account = found.or(self.account.take());
        self.region = find_region(&rest).or(self.region.take());
        self.policy = find_prefixed(&rest, "p-", 8, false).or(self.policy.take());
        let parent = find_ou(&rest).or_else(|| find_prefixed(&rest, "r-", 4, true));
        self.parent = parent.or(self.parent.take());
    }

    /// Whether the path contains a word, given in lower case.
    pub(super) fn says(&self, word: &str) -> bool {
        self.name.contains(word)
    }

    /// The target of `list-policies-for-target`: a root, an OU or an account.
    pub(super) fn target(&self) -> Option<String> {
        self.parent.clone().or_else(|| self.account.clone())
    }
}

/// What the path of a folder says, kept for the next file in it.
#[derive(Default)]
pub(super) struct Folder {
    path: String,
    hints: Hints,
    in_keys: bool,
}

impl Folder {
    /// Reads the path of a file, which may lie in another folder than the last.
    pub(super) fn hints(&mut self, path: &str) -> Hints {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if folder != self.path {
            *self = Folder::default();
            folder.clone_into(&mut self.path);
            for part in folder.split('/') {
                self.hints.part(part, self.in_keys);
                self.in_keys = matches!(part, "keys" | "key");
            }
        }
        let mut hints = self.hints.clone();
        hints.part(name, self.in_keys);
        hints.name = path.to_ascii_lowercase();
        hints
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

/// Positions where a word may begin.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut before = ' ';
    text.char_indices().filter_map(move |(at, character)| {
        let starts = !before.is_ascii_alphanumeric();
        before = character;
        starts.then_some(at)
    })
}

/// Whether no word goes on after an offset.
fn word_ends(text: &str, at: usize) -> bool {
    !text.as_bytes().get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// A key id: a UUID, or `mrk-` and 32 hex digits, with or without hyphens between them.
fn find_key(part: &str) -> Option<&str> {
    if part.len() < 36 {
        return None;
    }
    word_starts(part).find_map(|at| {
        let rest = part.get(at..)?;
        let body = rest.strip_prefix("mrk-").unwrap_or(rest);
        let uuid = |text: &str| {
            text.bytes().enumerate().all(|(i, byte)| match i {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => is_hex(byte),
            })
        };
        let plain = body
            .get(..32)
            .filter(|id| body.len() < rest.len() && id.bytes().all(is_hex));
        let id = body.get(..36).filter(|id| uuid(id)).or(plain)?;
        let end = rest.len() - body.len() + id.len();
        rest.get(..end).filter(|_| word_ends(rest, end))
    })
}

fn find_account(part: &str) -> Option<&str> {
    word_starts(part).find_map(|at| {
        let id = part.get(at..at + 12)?;
        (id.bytes().all(|byte| byte.is_ascii_digit()) && word_ends(part, at + 12)).then_some(id)
    })
}

/// A Region: `eu-west-1`, `us-gov-east-1`, `eusc-de-east-1`.
fn find_region(part: &str) -> Option<String> {
    if !part.contains('-') {
        return None;
    }
    const FIRST: &[&str] = &["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us"];
    let words: Vec<&str> = part.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    words.iter().enumerate().find_map(|(i, first)| {
        if !FIRST.contains(first) {
            return None;
        }
        let tail = words.get(i + 1..)?;
        let alphabetic = |word: &&&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        let length = tail.iter().take_while(alphabetic).count();
        let number = tail.get(length)?;
        let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        let region = words.get(i..=i + 1 + length)?.join("-");
        ((1..=3).contains(&length) && is_number && part.contains(&region)).then_some(region)
    })
}

/// An id of lower-case letters, digits and (if not `plain`) more after a prefix.
fn find_prefixed(part: &str, prefix: &str, least: usize, plain: bool) -> Option<String> {
    if !part.contains(prefix) {
        return None;
    }
    word_starts(part).find_map(|at| {
        let body = part.get(at..)?.strip_prefix(prefix)?;
        let fits = |b: u8| match plain {
            true => b.is_ascii_lowercase() || b.is_ascii_digit(),
            false => b.is_ascii_alphanumeric() || b == b'_',
        };
        let length = body.bytes().take_while(|b| fits(*b)).count();
        let id = body
            .get(..length)
            .filter(|_| length >= least && word_ends(body, length))?;
        Some(format!("{prefix}{id}"))
    })
}

/// `ou-ROOT-UNIT`
fn find_ou(part: &str) -> Option<String> {
    if !part.contains("ou-") {
        return None;
    }
    word_starts(part).find_map(|at| {
        let body = part.get(at..)?.strip_prefix("ou-")?;
        let plain = |text: &str| {
            text.bytes()
                .take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                .count()
        };
        let (root, rest) = body.split_once('-')?;
        let length = plain(rest);
        let unit = rest
            .get(..length)
            .filter(|_| length >= 8 && word_ends(rest, length))?;
        (root.len() >= 4 && plain(root) == root.len()).then(|| format!("ou-{root}-{unit}"))
    })
}

/// Whether a text is the id of a root, an OU or an account.
pub(super) fn is_target(id: &str) -> bool {
    crate::arn::is_account_id(id) || id.starts_with("r-") || id.starts_with("ou-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str) -> String {
        let h = Hints::of(path);
        let show = |hint: Option<String>| hint.unwrap_or_else(|| "-".to_owned());
        [h.account, h.region, h.key, h.policy, h.parent]
            .map(show)
            .join(" ")
    }

    #[test]
    fn the_documented_layout_is_read() {
        let key = "1234abcd-12ab-34cd-56ef-123456789012";
        assert_eq!(
            shown(&format!(
                "accounts/111122223333/eu-west-1/keys/{key}/list-grants.json"
            )),
            format!("111122223333 eu-west-1 {key} - -")
        );
        assert!(Hints::of(&format!("keys/{key}/list-grants.json")).key_folder);
        assert!(!Hints::of(&format!("keys/{key}.json")).key_folder);
        assert_eq!(
            shown("organization/describe-policy/p-FullAWSAccess.json"),
            "- - - p-FullAWSAccess -"
        );
        assert_eq!(
            shown("list-accounts-for-parent/ou-2m33-b4iu8pkd.json"),
            "- - - - ou-2m33-b4iu8pkd"
        );
        assert_eq!(shown("list-accounts-for-parent/r-2m33.json"), "- - - - r-2m33");
    }

    #[test]
    fn other_names_are_read_too() {
        let mrk = "mrk-1234abcd12ab34cd56ef1234567890ab";
        assert_eq!(
            shown(&format!("111122223333_us-gov-east-1_{mrk}.json")),
            format!("111122223333 us-gov-east-1 {mrk} - -")
        );
        assert_eq!(
            shown("kms-list-aliases-eusc-de-east-1.json"),
            "- eusc-de-east-1 - - -"
        );
        assert_eq!(
            shown("mrk-fa7cc825-e44b-494d-bb09-949900286d41/x"),
            "- - mrk-fa7cc825-e44b-494d-bb09-949900286d41 - -"
        );
        assert_eq!(shown("1111222233334/me-only/for-r-/p-1.json"), "- - - - -");
        assert_eq!(shown("é/日本/%2f/us-"), "- - - - -");
    }
}
