//! Bytes -> other bytes, broken in ways that JSON and policies can be broken.

/// A small generator of numbers; the same seed gives the same numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below a limit; 0 if there is none.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        if limit == 0 {
            0
        } else {
            (self.next() >> 11) as usize % limit
        }
    }

    /// True once in so many times.
    pub(crate) fn chance(&mut self, once_in: usize) -> bool {
        self.below(once_in) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "\\\"",
    "\\u0041",
    "\\ud83d\\ude00",
    "\\ud800",
    "null",
    "true",
    "-1e99",
    "0",
    "%7B",
    "%22",
    "%",
    "%7B%22Statement%22%3A%5B%5D%7D",
    "\u{0}",
    "\n",
    "é",
    "\u{feff}",
    "\"Statement\"",
    "\"Effect\"",
    "\"Allow\"",
    "\"Deny\"",
    "\"Action\"",
    "\"NotAction\"",
    "\"Resource\"",
    "\"NotResource\"",
    "\"Principal\"",
    "\"NotPrincipal\"",
    "\"Condition\"",
    "\"StringEquals\"",
    "\"ForAllValues:StringLike\"",
    "\"Version\"",
    "\"2008-10-17\"",
    "\"AWS\"",
    "\"*\"",
    "[]",
    "{}",
    "\"\"",
    "\"Truncated\": true,",
    "\"NextToken\": \"x\",",
    "\"Policy\"",
    "\"PolicyNames\"",
    "\"Grants\"",
    "\"KeyId\"",
    "\"Tags\"",
    "\"Keys\"",
    "\"Aliases\"",
    "\"Policies\"",
    "\"Accounts\"",
    "\"PolicyDocument\"",
    "\"PermissionsBoundary\"",
    "\"GroupList\"",
    "\"Constraints\"",
    "arn:aws:kms:eu-west-1:111122223333:key/",
];

/// Breaks bytes in one to eight places. `other` lends pieces.
pub(crate) fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let longest = 1 << random.below(10);
        let length = random.below(longest).min(bytes.len() - at);
        match random.below(10) {
            0 if at < bytes.len() => bytes[at] = random.next() as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.drain(at..at + length)),
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..at + length].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            5 => {
                let from = random.below(other.len());
                let piece = &other[from..(from + 1 + random.below(400)).min(other.len())];
                drop(bytes.splice(at..at + length, piece.iter().copied()));
            }
            6 => {
                let piece = random.pick(WORDS).repeat(1 + random.below(300));
                drop(bytes.splice(at..at, piece.into_bytes()));
            }
            _ => {
                let word = *random.pick(WORDS);
                // A word in place of another is more often JSON than a word in between.
                let end = (at..bytes.len())
                    .find(|i| b",:]}".contains(&bytes[*i]))
                    .unwrap_or(at);
                drop(bytes.splice(at..if random.chance(2) { end } else { at }, word.bytes()));
            }
        }
    }
}
