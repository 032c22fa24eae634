//! A table of cases for each action.

mod compare;
mod copy;
mod dns;
mod edits;
mod file;
mod http;
mod lookup;
mod moves;
mod package;
mod postgres;
mod posts;
mod run;
mod service;
mod sql;
mod stream;
mod sync;
mod tcp;
mod template;
mod wait;
