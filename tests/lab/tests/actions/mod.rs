//! A table of cases for each action.

mod copy;
mod run;
mod service;
