//! What `compare` does.

use async_trait::async_trait;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::durable::exited;
use crate::actions::said::{MOST, last_lines, text};
use crate::actions::side::{self, Side};
use crate::events::Preview;
use crate::events::record::{Failure, Outputs};
use crate::model::decode::Fields;
use crate::model::form::{Form, Key, required};
use crate::model::{Diagnostics, Node};

use super::difference::between;
use super::gather::{Gather, Said};

/// How many lines of a script's words are shown.
const LINES: usize = 20;

/// How many lines of a difference a check tells.
const FEW_LINES: usize = 12;

/// Two scripts that have to say the same.
#[derive(Debug)]
pub struct Compare {
    left: Side,
    right: Side,
}

/// What came of it.
enum Found {
    Same(Said),
    Differ { why: String, difference: String },
}

const KEYS: [Key; 2] = [
    required("left", Form::Keys(&side::KEYS), "the one script"),
    required("right", Form::Keys(&side::KEYS), "the other one"),
];

#[async_trait]
impl Action for Compare {
    const KIND: &'static str = "compare";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&KEYS);
    const SECRETS: &'static [&'static str] = &["env"];
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`compare`", &KEYS, diagnostics)?;
        let left = fields.required("left", |node, diagnostics| Side::decode(node, "`left`", diagnostics));
        let right = fields.required("right", |node, diagnostics| Side::decode(node, "`right`", diagnostics));
        fields.done()?;
        Some(Self { left: left?, right: right? })
    }

    /// It is compared when it is its turn.
    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        let summary = format!("compare {} with {}", self.left.on, self.right.on);
        let detail = format!("{}\n{}", self.left.in_words(), self.right.in_words());
        Preview { summary, detail, undo: "none needed".to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::Nothing)
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        match self.look(cx).await? {
            Found::Same(said) => {
                let kept = cx.around().masker().mask_bytes(&said.begins[..said.begins.len().min(MOST)]);
                Ok(Outputs { stdout: text(&kept, said.length > MOST as u64), ..Outputs::default() })
            }
            Found::Differ { why, difference } => {
                Err(ActionError::Failed(Box::new(Failure { why, stderr: difference, ..Failure::default() })))
            }
        }
    }

    /// It has looked when it was compared: comparing again would say what is so later.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(match self.look(cx).await? {
            Found::Same(_) => Verdict::Holds,
            Found::Differ { why, difference } => {
                let lines = difference.lines().take(FEW_LINES);
                Verdict::Fails(std::iter::once(why.as_str()).chain(lines).collect::<Vec<_>>().join("\n"))
            }
        })
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Ok("there was nothing to take back".to_owned())
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }
}

impl Compare {
    /// Runs both at the same time.
    async fn look(&self, cx: &Read<'_>) -> Result<Found, ActionError> {
        let (left, right) = futures::join!(listen(&self.left, "left", cx), listen(&self.right, "right", cx));
        let (left, right) = (left?, right?);
        if left.is(&right) {
            return Ok(Found::Same(left));
        }
        let called = |name: &str, side: &Side| format!("{name} ({})", side.on);
        let (name_left, name_right) = (called("left", &self.left), called("right", &self.right));
        let (why, difference) = between((&name_left, &left), (&name_right, &right));
        let mask = |text: &str| cx.around().masker().mask(text);
        Ok(Found::Differ { why: mask(&why), difference: mask(&difference) })
    }
}

/// What a side says, where it ends well.
async fn listen(side: &Side, name: &str, cx: &Read<'_>) -> Result<Said, ActionError> {
    let host = side.host(cx).await?;
    let command = side.command(&host, cx)?.timeout(cx.env().timeout);
    let mut gather = Gather::default();
    let status = host.transport().exec(command, Some(&mut gather)).await?.status;
    let said = gather.said();
    if status == 0 {
        return Ok(said);
    }
    let mask = |text: &str| cx.around().masker().mask(text);
    Err(ActionError::Failed(Box::new(Failure {
        why: format!("`{name}`, on {}, {}", side.on, exited(status)),
        hint: crate::actions::durable::hint(status).map(str::to_owned),
        command: Some(mask(&side.text())),
        exit_code: Some(status),
        stderr: mask(last_lines(&said.words, LINES)),
        ..Failure::default()
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{left: {on: a, run: b}}", "`compare` lacks `right`"),
            (
                "{left: {on: a, run: b}, right: {no: c, run: [d]}}",
                "`right` lacks `on`\nunknown key `no` in `right`; did you mean `on`?",
            ),
            ("{left: {on: a, run: ''}, right: {on: c, run: [d]}}", "the script is empty"),
            (
                "{left: {on: a, run: b}, right: {on: c, run: []}}",
                "the first of the list is the program to run, and there is none",
            ),
        ] {
            assert_eq!(decoded::<Compare>(text).err().unwrap(), due, "{text}");
        }
    }

    #[test]
    fn a_preview_has_both_scripts() {
        let compare: Compare =
            decoded("{left: {on: old, run: 'ls | wc -l'}, right: {on: new, become: web, env: {A: b}, run: [a, it's]}}")
                .unwrap();
        let preview = compare.preview(&());
        assert_eq!(preview.summary, "compare old with new");
        assert_eq!(preview.detail, "# on old:\nls | wc -l\n# on new as web:\n# env: A=b\nexec a 'it'\\''s'");
    }
}
