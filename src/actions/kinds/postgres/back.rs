//! The way back: what stood there is put back, and nothing is lost that was written meanwhile.

use serde::{Deserialize, Serialize};

use crate::actions::Host;
use crate::actions::context::Write;
use crate::actions::contract::ActionError;

use super::action::Undo;
use super::figures::{self, Ends, Figures, How};
use super::look::reason;
use super::swap::{Standing, standing, succeeded, with_names};
use super::{since, stages};

const CHANGED: &str = include_str!("host/changed.sh");
const BACK: &str = include_str!("host/back.sh");

/// The database that stood there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stood {
    pub(super) oid: u64,
    /// Whether it took connections.
    pub(super) open: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    /// The copy is in its place, and goes.
    swapped: bool,
    /// What was put aside comes back.
    returns: bool,
    /// It is to take connections again.
    open: bool,
}

/// The copy as it is now.
#[derive(Default)]
struct Copy {
    /// What was written to it since.
    news: Vec<String>,
    /// How many connections it may have.
    limit: String,
}

pub(super) async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
    let Undo { from, to, names, stood, key } = undo;
    if let Some(key) = key {
        key.remove(cx).await?;
    }
    let host = to.host(cx).await?;
    let now = standing(to, &host, names, cx).await?;
    let way = way(&now, *stood).map_err(|difference| ActionError::Changed {
        what: format!("the database {} on {}", names.name, to.role),
        difference,
    })?;
    let copy = if way.swapped { look(undo, &host, &now, cx).await? } else { Copy::default() };
    let keeps = !copy.news.is_empty();
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    if way != NOTHING || now.new.is_some() {
        let command = with_names(to.command(BACK, names.maintenance()), names)
            .env("SWAPPED", yes(way.swapped))
            .env("RETURN", yes(way.returns))
            .env("OPEN", yes(way.open))
            .env("AWAY", if keeps { &names.after } else { &names.new }.clone())
            .env("LIMIT", copy.limit.clone());
        let said = cx.change_on(&host, command).await?;
        succeeded(&said, &format!("putting back what stood on {} as {}", to.role, names.name), cx)?;
    }
    // Once all was over, nothing was left where it came from: that host may be gone by now.
    for place in [Some(from).filter(|_| !now.over), Some(to)].into_iter().flatten() {
        let said = cx.change_on(&place.host(cx).await?, place.clear(&[stages::DUMP, stages::RESTORE])).await?;
        if !said.success() {
            return Err(ActionError::failed(format!(
                "the dump on {} cannot be removed: {}",
                place.role,
                reason(&said)
            )));
        }
    }
    let copy_is = match (keeps, way.swapped || now.new.is_some()) {
        (true, _) => {
            let (after, news) = (&names.after, figures::told(&copy.news));
            format!("; the copy was written to since it was put in place, and is kept as {after}: {news}")
        }
        (false, true) => "; the copy is dropped".to_owned(),
        (false, false) => String::new(),
    };
    let place = match (way.returns, stood) {
        (true, _) => format!("{} is again what stood there before", names.name),
        (false, _) if copy_is.is_empty() => "was already as before".to_owned(),
        (false, None) => format!("there is no {} any more, as before", names.name),
        (false, Some(_)) => format!("{} was never touched", names.name),
    };
    Ok(format!("{place}{copy_is}"))
}

const NOTHING: Way = Way { swapped: false, returns: false, open: false };

/// What there is to do, or why it would hurt somebody.
fn way(now: &Standing, stood: Option<Stood>) -> Result<Way, String> {
    let swapped = now.is_in_place() || (now.made.is_some() && now.name.map(|there| there.oid) == now.made);
    let kept = stood.filter(|stood| now.before.is_some_and(|before| before.oid == stood.oid));
    match (now.name, stood) {
        _ if swapped && stood.is_some() && kept.is_none() => {
            Err("the database that stood there before was kept aside, and is not there any more".to_owned())
        }
        _ if swapped => Ok(Way { swapped, returns: kept.is_some(), open: kept.is_some_and(|stood| stood.open) }),
        (None, Some(stood)) if kept.is_some() => Ok(Way { swapped, returns: true, open: stood.open }),
        (None, Some(_)) => Err("it is gone, and so is what was kept aside".to_owned()),
        // Its connections may have been blocked a moment before it was to go aside.
        (Some(there), Some(stood)) if there.oid == stood.oid => Ok(Way { open: stood.open && !there.open, ..NOTHING }),
        (Some(_), Some(_)) => {
            Err("another database stands there now, neither the one before nor the one that was moved".to_owned())
        }
        (_, None) => Ok(NOTHING),
    }
}

/// Looks whether the copy was written to since it was put in place.
async fn look(undo: &Undo, host: &Host, now: &Standing, cx: &Write<'_>) -> Result<Copy, ActionError> {
    let Undo { to, names, .. } = undo;
    let command = with_names(to.command(CHANGED, names.maintenance()), names)
        .env("FIGURES", How::ROWS.script())
        .env("SINCE", since::SQL)
        .env("SEEN", now.seen.clone().unwrap_or_default());
    let said = cx.change_on(host, command).await?;
    succeeded(&said, &format!("looking whether {} on {} was written to", names.name, to.role), cx)?;
    let copy = news(&said.text()).map_err(ActionError::failed)?;
    if now.seen.is_none() {
        let why = "when it was put in place is not known".to_owned();
        return Ok(Copy { news: vec![why], ..copy });
    }
    Ok(copy)
}

/// What was written, of what the look says: the figures of now and newer rows, NUL, and the figures of then.
fn news(said: &str) -> Result<Copy, String> {
    let (now, then) = said.split_once('\0').unwrap_or((said, ""));
    let (limit, now) = now.split_once('\n').unwrap_or((now, ""));
    let limit = limit.strip_prefix("limit ").unwrap_or("-1").to_owned();
    let ((now, mut news), then) = (Figures::read_since(now)?, Figures::read(then)?);
    let ends = Ends { names: ("then", "now"), encoding: &then.encoding, live: false };
    news.extend(then.differences(&now, &ends));
    Ok(Copy { news, limit })
}

#[cfg(test)]
mod tests {
    use super::super::swap::There;
    use super::*;

    #[test]
    fn each_state_has_its_way_back() {
        let stood = Some(Stood { oid: 5, open: true });
        let there = |oid| Some(There { oid, open: true });
        let closed = |oid| Some(There { oid, open: false });
        let whole = Standing { name: there(7), before: closed(5), made: Some(7), ..Standing::default() };
        let untouched = Standing { name: there(5), new: there(7), made: Some(7), ..Standing::default() };
        let blocked = Standing { name: closed(5), ..untouched.clone() };
        let halfway = Standing { before: closed(5), new: there(7), made: Some(7), ..Standing::default() };
        let gone = Standing { before: None, ..whole.clone() };
        let another = Standing { name: there(9), ..whole.clone() };
        let first = Standing { before: None, ..whole.clone() };
        for (now, stood, due) in [
            (&whole, stood, Ok((true, true, true))),
            (&whole, Some(Stood { oid: 5, open: false }), Ok((true, true, false))),
            (&first, None, Ok((true, false, false))),
            (&untouched, stood, Ok((false, false, false))),
            (&blocked, stood, Ok((false, false, true))),
            (&halfway, stood, Ok((false, true, true))),
            (&gone, stood, Err("is not there any more")),
            (&another, stood, Err("another database stands there now")),
            (&Standing::default(), stood, Err("it is gone")),
            (&Standing::default(), None, Ok((false, false, false))),
            // Somebody has made one of that name since: it is theirs.
            (&Standing { name: there(9), ..Standing::default() }, None, Ok((false, false, false))),
        ] {
            let found = way(now, stood);
            match (found, due) {
                (Ok(Way { swapped, returns, open }), Ok(due)) => assert_eq!((swapped, returns, open), due, "{now:?}"),
                (Err(why), Err(due)) => assert!(why.contains(due), "{why}"),
                (found, due) => panic!("{now:?}: {found:?} and not {due:?}"),
            }
        }
    }

    #[test]
    fn what_was_written_since_is_found() {
        let then = "[\"encoding\", \"UTF8\"]\n[\"table\", \"public\", \"users\", 412]\n[\"large objects\", 0, \"0\"]\n";
        let said = |now: &str| news(&format!("limit -1\n{now}\0{then}")).unwrap();
        let copy = said(then);
        assert_eq!((copy.news, copy.limit.as_str()), (Vec::<String>::new(), "-1"));
        let now = then.replace("412", "411");
        let copy = said(&format!("{now}[\"newer\", \"public\", \"users\", 3]\n"));
        assert_eq!(copy.news, ["3 newer in public.users", "table public.users: 412 rows then, 411 now"]);
        assert!(news("").is_err());
    }
}
