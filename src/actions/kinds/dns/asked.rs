//! What is asked of a set of records.

use std::collections::BTreeSet;

use crate::actions::nameserver::{Place, Rdata};

/// How a set of records is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) place: Place,
    /// Its TTL; none: what it has.
    pub(super) ttl: Option<u32>,
    pub(super) want: Want,
}

/// What is to be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// These and no others.
    Values(BTreeSet<Rdata>),
    /// These members, and not those; the others are nobody's business here.
    Members { add: BTreeSet<Rdata>, remove: BTreeSet<Rdata> },
    /// What there is: it is about the TTL.
    AsItIs,
    /// Nothing.
    Nothing,
}
