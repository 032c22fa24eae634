//! A run as it stands, for scripts.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::base::RunId;
use crate::events::RunView;
use crate::events::view::{Status, UnitView};
use crate::events::watch::ProbeView;

/// A run as it stands.
pub(super) fn outline(run: &RunId, view: &RunView, now: Timestamp) -> Value {
    let (over, all) = view.steps_over();
    let unit = |unit: &crate::base::UnitId| {
        let word = |seen: &UnitView| if seen.skipped && seen.state.is_over() { "skipped" } else { seen.state.word() };
        view.units.get(unit).map(|seen| (word(seen), seen.began, seen.ended))
    };
    let units: Vec<Value> = view
        .units
        .keys()
        .filter_map(|id| unit(id).map(|told| (id, told)))
        .map(|(id, (state, began, ended))| json!({"unit": id, "state": state, "began": began, "ended": ended}))
        .collect();
    let open: Vec<Value> = view
        .ledger()
        .into_iter()
        .map(|open| json!({"unit": open.unit, "until": open.until, "since": open.since}))
        .collect();
    let checkpoints: Vec<Value> =
        view.checkpoints.iter().map(|(name, step)| json!({"name": name, "step": step})).collect();
    let watch: Map<String, Value> =
        view.probes.iter().map(|(name, probe)| (name.clone(), watched(probe, now))).collect();
    json!({
        "run": run,
        "name": view.started.as_ref().map(|started| &started.name),
        "path": view.started.as_ref().map(|started| &started.path),
        "status": status(&view.status),
        "began": view.began,
        "last": view.last,
        "steps": {"over": over, "all": all},
        "units": units,
        "temporary": open,
        "checkpoints": checkpoints,
        "rollback": view.undo_order(None),
        "watch": watch,
        "deadline": view.started.as_ref().and_then(|started| started.deadline),
    })
}

/// A probe of the watch, its sums in seconds.
fn watched(probe: &ProbeView, now: Timestamp) -> Value {
    let sums = probe.sums(now);
    json!({
        "state": probe.state,
        "since": probe.since,
        "why": probe.why,
        "up": sums.up.as_secs_f64(),
        "down": sums.down.as_secs_f64(),
        "longest": sums.longest.as_secs_f64(),
        "outages": sums.outages,
        "unwatched": sums.unwatched.as_secs_f64(),
    })
}

fn status(status: &Status) -> Value {
    match status {
        Status::Fresh => json!({"is": "fresh"}),
        Status::Running => json!({"is": "running"}),
        Status::Parked { why, until } => json!({"is": "parked", "why": why, "until": until}),
        Status::Stopped { why } => json!({"is": "stopped", "why": why}),
        Status::RollingBack { to } => json!({"is": "rolling_back", "to": to}),
        Status::RolledBack { to, complete } => json!({"is": "rolled_back", "to": to, "complete": complete}),
        Status::Done { open } => json!({"is": "done", "open": open}),
        Status::Abandoned => json!({"is": "abandoned"}),
    }
}
