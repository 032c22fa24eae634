//! What `dns` does.

use async_trait::async_trait;
use hickory_proto::op::ResponseCode;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::{Leaves, Standing, Thing};
use crate::actions::nameserver::{
    Asker, Key, Name, Place, RecordType, Server, Trouble, absolute, in_words, kind_name, shown,
};
use crate::base::secret::{self, is_sealed};
use crate::base::{Role, Spanned};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::{Diagnostics, Form, Node};

use super::asked::Asked;
use super::back::{Touched, Undo};
use super::look::{BESIDE, Seen, There, look};
use super::plan::{self, Change, obstacle, plan};
use super::update::update;

/// How often an undo looks again where somebody else changes the zone at the same time.
const TRIES: u32 = 3;

/// Records of a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Dns {
    pub(super) server: Server,
    pub(super) zone: Name,
    pub(super) key: Option<Spanned<String>>,
    pub(super) records: Vec<Asked>,
}

/// A zone, where it is, and the key that changes it.
struct Zone<'a> {
    asker: Asker<'a>,
    server: Server,
    name: Name,
}

/// What came of an update.
enum Sent {
    /// It was taken.
    Taken,
    /// The zone is not as it was seen: nothing was written.
    Refused(ResponseCode),
}

#[async_trait]
impl Action for Dns {
    const KIND: &'static str = "dns";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    const SECRETS: &'static [&'static str] = &["key"];
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let seen = self.by_then(self.zone(cx)?.look(&self.places()).await?, cx);
        Ok(match self.plan(&seen) {
            Err(why) => Check::Blocked(why),
            Ok(changes) if changes.iter().all(Change::is_none) => Check::Satisfied,
            Ok(_) => Check::Differs(seen),
        })
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let lines = lines(&self.changes(seen));
        let (summary, detail) = match lines.as_slice() {
            [one] => (one.clone(), String::new()),
            several => (format!("change {} record sets of {}", several.len(), shown(&self.zone)), several.join("\n")),
        };
        Preview { summary, detail, undo: "the records and TTLs of before".to_owned() }
    }

    async fn leaves(&self, seen: &Seen, cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        let changes = self.changes(seen).into_iter().filter(|change| !change.is_none());
        let leaves = changes.map(|Change { place, after, .. }| Leaves {
            role: Some(asking(cx)),
            thing: self.thing(&place),
            standing: Standing::Records(after.map(Box::new)),
        });
        Ok(leaves.collect())
    }

    async fn capture(&self, seen: &Seen, _cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        let changes = self.plan(seen).map_err(ActionError::failed)?;
        let pairs = self.records.iter().zip(&changes).filter(|(_, change)| !change.is_none());
        Ok(Reversible::By(Undo {
            server: self.server.to_string(),
            zone: shown(&self.zone),
            key: self.key.as_ref().map(|key| key.value.clone()),
            sets: pairs.map(|(asked, change)| Touched::of(asked, change)).collect(),
        }))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let changes = self.plan(seen).map_err(ActionError::failed)?;
        if changes.iter().all(Change::is_none) {
            return Ok(Outputs::default());
        }
        let zone = self.zone(cx)?;
        match zone.send(&changes, &seen.sets).await? {
            Sent::Taken => {}
            Sent::Refused(code) => return Err(zone.overtaken(code, &self.places(), seen).await.untouched()),
        }
        let of_before = |change: &Change| change.before.as_ref().map_or(seen.negative_ttl, |before| before.ttl);
        let ttl = changes.iter().filter(|change| !change.is_none()).map(of_before).max();
        Ok(Outputs { stdout: lines(&changes).join("\n"), changed: true, ttl, ..Outputs::default() })
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let seen = self.zone(cx)?.look(&self.places()).await?;
        let changes = match self.plan(&seen) {
            Err(why) => return Ok(Verdict::Fails(why)),
            Ok(changes) => changes,
        };
        let wrong = changes.iter().filter(|change| !change.is_none());
        let wrong: Vec<String> = wrong.map(not_as_asked).collect();
        Ok(if wrong.is_empty() { Verdict::Holds } else { Verdict::Fails(wrong.join("; ")) })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        let kept = |why: String| ActionError::failed(format!("what was captured cannot be read: {why}"));
        let server = Server::parse(&undo.server).map_err(kept)?;
        let name = absolute(&undo.zone).map_err(kept)?;
        let zone = Zone::new(&server, name, undo.key.as_deref(), cx)?;
        let places = undo.places();
        for _ in 0..TRIES {
            let seen = zone.look(&places).await?;
            let changes = undo.plan(&seen.sets)?;
            if changes.iter().all(Change::is_none) {
                return Ok("was already as before".to_owned());
            }
            obstacle(&changes, &zone.name, &seen.sets).map_err(ActionError::failed)?;
            if let Sent::Refused(_) = zone.send(&changes, &seen.sets).await? {
                continue;
            }
            let left = undo.plan(&zone.look(&places).await?.sets)?;
            if let Some(left) = left.iter().find(|change| !change.is_none()) {
                return Err(ActionError::failed(format!("the server took the update, but {}", not_as_asked(left))));
            }
            return Ok(lines(&changes).join("; "));
        }
        Err(ActionError::failed(format!("{} is changed by somebody else all the time", shown(&zone.name))))
    }

    fn secrets_by_name(&self) -> Vec<Spanned<String>> {
        self.key.iter().filter(|key| !is_sealed(key)).cloned().collect()
    }

    /// Of sets that were not there before, nothing is kept that tells how long their absence is remembered.
    fn ttl_before(undo: &Undo) -> Option<u32> {
        undo.sets.iter().filter_map(|set| set.before.as_ref()).map(|before| before.ttl).max()
    }

    /// An update is taken whole or not at all, and looking tells which.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Recheck
    }
}

impl Dns {
    fn places(&self) -> Vec<Place> {
        self.records.iter().map(|record| record.place.clone()).collect()
    }

    fn zone<'a>(&self, cx: &Read<'a>) -> Result<Zone<'a>, ActionError> {
        let key = self.key.as_ref().map(|key| key.value.as_str());
        Zone::new(&self.server, self.zone.clone(), key, cx)
    }

    fn plan(&self, seen: &Seen) -> Result<Vec<Change>, String> {
        plan(&self.records, &self.zone, &seen.sets)
    }

    /// What there will be by the time that the step has its turn: what there is, but for what earlier steps of a dry run leave.
    fn by_then(&self, mut seen: Seen, cx: &Read<'_>) -> Seen {
        let role = asking(cx);
        let expected = |place: &Place| match cx.around().expected(&role, &self.thing(place))?.1 {
            Standing::Records(set) => Some(set.map(|set| *set)),
            _ => None,
        };
        for (asked, there) in self.records.iter().zip(&mut seen.sets) {
            if let Some(set) = expected(&asked.place) {
                there.free &= set.is_none();
                there.set = set;
            }
            if asked.place.kind == RecordType::CNAME {
                for kind in BESIDE {
                    if let Some(set) = expected(&Place { kind, ..asked.place.clone() }) {
                        there.others.retain(|other| *other != kind_name(kind));
                        there.others.extend(set.map(|_| kind_name(kind)));
                    }
                }
            }
            let alias = Place { kind: RecordType::CNAME, ..asked.place.clone() };
            if let Some(set) = expected(&alias).filter(|_| alias != asked.place) {
                there.free &= set.is_none();
                there.alias = set;
            }
        }
        seen
    }

    fn thing(&self, place: &Place) -> Thing {
        Thing::Records(format!("{} {} {place}", self.server, shown(&self.zone)))
    }

    fn changes(&self, seen: &Seen) -> Vec<Change> {
        self.plan(seen).unwrap_or_default()
    }
}

/// From where the server is asked: two hosts may call two servers by one name.
fn asking(cx: &Read<'_>) -> Role {
    cx.env().host.as_ref().map_or_else(Role::local, |host| host.role().clone())
}

fn lines(changes: &[Change]) -> Vec<String> {
    changes.iter().filter(|change| !change.is_none()).map(Change::to_string).collect()
}

fn not_as_asked(change: &Change) -> String {
    let (is, due) = (plan::in_words(change.before.as_ref()), plan::in_words(change.after.as_ref()));
    format!("{} is {is}, not {due}", change.place)
}

impl<'a> Zone<'a> {
    fn new(server: &Server, name: Name, key: Option<&str>, cx: &Read<'a>) -> Result<Self, ActionError> {
        let key = key.map(|key| revealed(key, cx)).transpose()?;
        Ok(Self { asker: Asker::of(cx, key), server: server.located(cx), name })
    }

    async fn look(&self, places: &[Place]) -> Result<Seen, ActionError> {
        let through = self.asker.line().through();
        let mut session = self.asker.session(&self.server).await.map_err(|trouble| trouble.into_error(through))?;
        look(&mut session, &self.server, through, &self.name, places).await
    }

    /// Sends an update. A look comes first, on the same connection: where nobody is there, or the key is not known, nothing was sent.
    async fn send(&self, changes: &[Change], there: &[There]) -> Result<Sent, ActionError> {
        let through = self.asker.line().through();
        let mut session = self.asker.session(&self.server).await.map_err(|trouble| trouble.into_error(through))?;
        look(&mut session, &self.server, through, &self.name, &[]).await?;
        let message = update(&self.name, changes, there);
        match session.update(message).await {
            Ok(ResponseCode::NoError) => Ok(Sent::Taken),
            Ok(
                code
                @ (ResponseCode::NXRRSet | ResponseCode::YXRRSet | ResponseCode::NXDomain | ResponseCode::YXDomain),
            ) => Ok(Sent::Refused(code)),
            Ok(code) => {
                let (why, hint) = in_words(code, &self.server.to_string(), &shown(&self.name));
                Err(ActionError::failed_with_hint(why, hint).untouched())
            }
            Err(denied @ Trouble::Denied { .. }) => Err(denied.into_error(through).untouched()),
            Err(trouble) => Err(ActionError::Unanswered(format!("the update may have been taken: {}", trouble.why()))),
        }
    }

    /// The zone is not as it was seen: which sets differ now.
    async fn overtaken(&self, code: ResponseCode, places: &[Place], seen: &Seen) -> ActionError {
        let zone = shown(&self.name);
        let why = format!("{zone} was changed by somebody else since it was looked at; nothing was written");
        let now = match self.look(places).await {
            Ok(now) => now,
            Err(error) => {
                return ActionError::failed(format!("{why} ({code}); what is there now cannot be seen: {error}"));
            }
        };
        let differs = places.iter().zip(seen.sets.iter().zip(&now.sets)).filter(|(_, (then, now))| then != now);
        let differs: Vec<String> = differs
            .map(|(place, (then, now))| {
                let of = |there: &There| match &there.alias {
                    Some(alias) => format!("a CNAME for {}", alias.texts().join(", ")),
                    None if there.others.is_empty() => plan::in_words(there.set.as_ref()),
                    None => format!("{} beside {}", plan::in_words(there.set.as_ref()), there.others.join(", ")),
                };
                format!("{place} was {}, and is {} now", of(then), of(now))
            })
            .collect();
        if differs.is_empty() {
            let why = format!("{} says that {zone} is not as it was seen ({code}); nothing was written", self.server);
            return ActionError::failed_with_hint(why, "it looks as it did by now: try again");
        }
        let hint = "look who did that; to try again looks again, and goes by what is there then";
        ActionError::failed_with_hint(format!("{why}: {}", differs.join("; ")), hint)
    }
}

/// The key that a secret holds: named, or rendered where it stands.
fn revealed(key: &str, cx: &Read<'_>) -> Result<Key, ActionError> {
    let value = if is_sealed(key) {
        cx.reveal(key)?
    } else {
        let known = cx.around().secret(key);
        known.ok_or_else(|| {
            let hint = "`key` is the name of a secret: declare it under `secrets:`, holding `algorithm:name:base64`";
            ActionError::failed_with_hint(format!("there is no secret `{key}`"), hint)
        })?
    };
    Key::parse(value.expose()).map_err(|why| ActionError::failed(format!("the secret {}: {why}", secret::shown(key))))
}
