//! What is within a form, for whoever goes through all of it.

use super::declare::{Form, Key};

/// What stands in a [`Mapping`]'s path for an item of a list.
pub const ITEM: &str = "[]";

/// A mapping in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The keys that lead there from the outermost, [`ITEM`] where a list is gone into.
    pub path: Vec<&'static str>,
    /// Its keys.
    pub keys: &'static [Key],
}

impl Form {
    /// The keys of a mapping; none of any other form.
    #[must_use]
    pub const fn keys(&self) -> &'static [Key] {
        match self {
            Self::Keys(keys) | Self::OneKeyOf(keys, _) | Self::SomeKeyOf(keys, _) => keys,
            _ => &[],
        }
    }

    /// The forms that this one is made of, what stands under keys left out.
    #[must_use]
    pub const fn within(&self) -> &'static [Self] {
        match self {
            Self::List(inner) | Self::OneOrMore(inner) | Self::Map(inner) | Self::OrTemplate(inner) => {
                std::slice::from_ref(inner)
            }
            Self::Either(forms) => forms,
            _ => &[],
        }
    }

    /// The mappings that a value of this form is, or is made of, not those under their keys.
    #[must_use]
    pub fn outermost(&self) -> Vec<Self> {
        if self.keys().is_empty() { self.within().iter().flat_map(Self::outermost).collect() } else { vec![*self] }
    }

    /// Every mapping at any depth, the outer before the inner, in the order in which they are declared.
    #[must_use]
    pub fn mappings(&self) -> Vec<Mapping> {
        let mut found = Vec::new();
        self.find(&[], &mut found);
        found
    }

    fn find(&self, path: &[&'static str], found: &mut Vec<Mapping>) {
        let further = |name| [path, &[name]].concat();
        let keys = self.keys();
        if !keys.is_empty() {
            found.push(Mapping { path: path.to_vec(), keys });
        }
        for key in keys {
            key.form.find(&further(key.name), found);
        }
        let path = if matches!(self, Self::List(_)) { further(ITEM) } else { path.to_vec() };
        for form in self.within() {
            form.find(&path, found);
        }
    }
}
