//! A set of records: what a name has of one type. All of it has one TTL.

use std::collections::BTreeSet;
use std::fmt;

use hickory_proto::rr::{Name, Record, RecordType};
use serde::{Deserialize, Serialize};

use super::name::{absolute, shown};
use super::rdata::{Rdata, kind};

/// What a name has of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct RecordSet {
    /// Whose.
    pub name: Name,
    /// Of which type.
    pub kind: RecordType,
    /// For how many seconds resolvers may keep it.
    pub ttl: u32,
    /// The records, each once.
    pub values: BTreeSet<Rdata>,
}

/// Which set of records: a name and a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredPlace", into = "StoredPlace")]
pub struct Place {
    /// The name.
    pub name: Name,
    /// The type.
    pub kind: RecordType,
}

/// `libravatar.org. A`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", shown(&self.name), kind_name(self.kind))
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredPlace {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

impl From<Place> for StoredPlace {
    fn from(place: Place) -> Self {
        Self { name: shown(&place.name), kind: kind_name(place.kind) }
    }
}

impl TryFrom<StoredPlace> for Place {
    type Error = String;

    fn try_from(stored: StoredPlace) -> Result<Self, String> {
        Ok(Self { name: absolute(&stored.name)?, kind: kind(&stored.kind)? })
    }
}

/// The same as the journal keeps it: text, as a zone file has it.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    ttl: u32,
    values: Vec<String>,
}

impl From<RecordSet> for Stored {
    fn from(set: RecordSet) -> Self {
        let values = set.values.iter().filter_map(|value| value.stored().ok()).collect();
        Self { name: shown(&set.name), kind: kind_name(set.kind), ttl: set.ttl, values }
    }
}

impl TryFrom<Stored> for RecordSet {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let kind = kind(&stored.kind)?;
        let values: Result<_, String> = stored.values.iter().map(|text| Rdata::parse(kind, text, None)).collect();
        Ok(Self { name: absolute(&stored.name)?, kind, ttl: stored.ttl, values: values? })
    }
}

/// The name of a type: hickory has none for those that it does not know.
#[must_use]
pub fn kind_name(kind: RecordType) -> String {
    match kind {
        RecordType::Unknown(number) => format!("TYPE{number}"),
        known => known.to_string(),
    }
}

impl RecordSet {
    /// The set of that name and type among `records`; none where there is no such record. TTLs that differ are taken as the largest.
    #[must_use]
    pub fn among(records: &[Record], name: &Name, kind: RecordType) -> Option<Self> {
        let of_it: Vec<&Record> =
            records.iter().filter(|record| record.record_type() == kind && record.name == *name).collect();
        let ttl = of_it.iter().map(|record| record.ttl).max()?;
        let values = of_it.into_iter().filter_map(|record| Rdata::new(record.data.clone()).ok()).collect();
        Some(Self { name: name.clone(), kind, ttl, values })
    }

    /// Which set it is.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { name: self.name.clone(), kind: self.kind }
    }

    /// The values as text, in an order of their own.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.values.iter().map(Rdata::to_string).collect()
    }
}

/// `3600 192.0.2.11, 192.0.2.12`.
impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.ttl, self.texts().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_keeps_a_set_as_it_was() {
        let set: RecordSet = serde_json::from_str(
            r#"{"name":"_x._tcp.Example.org.","type":"SRV","ttl":60,"values":["0 0 80 B.example.org.","0 0 80 a.example.org."]}"#,
        )
        .unwrap();
        assert_eq!(set.to_string(), "60 0 0 80 a.example.org., 0 0 80 B.example.org.");
        let back: RecordSet = serde_json::from_value(serde_json::to_value(&set).unwrap()).unwrap();
        assert_eq!((back.to_string(), shown(&back.name)), (set.to_string(), "_x._tcp.Example.org.".to_owned()));
        let unknown = r#"{"name":"x.","type":"TYPE65280","ttl":1,"values":["\\# 2 abcd"]}"#;
        let set: RecordSet = serde_json::from_str(unknown).unwrap();
        assert_eq!(serde_json::to_string(&set).unwrap(), unknown);
        let wrong = serde_json::from_str::<RecordSet>(r#"{"name":"x.","type":"A","ttl":1,"values":["x"]}"#);
        assert!(wrong.is_err());
    }
}
