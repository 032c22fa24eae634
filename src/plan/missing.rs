//! Why a name in a template stands for nothing.

use crate::model::diagnostic::nearest;

use super::fault::Fault;
use super::render;
use super::template::{Reference, Segment};

/// Why `reference` stands for nothing, given what its first name stands for, if that is anything, and the names that there are.
pub(super) fn missing<'k>(
    reference: &Reference,
    root: Option<&tera::Value>,
    known: impl IntoIterator<Item = &'k str>,
) -> Fault {
    let Some(root) = root else { return undefined(reference, known) };
    let mut value = root.clone();
    let mut so_far = reference.root().to_owned();
    for (at, (segment, range)) in reference.path.iter().enumerate().skip(1) {
        let next = render::part(&value, segment);
        let Some(next) = next else {
            let message = match (reference.root(), at, segment) {
                ("hosts", 1, Segment::Name(name)) => format!("unknown role `{name}`"),
                ("secrets", 1, Segment::Name(name)) => format!("unknown secret `{name}`"),
                _ => format!("{} has no {}", described(&so_far, &value), said(segment)),
            };
            let fault = Fault::wrong(range.clone(), message);
            let keys: Vec<&str> =
                value.as_map().into_iter().flat_map(|map| map.keys()).filter_map(tera::value::Key::as_str).collect();
            return match reference.name(at) {
                Some(name) => with_near(fault, name, &keys),
                None => fault,
            };
        };
        so_far = match segment {
            Segment::Name(name) => format!("{so_far}.{name}"),
            Segment::Index(index) => format!("{so_far}[{index}]"),
            Segment::Dynamic => so_far,
        };
        value = next;
    }
    Fault::wrong(reference.range.clone(), format!("`{so_far}` gives nothing here"))
}

/// Adds the name that was probably meant, or those that there are.
pub(super) fn with_near(fault: Fault, name: &str, known: &[&str]) -> Fault {
    if let Some(near) = nearest(name, known.iter().copied()) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    match known.len() {
        1..=8 => {
            let listed: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            fault.hint(format!("there is {}", listed.join(", ")))
        }
        _ => fault,
    }
}

/// `name` is not defined at all.
pub(super) fn undefined<'k>(reference: &Reference, known: impl IntoIterator<Item = &'k str>) -> Fault {
    let name = reference.root();
    let fault = Fault::wrong(reference.range_of(0), format!("undefined variable `{name}`"));
    match nearest(name, known) {
        Some(near) => fault.hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}

fn described(path: &str, value: &tera::Value) -> String {
    match value {
        value if value.is_map() => format!("`{path}`"),
        value if value.is_array() => format!("the list `{path}`"),
        value if value.is_string() => format!("the text `{path}`"),
        value if value.is_none() => format!("`{path}` is null and"),
        value => format!("`{path}` is `{value}` and"),
    }
}

fn said(segment: &Segment) -> String {
    match segment {
        Segment::Name(name) => format!("`{name}`"),
        Segment::Index(index) => format!("item {index}"),
        Segment::Dynamic => "such part".to_owned(),
    }
}
