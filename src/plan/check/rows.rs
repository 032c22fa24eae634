//! Lists that stand in files of their own.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::base::{Span, Spanned, StepId, secret};
use crate::model::{Diagnostic, Diagnostics, Severity};
use crate::plan::planned::Plan;
use crate::plan::scope::{RenderError, Scope, Situation};

use super::files::Files;

/// Reads the file of each `foreach: {csv: path}`. What it lists is noted with the step: a run goes by what was read when it was planned.
pub(super) fn read(plan: &mut Plan, situation: Situation<'_>, files: &mut Files<'_>, diagnostics: &mut Diagnostics) {
    let mut found: Vec<(StepId, Arc<[Value]>)> = Vec::new();
    for step in plan.steps() {
        let Some(node) = step.step.foreach.as_ref().and_then(|foreach| foreach.get("csv")) else { continue };
        let Some(written) = node.text() else { continue };
        let text = Spanned::new(written, node.span.clone());
        let path = match Scope::of(plan, step, situation, None, None).text(&text) {
            Ok(path) if secret::is_sealed(&path) => {
                diagnostics.error(&node.span, "a secret cannot stand here");
                continue;
            }
            Ok(path) => Spanned::new(path, node.span.clone()),
            Err(RenderError::Unknown(until)) => {
                diagnostics
                    .error(&node.span, format!("which file this is cannot be known until `{until}` has run"))
                    .hint("a file that lists items has to be there before anything runs");
                continue;
            }
            Err(RenderError::Wrong(wrong)) => {
                diagnostics.push(*wrong);
                continue;
            }
        };
        match files.list(step.id(), &path) {
            Ok((path, text)) => match rows(&path, &text) {
                Ok(rows) => found.push((step.id().clone(), rows.into())),
                Err(wrong) => diagnostics.push(wrong),
            },
            Err(why) => {
                diagnostics.error(&node.span, why);
            }
        }
    }
    for (id, rows) in found {
        let step = plan.phases.iter_mut().flat_map(|phase| &mut phase.steps).find(|step| step.step.id.value == id);
        if let Some(step) = step {
            step.rows = rows;
        }
    }
}

/// The rows of a table, each a map by the names in its first line.
fn rows(path: &Path, text: &str) -> Result<Vec<Value>, Diagnostic> {
    let name: Arc<str> = path.to_string_lossy().into();
    let wrong = |line: u64, message: String, hint: &str| {
        let line = u32::try_from(line).unwrap_or(1).max(1);
        let start = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        let end = start + text[start..].lines().next().map_or(0, str::len);
        let span = Span { file: name.clone(), line, column: 1, start, end };
        Diagnostic { severity: Severity::Error, message, span: Some(span), hint: Some(hint.to_owned()) }
    };
    let broken = |error: &csv::Error| match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(1, csv::Position::line);
            let fields = if *len == 1 { "field" } else { "fields" };
            let message = format!("{len} {fields} in this row, and {expected_len} names in the first line");
            wrong(line, message, "a field with a comma in it stands in double quotes")
        }
        _ => wrong(error.position().map_or(1, csv::Position::line), error.to_string(), "it is read as RFC 4180 says"),
    };
    // Spreadsheets begin their files with a mark.
    let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(unmarked.as_bytes());
    let names = reader.headers().map_err(|error| broken(&error))?.clone();
    for (at, header) in names.iter().enumerate() {
        if header.is_empty() {
            return Err(wrong(1, format!("column {} has no name", at + 1), "the first line names the columns"));
        }
        if names.iter().take(at).any(|other| other == header) {
            return Err(wrong(1, format!("two columns are called `{header}`"), "templates know a column by its name"));
        }
    }
    let row = |record: &csv::StringRecord| {
        let fields = names.iter().zip(record).map(|(name, field)| (name.to_owned(), Value::String(field.to_owned())));
        Value::Object(fields.collect::<Map<String, Value>>())
    };
    reader.records().map(|record| record.map(|record| row(&record)).map_err(|error| broken(&error))).collect()
}
