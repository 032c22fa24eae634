//! From a book to a plan: variables, strict templates, the choice of hosts, references, fingerprints.

mod check;
pub mod document;
mod fault;
mod fingerprint;
mod ground;
mod hosts;
mod missing;
mod outputs;
mod patterns;
mod planned;
mod reach;
mod render;
mod resolve;
mod scope;
mod selection;
mod started;
mod template;
mod value;
mod vars;

pub use planned::{Inputs, Plan, PlannedHost, PlannedPhase, PlannedStep};
pub use resolve::{resolve, resolve_kept};
pub use scope::{RenderError, Scope, Situation};
pub use value::of_node as value_of_node;

#[cfg(test)]
mod tests;
