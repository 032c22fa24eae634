//! From host to host, without a detour: the source's rsync calls the destination's by ssh, with a key that is made for that and lets in
//! nothing else.

use serde_json::Value;

use crate::actions::context::{Host, Write};
use crate::actions::contract::ActionError;
use crate::actions::durable::{Ear, Stage};
use crate::actions::passage::{self, BEGUN, OneTimeKey, Route, WAY_GONE};
use crate::actions::remote_file::verdict;
use crate::base::shell::quote;
use crate::transport::{Command, JobSpec, Stream};

use super::action::Sync;
use super::hear::{self, Lines};
use super::meter::Meter;
use super::options::{self, Pass};
use super::seen::Seen;

/// The name of the job.
pub(super) const STAGE: &str = "direct";

/// What says what it would ask for at the destination, and no more.
const ASK: &str = r#"-e sh -c 'shift; printf "%s\0" "$@" >&4' ask"#;

/// Hears how far the job has got.
struct Hear<'a> {
    meter: &'a Meter<'a>,
    lines: [Lines; 2],
}

impl Ear for Hear<'_> {
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        let (meter, mut kept) = (self.meter, Vec::new());
        let lines = &mut self.lines[usize::from(stream == Stream::Stderr)];
        lines.take(&bytes, &mut |line| {
            if let Some(done) = hear::progress(line) {
                return meter.set(0, done);
            }
            kept.extend_from_slice(line.as_bytes());
            kept.push(b'\n');
        });
        kept
    }
}

/// Sends everything, as a job of the source that outlives us. `job`: the one that an earlier try has launched, where it still runs. It is
/// followed, whatever route there is now.
pub(super) async fn carry(
    sync: &Sync,
    seen: &Seen,
    (route, key): (Option<&Route>, &OneTimeKey),
    job: Option<&Value>,
    from: &Host,
    meter: &Meter<'_>,
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let to = route.map_or_else(|| key.to().to_string(), Route::destination);
    let command = format!("rsync {} {to}", sync.from.path);
    let mut ear = Hear { meter, lines: <[Lines; 2]>::default() };
    let stage = Stage { host: from, name: Some(STAGE), command: &command, ear: &mut ear };
    let open = async {
        match (job, route) {
            (None, Some(route)) => open(sync, seen, (route, key), from, cx).await,
            (None, None) => Err(ActionError::failed(WAY_GONE)),
            (Some(_), _) => Err(ActionError::failed(BEGUN)),
        }
    };
    passage::carry(key, stage, job, open, cx).await.map(drop)
}

/// Makes the key for the one rsync that the source's will ask for, and says how that is called.
async fn open(
    sync: &Sync,
    seen: &Seen,
    (route, key): (&Route, &OneTimeKey),
    from: &Host,
    cx: &Write<'_>,
) -> Result<JobSpec, ActionError> {
    let arguments = sync.arguments(seen, Pass::Whole);
    let source = sync.source(seen, Pass::Whole);
    let ask = options::call(&arguments, ASK, source, "relay:");
    let said = from.read(Command::read(format!("{ask} 4>&1 >/dev/null 2>&1 </dev/null || :\n"))).await?;
    let words = verdict(&said, "asking rsync what it asks for", cx.around().masker())?;
    let server = options::server_words(&words, &options::receiving(seen), &seen.dest).map_err(ActionError::failed)?;
    let server: Vec<String> = server.iter().map(|word| quote(word)).collect();
    let serve = format!("{}exec {}\n", options::UNSET, server.join(" "));
    key.open(route, &serve, Some(&words.join(" ")), cx).await?;
    let call = options::call(&arguments, &format!("-e {}", route.ssh()), source, &format!("{}:", route.before_colon()));
    Ok(JobSpec::script(format!("{}exec {call}\n", options::UNSET)))
}
