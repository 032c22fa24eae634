//! The document: YAML text becomes a typed book, every node with its place; what is wrong becomes diagnostics.

pub mod book;
pub mod decode;
pub mod diagnostic;
pub mod draft;
pub mod form;
pub mod kinds;
pub mod load;
pub mod node;
pub mod step;
pub mod yaml;

pub use book::{Book, Host, Phase};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use form::Form;
pub use node::{Node, Scalar, Shape};
pub use step::{ActionCall, OnFailure, Step, Text, UndoSpec, VerifySpec};
