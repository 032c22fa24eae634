//! Files that commands write for people.

use std::io::ErrorKind;
use std::path::Path;

use crate::base::fs;
use crate::cli::error::CommandError;

/// Writes a file that must not be there yet.
pub(super) fn new_file(path: &Path, text: &str) -> Result<(), CommandError> {
    fs::write_new(path, text.as_bytes()).map_err(|error| match error.source.kind() {
        ErrorKind::AlreadyExists => CommandError::wrong(
            format!("{} is there already, and is left as it is", path.display()),
            "another name, or move it away first",
        ),
        _ => CommandError::wrong(error.to_string(), "name a file in a folder that can be written"),
    })
}
