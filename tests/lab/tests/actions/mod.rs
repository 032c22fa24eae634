//! A table of cases for each action.

mod copy;
mod http;
mod run;
mod service;
