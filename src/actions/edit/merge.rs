//! Takes an edit out of a file again, whatever else has changed in it since.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices, diff_ratio};

use super::text::{Line, Lines};

/// How much of two lines is the same where one was made of the other.
const LIKE: f32 = 0.6;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The file without the edit.
    Out(Lines),
    /// The edit is not in it: it was never made, or somebody has taken it out.
    Already,
    /// Somebody else has changed the very lines that it made.
    Changed,
}

/// Takes out of `now` what made `left` of `was`.
pub(super) fn take_out(was: &Lines, left: &Lines, now: &Lines) -> Taken {
    let (was_texts, left_texts) = (texts(was), texts(left));
    let edits: Vec<Edit<'_>> = capture_diff_slices(Algorithm::Patience, &left_texts, &was_texts)
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| Edit { made: op.old_range(), of: &was.lines[op.new_range()] })
        .collect();
    let places = Places::of(&left_texts, now);
    let mut found = Vec::new();
    for edit in &edits {
        match edit.find(was, left, now, &places) {
            Found::At(at) => found.push((at, edit.of)),
            Found::Nowhere => {}
            Found::Changed => return Taken::Changed,
        }
    }
    if found.is_empty() {
        return Taken::Already;
    }
    found.sort_by_key(|(at, _)| at.start);
    if found.windows(2).any(|pair| pair[0].0.end > pair[1].0.start) {
        return Taken::Changed;
    }
    let mut out = now.clone();
    for (at, lines) in found.into_iter().rev() {
        let fitted: Vec<Line> = lines.iter().map(|line| now.fitting(at.start, &line.text)).collect();
        out.lines.splice(at, fitted);
    }
    Taken::Out(out)
}

/// A place where an edit was made.
struct Edit<'a> {
    /// The lines that it made, by their numbers in what was left.
    made: Range<usize>,
    /// What they were made of.
    of: &'a [Line],
}

enum Found {
    At(Range<usize>),
    Nowhere,
    Changed,
}

impl Edit<'_> {
    fn find(&self, was: &Lines, left: &Lines, now: &Lines, places: &Places) -> Found {
        let made: Vec<&[u8]> = texts(left)[self.made.clone()].to_vec();
        let of: Vec<&[u8]> = self.of.iter().map(|line| line.text.as_slice()).collect();
        let now_texts = texts(now);
        // What stood there stands there again as often as before: somebody was quicker.
        let back = !of.is_empty() && count(&now_texts, &of) >= count(&texts(was), &of);
        if made.is_empty() {
            return match places.between(&self.made) {
                _ if back => Found::Nowhere,
                Some(at) => Found::At(at..at),
                None => Found::Changed,
            };
        }
        if let Some(at) = places.run(&self.made) {
            return Found::At(at);
        }
        // Among lines that are alike, so many as there were before are not ours.
        let all = occurrences(&now_texts, &made);
        match all.as_slice() {
            found if found.len() <= count(&texts(was), &made) => {
                let gone = of.is_empty() && !places.hold_something_like(&self.made, &made, &now_texts);
                if gone || back { Found::Nowhere } else { Found::Changed }
            }
            [at] => Found::At(*at..at + made.len()),
            [.., last] if of.is_empty() => Found::At(*last..last + made.len()),
            _ if back => Found::Nowhere,
            _ => Found::Changed,
        }
    }
}

/// Where the lines of what was left stand now.
struct Places {
    of: Vec<Option<usize>>,
    /// What was replaced by what.
    replaced: Vec<(Range<usize>, Range<usize>)>,
    now: usize,
}

impl Places {
    fn of(left: &[&[u8]], now: &Lines) -> Self {
        let mut of = vec![None; left.len()];
        let now_texts = texts(now);
        let mut replaced = Vec::new();
        for op in capture_diff_slices(Algorithm::Patience, left, &now_texts) {
            match op {
                DiffOp::Equal { old_index, new_index, len } => {
                    for at in 0..len {
                        of[old_index + at] = Some(new_index + at);
                    }
                }
                DiffOp::Replace { .. } => replaced.push((op.old_range(), op.new_range())),
                DiffOp::Delete { .. } | DiffOp::Insert { .. } => {}
            }
        }
        Self { of, replaced, now: now_texts.len() }
    }

    /// Whether there is something else where lines stood, and looks like one of them: changed, and not taken out.
    fn hold_something_like(&self, lines: &Range<usize>, made: &[&[u8]], now: &[&[u8]]) -> bool {
        let here = self.replaced.iter().filter(|(old, _)| old.start < lines.end && lines.start < old.end);
        here.flat_map(|(_, new)| &now[new.clone()]).any(|line| made.iter().any(|made| alike(made, line)))
    }

    /// Where lines stand, if they still stand together.
    fn run(&self, lines: &Range<usize>) -> Option<Range<usize>> {
        let first = self.of[lines.start]?;
        let together = lines.clone().enumerate().all(|(at, line)| self.of[line] == Some(first + at));
        together.then(|| first..first + lines.len())
    }

    /// Where lines stood that are gone, going by what is around them.
    fn between(&self, gap: &Range<usize>) -> Option<usize> {
        let before =
            self.of[..gap.start].iter().enumerate().rev().find_map(|(at, place)| place.map(|place| (at, place)));
        let after = self.of[gap.end..].iter().enumerate().find_map(|(at, place)| place.map(|place| (at, place)));
        match (before, after) {
            (None, None) if self.of.is_empty() || self.now == 0 => Some(0),
            (None, None) => None,
            (Some((_, place)), None) => Some(place + 1),
            (None, Some((_, place))) => Some(place),
            // The nearer of the two says where.
            (Some((at, place)), Some((distance, next))) => {
                Some(if gap.start - 1 - at <= distance { place + 1 } else { next })
            }
        }
    }
}

fn texts(lines: &Lines) -> Vec<&[u8]> {
    lines.lines.iter().map(|line| line.text.as_slice()).collect()
}

fn alike(one: &[u8], other: &[u8]) -> bool {
    likeness(one, other).is_some()
}

/// How much of two lines is the same, from 0 to 1; none where neither was made of the other.
pub(in crate::actions) fn likeness(one: &[u8], other: &[u8]) -> Option<f32> {
    let ratio = diff_ratio(&capture_diff_slices(Algorithm::Myers, one, other), one.len(), other.len());
    (ratio >= LIKE).then_some(ratio)
}

fn occurrences(lines: &[&[u8]], what: &[&[u8]]) -> Vec<usize> {
    (0..lines.len()).filter(|at| lines[*at..].starts_with(what)).collect()
}

fn count(lines: &[&[u8]], what: &[&[u8]]) -> usize {
    occurrences(lines, what).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(was: &str, left: &str, now: &str) -> Result<String, &'static str> {
        let lines = |text: &str| Lines::of(text.as_bytes());
        match take_out(&lines(was), &lines(left), &lines(now)) {
            Taken::Out(out) => Ok(String::from_utf8(out.content()).unwrap()),
            Taken::Already => Err("already"),
            Taken::Changed => Err("changed"),
        }
    }

    #[test]
    fn what_was_put_in_is_taken_out_and_the_rest_stays() {
        for (now, due) in [
            ("a\nb\nx\n", Ok("a\nb\n")),
            ("0\na\nb\nx\nc\n", Ok("0\na\nb\nc\n")),
            ("x\n", Ok("")),
            ("a\nB\nx", Ok("a\nB")),
            ("a\r\nb\r\nx\r\nc\r\n", Ok("a\r\nb\r\nc\r\n")),
            ("moved\nx\nelsewhere\n", Ok("moved\nelsewhere\n")),
            ("a\nb\n", Err("already")),
            ("a\nb\nX\n", Err("already")),
            ("a\nb\nother\nlines\n", Err("already")),
            ("", Err("already")),
        ] {
            assert_eq!(taken("a\nb\n", "a\nb\nx\n", now), due.map(str::to_owned), "{now:?}");
        }
    }

    #[test]
    fn what_was_put_in_and_changed_since_is_not_taken_for_gone() {
        let (was, left) = ("a\n", "a\n192.0.2.12 www\n");
        assert_eq!(taken(was, left, "a\n192.0.2.12 www cdn\n"), Err("changed"));
        assert_eq!(taken(was, left, "0\na\n#192.0.2.12 www\nb\n"), Err("changed"));
        assert_eq!(taken(was, left, "a\n# something else\n"), Err("already"));
    }

    #[test]
    fn what_was_replaced_comes_back_unless_that_very_line_was_changed() {
        for (now, due) in [
            ("a\nnew\nc\n", Ok("a\nold\nc\n")),
            ("c\nnew\na\n", Ok("c\nold\na\n")),
            ("a\nx\nnew\ny\nc\n", Ok("a\nx\nold\ny\nc\n")),
            ("a\nnew", Ok("a\nold")),
            ("a\nnewer\nc\n", Err("changed")),
            ("a\nc\n", Err("changed")),
            ("", Err("changed")),
            ("a\nold\nc\n", Err("already")),
            ("a\nold\nc\nd\n", Err("already")),
        ] {
            assert_eq!(taken("a\nold\nc\n", "a\nnew\nc\n", now), due.map(str::to_owned), "{now:?}");
        }
    }

    #[test]
    fn what_was_removed_comes_back_where_it_was() {
        for (now, due) in [
            ("a\nc\nd\n", Ok("a\nb\nc\nd\n")),
            ("a\nx\nc\nd\n", Ok("a\nb\nx\nc\nd\n")),
            ("0\na\nC\nd\n", Ok("0\na\nb\nC\nd\n")),
            ("A\nc\nd\n", Ok("A\nb\nc\nd\n")),
            ("a\n", Ok("a\nb\n")),
            ("all\nelse\n", Err("changed")),
            ("a\nb\nc\nd\n", Err("already")),
            ("d\nb\n", Err("already")),
        ] {
            assert_eq!(taken("a\nb\nc\nd\n", "a\nc\nd\n", now), due.map(str::to_owned), "{now:?}");
        }
        assert_eq!(taken("b\n", "", ""), Ok("b\n".to_owned()));
        assert_eq!(taken("b\n", "", "c\n"), Ok("b\nc\n".to_owned()));
    }

    #[test]
    fn many_places_are_one_edit() {
        let (was, left) = ("a\n1\nb\n2\nc\n", "a\n#1\nb\n#2\nc\n");
        assert_eq!(taken(was, left, "a\n#1\nb\nx\n#2\nc\nd\n"), Ok("a\n1\nb\nx\n2\nc\nd\n".to_owned()));
        assert_eq!(taken(was, left, "a\n1\nb\n#2\nc\n"), Ok("a\n1\nb\n2\nc\n".to_owned()), "one was put back by hand");
        assert_eq!(taken(was, left, "a\n#1\nb\n#3\nc\n"), Err("changed"));
    }

    #[test]
    fn lines_that_are_alike_are_told_apart_by_where_they_stand() {
        assert_eq!(taken("x\na\n", "x\na\nx\n", "x\na\nx\nb\n"), Ok("x\na\nb\n".to_owned()));
        assert_eq!(taken("x\na\n", "x\na\nx\n", "x\na\nb\n"), Err("already"));
        assert_eq!(taken("a\nx\nb\nx\n", "a\nb\nx\n", "a\nb\nx\nc\n"), Ok("a\nx\nb\nx\nc\n".to_owned()));
    }

    #[test]
    fn a_file_that_gained_its_last_newline_keeps_it() {
        assert_eq!(taken("a", "a\nx", "a\nx\nb\n"), Ok("a\nb\n".to_owned()));
        assert_eq!(taken("a", "a\nx", "a\nx\n"), Ok("a\n".to_owned()));
    }
}
