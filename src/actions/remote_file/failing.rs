//! What the scripts that write say, and what people are told when they fail.

use crate::actions::contract::ActionError;
use crate::actions::said::last_lines;
use crate::base::Masker;
use crate::events::record::Failure;
use crate::transport::Output;

/// The words of a script that ended as it should.
///
/// # Errors
/// Where it did not: then nothing was changed, or what was is told.
pub fn verdict(said: &Output, what: &str, masker: &Masker) -> Result<Vec<String>, ActionError> {
    let words: Vec<String> = said.text().split_terminator('\0').map(str::to_owned).collect();
    if !said.success() || words.is_empty() {
        return Err(failed(said, &format!("{what}: {}", reason(said)), masker));
    }
    Ok(words)
}

/// A failure with what the host said about it.
#[must_use]
pub fn failed(said: &Output, why: &str, masker: &Masker) -> ActionError {
    let stderr = masker.mask(last_lines(&said.error_text(), 20));
    let exit_code = Some(said.status).filter(|status| *status != 0);
    ActionError::Failed(Box::new(Failure { why: masker.mask(why), exit_code, stderr, ..Failure::default() }))
}

/// The last thing that the host said, in a line.
fn reason(said: &Output) -> String {
    let words = said.error_text();
    match words.trim_end().lines().last() {
        Some(line) => line.to_owned(),
        None => format!("exited with {}", said.status),
    }
}
