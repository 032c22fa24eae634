//! Takes a change of a zone back.

use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;
use crate::actions::nameserver::{Place, RecordSet};

use super::asked::{Asked, Want};
use super::look::There;
use super::plan::{Change, in_words};

/// How a zone was before it was changed, in words: a week later nothing else is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    pub(super) server: String,
    pub(super) zone: String,
    /// The secret's name, or what stands for it: never its value.
    pub(super) key: Option<String>,
    pub(super) sets: Vec<Touched>,
}

/// A set that was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Touched {
    pub(super) place: Place,
    pub(super) edit: Edit,
    pub(super) before: Option<RecordSet>,
    pub(super) after: Option<RecordSet>,
}

/// How much of the set is the action's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Edit {
    /// All of it.
    Whole,
    /// The members that it added and removed.
    Members,
    /// Its TTL.
    Ttl,
}

impl Touched {
    pub(super) fn of(asked: &Asked, change: &Change) -> Self {
        let edit = match asked.want {
            Want::Values(_) | Want::Nothing => Edit::Whole,
            Want::Members { .. } => Edit::Members,
            Want::AsItIs => Edit::Ttl,
        };
        Self { place: change.place.clone(), edit, before: change.before.clone(), after: change.after.clone() }
    }

    /// What takes the change out of the set as it is `now`; nothing to do where it is out already.
    fn back(&self, now: Option<&RecordSet>) -> Result<Change, ActionError> {
        let after = match self.edit {
            Edit::Whole if now == self.before.as_ref() => self.before.clone(),
            Edit::Whole if now == self.after.as_ref() => self.before.clone(),
            Edit::Whole => return Err(self.changed(now)),
            Edit::Ttl => self.ttl(now)?,
            Edit::Members => self.members(now),
        };
        Ok(Change { place: self.place.clone(), before: now.cloned(), after })
    }

    /// The TTL of before, whatever the values are by now.
    fn ttl(&self, now: Option<&RecordSet>) -> Result<Option<RecordSet>, ActionError> {
        let ttl = |set: &Option<RecordSet>| set.as_ref().map(|set| set.ttl);
        match now {
            Some(now) if Some(now.ttl) == ttl(&self.before) => Ok(Some(now.clone())),
            Some(now) if Some(now.ttl) == ttl(&self.after) => {
                Ok(Some(RecordSet { ttl: ttl(&self.before).unwrap_or(now.ttl), ..now.clone() }))
            }
            now => Err(self.changed(now)),
        }
    }

    /// Its own members out again and back in; what else is there stays, whoever put it there.
    fn members(&self, now: Option<&RecordSet>) -> Option<RecordSet> {
        let of = |set: &Option<RecordSet>| set.as_ref().map(|set| set.values.clone()).unwrap_or_default();
        let (before, after) = (of(&self.before), of(&self.after));
        let mut values = now.map(|now| now.values.clone()).unwrap_or_default();
        values.retain(|value| before.contains(value) || !after.contains(value));
        values.extend(before.difference(&after).cloned());
        if values.is_empty() {
            return None;
        }
        let ttl = match (now, &self.before, &self.after) {
            (Some(now), Some(before), Some(after)) if now.ttl == after.ttl => before.ttl,
            (Some(now), ..) => now.ttl,
            (None, before, after) => before.as_ref().or(after.as_ref())?.ttl,
        };
        Some(RecordSet { name: self.place.name.clone(), kind: self.place.kind, ttl, values })
    }

    fn changed(&self, now: Option<&RecordSet>) -> ActionError {
        let difference = format!(
            "it was left as {}, and is {} now; before it was {}",
            in_words(self.after.as_ref()),
            in_words(now),
            in_words(self.before.as_ref())
        );
        ActionError::Changed { what: self.place.to_string(), difference }
    }
}

impl Undo {
    /// What takes it back, given what is there now.
    pub(super) fn plan(&self, there: &[There]) -> Result<Vec<Change>, ActionError> {
        self.sets.iter().zip(there).map(|(set, there)| set.back(there.set.as_ref())).collect()
    }

    /// The places that it is about.
    pub(super) fn places(&self) -> Vec<Place> {
        self.sets.iter().map(|set| set.place.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::kinds::dns::plan::plan;
    use crate::actions::kinds::dns::plan::tests::{dns, is, none, set};

    /// What takes the step back, `now` being there.
    fn back(record: &str, before: There, now: &There) -> Result<String, String> {
        let dns = dns(record);
        let changes = plan(&dns.records, &dns.zone, &[before]).unwrap();
        let sets = vec![Touched::of(&dns.records[0], &changes[0])];
        let undo = Undo { server: "ns1".into(), zone: "libravatar.org.".into(), key: Some("tsig".into()), sets };
        let undo: Undo = serde_json::from_value(serde_json::to_value(&undo).unwrap()).unwrap();
        let change = undo.plan(std::slice::from_ref(now)).map_err(|error| error.to_string())?.remove(0);
        Ok(if change.is_none() { "as before".to_owned() } else { in_words(change.after.as_ref()) })
    }

    #[test]
    fn a_whole_set_goes_back_where_it_is_as_it_was_left() {
        let step = "{name: '@', type: A, values: 192.0.2.12, ttl: 60}";
        let old = || is("@ A 43200 192.0.2.11");
        assert_eq!(back(step, old(), &is("@ A 60 192.0.2.12")).as_deref(), Ok("43200 192.0.2.11"));
        assert_eq!(back(step, old(), &old()).as_deref(), Ok("as before"));
        let due = "libravatar.org. A has changed since: it was left as 60 192.0.2.12, and is 300 192.0.2.12 now; before it was 43200 192.0.2.11";
        assert_eq!(back(step, old(), &is("@ A 300 192.0.2.12")).unwrap_err(), due);
        assert!(back(step, old(), &none()).unwrap_err().contains("and is nothing now"));
        let new = "{name: x, type: A, values: 192.0.2.12, ttl: 60}";
        assert_eq!(back(new, none(), &is("x A 60 192.0.2.12")).as_deref(), Ok("nothing"));
        assert_eq!(back(new, none(), &none()).as_deref(), Ok("as before"));
        let gone = "{name: x, type: A, state: absent}";
        assert_eq!(back(gone, is("x A 60 192.0.2.1"), &none()).as_deref(), Ok("60 192.0.2.1"));
    }

    #[test]
    fn members_go_back_whatever_else_has_changed() {
        let step = "{name: cdn, type: A, remove: [192.0.2.1, 192.0.2.9], add: 192.0.2.3}";
        let before = || is("cdn A 43200 192.0.2.1, 192.0.2.2");
        for (now, due) in [
            ("cdn A 43200 192.0.2.2, 192.0.2.3", "43200 192.0.2.1, 192.0.2.2"),
            // Somebody else has put one in, taken one out, and changed the TTL.
            ("cdn A 300 192.0.2.3, 192.0.2.7", "300 192.0.2.1, 192.0.2.7"),
            ("cdn A 300 192.0.2.7", "300 192.0.2.1, 192.0.2.7"),
            ("cdn A 43200 192.0.2.1, 192.0.2.2", "as before"),
            ("cdn A 60 192.0.2.1, 192.0.2.8", "as before"),
        ] {
            assert_eq!(back(step, before(), &is(now)).as_deref(), Ok(due), "{now}");
        }
        assert_eq!(back(step, before(), &none()).as_deref(), Ok("43200 192.0.2.1"));
        let only = "{name: x, type: A, add: 192.0.2.1, ttl: 60}";
        assert_eq!(back(only, none(), &is("x A 60 192.0.2.1")).as_deref(), Ok("nothing"));
        let ttl = "{name: cdn, type: A, add: 192.0.2.3, ttl: 60}";
        assert_eq!(back(ttl, before(), &is("cdn A 60 192.0.2.2, 192.0.2.3")).as_deref(), Ok("43200 192.0.2.2"));
    }

    #[test]
    fn a_ttl_goes_back_whatever_the_values_are_by_now() {
        let step = "{name: '@', type: A, ttl: 3600}";
        let before = || is("@ A 43200 192.0.2.11");
        assert_eq!(back(step, before(), &is("@ A 3600 192.0.2.12")).as_deref(), Ok("43200 192.0.2.12"));
        assert_eq!(back(step, before(), &is("@ A 43200 192.0.2.12")).as_deref(), Ok("as before"));
        assert!(back(step, before(), &is("@ A 60 192.0.2.11")).is_err() && back(step, before(), &none()).is_err());
        assert_eq!(set("@ A 1 192.0.2.1").ttl, 1);
    }
}
