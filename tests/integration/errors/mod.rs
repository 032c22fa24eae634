//! The wording of errors: all that a user can meet, made with the real tool, on one page that reads from its top to its end. Who adds an error
//! to `src` finds it missing there.

mod arguments;
mod begun;
mod hosts;
mod journal;
mod page;
mod plans;
mod secrets;
mod sources;
mod steps;
mod unmet;
mod wording;
