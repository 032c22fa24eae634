//! What the edits' words and values share.

use regex::bytes::{Regex, RegexBuilder};

use crate::model::decode;
use crate::model::{Diagnostics, Node};

/// A regular expression for lines that may hold bytes that are no text.
pub fn regex(node: &Node, diagnostics: &mut Diagnostics) -> Option<Regex> {
    let text = decode::regex(node, diagnostics)?;
    let regex = RegexBuilder::new(text.as_str()).multi_line(true).size_limit(1 << 20).build();
    if let Err(error) = &regex {
        diagnostics.error(&node.span, format!("the regular expression cannot be read: {error}"));
    }
    regex.ok()
}

/// Lines by their index, as people count them: 'line 3', 'lines 1, 2 and 5'.
#[must_use]
pub fn listed(indexes: &[usize]) -> String {
    const MOST: usize = 8;
    let numbers: Vec<String> = indexes.iter().take(MOST).map(|at| (at + 1).to_string()).collect();
    match numbers.split_last() {
        _ if indexes.len() > MOST => format!("{} lines ({}…)", indexes.len(), numbers.join(", ")),
        Some((last, [])) => format!("line {last}"),
        Some((last, others)) => format!("lines {} and {last}", others.join(", ")),
        None => "no line".to_owned(),
    }
}
