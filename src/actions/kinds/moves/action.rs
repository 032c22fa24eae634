//! What `move` does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::{self, Leaves, Standing};
use crate::actions::remote_file::folder_of;
use crate::actions::said::last_lines;
use crate::base::shell::quote;
use crate::events::Preview;
use crate::events::record::{Failure, Outputs};
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, required};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};
use crate::transport::Command;

use super::look::{self, Seen, Thing};
use super::order::{Order, Pair};

/// Moves `$1` to `$2`, or says why not. `mv -n` on one file system is rename(2) that replaces nothing.
const GO: &str = r#"
moved=
there() { [ -e "$1" ] || [ -L "$1" ]; }
fail() { printf '%s\n' "$1" >&2; [ "$moved" ] || echo untouched; exit 1; }
go() {
    there "$1" || fail "there is nothing at $1"
    ! there "$2" || fail "$2 exists already"
    mv -n -T -- "$1" "$2"
    there "$2" && ! there "$1" || fail "$1 was not moved"
    moved=1
    sync -- "${1%/*}/" "${2%/*}/" 2>/dev/null || :
}
"#;

/// Moves in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    order: Order,
}

/// The moves that were made, and which thing each of them moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pairs: Vec<Pair>,
    /// What stood at each `from` when it was moved.
    things: Vec<Thing>,
}

const KEYS: [Key; 2] = [
    required("from", Form::Path, "what is renamed"),
    required("to", Form::Path, "what it is called afterwards; nothing is ever replaced"),
];

#[async_trait]
impl Action for Moves {
    const KIND: &'static str = "move";
    const NEEDS_HOST: bool = true;
    const FORM: Form = Form::OneOrMore(&Form::Keys(&KEYS));
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let pairs = decode::one_or_list(pair)(value, diagnostics)?;
        if pairs.is_empty() {
            diagnostics.error(&value.span, "there is nothing to move");
            return None;
        }
        if value.unknown_until().is_some() {
            // Thought through when the paths are known.
            return Some(Self { order: Order { pairs: Vec::new(), stages: vec![std::collections::BTreeMap::new()] } });
        }
        let told = Order::of(&pairs).map_err(|muddle| {
            let span = match &value.shape {
                Shape::List(items) => items.get(muddle.pair).map_or(&value.span, |item| &item.span),
                Shape::Scalar(_) | Shape::Map(_) => &value.span,
            };
            diagnostics.error(span, muddle.why);
        });
        told.ok().map(|order| Self { order })
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let mut seen = look(&self.order, cx).await?;
        seen.by_then(cx)?;
        Ok(self.judge(seen))
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let line = |pair: &Pair| format!("{} -> {}", pair.from, pair.to);
        let left = &self.order.pairs[seen.done..];
        let summary = match left {
            [one] => format!("move {}", line(one)),
            several => format!("move {} things", several.len()),
        };
        let mut detail: Vec<String> =
            self.order.pairs[..seen.done].iter().map(|pair| format!("{} (already moved)", line(pair))).collect();
        detail.extend(left.iter().map(line));
        let detail = if detail.len() > 1 { detail.join("\n") } else { String::new() };
        Preview { summary, detail, undo: "moved back in reverse".to_owned() }
    }

    async fn leaves(&self, seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        let at = |path: &String, standing| Leaves::here(expected::Thing::Path(path.clone()), standing);
        let moved = self.order.pairs[seen.done..].iter();
        Ok(moved.flat_map(|pair| [at(&pair.from, Standing::Nothing), at(&pair.to, Standing::Something)]).collect())
    }

    async fn capture(&self, seen: &Seen, _cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        Ok(Reversible::By(self.way_back(seen)?))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        carry_out(self.order.pairs[seen.done..].iter().map(|pair| (&pair.from, &pair.to)), cx).await?;
        Ok(Outputs { changed: true, ..Outputs::default() })
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let seen = look(&self.order, cx).await?;
        let last = self.order.pairs.len();
        Ok(match self.order.against(last, |path| seen.is_taken(path)) {
            wrong if wrong.is_empty() => Verdict::Holds,
            wrong => Verdict::Fails(wrong.join("; ")),
        })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        let order = Order::of(&undo.pairs).map_err(|muddle| ActionError::failed(muddle.why))?;
        let seen = look(&order, cx).await?;
        match undo.moved(&order, &seen)? {
            0 => Ok("was already as before".to_owned()),
            made => {
                carry_out(undo.pairs[..made].iter().rev().map(|pair| (&pair.to, &pair.from)), cx).await?;
                Ok(if made == 1 { "moved back".to_owned() } else { format!("{made} things moved back") })
            }
        }
    }

    /// Each move is made whole or not at all, and what stands where tells how many were.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Recheck
    }
}

impl Moves {
    fn judge(&self, mut seen: Seen) -> Check<Seen> {
        let Some(done) = self.order.done(|path| seen.is_taken(path)) else {
            return Check::Blocked(self.order.against(0, |path| seen.is_taken(path)).join("; "));
        };
        if done == self.order.pairs.len() {
            return Check::Satisfied;
        }
        for Pair { from, to } in &self.order.pairs[done..] {
            let device = |path: &String| seen.places.get(path).and_then(|place| place.device.as_ref());
            match (device(from), device(to)) {
                (_, None) => return Check::Blocked(format!("the folder of {to} does not exist")),
                (Some(one), Some(other)) if one != other => {
                    return Check::Blocked(format!("{from} and {to} are on different file systems"));
                }
                _ => {}
            }
            let closed = |path: &&String| seen.places.get(*path).is_some_and(|place| !place.open);
            if let Some(path) = [from, to].into_iter().find(closed) {
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                let folder = if folder.is_empty() { "/" } else { folder };
                return Check::Blocked(format!("{path} cannot be moved: {folder} cannot be written by this user"));
            }
        }
        seen.done = done;
        Check::Differs(seen)
    }

    /// What takes back the moves that are still to be made.
    fn way_back(&self, seen: &Seen) -> Result<Undo, ActionError> {
        let pairs = self.order.pairs[seen.done..].to_vec();
        let order = Order::of(&pairs).map_err(|muddle| ActionError::failed(muddle.why))?;
        let first = &order.stages[0];
        let things = pairs.iter().zip(&order.stages).map(|(pair, stage)| {
            let number = stage.get(&pair.from).copied().flatten();
            let (path, _) = first.iter().find(|(_, thing)| thing.is_some() && **thing == number)?;
            seen.places.get(path)?.thing.clone()
        });
        let things = things.collect::<Option<Vec<Thing>>>();
        let things = things.ok_or_else(|| ActionError::failed("what is to be moved has gone meanwhile"))?;
        Ok(Undo { pairs, things })
    }
}

impl Seen {
    /// What earlier steps of a dry run leave takes the place of what is seen now.
    fn by_then(&mut self, cx: &Read<'_>) -> Result<(), ActionError> {
        let host = cx.host()?;
        let expected =
            |path: &str| cx.around().expected(host.transport().role(), &expected::Thing::Path(path.to_owned()));
        // A folder that is still to be made is taken to be where the others are.
        let device = self.places.values().find_map(|place| place.device.clone());
        for (path, place) in &mut self.places {
            let made = place.device.is_none() && matches!(expected(folder_of(path)), Some((_, Standing::There(_))));
            match expected(path) {
                Some((_, Standing::Nothing)) => place.thing = None,
                Some((_, Standing::There(_) | Standing::Something)) => {
                    place.thing.get_or_insert_default();
                }
                Some((step, _)) => return Err(ActionError::Unknown(step)),
                None => {}
            }
            if made {
                place.device = device.clone().or_else(|| Some(String::new()));
                place.open = true;
            }
        }
        Ok(())
    }

    fn is_taken(&self, path: &str) -> bool {
        self.places.get(path).is_some_and(|place| place.thing.is_some())
    }
}

impl Undo {
    /// How many of the moves are made, as far as every thing is where it was left.
    fn moved(&self, order: &Order, seen: &Seen) -> Result<usize, ActionError> {
        let moved = order
            .stages
            .iter()
            .position(|stage| stage.iter().all(|(path, number)| self.against(order, path, *number, seen).is_none()));
        moved.ok_or_else(|| {
            // A list that stopped half-way is told by where it should be if it had come to its end.
            let last = order.done(|path| seen.is_taken(path)).unwrap_or(self.pairs.len());
            let wrong = order.stages[last].iter();
            let wrong: Vec<String> =
                wrong.filter_map(|(path, number)| self.against(order, path, *number, seen)).collect();
            let paths: Vec<&str> = self.pairs.iter().map(|pair| pair.to.as_str()).collect();
            ActionError::Changed { what: paths.join(", "), difference: wrong.join("; ") }
        })
    }

    /// What is wrong at `path` where the thing of that number should stand.
    fn against(&self, order: &Order, path: &str, number: Option<usize>, seen: &Seen) -> Option<String> {
        let there = seen.places.get(path).and_then(|place| place.thing.as_ref());
        match (number, there) {
            (None, None) => None,
            (None, Some(_)) => Some(format!("something stands at {path} now")),
            (Some(_), None) => Some(format!("nothing is at {path} now")),
            (Some(number), Some(there)) => {
                let mover =
                    (0..self.pairs.len()).find(|&n| order.stages[n].get(&self.pairs[n].from) == Some(&Some(number)));
                let known = mover.and_then(|n| self.things.get(n));
                let same = known.is_none_or(|thing| thing.is(there));
                (!same).then(|| format!("something else stands at {path} now"))
            }
        }
    }
}

async fn look(order: &Order, cx: &Read<'_>) -> Result<Seen, ActionError> {
    let said = cx.sh(look::command(order.paths())).await?;
    Ok(Seen { done: 0, places: look::seen(order.paths(), &said)? })
}

/// Makes moves in order, in one round trip.
async fn carry_out(pairs: impl Iterator<Item = (&String, &String)>, cx: &Write<'_>) -> Result<(), ActionError> {
    let calls: Vec<(String, String)> = pairs.map(|(from, to)| (quote(from), quote(to))).collect();
    let script: Vec<String> = calls.iter().map(|(from, to)| format!("go {from} {to}")).collect();
    let said = cx.change(Command::change(format!("{GO}{}", script.join("\n")))).await?;
    if said.success() {
        return Ok(());
    }
    let told = said.error_text();
    let command: Vec<String> = calls.iter().map(|(from, to)| format!("mv -n -T -- {from} {to}")).collect();
    Err(ActionError::Failed(Box::new(Failure {
        why: last_lines(&told, 1).to_owned(),
        command: Some(command.join("\n")),
        exit_code: Some(said.status),
        stderr: last_lines(&told, 20).to_owned(),
        untouched: said.text().trim() == "untouched",
        ..Failure::default()
    })))
}

fn pair(node: &Node, diagnostics: &mut Diagnostics) -> Option<Pair> {
    let mut fields = Fields::of(node, "`move`", &KEYS, diagnostics)?;
    let from = fields.required("from", path);
    let to = fields.required("to", path);
    fields.done()?;
    Some(Pair { from: from?, to: to? })
}

/// A path in one form only, so that equal ones are known to be.
fn path(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let path = decode::absolute_path(node, diagnostics)?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.is_empty() || parts.contains(&"..") {
        let hint = if parts.is_empty() { "`/` stays where it is" } else { "without `..`" };
        decode::due(node, "a path of something that can be moved", diagnostics).hint(hint);
        return None;
    }
    Some(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn pairs_are_read_and_thought_through() {
        let one: Moves = decoded("{from: /a//b/./c/, to: /d}").unwrap();
        assert_eq!(one.order.pairs, [Pair { from: "/a/b/c".into(), to: "/d".into() }]);
        for (text, due) in [
            ("{from: /a}", "`move` lacks `to`"),
            ("{form: /a, to: /b}", "`move` lacks `from`\nunknown key `form` in `move`; did you mean `from`?"),
            ("{from: a, to: /b}", "an absolute path is due here, found `a`; paths on a host start with `/`"),
            (
                "{from: /, to: /b}",
                "a path of something that can be moved is due here, found `/`; `/` stays where it is",
            ),
            (
                "{from: /a/../b, to: /b}",
                "a path of something that can be moved is due here, found `/a/../b`; without `..`",
            ),
            ("[]", "there is nothing to move"),
            ("[{from: /a, to: /b}, {from: /c, to: /b}]", "`/b` is taken by then"),
        ] {
            assert_eq!(decoded::<Moves>(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn the_preview_lists_what_is_left_to_move() {
        let moves: Moves = decoded("[{from: /a, to: /b}, {from: /c, to: /a}]").unwrap();
        let preview = moves.preview(&Seen { done: 1, ..Seen::default() });
        assert_eq!(
            (preview.summary.as_str(), preview.detail.as_str()),
            ("move /c -> /a", "/a -> /b (already moved)\n/c -> /a")
        );
        assert_eq!(moves.preview(&Seen::default()).summary, "move 2 things");
    }
}
