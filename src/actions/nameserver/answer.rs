//! What an answer says about the question.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};

use super::asker::Question;
use super::set::RecordSet;

/// How many aliases may follow each other.
const LONGEST: usize = 16;

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Whether the server says it by its own authority.
    pub authoritative: bool,
    /// No error, no such name, or why it says nothing.
    pub code: ResponseCode,
    /// The aliases (CNAME) that lead from the name that was asked for.
    pub aliases: Vec<RecordSet>,
    /// What was asked for, where the aliases lead.
    pub set: Option<RecordSet>,
    /// The servers that the name is delegated to, where the answer leads there only.
    pub delegation: Option<RecordSet>,
    /// How long resolvers may remember that there is nothing, where there is nothing.
    pub negative_ttl: Option<u32>,
}

/// An answer in short.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// This.
    Set(&'a RecordSet),
    /// The name leads to another, about which this server says nothing.
    LeadsTo(&'a RecordSet),
    /// The name has nothing of that type, or is not there at all.
    Nothing,
    /// Other servers have it.
    Delegated(&'a RecordSet),
    /// The server does not say.
    No(ResponseCode),
}

impl Answer {
    pub(super) fn of(message: &Message, question: &Question) -> Self {
        let mut name = question.name.clone();
        let mut aliases: Vec<RecordSet> = Vec::new();
        let answers = &message.answers;
        while question.kind != RecordType::CNAME && aliases.len() < LONGEST {
            let Some(alias) = RecordSet::among(answers, &name, RecordType::CNAME) else { break };
            let Some(target) = target(&alias) else { break };
            name = target;
            aliases.push(alias);
        }
        let set = RecordSet::among(answers, &name, question.kind);
        let is_referral =
            message.response_code == ResponseCode::NoError && !message.authoritative && answers.is_empty();
        let delegation =
            message.authorities.iter().find(|record| is_referral && record.record_type() == RecordType::NS);
        let delegation = delegation
            .filter(|record| record.name.zone_of(&question.name))
            .and_then(|record| RecordSet::among(&message.authorities, &record.name, RecordType::NS));
        let negative = message.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        });
        Self {
            authoritative: message.authoritative,
            code: message.response_code,
            negative_ttl: negative.filter(|_| set.is_none()),
            aliases,
            set,
            delegation,
        }
    }

    /// In short.
    #[must_use]
    pub fn found(&self) -> Found<'_> {
        match (&self.set, &self.delegation, self.aliases.last(), self.code) {
            (_, _, _, code) if !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) => Found::No(code),
            (Some(set), ..) => Found::Set(set),
            (None, Some(delegation), ..) => Found::Delegated(delegation),
            // A server that knows where the alias leads, and that there is nothing, says so by a negative TTL or by there being no such name.
            (None, None, Some(alias), ResponseCode::NoError) if self.negative_ttl.is_none() => Found::LeadsTo(alias),
            (None, None, ..) => Found::Nothing,
        }
    }

    /// The largest TTL in it.
    #[must_use]
    pub fn ttl(&self) -> Option<u32> {
        let of_nothing = if matches!(self.found(), Found::Nothing) { self.negative_ttl } else { None };
        self.aliases.iter().chain(&self.set).map(|set| set.ttl).chain(of_nothing).max()
    }
}

/// Where an alias leads.
#[must_use]
pub(super) fn target(alias: &RecordSet) -> Option<Name> {
    match alias.values.first()?.data() {
        RData::CNAME(target) => Some(target.0.clone()),
        _ => None,
    }
}

impl RecordSet {
    /// Where it leads, where it is an alias.
    #[must_use]
    pub fn leads_to(&self) -> Option<Name> {
        target(self)
    }
}
