//! The steps of a run: what each of its units did, try by try.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::UnitId;
use crate::base::duration::{between, short};
use crate::events::record::{self, OutlinePhase, OutlineStep};
use crate::events::view::Temporary;
use crate::events::{Preview, UnitState, unit_name};

use super::model::{Change, DiffLine, Fact, Failure, Output, Part, Phase, Step, Unit};
use super::moment::Times;
use super::source::{OutputOf, Outputs};
use super::story::{Scene, Story, UnitStory, What, took};
use super::stream::Stream;
use super::timeline::merged;
use super::words::{Tone, Word, first, rank, ranked};

/// Where a step stands on the page.
pub(super) fn anchor(step: &crate::base::StepId) -> String {
    format!("step-{step}")
}

/// What is known of the units of a run.
pub(super) struct Steps<'a> {
    pub(super) story: &'a Story<'a>,
    pub(super) outputs: &'a Outputs,
    /// How much of a text is shown.
    pub(super) most: usize,
    pub(super) times: &'a Times,
    pub(super) open: &'a [Temporary],
}

impl Steps<'_> {
    /// The phases with their steps, those last that the runbook does not have any more.
    pub(super) fn phases(&self) -> Vec<Phase> {
        let outline = self.story.view.started.iter().flat_map(|started| &started.outline);
        let mut phases: Vec<Phase> = outline.map(|phase| self.phase(phase)).collect();
        let gone = self.gone();
        if !gone.is_empty() {
            let name = "Not in the runbook any more".to_owned();
            phases.push(self.phase(&OutlinePhase { id: "not-in-the-runbook".into(), name, steps: gone }));
        }
        phases
    }

    /// Steps that something happened to before an edit took them away.
    fn gone(&self) -> Vec<OutlineStep> {
        let mut gone: Vec<OutlineStep> = Vec::new();
        for unit in self.story.units.keys() {
            if self.story.view.step(&unit.step).is_some() || gone.last().is_some_and(|last| last.id == unit.step) {
                continue;
            }
            gone.push(OutlineStep {
                id: unit.step.clone(),
                name: unit.step.to_string(),
                action: String::new(),
                place: String::new(),
                hosts: Vec::new(),
                restores: None,
                temporary: None,
                irreversible: None,
                max_failures: 0,
                on_failure: crate::model::OnFailure::Stop,
            });
        }
        gone
    }

    fn phase(&self, phase: &OutlinePhase) -> Phase {
        let scenes = || {
            let of_phase = |unit: &&UnitId| phase.steps.iter().any(|step| step.id == unit.step);
            let units = self.story.units.iter().filter(move |(unit, _)| of_phase(unit));
            units.flat_map(|(_, story)| &story.scenes)
        };
        let began = scenes().map(|scene| scene.at).min();
        let steps: Vec<Step> = phase.steps.iter().map(|step| self.step(step)).collect();
        Phase {
            anchor: format!("phase-{}", phase.id),
            name: phase.name.clone(),
            began: began.map(|began| self.times.short(began)),
            took: lasted(scenes()),
            over: phase.steps.iter().filter(|step| self.story.view.is_step_over(&step.id)).count(),
            steps,
        }
    }

    fn step(&self, step: &OutlineStep) -> Step {
        let units: Vec<(&UnitId, &UnitStory<'_>)> =
            self.story.units.iter().filter(|(unit, _)| unit.step == step.id).collect();
        let mut ranks: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, story) in &units {
            *ranks.entry(rank(&story.state, story.left_out)).or_default() += 1;
        }
        let word = ranked(ranks.keys().next().copied().unwrap_or_else(|| rank(&UnitState::Pending, false)));
        let counts: Vec<String> = ranks.iter().map(|(rank, count)| format!("{count} {}", ranked(*rank).text)).collect();
        let is_one = units.len() < 2;
        Step {
            anchor: anchor(&step.id),
            id: step.id.to_string(),
            name: step.name.clone(),
            action: step.action.clone(),
            place: step.place.clone(),
            hosts: step.hosts.iter().map(ToString::to_string).collect(),
            counts: if is_one { String::new() } else { counts.join(", ") },
            took: lasted(units.iter().flat_map(|(_, story)| &story.scenes)),
            marks: self.marks(step),
            open: word.tone == Tone::Bad || word.text == "not known",
            units: units.into_iter().map(|(unit, story)| self.unit(unit, story)).collect(),
            word,
        }
    }

    fn marks(&self, step: &OutlineStep) -> Vec<Fact> {
        let fact = |label: &str, value: String| Fact { label: label.to_owned(), value };
        let mut marks = Vec::new();
        marks.extend(step.irreversible.as_ref().map(|why| fact("Point of no return", why.clone())));
        marks.extend(step.temporary.as_ref().map(|until| {
            let open = self.open.iter().any(|open| open.unit.step == step.id);
            fact(if open { "Temporary, still open" } else { "Temporary" }, until.clone())
        }));
        marks.extend(step.restores.as_ref().map(|other| fact("Takes back", other.to_string())));
        let at = self.story.view.checkpoints.iter().filter(|(_, at)| *at == step.id);
        marks.extend(at.map(|(name, _)| fact("Checkpoint before it", name.clone())));
        marks
    }

    fn unit(&self, unit: &UnitId, story: &UnitStory<'_>) -> Unit {
        let word: Word = ranked(rank(&story.state, story.left_out));
        let item = unit.item.map(|_| self.name(unit, "").trim_start().to_owned());
        let host = unit.host.as_ref().map(ToString::to_string);
        let label: Vec<String> = host.into_iter().chain(item).collect();
        let scenes = story.scenes.iter().enumerate().map(|(at, scene)| self.part(unit, story, at, scene));
        Unit { label: label.join(" "), word, took: lasted(&story.scenes), scenes: scenes.collect() }
    }

    /// What a unit is called, but for its host.
    pub(super) fn name(&self, unit: &UnitId, step: &str) -> String {
        let items: Option<&[Value]> = self.story.view.lists.get(&unit.step).map(|items| items.as_slice());
        unit_name(step, unit.item, items)
    }

    fn part(&self, unit: &UnitId, story: &UnitStory<'_>, at: usize, scene: &Scene<'_>) -> Part {
        let mut part = Part {
            at: self.times.short(scene.at),
            who: if self.story.who.len() > 1 { scene.who.to_owned() } else { String::new() },
            tone: Tone::Plain,
            words: String::new(),
            took: took(scene.at, scene.until).filter(|_| scene.is_work()),
            note: String::new(),
            change: None,
            failure: None,
            outputs: Vec::new(),
            answers: Vec::new(),
        };
        match &scene.what {
            What::Try { number, preview, reversal, end } => {
                part.change = Some(self.change(*preview, reversal));
                // Where a number comes up again after a rollback, the output of both is kept as one.
                let is_last = !story.scenes[at + 1..].iter().any(|later| number_of(later) == Some(*number));
                if is_last {
                    part.outputs = self.outputs(unit, *number);
                }
                let (tone, how) = match end {
                    None => (Tone::Doubt, "it is not known yet what became of it".to_owned()),
                    Some(record::Outcome::Applied { outputs, note }) => {
                        part.answers = answers(outputs);
                        if part.outputs.is_empty() && is_last {
                            part.outputs.extend(self.result("stdout", &outputs.stdout));
                            part.outputs.extend(self.result("stderr", &outputs.stderr));
                        }
                        part.note = note.clone().or_else(|| outputs.note.clone()).unwrap_or_default();
                        (Tone::Good, "applied".to_owned())
                    }
                    Some(record::Outcome::Failed { failure }) => {
                        part.failure = Some(told(failure, &part));
                        (Tone::Bad, "failed".to_owned())
                    }
                    Some(record::Outcome::Unsure { why }) => {
                        part.note.clone_from(why);
                        (Tone::Doubt, "outcome not known".to_owned())
                    }
                };
                let is_only = *number == 1 && story.scenes.iter().filter(|scene| scene.is_work()).count() == 1;
                part.words = if is_only { how } else { format!("try {number}: {how}") };
                part.tone = tone;
            }
            What::Undo { number, end } => {
                let (tone, words, note) = match end {
                    None => (Tone::Doubt, "to be undone: it is not known yet what became of that", ""),
                    Some(Ok(note)) => (Tone::Good, "undone", *note),
                    Some(Err(why)) => (Tone::Bad, "could not be undone", *why),
                };
                (part.tone, part.words, part.note) = (tone, words.to_owned(), note.to_owned());
                // The journal keeps it with what the try of the same number said.
                let is_told = story.scenes.iter().any(|other| number_of(other) == Some(*number));
                if !is_told {
                    part.outputs = self.outputs(unit, *number);
                }
            }
            What::Wait { until, what } => {
                let held = match took(scene.at, scene.until) {
                    Some(took) => format!("waited {took}"),
                    None => "waits".to_owned(),
                };
                let until = until.map(|until| self.times.whole(until).text);
                part.words = match (what, until) {
                    (Some(what), Some(until)) => format!("{held} for {what}, until {until} at most"),
                    (None, Some(until)) => format!("{held} until {until}"),
                    (_, None) => format!("{held} for somebody"),
                };
                part.tone = if scene.until.is_some() { Tone::Plain } else { Tone::Doubt };
            }
            What::Trouble { words, failure } => {
                part.failure = Some(told(failure, &part));
                (part.tone, part.words) = (Tone::Bad, (*words).to_owned());
            }
            What::Remark { tone, words } => (part.tone, part.words) = (*tone, words.clone()),
        }
        part
    }

    fn outputs(&self, unit: &UnitId, attempt: u32) -> Vec<Output> {
        let of = |stderr| self.outputs.get(&OutputOf { unit: unit.clone(), attempt, stderr });
        let told = |(name, stderr): (&str, bool)| output(name, of(stderr)?);
        [("stdout", false), ("stderr", true)].into_iter().filter_map(told).collect()
    }

    /// What an action left that no output tells.
    fn result(&self, name: &str, text: &str) -> Option<Output> {
        let mut stream = Stream::new(self.most);
        stream.push(text.as_bytes());
        output(name, &stream)
    }

    fn change(&self, preview: Option<&Preview>, reversal: &record::Reversal) -> Change {
        let (summary, whole) = match preview {
            // What a script does in a line is its first line.
            Some(preview) if reversal.action == "run" && !preview.detail.is_empty() => ("", preview.detail.as_str()),
            Some(preview) => (preview.summary.as_str(), preview.detail.as_str()),
            // Of before previews were kept.
            None => (reversal.summary.as_str(), ""),
        };
        let text = &whole[..whole.floor_char_boundary(self.most)];
        let is_diff = text.lines().any(|line| line.starts_with("@@ "));
        let class = |line: &str| match line.as_bytes() {
            _ if !is_diff => "",
            [b'@', b'@', ..] => "hunk",
            [b'+', ..] => "add",
            [b'-', ..] => "del",
            _ => "",
        };
        let line = |line: &str| DiffLine { class: class(line), text: line.to_owned() };
        let lines = text.lines().map(line).collect();
        let left_out = whole.len() - text.len();
        Change { summary: first(summary).to_owned(), lines, is_diff, text: text.to_owned(), left_out }
    }
}

fn output(name: &str, stream: &Stream) -> Option<Output> {
    let (head, left_out, tail) = stream.parts();
    let lines = head.lines().count() + tail.lines().count();
    (lines > 0).then(|| Output { stream: name.to_owned(), lines, head, left_out, tail })
}

/// The number of a try.
fn number_of(scene: &Scene<'_>) -> Option<u32> {
    match scene.what {
        What::Try { number, .. } => Some(number),
        _ => None,
    }
}

fn answers(outputs: &record::Outputs) -> Vec<Fact> {
    outputs.answers.iter().map(|(name, answer)| Fact { label: name.clone(), value: answer.clone() }).collect()
}

fn told(failure: &record::Failure, part: &Part) -> Failure {
    let has_text = part.change.as_ref().is_some_and(|change| !change.text.is_empty());
    let has_stderr = part.outputs.iter().any(|output| output.stream == "stderr");
    let unless = |told: bool, text: &str| if told { String::new() } else { text.to_owned() };
    Failure {
        why: failure.why.clone(),
        hint: failure.hint.clone().unwrap_or_default(),
        command: unless(has_text, failure.command.as_deref().unwrap_or_default()),
        stderr: unless(has_stderr, &failure.stderr),
    }
}

/// How long it was tried or waited for, by the clock; none where neither is over. What was between tries is nobody's time.
fn lasted<'a>(scenes: impl IntoIterator<Item = &'a Scene<'a>>) -> Option<String> {
    let counts = |scene: &&Scene<'_>| matches!(scene.what, What::Try { .. } | What::Wait { .. });
    let spans: Vec<_> = scenes.into_iter().filter(counts).filter_map(|scene| Some((scene.at, scene.until?))).collect();
    let lasted = merged(&spans).into_iter().map(|(from, to)| between(from, to)).sum();
    (!spans.is_empty()).then(|| short(lasted))
}

/// How long all tries took together.
pub(super) fn worked(story: &Story<'_>) -> String {
    let scenes = story.units.values().flat_map(|unit| &unit.scenes).filter(|scene| scene.is_work());
    short(scenes.filter_map(|scene| Some(between(scene.at, scene.until?))).sum())
}
