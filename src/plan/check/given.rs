//! Variables of the command line that the book knows nothing of: a slip of the pen would leave the real value in place.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::diagnostic::nearest;
use crate::model::{Diagnostics, Shape};
use crate::plan::fingerprint::Named;
use crate::plan::planned::{Inputs, Plan};

/// Reports what is given and cannot take any effect.
pub(super) fn check(plan: &Plan, inputs: &Inputs, named: &BTreeSet<Named>, diagnostics: &mut Diagnostics) {
    let book = &plan.book;
    for (name, given) in &inputs.vars {
        if let Some((own, node)) = book.vars.iter().find(|(own, _)| own.value == *name) {
            let what = match node.shape {
                Shape::List(_) => "a list",
                Shape::Map(_) => "a mapping",
                Shape::Scalar(_) => continue,
            };
            if matches!(given, Value::String(_)) {
                diagnostics
                    .error_at_large(format!("the variable `{name}` is {what}, at {}, and a text is given", own.span))
                    .hint("lists and mappings are given by a file, with --vars-file");
            }
            continue;
        }
        if let Some((own, _)) = book.phases.iter().flat_map(|phase| &phase.vars).find(|(own, _)| own.value == *name) {
            diagnostics
                .error_at_large(format!("the variable `{name}` cannot be given: an include gives it, at {}", own.span))
                .hint("let the include's value be a variable of the book, and give that");
        } else if !named.contains(&Named::Var(name.clone())) {
            let known = book.vars.iter().map(|(own, _)| own.value.as_str());
            let near = nearest(name, known);
            let diagnostic = diagnostics.error_at_large(format!("the runbook has no variable `{name}`"));
            if let Some(near) = near {
                diagnostic.hint(format!("did you mean `{near}`?"));
            }
        }
    }
}
