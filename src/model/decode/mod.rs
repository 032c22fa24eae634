//! From nodes to values: small readers that report everything that is wrong, each with its place. The book is read with them and so is the
//! value of every action, at check time and again when its templates are rendered: one set of rules.
//!
//! A reader is a function `(&Node, &mut Diagnostics) -> Option<T>`; `None` means that it has reported why. A scalar that is not known yet
//! (`Scalar::Unknown`) reads as anything, without a report: what is made of it is thrown away.

mod fields;
mod list;
mod scalar;

pub use fields::Fields;
pub use list::{list, list_of_text, map_of, map_of_text, one_or_list, pairs};
pub use scalar::{
    absolute_path, boolean, checked, describe, due, duration, instant, integer, mode, number, octal_mode, one_of,
    pattern, regex, seconds, spanned, text, word,
};

#[cfg(test)]
mod tests;
