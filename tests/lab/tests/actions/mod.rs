//! A table of cases for each action.

mod compare;
mod copy;
mod dns;
mod edits;
mod http;
mod lookup;
mod run;
mod service;
mod sql;
mod stream;
mod tcp;
