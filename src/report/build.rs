//! A report from what is known of its run.

use serde_json::Value;

use crate::base::duration::{between, short};
use crate::events::state::Impossible;
use crate::events::watch::Seen;

use super::model::{Answered, Fact, GivenHost, Host, Outage, Probe, Report};
use super::moment::Times;
use super::source::Source;
use super::steps::{Steps, worked};
use super::story::Story;
use super::timeline::draw;
use super::way_back::left;
use super::words::{Tone, outcome, rank, ranked};

impl Report {
    /// The report of a run; none where nothing was recorded of it.
    ///
    /// # Errors
    /// Where a record cannot follow those before it.
    pub fn of(source: &Source<'_>) -> Result<Option<Self>, Impossible> {
        let Some(story) = Story::of(source)? else { return Ok(None) };
        let Some(started) = &story.view.started else { return Ok(None) };
        let times = Times::new(source.zone.clone(), story.began, story.ended);
        let open = story.view.ledger();
        let steps = Steps { story: &story, outputs: source.outputs, most: source.most, times: &times, open: &open };
        Ok(Some(Self {
            name: started.name.clone(),
            run: started.run.to_string(),
            outcome: outcome(&story.view.status),
            next: source.next.to_owned(),
            facts: facts(&story, &times),
            given_vars: started.vars.iter().map(|(name, value)| fact(name, text(value))).collect(),
            given_hosts: started.hosts.iter().map(given_host).collect(),
            probes: probes(&story, &times),
            open: steps.ledger(),
            timeline: draw(&story, &steps, &times),
            answers: answers(&story, &times),
            phases: steps.phases(),
            undone: steps.undone(),
            way_back: steps.way_back(),
            cleaned: story.view.cleaned.map(|at| times.whole(at)),
            left: left(&story),
            hosts: hosts(&story),
            totals: totals(&story, source),
            zone: times.zone(story.began),
            written: times.whole(source.now),
            tool: started.tool.clone(),
            records: source.entries.len(),
            hash: source.hash.to_owned(),
        }))
    }
}

fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact { label: label.to_owned(), value: value.into() }
}

fn facts(story: &Story<'_>, times: &Times) -> Vec<Fact> {
    let Some(started) = &story.view.started else { return Vec::new() };
    let over = if story.view.status.is_under_way() { "Last heard of" } else { "Ended" };
    let mut facts = vec![
        fact("Begun", times.whole(story.began).text),
        fact(over, times.whole(story.ended).text),
        fact("Took", short(between(story.began, story.ended))),
        fact("By", story.who.join(", ")),
        fact("Runbook", started.path.clone()),
    ];
    if let Some(deadline) = started.deadline {
        facts.push(fact("Rollback has to be over by", times.whole(deadline).text));
    }
    let chosen = &started.selection;
    let list = |steps: &[crate::base::StepId]| steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    facts.extend(chosen.from.as_ref().map(|from| fact("Begun with", from.to_string())));
    for (label, value) in [
        ("Only the steps", list(&chosen.only)),
        ("Only with the tags", chosen.tags.join(", ")),
        ("Without the tags", chosen.skip_tags.join(", ")),
    ] {
        if !value.is_empty() {
            facts.push(fact(label, value));
        }
    }
    facts
}

/// A value that was given, as one would write it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A role as it was given: its destination alone, or a map as in the language's `hosts`.
fn given_host((role, value): (&String, &Value)) -> GivenHost {
    let Value::Object(said) = value else {
        return GivenHost { role: role.clone(), ssh: text(value), more: Vec::new() };
    };
    let mut more = Vec::new();
    for (name, value) in said.iter().filter(|(name, _)| *name != "ssh") {
        match value {
            Value::Object(vars) if name == "vars" => {
                more.extend(vars.iter().map(|(var, value)| fact(&format!("vars.{var}"), text(value))));
            }
            value => more.push(fact(name, text(value))),
        }
    }
    GivenHost { role: role.clone(), ssh: said.get("ssh").map(text).unwrap_or_default(), more }
}

fn probes(story: &Story<'_>, times: &Times) -> Vec<Probe> {
    let probe = |(name, spells): (&str, &[super::spells::Spell])| {
        let seen = story.view.probes.get(name)?;
        let sums = seen.sums(story.ended);
        let (tone, state) = match (seen.at_the_end(), seen.state) {
            (Some(Seen::Up), _) => (Tone::Good, "up at the end"),
            (Some(Seen::Down), _) => (Tone::Bad, "down at the end"),
            (_, Seen::Up) => (Tone::Good, "up"),
            (_, Seen::Down) => (Tone::Bad, "down"),
            (_, Seen::Unwatched) => (Tone::Doubt, "not watched"),
        };
        let outage = |spell: &super::spells::Spell| Outage {
            at: times.short(spell.from),
            took: short(between(spell.from, spell.to)),
            what: if spell.seen == Seen::Down { "down" } else { "not watched" },
            why: spell.why.clone(),
        };
        Some(Probe {
            name: name.to_owned(),
            tone,
            state: state.to_owned(),
            down: short(sums.down),
            outages: sums.outages,
            longest: short(sums.longest),
            unwatched: if sums.unwatched.is_zero() { String::new() } else { short(sums.unwatched) },
            spells: spells.iter().filter(|spell| spell.seen != Seen::Up).map(outage).collect(),
        })
    };
    story.spells.iter().filter_map(probe).collect()
}

fn answers(story: &Story<'_>, times: &Times) -> Vec<Answered> {
    let phases = || story.view.started.iter().flat_map(|started| &started.outline);
    let name = |id: &str| {
        let phase = phases().find(|phase| phase.id.as_str() == id).map(|phase| phase.name.clone());
        let step = || story.view.steps().find(|step| step.id.as_str() == id).map(|step| step.name.clone());
        phase.or_else(step).unwrap_or_else(|| id.to_owned())
    };
    let said = story.said.iter().map(|said| Answered {
        at: times.short(said.at),
        who: said.who.to_owned(),
        to: name(said.to),
        words: said.words.clone(),
    });
    said.collect()
}

fn hosts(story: &Story<'_>) -> Vec<Host> {
    let host = |(role, pin): (&crate::base::Role, &crate::events::view::Pin)| Host {
        role: role.to_string(),
        key: pin.host_key.clone(),
        machine_id: pin.machine_id.clone(),
    };
    story.view.pins.iter().map(host).collect()
}

fn totals(story: &Story<'_>, source: &Source<'_>) -> Vec<Fact> {
    let (over, all) = story.view.steps_over();
    let mut counts = std::collections::BTreeMap::new();
    for unit in story.units.values() {
        *counts.entry(rank(&unit.state, unit.left_out)).or_insert(0_usize) += 1;
    }
    let tries = story.units.values().flat_map(|unit| &unit.scenes);
    let tries = tries.filter(|scene| matches!(scene.what, super::story::What::Try { .. })).count();
    let mut totals = vec![fact("Steps over", format!("{over} of {all}"))];
    // As they are told of people: what went well first.
    totals.extend(counts.iter().rev().map(|(rank, count)| fact(&capital(ranked(*rank).text), count.to_string())));
    totals.push(fact("Tries", tries.to_string()));
    totals.push(fact("Time worked, hosts together", worked(story)));
    totals.push(fact("Time from first to last", short(between(story.began, story.ended))));
    totals.push(fact("Answers", story.said.len().to_string()));
    totals.push(fact("Records", source.entries.len().to_string()));
    totals
}

/// With a capital at the beginning.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_given_host_is_told_in_full_however_it_was_written() {
        let told = |value: Value| {
            let host = given_host((&"web".to_owned(), &value));
            let more: Vec<String> = host.more.iter().map(|fact| format!("{}: {}", fact.label, fact.value)).collect();
            (host.role, host.ssh, more.join(", "))
        };
        let due = |ssh: &str, more: &str| ("web".to_owned(), ssh.to_owned(), more.to_owned());
        assert_eq!(told(json!("me@web.example.org")), due("me@web.example.org", ""));
        assert_eq!(told(json!({"ssh": "web"})), due("web", ""));
        assert_eq!(
            told(
                json!({"ssh": "web", "port": 2222, "become": "root", "vars": {"ipv4": "192.0.2.1", "ports": [80, 443]}})
            ),
            due("web", "port: 2222, become: root, vars.ipv4: 192.0.2.1, vars.ports: [80,443]")
        );
    }
}
