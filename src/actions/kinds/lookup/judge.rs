//! Holds what the servers say to what is expected, and to each other: pure.

use std::collections::BTreeSet;

use crate::actions::nameserver::{Found, Place, Rdata, in_words, shown};

use super::action::Expect;
use super::gather::{Row, Said};

/// What is to be made of the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Judged {
    /// What is wrong; empty: nothing.
    pub(super) wrong: Vec<String>,
    /// The values, in an order of their own.
    pub(super) values: Vec<String>,
    /// The largest TTL.
    pub(super) ttl: Option<u32>,
    /// Server by server.
    pub(super) table: String,
    /// Whether some server could not be reached: a firewall may be the reason.
    pub(super) unreached: bool,
}

/// What a row comes to.
struct Told {
    values: Option<BTreeSet<Rdata>>,
    ttl: Option<u32>,
    wrong: Option<String>,
}

pub(super) fn judge(rows: &[Row], place: &Place, expect: &Expect) -> Judged {
    let told: Vec<Told> = rows.iter().map(|row| told(row, place)).collect();
    let heard: Vec<&BTreeSet<Rdata>> = told.iter().filter_map(|told| told.values.as_ref()).collect();
    let usual = usual(rows, &told, expect);
    let agree = heard.windows(2).all(|pair| pair[0] == pair[1]);
    let mut judged = Judged { ttl: told.iter().filter_map(|told| told.ttl).max(), ..Judged::default() };
    judged.unreached = rows.iter().any(|row| matches!(row.said, Said::Silent(_))) || !not_asked(rows).is_empty();
    if let Some(first) = heard.first() {
        judged.values = first.iter().map(Rdata::to_string).collect();
    }
    for (row, told) in rows.iter().zip(&told) {
        judged.wrong.extend(told.wrong.iter().map(|why| format!("{}: {why}", name(row))));
    }
    for who in not_asked(rows) {
        judged.wrong.push(format!("{who} cannot be asked from here at any of its addresses"));
    }
    if heard.is_empty() && judged.wrong.is_empty() {
        judged.wrong.push("nobody could be asked".to_owned());
    }
    let as_expected = |values: &BTreeSet<Rdata>| match &expect.values {
        Some(expected) => values == expected,
        None => !values.is_empty(),
    };
    let off: Vec<bool> =
        told.iter().map(|told| told.values.as_ref().is_some_and(|values| !as_expected(values))).collect();
    let due = match &expect.values {
        None => "there should be some".to_owned(),
        Some(expected) if expected.is_empty() => "there should be nothing".to_owned(),
        Some(expected) => format!("not {}", joined(expected)),
    };
    if !agree {
        judged.wrong.push(format!("the servers do not agree about {place}"));
    }
    if off.contains(&true) {
        let said = |told: &Told| told.values.as_ref().map(joined).unwrap_or_default();
        // The same said by all is told once.
        if let (true, Some(values)) = (agree, heard.first()) {
            judged.wrong.push(format!("{place} is {}: {due}", joined(values)));
        } else {
            let wrong = rows.iter().zip(&told).zip(&off).filter(|(_, off)| **off);
            judged.wrong.extend(wrong.map(|((row, told), _)| format!("{} says {}: {due}", name(row), said(told))));
        }
    }
    if let Some(most) = expect.ttl_at_most {
        for (row, told) in rows.iter().zip(&told) {
            if let Some(ttl) = told.ttl.filter(|&ttl| ttl > most && !told.values.iter().all(BTreeSet::is_empty)) {
                judged.wrong.push(format!("the TTL at {} is {ttl}, and may be {most} at most", name(row)));
            }
        }
    }
    let odd: Vec<bool> =
        told.iter().map(|told| !agree && told.values.is_some() && told.values.as_ref() != usual).collect();
    let mark = if usual.is_some() { "<- the odd one out" } else { "<- differs" };
    judged.table = table(rows, &told, &odd, mark);
    judged
}

/// What the others are odd beside: what is expected, where somebody says that; else what most say; else what the newest zone says.
fn usual<'t>(rows: &[Row], told: &'t [Told], expect: &Expect) -> Option<&'t BTreeSet<Rdata>> {
    let heard: Vec<(&BTreeSet<Rdata>, Option<u32>)> =
        told.iter().zip(rows).filter_map(|(told, row)| Some((told.values.as_ref()?, row.serial))).collect();
    if let Some((expected, _)) = heard.iter().find(|(values, _)| expect.values.as_ref() == Some(*values)) {
        return Some(expected);
    }
    let weight = |values: &BTreeSet<Rdata>| {
        let same = heard.iter().filter(|(other, _)| *other == values);
        (same.clone().count(), same.filter_map(|(_, serial)| *serial).max())
    };
    let most = heard.iter().map(|(values, _)| weight(values)).max()?;
    let mut usual = heard.iter().map(|(values, _)| *values).filter(|values| weight(values) == most);
    let first = usual.next()?;
    usual.all(|other| other == first).then_some(first)
}

fn told(row: &Row, place: &Place) -> Told {
    let wrong = |why: String| Told { values: None, ttl: None, wrong: Some(why) };
    match &row.said {
        Said::NotAsked(_) => Told { values: None, ttl: None, wrong: None },
        Said::Wrong(why) | Said::Silent(why) => wrong(why.clone()),
        Said::Answer(answer) => match answer.found() {
            Found::Set(set) => Told { values: Some(set.values.clone()), ttl: answer.ttl(), wrong: None },
            Found::Nothing => Told { values: Some(BTreeSet::new()), ttl: answer.ttl(), wrong: None },
            Found::LeadsTo(alias) => {
                let to = alias.texts().join(", ");
                wrong(format!("{} is a CNAME for {to}, about which it says nothing: look that up", shown(&alias.name)))
            }
            Found::Delegated(to) => wrong(format!("it says no more than that {} is delegated", shown(&to.name))),
            Found::No(code) => wrong(in_words(code, "it", &shown(&place.name)).0),
        },
    }
}

/// The servers that could be asked at none of their addresses.
fn not_asked(rows: &[Row]) -> BTreeSet<&str> {
    let is = |row: &Row| matches!(row.said, Said::NotAsked(_));
    let whole = |who: &str| rows.iter().filter(|row| row.who == who).all(is);
    rows.iter().filter(|row| is(row)).map(|row| row.who.as_str()).filter(|who| whole(who)).collect()
}

fn name(row: &Row) -> String {
    if row.address.is_empty() { row.who.clone() } else { format!("{} ({})", row.who, row.address) }
}

fn joined(values: &BTreeSet<Rdata>) -> String {
    if values.is_empty() {
        return "nothing".to_owned();
    }
    values.iter().map(Rdata::to_string).collect::<Vec<_>>().join(", ")
}

/// Server, values, TTL and serial number in columns, with a mark at the odd one out.
fn table(rows: &[Row], told: &[Told], odd: &[bool], mark: &str) -> String {
    let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let mut lines =
        vec![["server".to_owned(), "values".to_owned(), "ttl".to_owned(), "serial".to_owned(), String::new()]];
    for ((row, told), odd) in rows.iter().zip(told).zip(odd) {
        let said = match (&told.values, &row.said) {
            (Some(values), _) => joined(values),
            (None, Said::NotAsked(why)) => format!("not asked: {why}"),
            (None, _) => told.wrong.clone().unwrap_or_default(),
        };
        let mark = if *odd { mark.to_owned() } else { String::new() };
        lines.push([name(row), said, number(told.ttl), number(row.serial), mark]);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |line: &[String; 5]| {
        let cells = line.iter().zip(widths.iter().copied().chain([0]));
        let cells: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;

    use super::*;
    use crate::actions::nameserver::{Answer, RecordSet, RecordType, absolute};

    fn place() -> Place {
        Place { name: absolute("cdn.example.org").unwrap(), kind: RecordType::A }
    }

    fn values(texts: &[&str]) -> BTreeSet<Rdata> {
        texts.iter().map(|text| Rdata::parse(RecordType::A, text, None).unwrap()).collect()
    }

    fn row(who: &str, ttl: u32, texts: &[&str]) -> Row {
        let Place { name, kind } = place();
        let set = (!texts.is_empty()).then(|| RecordSet { name, kind, ttl, values: values(texts) });
        let negative_ttl = set.is_none().then_some(ttl);
        let (aliases, delegation, code) = (Vec::new(), None, ResponseCode::NoError);
        let answer = Answer { authoritative: true, code, aliases, set, delegation, negative_ttl };
        Row { who: who.into(), address: String::new(), said: Said::Answer(Box::new(answer)), serial: Some(7) }
    }

    fn expect(texts: Option<&[&str]>, ttl_at_most: Option<u32>) -> Expect {
        Expect { values: texts.map(values), ttl_at_most }
    }

    #[test]
    fn servers_that_say_the_same_are_held_to_what_is_expected() {
        let rows = [row("ns1.", 3600, &["192.0.2.2", "192.0.2.1"]), row("ns2.", 60, &["192.0.2.1", "192.0.2.2"])];
        for (expect, due) in [
            (expect(None, None), &[][..]),
            (expect(Some(&["192.0.2.2", "192.0.2.1"]), Some(3600)), &[]),
            (expect(Some(&["192.0.2.2"]), None), &["cdn.example.org. A is 192.0.2.1, 192.0.2.2: not 192.0.2.2"]),
            (expect(Some(&[]), None), &["cdn.example.org. A is 192.0.2.1, 192.0.2.2: there should be nothing"]),
            (expect(None, Some(300)), &["the TTL at ns1. is 3600, and may be 300 at most"]),
        ] {
            let judged = judge(&rows, &place(), &expect);
            assert_eq!(judged.wrong, due, "{expect:?}");
            assert_eq!((judged.values.join(" ").as_str(), judged.ttl), ("192.0.2.1 192.0.2.2", Some(3600)));
        }
    }

    #[test]
    fn nothing_may_be_what_is_expected() {
        let rows = [row("ns1.", 900, &[])];
        let judged = judge(&rows, &place(), &expect(Some(&[]), None));
        assert_eq!((judged.wrong, judged.ttl, judged.values), (vec![], Some(900), vec![]));
        let judged = judge(&rows, &place(), &expect(None, Some(60)));
        assert_eq!(judged.wrong, ["cdn.example.org. A is nothing: there should be some"]);
    }

    #[test]
    fn the_odd_one_out_is_shown() {
        let rows = [
            row("ns1.", 3600, &["192.0.2.1"]),
            row("ns2.", 3600, &["192.0.2.1"]),
            Row { serial: Some(6), ..row("ns3.", 43200, &["192.0.2.9"]) },
            Row { said: Said::Silent("ns4. does not answer".into()), serial: None, ..row("ns4.", 0, &[]) },
        ];
        let judged = judge(&rows, &place(), &expect(Some(&["192.0.2.1"]), None));
        let due = [
            "ns4.: ns4. does not answer",
            "the servers do not agree about cdn.example.org. A",
            "ns3. says 192.0.2.9: not 192.0.2.1",
        ];
        assert_eq!(judged.wrong, due);
        assert!(judged.unreached);
        let table = "server  values                ttl    serial\n\
                     ns1.    192.0.2.1             3600   7\n\
                     ns2.    192.0.2.1             3600   7\n\
                     ns3.    192.0.2.9             43200  6       <- the odd one out\n\
                     ns4.    ns4. does not answer  -      -";
        assert_eq!(judged.table, table);
    }

    #[test]
    fn of_two_that_disagree_none_is_the_odd_one_unless_something_tells() {
        let rows = [row("ns1.", 60, &["192.0.2.1"]), row("ns2.", 60, &[])];
        let judged = judge(&rows, &place(), &expect(None, None));
        let due = ["the servers do not agree about cdn.example.org. A", "ns2. says nothing: there should be some"];
        assert_eq!(judged.wrong, due);
        assert_eq!(judged.table.matches("<- differs").count(), 2);
        let marked = |rows: &[Row], expect: &Expect| {
            let table = judge(rows, &place(), expect).table;
            let marked = table.lines().filter(|line| line.ends_with("<- the odd one out"));
            marked.map(|line| line[..3].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(marked(&rows, &expect(Some(&[]), None)), ["ns1"]);
        let older = Row { serial: Some(6), ..row("ns2.", 60, &["192.0.2.9"]) };
        assert_eq!(marked(&[row("ns1.", 60, &["192.0.2.1"]), older], &expect(None, None)), ["ns2"]);
    }

    #[test]
    fn an_address_that_cannot_be_asked_from_here_is_no_fault_where_another_of_the_server_answers() {
        let ipv6 = |who: &str| Row {
            said: Said::NotAsked("no route".into()),
            address: "2001:db8::1".into(),
            ..row(who, 0, &[])
        };
        let rows = [row("ns1.", 60, &["192.0.2.1"]), ipv6("ns1.")];
        assert_eq!(judge(&rows, &place(), &expect(None, None)).wrong, Vec::<String>::new());
        let rows = [row("ns1.", 60, &["192.0.2.1"]), ipv6("ns2.")];
        let due = ["ns2. cannot be asked from here at any of its addresses"];
        assert_eq!(judge(&rows, &place(), &expect(None, None)).wrong, due);
        assert_eq!(judge(&[], &place(), &expect(None, None)).wrong, ["nobody could be asked"]);
    }
}
