//! A folder -> what identifies its contents, as evidence of what an answer was made from.

use super::walk;
use crate::error::Error;
use crate::model::snapshot::Snapshot;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::path::Path;

impl Snapshot {
    /// SHA-256 over the files that [`Snapshot::load`] reads, in hexadecimal: over the lines that `sha256sum` prints for
    /// them, sorted by name, so that anybody can compute it without this tool.
    ///
    /// # Errors
    /// [`Error::Snapshot`] if the folder cannot be listed.
    pub fn digest(path: impl AsRef<Path>) -> Result<String, Error> {
        let root = path.as_ref();
        let found = walk::walk(root)?;
        // What was not read, such as hidden files, is not part of it.
        let files = found
            .into_par_iter()
            .filter_map(|found| Some((found.name, found.file.ok()?)));
        let lines = files.map(|(name, file)| {
            // `load` goes on without it, and says so.
            let digest = of_file(&file).unwrap_or_else(|_| "unreadable".to_owned());
            format!("{digest}  {name}\n")
        });
        let lines: Vec<String> = lines.collect();
        Ok(hexadecimal(&Sha256::digest(lines.concat())))
    }
}

fn of_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    io::copy(&mut File::open(path)?, &mut digest)?;
    Ok(hexadecimal(&digest.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
