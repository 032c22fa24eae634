//! What a transfer would do: rsync's own dry run.

use crate::actions::contract::ActionError;
use crate::transport::TransportError;

use super::action::Sync;
use super::codes::{self, VANISHED};
use super::end::End;
use super::item::{Change, Item, Tally};
use super::options::{self, Pass};
use super::relay;
use super::seen::Seen;

/// How often a connection may break while nothing but looking is done.
const TRIES: u32 = 5;

/// What rsync would do.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) tally: Tally,
    /// See [`Seen::attributes`].
    pub(super) attributes: Vec<String>,
    /// The files whose content would be sent, and their other names.
    pub(super) files: Vec<Item>,
}

/// Asks both rsyncs what they would do; in a sentence why they would not.
pub(super) async fn survey(
    sync: &Sync,
    seen: &Seen,
    from: &End,
    to: &End,
) -> Result<Result<Survey, String>, ActionError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match ask(sync, seen, from, to).await {
            Err(ActionError::Transport(TransportError::Lost { .. })) if tries < TRIES => {}
            asked => return asked,
        }
    }
}

async fn ask(sync: &Sync, seen: &Seen, from: &End, to: &End) -> Result<Result<Survey, String>, ActionError> {
    let mut survey = Survey::default();
    let mut hear = |line: &str| match Item::parse(line) {
        Some(item) => {
            survey.add(item);
            true
        }
        None => false,
    };
    let client = options::bridged(&sync.arguments(seen, Pass::Dry), sync.source(seen, Pass::Dry));
    // The source could ask for more than to be told.
    let more = ["--dry-run".to_owned()];
    let server = |words: &[String]| options::server(words, &more, &seen.dest);
    let ended = relay::carry((&from.host, client), &to.host, &server, &mut hear).await?;
    if ended.status == 0 || ended.status == VANISHED {
        return Ok(Ok(survey));
    }
    let said = ended.said.text();
    let (why, _) = codes::words(ended.status, &said);
    Ok(Err(if said.is_empty() { why } else { format!("{why}: {said}") }))
}

impl Survey {
    fn add(&mut self, item: Item) {
        self.tally.add(&item);
        let deleted_folder = item.change == Change::Deleted && item.kind == 'd';
        if item.attributes || deleted_folder {
            self.attributes.push(item.name.clone());
        }
        // What a folder is in may go with it, and is not always said to.
        if deleted_folder && let Some((parent, _)) = item.name.rsplit_once('/') {
            self.attributes.push(parent.to_owned());
        }
        if item.is_content() {
            self.files.push(item);
        }
    }
}
