//! `template`: a local file, rendered, as a file of a host.

use async_trait::async_trait;
use zeroize::Zeroizing;

use crate::base::{Spanned, fs};
use crate::events::Preview;
use crate::events::record::{Keepsake, Outputs};
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, required};
use crate::model::{Diagnostics, Node};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::expected::Leaves;
use crate::actions::remote_file::{
    self, DEST, GROUP, MODE, New, OWNER, Placement, SHOWN, Seen, Text, Undo, VALIDATE, sha256,
};

/// The largest template.
const LARGEST: u64 = 16 << 20;

/// A rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    src: Spanned<String>,
    place: Placement,
}

const KEYS: [Key; 6] = [
    required("src", Form::Word, "the template, a file of yours; its path is relative to the runbook"),
    DEST,
    OWNER,
    GROUP,
    MODE,
    VALIDATE,
];

#[async_trait]
impl Action for Template {
    const KIND: &'static str = "template";
    const NEEDS_HOST: bool = true;
    const FORM: Form = Form::Keys(&KEYS);
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`template`", &KEYS, diagnostics)?;
        let src = fields.required("src", |node, diagnostics| {
            decode::word(node, diagnostics).map(|path| Spanned::new(path, node.span.clone()))
        });
        let place = Placement::decode(&mut fields);
        fields.done()?;
        Some(Self { src: src?, place: place? })
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let content = self.rendered(cx)?;
        let question = self.place.question();
        let (look, _) = question.ask(question.command(), &cx.host()?, cx).await?;
        let masker = cx.around().masker();
        Ok(Seen::judge(&self.place, &look, &new(&content, cx), cx.host()?.transport().role(), masker))
    }

    fn preview(&self, seen: &Seen) -> Preview {
        seen.preview()
    }

    async fn leaves(&self, seen: &Seen, cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Ok(vec![seen.leaves(Some(self.rendered(cx)?.as_bytes().to_vec()))])
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        remote_file::capture(seen, cx).await
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        if !seen.writes() {
            return remote_file::dress(seen, cx).await;
        }
        let content = self.rendered(cx)?;
        if sha256(content.as_bytes()) != seen.after.sha256 {
            return Err(ActionError::failed_with_hint(
                format!("{} renders otherwise than a moment ago", self.src.value),
                "nothing was put in place; try again",
            ));
        }
        remote_file::put(seen, self.place.validate.as_deref(), content.as_bytes(), cx).await
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(remote_file::holds(&self.check(cx).await?))
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(cx).await
    }

    async fn kept(undo: &Undo, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        undo.kept(cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    /// A file takes its place in one step: it is there or it is not.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn local_files(&self) -> Vec<LocalFile> {
        vec![LocalFile { path: self.src.clone(), template: true }]
    }
}

impl Template {
    fn rendered(&self, cx: &Read<'_>) -> Result<Zeroizing<String>, ActionError> {
        let path = cx.around().local_path(&self.src.span, &self.src);
        let template = fs::read_text(&path, LARGEST)?;
        Ok(Zeroizing::new(cx.around().render(&path.to_string_lossy(), &template)?))
    }
}

/// The rendered text as a content of a file. Where a secret is in it, a new file is its owner's alone.
fn new<'a>(content: &'a str, cx: &Read<'_>) -> New<'a> {
    let secret = cx.around().masker().mask(content) != content;
    let size = content.len() as u64;
    New {
        size,
        sha256: sha256(content.as_bytes()),
        mode: if secret { 0o600 } else { 0o644 },
        text: if size > SHOWN { Text::Long } else { Text::Whole(content.as_bytes()) },
        secret,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;
    use crate::base::Mode;

    #[test]
    fn it_is_read_as_written() {
        let text = "{src: a/x.tera, dest: /etc/x, owner: root, group: www-data, mode: 0640, validate: check %s}";
        let template: Template = decoded(text).unwrap();
        assert_eq!((template.src.as_str(), template.place.dest.as_str()), ("a/x.tera", "/etc/x"));
        assert_eq!(template.place.mode, Some(Mode::Octal(0o640)));
        let [LocalFile { path, template: true }] = &template.local_files()[..] else { panic!() };
        assert_eq!(path.span.column, 7);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{src: a}", "`template` lacks `dest`"),
            ("{src: a, dest: etc/x}", "an absolute path is due here, found `etc/x`; paths on a host start with `/`"),
            (
                "{src: a, dest: /etc/x/}",
                "the whole path of a file is due here, found `/etc/x/`; with its name at the end",
            ),
            (
                "{src: a, dest: /x, validate: nginx -t}",
                "a command with `%s` in it is due here, found `nginx -t`; \
                 `%s` stands for the new file, which is not in place yet: `visudo -cf %s`",
            ),
            ("{src: a, dest: /x, owner: -x}", "a user's name is due here, found `-x`; a name or a number"),
            (
                "{src: a, dest: /x, mode: go-w}",
                "a file mode is due here, found `go-w`; three or four octal digits, such as `0644`",
            ),
            (
                "{src: a, dest: /x, content: b}",
                "unknown key `content` in `template`; known here: `src`, `dest`, `owner`, `group`, `mode` or `validate`",
            ),
        ] {
            assert_eq!(decoded::<Template>(text).unwrap_err(), due, "{text}");
        }
    }
}
