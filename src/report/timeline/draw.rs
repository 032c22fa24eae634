//! Where what is drawn: numbers for the page's picture, and the same as rows of a table.

use jiff::Timestamp;
use serde::Serialize;

use crate::base::duration::short;
use crate::base::{Role, UnitId};
use crate::events::record::Outcome;
use crate::events::watch::Seen;
use crate::report::moment::{Moment, Times};
use crate::report::steps::Steps;
use crate::report::story::{Mark, MarkKind, Scene, Story, What};
use crate::report::words::Tone;

use super::axis::Axis;
use super::rows::{Row, rows};

/// How high a lane is, where its bar is within, and how high that is.
const LANE: usize = 40;
const BAR: usize = 18;
const THICK: usize = 14;
/// The narrowest bar, in hundredths.
const NARROW: f64 = 0.3;
/// Above and below the lanes.
const TOP: usize = 4;
const FOOT: usize = 22;

/// The run along an axis of time. Places and widths are in hundredths, heights in pixels.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::report) struct Timeline {
    lanes: Vec<Lane>,
    /// What happened to the run, in its lane.
    signs: Vec<Sign>,
    /// The times at which a probe was down, across all lanes.
    down: Vec<Bar>,
    folds: Vec<Fold>,
    ticks: Vec<Tick>,
    top: usize,
    thick: usize,
    /// Where signs stand.
    sign_y: usize,
    /// Where the lanes end.
    foot: usize,
    height: usize,
    pub(in crate::report) rows: Vec<Row>,
}

/// A lane.
#[derive(Clone, Debug, Serialize)]
struct Lane {
    name: String,
    /// Where its name stands, and where its bars do.
    name_y: usize,
    y: usize,
    bars: Vec<Bar>,
}

/// Something that took its time.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Bar {
    x: String,
    width: String,
    /// What it looks like.
    class: &'static str,
    title: String,
}

/// A break.
#[derive(Clone, Debug, Serialize)]
struct Fold {
    x: String,
    width: String,
    at: Moment,
    took: String,
}

/// A point of the run.
#[derive(Clone, Debug, Serialize)]
struct Sign {
    x: String,
    class: &'static str,
    text: &'static str,
    title: String,
}

/// A time below the axis.
#[derive(Clone, Debug, Serialize)]
struct Tick {
    x: String,
    anchor: &'static str,
    text: String,
}

/// A stretch of a lane, before it is drawn.
struct Span {
    from: Timestamp,
    to: Timestamp,
    class: &'static str,
    title: String,
}

/// Draws a run.
pub(in crate::report) fn draw(story: &Story<'_>, steps: &Steps<'_>, times: &Times) -> Timeline {
    let axis = axis(story);
    let mut lanes = vec![("The run".to_owned(), run(story))];
    lanes.extend(hosts(story, steps));
    for (name, spells) in story.spells.iter() {
        let spans = spells.iter().map(|spell| {
            let (class, word) = match spell.seen {
                Seen::Up => ("up", "up"),
                Seen::Down => ("down", "down"),
                Seen::Unwatched => ("unwatched", "not watched"),
            };
            Span { from: spell.from, to: spell.to, class, title: format!("{name}: {word}") }
        });
        lanes.push((format!("Probe {name}"), spans.collect()));
    }
    let down = story.spells.iter().flat_map(|(_, spells)| spells).filter(|spell| spell.seen == Seen::Down);
    let down = down.map(|spell| Span { from: spell.from, to: spell.to, class: "downtime", title: String::new() });
    let foot = TOP + LANE * lanes.len();
    Timeline {
        down: bars(&axis, down.collect()),
        signs: signs(&axis, story),
        folds: axis.folds().map(|fold| fold_of(fold, times)).collect(),
        ticks: ticks(&axis, times),
        top: TOP,
        thick: THICK,
        sign_y: TOP + BAR + THICK - 2,
        foot,
        height: foot + FOOT,
        rows: rows(story, steps, times),
        lanes: lanes.into_iter().enumerate().map(|(at, (name, spans))| lane(&axis, at, name, spans)).collect(),
    }
}

fn axis(story: &Story<'_>) -> Axis {
    let scenes = || story.units.values().flat_map(|unit| unit.drawn(story.ended));
    let busy: Vec<_> = scenes().filter(|(scene, _)| scene.is_work()).map(|(scene, over)| (scene.at, over)).collect();
    let mut instants = vec![story.began, story.ended];
    instants.extend(scenes().flat_map(|(scene, over)| [scene.at, over]));
    instants.extend(story.marks.iter().map(|mark| mark.at));
    instants.extend(story.spells.iter().flat_map(|(_, spells)| spells).flat_map(|spell| [spell.from, spell.to]));
    // A probe may have looked a moment before the run's own first record, or after the last.
    instants.retain(|at| (story.began..=story.ended).contains(at));
    Axis::new(instants, &busy)
}

/// Where nobody carried the run on.
fn run(story: &Story<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest: Option<Timestamp> = None;
    for mark in &story.marks {
        if let Some(from) = rest.take() {
            spans.push(Span { from, to: mark.at, class: "rest", title: "nobody carried it on".to_owned() });
        }
        if mark.kind == MarkKind::Rest {
            rest = Some(mark.at);
        }
    }
    spans
}

fn signs(axis: &Axis, story: &Story<'_>) -> Vec<Sign> {
    let sign = |mark: &Mark| {
        let text = match mark.kind {
            MarkKind::Gate => "◆",
            MarkKind::Checkpoint => "▲",
            MarkKind::Rest | MarkKind::Other => "●",
        };
        let class = match mark.tone {
            Tone::Bad => "bad",
            Tone::Good => "good",
            Tone::Plain | Tone::Doubt => "plain",
        };
        // Not over the edge.
        let x = axis.at(mark.at).clamp(0.7, 99.3);
        Sign { x: format!("{x:.2}%"), class, text, title: mark.words.clone() }
    };
    story.marks.iter().map(sign).collect()
}

/// A lane for each host, and one for what is on none.
fn hosts(story: &Story<'_>, steps: &Steps<'_>) -> Vec<(String, Vec<Span>)> {
    let mut lanes: Vec<(Option<&str>, Vec<Span>)> = Vec::new();
    let mut units: Vec<(&UnitId, _)> = story.units.iter().collect();
    units.sort_by_key(|(unit, _)| (unit.host.is_none(), story.view.position(&unit.step)));
    for (unit, seen) in units {
        let host = unit.host.as_ref().map(Role::as_str);
        let name = story.view.step(&unit.step).map_or(unit.step.as_str(), |step| step.name.as_str());
        let name = steps.name(unit, name);
        let spans = seen.drawn(story.ended).filter_map(|(scene, to)| {
            let class = class(scene)?;
            let took = short(crate::base::duration::between(scene.at, to));
            Some(Span { from: scene.at, to, class, title: format!("{name}: {class}, {took}") })
        });
        let at = lanes.iter().position(|(other, _)| *other == host).unwrap_or_else(|| {
            lanes.push((host, Vec::new()));
            lanes.len() - 1
        });
        lanes[at].1.extend(spans);
    }
    lanes.retain(|(_, spans)| !spans.is_empty());
    let named = |host: Option<&str>| host.map_or("On no host".to_owned(), |host| format!("Host {host}"));
    lanes.into_iter().map(|(host, spans)| (named(host), spans)).collect()
}

/// What a scene looks like; none where there is nothing to draw.
fn class(scene: &Scene<'_>) -> Option<&'static str> {
    match &scene.what {
        What::Try { end: Some(Outcome::Applied { .. }), .. } => Some("applied"),
        What::Try { end: Some(Outcome::Failed { .. }), .. }
        | What::Undo { end: Some(Err(_)), .. }
        | What::Trouble { .. } => Some("failed"),
        What::Try { .. } => Some("unsure"),
        What::Undo { .. } => Some("undone"),
        What::Wait { .. } => Some("waits"),
        What::Remark { .. } => None,
    }
}

fn lane(axis: &Axis, at: usize, name: String, spans: Vec<Span>) -> Lane {
    let y = TOP + at * LANE;
    Lane { name, name_y: y + BAR - 5, y: y + BAR, bars: bars(axis, spans) }
}

/// The bars of a lane: those that would hide one another, and look alike, are one. What is wrong is drawn last.
fn bars(axis: &Axis, mut spans: Vec<Span>) -> Vec<Bar> {
    spans.sort_by_key(|span| (span.class == "failed", span.from));
    let mut drawn: Vec<(f64, f64, Span, usize)> = Vec::new();
    for span in spans {
        let left = axis.at(span.from).min(100.0 - NARROW);
        let right = axis.at(span.to).max(left + NARROW);
        match drawn.last_mut() {
            Some((from, to, before, count)) if before.class == span.class && right - *from < 2.0 * NARROW => {
                *to = right.max(*to);
                *count += 1;
            }
            _ => drawn.push((left, right, span, 1)),
        }
    }
    let bar = |(left, right, span, count): (f64, f64, Span, usize)| Bar {
        x: format!("{left:.2}%"),
        width: format!("{:.2}%", right - left),
        class: span.class,
        title: if count == 1 { span.title } else { format!("{} (and {} more)", span.title, count - 1) },
    };
    drawn.into_iter().map(bar).collect()
}

fn fold_of(fold: &super::axis::Stretch, times: &Times) -> Fold {
    Fold {
        x: format!("{:.2}%", fold.left),
        width: format!("{:.2}%", fold.right - fold.left),
        at: times.short(fold.from),
        took: short(fold.length()),
    }
}

fn ticks(axis: &Axis, times: &Times) -> Vec<Tick> {
    // With days they are longer.
    let places: &[(f64, &'static str)] = if times.has_days() {
        &[(0.0, "start"), (50.0, "middle"), (100.0, "end")]
    } else {
        &[(0.0, "start"), (25.0, "middle"), (50.0, "middle"), (75.0, "middle"), (100.0, "end")]
    };
    let tick = |(place, anchor): &(f64, &'static str)| {
        Some(Tick { x: format!("{place}%"), anchor, text: times.tick(axis.when(*place)?) })
    };
    places.iter().filter_map(tick).collect()
}
