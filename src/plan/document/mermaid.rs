//! The plan as a flowchart, for whatever draws Mermaid.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::base::StepId;
use crate::model::step::Confirm;
use crate::plan::planned::{Plan, PlannedStep};

/// The plan as a flowchart: a box for each phase, its steps in order, gates and points of no return by shapes of their own, and temporary
/// changes with what ends them.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    let mut chart = String::from("flowchart TD\n");
    let mut last: Option<String> = None;
    let mut places: BTreeMap<&StepId, String> = BTreeMap::new();
    let mut links = String::new();
    for (phase_at, phase) in plan.phases.iter().enumerate() {
        let _ = writeln!(chart, "  subgraph p{phase_at}[\"{}\"]", label(&phase.name));
        let mut place = |chart: &mut String, name: String, shape: &str| {
            let _ = writeln!(chart, "    {name}{shape}");
            if let Some(last) = last.replace(name.clone()) {
                let _ = writeln!(links, "  {last} --> {name}");
            }
        };
        if let Some(confirm) = &phase.confirm {
            place(&mut chart, format!("p{phase_at}g"), &gate(confirm));
        }
        for (at, step) in phase.steps.iter().enumerate() {
            let name = format!("p{phase_at}s{at}");
            if let Some(confirm) = &step.step.confirm {
                place(&mut chart, format!("{name}g"), &gate(confirm));
            }
            place(&mut chart, name.clone(), &shape(step));
            places.insert(step.id(), name);
        }
        let _ = writeln!(chart, "  end");
    }
    chart.push_str(&links);
    for step in plan.steps() {
        let opened = step.step.restores.as_ref().and_then(|id| places.get(&id.value));
        if let (Some(from), Some(to)) = (opened, places.get(step.id())) {
            let _ = writeln!(chart, "  {from} -.->|ends| {to}");
        }
    }
    chart.push_str("  classDef gate fill:#fff3bf,stroke:#b08900,color:#000\n");
    chart.push_str("  classDef irreversible fill:#ffc9c9,stroke:#c92a2a,color:#000\n");
    chart.push_str("  classDef person fill:#d0ebff,stroke:#1971c2,color:#000\n");
    chart
}

fn gate(confirm: &Confirm) -> String {
    format!("{{{{\"{}\"}}}}:::gate", label(&confirm.prompt.value))
}

fn shape(step: &PlannedStep) -> String {
    let hosts: Vec<&str> = step.step.on.iter().map(|name| name.value.as_str()).collect();
    let on =
        if hosts.is_empty() { String::new() } else { format!("<br/>{}", label(&format!("on {}", hosts.join(", ")))) };
    let text = format!("{}{on}", label(&step.name));
    let is_manual = step.step.action.as_ref().is_some_and(|action| action.kind.value == "manual");
    match (&step.step.irreversible, is_manual) {
        (Some(_), _) => format!("[[\"{text}\"]]:::irreversible"),
        (None, true) => format!("[/\"{text}\"/]:::person"),
        (None, false) => format!("[\"{text}\"]"),
    }
}

/// A text in a quoted label: letters, digits and a few signs as they are, and everything else by its number, so that nothing in it is
/// Mermaid's, HTML's or Markdown's.
fn label(text: &str) -> String {
    const MOST: usize = 80;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut label = String::new();
    for c in text.chars().take(MOST) {
        if c.is_alphanumeric() || " .,:-/?!()".contains(c) {
            label.push(c);
        } else {
            let _ = write!(label, "#{};", u32::from(c));
        }
    }
    if text.chars().nth(MOST).is_some() {
        label.push('…');
    }
    label
}
