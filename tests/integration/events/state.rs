//! The state machine of a unit under any series of records: those that cannot have happened are refused, and the others keep what a rollback
//! and a resume rely on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use runbook::base::UnitId;
use runbook::events::record::{Failure, Outcome, Outputs, Reversal, Selection, Started, Undo};
use runbook::events::{Entry, Record, RunView, UnitState};

fn unit() -> UnitId {
    UnitId { step: "dump".into(), item: None, host: Some("old".into()) }
}

fn reversal(captured: u8) -> Box<Reversal> {
    Box::new(Reversal {
        action: "copy".into(),
        data: Undo::Captured { data: captured.into() },
        become_user: None,
        summary: String::new(),
        verify_held_before: false,
        restarts: None,
        captured: None,
    })
}

/// A record about the unit, likely or not.
fn record() -> impl Strategy<Value = Record> {
    let failure = || Box::new(Failure { why: "no".into(), ..Failure::default() });
    prop_oneof![
        4 => (1..5_u32, 0..2_u8).prop_map(|(attempt, captured)| Record::Intended {
            unit: unit(),
            attempt,
            reversal: reversal(captured),
            preview: None,
        }),
        2 => Just(Record::Sent { unit: unit(), job: "job".into() }),
        3 => Just(Record::Settled { unit: unit(), outcome: Outcome::Applied { outputs: Box::default(), note: None } }),
        3 => any::<bool>().prop_map(move |untouched| {
            let failure = Box::new(Failure { untouched, ..*failure() });
            Record::Settled { unit: unit(), outcome: Outcome::Failed { failure } }
        }),
        2 => Just(Record::Settled { unit: unit(), outcome: Outcome::Unsure { why: "lost".into() } }),
        1 => Just(Record::Satisfied { unit: unit(), outputs: Box::new(Outputs::default()) }),
        1 => Just(Record::Blocked { unit: unit(), failure: failure() }),
        1 => Just(Record::Unsettled { unit: unit(), failure: failure() }),
        1 => Just(Record::Skipped { unit: unit(), why: "tags".into() }),
        1 => Just(Record::Waiting { unit: unit(), until: None, what: None }),
        2 => Just(Record::Reopened { unit: unit() }),
        2 => (1..4_u32).prop_map(|attempt| Record::UndoIntended { unit: unit(), attempt }),
        2 => Just(Record::Undone { unit: unit(), note: String::new() }),
        1 => Just(Record::Stuck { unit: unit(), why: "changed".into(), unsure: false }),
    ]
}

pub(super) fn started() -> Record {
    Record::Started(Box::new(Started {
        run: "r1".into(),
        format: 1,
        tool: "0".into(),
        name: "Test".into(),
        path: "/book.yaml".into(),
        files: BTreeMap::new(),
        vars: BTreeMap::new(),
        hosts: BTreeMap::new(),
        answers: serde_json::Value::Null,
        selection: Selection::default(),
        secrets: BTreeMap::new(),
        fingerprints: BTreeMap::new(),
        outline: Vec::new(),
        deadline: None,
    }))
}

fn entry(seq: u64, record: Record) -> Entry {
    Entry { seq, at: Timestamp::UNIX_EPOCH, who: "ann@laptop".into(), previous: String::new(), record }
}

/// Journals of before previews were kept are read.
#[test]
fn an_intent_without_a_preview_is_read() {
    let begun = Record::Intended { unit: unit(), attempt: 1, reversal: reversal(1), preview: None };
    let written = serde_json::to_value(&begun).unwrap();
    assert!(written.get("preview").is_none(), "{written}");
    assert_eq!(serde_json::from_value::<Record>(written).unwrap(), begun);
}

/// A first try that is certain to have changed nothing leaves nothing to take back; of a later one, or of one that had launched a job, nobody
/// can be certain.
#[test]
fn a_first_try_that_changed_nothing_is_as_if_it_had_not_begun() {
    let begun = |attempt| Record::Intended { unit: unit(), attempt, reversal: reversal(1), preview: None };
    let failed = |untouched| {
        let failure = Box::new(Failure { why: "somebody was quicker".into(), untouched, ..Failure::default() });
        Record::Settled { unit: unit(), outcome: Outcome::Failed { failure } }
    };
    let after =
        |records: &[Record]| records.iter().try_fold(UnitState::Pending, |state, record| state.next(record)).unwrap();
    let sent = Record::Sent { unit: unit(), job: "job".into() };
    assert!(matches!(after(&[begun(1), failed(true)]), UnitState::Blocked(_)));
    assert!(matches!(after(&[begun(1), failed(true), begun(1)]), UnitState::InFlight(_)), "captured anew");
    let taken_back =
        [Record::UndoIntended { unit: unit(), attempt: 1 }, Record::Undone { unit: unit(), note: String::new() }];
    let anew = [vec![begun(1)], taken_back.to_vec(), vec![begun(2), failed(true)]].concat();
    assert!(matches!(after(&anew), UnitState::Blocked(_)), "the first since it was taken back");
    for records in
        [vec![begun(1), failed(false)], vec![begun(1), sent, failed(true)], vec![begun(1), begun(2), failed(true)]]
    {
        assert!(matches!(after(&records), UnitState::Failed(..)), "{records:?}");
    }
}

/// What must hold of one step of a unit's life.
fn holds(before: &UnitState, record: &Record, after: &UnitState) -> Result<(), TestCaseError> {
    if let (Some(old), Some(new)) = (before.attempt(), after.attempt()) {
        prop_assert_eq!(&old.reversal, &new.reversal, "what was captured first is the way back, whatever happens");
        prop_assert!(new.number == old.number || new.number == old.number + 1, "tries are counted one by one");
    }
    if let Some(attempt) = after.attempt() {
        let of_this_life = attempt.first..=attempt.number;
        prop_assert!(of_this_life.contains(&attempt.named), "a job is named after a try that there was");
    }
    if let (Some(attempt), None) = (before.attempt(), after.attempt()) {
        let untouched =
            matches!(record, Record::Settled { outcome: Outcome::Failed { failure }, .. } if failure.untouched);
        let forgets = matches!(record, Record::Undone { .. }) || (untouched && attempt.number == attempt.first);
        prop_assert!(forgets, "only taking it back forgets the way back: {:?}", record);
    }
    if before.attempt().is_none() && after.attempt().is_some() {
        prop_assert!(matches!(record, Record::Intended { .. }), "nothing is changed unannounced: {:?}", record);
        prop_assert_eq!(after.attempt().map(|attempt| attempt.first), after.attempt().map(|attempt| attempt.number));
    }
    if matches!(before, UnitState::Unsure(..)) {
        let asked = matches!(record, Record::Intended { .. } | Record::Settled { .. } | Record::Skipped { .. });
        let taken_back = matches!(record, Record::UndoIntended { .. } | Record::Reopened { .. });
        prop_assert!(
            asked || taken_back || after == before,
            "an unknown outcome does not settle by itself: {:?}",
            record
        );
    }
    if matches!(after, UnitState::Undone) {
        prop_assert!(matches!(before, UnitState::Undoing(..)), "nothing is taken back unannounced");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_unit_keeps_its_way_back_through_any_life(records in proptest::collection::vec(record(), 0..60)) {
        let mut state = UnitState::default();
        for record in records {
            if let Ok(next) = state.next(&record) {
                holds(&state, &record, &next)?;
                state = next;
            }
        }
    }

    #[test]
    fn the_fold_of_a_run_is_the_fold_of_its_units(records in proptest::collection::vec(record(), 0..60)) {
        let mut view = RunView::default();
        view.apply(&entry(1, started())).unwrap();
        let mut state = UnitState::default();
        let mut entries = Vec::new();
        for (seq, record) in (2..).zip(records) {
            let next = state.next(&record);
            let entry = entry(seq, record);
            prop_assert_eq!(view.check(&entry.record).is_ok(), next.is_ok());
            if let Ok(next) = next {
                view.apply(&entry).unwrap();
                entries.push(entry);
                state = next;
            }
            prop_assert_eq!(view.state(&unit()), state.clone());
        }
        // What is read back from its text tells the same run.
        let mut again = RunView::default();
        again.apply(&self::entry(1, started())).unwrap();
        for entry in entries {
            let text = serde_json::to_string(&entry).unwrap();
            again.apply(&serde_json::from_str(&text).unwrap()).unwrap();
        }
        prop_assert_eq!(again.state(&unit()), state);
        prop_assert_eq!(again.undo_order(None), view.undo_order(None));
    }
}
