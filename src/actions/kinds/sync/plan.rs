//! What it takes to bring a destination back: thought through from lists alone.

use std::collections::{BTreeMap, BTreeSet};

use super::inventory::{Entries, Entry};

/// What a host says has become of a destination.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the host's")]
pub(super) struct Found {
    /// The hash of the list of before.
    pub(super) sha256: String,
    /// What was kept was given up, since it was all taken back.
    pub(super) undone: bool,
    /// Nothing of it is there.
    pub(super) lost: bool,
    /// An earlier undo has begun.
    pub(super) undoing: bool,
    /// Apply did not get to its end.
    pub(super) half: bool,
    before: Entries,
    after: Entries,
    now: Entries,
    not_now: Entries,
    kept: Entries,
}

type Path = Vec<u8>;

/// Paths by what is to be done with them, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) remove: Vec<Path>,
    pub(super) rmdir: Vec<Path>,
    pub(super) mkdir: Vec<Path>,
    pub(super) restore: Vec<Path>,
    pub(super) attributes: Vec<Path>,
    pub(super) owner: BTreeMap<String, Vec<Path>>,
    pub(super) mode: BTreeMap<String, Vec<Path>>,
    /// Times and paths: those of folders last, the inner ones first.
    pub(super) time: Vec<(String, Path)>,
    /// What others have changed while the sync ran, so that nothing of before is there.
    pub(super) left: Vec<Path>,
    /// How many things are other than before.
    pub(super) dressed: usize,
}

impl Found {
    /// Reads what the host says.
    pub(super) fn read(said: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        for record in said.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let (digit, rest) = record.split_first()?;
            if *digit == b'0' {
                match rest {
                    b"undone" => found.undone = true,
                    b"lost" => found.lost = true,
                    b"undoing" => found.undoing = true,
                    b"half" => found.half = true,
                    hash => found.sha256 = String::from_utf8(hash.to_vec()).ok()?,
                }
                continue;
            }
            let list = match digit {
                b'1' => &mut found.before,
                b'2' => &mut found.after,
                b'3' => &mut found.now,
                b'4' => &mut found.not_now,
                b'5' => &mut found.kept,
                _ => return None,
            };
            let (path, entry) = Entry::parse(rest)?;
            list.insert(path, entry);
        }
        Some(found)
    }

    /// What stands at a path that the sync has changed.
    fn at(&self, path: &[u8]) -> Option<&Entry> {
        match (self.now.get(path), self.not_now.contains_key(path)) {
            (Some(now), _) => Some(now),
            (None, true) => None,
            (None, false) => self.after.get(path),
        }
    }

    /// What is to be done; else what others have changed since, a line for each.
    pub(super) fn plan(&self) -> Result<Plan, Vec<String>> {
        let mut plan = Plan::default();
        let mut odd = Vec::new();
        let paths: BTreeSet<&Path> = self.before.keys().chain(self.after.keys()).collect();
        for &path in &paths {
            let (before, after, now) = (self.before.get(path), self.after.get(path), self.at(path));
            if let Some(why) = self.conflict(before, after, now) {
                odd.push(format!("{}: {why}", shown(path)));
                continue;
            }
            match (before, now) {
                (None, None) => {}
                (None, Some(now)) => plan.take_away(path, now),
                (Some(before), now) => self.bring_back(path, before, [after, now], &mut plan),
            }
        }
        let gone: BTreeSet<&[u8]> = plan.rmdir.iter().map(Vec::as_slice).collect();
        let foreign = self.now.keys().filter(|path| !self.not_now.contains_key(*path) && !paths.contains(path));
        odd.extend(
            foreign
                .filter(|path| above(path).any(|outer| gone.contains(outer)))
                .map(|path| format!("{}: is there since", shown(path))),
        );
        if !odd.is_empty() {
            return Err(odd);
        }
        plan.rmdir.reverse();
        let is_folder = |path: &Path| self.before.get(path).is_some_and(Entry::is_folder);
        // What is in a folder changes its time.
        plan.time.sort_by(|(_, a), (_, b)| is_folder(a).cmp(&is_folder(b)).then(b.cmp(a)));
        Ok(plan)
    }

    /// What is otherwise than the sync has left it.
    fn conflict(&self, before: Option<&Entry>, after: Option<&Entry>, now: Option<&Entry>) -> Option<&'static str> {
        let (after, now) = match (after, now) {
            (None, None) => return None,
            (Some(_), None) => return (before.is_some() && !self.undoing).then_some("is gone"),
            (None, Some(now)) => {
                let as_before = before.is_some_and(|before| {
                    before.is_like(now)
                        || self.undoing && before.has_same_content(now)
                        || before.is_folder() && now.is_folder()
                });
                return (!as_before).then_some("is there again");
            }
            (Some(after), Some(now)) => (after, now),
        };
        if before.is_some_and(|before| before.is_like(now)) {
            return None;
        }
        if after.kind != now.kind {
            let as_before = self.undoing && before.is_some_and(|before| before.kind == now.kind);
            return (!as_before).then_some("is something else now");
        }
        if self.undoing {
            let ours = after.has_same_content(now) || before.is_some_and(|before| before.has_same_content(now));
            return (!ours).then_some("has another content");
        }
        if !after.is_dressed_like(now) {
            return Some("has another mode or owner");
        }
        if after.is_folder() {
            return None;
        }
        // That it was touched, or is another file that is just like it, says nothing: that is how later steps leave what they take back.
        (!after.is_like(now)).then_some("has another content")
    }

    fn bring_back(&self, path: &Path, before: &Entry, [after, now]: [Option<&Entry>; 2], plan: &mut Plan) {
        let kept = self.kept.get(path).filter(|kept| !kept.is_folder());
        if let Some(kept) = kept.filter(|_| !now.is_some_and(|now| now.is_same_file(before))) {
            if let Some(now) = now.filter(|now| now.is_folder()) {
                plan.take_away(path, now);
            }
            plan.restore.push(path.clone());
            return self.dress(path, before, Some(kept), plan);
        }
        // Where no more than its owner, mode or time was changed, a copy that a later step has put back is as good as the thing itself.
        let as_left = |now: &Entry| after.is_some_and(|after| after.has_same_content(now));
        let only_dressed = after.is_some_and(|after| after.is_same_file(before) && after.has_same_content(before));
        match now {
            Some(now) if now.has_same_content(before) || only_dressed && as_left(now) => {
                self.dress(path, before, Some(now), plan);
            }
            _ if before.is_folder() => {
                if let Some(now) = now {
                    plan.take_away(path, now);
                }
                plan.mkdir.push(path.clone());
                self.dress(path, before, None, plan);
            }
            _ => plan.left.push(path.clone()),
        }
    }

    /// Gives what stands at a path, or will, its owner, mode and time of before. None: everything has to be given.
    fn dress(&self, path: &Path, before: &Entry, now: Option<&Entry>, plan: &mut Plan) {
        let is_link = before.kind == b'l';
        let moved = now.is_none_or(|now| (&now.uid, &now.gid) != (&before.uid, &before.gid));
        let mode = now.is_none_or(|now| moved || now.mode != before.mode) && !is_link;
        let untouched = now.is_some_and(|now| now.is_untouched(before));
        if moved {
            plan.owner.entry(format!("{}:{}", before.uid, before.gid)).or_default().push(path.clone());
        }
        if mode {
            plan.mode.entry(format!("{:0>5}", before.mode)).or_default().push(path.clone());
        }
        // Others may have changed what is in a folder since: then it has the time of that.
        let ours =
            self.undoing || self.after.get(path).is_none_or(|after| now.is_none_or(|now| now.time == after.time));
        let time = now.is_none_or(|now| now.time != before.time) || before.is_folder();
        if time && ours && !untouched {
            plan.time.push((format!("@{}", before.time), path.clone()));
        }
        if !untouched && !is_link {
            plan.attributes.push(path.clone());
        }
        if now.is_none_or(|now| moved || mode || now.time != before.time) {
            plan.dressed += 1;
        }
    }
}

impl Plan {
    fn take_away(&mut self, path: &Path, now: &Entry) {
        if !now.is_folder() {
            self.remove.push(path.clone());
        } else if path != b"." {
            self.rmdir.push(path.clone());
        }
    }

    /// Whether all is as before already.
    pub(super) fn is_empty(&self) -> bool {
        let touched = [&self.remove, &self.rmdir, &self.mkdir, &self.restore].iter().any(|paths| !paths.is_empty());
        !touched && self.dressed == 0
    }

    /// What was done, in words.
    pub(super) fn in_words(&self) -> String {
        let removed = self.remove.len() + self.rmdir.len();
        let back = self.restore.len() + self.mkdir.len();
        let counts = [(removed, "removed"), (back, "put back"), (self.dressed, "as before in owner, mode and time")];
        let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        let mut words = told.collect::<Vec<_>>().join(", ");
        if !self.left.is_empty() {
            let first: Vec<String> = self.left.iter().take(5).map(|path| shown(path)).collect();
            words =
                format!("{words}; {} left, which others changed while it ran: {}", self.left.len(), first.join(", "));
        }
        words
    }
}

/// The folders above a path.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// A path for people.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path.strip_prefix(b"./").unwrap_or(path)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a host says, from lines as `1f 644 0 0 10 5 1:2 9 ./a`.
    fn found(lines: &[&str]) -> Found {
        let said: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\0"].concat()).collect();
        Found::read(&said).unwrap()
    }

    fn paths(paths: &[&str]) -> Vec<Path> {
        paths.iter().map(|path| path.as_bytes().to_vec()).collect()
    }

    #[test]
    fn what_was_made_goes_the_inner_first() {
        let plan = found(&[
            "0hash",
            "2d 755 0 0 10 4096 1:2 9 ./d//",
            "2f 644 0 0 10 5 1:3 9 ./d/a//",
            "2d 755 0 0 10 4096 1:4 9 ./d/e//",
        ])
        .plan()
        .unwrap();
        assert_eq!((plan.remove, plan.rmdir), (paths(&["./d/a"]), paths(&["./d/e", "./d"])));
    }

    #[test]
    fn what_was_replaced_deleted_or_dressed_comes_back() {
        let found = found(&[
            "0hash",
            "1f 600 7 7 1 5 1:2 1 ./a//",
            "1f 600 7 7 1 5 1:3 1 ./gone/b//",
            "1d 700 7 7 1 4096 1:4 1 ./gone//",
            "1l 777 0 0 1 3 1:5 1 ./l//old",
            "1f 600 7 7 1 5 1:6 1 ./m//",
            "2f 644 0 0 10 6 1:7 9 ./a//",
            "2l 777 0 0 10 3 1:8 9 ./l//new",
            "2f 644 0 0 1 5 1:6 9 ./m//",
            "5f 600 7 7 1 5 1:2 2 ./a//",
            "5d 700 7 7 1 4096 1:9 2 ./gone//",
            "5f 600 7 7 1 5 1:3 2 ./gone/b//",
            "5l 777 0 0 1 3 1:5 2 ./l//old",
        ]);
        let plan = found.plan().unwrap();
        assert_eq!(plan.restore, paths(&["./a", "./gone/b", "./l"]));
        assert_eq!(plan.mkdir, paths(&["./gone"]));
        assert_eq!(plan.mode["00600"], paths(&["./m"]));
        assert_eq!(plan.owner["7:7"], paths(&["./gone", "./m"]));
        assert_eq!(plan.time, [("@1".to_owned(), b"./gone".to_vec())]);
    }

    #[test]
    fn what_was_only_dressed_comes_back_in_a_copy_too() {
        let plan = found(&[
            "0hash",
            "1l 777 7 7 1 5 1:5 1 ./l//there",
            "2l 777 0 0 10 5 1:5 9 ./l//there",
            "3l 777 0 0 10 5 1:6 12 ./l//there",
            "4l 777 0 0 10 5 1:5 9 ./l//there",
        ]);
        let plan = plan.plan().unwrap();
        assert!(plan.left.is_empty());
        assert_eq!(plan.owner["7:7"], paths(&["./l"]));
        assert_eq!(plan.time, [("@1".to_owned(), b"./l".to_vec())]);
    }

    #[test]
    fn what_others_changed_since_stops_it() {
        let left = "2f 644 0 0 10 6 1:7 9 ./a//";
        for (now, due) in [
            (&["3f 644 0 0 11 7 1:7 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"][..], "a: has another content"),
            (&["3f 600 0 0 10 6 1:7 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"], "a: has another mode or owner"),
            (&["3f 644 0 0 11 6 1:8 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"], "a: has another content"),
            (&["3d 644 0 0 10 6 1:7 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"], "a: is something else now"),
        ] {
            let lines: Vec<&str> = ["0hash", left].iter().chain(now).copied().collect();
            assert_eq!(found(&lines).plan().unwrap_err(), [due]);
        }
        let lines = ["0hash", "2d 755 0 0 10 4096 1:2 9 ./d//", "3f 644 0 0 10 6 1:7 12 ./d/mine//"];
        assert_eq!(found(&lines).plan().unwrap_err(), ["d/mine: is there since"]);
        let lines = ["0hash", "1f 600 7 7 1 5 1:2 1 ./a//", left, "4f 644 0 0 10 6 1:7 9 ./a//"];
        assert_eq!(found(&lines).plan().unwrap_err(), ["a: is gone"]);
        // A later step gave it to somebody else, and was taken back.
        assert!(found(&["0hash", left, "3f 644 0 0 10 6 1:7 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"]).plan().is_ok());
        // A later step edited it, and put a copy of it back.
        assert!(found(&["0hash", left, "3f 644 0 0 10 6 1:8 12 ./a//", "4f 644 0 0 10 6 1:7 9 ./a//"]).plan().is_ok());
        // What it had only made may be gone.
        assert!(found(&["0hash", left, "4f 644 0 0 10 6 1:7 9 ./a//"]).plan().unwrap().is_empty());
    }

    #[test]
    fn half_an_undo_goes_on() {
        let lines = [
            "0hash",
            "0undoing",
            "1f 600 7 7 1 5 1:2 1 ./a//",
            "2f 644 0 0 10 6 1:7 9 ./a//",
            "3f 600 0 0 1 5 1:2 20 ./a//",
            "4f 644 0 0 10 6 1:7 9 ./a//",
        ];
        let plan = found(&lines).plan().unwrap();
        assert!(plan.restore.is_empty());
        assert_eq!(plan.owner["7:7"], paths(&["./a"]));
    }

    #[test]
    fn what_others_wrote_meanwhile_is_left() {
        let plan = found(&["0hash", "1f 600 7 7 1 5 1:2 1 ./log//", "2f 600 7 7 3 9 1:2 3 ./log//"]).plan().unwrap();
        assert_eq!(plan.left, paths(&["./log"]));
        assert!(plan.is_empty());
    }
}
