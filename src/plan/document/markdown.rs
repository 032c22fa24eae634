//! The whole page in Markdown.

use crate::base::secret;
use crate::model::book::SecretSource;
use crate::model::step::ActionCall;
use crate::model::{UndoSpec, kinds};
use crate::plan::planned::{Plan, PlannedPhase, PlannedStep};

use super::known::Known;
use super::page::{Page, code, plain};
use super::{step, words};

/// The plan as a document in Markdown.
#[must_use]
pub fn markdown(plan: &Plan) -> String {
    let known = Known::of(plan);
    let mut page = Page::default();
    page.heading(1, &plain(&plan.name));
    if let Some(description) = &plan.book.description {
        page.quote(&known.of_book(description));
    }
    sums(&mut page, plan);
    surroundings(&mut page, &known);
    for (at, phase) in plan.phases.iter().enumerate() {
        write(&mut page, &known, at + 1, phase);
    }
    page.into_text()
}

/// What there is, how much of it, and what to look at twice.
fn sums(page: &mut Page, plan: &Plan) {
    let count = |what: &dyn Fn(&PlannedStep) -> bool| plan.steps().filter(|step| what(step)).count();
    let kind =
        |step: &PlannedStep, name: &str| step.step.action.as_ref().is_some_and(|action| action.kind.value == name);
    let gates = plan.phases.iter().filter(|phase| phase.confirm.is_some()).count()
        + count(&|step| step.step.confirm.is_some() || step.step.irreversible.is_some());
    let rows = [
        ("phases", plan.phases.len()),
        ("steps", plan.steps().count()),
        ("gates", gates),
        ("steps that a person does", count(&|step| kind(step, "manual"))),
        ("temporary changes", count(&|step| step.step.temporary.is_some())),
        ("points of no return", count(&|step| step.step.irreversible.is_some())),
        ("steps without a way back", count(&has_no_way_back)),
    ];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| vec![(*what).to_owned(), count.to_string()])
        .collect();
    page.table(&["what", "how many"], &rows);
    let named = |what: &dyn Fn(&PlannedStep) -> bool| -> Vec<String> {
        plan.steps()
            .filter(|step| what(step))
            .map(|step| format!("{} ({})", plain(&step.name), code(step.id().as_str())))
            .collect()
    };
    for (title, steps) in [
        ("Points of no return:", named(&|step| step.step.irreversible.is_some())),
        ("Without a way back:", named(&has_no_way_back)),
    ] {
        if !steps.is_empty() {
            page.paragraph(title);
            page.list(&steps);
        }
    }
}

/// Whether a rollback would have to stop here.
fn has_no_way_back(step: &PlannedStep) -> bool {
    let kind = step.step.action.as_ref().and_then(|action| kinds::action(&action.kind.value));
    match &step.step.undo {
        Some(UndoSpec::Irreversible(_)) => true,
        Some(_) => false,
        None => kind.is_some_and(|kind| matches!(kind.name, "run" | "reboot")),
    }
}

/// Variables, secrets, hosts, probes.
fn surroundings(page: &mut Page, known: &Known<'_>) {
    let plan = known.plan;
    if let Some(deadline) = plan.deadline {
        page.paragraph(&format!("A rollback has to be over by **{deadline}**."));
    }
    let hosts: Vec<Vec<String>> = plan
        .hosts
        .iter()
        .map(|host| {
            let port = host.port.map(|port| format!(", port {port}")).unwrap_or_default();
            let user = host.become_user.as_deref().map(|user| code(&secret::shown(user))).unwrap_or_default();
            vec![plain(host.role.as_str()), format!("{}{port}", code(&secret::shown(&host.ssh))), user]
        })
        .collect();
    section(page, "Hosts", &["role", "where", "acts as"], &hosts);
    let groups: Vec<Vec<String>> = plan
        .book
        .groups
        .iter()
        .map(|(name, members)| {
            let members: Vec<String> = members.iter().map(|member| plain(&member.value)).collect();
            vec![plain(&name.value), members.join(", ")]
        })
        .collect();
    page.table(&["group", "members"], &groups);
    let vars: Vec<Vec<String>> = plan
        .book
        .vars
        .iter()
        .map(|(name, written)| {
            let value = match plan.vars.get(&name.value) {
                Some(serde_json::Value::String(text)) => code(&secret::shown(text)),
                Some(value) if !value.is_null() => code(&secret::shown(&value.to_string())),
                _ => words::inline(written),
            };
            vec![code(&name.value), value]
        })
        .collect();
    section(page, "Variables", &["name", "value"], &vars);
    let secrets: Vec<Vec<String>> = plan
        .book
        .secrets
        .iter()
        .map(|(name, source)| {
            let from = match source {
                SecretSource::Env(name) => format!("the environment variable {}", code(&name.value)),
                SecretSource::File(path) => format!("the file {}", code(&path.value)),
                SecretSource::Command(command) => format!("the command {}", code(&command.value)),
                SecretSource::Prompt(prompt) => format!("asked for: {}", plain(&prompt.value)),
            };
            vec![code(&name.value), from]
        })
        .collect();
    section(page, "Secrets", &["name", "where it comes from"], &secrets);
    if !plan.book.watch.is_empty() {
        page.heading(2, "Watched all the while");
        for watch in &plan.book.watch {
            let value = known.of_book_node(&watch.probe.value);
            let call = ActionCall { kind: watch.probe.kind.clone(), value };
            let every = crate::base::duration::show(watch.every);
            page.paragraph(&format!("**{}**, every {every}:", plain(&watch.name.value)));
            words::write(page, &call);
        }
    }
    if let Some(notify) = &plan.book.notify {
        let events: Vec<&str> = notify.on.iter().map(|event| event.value.as_str()).collect();
        page.heading(2, "Notified");
        page.fence(&format!("This is run when the run is {}:", events.join(", ")), "sh", &known.of_book(&notify.run));
    }
}

fn section(page: &mut Page, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if !rows.is_empty() {
        page.heading(2, title);
        page.table(head, rows);
    }
}

fn write(page: &mut Page, known: &Known<'_>, number: usize, phase: &PlannedPhase) {
    page.heading(2, &plain(&phase.name));
    if let Some(description) = &phase.description {
        page.quote(&secret::shown(&description.value));
    }
    if let Some(confirm) = &phase.confirm {
        let typed = confirm.typed.as_ref().map(|word| word.value.as_str());
        page.list(&[step::gate(&confirm.prompt.value, typed)]);
    }
    if phase.parallel {
        page.paragraph("Steps that do not use one another's results run at the same time.");
    }
    for (at, planned) in phase.steps.iter().enumerate() {
        step::write(page, known, &format!("{number}.{}", at + 1), planned);
    }
}
