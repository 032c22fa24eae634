//! Templates as text: what they refer to, found without rendering them.
//!
//! Tera keeps its syntax tree to itself, so this reads the same language a second time, as far as names go: what a template uses has to be
//! known before it can be rendered. Where the two might part, Tera has the last word, since it does the rendering.

mod lex;
mod parse;
mod reference;

pub(super) use lex::{Token, Word};
pub(super) use parse::{Code, Piece, Template, is_template};
pub(super) use reference::{Reference, Segment};
